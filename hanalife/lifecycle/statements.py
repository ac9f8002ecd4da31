"""SQL as tasks: a query whose rows become a table, or statements that the job executes.

Statements are in the SQL of the database itself and may do whatever the worker's database user
may. They are executed in the transaction that ends the job well: all of them take effect once,
or none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.dataframe.context import ConnectionContext
from hanalife.errors import ArgumentTypeError, InvalidArgumentError

_GIVEN: dict[str, sa.types.TypeEngine[Any]] = {"due": sa.DateTime(), "job_id": sa.BigInteger()}


def is_query(sql: str) -> bool:
    """Say whether a text gives rows."""
    return sql.lstrip().partition("(")[0].split(maxsplit=1)[0].upper() in ("SELECT", "WITH") if sql.strip() else False


def check(context: ConnectionContext, sql: object, names: Collection[str]) -> str:
    """Return a text that can be a task.

    Raises
    ------
    ArgumentTypeError
        It is no text.
    InvalidArgumentError
        It is empty, or the parameters are not those that it names.
    BadSQLError
        It is a query that cannot be read.
    """
    if not isinstance(sql, str):
        raise ArgumentTypeError(f"sql: expected text, got {sql!r}.")
    if not sql.strip():
        raise InvalidArgumentError("sql: the text is empty.")
    if is_query(sql):
        if names:
            raise InvalidArgumentError("parameters: a query takes none; write the values into it.")
        context.sql(sql)
        return sql
    wanted = {name for part in dialects.single_statements(sql) for name in _names(part)}
    unknown = sorted(set(names) - wanted)
    missing = sorted(wanted - set(names) - set(_GIVEN))
    if unknown or missing:
        which = f"{unknown[0]!r} does not occur as :{unknown[0]}" if unknown else f":{missing[0]} has no value"
        raise InvalidArgumentError(f"parameters: {which} in the statement; name each value as :name there.")
    return sql


def execute(
    connection: sa.Connection, sql: str, parameters: Mapping[str, Any], due: datetime, job_id: int
) -> list[int]:
    """Execute statements within the caller's transaction and return how many rows each has changed."""
    values = {"due": due.replace(tzinfo=None), "job_id": job_id, **parameters}
    changed = []
    for part in dialects.single_statements(sql):
        names = _names(part)
        typed = [sa.bindparam(name, type_=_GIVEN[name]) for name in names if name in _GIVEN and name not in parameters]
        statement = sa.text(part).bindparams(*typed)
        changed.append(connection.execute(statement, {name: values[name] for name in names}).rowcount)
    return changed


def _names(statement: str) -> list[str]:
    return list(sa.text(statement).compile().params)
