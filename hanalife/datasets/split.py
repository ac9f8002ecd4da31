"""Training, test and validation rows: the same rows per seed on every database."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.dataframe import arguments
from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError

_PRIME = 2**31 - 1  # products of two residues fit in 64-bit integers everywhere
_DEFAULTS = {"training": 0.8, "testing": 0.1, "validation": 0.1}

Bound = tuple[float, int]  #: a share of the rows, and a number of rows beside it


def train_test_val_split(
    data: DataFrame,
    id_column: str | None = None,
    random_seed: int | None = None,
    thread_ratio: float | None = None,  # noqa: ARG001
    partition_method: str = "random",
    stratified_column: str | None = None,
    training_percentage: float | None = None,
    testing_percentage: float | None = None,
    validation_percentage: float | None = None,
    training_size: int | None = None,
    testing_size: int | None = None,
    validation_size: int | None = None,
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Split rows at random into training, test and validation frames.

    The rows are ranked by a seeded hash of their id, in the database; the first of them are
    training, the next test, the next validation. The frames are queries that can be run again
    at any time, and the same seed gives the same rows on every backend.

    Parameters
    ----------
    data : DataFrame
        Rows with an id that is unique.
    id_column : str, optional
        Default: the first column. It comes first in the results.
    random_seed : int, optional
        None or 0: a new split each call.
    thread_ratio : float, optional
        Accepted for compatibility; the database decides.
    partition_method : {'random', 'stratified'}
        'stratified' splits each value of ``stratified_column`` in the same shares.
    stratified_column : str, optional
        Required with, and only with, 'stratified'.
    training_percentage, testing_percentage, validation_percentage : float in [0, 1], optional
        Shares of the rows; default 0.8, 0.1, 0.1, as far as rows are left.
    training_size, testing_size, validation_size : int, optional
        Numbers of rows; each counts only where the matching share is not given. 'stratified'
        then takes of each value as many rows as its share of all rows, to the nearest row.

    Returns
    -------
    tuple of DataFrame
        ``(train, test, validation)``.

    Raises
    ------
    InvalidArgumentError
        Shares outside [0, 1] or not summing to 1, more rows than there are, an unknown method,
        or a stratified column where it does not belong.
    UnknownColumnError
        ``id_column`` or ``stratified_column`` is not a column.
    """
    percentages = (training_percentage, testing_percentage, validation_percentage)
    sizes = _sizes((training_size, testing_size, validation_size), percentages)
    shares = _shares(percentages, sizes)
    method = _method(partition_method, stratified_column)
    key = id_column if id_column is not None else data.columns[0]
    names.require([key], data.columns, "id_column")
    if method == "stratified":
        names.require([str(stratified_column)], data.columns, "stratified_column")

    ordered = data.select([key, *(name for name in data.columns if name != key)])
    if any(sizes):
        _require_rows(data.count(), sizes, percentages)
    ranked = _rank(ordered, key, stratified_column, random_seed or secrets.randbelow(_PRIME - 1) + 1)
    if stratified_column is not None and any(sizes):
        ranked = _interleaved(ranked, key, ordered)
    # What was asked for comes first, so that the defaults take what is left.
    order = sorted(range(3), key=lambda part: percentages[part] is None and not sizes[part])
    parts, low = {}, (0.0, 0)
    for part in order:
        high = (low[0] + shares[part], low[1] + sizes[part])
        parts[part] = _between(ordered, ranked, low, high)
        low = high
    return parts[0], parts[1], parts[2]


def _sizes(given: Sequence[int | None], percentages: Sequence[float | None]) -> list[int]:
    """Return the number of rows of each part that has one, else 0."""
    for name, size in zip(_DEFAULTS, given, strict=True):
        if size is not None:
            arguments.whole_number(size, 0, f"{name}_size")
    return [size if size and share is None else 0 for size, share in zip(given, percentages, strict=True)]


def _shares(given: Sequence[float | None], sizes: Sequence[int]) -> list[float]:
    for name, value in zip(_DEFAULTS, given, strict=True):
        if value is not None and not 0 <= value <= 1:
            raise InvalidArgumentError(f"{name}_percentage: expected a share from 0 to 1, got {value!r}.")
    defaults = [0.0 if size else default for size, default in zip(sizes, _DEFAULTS.values(), strict=True)]
    shares = [default if value is None else float(value) for default, value in zip(defaults, given, strict=True)]
    complete = None not in given
    if complete and round(sum(shares), 2) != 1.0:
        raise InvalidArgumentError(f"training, testing and validation percentages must sum to 1, got {sum(shares):g}.")
    if sum(shares) > 1.0 + 1e-9:
        raise InvalidArgumentError(
            f"the three percentages sum to {sum(shares):g} with defaults filled in; give all three, summing to 1."
        )
    return shares


def _require_rows(rows: int, sizes: Sequence[int], percentages: Sequence[float | None]) -> None:
    wanted = sum(sizes) + sum(round(rows * share) for share in percentages if share is not None)
    if wanted > rows:
        raise InvalidArgumentError(
            f"training_size, testing_size, validation_size: {wanted} rows are asked for and there are {rows}."
        )


def _method(method: str, stratified_column: str | None) -> str:
    lowered = str(method).lower()
    if lowered not in ("random", "stratified"):
        raise InvalidArgumentError(f"partition_method: expected 'random' or 'stratified', got {method!r}.")
    if (lowered == "stratified") != (stratified_column is not None):
        raise InvalidArgumentError(
            f"stratified_column: got {stratified_column!r} with partition_method={method!r}; "
            "name a column with 'stratified' and only with it."
        )
    return lowered


def _rank(data: DataFrame, key: str, stratum: str | None, seed: int) -> sa.Subquery:
    """Rank the rows by a hash of their id, within their stratum if there is one."""
    inner = data.query.subquery()
    numbered = sa.select(*inner.columns, _integer_id(data, inner, key).label("hl_x")).subquery()
    hashed = _mix(_mix(numbered, _constants(seed, 0)), _constants(seed, 1))
    strata = [hashed.c[stratum]] if stratum else None
    order = (hashed.c.hl_x, data.connection_context.text_order(hashed.c[key]))
    columns = [column for column in hashed.columns if column.key != "hl_x"]
    return sa.select(
        *columns,
        sa.func.row_number().over(partition_by=strata, order_by=order).label("hl_rank"),
        sa.func.count().over(partition_by=strata).label("hl_count"),
    ).subquery()


def _integer_id(data: DataFrame, inner: sa.Subquery, key: str) -> sa.ColumnElement[Any]:
    column = inner.c[key]
    if isinstance(column.type, sa.Integer):
        return (sa.cast(column, sa.BigInteger) % _PRIME + _PRIME) % _PRIME
    return sa.func.row_number().over(order_by=data.connection_context.text_order(column))


def _constants(seed: int, turn: int) -> tuple[int, int]:
    digest = hashlib.sha256(f"hanalife split {seed} {turn}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % (_PRIME - 1) + 1, int.from_bytes(digest[8:16], "big") % _PRIME


def _mix(rows: sa.Subquery, constants: tuple[int, int]) -> sa.Subquery:
    """Replace ``hl_x`` by ``(a x + c)^5 mod p``, a permutation of the residues since gcd(5, p - 1) = 1.

    One sub-query a multiplication, because SQL has no name for an intermediate value.
    """
    a, c = (sa.literal(constant, sa.BigInteger) for constant in constants)
    first = _step(rows, (rows.c.hl_x * a + c) % _PRIME, keep=True)
    square = _step(first, first.c.hl_x * first.c.hl_x % _PRIME)
    fourth = _step(square, square.c.hl_x * square.c.hl_x % _PRIME)
    return _step(fourth, fourth.c.hl_x * fourth.c.hl_first % _PRIME, drop=True)


def _step(rows: sa.Subquery, value: sa.ColumnElement[Any], *, keep: bool = False, drop: bool = False) -> sa.Subquery:
    others = [column for column in rows.columns if column.key != "hl_x" and not (drop and column.key == "hl_first")]
    first = [value.label("hl_first")] if keep else []
    return sa.select(*others, *first, value.label("hl_x")).subquery()


def _interleaved(ranked: sa.Subquery, key: str, data: DataFrame) -> sa.Subquery:
    """Rank all rows so that the first n hold of each stratum its share of n, to the nearest row."""
    place = (sa.cast(ranked.c.hl_rank, sa.Double) - 0.5) / sa.cast(ranked.c.hl_count, sa.Double)
    order = (place, data.connection_context.text_order(ranked.c[key]))
    return sa.select(
        *[ranked.c[name] for name in data.columns],
        sa.func.row_number().over(order_by=order).label("hl_rank"),
        sa.func.count().over().label("hl_count"),
    ).subquery()


def _between(data: DataFrame, ranked: sa.Subquery, low: Bound, high: Bound) -> DataFrame:
    rank = sa.cast(ranked.c.hl_rank, sa.Double)
    chosen = sa.and_(
        rank > _last_of(ranked, low) if any(low) else sa.true(),
        rank <= _last_of(ranked, high) if any(high) else sa.false(),
    )
    columns = [ranked.c[name] for name in data.columns]
    return DataFrame.from_query(data.connection_context, sa.select(*columns).where(chosen))


def _last_of(ranked: sa.Subquery, bound: Bound) -> sa.ColumnElement[Any]:
    # Half is added so that a share is rounded to the nearest row, as long as all shares do the same.
    share, size = bound
    total = sa.cast(ranked.c.hl_count, sa.Double)
    return total * sa.literal(share, sa.Double) + sa.literal(size + 0.5, sa.Double)
