"""Long chains of common table expressions, compiled one after another."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors


def compile_in_order(dialect: sa.Dialect) -> sa.Dialect:
    """Make a dialect compile a query's common table expressions one by one, innermost first.

    SQLAlchemy descends from the outermost to the innermost, and a chain of two hundred would
    meet Python's limit of recursion.
    """
    compiler: Any = dialect.statement_compiler

    class InOrder(compiler):  # type: ignore[misc]
        def visit_select(self, select_stmt: sa.Select[Any], *args: Any, **options: Any) -> str:
            if options.get("visiting_cte") is None:
                select_stmt = select_stmt.add_cte(*innermost_first(select_stmt))
            text: str = super().visit_select(select_stmt, *args, **options)
            return text

    dialect.statement_compiler = InOrder
    return dialect


def innermost_first(query: sa.Select[Any]) -> list[sa.CTE]:
    """Return all common table expressions of a query, each after those that it reads."""
    found: list[sa.CTE] = []
    seen: set[int] = set()
    to_do: list[tuple[visitors.HasTraverseInternals, bool]] = [(query, False)]
    while to_do:
        element, is_done = to_do.pop()
        if is_done:
            found.append(element)  # type: ignore[arg-type]
        elif id(element) not in seen:
            seen.add(id(element))
            if isinstance(element, sa.CTE):
                to_do.append((element, True))
            to_do += [(child, False) for child in element.get_children()]
    return found
