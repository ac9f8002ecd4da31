"""SQL text of the user, read by a parser and rebuilt as bound expressions.

Nothing from the text is pasted into a statement: what has no rule here cannot reach the
database, and every literal becomes a bound value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
import sqlglot
from sqlglot import exp, tokens
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

from hanalife.database import dialects
from hanalife.dataframe import columns as names
from hanalife.errors import BadSQLError

Columns = Mapping[str, sa.ColumnElement[Any]]
Expression = sa.ColumnElement[Any]


class Hana(Dialect):
    """SQL as SAP HANA reads it, as far as expressions need."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.UPPERCASE
    TYPED_DIVISION = False  # INT / INT keeps its fraction

    class Tokenizer(tokens.Tokenizer):
        """Comments and quotes of SAP HANA."""

        IDENTIFIERS: ClassVar = ['"']
        QUOTES: ClassVar = ["'"]
        COMMENTS: ClassVar = ["--", ("/*", "*/")]


def parse(text: str, columns: Columns, dialect: sa.Dialect, argument: str = "condition") -> Expression:
    """Return the bound expression that SQL text means over the given columns.

    Raises
    ------
    BadSQLError
        The text is not one expression, or uses something that has no portable meaning.
    UnknownColumnError
        A name in the text is not a column.
    """
    return _Translator(columns, dialect, text, argument).translate(_one_expression(text, argument))


def one_query(text: str, dialect: sa.Dialect, argument: str = "sql") -> str:
    """Return the text of one SELECT statement unchanged, or refuse it.

    Raises
    ------
    BadSQLError
        The text is not exactly one query.
    """
    _query(text, dialect, argument)
    return text.rstrip().removesuffix(";")


def tables_of(text: str, dialect: sa.Dialect) -> set[str]:
    """Return the names of the tables that one SELECT statement reads."""
    return {table.name for table in _query(text, dialect, "sql").find_all(exp.Table)}


def _query(text: str, dialect: sa.Dialect, argument: str) -> exp.Query:
    reader = "postgres" if dialect.name == "postgresql" else dialect.name
    try:
        statements = [tree for tree in sqlglot.parse(text, read=reader) if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        raise BadSQLError(f"{argument}: {text!r} is not SQL{_reason(error)}.") from None
    query = statements[0] if len(statements) == 1 else None
    if not isinstance(query, exp.Query):
        raise BadSQLError(f"{argument}: expected exactly one SELECT statement, got {text!r}.")
    if any(isinstance(node, (exp.DML, exp.DDL)) and not isinstance(node, exp.Query) for node in query.walk()):
        raise BadSQLError(f"{argument}: a query must not change anything: {text!r}.")
    return query


def _one_expression(text: str, argument: str) -> exp.Expression:
    if not isinstance(text, str) or not text.strip():
        raise BadSQLError(f"{argument}: expected SQL text such as 'AGE > 30', got {text!r}.")
    try:
        words = Hana().tokenize(text)
        tree = sqlglot.parse_one("SELECT " + text, read=Hana)
    except sqlglot.errors.SqlglotError as error:
        raise BadSQLError(f"{argument}: {text!r} is not an SQL expression{_reason(error)}.") from None
    if any(word.comments or word.token_type.name == "SEMICOLON" for word in words):
        raise BadSQLError(f"{argument}: comments and semicolons are not allowed: {text!r}.")
    clauses = {key for key, value in tree.args.items() if value} - {"expressions"}
    if not isinstance(tree, exp.Select) or clauses or len(tree.expressions) != 1:
        raise BadSQLError(f"{argument}: expected one expression, got {text!r}.")
    found: exp.Expression = tree.expressions[0]
    return found


def _reason(error: sqlglot.errors.SqlglotError) -> str:
    """Return the parser's own words, without its colours."""
    parts = getattr(error, "errors", None)
    return f": {parts[0]['description']}" if parts else ""


_BINARY: dict[type[exp.Expression], Callable[[Any, Any], Any]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
    exp.Div: operator.truediv,
    exp.Mod: operator.mod,
    exp.And: sa.and_,
    exp.Or: sa.or_,
}

#: Functions that mean the same on every backend: node -> (SQL name, type; None: that of the argument).
_FUNCTIONS: dict[type[exp.Expression], tuple[str, sa.types.TypeEngine[Any] | None]] = {
    exp.Abs: ("abs", None),
    exp.Upper: ("upper", sa.String()),
    exp.Lower: ("lower", sa.String()),
    exp.Length: ("length", sa.Integer()),
}


class _Translator:
    """One parse tree on its way to an expression."""

    def __init__(self, columns: Columns, dialect: sa.Dialect, text: str, argument: str) -> None:
        self.columns = columns
        self.dialect = dialect
        self.text = text
        self.argument = argument
        self.rules: dict[type[exp.Expression], Callable[[Any], Expression]] = {
            exp.Paren: lambda node: self.translate(node.this),
            exp.Column: self.column,
            exp.Literal: self.literal,
            exp.Null: lambda _: sa.null(),
            exp.Boolean: lambda node: sa.true() if node.this else sa.false(),
            exp.Not: lambda node: sa.not_(self.translate(node.this)),
            exp.Neg: lambda node: -self.translate(node.this),
            exp.Is: lambda node: self.translate(node.this).is_(self.translate(node.expression)),
            exp.In: self.membership,
            exp.Between: self.between,
            exp.Like: self.like,
            exp.Case: self.case,
            exp.Coalesce: lambda node: sa.func.coalesce(*map(self.translate, [node.this, *node.expressions])),
        }

    def translate(self, node: exp.Expression) -> Expression:
        rule = self.rules.get(type(node))
        if rule is not None:
            return rule(node)
        if type(node) in _BINARY:
            left, right = self.translate(node.this), self.translate(node.expression)
            combined: Expression = _BINARY[type(node)](left, right)
            return combined
        if type(node) in _FUNCTIONS:
            name, kind = _FUNCTIONS[type(node)]
            value = self.translate(node.this)
            called: Expression = getattr(sa.func, name)(value, type_=kind or value.type)
            return called
        raise BadSQLError(f"{self.argument}: {node.sql(dialect=Hana)!r} is not supported in {self.text!r}.")

    def column(self, node: exp.Column) -> Expression:
        identifier = node.this
        if node.args.get("table") is not None or not isinstance(identifier, exp.Identifier):
            raise BadSQLError(f"{self.argument}: write {node.name!r} without a table name in {self.text!r}.")
        return names.resolve(
            identifier.name, quoted=bool(identifier.quoted), columns=self.columns, argument=self.argument
        )

    def literal(self, node: exp.Literal) -> Expression:
        if node.is_string:
            return sa.literal(node.this, sa.String())
        text = node.this
        if text.isdigit():
            return sa.literal(int(text), sa.Integer() if int(text) < 2**31 else sa.BigInteger())
        value = Decimal(text)
        return sa.literal(float(value), sa.Double())

    def membership(self, node: exp.In) -> Expression:
        if node.args.get("query") is not None or not node.expressions:
            raise BadSQLError(f"{self.argument}: IN takes a list of values in {self.text!r}.")
        return self.translate(node.this).in_([self.translate(item) for item in node.expressions])

    def between(self, node: exp.Between) -> Expression:
        low, high = self.translate(node.args["low"]), self.translate(node.args["high"])
        return self.translate(node.this).between(low, high)

    def like(self, node: exp.Like) -> Expression:
        pattern = node.expression
        if not isinstance(pattern, exp.Literal) or not pattern.is_string:
            raise BadSQLError(f"{self.argument}: LIKE takes a text pattern in {self.text!r}.")
        return dialects.like(self.translate(node.this), pattern.this, self.dialect)

    def case(self, node: exp.Case) -> Expression:
        if node.this is not None:
            raise BadSQLError(f"{self.argument}: write CASE WHEN <condition> in {self.text!r}.")
        branches = [(self.translate(part.this), self.translate(part.args["true"])) for part in node.args["ifs"]]
        default = node.args.get("default")
        return sa.case(*branches, else_=None if default is None else self.translate(default))
