"""Rows on the move: one stream of Arrow batches with the types that the columns declare.

The functions below are the door of this room; Arrow and pandas load when rows first move.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.transfer.row_digests import HashedRows

#: Of :mod:`.hashing`. Runs of version 1 recorded a hash of :mod:`.ordered_hashing`, and no version.
CONTENT_HASH_VERSION = 2

#: Rows of one batch, unless asked otherwise.
BATCH_ROWS = 50_000


def batches(context: ConnectionContext, query: sa.Select[Any], size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query in batches of at most ``size`` rows; see :mod:`.reading`."""
    from hanalife.dataframe.transfer import reading

    return reading.batches(context, query, size)


def collect(context: ConnectionContext, query: sa.Select[Any]) -> pd.DataFrame:
    """Return all rows of a query as a pandas frame of shape ``(n_rows, n_columns)``.

    A connection that was dropped is opened again and the rows are read once more from the start.
    """
    from hanalife.dataframe.transfer import pandas, progress, reading

    def rows() -> pd.DataFrame:
        return pandas.gather(progress.shown(reading.portions(context, query), "reading"))

    return context.read_again_if_dropped(rows)


def write_pandas(
    context: ConnectionContext,
    target: sa.Table,
    data: pd.DataFrame,
    *,
    create: bool = False,
    size: int = BATCH_ROWS,
    disable_progressbar: bool = False,
) -> None:
    """Append the rows of a pandas frame to a table, or make the table of them; all rows or none."""
    from hanalife.dataframe.transfer import pandas, progress, types, writing

    parts = pandas.split(data, [types.field_of(column) for column in target.columns], size)
    shown = progress.shown(parts, f"writing {target.name}", len(data), disable=disable_progressbar)
    writing.write_batches(context, target, shown, create=create)


def write_parts(context: ConnectionContext, target: sa.Table, parts: Iterable[pd.DataFrame]) -> None:
    """Make a table of pandas frames that come one after another, so that memory stays bounded; all rows or none."""
    from hanalife.dataframe.transfer import pandas, progress, types, writing

    fields = [types.field_of(column) for column in target.columns]
    batches = (batch for part in parts for batch in pandas.split(part, fields))
    writing.write_batches(context, target, progress.shown(batches, f"writing {target.name}"), create=True)


def hash_rows(rows: pd.DataFrame, query: sa.Select[Any], key: str | None = None) -> HashedRows:
    """Return the content hash of rows that were collected from a query, and digests by key; see :mod:`.hashing`."""
    from hanalife.dataframe.transfer import pandas, row_digests, types

    return row_digests.hash_rows(pandas.split(rows, types.declared_fields(query)), key)
