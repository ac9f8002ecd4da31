"""One HTML page, and the tables on it. Whatever comes from data is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from hanalife.drawing.page_script import POLICY, SCRIPT

LONG = 160  # characters of a text that is shown whole

_STYLE = """
:root { color-scheme: light dark; --hl-brand: light-dark(#1565c0, #64b5f6); --hl-good: light-dark(#2e7d32, #81c784);
  --hl-line: light-dark(#d8dce0, #3a3f44); --hl-muted: light-dark(#59636e, #a0a8b0); }
body { margin: 24px auto; max-width: 1160px; padding: 0 20px; color: light-dark(#1f2328, #e6e6e6);
  background: light-dark(#fff, #1b1d1f); font: 13px/1.5 system-ui, sans-serif; }
h1 { font-size: 20px; margin: 0; } h2 { font-size: 16px; margin: 32px 0 8px; }
h3 { font-size: 13px; margin: 14px 0 4px; }
p { margin: 4px 0 10px; } small, .muted, caption { color: var(--hl-muted); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; } caption { text-align: left; }
th, td { padding: 3px 12px 3px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--hl-line);
  overflow-wrap: anywhere; }
thead th { color: var(--hl-muted); font-weight: 600; font-size: 12px; white-space: nowrap; }
tbody th { font-weight: 400; color: var(--hl-muted); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead button { padding: 0; font: inherit; color: inherit; background: none; border: 0; cursor: pointer; }
thead button:hover, [aria-sort] button { color: light-dark(#1f2328, #e6e6e6); }
[aria-sort='ascending'] button::after { content: ' ↑'; } [aria-sort='descending'] button::after { content: ' ↓'; }
input { font: inherit; padding: 3px 8px; min-width: 220px; color: inherit; background: none;
  border: 1px solid var(--hl-line); border-radius: 4px; }
:focus-visible { outline: 2px solid var(--hl-brand); outline-offset: 1px; }
td.word { white-space: nowrap; } table.sortable td { overflow-wrap: break-word; }
details { border: 1px solid var(--hl-line); border-radius: 4px; margin: 8px 0; padding: 0 12px; }
summary { padding: 7px 0; cursor: pointer; font-weight: 600; } details[open] { padding-bottom: 12px; }
td details, td details[open] { border: 0; margin: 0; padding: 0; } td summary { padding: 0; font-weight: 400; }
.parts { display: flex; flex-wrap: wrap; gap: 4px 36px; } .parts > * { max-width: 100%; }
"""


def whole(title: str, body: str, *, sortable: bool = False) -> str:
    """Return a page that needs nothing else; ``body`` is HTML. If asked, tables made so can be sorted and filtered."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">' if sortable else ""
    script = f"<script>{SCRIPT}</script>" if sortable else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{policy}<title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>{body}{script}</body></html>\n"
    )


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Sequence[str] = ("Job", "Seconds"),
    *,
    sortable: bool = False,
) -> str:
    """Return a table of cells that are HTML already; columns named in ``numbers`` are set to the right."""
    classes = dict.fromkeys(numbers, " class='number'")
    heading = "".join(f"<th scope='col'{classes.get(name, '')}>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    kind = " class='sortable'" if sortable else ""
    return (
        f"<div class='scroll'><table{kind}>{title}<thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def part(title: str, content: str) -> str:
    """Return content, which is HTML, under a small title."""
    return f"<div><h3>{escape(title)}</h3>{content}</div>"


def cell(text: str) -> str:
    """Return a cell of text."""
    return f"<td>{escape(text)}</td>"


def folded(text: str) -> str:
    """Return a cell of text that shows its beginning when it is long, and all of it when it is opened."""
    if len(text) <= LONG:
        return cell(text)
    return f"<td><details><summary>{escape(text[:LONG])} …</summary>{escape(text)}</details></td>"


def word(text: str) -> str:
    """Return a cell of text that stays on one line."""
    return f"<td class='word'>{escape(text)}</td>"


def number(value: float | str | None, *, best: str = "", is_dim: bool = False) -> str:
    """Return a cell of a number, four digits of it, or of a word for one that is not finite.

    Parameters
    ----------
    value : float or str, optional
    best : str
        What it is the best of; marks it with a star.
    is_dim : bool
        Less to look at, such as a value of training rows.
    """
    text = escape("" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value))
    style = " style='opacity: 0.75'" if is_dim else ""
    if not best:
        return f"<td class='number'{style}>{text}</td>"
    star = f"<span role='img' title='{escape(best)}' aria-label='{escape(best)}'>★</span>"
    return f"<td class='number' data-value='{text}'>{star} {text}</td>"
