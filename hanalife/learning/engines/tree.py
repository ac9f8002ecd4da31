"""A single decision tree on scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hanalife.learning.engines.engine import Rows
from hanalife.learning.engines.prepared import Prepared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Tree(Prepared):
    """One tree for classes or numbers."""

    takes_missing: ClassVar[bool] = True

    def model(self, in_force: Mapping[str, Any], rows: Rows) -> Any:
        """Return the tree, not yet trained."""
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        del rows
        made = DecisionTreeClassifier if self.problem.classifies else DecisionTreeRegressor
        return made(
            max_depth=in_force["max_depth"],
            min_samples_split=in_force["min_records_of_parent"],
            min_samples_leaf=in_force["min_records_of_leaf"],
            min_impurity_decrease=in_force["split_threshold"],
            random_state=in_force["random_state"],
        )

    def importance(self, estimator: Any) -> Array:
        """Return each feature's share in the decrease of impurity."""
        return np.asarray(self.by_feature(estimator, estimator.named_steps["model"].feature_importances_))
