"""Queries as JSON values, so that a task can be stored and run later."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.dataframe import columns as names
from hanalife.dataframe import expressions

# What sqlalchemy.text() takes for a parameter.
_COLON_WORD = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


def define(query: sa.Select[Any], dialect: sa.Dialect) -> dict[str, Any]:
    """Return a query as JSON values: text with named parameters, their values, the columns."""
    named = dialects.with_named_parameters(dialect)
    compiled: Any = query.compile(dialect=named, compile_kwargs={"render_postcompile": True})
    types = {name: names.name_of_type(bind.type) for bind, name in compiled.bind_names.items()}
    return {
        "sql": without_parameters(str(compiled), compiled.params),
        "parameters": {
            name: [types.get(name, _type_of(value)), _to_json(value)] for name, value in compiled.params.items()
        },
        "columns": [[spec.name, spec.type] for spec in names.specs(list(query.selected_columns))],
    }


def query_of(definition: Mapping[str, Any], dialect: sa.Dialect) -> sa.Select[Any]:
    """Return the query that :func:`define` described.

    Raises
    ------
    BadSQLError
        The definition is not exactly one query.
    """
    text = expressions.one_query(definition["sql"], dialect, "definition")
    columns = [sa.column(name, names.type_from_name(kind)) for name, kind in definition["columns"]]
    values = [
        sa.bindparam(name, _from_json(value), names.type_from_name(kind))
        for name, (kind, value) in definition["parameters"].items()
    ]
    inner = sa.text(text).bindparams(*values).columns(*columns).subquery()
    return sa.select(*inner.columns)


def without_parameters(text: str, parameters: Iterable[str]) -> str:
    """Escape each ``:word`` in SQL text that is not one of the parameters but part of a name or a value."""
    known = set(parameters)
    return _COLON_WORD.sub(lambda match: match[0] if match[1] in known else "\\" + match[0], text)


def _type_of(value: object) -> str:
    """Return the type of a value of an IN list, which SQLAlchemy names only when it is sent."""
    kinds = (
        (bool, "BOOLEAN"),
        (int, "BIGINT"),
        (float, "DOUBLE"),
        (dt.datetime, "TIMESTAMP"),
        (dt.date, "DATE"),
        (Decimal, "DECIMAL"),
    )
    return next((kind for cls, kind in kinds if isinstance(value, cls)), "NVARCHAR")


def _to_json(value: object) -> Any:
    if isinstance(value, dt.datetime):
        return {"timestamp": value.isoformat()}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict) and "timestamp" in value:
        return dt.datetime.fromisoformat(value["timestamp"])
    if isinstance(value, dict) and "date" in value:
        return dt.date.fromisoformat(value["date"])
    if isinstance(value, dict) and "decimal" in value:
        return Decimal(value["decimal"])
    return value
