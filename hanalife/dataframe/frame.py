"""The lazy SQL frame: a query and the connection it runs on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.dataframe import columns as names
from hanalife.dataframe import expressions, transfer
from hanalife.dataframe.cleaning import Cleaning
from hanalife.dataframe.combination import Combination
from hanalife.dataframe.description import Description
from hanalife.dataframe.display import Display
from hanalife.dataframe.hana_only import HanaOnly
from hanalife.dataframe.saving import Saving
from hanalife.observation import DatasetFacts

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from hanalife.dataframe.context import ConnectionContext

logger = logging.getLogger(__name__)


class DataFrame(Combination, Cleaning, Description, Saving, Display, HanaOnly):
    """A query that runs when its rows are asked for.

    Frames are values: each method returns a new one, except ``set_index``, ``set_name`` and
    ``set_source_table``. Nothing is sent to the database until :meth:`collect`, :meth:`count`,
    :attr:`shape`, :meth:`save`, an aggregate or a fit or predict call.

    Parameters
    ----------
    connection_context : ConnectionContext
        The open connection.
    select_statement : str
        One SELECT statement in the SQL of the connection's database.
    _name : str, optional
        Name of the frame in join conditions; default ``DT_<number>``.

    Raises
    ------
    BadSQLError
        The text is not exactly one query.

    Examples
    --------
    >>> from hanalife import ConnectionContext, DataSets
    >>> data, *_ = DataSets.load_diabetes_data(ConnectionContext("sqlite://"))
    >>> old = data.filter("AGE > 60").sort("AGE", desc=True)
    >>> old.shape, old.head(2).select("AGE", "CLASS").collect().values.tolist()
    ((27, 10), [[81, 0], [72, 0]])
    """

    def __init__(self, connection_context: ConnectionContext, select_statement: str, _name: str | None = None) -> None:
        text = expressions.one_query(select_statement, connection_context.dialect, "select_statement")
        super().__init__(connection_context, connection_context.describe_query(text), name=_name)

    def __repr__(self) -> str:
        return f"DataFrame({', '.join(self.columns)})"

    # --- what it is ---------------------------------------------------------------------------

    @property
    def quoted_name(self) -> str:
        """The name as SQL writes it."""
        return names.quotename(self.name)

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_rows, n_columns)``; counts the rows in the database."""
        return self.count(), len(self.columns)

    @property
    def select_statement(self) -> str:
        """The query as text with its values written in, for reading; it is never sent like this."""
        dialect = dialects.with_named_parameters(self.connection_context.dialect)
        return str(self.query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))

    @property
    def description(self) -> Any:
        """What the driver says of the columns: a tuple each, beginning with the name."""
        return self.connection_context.reading(
            lambda connection: connection.execute(self.query.limit(0)).cursor.description
        )

    @property
    def description_ext(self) -> Any:
        """The same as :attr:`description`."""
        return self.description

    # --- rows out -----------------------------------------------------------------------------

    def count(self) -> int:
        """Return the number of rows."""
        return int(self._rows(sa.select(sa.func.count()).select_from(self._source))[0][0])

    def empty(self) -> bool:
        """Say whether there is no row."""
        return not self._rows(self.head().query)

    def collect(
        self,
        fetch_size: int | None = None,
        geometries: bool | None = None,
        convert_geo_to_shapely: bool | None = None,
    ) -> pd.DataFrame:
        """Return all rows as a pandas frame of shape ``(n_rows, n_columns)``.

        The arguments are accepted for compatibility; the columns have the types that the
        database declares, in an empty result as well.
        """
        if (fetch_size, geometries, convert_geo_to_shapely) != (None, None, None):
            logger.debug("collect: fetch_size and spatial arguments are tuning of SAP HANA, ignored here.")
        return transfer.collect(self.connection_context, self.query)

    def batches(self, size: int = transfer.BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches of at most ``size`` rows, so that memory stays bounded.

        At least one batch comes, so that the types are known even where there is no row. The
        rows are those of one moment. A stream over a temporary table, or within an open
        transaction, has the connection to itself until it ends.
        """
        return transfer.batches(self.connection_context, self.query, size)

    def facts(self, rows: pd.DataFrame, key: str | None = None) -> DatasetFacts:
        """Describe the rows that this frame gave: count, types, query, content hash, and digests by key."""
        hashed = transfer.hash_rows(rows, self.query, key)
        return self.facts_of(hashed.rows, hashed.content_hash, hashed.to_bytes())

    def facts_of(self, rows: int, content_hash: str, row_digests: bytes | None = None) -> DatasetFacts:
        """Describe rows that were counted and hashed as they passed."""
        source = self.source_table
        return DatasetFacts(
            rows=rows,
            columns=self.specs,
            sql=self.select_statement,
            content_hash=content_hash,
            row_digests=row_digests,
            source_table=source["TABLE_NAME"] if source else None,
        )

    def definition(self) -> dict[str, Any]:
        """Return the query as JSON values: text with named parameters, their values, the columns.

        :meth:`ConnectionContext.frame_from_definition` makes the frame again, later or in
        another process; the rows are then read anew.
        """
        return self.connection_context.define(self.query) | {"source_table": self.source_table}
