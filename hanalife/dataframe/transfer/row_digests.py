"""A digest of each row under its key: small enough to record, and enough to say which rows are others now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hanalife.dataframe.transfer.hashing import ContentHash

if TYPE_CHECKING:
    import pandas as pd

#: Of more rows none are recorded: at 4 bytes and a compressed key a row, that is about 6 MB.
MAX_ROWS = 1_000_000

_DIGEST = "#DIGEST"


@dataclass(frozen=True, slots=True)
class RowDifferences:
    """Which rows of a table were added, removed or changed since it was recorded."""

    added: int
    removed: int
    changed: int
    first_key: Any  #: the smallest key of these rows
    first_change: str  #: 'added', 'removed' or 'changed'


@dataclass(frozen=True, slots=True)
class HashedRows:
    """The content hash of rows and, if they have a key, the digest of each."""

    rows: int
    content_hash: str
    digests: pa.Table | None  #: the key's column and ``_DIGEST``; None: no key, or too many rows

    def to_bytes(self) -> bytes | None:
        """Return the digests as they are recorded."""
        return None if self.digests is None else to_bytes(self.digests)


def hash_rows(batches: Iterable[pa.RecordBatch], key: str | None) -> HashedRows:
    """Hash rows in one pass; memory is bounded, as digests end at :data:`MAX_ROWS`."""
    content = ContentHash()
    tables: list[pa.Table] = []
    for batch in batches:
        hashes = content.add(batch)
        if key is None or key not in batch.schema.names or content.rows > MAX_ROWS:
            tables = []
            continue
        digests = pa.array((hashes >> np.uint64(32)).astype(np.uint32))
        tables.append(pa.table([batch.column(batch.schema.get_field_index(key)), digests], names=[str(key), _DIGEST]))
    complete = bool(tables) and sum(table.num_rows for table in tables) == content.rows
    return HashedRows(content.rows, content.hexdigest(), pa.concat_tables(tables) if complete else None)


def to_bytes(digests: pa.Table) -> bytes:
    """Return digests as a compressed Arrow stream; the same rows give the same bytes, whatever their order."""
    key = digests.column_names[0]
    ordered = digests.sort_by([(key, "ascending"), (_DIGEST, "ascending")]).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ordered.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(ordered)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def from_bytes(data: bytes) -> pa.Table:
    """Read what :func:`to_bytes` wrote."""
    with pa.ipc.open_stream(data) as stream:
        return stream.read_all()


def differences(recorded: pa.Table, now: pa.Table) -> RowDifferences | None:
    """Return how the rows differ, told apart by key; None if no digest differs or the keys are of two types."""
    if recorded.schema != now.schema:
        return None
    before, after = (_by_key(table) for table in (recorded, now))
    shared = before.index.intersection(after.index)
    changed = shared[(before.loc[shared] != after.loc[shared]).to_numpy()]
    groups = {
        "removed": before.index.difference(after.index, sort=False),
        "added": after.index.difference(before.index, sort=False),
        "changed": changed,
    }
    firsts = [(_order(rows.get_level_values(0).tolist()), change) for change, rows in groups.items() if len(rows)]
    if not firsts:
        return None
    (_, key), change = min(firsts)
    return RowDifferences(**{change: len(rows) for change, rows in groups.items()}, first_key=key, first_change=change)


def _by_key(table: pa.Table) -> pd.Series[Any]:
    """Return digests under their key and, of a key that occurs several times, the number of the occurrence."""
    import pandas as pd

    key = table.column_names[0]
    frame = table.sort_by([(key, "ascending"), (_DIGEST, "ascending")]).to_pandas()
    index = pd.MultiIndex.from_arrays([frame[key], frame.groupby(key, dropna=False).cumcount()])
    return pd.Series(frame[_DIGEST].to_numpy(), index=index)


def _order(keys: list[Any]) -> tuple[bool, Any]:
    """Return the smallest key as a value that sorts missing keys last."""
    import pandas as pd

    present = [key for key in keys if not pd.isna(key)]
    return (False, min(present)) if present else (True, None)
