"""Missing values: which rows are left out, and what stands in for the rest. Pure.

Each feature has a method: ``non`` leaves missing values to the algorithm, ``delete`` leaves the
row out of training, and the others name the value that takes their place. What replaces a value
is learned from the training rows, in each fold from its own (:mod:`.preparation`), and never changes afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.learning import als
from hanalife.learning.encoding import Encoding
from hanalife.learning.parameters import imputation as tables
from hanalife.learning.parameters import parameter as parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

NON, DELETE, FREQUENT, MEAN, MEDIAN, ZERO, ALS = "non", "delete", "most_frequent", "mean", "median", "zero", "als"
CONSTANTS = ("categorical_const", "numerical_const")

#: What a strategy does with categories, and with numbers.
STRATEGIES = {
    "non": (NON, NON),
    "delete": (DELETE, DELETE),
    "most_frequent-mean": (FREQUENT, MEAN),
    "most_frequent-median": (FREQUENT, MEDIAN),
    "most_frequent-zero": (FREQUENT, ZERO),
    "most_frequent-als": (FREQUENT, ALS),
    "mean": (NON, MEAN),
    "median": (NON, MEDIAN),
    "zero": (NON, ZERO),
    "als": (NON, ALS),
}

METHODS = (NON, DELETE, FREQUENT, "categorical_const", MEAN, MEDIAN, "numerical_const", ALS)


@dataclass(frozen=True, slots=True)
class Strategy:
    """What is to be done with missing values."""

    method: str = "most_frequent-mean"  #: one of STRATEGIES
    by_column: Mapping[str, tuple[str, Any]] = field(default_factory=dict)  #: method and constant
    factorisation: als.Settings = field(default_factory=als.Settings)

    def of(self, feature: str, *, categorical: bool) -> tuple[str, Any]:
        """Return method and constant of a feature."""
        return self.by_column.get(feature, (STRATEGIES[self.method][0 if categorical else 1], None))

    def in_words(self) -> dict[str, Any]:
        """Return it under hana_ml's names."""
        by_column = [[name, *(part for part in rule if part is not None)] for name, rule in self.by_column.items()]
        factored = ALS in (*STRATEGIES[self.method], *(method for method, _ in self.by_column.values()))
        return {
            "impute": True,
            "strategy": self.method,
            **({"strategy_by_col": by_column} if by_column else {}),
            **(self.factorisation.in_words() if factored else {}),
        }


@dataclass(frozen=True, slots=True)
class Imputation:
    """What stands in for missing values of each feature."""

    fills: Mapping[str, float]  #: by feature: the number, or the code of the category
    factors: als.Factors | None = None

    @classmethod
    def learn(cls, strategy: Strategy, encoding: Encoding, features: Array) -> Imputation:
        """Return what to put in, learnt from training rows ``(n_rows, n_features)``.

        A feature without any value is filled with 0, its category with the first.

        Raises
        ------
        InvalidArgumentError
            A constant is not a category that training saw.
        """
        fills: dict[str, float] = {}
        factored: list[int] = []
        for place, name in enumerate(encoding.feature_names):
            method, constant = strategy.of(name, categorical=name in encoding.categories)
            if method == ALS:
                factored.append(place)
            elif method not in (NON, DELETE):
                fills[name] = _fill(method, constant, encoding, name, features[:, place])
        factors = als.factorise(features, factored, strategy.factorisation) if factored else None
        return cls(fills, factors)

    def filled(self, features: Array, encoding: Encoding) -> Array:
        """Return features without the missing values that are to be replaced; the input stays as it is."""
        found = features.copy()
        for place, name in enumerate(encoding.feature_names):
            if name in self.fills:
                column = found[:, place]
                column[np.isnan(column)] = self.fills[name]
        return found if self.factors is None else self.factors.filled(found)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"fills": dict(self.fills), "factors": self.factors.to_json() if self.factors else None}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Imputation:
        """Read what :meth:`to_json` wrote."""
        return cls(found["fills"], als.Factors.from_json(found["factors"]) if found["factors"] else None)


def deleting(strategy: Strategy, features: Sequence[str], categorical: Collection[str]) -> list[str]:
    """Return the features that leave a row out of training where they are missing."""
    return [name for name in features if strategy.of(name, categorical=name in categorical)[0] == DELETE]


def read_strategy(
    given: Mapping[str, Any], features: Sequence[str], categorical: Sequence[str], *, classifies: bool
) -> Strategy | None:
    """Return the strategy that the keywords of a fit ask for; None: missing values are left to the algorithm.

    Raises
    ------
    ArgumentTypeError, InvalidArgumentError
        A keyword of the wrong type, an unknown method, a method that does not suit its column, a
        strategy without ``impute=True``.
    """
    told = [name for name in tables.NAMES[1:] if given.get(name) is not None]
    impute = given.get("impute")
    if impute is None or not parameters.check_value(tables.IMPUTE, impute):
        if told:
            raise InvalidArgumentError(f"{told[0]}: only has an effect with impute=True; add it, or leave it out.")
        return None
    table = tables.STRATEGY_OF_CLASSES if classifies else tables.STRATEGY_OF_NUMBERS
    method = given.get("strategy")
    strategy = Strategy(
        method="most_frequent-mean" if method is None else parameters.check_value(table, method),
        by_column=_by_column(given.get("strategy_by_col") or []),
        factorisation=_factorisation({name: value for name, value in given.items() if name.startswith("als_")}),
    )
    for name, (rule, constant) in strategy.by_column.items():
        _check(name, rule, constant, features, categorical)
    return strategy


def _by_column(given: Any) -> dict[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {}
    for entry in given:
        if not isinstance(entry, (list, tuple)) or len(entry) not in (2, 3) or not isinstance(entry[0], str):
            raise ArgumentTypeError(f"strategy_by_col: expected (column, method[, constant]), got {entry!r}.")
        method = str(entry[1]).lower()
        if method not in METHODS:
            raise InvalidArgumentError(f"strategy_by_col: expected one of {', '.join(METHODS)}; got {entry[1]!r}.")
        found[entry[0]] = (method, entry[2] if len(entry) == 3 else None)
    return found


def _factorisation(given: Mapping[str, Any]) -> als.Settings:
    checked = parameters.check(tables.ALS, given, "fit()")
    value = {row.name: checked.get(row.name, row.default) for row in tables.ALS}
    return als.Settings(
        factors=value["als_factors"],
        ridge=value["als_lambda"],
        most_rounds=value["als_maxit"],
        seed=value["als_randomstate"],
        threshold=value["als_exit_threshold"],
        interval=value["als_exit_interval"],
        centers=value["als_centering"],
        scales=value["als_scaling"],
    )


def _check(name: str, method: str, constant: Any, features: Sequence[str], categorical: Sequence[str]) -> None:
    where = f"strategy_by_col: column {name!r}"
    if name not in features:
        raise InvalidArgumentError(f"{where} is not a feature; the features are: {', '.join(features)}.")
    if method == "categorical_const" and name not in categorical:
        raise InvalidArgumentError(f"{where} holds numbers; use 'numerical_const'.")
    if method in (MEAN, MEDIAN, "numerical_const", ALS) and name in categorical:
        raise InvalidArgumentError(f"{where} is categorical; use 'most_frequent' or 'categorical_const'.")
    if method in CONSTANTS and constant is None:
        raise InvalidArgumentError(f"{where}: {method!r} needs the constant as third entry.")
    if method == "numerical_const" and not isinstance(constant, (int, float)):
        raise ArgumentTypeError(f"{where}: expected a number as constant, got {constant!r}.")


def _fill(method: str, constant: Any, encoding: Encoding, name: str, column: Array) -> float:
    if method == "categorical_const":
        known = [str(one) for one in encoding.categories[name]]
        if str(constant) not in known:
            raise InvalidArgumentError(
                f"strategy_by_col: {constant!r} is not a category of {name!r}; use one of {', '.join(known)}."
            )
        return float(known.index(str(constant)))
    if method == "numerical_const":
        return float(constant)
    there = column[~np.isnan(column)]
    if method == ZERO or not len(there):
        return 0.0
    if method == FREQUENT:
        values, counts = np.unique(there, return_counts=True)
        return float(values[np.argmax(counts)])  # of equals the smallest
    return float(np.median(there) if method == MEDIAN else there.mean(dtype=np.float64))
