"""Training, test and validation rows: the same rows per seed on every database."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from typing import Any

import sqlalchemy as sa

from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError

_PRIME = 2**31 - 1  # products of two residues fit in 64-bit integers everywhere
_DEFAULTS = {"training": 0.8, "testing": 0.1, "validation": 0.1}


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
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Split rows at random into training, test and validation frames.

    The rows are ranked by a seeded hash of their id, in the database; the first share is
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
        Shares of the rows; default 0.8, 0.1, 0.1.

    Returns
    -------
    tuple of DataFrame
        ``(train, test, validation)``.

    Raises
    ------
    InvalidArgumentError
        Shares outside [0, 1] or not summing to 1, an unknown method, or a stratified column
        where it does not belong.
    UnknownColumnError
        ``id_column`` or ``stratified_column`` is not a column.
    """
    given = (training_percentage, testing_percentage, validation_percentage)
    shares = _shares(given)
    method = _method(partition_method, stratified_column)
    key = id_column if id_column is not None else data.columns[0]
    names.require([key], data.columns, "id_column")
    if method == "stratified":
        names.require([str(stratified_column)], data.columns, "stratified_column")

    ordered = data.select([key, *(name for name in data.columns if name != key)])
    ranked = _rank(ordered, key, stratified_column, random_seed or secrets.randbelow(_PRIME - 1) + 1)
    bounds = [0.0, shares[0], shares[0] + shares[1], sum(shares)]
    parts = [_between(ordered, ranked, low, high) for low, high in itertools.pairwise(bounds)]
    return parts[0], parts[1], parts[2]


def _shares(given: tuple[float | None, ...]) -> list[float]:
    for name, value in zip(_DEFAULTS, given, strict=True):
        if value is not None and not 0 <= value <= 1:
            raise InvalidArgumentError(f"{name}_percentage: expected a share from 0 to 1, got {value!r}.")
    shares = [
        default if value is None else float(value) for default, value in zip(_DEFAULTS.values(), given, strict=True)
    ]
    complete = None not in given
    if complete and round(sum(shares), 2) != 1.0:
        raise InvalidArgumentError(f"training, testing and validation percentages must sum to 1, got {sum(shares):g}.")
    if sum(shares) > 1.0 + 1e-9:
        raise InvalidArgumentError(
            f"the three percentages sum to {sum(shares):g} with defaults filled in; give all three, summing to 1."
        )
    return shares


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


def _between(data: DataFrame, ranked: sa.Subquery, low: float, high: float) -> DataFrame:
    # Half is added so that a share is rounded to the nearest row, as long as all shares do the same.
    rank = sa.cast(ranked.c.hl_rank, sa.Double)
    total = sa.cast(ranked.c.hl_count, sa.Double)
    half = sa.literal(0.5, sa.Double)
    chosen = sa.and_(
        rank > total * sa.literal(low, sa.Double) + half if low > 0 else sa.true(),
        rank <= total * sa.literal(high, sa.Double) + half if high > 0 else sa.false(),
    )
    columns = [ranked.c[name] for name in data.columns]
    return DataFrame.from_query(data.connection_context, sa.select(*columns).where(chosen))
