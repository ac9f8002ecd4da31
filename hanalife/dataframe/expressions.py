"""SQL text of the user: read by a parser, checked, rebuilt as bound expressions.

Nothing from the text of an expression is pasted into a statement: what has no rule cannot
reach the database, and every literal becomes a bound value. The rules stand in
:mod:`hanalife.dataframe.sqltext`.

Known differences between the databases that remain:

- ``x / 0`` and ``MOD(x, 0)`` are NULL on SQLite and an error elsewhere.
- SQLite keeps a DECIMAL as a DOUBLE, and whole numbers never overflow 32 bits there.
- ``/`` gives a DOUBLE; SAP HANA gives a DECIMAL for whole numbers.
- Regular expressions are each database's own beyond the common ground.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlglot import exp

from hanalife.dataframe.sqltext import aggregates, grammar, statements
from hanalife.dataframe.sqltext.translation import Translator
from hanalife.dataframe.sqltext.values import Operand
from hanalife.errors import BadSQLError

Columns = Mapping[str, sa.ColumnElement[Any]]
Expression = sa.ColumnElement[Any]

_SHOWN = 300  # characters of a refused text


def parse(text: str, columns: Columns, dialect: sa.Dialect, argument: str = "condition") -> Expression:
    """Return the bound expression that SQL text means over the given columns.

    Parameters
    ----------
    text : str
        One expression as SAP HANA reads it, such as ``"AGE / 2 > 15 OR NAME LIKE 'A%'"``.
    columns : mapping of str to ColumnElement
        What the names in the text may mean; see :func:`hanalife.dataframe.columns.resolve`.
    dialect : sqlalchemy.Dialect
        The database that the expression is for.
    argument : str
        The name of the caller's argument, for messages.

    Raises
    ------
    BadSQLError
        The text is not one expression, uses something that is not on the list, or joins types
        that do not fit. The message quotes the part and says why.
    UnknownColumnError
        A name in the text is not a column.

    Examples
    --------
    >>> from sqlalchemy.dialects import sqlite
    >>> print(parse("AGE > 30", {"AGE": sa.column("AGE", sa.Integer())}, sqlite.dialect()))
    "AGE" > :param_1
    """
    with _refused(text, argument):
        return Translator(columns, dialect, argument).value(grammar.expression_tree(text))


def condition(text: str, columns: Columns, dialect: sa.Dialect, argument: str = "condition") -> Expression:
    """Return the bound condition that SQL text means; see :func:`parse`.

    Raises
    ------
    BadSQLError
        As :func:`parse`, and if the text has a value that is not true or false.
    """
    with _refused(text, argument):
        return Translator(columns, dialect, argument).operand(grammar.expression_tree(text)).condition()


def aggregate(
    name: str,
    column: sa.ColumnElement[Any] | None,
    dialect: sa.Dialect,
    *,
    second: sa.ColumnElement[Any] | None = None,
    distinct: bool = False,
    separator: str = "",
    order_by: Sequence[tuple[sa.ColumnElement[Any], bool]] = (),
    argument: str = "agg_list",
) -> Expression:
    """Return an aggregate by SAP HANA's name for it.

    Parameters
    ----------
    name : str
        One of avg, corr, count, max, median, min, stddev (of a sample), stddev_pop, string_agg, sum, var
        (of a sample) and var_pop, in any case.
    column : ColumnElement or None
        What is aggregated; None is ``COUNT(*)``.
    dialect : sqlalchemy.Dialect
        The database that the expression is for.
    second : ColumnElement, optional
        The other column of ``corr``.
    distinct : bool, default False
        Count each value once.
    separator : str, default ''
        What stands between the texts of ``string_agg``.
    order_by : sequence of (ColumnElement, bool)
        The order of the texts of ``string_agg``: columns, and whether each descends.
    argument : str
        The name of the caller's argument, for messages.

    Returns
    -------
    ColumnElement
        Of type BIGINT for counts and sums of whole numbers, DOUBLE for averages and measures of
        spread, NVARCHAR for ``string_agg``, else of the column's own type.

    Raises
    ------
    BadSQLError
        There is no such aggregate, or the column's type does not fit.
    """
    with _refused(name, argument):
        operands = [_operand(item) for item in (column, second) if item is not None]
        node = exp.Anonymous(this=str(name), expressions=[item.node for item in operands])
        if str(name).upper() != "STRING_AGG":
            return aggregates.aggregate(node, name, operands, dialect, distinct=distinct).value
        between = Operand(exp.Literal.string(separator), sa.literal(separator, sa.String()))
        if order_by and len(operands) == 1:
            keys = [(_operand(key), descends) for key, descends in order_by]
            return aggregates.ordered_strings(operands[0], between, keys, dialect)
        return aggregates.aggregate(node, name, [*operands, between], dialect, distinct=distinct).value


def _operand(column: sa.ColumnElement[Any]) -> Operand:
    name = str(getattr(column, "key", None) or "expression")
    return Operand(exp.column(exp.to_identifier(name, quoted=True)), column)


def query(
    text: str,
    dialect: sa.Dialect,
    argument: str = "sql",
    known: Collection[str] = (),
    flags: Collection[str] = (),
) -> str:
    """Return one SELECT statement of SAP HANA's SQL as the database of a dialect reads it.

    Names without quotes are folded to upper case and all names are quoted; ``TOP n``,
    ``FROM DUMMY``, ``WITH HINT (...)``, true division, LIKE's regard to case, the place of NULLs
    in an order and SAP HANA's functions are rewritten. The types of columns are not known here,
    so that a text compared with a timestamp stays a text: write ``TO_TIMESTAMP('...')``.

    Parameters
    ----------
    text : str
        The statement.
    dialect : sqlalchemy.Dialect
        The database that it is for.
    argument : str
        The name of the caller's argument, for messages.
    known : collection of str
        Names of tables and columns that exist. A name without quotes that is not among them in
        upper case, but is in another spelling, is taken for that one.
    flags : collection of str
        Names of columns of type BOOLEAN, which may be compared with 1 and 0.

    Raises
    ------
    BadSQLError
        The text is not exactly one query, or changes something.
    """
    with _refused(text, argument):
        return statements.query(text, dialect, known, flags)


def one_query(text: str, dialect: sa.Dialect, argument: str = "sql") -> str:
    """Return the text of one SELECT statement in the database's own SQL unchanged, or refuse it.

    Raises
    ------
    BadSQLError
        The text is not exactly one query, or changes something.
    """
    with _refused(text, argument):
        return statements.one_query(text, dialect)


def source_tables(text: str, dialect: sa.Dialect | None = None) -> list[str]:
    """Return the tables that a query reads, ``NAME`` or ``SCHEMA.NAME``, in alphabetical order.

    Names of common table expressions are none. The text is SAP HANA's SQL, or that of the database
    of a dialect.

    Raises
    ------
    BadSQLError
        The text is not exactly one query.

    Examples
    --------
    >>> source_tables('WITH X AS (SELECT * FROM people) SELECT * FROM X JOIN S."Orders" ON 1 = 1')
    ['PEOPLE', 'S.Orders']
    """
    with _refused(text, "sql"):
        return statements.source_tables(text, dialect)


@contextmanager
def _refused(text: object, argument: str) -> Iterator[None]:
    """Name the argument and the whole text of what is refused."""
    try:
        yield
    except grammar.Refusal as refusal:
        shown = text if not isinstance(text, str) or len(text) <= _SHOWN else text[:_SHOWN] + "..."
        whole = f" (in {shown!r})" if refusal.part != text else ""
        raise BadSQLError(f"{argument}: {refusal.part!r} {refusal.reason}{whole}.") from None
