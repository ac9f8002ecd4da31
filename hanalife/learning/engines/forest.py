"""Random forests on scikit-learn."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.engines.boosting import TREES, alike_but_for_trees
from hanalife.learning.engines.engine import Rows, Watch
from hanalife.learning.engines.prepared import Prepared
from hanalife.learning.engines.threads import threads
from hanalife.learning.engines.tree import Trees

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Forest(Trees):
    """Trees on random rows and columns, for classes or numbers.

    A tree depends on its own seed only, and predictions add the trees up in one order: the number
    of threads changes no bit.
    """

    def check(self, in_force: Mapping[str, Any]) -> None:
        """Refuse more features for a split than there are.

        Raises
        ------
        InvalidArgumentError
            ``max_features`` is above the number of features.
        """
        asked = in_force["max_features"]
        if asked is not None and asked > self.problem.n_features:
            raise InvalidArgumentError(
                f"max_features: {asked} is more than the {self.problem.n_features} features; leave it out, or lower it."
            )

    def model(self, in_force: Mapping[str, Any], rows: Rows) -> Any:
        """Return the forest, not yet trained."""
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        made, usual = (RandomForestClassifier, "sqrt") if self.problem.classifies else (RandomForestRegressor, 1 / 3)
        return made(
            n_estimators=in_force[TREES],
            max_features=in_force["max_features"] or usual,
            max_depth=in_force["max_depth"],
            min_samples_leaf=in_force["min_samples_leaf"],
            min_impurity_decrease=in_force["split_threshold"],
            max_samples=max(1, round(in_force["sample_fraction"] * len(rows))),
            random_state=in_force["random_state"],
            n_jobs=threads(in_force["thread_ratio"], rows.features.size * in_force[TREES]),
        )

    def trees(self, estimator: Any) -> Sequence[Any]:
        """Return the trees."""
        found: Sequence[Any] = estimator.named_steps["model"].estimators_
        return found

    def train(self, rows: Rows, in_force: Mapping[str, Any], watch: Watch | None = None) -> Any:
        """Return a trained pipeline; its forest knows its error on rows left out of the trees."""
        del watch  # trained in one go
        pipeline = self._grow(rows, in_force)
        pipeline.named_steps["model"].oob_score_ = self._out_of_bag(pipeline, rows)
        return pipeline

    def _grow(self, rows: Rows, in_force: Mapping[str, Any]) -> Any:
        pipeline = Prepared.train(self, rows, in_force)
        # From now on one thread a call: several add the trees up in the order they are done.
        pipeline.named_steps["model"].set_params(n_jobs=1)
        return pipeline

    def _out_of_bag(self, pipeline: Any, rows: Rows) -> float | None:
        """Return the share of wrong classes, or the root mean squared error; None if a row was in every tree."""
        columns = self.columns(pipeline, rows.features)
        forest = pipeline.named_steps["model"]
        sums: Any = 0.0
        counts = np.zeros(len(rows))
        for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
            left_out = np.bincount(drawn, minlength=len(rows)) == 0
            sums = sums + left_out[:, None] * tree.tree_.predict(columns).reshape(len(rows), -1)
            counts += left_out
        if not counts.all():
            return None
        if self.problem.classifies:
            return float(np.mean(forest.classes_[sums.argmax(axis=1)] != rows.target))
        return float(np.sqrt(np.mean((sums[:, 0] / counts - rows.target) ** 2)))

    def outputs(self, estimator: Any, features: Array) -> Array:
        """Return class probabilities or numbers; each thread has rows of its own."""
        n_threads = min(threads(-1, features.size * len(self.trees(estimator))), len(features))
        if n_threads < 2:
            return Prepared.outputs(self, estimator, features)
        parts = np.array_split(features, n_threads)
        with ThreadPoolExecutor(n_threads, thread_name_prefix="hanalife-engine") as pool:
            return np.concatenate(list(pool.map(lambda part: Prepared.outputs(self, estimator, part), parts)))

    def alike(self, candidates: Sequence[Mapping[str, Any]]) -> list[list[int]]:
        """Return groups that differ in their number of trees only."""
        return alike_but_for_trees(candidates)

    def fold_outputs(
        self, rows: Rows, test: Array, candidates: Sequence[Mapping[str, Any]], n_threads: int = 1
    ) -> Iterator[tuple[int, Array]]:
        """Train each candidate on one fold; yield its position and its outputs on ``test``.

        Of candidates that differ only in their number of trees, the one with the most is trained:
        its first trees are the others, to the last bit.
        """
        for group in alike_but_for_trees(candidates):
            most = max((candidates[position] for position in group), key=lambda one: int(one[TREES]))
            pipeline = self._grow(rows, {**most, "thread_ratio": 0.0} if n_threads == 1 else most)
            for position in group:
                yield position, Prepared.outputs(self, _first_trees(pipeline, candidates[position][TREES]), test)

    def statistics(self, estimator: Any, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, float | str]:
        """Return ``OUT_OF_BAG``, JSON of the error on rows that were left out of the trees."""
        del rows, in_force
        error = estimator.named_steps["model"].oob_score_
        if error is None:
            logger.info("OUT_OF_BAG is not known: a row was drawn for every tree; raise n_estimators.")
            return {}
        return {"OUT_OF_BAG": json.dumps({"ERROR_RATE" if self.problem.classifies else "RMSE": error})}


def _first_trees(pipeline: Any, count: int) -> Any:
    """Return the same pipeline with the first trees only."""
    from sklearn.pipeline import Pipeline

    forest = copy(pipeline.named_steps["model"])
    forest.estimators_ = forest.estimators_[:count]
    return Pipeline([("prepare", pipeline.named_steps["prepare"]), ("model", forest)])
