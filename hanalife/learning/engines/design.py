"""From features to the columns of a linear model: plain arrays, learnt once and applied ever after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.engines.prepared import MOST_CATEGORIES
from hanalife.learning.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: Instead of a category's code: the column of missing ones, and of all that are too rare for one.
MISSING, RARE = -1, -2

#: ``fill``: what stands for a missing number, 0 at categories, shape (n_features,).
#: ``columns``: for each column its feature and its category's code (0 of numbers), shape (n_columns, 2).
#: ``shares``: what stands in a category's column where training saw no such category, shape (n_columns,).
Design = dict[str, Any]


def learn(problem: Problem, features: Array) -> Design:
    """Return how these rows become columns.

    A missing number becomes the mean of those there, or 0 if there are none. A category becomes a
    column that is 1 where a row has it, and so does the missing one if a row has it; of more than
    :data:`MOST_CATEGORIES` the rarest share the last column.
    """
    fill = np.zeros(problem.n_features)
    columns: list[tuple[int, int]] = []
    for place, categorical in enumerate(problem.categorical):
        there = features[~np.isnan(features[:, place]), place].astype(np.float64)
        if categorical:
            columns += [(place, code) for code in _codes(there, len(there) < len(features))]
        else:
            fill[place] = there.mean() if len(there) else 0.0
            columns.append((place, 0))
    found = {
        "fill": fill,
        "columns": np.array(columns, dtype=np.int64).reshape(-1, 2),
        "shares": np.zeros(len(columns)),
    }
    return {**found, "shares": matrix(problem, found, features).mean(axis=0)}


def _codes(there: Array, some_missing: bool) -> list[int]:
    found, counts = np.unique(there.astype(np.int64), return_counts=True)
    last = [MISSING] if some_missing else []
    if len(found) > MOST_CATEGORIES:
        frequent = found[np.argsort(-counts, kind="stable")[: MOST_CATEGORIES - 1]]
        return [*np.sort(frequent).tolist(), RARE, *last]
    return [*found.tolist(), *last]


def matrix(problem: Problem, design: Design, features: Array) -> Array:
    """Return the columns of rows, shape ``(n_rows, n_columns)``.

    A category that training did not see, or a missing one if it saw none, counts as the mean of
    all: each column of the feature holds its share of the training rows.
    """
    columns = design["columns"]
    has_missing = set(columns[columns[:, 1] == MISSING, 0].tolist())
    found = np.empty((len(features), len(columns)))
    for position, (place, code) in enumerate(columns):
        column = features[:, place]
        if not problem.categorical[place]:
            found[:, position] = np.where(np.isnan(column), design["fill"][place], column)
        elif code == RARE:
            frequent = columns[(columns[:, 0] == place), 1]
            found[:, position] = ~np.isnan(column) & ~np.isin(column, frequent)
        else:
            found[:, position] = np.isnan(column) if code == MISSING else column == code
        if problem.categorical[place] and place not in has_missing:
            found[np.isnan(column), position] = design["shares"][position]
    return found


def names(problem: Problem, design: Design) -> list[str]:
    """Return a name of each column: the feature, and after ``=`` the category.

    Examples
    --------
    >>> learnt = {"columns": np.array([[0, 0], [1, 0], [1, MISSING]])}
    >>> names(Problem(None, (False, True), ("SIZE", "PLACE"), ((), ("city",))), learnt)
    ['SIZE', 'PLACE=city', 'PLACE=NULL']
    """
    known = problem.names or tuple(f"X{place + 1}" for place in range(problem.n_features))
    special = {MISSING: "NULL", RARE: "(rare)"}

    def name(place: int, code: int) -> str:
        if not problem.categorical[place]:
            return known[place]
        return f"{known[place]}={special[code] if code < 0 else problem.categories[place][code]}"

    return [name(int(place), int(code)) for place, code in design["columns"]]


def refuse_missing(features: Array, remedy: str) -> None:
    """Refuse rows with a missing feature.

    Raises
    ------
    InvalidArgumentError
        There are some; the message counts them and names the remedy.
    """
    missing = int(np.isnan(features).any(axis=1).sum())
    if missing:
        raise InvalidArgumentError(f"features: {missing} rows hold a missing value; {remedy}.")


def without_missing(problem: Problem, features: Array) -> Array:
    """Return features with 0 for each missing number."""
    return np.where(np.isnan(features) & ~np.array(problem.categorical), 0.0, features)
