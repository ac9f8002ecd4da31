"""A single decision tree on scikit-learn, and what all models of such trees share."""

from __future__ import annotations

import json
import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning import folds
from hanalife.learning.engines.engine import Rows, Watch, of_outputs
from hanalife.learning.engines.prepared import Prepared
from hanalife.learning.engines.steady import steady
from hanalife.learning.engines.tree_shap import Twin, twin

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

_CRITERIA = {"cart": "gini", "c45": "entropy"}

#: How strongly a tree is cut back, in scikit-learn's word; there are at most so many strengths to choose from.
PRUNING = "ccp_alpha"
MOST_PRUNINGS = 30

# By number of a leaf; made when its reasons are first asked for, and as long as the estimator lives.
_twins: WeakKeyDictionary[Any, dict[int, Twin]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Trees(Prepared):
    """One or more trees whose mean is the prediction.

    Contributions are exact Shapley values in units of probability, or of the label.
    """

    takes_missing: ClassVar[bool] = True
    precision: ClassVar[type[np.floating[Any]]] = np.float32

    @abstractmethod
    def trees(self, estimator: Any) -> Sequence[Any]:
        """Return scikit-learn's trained trees."""

    def contributions(self, estimator: Any, features: Array, *, exact: bool = True) -> Array:
        """Return what each feature adds, shape ``(n_rows, 1 or n_classes, n_features + 1)``.

        Two classes have one output, that of the second.
        """
        columns = self.columns(estimator, features)
        if (self.problem.n_classes or 0) <= 2:
            return self._output(estimator, columns, exact)[:, None]
        every = range(self.problem.n_classes or 0)
        return np.stack([self._output(estimator, columns, exact, code) for code in every], axis=1)

    def contributions_to(self, estimator: Any, features: Array, codes: Array | None, *, exact: bool = True) -> Array:
        """Return what each feature adds to the classes that are asked for; each takes as long as one number."""
        if codes is None or self.problem.n_classes == 2:
            return of_outputs(self.contributions(estimator, features, exact=exact), codes)
        columns = self.columns(estimator, features)
        found = np.empty((*codes.shape, self.problem.n_features + 1))
        for code in np.unique(codes):
            rows, places = np.nonzero(codes == code)
            found[rows, places] = self._output(estimator, columns[rows], exact, code)
        return found

    def _output(self, estimator: Any, columns: Array, exact: bool, code: int | None = None) -> Array:
        """Return what each feature adds to one class, or to what a tree predicts but for the first of two classes.

        To a class that training saw no row of, nothing adds anything.
        """
        known = estimator.classes_.tolist() if self.problem.classifies else [0]
        wanted = known[-1] if code is None else code
        if wanted not in known:
            return np.zeros((len(columns), self.problem.n_features + 1))
        found = self._twin(estimator, known.index(wanted)).contributions(columns, exact=exact)
        return np.column_stack([self.by_feature(estimator, found[:, :-1]), found[:, -1]])

    def _twin(self, estimator: Any, output: int) -> Twin:
        made = _twins.setdefault(estimator, {})
        if output not in made:
            made[output] = twin([tree.tree_ for tree in self.trees(estimator)], output)
        return made[output]

    def columns(self, estimator: Any, features: Array) -> Array:
        """Return the prepared columns, as scikit-learn's trees compare them."""
        with steady():
            return np.asarray(estimator.named_steps["prepare"].transform(features), dtype=np.float32)

    def importance(self, estimator: Any) -> Array:
        """Return each feature's share in the decrease of impurity."""
        return np.asarray(self.by_feature(estimator, estimator.named_steps["model"].feature_importances_))

    def describe(self, estimator: Any) -> list[str]:
        """Return JSON texts: the model's settings, then the nodes of each tree."""
        names = self.column_names(estimator)
        return [*Prepared.describe(self, estimator), *(_nodes(one.tree_, names) for one in self.trees(estimator))]


def _nodes(tree: Any, names: Sequence[str]) -> str:
    """Return the nodes of one tree as JSON: the left branch is taken up to the threshold."""
    return json.dumps(
        [
            {"node": node, "rows": int(tree.n_node_samples[node]), "values": tree.value[node, 0].tolist()}
            | (_split_of(tree, node, names) if tree.children_left[node] >= 0 else {})
            for node in range(tree.node_count)
        ]
    )


def _split_of(tree: Any, node: int, names: Sequence[str]) -> dict[str, Any]:
    return {
        "column": names[tree.feature[node]],
        "threshold": min(float(tree.threshold[node]), float(np.finfo(np.float32).max)),
        "left": int(tree.children_left[node]),
        "right": int(tree.children_right[node]),
        "missing": "left" if tree.missing_go_to_left[node] else "right",
    }


@dataclass(frozen=True, slots=True)
class Tree(Trees):
    """One tree for classes or numbers."""

    def model(self, in_force: Mapping[str, Any], rows: Rows) -> Any:
        """Return the tree, not yet trained."""
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        del rows
        settings = {
            "max_depth": in_force["max_depth"],
            "min_samples_split": in_force["min_records_of_parent"],
            "min_samples_leaf": in_force["min_records_of_leaf"],
            "min_impurity_decrease": in_force["split_threshold"],
            "random_state": in_force["random_state"],
            PRUNING: in_force.get(PRUNING, 0.0),
        }
        if not self.problem.classifies:
            return DecisionTreeRegressor(**settings)
        return DecisionTreeClassifier(criterion=_CRITERIA[in_force["algorithm"]], **settings)

    def trees(self, estimator: Any) -> Sequence[Any]:
        """Return the one tree."""
        return [estimator.named_steps["model"]]

    def train(self, rows: Rows, in_force: Mapping[str, Any], watch: Watch | None = None) -> Any:
        """Return a trained pipeline; with a ``percentage`` below 1, the other rows decide how far it is cut back."""
        if in_force["percentage"] == 1:
            return Prepared.train(self, rows, in_force, watch)
        training, judging = self._apart(rows, in_force)
        pipeline = Prepared.train(self, training, in_force)
        columns = self.columns(pipeline, training.features)
        with steady():
            tree = pipeline.named_steps["model"]
            path = tree.cost_complexity_pruning_path(columns, training.target, training.weights)
        # The last strength leaves the root alone.
        strengths = np.unique(np.maximum(path.ccp_alphas, 0))
        places = np.unique(np.linspace(0, len(strengths) - 1, MOST_PRUNINGS).round().astype(int))
        tried = [
            Prepared.train(self, training, {**in_force, PRUNING: float(strength)}) for strength in strengths[places]
        ]
        losses = [self._loss(judging, self.outputs(one, judging.features)) for one in tried]
        best = max(place for place, loss in enumerate(losses) if loss == min(losses))
        logger.info("Cut back from %d to %d leaves.", *(_leaves(one) for one in (tried[0], tried[best])))
        return tried[best]

    def _apart(self, rows: Rows, in_force: Mapping[str, Any]) -> tuple[Rows, Rows]:
        strata = rows.target if self.problem.classifies else None
        marks = folds.partition(strata, len(rows), in_force["percentage"], in_force["random_state"])
        parts = rows.take(marks == folds.TRAINING), rows.take(marks == folds.VALIDATION)
        if not all(len(part) for part in parts):
            raise InvalidArgumentError(
                f"percentage: {in_force['percentage']} of {len(rows)} rows leaves one part empty; "
                "leave it out, or change it."
            )
        return parts

    def _loss(self, rows: Rows, found: Array) -> float:
        wrong = found.argmax(axis=1) != rows.target if self.problem.classifies else (found - rows.target) ** 2
        return float(np.average(wrong, weights=rows.weights))


def _leaves(estimator: Any) -> int:
    return int(estimator.named_steps["model"].get_n_leaves())
