"""The rows that a run has seen, where they can still be had, and how two such sets differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanalife.errors import DataNotFoundError, TableNotFoundError
from hanalife.tracking import data_identity, snapshots
from hanalife.tracking.comparison import ColumnShift, RowChanges

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame
    from hanalife.tracking.run_facts import RunFacts


def find(connection_context: ConnectionContext, facts: RunFacts) -> DataFrame:
    """Return the rows that a run has seen: a snapshot, or the table they came from if it is unchanged.

    Raises
    ------
    DataNotFoundError
        Neither is there.
    """
    content_hash = facts.dataset.get("CONTENT_HASH")
    if content_hash is None:
        raise DataNotFoundError(f"Run {facts.run.name!r} has no data recorded; record it with autologging().")
    try:
        return snapshots.read(connection_context, content_hash)
    except DataNotFoundError as error:
        return _table(connection_context, facts, error)


def _table(connection_context: ConnectionContext, facts: RunFacts, error: DataNotFoundError) -> DataFrame:
    source = facts.run.dataset_source
    try:
        frame = connection_context.table(source)
    except TableNotFoundError:
        raise DataNotFoundError(
            f"Run {facts.run.name!r}: its data is no longer there: neither a snapshot nor a table {source!r}. "
            "Give the rows as data=, or record with autologging(snapshot=True)."
        ) from error
    if not data_identity.is_same(facts, frame):
        raise DataNotFoundError(
            f"Run {facts.run.name!r}: table {source!r} has other rows now than the run has seen, and no snapshot is "
            "kept. Give the rows as data=, or record with autologging(snapshot=True)."
        ) from error
    return frame


def content_hash_of(frame: DataFrame) -> str:
    """Return the content hash of the rows of a frame, in one pass."""
    return data_identity.hash_of(frame).content_hash


def row_changes(left: pd.DataFrame, right: pd.DataFrame, key: str) -> RowChanges:
    """Return how many rows were added, removed and changed, told apart by a key column.

    Of a key that occurs several times the occurrences are compared in order.
    """
    sides = [_keyed(frame, key) for frame in (left, right)]
    shared = sides[0].index.intersection(sides[1].index)
    columns = [name for name in sides[0].columns if name in sides[1].columns]
    here, there = (side.loc[shared, columns] for side in sides)
    differs = {name: _differs(here[name], there[name]) for name in columns}
    any_differs = sum(differs.values()) if differs else None
    return RowChanges(
        key=key,
        added=len(sides[1]) - len(shared),
        removed=len(sides[0]) - len(shared),
        changed=0 if any_differs is None else int((any_differs > 0).sum()),
        changed_columns={name: int(mask.sum()) for name, mask in differs.items() if mask.any()},
    )


def _keyed(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    return frame.set_index([frame[key], frame.groupby(key, dropna=False).cumcount()]).drop(columns=key)


def _differs(left: pd.Series[Any], right: pd.Series[Any]) -> Any:
    """Return 1 where two values are different, else 0; two missing values are the same."""
    both = ~(left.isna() | right.isna())
    unequal = (left != right).where(both, left.isna() != right.isna())
    return unequal.astype(int).to_numpy()


def column_shifts(left: pd.DataFrame, right: pd.DataFrame) -> tuple[ColumnShift, ...]:
    """Return the columns of both whose mean or share of missing values is another."""
    shared = [name for name in left.columns if name in right.columns]
    shifts = [_shift(name, left[name], right[name]) for name in shared]
    return tuple(s for s in shifts if (s.left_mean, s.left_missing) != (s.right_mean, s.right_missing))


def _shift(name: str, left: pd.Series[Any], right: pd.Series[Any]) -> ColumnShift:
    missing = float(left.isna().mean() if len(left) else 0), float(right.isna().mean() if len(right) else 0)
    if left.dtype.kind not in "if" or right.dtype.kind not in "if" or left.isna().all() or right.isna().all():
        return ColumnShift(name, None, None, *missing, None)
    means, spread = (float(left.mean()), float(right.mean())), float(left.std())
    return ColumnShift(name, *means, *missing, (means[1] - means[0]) / spread if spread > 0 else None)
