"""SQL functions that each database writes in its own way; the names are ours.

A :class:`Call` is one such function in a SQLAlchemy expression. How it is written stands in
one table, which whole statements (text to text) use as well.

In a template ``{0}`` is the first argument, ``{*}`` is all of them; an argument that a
template does not name is not sent. Functions whose name begins with ``hl_`` are those that
:mod:`hanalife.database.sqlite_functions` adds to SQLite.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import InternalTraversal

_PLACE = re.compile(r"\{(\d|\*)\}")

_PG_INTERVAL = "(CAST({0} AS TIMESTAMP) + CAST({1} AS INTEGER) * INTERVAL '1 %s')"
_PG_SECONDS = "EXTRACT(EPOCH FROM (CAST({1} AS TIMESTAMP) - CAST({0} AS TIMESTAMP)))"
_PG_PART = "CAST(FLOOR(EXTRACT(%s FROM CAST({0} AS TIMESTAMP))) AS INTEGER)"
_SQLITE_PART = "CAST(substr({0}, %d, %d) AS INTEGER)"
_AT_LEAST = "CASE WHEN ({%d}) < %d THEN %d ELSE ({%d}) END"  # keeps NULL, which MAX and GREATEST treat differently
_START = _AT_LEAST % (1, 1, 1, 1)
_LENGTH = _AT_LEAST % (2, 0, 0, 2)
_COUNT = _AT_LEAST % (1, 0, 0, 1)
_PG_START, _PG_LENGTH, _PG_COUNT = (f"CAST({text} AS INTEGER)" for text in (_START, _LENGTH, _COUNT))


def _part(word: str, at: int, width: int, hana: str | None = None) -> dict[str, str]:
    # Cut from the text: SQLite's own date functions round to milliseconds and may so change the day.
    return {
        "sqlite": _SQLITE_PART % (at, width),
        "postgresql": _PG_PART % word,
        "hana": f"{hana or word}({{0}})",
    }


#: Function -> database -> text; ``""`` is every database that is not named.
TEMPLATES: dict[str, dict[str, str]] = {
    # --- moments ------------------------------------------------------------------------------
    "add_days": {"sqlite": "hl_add_days({0}, {1})", "postgresql": _PG_INTERVAL % "day", "": "ADD_DAYS({0}, {1})"},
    "add_months": {
        "sqlite": "hl_add_months({0}, {1})",
        "postgresql": _PG_INTERVAL % "month",
        "": "ADD_MONTHS({0}, {1})",
    },
    "add_years": {
        "sqlite": "hl_add_months({0}, 12 * ({1}))",
        "postgresql": _PG_INTERVAL % "year",
        "": "ADD_YEARS({0}, {1})",
    },
    "add_seconds": {
        "sqlite": "hl_add_seconds({0}, {1})",
        "postgresql": "(CAST({0} AS TIMESTAMP) + CAST({1} AS DOUBLE PRECISION) * INTERVAL '1 second')",
        "": "ADD_SECONDS({0}, {1})",
    },
    "days_between": {
        "sqlite": "hl_days_between({0}, {1})",
        "postgresql": f"CAST(TRUNC({_PG_SECONDS} / 86400) AS INTEGER)",
        "": "DAYS_BETWEEN({0}, {1})",
    },
    "seconds_between": {
        "sqlite": "hl_seconds_between({0}, {1})",
        "postgresql": f"CAST(TRUNC({_PG_SECONDS}) AS BIGINT)",
        "": "SECONDS_BETWEEN({0}, {1})",
    },
    "exact_seconds": {
        "sqlite": "hl_exact_seconds({0}, {1})",
        "postgresql": f"CAST({_PG_SECONDS} AS DOUBLE PRECISION)",
    },
    "duration_seconds": {  # to the millisecond, without a function of ours, so that views may use it
        "sqlite": "ROUND((julianday({1}) - julianday({0})) * 86400.0, 3)",
        "postgresql": f"CAST(ROUND({_PG_SECONDS}, 3) AS DOUBLE PRECISION)",
    },
    "year": _part("YEAR", 1, 4),
    "month": _part("MONTH", 6, 2),
    "dayofmonth": _part("DAY", 9, 2, "DAYOFMONTH"),
    "hour": _part("HOUR", 12, 2),
    "minute": _part("MINUTE", 15, 2),
    "second": _part("SECOND", 18, 2),
    "dayofyear": {
        "sqlite": "CAST(strftime('%j', substr({0}, 1, 10)) AS INTEGER)",
        "postgresql": "CAST(EXTRACT(DOY FROM CAST({0} AS TIMESTAMP)) AS INTEGER)",
        "": "DAYOFYEAR({0})",
    },
    "weekday": {  # Monday is 0
        "sqlite": "((CAST(strftime('%w', substr({0}, 1, 10)) AS INTEGER) + 6) % 7)",
        "postgresql": "(CAST(EXTRACT(ISODOW FROM CAST({0} AS TIMESTAMP)) AS INTEGER) - 1)",
        "": "WEEKDAY({0})",
    },
    "last_day": {
        "sqlite": "date(substr({0}, 1, 10), 'start of month', '+1 month', '-1 day')",
        "postgresql": "CAST(date_trunc('month', CAST({0} AS TIMESTAMP)) + INTERVAL '1 month' "
        "- INTERVAL '1 day' AS DATE)",
        "": "LAST_DAY({0})",
    },
    "current_date": {"sqlite": "date('now')", "": "CURRENT_DATE"},
    "current_timestamp": {
        "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
        "postgresql": "CAST(CURRENT_TIMESTAMP AT TIME ZONE 'UTC' AS TIMESTAMP)",
        "": "CURRENT_TIMESTAMP",
    },
    "date_of": {"sqlite": "substr({0}, 1, 10)", "postgresql": "CAST({0} AS DATE)", "": "TO_DATE({0})"},
    "midnight": {
        "sqlite": "({0} || ' 00:00:00.000000')",
        "postgresql": "CAST({0} AS TIMESTAMP)",
        "": "TO_TIMESTAMP({0})",
    },
    "read_date": {"sqlite": "hl_read_date({0})", "postgresql": "CAST({0} AS DATE)", "": "TO_DATE({0})"},
    "read_date_as": {
        "sqlite": "hl_read_date({0}, {1})",
        "postgresql": "to_date({0}, {1})",
        "": "TO_DATE({0}, {1})",
    },
    "read_timestamp": {
        "sqlite": "hl_read_timestamp({0})",
        "postgresql": "CAST({0} AS TIMESTAMP)",
        "": "TO_TIMESTAMP({0})",
    },
    "read_timestamp_as": {
        "sqlite": "hl_read_timestamp({0}, {1})",
        # Sessions are in UTC, so no hour is missing or twofold.
        "postgresql": "CAST(to_timestamp({0}, {1}) AS TIMESTAMP)",
        "": "TO_TIMESTAMP({0}, {1})",
    },
    # --- to text ------------------------------------------------------------------------------
    "text_of_integer": {"sqlite": "CAST({0} AS TEXT)", "postgresql": "CAST({0} AS VARCHAR)", "": "TO_NVARCHAR({0})"},
    "text_of_double": {"sqlite": "hl_text({0})", "postgresql": "CAST({0} AS VARCHAR)", "": "TO_NVARCHAR({0})"},
    "text_of_decimal": {
        "sqlite": "hl_text({0})",
        "postgresql": "CAST(trim_scale({0}) AS VARCHAR)",
        "": "TO_NVARCHAR({0})",
    },
    "text_of_scaled": {  # DECIMAL(p, s) shows all its s digits
        "sqlite": "hl_text_scaled({0}, {1})",
        "postgresql": "CAST(ROUND({0}, CAST({1} AS INTEGER)) AS VARCHAR)",
        "": "TO_NVARCHAR({0})",
    },
    "text_of_date": {"sqlite": "{0}", "postgresql": "to_char({0}, 'YYYY-MM-DD')", "": "TO_NVARCHAR({0})"},
    "text_of_timestamp": {  # seven digits, as SAP HANA
        "sqlite": "({0} || '0')",
        "postgresql": "(to_char({0}, 'YYYY-MM-DD HH24:MI:SS.US') || '0')",
        "": "TO_NVARCHAR({0})",
    },
    "text_of_anything": {"sqlite": "hl_text({0})", "postgresql": "CAST({0} AS VARCHAR)", "": "TO_NVARCHAR({0})"},
    "text_of_json": {"sqlite": "json_extract({0}, '$')", "postgresql": "(CAST({0} AS JSON) #>> '{}')"},
    "json_member": {
        "sqlite": "json_extract({0}, '$.' || {1})",
        "postgresql": "(CAST({0} AS JSON) ->> CAST({1} AS TEXT))",
    },
    # Whole numbers as one text: a statement with a parameter for each would be written anew for each count.
    "one_of": {
        "sqlite": "({0} IN (SELECT value FROM json_each({1})))",
        "postgresql": "({0} = ANY (ARRAY(SELECT CAST(json_array_elements_text(CAST({1} AS JSON)) AS BIGINT))))",
    },
    "text_as": {
        "sqlite": "hl_text_as({0}, {1})",
        "postgresql": "to_char(CAST({0} AS TIMESTAMP), {1})",
        "": "TO_NVARCHAR({0}, {1})",
    },
    # --- to numbers: SAP HANA cuts off decimals, and text must be a number ----------------------
    "integer_of": {
        "sqlite": "CAST({0} AS INTEGER)",
        "postgresql": "CAST(TRUNC({0}) AS INTEGER)",
        "": "TO_INTEGER({0})",
    },
    "bigint_of": {"sqlite": "CAST({0} AS INTEGER)", "postgresql": "CAST(TRUNC({0}) AS BIGINT)", "": "TO_BIGINT({0})"},
    "integer_of_text": {"sqlite": "hl_integer({0})", "postgresql": "CAST({0} AS INTEGER)", "": "TO_INTEGER({0})"},
    "bigint_of_text": {"sqlite": "hl_integer({0})", "postgresql": "CAST({0} AS BIGINT)", "": "TO_BIGINT({0})"},
    "double_of": {"sqlite": "CAST({0} AS REAL)", "postgresql": "CAST({0} AS DOUBLE PRECISION)", "": "TO_DOUBLE({0})"},
    "double_of_text": {
        "sqlite": "hl_double({0})",
        "postgresql": "CAST({0} AS DOUBLE PRECISION)",
        "": "TO_DOUBLE({0})",
    },
    "decimal_of": {"sqlite": "({0})", "postgresql": "CAST({0} AS NUMERIC)", "": "TO_DECIMAL({0})"},
    "decimal_of_text": {"sqlite": "hl_double({0})", "postgresql": "CAST({0} AS NUMERIC)", "": "TO_DECIMAL({0})"},
    "scaled_of": {
        "sqlite": "hl_truncate({0}, {2})",
        "postgresql": "TRUNC(CAST({0} AS NUMERIC), {2})",
        "": "TO_DECIMAL({0}, {1}, {2})",
    },
    # For whole statements, where the type of an argument is not known.
    "whole_of": {"sqlite": "hl_integer({0})", "": "CAST(TRUNC(CAST({0} AS NUMERIC)) AS BIGINT)"},
    # --- arithmetic ---------------------------------------------------------------------------
    "divide": {
        "sqlite": "(CAST({0} AS REAL) / ({1}))",
        "postgresql": "(CAST({0} AS DOUBLE PRECISION) / ({1}))",
        "": "(({0}) / ({1}))",
    },
    "mod": {"sqlite": "(({0}) % ({1}))", "": "MOD({0}, {1})"},
    "mod_double": {
        "sqlite": "hl_mod({0}, {1})",
        "postgresql": "CAST(MOD(CAST({0} AS NUMERIC), CAST({1} AS NUMERIC)) AS DOUBLE PRECISION)",
        "": "MOD({0}, {1})",
    },
    "round": {"sqlite": "hl_round({0}, {1})", "postgresql": "ROUND({0}, CAST({1} AS INTEGER))", "": "ROUND({0}, {1})"},
    "round_double": {
        "sqlite": "hl_round({0}, {1})",
        "postgresql": "CAST(ROUND(CAST({0} AS NUMERIC), CAST({1} AS INTEGER)) AS DOUBLE PRECISION)",
        "": "ROUND({0}, {1})",
    },
    "floor": {"sqlite": "hl_floor({0})", "": "FLOOR({0})"},
    "ceil": {"sqlite": "hl_ceil({0})", "": "CEIL({0})"},
    "power": {"sqlite": "hl_power({0}, {1})", "": "POWER({0}, {1})"},
    "sqrt": {"sqlite": "hl_sqrt({0})", "": "SQRT({0})"},
    "exp": {"sqlite": "hl_exp({0})", "": "EXP({0})"},
    "ln": {"sqlite": "hl_ln({0})", "": "LN({0})"},
    "log": {
        "sqlite": "hl_log({0}, {1})",
        "postgresql": "CAST(LOG(CAST({0} AS NUMERIC), CAST({1} AS NUMERIC)) AS DOUBLE PRECISION)",
        "": "LOG({0}, {1})",
    },
    "sign": {
        "sqlite": "((({0}) > 0) - (({0}) < 0))",
        "postgresql": "CAST(SIGN({0}) AS INTEGER)",
        "": "SIGN({0})",
    },
    "bitand": {"": "BITAND({0}, {1})", "sqlite": "(({0}) & ({1}))", "postgresql": "(({0}) & ({1}))"},
    "greatest": {  # NULL if one is NULL; PostgreSQL alone would ignore it
        "sqlite": "MAX({*})",
        "postgresql": "CASE WHEN num_nulls({*}) = 0 THEN GREATEST({*}) END",
        "": "GREATEST({*})",
    },
    "least": {
        "sqlite": "MIN({*})",
        "postgresql": "CASE WHEN num_nulls({*}) = 0 THEN LEAST({*}) END",
        "": "LEAST({*})",
    },
    "greatest_text": {
        "sqlite": "MAX({*})",
        "postgresql": 'CASE WHEN num_nulls({*}) = 0 THEN (SELECT MAX(v COLLATE "C") FROM unnest(ARRAY[{*}]) AS v) END',
        "": "GREATEST({*})",
    },
    "least_text": {
        "sqlite": "MIN({*})",
        "postgresql": 'CASE WHEN num_nulls({*}) = 0 THEN (SELECT MIN(v COLLATE "C") FROM unnest(ARRAY[{*}]) AS v) END',
        "": "LEAST({*})",
    },
    "rand": {
        "sqlite": "(((random() >> 11) & 9007199254740991) / 9007199254740992.0)",
        "postgresql": "random()",
        "": "RAND()",
    },
    # --- text ---------------------------------------------------------------------------------
    "upper": {"sqlite": "hl_upper({0})", "": "UPPER({0})"},  # SQLite alone knows only A to Z
    "lower": {"sqlite": "hl_lower({0})", "": "LOWER({0})"},
    "locate": {"sqlite": "instr({0}, {1})", "postgresql": "strpos({0}, {1})", "": "LOCATE({0}, {1})"},
    "locate_from": {
        "sqlite": "hl_locate({0}, {1}, {2})",
        "postgresql": "CASE WHEN strpos(substr({0}, CAST({2} AS INTEGER)), {1}) = 0 THEN 0 "
        "ELSE strpos(substr({0}, CAST({2} AS INTEGER)), {1}) + CAST({2} AS INTEGER) - 1 END",
        "": "LOCATE({0}, {1}, {2})",
    },
    "substring": {
        "sqlite": f"substr({{0}}, {_START})",
        "postgresql": f"substr({{0}}, {_PG_START})",
        "": "SUBSTRING({0}, {1})",
    },
    "substring_of": {
        "sqlite": f"substr({{0}}, {_START}, {_LENGTH})",
        "postgresql": f"substr({{0}}, {_PG_START}, {_PG_LENGTH})",
        "": "SUBSTRING({0}, {1}, {2})",
    },
    "left": {
        "sqlite": f"substr({{0}}, 1, {_COUNT})",
        "postgresql": f"substr({{0}}, 1, {_PG_COUNT})",
        "": "LEFT({0}, {1})",
    },
    "right": {
        "sqlite": "CASE WHEN ({1}) < 1 THEN substr({0}, 1, 0) ELSE substr({0}, MAX(length({0}) - ({1}) + 1, 1)) END",
        "postgresql": f"right({{0}}, {_PG_COUNT})",
        "": "RIGHT({0}, {1})",
    },
    "lpad": {
        "sqlite": "hl_lpad({0}, {1}, {2})",
        "postgresql": "lpad({0}, CAST({1} AS INTEGER), {2})",
        "": "LPAD({0}, {1}, {2})",
    },
    "rpad": {
        "sqlite": "hl_rpad({0}, {1}, {2})",
        "postgresql": "rpad({0}, CAST({1} AS INTEGER), {2})",
        "": "RPAD({0}, {1}, {2})",
    },
    "trim": {"sqlite": "trim({0}, {1})", "postgresql": "btrim({0}, {1})", "": "TRIM(BOTH {1} FROM {0})"},
    "ltrim": {"": "LTRIM({0}, {1})"},
    "rtrim": {"": "RTRIM({0}, {1})"},
    # --- conditions ---------------------------------------------------------------------------
    # PostgreSQL would take \ for an escape unless told that there is none.
    "like": {"sqlite": "({0} GLOB {2})", "postgresql": "({0} LIKE {1} ESCAPE '')", "": "({0} LIKE {1})"},
    "like_escaped": {"sqlite": "({0} GLOB {2})", "": "({0} LIKE {1} ESCAPE {3})"},
    "like_any_pattern": {
        "sqlite": "hl_like({0}, {1})",
        "postgresql": "({0} LIKE {1} ESCAPE '')",
        "": "({0} LIKE {1})",
    },
    "replace_matches": {
        "sqlite": "hl_replace_matches({0}, {1}, {2})",
        "postgresql": "regexp_replace({0}, {1}, {2}, 'g')",
        "": "REPLACE_REGEXPR({1} IN {0} WITH {2} OCCURRENCE ALL)",
    },
    "matches": {"sqlite": "hl_matches({0}, {1})", "postgresql": "({0} ~ {1})", "": "({0} LIKE_REGEXPR {1})"},
    "coalesce": {"": "COALESCE({*})"},
    # --- aggregates ---------------------------------------------------------------------------
    "median": {
        "sqlite": "hl_median({0})",
        "postgresql": "percentile_cont(0.5) WITHIN GROUP (ORDER BY {0})",
        "": "MEDIAN({0})",
    },
    "stddev": {"sqlite": "hl_stddev({0})", "postgresql": "stddev_samp({0})", "": "STDDEV({0})"},
    "stddev_pop": {"sqlite": "hl_stddev_pop({0})", "": "STDDEV_POP({0})"},
    "var": {"sqlite": "hl_var({0})", "postgresql": "var_samp({0})", "": "VAR({0})"},
    "var_pop": {"sqlite": "hl_var_pop({0})", "": "VAR_POP({0})"},
    "corr": {"sqlite": "hl_corr({0}, {1})", "": "CORR({0}, {1})"},
    "sum_bigint": {"postgresql": "CAST(SUM({0}) AS BIGINT)", "": "SUM({0})"},
    "any_true": {"postgresql": "bool_or({0})", "": "MAX({0})"},
    "all_true": {"postgresql": "bool_and({0})", "": "MIN({0})"},
    "string_agg": {"sqlite": "group_concat({0}, {1})", "": "STRING_AGG({0}, {1})"},
}


def render(name: str, arguments: Sequence[Callable[[], str]], database: str) -> str:
    """Return how a database writes a function; only the arguments that it needs are asked for.

    >>> render("weekday", [lambda: "D"], "hana")
    'WEEKDAY(D)'
    """
    forms = TEMPLATES[name]
    template = forms.get(database) or forms.get("") or forms["hana"]  # str() of an expression: as SAP HANA

    def argument(place: re.Match[str]) -> str:
        if place[1] == "*":
            return ", ".join(write() for write in arguments)
        return arguments[int(place[1])]()

    return _PLACE.sub(argument, template)


class Call(FunctionElement[Any]):
    """One function of the table in an expression."""

    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy's own name and form
        *FunctionElement._traverse_internals,  # noqa: SLF001
        ("name", InternalTraversal.dp_string),
        ("type", InternalTraversal.dp_type),
    ]
    inherit_cache = True

    def __init__(self, name: str, kind: sa.types.TypeEngine[Any], *arguments: sa.ColumnElement[Any]) -> None:
        super().__init__(*arguments)
        self.name = name
        self.type = kind


class Predicate(Call):
    """A function that is a condition: databases without boolean values take it as it is."""

    inherit_cache = True
    _is_implicitly_boolean = True


@compiles(Call)
def _write_call(call: Call, compiler: Any, **options: Any) -> str:
    def writer(argument: Any) -> Callable[[], str]:
        return lambda: str(compiler.process(argument, **options))

    return render(call.name, [writer(argument) for argument in call.clauses], compiler.dialect.name)


class OrderedStrings(FunctionElement[str]):
    """STRING_AGG with an order: value, separator, then the keys; ``directions`` has one of ``ad`` a key."""

    _traverse_internals = [  # noqa: RUF012
        *FunctionElement._traverse_internals,  # noqa: SLF001
        ("directions", InternalTraversal.dp_string),
    ]
    inherit_cache = True
    type = sa.String()

    def __init__(self, value: Any, separator: Any, keys: Sequence[Any], directions: str) -> None:
        super().__init__(value, separator, *keys)
        self.directions = directions


@compiles(OrderedStrings)
def _write_ordered_strings(call: OrderedStrings, compiler: Any, **options: Any) -> str:
    value, separator, *keys = (compiler.process(argument, **options) for argument in call.clauses)
    if compiler.dialect.name == "sqlite":
        # SQLite orders inside an aggregate only from 3.44 on.
        return f"hl_string_agg({value}, {separator}, '{call.directions}', {', '.join(keys)})"
    order = ", ".join(
        f"{key} DESC NULLS LAST" if direction == "d" else f"{key} ASC NULLS FIRST"
        for key, direction in zip(keys, call.directions, strict=True)
    )
    return f"STRING_AGG({value}, {separator} ORDER BY {order})"


def glob_pattern(pattern: str, escape: str | None = None) -> str:
    """Return SQLite's GLOB pattern, which regards case, of a LIKE pattern.

    >>> glob_pattern("50!%_*%", "!")
    '50%?[*]*'
    """
    signs = {"%": "*", "_": "?"}
    literal = {"*": "[*]", "?": "[?]", "[": "[[]"}
    out, plain = [], False
    for sign in pattern:
        if sign == escape and not plain:
            plain = True
            continue
        out.append(literal.get(sign, sign) if plain else signs.get(sign, literal.get(sign, sign)))
        plain = False
    return "".join(out)
