"""Frames written to tables and views."""

from __future__ import annotations

import logging
from typing import Any, Self

from hanalife.dataframe import arguments, lineage
from hanalife.dataframe.base import Frame
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError

logger = logging.getLogger(__name__)

Where = str | tuple[str | None, str]

_TABLE_TYPES = (
    "ROW",
    "COLUMN",
    "HISTORY COLUMN",
    "GLOBAL TEMPORARY",
    "GLOBAL TEMPORARY COLUMN",
    "LOCAL TEMPORARY",
    "LOCAL TEMPORARY COLUMN",
    "VIEW",
)


class Saving(Frame):
    """Methods that write rows into the database."""

    def save(
        self,
        where: Where,
        table_type: str | None = None,
        force: bool = False,
        save_source: bool = True,
        append: bool = False,
        data_lake: bool = False,
        data_lake_container: str = "",
        view_structure: Any = None,
    ) -> Self:
        """Write the rows to a table, or the query to a view, and return a frame over it.

        Parameters
        ----------
        where : str or (str, str)
            Name, or ``(schema, name)``. A name that begins with ``#`` makes a table that lives
            as long as the connection.
        table_type : str, optional
            ``'VIEW'`` saves the query itself, so that its rows are read anew each time. HANA's
            kinds of tables are accepted and all make a table; of the temporary ones the name
            must begin with ``#``.
        force : bool, default False
            Replace an existing table or view; others see the old or the new one, never none.
        save_source : bool, default True
            The frame that is returned knows its table.
        append : bool, default False
            Add the rows to an existing table, column by name.
        data_lake, data_lake_container, view_structure
            Of SAP HANA only.

        Raises
        ------
        InvalidArgumentError
            An unknown ``table_type``, or ``append`` with a view.
        NotSupportedError
            ``data_lake`` or ``view_structure`` is given.

        Notes
        -----
        If the table exists and neither ``force`` nor ``append`` is given, nothing is written, a
        warning says so, and the frame over the old table is returned.
        """
        schema, table = _place(where)
        kind = _kind(table_type, table, view_structure)
        if data_lake:
            raise NotSupportedError(
                f"save(data_lake={data_lake!r}, data_lake_container={data_lake_container!r}): "
                "works inside SAP HANA only; save to a table instead."
            )
        if kind == "VIEW" and append:
            raise InvalidArgumentError("append: rows cannot be added to a view; use force=True to replace it.")
        context = self.connection_context
        exists = context.has_relation(table, schema)
        if exists and not (force or append):
            logger.warning(
                "Table %r exists; nothing was written. Use save(..., force=True) to replace it "
                "or append=True to add the rows.",
                table,
            )
        elif exists and append:
            context.insert_query(table, self.query, schema)
        elif kind == "VIEW":
            context.create_view_as(table, self.query, schema)
        else:
            context.create_table_as(table, self.query, schema)
        saved = self._over_table(table, schema)
        if not save_source:
            saved.source_table = None
        return saved

    def smart_save(
        self,
        table: str,
        schema: str | None = None,
        table_type: str | None = None,
        force: bool = False,
        save_source: bool = True,
        append: bool = False,
        data_lake: bool = False,
        data_lake_container: str = "",
        view_structure: Any = None,
    ) -> Self:
        """Write the rows to a table that they may come from, as :meth:`save` does.

        Raises
        ------
        InvalidArgumentError
            A view is to be made of itself: it would have no rows to begin with.
        """
        if _kind(table_type, table, None) == "VIEW" and table in {known["TABLE_NAME"] for known in self.source_tables}:
            raise InvalidArgumentError(
                f"table: the view {table!r} cannot read itself; save the rows as a table of another name first."
            )
        place = (schema, table)
        return self.save(place, table_type, force, save_source, append, data_lake, data_lake_container, view_structure)

    def _over_table(self, table: str, schema: str | None) -> Self:
        frame = self.connection_context.table(table, schema)
        return self.from_query(self.connection_context, frame.query, frame.source_table)

    # --- where rows come from -----------------------------------------------------------------

    @property
    def source_tables(self) -> list[dict[str, str]]:
        """The tables that the query reads: ``{'SCHEMA_NAME': ..., 'TABLE_NAME': ...}`` of each."""
        return lineage.tables_of(self.query, self.connection_context.get_current_schema())


def _place(where: object) -> tuple[str | None, str]:
    schema, table = where if isinstance(where, tuple) and len(where) == 2 else (None, where)
    if not isinstance(table, str) or not (schema is None or isinstance(schema, str)):
        raise ArgumentTypeError(f"where: expected a name or (schema, name), got {where!r}.")
    if not table.strip("#"):
        raise InvalidArgumentError(f"where: {table!r} is no name of a table.")
    return schema, table


def _kind(table_type: str | None, table: str, view_structure: object) -> str:
    kind = "COLUMN" if table_type is None else arguments.choice(table_type, _TABLE_TYPES, "table_type")
    if view_structure is not None:
        raise (InvalidArgumentError if kind != "VIEW" else NotSupportedError)(
            "view_structure: works with views of SAP HANA only; rename or cast the columns before saving."
        )
    if "TEMPORARY" in kind and not table.startswith("#"):
        raise InvalidArgumentError(f"where: a temporary table's name begins with '#'; use {'#' + table!r}.")
    return kind
