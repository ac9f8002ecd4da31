"""Reading SQL text: SAP HANA's dialect, and what is refused before anything is translated."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp, generator, parser, tokens
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.tokenizer_core import Token, TokenType

#: Nodes above each other in one expression. More would exhaust Python's stack further on.
MAX_DEPTH = 60

_OWN_SYNTAX = ("CAST", "EXTRACT", "TRIM", "STRING_AGG")


class Hana(Dialect):
    """SQL as SAP HANA reads it.

    No function is known to the parser by name: each comes out as written, in the order of
    its arguments, and means what SAP HANA means by it. (A parser that knows ``LOCATE`` takes
    it for MySQL's, whose arguments are the other way round.)
    """

    NORMALIZATION_STRATEGY = NormalizationStrategy.UPPERCASE
    TYPED_DIVISION = False  # INT / INT keeps its fraction
    SAFE_DIVISION = False
    NULL_ORDERING = "nulls_are_small"

    class Tokenizer(tokens.Tokenizer):
        """Quotes, comments and words of SAP HANA."""

        IDENTIFIERS: ClassVar = ['"']
        QUOTES: ClassVar = ["'"]
        COMMENTS: ClassVar = ["--", ("/*", "*/")]
        KEYWORDS: ClassVar = {
            **{word: kind for word, kind in tokens.Tokenizer.KEYWORDS.items() if word != "MAP"},
            "ALPHANUM": TokenType.NVARCHAR,
            "CURRENT_UTCDATE": TokenType.CURRENT_DATE,
            "CURRENT_UTCTIMESTAMP": TokenType.CURRENT_TIMESTAMP,
            "LIKE_REGEXPR": TokenType.RLIKE,
            "LONGDATE": TokenType.TIMESTAMP,
            "MINUS": TokenType.EXCEPT,
            "SECONDDATE": TokenType.TIMESTAMP,
            "SHORTTEXT": TokenType.NVARCHAR,
            "TOP": TokenType.TOP,
        }

    class Parser(parser.Parser):
        """Functions with commas only, but for those whose arguments have a syntax of their own."""

        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {name: parser.Parser.FUNCTION_PARSERS[name] for name in _OWN_SYNTAX}
        NO_PAREN_FUNCTION_PARSERS: ClassVar = {"CASE": parser.Parser.NO_PAREN_FUNCTION_PARSERS["CASE"]}

    class Generator(generator.Generator):
        """What is quoted in messages."""

        TRANSFORMS: ClassVar = {
            **generator.Generator.TRANSFORMS,
            exp.GroupConcat: lambda self, node: self.func("STRING_AGG", node.this, node.args.get("separator")),
            exp.RegexpLike: lambda self, node: self.binary(node, "LIKE_REGEXPR"),
        }


class Refusal(Exception):  # noqa: N818 - it becomes a BadSQLError that also names the argument
    """Text is refused: the part of it, and why."""

    def __init__(self, part: str | exp.Expr, reason: str) -> None:
        self.part = part if isinstance(part, str) else written(part)
        self.reason = reason
        super().__init__(f"{self.part!r} {reason}")


def written(node: exp.Expr) -> str:
    """Return a part of a parse tree as SQL text."""
    return node.sql(dialect=Hana, normalize_functions=False)


def _require_text(text: object) -> None:
    if not isinstance(text, str) or not text.strip():
        raise Refusal(str(text), "is not SQL text such as 'AGE > 30'")


def tokens_of(text: str, dialect: type[Dialect] = Hana) -> list[Token]:
    """Return the words of SQL text.

    Raises
    ------
    Refusal
        The text is empty, has an open quote, or characters that no database stores.
    """
    _require_text(text)
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Refusal(text, "has a character that is not text")
    try:
        return list(dialect().tokenize(text))
    except sqlglot.errors.SqlglotError as error:
        raise Refusal(text, f"cannot be read{reason_of(error)}") from None


def expression_tree(text: str) -> exp.Expr:
    """Return the parse tree of one expression; it is shared, so nobody may change it.

    Raises
    ------
    Refusal
        The text is not exactly one expression.
    """
    _require_text(text)
    return _expression_tree(text)


@lru_cache(maxsize=1024)
def _expression_tree(text: str) -> exp.Expr:
    for token in tokens_of(text):
        if token.comments:
            raise Refusal(f"-- {token.comments[0].strip()}", "is a comment, which is not allowed")
        if token.token_type is TokenType.SEMICOLON:
            raise Refusal(";", "is not allowed: one expression is expected, not statements")
    try:
        tree: Any = sqlglot.parse_one("SELECT " + text, read=Hana)
    except sqlglot.errors.SqlglotError as error:
        raise Refusal(text, f"is not an SQL expression{reason_of(error)}") from None
    except RecursionError:
        raise Refusal(text[:40] + "...", "is nested too deeply") from None
    _require_one_expression(tree, text)
    found: exp.Expr = tree.expressions[0]
    _require_shallow(found, text)
    return found


def _require_one_expression(tree: exp.Expr, text: str) -> None:
    if not isinstance(tree, exp.Select):
        raise Refusal(text, "is not one expression but a query")
    clauses = sorted(key.strip("_") for key, value in tree.args.items() if value and key != "expressions")
    if clauses:
        raise Refusal(text, f"is not one expression: it has the clause {clauses[0].upper()}")
    if len(tree.expressions) != 1:
        raise Refusal(text, f"is not one expression but {len(tree.expressions)}")


def _require_shallow(tree: exp.Expr, text: str) -> None:
    """Refuse what is nested too deeply; a long chain of ANDs or of ORs counts as one level."""
    level, depth = [tree], 0
    while level:
        if depth > MAX_DEPTH:
            raise Refusal(text[:40] + "...", f"is nested more than {MAX_DEPTH} levels deep")
        level = [child for node in level for child in (operands(node) if is_chain(node) else node.iter_expressions())]
        depth += 1


def is_chain(node: exp.Expr) -> bool:
    """Say whether a node is AND or OR, of which hundreds may stand in a row."""
    return isinstance(node, (exp.And, exp.Or))


def operands(node: exp.Expr) -> list[exp.Expr]:
    """Return what a chain of ANDs, or of ORs, connects; without recursion."""
    found: list[exp.Expr] = []
    rest: list[exp.Expr] = [node]
    while rest:
        last = rest.pop()
        if type(last) is type(node):
            rest += [last.args["expression"], last.args["this"]]
        else:
            found.append(last)
    return found


def reason_of(error: sqlglot.errors.SqlglotError) -> str:
    """Return the parser's own words, without its colours."""
    parts = getattr(error, "errors", None)
    return f": {parts[0]['description']}" if parts else ""
