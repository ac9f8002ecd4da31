"""Charts as inline SVG: for pages and saved outputs, where nothing runs.

Colours are CSS variables with a fallback; text and axes have the colour of the text around
them, so that a chart reads in light and in dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_BRAND = "var(--hl-brand, #1976d2)"
#: Stroke, width and dashes of the first, second and third line; never told by colour alone.
_STROKES = ((_BRAND, 2, ""), ("currentColor", 1, "4 3"), ("var(--hl-good, #2e7d32)", 1.5, "1.5 2.5"))
_FADED = 'opacity="0.7"'
_FILL = f'fill="{_BRAND}"'
_HOLLOW = f'fill="none" stroke="{_BRAND}"'  # of a negative number
_SIDES = (_FILL, 'fill="none" stroke="currentColor"')  # of two bars that are compared
_BAR = 20  # px
_PAIR = 24  # px
_CELL = 66  # px
_LONGEST_LABEL = 22


@dataclass(frozen=True, slots=True)
class _Plot:
    """The area between the axes and its scales, which start at 0 unless a value is below."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    width: int = 340
    height: int = 250
    left: int = 48
    right: int = 12
    top: int = 48
    bottom: int = 40

    def x(self, value: float) -> float:
        return self.left + _share(value, self.x_low, self.x_high) * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        return (
            self.height - self.bottom - _share(value, self.y_low, self.y_high) * (self.height - self.top - self.bottom)
        )


def line_chart(title: str, x_label: str, y_label: str, series: Sequence[Mapping[str, Any]]) -> str:
    """Return a chart of up to three lines, each a ``name`` and ``points``, with a legend."""
    lines = [(one["name"], _finite(one)) for one in series]
    points = [point for _, line in lines for point in line] or [(0.0, 0.0)]
    xs, ys = zip(*points, strict=True)
    plot = _Plot(min(0.0, *xs), max(xs), min(0.0, *ys), max(ys))
    body = [
        _text(plot.width / 2, 16, title, 'text-anchor="middle" font-weight="600" font-size="12"'),
        *_axes(plot, x_label, y_label),
        *(_line(plot, points, index) for index, (_, points) in enumerate(lines)),
        *_legend(plot, [name for name, _ in lines]),
    ]
    return _svg(plot.width, plot.height, title, body)


def curve(chart: Mapping[str, Any]) -> str:
    """Return the chart of a curve: its ``title``, ``x_label``, ``y_label`` and ``series``."""
    return line_chart(chart["title"], chart["x_label"], chart["y_label"], chart["series"])


def bars(title: str, items: Sequence[Mapping[str, Any]]) -> str:
    """Return horizontal bars, one below the other, each a ``name`` and a ``value``."""
    values = [float(item["value"]) for item in items]
    most = max((abs(value) for value in values if math.isfinite(value)), default=0.0) or 1.0
    height = 30 + _BAR * len(items)
    body = [_text(170, 16, title, 'text-anchor="middle" font-weight="600" font-size="12"')]
    for index, (item, value) in enumerate(zip(items, values, strict=True)):
        y = 26 + _BAR * index
        width = 150 * abs(value) / most if math.isfinite(value) else 0
        body += [
            _text(130, y + 12, shortened(item["name"]), f'text-anchor="end" {_FADED}'),
            f'<rect x="136" y="{y + 3}" width="{width:.1f}" height="{_BAR - 8}" {_FILL if value >= 0 else _HOLLOW}/>',
            _text(142 + width, y + 12, _tick(value)),
        ]
    return _svg(340, height, title, body)


def paired_bars(
    title: str, names: Sequence[str], before: tuple[str, Sequence[float]], after: tuple[str, Sequence[float]]
) -> str:
    """Return two horizontal bars below each other for each name; each side is its own name and values from 0."""
    values = [*zip(before[1], after[1], strict=True)]
    most = max((value for pair in values for value in pair), default=0.0) or 1.0
    body = [_text(170, 16, title, 'text-anchor="middle" font-weight="600" font-size="12"')]
    for place, (side, style) in enumerate(zip((before[0], after[0]), _SIDES, strict=True)):
        x = 60 + 130 * place
        body += [f'<rect x="{x}" y="27" width="12" height="8" {style}/>', _text(x + 17, 34, side)]
    for index, (name, pair) in enumerate(zip(names, values, strict=True)):
        top = 44 + _PAIR * index
        body.append(_text(130, top + 12, shortened(name), f'text-anchor="end" {_FADED}'))
        for y, value, style in zip((top, top + 9), pair, _SIDES, strict=True):
            width = 150 * value / most
            body.append(f'<rect x="136" y="{y}" width="{width:.1f}" height="8" {style}/>')
            body.append(_text(142 + width, y + 7, _tick(value), 'font-size="9"'))
    return _svg(340, 50 + _PAIR * len(names), title, body)


def heat_map(title: str, confusion: Mapping[str, Any]) -> str:
    """Return a confusion matrix of ``labels`` and ``counts``: actual classes downwards, predicted ones across."""
    labels, counts = confusion["labels"], confusion["counts"]
    most = max((count for row in counts for count in row), default=0) or 1
    left, top = 90, 66
    size = _CELL * len(labels)
    body = [
        _text(left + size / 2, 16, title, 'text-anchor="middle" font-weight="600" font-size="12"'),
        _text(left + size / 2, 36, "Predicted label", f'text-anchor="middle" {_FADED}'),
        _text(
            0, 0, "True label", f'text-anchor="middle" {_FADED} transform="translate(14 {top + size / 2}) rotate(-90)"'
        ),
    ]
    for i, label in enumerate(labels):
        middle = _CELL * i + _CELL / 2
        body += [
            _text(left + middle, top - 8, shortened(label), 'text-anchor="middle"'),
            _text(left - 8, top + middle + 4, shortened(label), 'text-anchor="end"'),
        ]
        body += [
            _heat_cell(left + _CELL * j, top + _CELL * i, count, count / most) for j, count in enumerate(counts[i])
        ]
    return _svg(left + size + 12, top + size + 12, title, body)


def _heat_cell(x: int, y: int, count: int, share: float) -> str:
    # The fill is never so strong that text of the page's own colour could not be read on it.
    square = (
        f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{_BRAND}" '
        f'fill-opacity="{0.06 + 0.5 * share:.2f}" stroke="currentColor" stroke-opacity="0.25"/>'
    )
    return square + _text(x + _CELL / 2, y + _CELL / 2 + 4, f"{count:,}", 'text-anchor="middle" font-size="12"')


def strength_map(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[tuple[float, str] | None]],
) -> str:
    """Return a map of cells, each a strength from 0 to 1 and a word, or None: rows downwards, columns across."""
    left, top, width, height = 140, 84, 76, 26
    body = [_text(left, 16, title, 'font-weight="600" font-size="12"')]
    for j, name in enumerate(columns):
        place = f'transform="translate({left + width * j + 8} {top - 6}) rotate(-25)"'
        body.append(_text(0, 0, shortened(name), f"{_FADED} {place}"))
    for i, (name, line) in enumerate(zip(rows, cells, strict=True)):
        y = top + height * i
        body.append(_text(left - 6, y + 17, shortened(name), f'text-anchor="end" {_FADED}'))
        for j, cell in enumerate(line):
            if cell is not None:
                x = left + width * j
                body.append(
                    f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{_BRAND}" '
                    f'fill-opacity="{0.04 + 0.5 * cell[0]:.2f}" stroke="currentColor" stroke-opacity="0.25"/>'
                )
                body.append(_text(x + width / 2, y + 17, cell[1], 'text-anchor="middle"'))
    return _svg(left + width * len(columns) + 40, top + height * len(rows) + 10, title, body)


# --- pieces -----------------------------------------------------------------------------------


def _svg(width: float, height: float, title: str, body: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" fill="currentColor" '
        f'font-family="system-ui, sans-serif" font-size="10">{"".join(body)}</svg>'
    )


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'


def _axes(plot: _Plot, x_label: str, y_label: str) -> Iterable[str]:
    for share in (0, 0.25, 0.5, 0.75, 1):
        x_value = plot.x_low + share * (plot.x_high - plot.x_low)
        y_value = plot.y_low + share * (plot.y_high - plot.y_low)
        x, y = plot.x(x_value), plot.y(y_value)
        yield (
            f'<path d="M{plot.left} {y:.1f}H{plot.width - plot.right}" stroke="currentColor" stroke-opacity="0.15"/>'
        )
        yield _text(plot.left - 5, y + 3, _tick(y_value), f'text-anchor="end" {_FADED}')
        yield _text(x, plot.height - plot.bottom + 13, _tick(x_value), f'text-anchor="middle" {_FADED}')
    middle = (plot.top + plot.height - plot.bottom) / 2
    yield _text((plot.left + plot.width - plot.right) / 2, plot.height - 8, x_label, f'text-anchor="middle" {_FADED}')
    yield _text(0, 0, y_label, f'text-anchor="middle" {_FADED} transform="translate(11 {middle:.0f}) rotate(-90)"')


def _line(plot: _Plot, points: Sequence[tuple[float, float]], index: int) -> str:
    path = " ".join(f"{plot.x(x):.1f},{plot.y(y):.1f}" for x, y in points)
    return f'<polyline points="{path}" {_stroke(index)}/>'


def _legend(plot: _Plot, names: Sequence[str]) -> Iterable[str]:
    for index, name in enumerate(names):
        x = plot.left + 98 * index
        yield f'<path d="M{x} 31h14" {_stroke(index)}/>'
        yield _text(x + 18, 34, shortened(name))


def _stroke(index: int) -> str:
    color, width, dashes = _STROKES[index % len(_STROKES)]
    return f'fill="none" stroke="{color}" stroke-width="{width}" stroke-dasharray="{dashes or "none"}"'


def _finite(series: Mapping[str, Any]) -> list[tuple[float, float]]:
    points = [(float(x), float(y)) for x, y in series["points"]]
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.0


def _tick(value: float) -> str:
    return f"{value:.3g}"


def shortened(text: str, longest: int = _LONGEST_LABEL) -> str:
    """Return a text of at most ``longest`` characters, an ellipsis for the rest."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
