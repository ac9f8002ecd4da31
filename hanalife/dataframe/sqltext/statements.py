"""Whole SELECT statements: checked, and written anew for the database at hand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import ClassVar

import sqlalchemy as sa
import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.tokenizer_core import Token, TokenType

from hanalife.database import sql_writers
from hanalife.dataframe.sqltext.grammar import Hana, Refusal, reason_of, tokens_of, written

_BEGINNINGS = (TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN)


class _Printed(Hana):
    """Also reads what frames print for SQLite and PostgreSQL."""

    class Tokenizer(Hana.Tokenizer):
        """Names in backticks too, and PostgreSQL's sign for a match."""

        IDENTIFIERS: ClassVar = ['"', "`"]
        KEYWORDS: ClassVar = {**Hana.Tokenizer.KEYWORDS, "~": TokenType.RLIKE}


def query(text: str, dialect: sa.Dialect, known: Collection[str], flags: Collection[str] = ()) -> str:
    """Return one query of SAP HANA's SQL as another database reads it.

    Raises
    ------
    Refusal
        The text is not exactly one query that changes nothing.
    """
    tree = _hana_tree(text)
    if sql_writers.reads_hana(dialect):
        return _plain(text)
    while isinstance(tree, exp.Subquery) and tree.is_wrapper:
        tree = tree.this  # SQLite takes no bracket around a statement
    _name_results(tree)
    _leave_out_dummy(tree)
    _fold_names(tree, known)
    _read_flags(tree, flags)
    _require_no_parameters(tree)
    try:
        return tree.sql(
            dialect=sql_writers.writer(dialect),
            identify=True,
            comments=False,
            unsupported_level=sqlglot.ErrorLevel.RAISE,  # a part that cannot be written must not get lost
        )
    except sqlglot.errors.UnsupportedError as error:
        raise Refusal(text, f"cannot be written for this database: {error}") from None
    except RecursionError:
        raise Refusal(text[:40] + "...", "is nested too deeply") from None


def one_query(text: str, dialect: sa.Dialect) -> str:
    """Return the text of one query in the database's own SQL unchanged.

    Raises
    ------
    Refusal
        The text is not exactly one query that changes nothing.
    """
    if sql_writers.reads_hana(dialect):
        _hana_tree(text)
    else:
        reader = sql_writers.reader(dialect)
        _require_beginning(text, tokens_of(text, reader))
        _one_tree(text, _trees(text, reader))
    return _plain(text)


def _plain(text: str) -> str:
    plain = text.rstrip().removesuffix(";")
    # A comment at the end would swallow the bracket that closes a sub-query.
    return f"{plain}\n" if "--" in plain else plain


def source_tables(text: str, dialect: sa.Dialect | None) -> list[str]:
    """Return the names of the tables that a query reads, in alphabetical order.

    Raises
    ------
    Refusal
        The text is not exactly one query.
    """
    if dialect is None:
        tree = _hana_tree(text)
        _leave_out_dummy(tree)
        _fold_names(tree, ())
    else:
        reader = sql_writers.reader(dialect)
        _require_beginning(text, tokens_of(text, reader))
        tree = _one_tree(text, _trees(text, reader))
        if reader.NORMALIZATION_STRATEGY is NormalizationStrategy.LOWERCASE:
            tree = normalize_identifiers(tree, dialect=reader)
    sources = [source for scope in traverse_scope(tree) for source in scope.sources.values()]
    tables = [source for source in sources if isinstance(source, exp.Table) and source.name]
    return sorted({f"{table.db}.{table.name}" if table.db else table.name for table in tables})


def _hana_tree(text: str) -> exp.Query:
    words = tokens_of(text, _Printed)
    _require_beginning(text, words)
    try:
        trees = _Printed().parser().parse(_without_hints(words), text)
    except sqlglot.errors.SqlglotError as error:
        raise Refusal(text, f"is not SQL{reason_of(error)}") from None
    except RecursionError:
        raise Refusal(text[:40] + "...", "is nested too deeply") from None
    return _one_tree(text, trees)


def _trees(text: str, dialect: type[Dialect]) -> Sequence[exp.Expr | None]:
    try:
        return sqlglot.parse(text, read=dialect)
    except sqlglot.errors.SqlglotError as error:
        raise Refusal(text, f"is not SQL{reason_of(error)}") from None
    except RecursionError:
        raise Refusal(text[:40] + "...", "is nested too deeply") from None


def _require_beginning(text: str, words: Sequence[Token]) -> None:
    if not words or words[0].token_type not in _BEGINNINGS:
        raise Refusal(text, "is not a query: one SELECT statement is expected; use execute_sql() for others")


def _one_tree(text: str, trees: Sequence[exp.Expr | None]) -> exp.Query:
    found = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(found) != 1:
        raise Refusal(text, f"is {len(found)} statements, but one is expected; use execute_sql() for several")
    (tree,) = found
    if not isinstance(tree, exp.Query) or (isinstance(tree, exp.Select) and not tree.expressions):
        raise Refusal(tree, "is not a query")
    for node in tree.walk():
        if isinstance(node, (exp.DML, exp.DDL, exp.Command)) and not isinstance(node, exp.Query):
            raise Refusal(node, "changes data, which a query must not; use execute_sql()")
        if isinstance(node, (exp.Into, exp.Lock)):
            raise Refusal(node, "is not allowed: a query must not change or lock anything")
    return tree


def _without_hints(words: Sequence[Token]) -> list[Token]:
    """Leave out ``WITH HINT (...)``, which only SAP HANA understands."""

    def kept() -> Iterator[Token]:
        rest = iter(range(len(words)))
        for place in rest:
            following = [word.text.upper() for word in words[place : place + 3]]
            if following != ["WITH", "HINT", "("]:
                yield words[place]
                continue
            depth = 0
            for inner in rest:
                kind = words[inner].token_type
                depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
                if depth == 0 and kind is TokenType.R_PAREN:
                    break
            else:
                raise Refusal("WITH HINT", "has an open bracket")

    return list(kept())


def _require_no_parameters(tree: exp.Query) -> None:
    for node in tree.find_all(exp.Placeholder, exp.Parameter):
        raise Refusal(node, "is a parameter, but a query has no values for it; write them into the text")


def _leave_out_dummy(tree: exp.Query) -> None:
    for select in tree.find_all(exp.Select):
        source = select.args.get("from_")
        table = source.this if source is not None else None
        if isinstance(table, exp.Table) and table.name.upper() == "DUMMY" and not table.db:
            select.set("from_", None)


def _name_results(tree: exp.Query) -> None:
    """Name each result by its text, as SAP HANA does; the others each have a way of their own."""
    select: exp.Expr = tree
    while isinstance(select, (exp.SetOperation, exp.Subquery)):
        select = select.this
    for result in select.expressions if isinstance(select, exp.Select) else []:
        if not isinstance(result, (exp.Alias, exp.Column, exp.Star)):
            result.replace(exp.alias_(result.copy(), written(result).upper(), quoted=True))


def _fold_names(tree: exp.Query, known: Collection[str]) -> None:
    """Give each name without quotes the spelling that it has in the database, else capitals."""
    folded: dict[str, list[str]] = {}
    for name in known:
        folded.setdefault(name.upper(), []).append(name)
    for identifier in tree.find_all(exp.Identifier):
        if not identifier.args.get("quoted"):
            name = identifier.this.upper()
            spellings = folded.get(name, [])
            identifier.set("this", spellings[0] if len(spellings) == 1 else name)
            identifier.args["quoted"] = True


def _read_flags(tree: exp.Query, flags: Collection[str]) -> None:
    """Read 1 and 0 as truth values where a BOOLEAN column is compared with them, as SAP HANA does."""
    for node in tree.find_all(exp.EQ, exp.NEQ, exp.In):
        sides = [node.this, *node.expressions] if isinstance(node, exp.In) else [node.this, node.expression]
        if any(isinstance(side, exp.Column) and side.name in flags for side in sides):
            for side in sides:
                if isinstance(side, exp.Literal) and not side.is_string and side.name in ("0", "1"):
                    side.replace(exp.Boolean(this=side.name == "1"))
