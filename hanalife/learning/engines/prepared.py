"""What the algorithms of scikit-learn share: columns made ready for them, and one pipeline to keep."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hanalife.learning.engines.engine import Engine, Rows, Watch
from hanalife.learning.engines.steady import steady

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: A categorical column becomes at most so many columns; what is rarer shares the last.
MOST_CATEGORIES = 64


@dataclass(frozen=True, slots=True)
class Prepared(Engine):
    """An algorithm of scikit-learn behind a preparation of the columns.

    Numbers that are missing become the mean of those there; a category becomes a column of its
    own, 1 where the row has it, and so does the missing one if training saw it. Linear algebra runs
    on one thread, so that the same rows give the same bits on any machine.
    """

    #: Whether numbers come to a mean of 0 and a variance of 1 first.
    scales: ClassVar[bool] = False
    #: Whether the algorithm itself takes missing numbers.
    takes_missing: ClassVar[bool] = False
    #: Whether the algorithm itself takes rows of one class, as a fold may hold.
    takes_one_class: ClassVar[bool] = True

    @abstractmethod
    def model(self, in_force: Mapping[str, Any], rows: Rows) -> Any:
        """Return scikit-learn's estimator with these parameters, not yet trained."""

    def scaler(self, in_force: Mapping[str, Any]) -> Any:
        """Return what scales the numbers, not yet trained; None: they stay as they are."""
        from sklearn.preprocessing import StandardScaler

        del in_force
        return StandardScaler() if self.scales else None

    def category_weight(self, in_force: Mapping[str, Any]) -> float:
        """Return what stands in the column of a category that a row has."""
        del in_force
        return 1.0

    def train(self, rows: Rows, in_force: Mapping[str, Any], watch: Watch | None = None) -> Any:
        """Return a trained pipeline of the preparation and the model."""
        from sklearn.pipeline import Pipeline

        del watch  # trained in one go
        model = self.model(in_force, rows) if self._can_learn(rows) else _only_class()
        pipeline = Pipeline([("prepare", self._preparation(in_force)), ("model", model)])
        weights = {} if rows.weights is None else {"model__sample_weight": rows.weights}
        with steady():
            return pipeline.fit(rows.features, rows.target, **weights)

    def _can_learn(self, rows: Rows) -> bool:
        return self.takes_one_class or not self.problem.classifies or len(np.unique(rows.target)) > 1

    def outputs(self, estimator: Any, features: Array) -> Array:
        """Return class probabilities or numbers."""
        with steady():
            if not self.problem.classifies:
                return np.asarray(estimator.predict(features), dtype=np.float64).ravel()
            return self.of_all_classes(estimator.predict_proba(features), estimator.classes_)

    def of_all_classes(self, found: Array, classes: Array) -> Array:
        """Return probabilities of every class; one that training saw no row of has none."""
        every = np.zeros((len(found), self.problem.n_classes or 0))
        every[:, np.asarray(classes, dtype=np.intp)] = found
        return every

    def describe(self, estimator: Any) -> list[str]:
        """Return the model's settings as JSON."""
        model = estimator.named_steps["model"]
        settings = {name: value if _is_json(value) else str(value) for name, value in model.get_params().items()}
        return [json.dumps({"model": type(model).__name__, "parameters": settings})]

    def sources(self, estimator: Any) -> Array:
        """Return for each prepared column the position of the feature it comes from, shape ``(n_columns,)``."""
        numbers, categories = self._positions()
        widths = [len(names) for names in self._category_names(estimator)]
        return np.concatenate([numbers, np.repeat(categories, widths)]).astype(np.intp)

    def column_names(self, estimator: Any) -> list[str]:
        """Return what each prepared column is: the feature at a position, or that feature's category."""
        numbers = [str(place) for place in self._positions()[0]]
        return [*numbers, *(name for names in self._category_names(estimator) for name in names)]

    def by_feature(self, estimator: Any, by_column: Array) -> Array:
        """Sum what is known of prepared columns, on the last axis, to what is known of features."""
        found = np.zeros((*by_column.shape[:-1], self.problem.n_features))
        for column, feature in enumerate(self.sources(estimator)):
            found[..., feature] += by_column[..., column]
        return found

    def _positions(self) -> tuple[list[int], list[int]]:
        categorical = self.problem.categorical
        every = range(len(categorical))
        return [place for place in every if not categorical[place]], [place for place in every if categorical[place]]

    def _category_names(self, estimator: Any) -> list[Any]:
        prepare = estimator.named_steps["prepare"]
        if not any(self.problem.categorical):
            return []
        encoder = prepare.named_transformers_["categories"]
        names = encoder.get_feature_names_out([str(place) for place in self._positions()[1]])
        return [[name for name in names if name.split("_", 1)[0] == str(place)] for place in self._positions()[1]]

    def _preparation(self, in_force: Mapping[str, Any]) -> Any:
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import OneHotEncoder

        numbers, categories = self._positions()
        steps: list[tuple[str, Any]] = []
        if not self.takes_missing:
            steps.append(("fill", SimpleImputer(strategy="mean", keep_empty_features=True)))
        scaler = self.scaler(in_force)
        if scaler is not None:
            steps.append(("scale", scaler))
        encoder = OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES, sparse_output=False
        )
        prepared = [
            ("numbers", Pipeline(steps) if steps else "passthrough", numbers),
            ("categories", encoder, categories),
        ]
        weight = self.category_weight(in_force)
        weights = {"categories": weight} if categories and weight != 1 else None
        return ColumnTransformer([one for one in prepared if one[2]], transformer_weights=weights)


def _only_class() -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def _is_json(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))
