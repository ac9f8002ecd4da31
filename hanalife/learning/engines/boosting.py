"""Gradient-boosted trees on XGBoost."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hanalife.errors import InvalidArgumentError, NotSupportedError
from hanalife.learning import folds
from hanalife.learning.engines.engine import Engine, Rows, Watch
from hanalife.learning.engines.stopping import Stopping, class_probabilities, stopping
from hanalife.learning.engines.threads import apart, threads, useful_threads
from hanalife.learning.parameters import boosting as tables
from hanalife.observation import LearningPoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

# 'sampling' has no equivalent; binning by histogram is the nearest.
_TREE_METHODS = {"exact": "exact", "sketch": "approx", "histogram": "hist", "sampling": "hist"}
TREES = "n_estimators"

#: Enough to tell good candidates from bad ones, in a third of the time of 256.
COARSE_BINS = 64

_OBJECTIVES = {
    "se": "reg:squarederror",
    "sle": "reg:squaredlogerror",
    "ae": "reg:absoluteerror",
    "huber": "reg:pseudohubererror",  # the smooth form of it
    "pseudo-huber": "reg:pseudohubererror",
    "gamma": "reg:gamma",
    "tweedie": "reg:tweedie",
    "quantile": "reg:quantileerror",
}

# XGBoost's word and ours for what only one objective takes.
_OF_OBJECTIVE = {
    "huber": {"huber_slope": "huber_slope"},
    "pseudo-huber": {"huber_slope": "huber_slope"},
    "tweedie": {"tweedie_variance_power": "tweedie_power"},
    "quantile": {"quantile_alpha": "pinball_delta"},
}

#: Positive targets only.
_POSITIVE = ("gamma", "tweedie")


@dataclass(frozen=True, slots=True)
class Boosting(Engine):
    """Boosted trees for classes or numbers; contributions are in log-odds, or in the target's unit."""

    precision: ClassVar[type[np.floating[Any]]] = np.float32

    def check(self, in_force: Mapping[str, Any]) -> None:
        """Refuse parameters that do not suit the problem.

        Raises
        ------
        InvalidArgumentError
            ``obj_func='logistic'`` with more than two classes, text columns with 'exact', or a
            ``validation_set_metric`` of a class that does not occur.
        NotSupportedError
            ``obj_func='hinge'``.
        """
        if in_force["obj_func"] == "hinge":
            raise NotSupportedError("obj_func: 'hinge' gives no probabilities; use 'logistic' or 'softmax'.")
        if in_force["obj_func"] == "logistic" and (self.problem.n_classes or 0) > 2:
            raise InvalidArgumentError(
                f"obj_func: 'logistic' is for two classes, the label has {self.problem.n_classes}; use 'softmax'."
            )
        if in_force["split_method"] == "exact" and any(self.problem.categorical):
            raise InvalidArgumentError(
                "split_method: 'exact' cannot split categorical columns; use 'histogram', or deselect them."
            )
        if in_force["validation_set_metric"] is not None:
            stopping(in_force["validation_set_metric"], self.problem)

    def train(self, rows: Rows, in_force: Mapping[str, Any], watch: Watch | None = None) -> Any:
        """Return a booster; ``watch`` is told of the objective's metric after each tree."""
        self._check_target(rows.target, in_force)
        n_threads = threads(in_force["thread_ratio"], rows.features.size)
        settings = self._settings(in_force, n_threads)

        def work() -> Any:
            return self._boost(rows, settings, in_force, watch)

        return apart(n_threads, work)

    def outputs(self, estimator: Any, features: Array) -> Array:
        """Return class probabilities or numbers."""
        return apart(threads(-1, features.size), lambda: self._outputs(estimator, features, 0))

    def _outputs(self, booster: Any, features: Array, trees: int) -> Array:
        found: Array = booster.inplace_predict(features, iteration_range=(0, trees), missing=np.nan).astype(np.float64)
        if not self.problem.classifies:
            return found.ravel()
        return class_probabilities(found)

    def alike(self, candidates: Sequence[Mapping[str, Any]]) -> list[list[int]]:
        """Return groups that differ in their number of trees only; who stops early is alone."""
        groups = alike_but_for_trees(candidates)
        if any(candidate["validation_set_rate"] > 0 for candidate in candidates):
            logger.info("validation_set_rate: candidates stop early, each by itself; nothing of them is shared.")
        return groups

    def fold_outputs(
        self, rows: Rows, test: Array, candidates: Sequence[Mapping[str, Any]], n_threads: int = 1
    ) -> Iterator[tuple[int, Array]]:
        """Train each candidate on one fold; yield its position and its outputs on ``test``.

        The rows are binned once for all candidates. Of candidates that differ only in their
        number of trees, the one with the most is trained; its first rounds are the others. Both
        leave every bit as it would be if each candidate were trained alone. Candidates that stop
        early are trained alone.
        """
        import xgboost

        n_threads = min(n_threads, useful_threads(rows.features.size))
        xgboost.set_config(nthread=n_threads)
        binned: dict[tuple[Any, ...], Any] = {}
        for group in alike_but_for_trees(candidates):
            first = candidates[group[0]]
            self._check_target(rows.target, first)
            settings = self._settings(first, n_threads)
            if first["validation_set_rate"] > 0:
                yield group[0], self._outputs(self._boost(rows, settings, first, None), test, 0)
                continue
            kind = (settings["tree_method"], settings["max_bin"])
            if kind not in binned:
                binned[kind] = self._binned(rows, settings)
            most = max(candidates[position][TREES] for position in group)
            booster = _grown(settings, binned[kind], most)
            for position in group:
                yield position, self._outputs(booster, test, candidates[position][TREES])

    def coarser(self, in_force: Mapping[str, Any]) -> dict[str, Any]:
        """Return fewer bins: most of a training's time goes into looking at every bin of every node."""
        binned = _TREE_METHODS[in_force["split_method"]] == "hist" and in_force["max_bin_num"] > COARSE_BINS
        return {"max_bin_num": COARSE_BINS} if binned else {}

    def contributions(self, estimator: Any, features: Array, *, exact: bool = True) -> Array:
        """Return what each feature adds to the margin, shape ``(n_rows, n_classes or 1, n_features + 1)``.

        Two classes have one margin, that of the second class. ``exact``: Shapley values of the
        trees (Lundberg et al. 2020, Nature Machine Intelligence 2), else Saabas' approximation.
        """

        def work() -> Array:
            matrix = self._matrix(Rows(features, np.empty(0)), labelled=False)
            found: Array = estimator.predict(matrix, pred_contribs=True, approx_contribs=not exact)
            return found

        found = apart(threads(-1, features.size), work)
        return found if found.ndim == 3 else found[:, None, :]

    def importance(self, estimator: Any) -> Array:
        """Return each feature's share of the gain of all splits."""
        gains = np.zeros(self.problem.n_features)
        for name, gain in estimator.get_score(importance_type="total_gain").items():
            gains[int(name.removeprefix("f"))] = gain
        total = gains.sum()
        return gains / total if total > 0 else gains

    def describe(self, estimator: Any) -> list[str]:
        """Return JSON texts: a header with the engine's settings, then one for each tree."""
        learner = json.loads(estimator.save_config())["learner"]
        header = {key: learner[key] for key in ("learner_model_param", "objective")}
        return [json.dumps(header), *estimator.get_dump(dump_format="json")]

    # --- what XGBoost is told -----------------------------------------------------------------

    def _settings(self, in_force: Mapping[str, Any], n_threads: int) -> dict[str, Any]:
        table = tables.CLASSIFICATION if self.problem.classifies else tables.REGRESSION
        settings = {row.engine: in_force[row.name] for row in table if row.engine}
        settings |= self._objective(in_force)
        if not in_force["adopt_prior"] and in_force["base_score"] is not None:
            settings["base_score"] = in_force["base_score"]
        sketch_bins = max(2, math.ceil(1 / in_force["sketch_eps"]))
        return settings | {
            "tree_method": _TREE_METHODS[in_force["split_method"]],
            "max_bin": sketch_bins if in_force["split_method"] == "sketch" else in_force["max_bin_num"],
            "seed": in_force["random_state"],
            "nthread": n_threads,
        }

    def _objective(self, in_force: Mapping[str, Any]) -> dict[str, Any]:
        if not self.problem.classifies:
            own = _OF_OBJECTIVE.get(in_force["obj_func"], {})
            return {"objective": _OBJECTIVES[in_force["obj_func"]]} | {
                engine: in_force[name] for engine, name in own.items()
            }
        many = (self.problem.n_classes or 0) > 2 or in_force["obj_func"] == "softmax"
        if many:
            return {"objective": "multi:softprob", "num_class": self.problem.n_classes}
        return {"objective": "binary:logistic"}

    def _check_target(self, target: Array, in_force: Mapping[str, Any]) -> None:
        objective = in_force["obj_func"]
        least = float(target.min())
        if objective in _POSITIVE and (least < 0 or (objective == "gamma" and least == 0)):
            raise InvalidArgumentError(
                f"obj_func: {objective!r} is for positive targets, the label holds {least}; use 'se', or filter."
            )
        if objective == "sle" and least <= -1:
            raise InvalidArgumentError(f"obj_func: 'sle' is for targets above -1, the label holds {least}; use 'se'.")

    # --- training -----------------------------------------------------------------------------

    def _boost(self, rows: Rows, settings: Mapping[str, Any], in_force: Mapping[str, Any], watch: Watch | None) -> Any:
        if in_force["validation_set_rate"] > 0:
            return self._boost_until_no_better(rows, settings, in_force, watch)
        data = self._binned(rows, settings)
        evaluated = [(data, "training")] if watch else []
        return _train(settings, data, in_force[TREES], evaluated, watch)

    def _boost_until_no_better(
        self, rows: Rows, settings: Mapping[str, Any], in_force: Mapping[str, Any], watch: Watch | None
    ) -> Any:
        """Set rows apart and keep the trees up to the one after which these were predicted best."""
        marks = folds.partition(
            rows.target if in_force["stratified_validation_set"] and self.problem.classifies else None,
            len(rows),
            1 - in_force["validation_set_rate"],
            in_force["random_state"],
        )
        training, validation = rows.take(marks == folds.TRAINING), rows.take(marks == folds.VALIDATION)
        if not len(training) or not len(validation):
            raise InvalidArgumentError(
                f"validation_set_rate: {in_force['validation_set_rate']} of {len(rows)} rows leaves one part empty; "
                "leave it out, or change it."
            )
        data = self._binned(training, settings)
        stop = stopping(in_force["validation_set_metric"], self.problem)
        evaluated = [(data, "training"), (self._matrix(validation, settings["nthread"]), "validation")]
        patience = in_force["tolerant_iter_num"]
        booster = _train({**settings, **stop.settings}, data, in_force[TREES], evaluated, watch, stop, patience)
        logger.info("Stopped after tree %d of at most %d.", booster.best_iteration + 1, in_force[TREES])
        return booster[: booster.best_iteration + 1]

    def _binned(self, rows: Rows, settings: Mapping[str, Any]) -> Any:
        import xgboost

        if settings["tree_method"] != "hist":
            return self._matrix(rows, settings["nthread"])
        return xgboost.QuantileDMatrix(
            rows.features,
            rows.target,
            weight=rows.weights,
            feature_types=self._feature_types(),
            max_bin=settings["max_bin"],
            nthread=settings["nthread"],
        )

    def _matrix(self, rows: Rows, n_threads: int | None = None, *, labelled: bool = True) -> Any:
        import xgboost

        return xgboost.DMatrix(
            rows.features,
            rows.target if labelled else None,
            weight=rows.weights,
            feature_types=self._feature_types(),
            nthread=n_threads,
        )

    def _feature_types(self) -> list[str]:
        return ["c" if categorical else "q" for categorical in self.problem.categorical]


def _train(
    settings: Mapping[str, Any],
    data: Any,
    trees: int,
    evaluated: Sequence[tuple[Any, str]] = (),
    watch: Watch | None = None,
    stop: Stopping | None = None,
    patience: int | None = None,
) -> Any:
    import xgboost

    return xgboost.train(
        _used(settings),
        data,
        num_boost_round=trees,
        evals=list(evaluated),
        custom_metric=stop.metric if stop else None,
        maximize=stop.maximize if stop else None,
        early_stopping_rounds=patience,
        verbose_eval=False,
        callbacks=[_watching(watch)] if watch else None,
    )


def _grown(settings: Mapping[str, Any], data: Any, trees: int) -> Any:
    """Train without anything after a round, which on little data takes as long as some rounds."""
    import xgboost

    booster = xgboost.Booster(_used(settings), [data])
    for turn in range(trees):
        booster.update(data, turn)
    return booster


def _used(settings: Mapping[str, Any]) -> dict[str, Any]:
    exact = settings["tree_method"] == "exact"
    return {name: value for name, value in settings.items() if not (exact and name == "max_bin")}


def _watching(watch: Watch) -> Any:
    import xgboost

    class Watching(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        """Tells of the evaluation after each round."""

        def after_iteration(self, _model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:
            for part, metrics in evals_log.items():
                for metric, values in metrics.items():
                    watch(LearningPoint(metric, part, epoch + 1, float(values[-1])))
            return False

    return Watching()


def alike_but_for_trees(candidates: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Return the positions of candidates in groups that differ in the number of trees only."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for position, candidate in enumerate(candidates):
        alone = candidate.get("validation_set_rate", 0) > 0
        rest = tuple(sorted((name, repr(value)) for name, value in candidate.items() if name != TREES))
        groups.setdefault((position, rest) if alone else rest, []).append(position)
    return list(groups.values())
