"""Long chains of common table expressions, compiled one after another."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors


def compile_deep_chains(dialect: sa.Dialect) -> sa.Dialect:
    """Make a dialect compile common table expressions innermost first where their chain is too deep for Python.

    SQLAlchemy descends from the outermost to the innermost, and a chain of two hundred meets
    Python's limit of recursion.
    """
    compiler: Any = dialect.statement_compiler

    class DeepCompiler(compiler):  # type: ignore[misc]
        is_deep = False

        def __init__(self, *args: Any, **options: Any) -> None:
            try:
                super().__init__(*args, **options)
            except RecursionError:
                self.__dict__ = {"is_deep": True}  # nothing of the first attempt is kept
                super().__init__(*args, **options)

        def visit_select(self, select_stmt: sa.Select[Any], *args: Any, **options: Any) -> str:
            if self.is_deep and options.get("visiting_cte") is None:
                select_stmt = select_stmt.add_cte(*innermost_first(select_stmt))
            text: str = super().visit_select(select_stmt, *args, **options)
            return text

    dialect.statement_compiler = DeepCompiler
    return dialect


def innermost_first(query: sa.Select[Any]) -> list[sa.CTE]:
    """Return all common table expressions of a query, each after those that it reads."""
    found: list[sa.CTE] = []
    seen: dict[int, visitors.HasTraverseInternals] = {}  # kept, so that no id is used again
    to_do: list[tuple[visitors.HasTraverseInternals, bool]] = [(query, False)]
    while to_do:
        element, is_done = to_do.pop()
        if is_done:
            found.append(element)  # type: ignore[arg-type]
        elif id(element) not in seen:
            seen[id(element)] = element
            if isinstance(element, sa.CTE):
                to_do.append((element, True))
            to_do += [(child, False) for child in element.get_children()]
    return found
