"""Whether rows are those that a run has seen, whatever their order; and if not, which ones differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hanalife.database import snapshots as statements
from hanalife.dataframe import transfer
from hanalife.errors import DataNotFoundError
from hanalife.tracking import comparison, snapshots

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame
    from hanalife.dataframe.transfer.row_digests import HashedRows, RowDifferences
    from hanalife.tracking.run_facts import RunFacts


@dataclass(frozen=True, slots=True)
class DataDifferences:
    """How a frame differs from the rows that a run has seen."""

    recorded_hash: str | None
    hash: str
    recorded_rows: int | None
    n_rows: int
    columns: tuple[comparison.Change, ...]  #: of their types
    key: str | None
    rows: RowDifferences | None  #: None: neither digests nor a snapshot were recorded, or there is no key
    values: tuple[str, str] | None = None  #: what changed at the first key, recorded and now, where a snapshot shows it


def is_same(facts: RunFacts, frame: DataFrame) -> bool:
    """Return whether a frame holds the rows that a run has seen, in whatever order."""
    if is_order_free(facts):
        return hash_of(frame).content_hash == facts.dataset.get("CONTENT_HASH")
    return _is_same_in_some_order(facts, frame)


def is_order_free(facts: RunFacts) -> bool:
    """Return whether the recorded hash is one of rows in any order; that of older runs depends on the order."""
    return facts.dataset.get(statements.HASH_VERSION) == transfer.CONTENT_HASH_VERSION


def differences(connection_context: ConnectionContext, facts: RunFacts, frame: DataFrame) -> DataDifferences | None:
    """Return how a frame differs from the rows that a run has seen, or None if it holds the same."""
    key = key_of(facts)
    hashed = hash_of(frame, key)
    recorded = facts.dataset.get("CONTENT_HASH")
    same = hashed.content_hash == recorded if is_order_free(facts) else _is_same_in_some_order(facts, frame)
    if same:
        return None
    now = {spec.name: spec.type for spec in frame.specs}
    changes = DataDifferences(
        recorded_hash=recorded,
        hash=hashed.content_hash,
        recorded_rows=facts.dataset.get("ROWS"),
        n_rows=hashed.rows,
        columns=comparison.changes(comparison.column_types(facts.dataset), now),
        key=key,
        rows=None,
    )
    return changes if changes.columns else _with_rows(connection_context, changes, hashed, facts, frame)


def key_of(facts: RunFacts) -> str | None:
    """Return the key of a run's fit, or None."""
    key = facts.params.get("KEY")
    return key if isinstance(key, str) else None


def hash_of(frame: DataFrame, key: str | None = None) -> HashedRows:
    """Return the content hash of the rows of a frame in one pass, and their digests by key."""
    from hanalife.dataframe.transfer.row_digests import hash_rows

    return hash_rows(frame.batches(), key)


def _is_same_in_some_order(facts: RunFacts, frame: DataFrame) -> bool:
    """Compare with a hash that depends on the order: as the database gives the rows, and by the key of the fit."""
    from hanalife.dataframe.transfer.ordered_hashing import ordered_fingerprint
    from hanalife.dataframe.transfer.pandas import split
    from hanalife.dataframe.transfer.types import declared_fields

    recorded, key = facts.dataset.get("CONTENT_HASH"), key_of(facts)
    if ordered_fingerprint(frame.batches()) == recorded:
        return True
    if key is None or key not in frame.columns:
        return False
    rows = frame.collect().sort_values(key, kind="stable", ignore_index=True)
    return ordered_fingerprint(split(rows, declared_fields(frame.query))) == recorded


def _with_rows(
    connection_context: ConnectionContext,
    changes: DataDifferences,
    hashed: HashedRows,
    facts: RunFacts,
    frame: DataFrame,
) -> DataDifferences:
    """Add which rows differ, if digests of the recorded ones can be had."""
    from hanalife.dataframe.transfer import row_digests

    snapshot = _snapshot(connection_context, facts)
    recorded = _recorded_digests(connection_context, facts)
    if recorded is None and snapshot is not None:
        recorded = hash_of(snapshot, changes.key).digests
    if recorded is None or hashed.digests is None:
        return changes
    rows = row_digests.differences(recorded, hashed.digests)
    if rows is None or rows.first_change != "changed" or snapshot is None or changes.key is None:
        return replace(changes, rows=rows)
    return replace(changes, rows=rows, values=_changed_values(snapshot, frame, changes.key, rows.first_key))


def _recorded_digests(connection_context: ConnectionContext, facts: RunFacts) -> pa.Table | None:
    from hanalife.dataframe.transfer.row_digests import from_bytes

    name = facts.dataset.get(statements.ROW_DIGESTS)
    if name is None:
        return None
    with connection_context.database.read() as connection:
        parts = list(statements.parts(connection, name))
    return from_bytes(parts[0]) if parts else None


def _snapshot(connection_context: ConnectionContext, facts: RunFacts) -> DataFrame | None:
    try:
        return snapshots.read(connection_context, str(facts.dataset.get("CONTENT_HASH")))
    except DataNotFoundError:
        return None  # a snapshot is optional


def _changed_values(before: DataFrame, after: DataFrame, key: str, value: Any) -> tuple[str, str] | None:
    """Return the values that changed in the one row of a key; None if there are several."""
    rows = [frame.collect() for frame in (before, after)]
    old, new = (table[table[key] == value] for table in rows)
    if len(old) != 1 or len(new) != 1:
        return None
    names = [name for name in old.columns if not _equal(old[name].iloc[0], new[name].iloc[0])]
    return _listed(old, names), _listed(new, names)


def _equal(left: Any, right: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(left) and pd.isna(right)) or bool(left == right)


def _listed(row: pd.DataFrame, names: list[str]) -> str:
    return ", ".join(f"{name} {row[name].iloc[0]}" for name in names)
