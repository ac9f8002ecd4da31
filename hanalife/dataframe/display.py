"""How a frame shows itself: its types, its first rows in a notebook, its printed outline."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.dataframe import arguments
from hanalife.dataframe import columns as names
from hanalife.dataframe.selection import Selection

_SHOWN_ROWS = 10
_SHOWN_COLUMNS = 20
_SHOWN_CHARACTERS = 60

# Colours of JupyterLab's and of VS Code's themes, else what looks right on white and on black.
# All stands in style attributes: front ends strip style sheets from what they do not trust.
_TEXT = "var(--jp-ui-font-color1, var(--vscode-editor-foreground, inherit))"
_DIM = "color:var(--jp-ui-font-color2, var(--vscode-descriptionForeground, #888888))"
_LINE = "var(--jp-border-color2, var(--vscode-panel-border, rgba(128, 128, 128, 0.35)))"
_CELL = "padding:4px 12px;text-align:%s"
_HEAD = f"{_CELL};vertical-align:bottom"

Dtype = tuple[str, str, int, int, int, int]


class Display(Selection):
    """Methods that show what a frame is."""

    # --- types --------------------------------------------------------------------------------

    def dtypes(self, subset: str | Sequence[str] | None = None) -> list[Dtype]:
        """Return ``(name, type, display size, internal size, precision, scale)`` of each column."""
        chosen = self.columns if subset is None else arguments.column_names(subset, self.columns, "subset")
        kinds = {str(column.key): column.type for column in self.query.selected_columns}
        return [(name, names.name_of_type(kinds[name]), *_sizes(kinds[name])) for name in chosen]

    def get_table_structure(self) -> dict[str, str]:
        """Return the type of each column as SQL writes it, such as ``NVARCHAR(20)``."""
        return {str(column.key): names.sized_name_of_type(column.type) for column in self.query.selected_columns}

    def is_numeric(self, cols: str | Sequence[str] | None = None) -> bool:
        """Say whether all of some columns, by default all, hold numbers."""
        chosen = self.columns if cols is None else arguments.column_names(cols, self.columns, "cols")
        kinds = {str(column.key): column.type for column in self.query.selected_columns}
        return all(isinstance(kinds[name], arguments.NUMBERS) for name in chosen)

    def has(self, col: str) -> bool:
        """Say whether a column of that name exists."""
        return col in self.columns

    # --- for people ---------------------------------------------------------------------------

    def info(self) -> None:
        """Print the number of rows, and of each column the name, the count of values and the type."""
        counts = [sa.func.count(column) for column in self._known.values()]
        rows, *present = self._rows(sa.select(sa.func.count(), *counts).select_from(self._source))[0]
        shown = [" ".join(name.split()) for name in self.columns]
        width = max(len("Column"), *map(len, shown))
        lines = [f"{type(self)!r}", f"{rows} rows, {len(self.columns)} columns"]
        lines.append(f" #   {'Column':<{width}}  Non-Null Count  Type")
        for place, (name, kind) in enumerate(zip(shown, self.get_table_structure().values(), strict=True)):
            lines.append(f" {place:<3} {name:<{width}}  {present[place]:<14}  {kind}")
        print("\n".join(lines))  # noqa: T201  # what it is for

    def _repr_html_(self) -> str:
        """Return the first rows as a table, with the types of the columns and the number of rows."""
        shown = self.columns[:_SHOWN_COLUMNS]
        rows = self._rows(self.head(_SHOWN_ROWS).select(shown).query)
        total = self._rows(sa.select(sa.func.count()).select_from(self._source))[0][0]
        kinds = {spec.name: spec.type for spec in self.specs}
        sides = ["right" if self.is_numeric(name) else "left" for name in shown]
        head = "".join(map(_head, shown, [kinds[name] for name in shown], sides))
        body = "".join(_row("".join(map(_cell, row, sides)), "1px") for row in rows)
        footer = f'<div style="{_DIM};font-size:12px;padding:6px 12px">{_footer(total, len(rows), self.columns)}</div>'
        return (
            '<div style="overflow-x:auto;max-width:100%">'
            f'<table style="border-collapse:collapse;border:none;margin:0;font-size:13px;white-space:nowrap;'
            f'color:{_TEXT}">'
            f"<thead>{_row(head, '2px')}</thead><tbody>{body}</tbody></table>{footer}</div>"
        )


def _sizes(kind: sa.types.TypeEngine[Any]) -> tuple[int, int, int, int]:
    if isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float):
        digits = kind.precision or 34
        return digits, digits, digits, kind.scale or 0
    if isinstance(kind, sa.String) and not isinstance(kind, sa.Text):
        return (kind.length or 5000,) * 3 + (0,)
    fixed = {"INT": 10, "BIGINT": 19, "SMALLINT": 5, "DOUBLE": 15, "TIMESTAMP": 27, "DATE": 10, "BOOLEAN": 5}
    return (fixed.get(names.name_of_type(kind), 2**31 - 1),) * 3 + (0,)


def _head(name: str, kind: str, side: str) -> str:
    note = f'<span style="{_DIM};font-weight:normal;font-size:11px">{html.escape(kind)}</span>'
    return f'<th scope="col" style="{_HEAD % side}">{_text(name)}<br>{note}</th>'


def _row(cells: str, line: str) -> str:
    return f'<tr style="border-bottom:{line} solid {_LINE}">{cells}</tr>'


def _cell(value: object, side: str) -> str:
    if value is None:
        return f'<td style="{_CELL % side};{_DIM}"><i>NULL</i></td>'
    return f'<td style="{_CELL % side}">{_text(_shown(value))}</td>'


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return value[:16].hex() if isinstance(value, bytes) else str(value)


def _text(value: str) -> str:
    cut = value if len(value) <= _SHOWN_CHARACTERS else value[: _SHOWN_CHARACTERS - 1] + "…"
    return html.escape(cut)


def _footer(total: int, rows: int, columns: Sequence[str]) -> str:
    count = f"{total:,} row{'' if total == 1 else 's'}"
    first = f", the first {rows} shown" if rows < total else ""
    more = f", the first {_SHOWN_COLUMNS} shown" if len(columns) > _SHOWN_COLUMNS else ""
    return f"{count}{first} · {len(columns)} column{'' if len(columns) == 1 else 's'}{more}"
