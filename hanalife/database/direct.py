"""Statements that every run needs, handed to the driver as it takes them.

For a small statement SQLAlchemy works longer than the database does. These are compiled once for
each driver; whoever traces statements sees them, and their errors are SQLAlchemy's, as always.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa


class Direct:
    """One statement whose rows are plain numbers and texts.

    Parameters
    ----------
    statement : executable
        With named parameters.
    columns : sequence of str, optional
        The columns of an INSERT that get a parameter of their own name.
    """

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._compiled: dict[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {}

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Execute it with named values; return its rows."""
        text, arguments = self._for(connection.dialect)
        return connection.exec_driver_sql(text, arguments(values)).all()

    def write_many(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for each row of values, of which there is at least one."""
        text, arguments = self._for(connection.dialect)
        connection.exec_driver_sql(text, list(map(arguments, rows)))

    def _for(self, dialect: sa.Dialect) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
        found = self._compiled.get(dialect.driver)
        if found is None:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
            found = self._compiled[dialect.driver] = str(compiled), _arguments(compiled)
        return found


def _arguments(compiled: Any) -> Callable[[Mapping[str, Any]], Any]:
    """Return what makes the driver's arguments of named values."""
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    processors = {
        name: processor
        for name, parameter in compiled.binds.items()
        if (processor := parameter.type.dialect_impl(compiled.dialect).bind_processor(compiled.dialect))
    }
    in_order = _in_order(compiled.positiontup)
    if not fixed and not processors:
        return in_order

    def arguments(values: Mapping[str, Any]) -> Any:
        given = {**fixed, **values}
        for name, processor in processors.items():
            given[name] = processor(given[name])
        return in_order(given)

    return arguments


def _in_order(names: Sequence[str] | None) -> Callable[[Mapping[str, Any]], Any]:
    """Return what gives values as a driver wants them: by name, or in the order of the names."""
    if not names:
        return dict
    return itemgetter(*names) if len(names) > 1 else lambda values: (values[names[0]],)
