"""From columns to numbers: what training learns of features and label, and applies ever after."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.dataframe import columns as names
from hanalife.errors import InvalidArgumentError
from hanalife.learning.problem import Problem
from hanalife.observation import ColumnSpec

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[Any]

INTEGERS = frozenset({"INT", "BIGINT", "SMALLINT", "BOOLEAN"})
NUMBERS = INTEGERS | {"DOUBLE", "DECIMAL"}
TEXTS = frozenset({"NVARCHAR", "NCLOB"})

CLASS_MAP = ("class_map0", "class_map1")


@dataclass(frozen=True, slots=True)
class Encoding:
    """Features and label of a model, and their numbers.

    A category is replaced by its place in ``categories``, a class by its place in ``classes``;
    both are in ascending order, unless ``class_map0`` and
    ``class_map1`` name the classes. NULL and a category unknown to training are missing values. A
    label that is a number has no classes.
    """

    features: tuple[ColumnSpec, ...]
    label: ColumnSpec
    classes: tuple[Any, ...]  #: int, bool or str; empty: the label is a number
    categories: Mapping[str, tuple[Any, ...]]  #: by feature; only of categorical ones
    ranges: Mapping[str, tuple[float, float]]  #: smallest and largest number seen, by feature; only of others

    @classmethod
    def learn(
        cls,
        rows: pd.DataFrame,
        features: Sequence[ColumnSpec],
        label: ColumnSpec,
        categorical: Collection[str],
        *,
        training: Array,
        classifies: bool,
    ) -> Encoding:
        """Return the encoding: features by the rows that train, classes by all rows.

        Parameters
        ----------
        rows : pandas.DataFrame
        features, label : ColumnSpec
        categorical : collection of str
        training : array of bool, shape (n_rows,)
        classifies : bool

        Raises
        ------
        InvalidArgumentError
            The label is missing in a row, or has fewer than two classes.
        """
        _refuse_missing(rows[label.name], label.name)
        classes = _distinct(rows[label.name]) if classifies else ()
        if classifies and len(classes) < 2:
            only = ", ".join(map(str, classes))
            raise InvalidArgumentError(
                f"label: column {label.name!r} holds the one class {only}; a classifier needs two or more."
            )
        seen = rows[training]
        categories = {name: _distinct(seen[name].dropna()) for name in categorical}
        numbers = [spec.name for spec in features if spec.name not in categories]
        ranges = {name: bounds for name in numbers if (bounds := _range(seen[name])) is not None}
        return cls(tuple(features), label, classes, categories, ranges)

    @property
    def problem(self) -> Problem:
        """What there is to learn."""
        return Problem(
            n_classes=len(self.classes) or None,
            categorical=tuple(name in self.categories for name in self.feature_names),
            names=self.feature_names,
            categories=tuple(tuple(map(str, self.categories.get(name, ()))) for name in self.feature_names),
            class_names=self.class_names,
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes as text."""
        return tuple(str(one) for one in self.classes)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features, in the order of the matrix."""
        return tuple(spec.name for spec in self.features)

    def by_class_map(self, class_map: Mapping[str, Any]) -> Encoding:
        """Return the encoding with the two classes in the order of ``class_map0`` and ``class_map1``, if given.

        Raises
        ------
        InvalidArgumentError
            They do not name the two classes.
        """
        named = [str(class_map[name]) for name in CLASS_MAP if name in class_map]
        if not named:
            return self
        if len(named) != 2 or sorted(named) != sorted(self.class_names) or len(self.classes) != 2:
            raise InvalidArgumentError(
                f"class_map0, class_map1: they must name the label's two classes, got {', '.join(named)}; "
                f"the classes are: {', '.join(self.class_names)}."
            )
        return replace(self, classes=tuple(self.classes[self.class_names.index(name)] for name in named))

    def check_class_map(self, class_map: Mapping[str, Any]) -> None:
        """Refuse a class map that is not that of the fit.

        Raises
        ------
        InvalidArgumentError
            The message tells the fit's.
        """
        if self.by_class_map(class_map) != self:
            raise InvalidArgumentError(
                f"class_map0, class_map1: the model was fitted with {', '.join(self.class_names)}; "
                "leave them out, or name these in this order."
            )

    def check_columns(self, specs: Sequence[ColumnSpec]) -> None:
        """Refuse columns that cannot give the features.

        Raises
        ------
        UnknownColumnError
            A feature is missing.
        InvalidArgumentError
            A feature is text where training saw numbers, or the other way round.
        """
        types = {spec.name: spec.type for spec in specs}
        names.require(self.feature_names, list(types), "data")
        for spec in self.features:
            if (spec.type in TEXTS) != (types[spec.name] in TEXTS):
                raise InvalidArgumentError(
                    f"data: column {spec.name!r} is {types[spec.name]}, but was {spec.type} at fit."
                )

    def matrix(self, rows: pd.DataFrame, precision: type[np.floating[Any]]) -> Array:
        """Return the features of rows, shape ``(n_rows, n_features)``, NaN where missing.

        Raises
        ------
        InvalidArgumentError
            A number is infinite, or too large for the precision.
        """
        found = np.empty((len(rows), len(self.features)), dtype=precision)
        for position, name in enumerate(self.feature_names):
            column = self._codes_of(rows[name], name) if name in self.categories else _numbers(rows[name])
            with np.errstate(over="ignore"):
                found[:, position] = column
            if np.isinf(found[:, position]).any():
                raise InvalidArgumentError(
                    f"data: column {name!r} holds an infinite number, or one above {np.finfo(precision).max:.2g}; "
                    "replace or filter it."
                )
        return found

    def target(self, labels: pd.Series[Any]) -> Array:
        """Return the class code of each label, or the number that it is, shape ``(n_rows,)``.

        Raises
        ------
        InvalidArgumentError
            A label is missing, infinite, or a class that training did not see.
        """
        return self.codes(labels) if self.classes else _finite(labels)

    def codes(self, labels: pd.Series[Any]) -> Array:
        """Return the class code of each label, shape ``(n_rows,)``.

        Raises
        ------
        InvalidArgumentError
            A label is missing, or a class that training did not see.
        """
        _refuse_missing(labels, str(labels.name))
        found = _positions(labels, self.classes)
        if (found < 0).any():
            strange = ", ".join(sorted({repr(value) for value in labels[found < 0].tolist()})[:5])
            raise InvalidArgumentError(
                f"label: column {labels.name!r} holds {strange}, unknown to the model; "
                f"its classes are: {', '.join(self.class_names)}. Fit it anew, or filter these rows out."
            )
        return found

    def _codes_of(self, column: pd.Series[Any], name: str) -> Array:
        found = _positions(column, self.categories[name]).astype(np.float32)
        found[found < 0] = np.nan
        return found


def _range(column: pd.Series[Any]) -> tuple[float, float] | None:
    found = _numbers(column)
    there = found[~np.isnan(found)]
    return (float(there.min()), float(there.max())) if len(there) else None


def _distinct(column: pd.Series[Any]) -> tuple[Any, ...]:
    return tuple(sorted(column.astype(object).unique().tolist()))


def _positions(column: pd.Series[Any], known: Sequence[Any]) -> Array:
    import pandas as pd

    index = pd.Index(list(known), dtype="object")
    return np.asarray(index.get_indexer(pd.Index(column.astype(object), dtype="object")))


def _numbers(column: pd.Series[Any]) -> Array:
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def _finite(labels: pd.Series[Any]) -> Array:
    _refuse_missing(labels, str(labels.name))
    found = _numbers(labels)
    if not np.isfinite(found).all():
        raise InvalidArgumentError(f"label: column {labels.name!r} holds an infinite number; replace or filter it.")
    return found


def _refuse_missing(labels: pd.Series[Any], name: str) -> None:
    missing = int(labels.isna().sum())
    if missing:
        raise InvalidArgumentError(
            f"label: column {name!r} is NULL in {missing} rows; filter them out with '\"{name}\" IS NOT NULL'."
        )
