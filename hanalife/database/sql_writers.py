"""How each database reads and writes a whole statement: parse tree to text.

The functions come from the same table as those of expressions
(:mod:`hanalife.database.functions`). Types of columns are not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generators.postgres import PostgresGenerator
from sqlglot.generators.sqlite import SQLiteGenerator

from hanalife.database.functions import glob_pattern, render

_SAME_NAME = (
    *("ADD_DAYS", "ADD_MONTHS", "ADD_YEARS", "ADD_SECONDS", "DAYS_BETWEEN", "SECONDS_BETWEEN"),
    *("YEAR", "MONTH", "DAYOFMONTH", "HOUR", "MINUTE", "SECOND", "WEEKDAY", "DAYOFYEAR", "LAST_DAY"),
    *("MOD", "FLOOR", "CEIL", "POWER", "SQRT", "EXP", "LN", "LOG", "SIGN", "BITAND", "RAND"),
    *("GREATEST", "LEAST", "UPPER", "LOWER", "LEFT", "RIGHT", "LPAD", "RPAD", "LTRIM", "RTRIM", "COALESCE"),
    *("MEDIAN", "STDDEV", "STDDEV_POP", "VAR", "VAR_POP", "CORR"),
)
_PAD = ("' '",)
#: SAP HANA's function -> ours by number of arguments, and what is added to the arguments.
_FUNCTIONS: dict[str, dict[int | None, tuple[str, tuple[str, ...]]]] = {
    **{name: {None: (name.lower(), ())} for name in _SAME_NAME},
    "LPAD": {2: ("lpad", _PAD), 3: ("lpad", ())},
    "RPAD": {2: ("rpad", _PAD), 3: ("rpad", ())},
    "LTRIM": {1: ("ltrim", _PAD), 2: ("ltrim", ())},
    "RTRIM": {1: ("rtrim", _PAD), 2: ("rtrim", ())},
    "ROUND": {1: ("round_double", ("0",)), 2: ("round_double", ())},
    "LOCATE": {2: ("locate", ()), 3: ("locate_from", ())},
    "SUBSTR": {2: ("substring", ()), 3: ("substring_of", ())},
    "SUBSTRING": {2: ("substring", ()), 3: ("substring_of", ())},
    "IFNULL": {None: ("coalesce", ())},
    "NVL": {None: ("coalesce", ())},
    "NOW": {0: ("current_timestamp", ())},
    "TO_DATE": {1: ("read_date", ()), 2: ("read_date_as", ())},
    "TO_TIMESTAMP": {1: ("read_timestamp", ()), 2: ("read_timestamp_as", ())},
    "TO_VARCHAR": {1: ("text_of_anything", ()), 2: ("text_as", ())},
    "TO_NVARCHAR": {1: ("text_of_anything", ()), 2: ("text_as", ())},
    "TO_INT": {1: ("whole_of", ())},
    "TO_INTEGER": {1: ("whole_of", ())},
    "TO_BIGINT": {1: ("whole_of", ())},
    "TO_DOUBLE": {1: ("double_of_text", ())},
    "TO_DECIMAL": {1: ("decimal_of_text", ()), 3: ("scaled_of", ())},
}
_PARTS = {
    **{part: part.lower() for part in ("YEAR", "MONTH", "HOUR", "MINUTE", "SECOND")},
    "DAY": "dayofmonth",
}
_TRIMS = {"LEADING": "ltrim", "TRAILING": "rtrim"}
_WHOLE = (exp.DType.INT, exp.DType.BIGINT, exp.DType.SMALLINT, exp.DType.TINYINT)
_MOMENTS = {exp.DType.DATE: "read_date", exp.DType.TIMESTAMP: "read_timestamp"}


def _writes(name: str, self: Any, *arguments: exp.Expr | str) -> str:
    """Write one of our functions; a text among the arguments is written already."""

    def writer(argument: exp.Expr | str) -> Callable[[], str]:
        return lambda: argument if isinstance(argument, str) else self.sql(argument)

    return render(name, [writer(argument) for argument in arguments], self.DATABASE)


def _function(self: Any, node: exp.Anonymous) -> str:
    name = node.this.upper() if isinstance(node.this, str) else ""
    if name == "MAP" and len(node.expressions) > 2:
        return str(self.sql(_map(node)))
    forms = _FUNCTIONS.get(name, {})
    form = forms.get(len(node.expressions)) or forms.get(None)
    if form is None:
        return str(self.anonymous_sql(node))
    ours, more = form
    return _writes(ours, self, *node.expressions, *more)


def _map(node: exp.Anonymous) -> exp.Case:
    base, *pairs = (part.copy() for part in node.expressions)
    default = pairs.pop() if len(pairs) % 2 else None
    branches = [exp.If(this=key, true=value) for key, value in zip(pairs[::2], pairs[1::2], strict=True)]
    return exp.Case(this=base, ifs=branches, default=default)


def _extract(self: Any, node: exp.Extract) -> str:
    ours = _PARTS.get(node.name.upper())
    return _writes(ours, self, node.expression) if ours else str(self.extract_sql(node))


def _trim(self: Any, node: exp.Trim) -> str:
    name = _TRIMS.get(node.args.get("position") or "", "trim")
    return _writes(name, self, node.this, node.expression or "' '")


def _like(self: Any, node: exp.Like, escape: exp.Expr | None = None) -> str:
    matched = _matched(self, node, escape)
    return f"(NOT {matched})" if node.args.get("negate") else matched


def _matched(self: Any, node: exp.Like, escape: exp.Expr | None) -> str:
    pattern = node.expression
    if not isinstance(pattern, exp.Literal):
        return _writes("like_any_pattern", self, node.this, pattern)
    sign = escape.name if escape is not None else None
    glob = exp.Literal.string(glob_pattern(pattern.this, sign))
    return _writes("like_escaped" if sign else "like", self, node.this, pattern, glob, escape or "")


def _escape(self: Any, node: exp.Escape) -> str:
    if isinstance(node.this, exp.Like):
        return _like(self, node.this, node.expression)
    return str(self.escape_sql(node))


def _cast(self: Any, node: exp.Cast) -> str:
    kind = node.to.this
    if kind in _MOMENTS:
        return _writes(_MOMENTS[kind], self, node.this)
    return _writes("whole_of", self, node.this) if kind in _WHOLE else str(self.cast_sql(node))


_TRANSFORMS: dict[type[exp.Expr], Callable[..., str]] = {
    exp.Anonymous: _function,
    exp.Cast: _cast,
    exp.CurrentDate: lambda self, _: _writes("current_date", self),
    exp.CurrentTimestamp: lambda self, _: _writes("current_timestamp", self),
    exp.Escape: _escape,
    exp.Extract: _extract,
    exp.Like: _like,
    exp.RegexpLike: lambda self, node: _writes("matches", self, node.this, node.expression),
    exp.Trim: _trim,
}


def _ordered_strings(self: Any, node: exp.GroupConcat) -> str:
    separator = self.sql(node, "separator") or "''"
    if not isinstance(node.this, exp.Order):
        return f"group_concat({self.sql(node, 'this')}, {separator})"
    keys = node.this.expressions
    directions = "".join("d" if key.args.get("desc") else "a" for key in keys)
    written = ", ".join(self.sql(key, "this") for key in keys)
    return f"hl_string_agg({self.sql(node.this, 'this')}, {separator}, '{directions}', {written})"


class SqliteWriter(SQLite):
    """SQLite, with names in backticks: a name in double quotes that no column has is a text there."""

    class Tokenizer(SQLite.Tokenizer):
        """Names in backticks."""

        IDENTIFIERS: ClassVar = ["`"]

    class Generator(SQLiteGenerator):
        """Our functions for those that SQLite has not."""

        DATABASE = "sqlite"
        TRANSFORMS: ClassVar = {**SQLiteGenerator.TRANSFORMS, **_TRANSFORMS, exp.GroupConcat: _ordered_strings}


class PostgresWriter(Postgres):
    """PostgreSQL."""

    class Generator(PostgresGenerator):
        """PostgreSQL's own functions for those of SAP HANA."""

        DATABASE = "postgresql"
        TRANSFORMS: ClassVar = {**PostgresGenerator.TRANSFORMS, **_TRANSFORMS}


def reads_hana(dialect: sa.Dialect) -> bool:
    """Say whether a database is SAP HANA itself."""
    return dialect.name == "hana"


def writer(dialect: sa.Dialect) -> type[Dialect]:
    """Return who writes a statement of SAP HANA's for a database."""
    return PostgresWriter if dialect.name == "postgresql" else SqliteWriter


def reader(dialect: sa.Dialect) -> type[Dialect]:
    """Return who reads the database's own SQL."""
    return Postgres if dialect.name == "postgresql" else SQLite
