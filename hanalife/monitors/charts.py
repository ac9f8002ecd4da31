"""Charts of the monitors in bqplot, all through :func:`figure`, which knows its pitfalls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import bqplot
import ipywidgets

from hanalife.drawing.charts import shortened
from hanalife.evidence import MetricKey
from hanalife.views import ranking
from hanalife.views.payloads.runs import Chart, Confusion, Importance, LearningCurve, RunDetail, RunRow, Search

# CSS variables follow the theme, live; bqplot's own colours are unreadable in a dark one. They
# are set in js/src/ui/ui.css, because a colour here may not have a fallback.
_TEXT = "var(--hl-chart-text)"
_FAINT = "var(--hl-chart-faint)"
_BRAND = "var(--hl-chart-brand)"
_MUTED = "var(--hl-chart-muted)"
_GOOD = "var(--hl-chart-good)"

_MOST_BARS = 20
_LONGEST_LABEL = 18
_short = partial(shortened, longest=_LONGEST_LABEL)
#: There is room for so many names below a chart.
_NAMES_SIDE_BY_SIDE = 5

#: Colour and dashes of the first, second and third line.
_LINES = ((_BRAND, "solid"), (_MUTED, "dashed"), (_GOOD, "dotted"))

_CURVES = (("ROC", "ROC"), ("CUMGAINS", "Cumulative gains"), ("LIFT", "Lift"), ("CUMLIFT", "Cumulative lift"))


def figure(
    title: str, marks: Sequence[Any], x: Any, y: Any, x_label: str, y_label: str, legend: str = "", left: int = 60
) -> Any:
    """Return a figure with named axes over two scales, in the theme of the page."""
    return bqplot.Figure(
        title=title,
        marks=list(marks),
        axes=[_axis(x, x_label, "bottom"), _axis(y, y_label, "left")],
        title_style={"fill": _TEXT, "font-size": "14px", "font-weight": "600"},
        legend_location=legend or "top-right",
        legend_style={"stroke-width": 0, "fill": "none"},
        legend_text={"fill": _TEXT, "font-size": "12px"},
        background_style={"fill": "none"},
        fig_margin={"top": 44, "bottom": 46, "left": left, "right": 24},
        animation_duration=0,
        layout=ipywidgets.Layout(width="100%", max_width="760px", height="340px"),
    )


def _axis(scale: Any, label: str, side: str) -> Any:
    grid = "none" if isinstance(scale, bqplot.OrdinalScale) else "solid"
    return bqplot.Axis(
        scale=scale,
        label=label,
        side=side,
        grid_lines=grid,
        grid_color=_FAINT,
        label_color=_TEXT,
        color=_FAINT,
        tick_style={"fill": _TEXT, "font-size": "11px"},
        label_offset="34px" if side == "bottom" else "42px",
    )


class LineChart:
    """Up to three lines over one pair of axes, such as training and validation."""

    def __init__(self, name: str, legend: str, least: float | None = None, marker: str | None = None) -> None:
        self._name = name
        x, y = bqplot.LinearScale(min=least), bqplot.LinearScale(min=least)
        scales = {"x": x, "y": y}
        self._lines = [
            bqplot.Lines(
                x=[],
                y=[],
                scales=scales,
                colors=[color],
                line_style=style,
                display_legend=True,
                marker=marker,
                marker_size=24,
            )
            for color, style in _LINES
        ]
        self.widget = figure(name, self._lines, x, y, "", "", legend)

    def show(self, curve: Chart | None) -> None:
        """Draw a curve, or say that there is none."""
        series = curve["series"] if curve else []
        for index, line in enumerate(self._lines):
            one = series[index] if index < len(series) else None
            points = [(float(x), float(y)) for x, y in one["points"]] if one else []
            with line.hold_sync():
                line.x = [x for x, _ in points]
                line.y = [y for _, y in points]
                line.labels = [one["name"]] if one else []
                line.display_legend = one is not None
        self.widget.title = curve["title"] if curve else f"{self._name}: not recorded"
        self.widget.axes[0].label = curve["x_label"] if curve else ""
        self.widget.axes[1].label = curve["y_label"] if curve else ""


class CurveChart(LineChart):
    """A model, chance and perfection, over axes from 0."""

    def __init__(self, name: str, legend: str) -> None:
        super().__init__(name, legend, least=0)


class LearningChart:
    """The learning curves of a run, one metric at a time."""

    def __init__(self) -> None:
        self._chart = LineChart("Learning curves", "top-right")
        self._summary = ipywidgets.Label()
        self._curves: Mapping[str, LearningCurve] = {}
        self.choice = ipywidgets.Dropdown(description="Metric", layout=ipywidgets.Layout(width="300px"))
        self.choice.observe(lambda _: self._draw(), "value")
        self.widget = ipywidgets.VBox([self.choice, self._chart.widget, self._summary])

    def show(self, curves: Sequence[LearningCurve]) -> None:
        """Draw the chosen metric; the choice stays where the run has that metric too."""
        self._curves = {curve["title"]: curve for curve in curves}
        names = list(self._curves)
        if names != list(self.choice.options):
            chosen = self.choice.value
            self.choice.options = names
            self.choice.value = chosen if chosen in names else next(iter(names), None)
        self._draw()

    def _draw(self) -> None:
        curve = self._curves.get(self.choice.value)
        self._chart.show(curve)
        self._summary.value = curve["summary"] if curve else ""


class SearchChart:
    """The mean score of each complete candidate of a search, and the parameters of the best."""

    def __init__(self) -> None:
        self._chart = LineChart("Search", "top-right", marker="circle")
        self._best = ipywidgets.Label()  # a label shows text as text
        self.widget = ipywidgets.VBox([self._best, self._chart.widget])

    def show(self, searches: Sequence[Search]) -> None:
        """Draw the first metric of a search, or say that there is none."""
        search = next(iter(searches), None)
        self._chart.show(None if search is None else search["chart"])
        self._best.value = "" if search is None else search["summary"]


class ConfusionChart:
    """A heat map with the counts written in it."""

    def __init__(self) -> None:
        columns, rows = bqplot.OrdinalScale(), bqplot.OrdinalScale(reverse=True)
        colors = bqplot.ColorScale(min=0, colors=["#1976d20f", "#1976d2a0"])
        self._scales = {"column": columns, "row": rows, "color": colors}
        self.widget = figure("", [], columns, rows, "Predicted label", "True label", left=90)

    def show(self, confusion: Confusion | None) -> None:
        """Draw a matrix, or say that there is none."""
        old = self.widget.marks
        source = f" ({confusion['source']})" if confusion and confusion["source"] else ""
        self.widget.title = f"Confusion matrix{source}" if confusion else "Confusion matrix: not recorded"
        # A mark keeps the shape it was made with, so another matrix is another mark.
        self.widget.marks = [self._mark(confusion)] if confusion else []
        for mark in old:
            mark.close()

    def _mark(self, confusion: Confusion) -> Any:
        labels = [_short(label) for label in confusion["labels"]]
        return bqplot.GridHeatMap(
            color=confusion["counts"],
            row=labels,
            column=labels,
            scales=self._scales,
            display_format="d",
            font_style={"fill": _TEXT, "font-size": "14px"},
            stroke=_FAINT,
            null_color="transparent",
        )


class ImportanceChart:
    """Horizontal bars, the most important variable on top."""

    def __init__(self) -> None:
        names, values = bqplot.OrdinalScale(), bqplot.LinearScale(min=0)
        self._bars = bqplot.Bars(
            x=[], y=[], scales={"x": names, "y": values}, orientation="horizontal", colors=[_BRAND], padding=0.25
        )
        self.widget = figure("", [self._bars], values, names, "Importance", "", left=150)

    def show(self, importance: Sequence[Importance]) -> None:
        """Draw the most important variables, or say that there are none."""
        shown = list(reversed(importance[:_MOST_BARS]))
        with self._bars.hold_sync():
            self._bars.x = [_short(item["name"]) for item in shown]
            self._bars.y = [float(item["value"]) for item in shown]
        self.widget.title = "Variable importance" if shown else "Variable importance: not recorded"


class CompareChart:
    """One metric from one source across runs in the order of time, with a choice of the metric."""

    def __init__(self) -> None:
        self._x, self._y = bqplot.OrdinalScale(), bqplot.LinearScale()
        scales = {"x": self._x, "y": self._y}
        self._line = bqplot.Lines(
            x=[], y=[], scales=scales, colors=[_BRAND], marker="circle", marker_size=50, stroke_width=2
        )
        self._figure = figure("", [self._line], self._x, self._y, "Run, oldest first", "")
        self.choice = ipywidgets.Dropdown(description="Metric", layout=ipywidgets.Layout(width="300px"))
        self.widget = ipywidgets.VBox([self.choice, self._figure])

    def show(self, rows: Sequence[RunRow], chief: MetricKey | None = None) -> None:
        """Draw the chosen metric of some runs, which are in the order of time.

        Nobody has chosen: the chief metric, by which the runs are ranked, else the first of a table of them.
        """
        keys = ranking.in_order(key for key, count in ranking.summary(rows).numbers.items() if count)
        if [key for _, key in self.choice.options] != keys:
            chosen = self.choice.value
            first = chief if chief in keys else next(iter(ranking.columns(keys, None)), None)
            self.choice.options = [(ranking.label(key), key) for key in keys]
            self.choice.value = chosen if chosen in keys else first
        metric = self.choice.value
        points = [
            (f"{number} {_short(row['name'])}", value)
            for number, row in enumerate(rows, start=1)
            if metric and (value := ranking.finite(row, metric)) is not None
        ]
        with self._line.hold_sync():
            self._line.x = [label for label, _ in points]
            self._line.y = [value for _, value in points]
        self._figure.axes[0].num_ticks = _ticks(len(points))
        runs = "1 run" if len(points) == 1 else f"{len(points)} runs"
        self._figure.title = f"{ranking.label(metric)} across {runs}" if points else "No metric to compare"
        self._figure.axes[1].label = ranking.label(metric) if metric else ""


class RunCharts:
    """All charts of one run, and the comparison with others, in tabs."""

    def __init__(self) -> None:
        self._curves = {
            key: CurveChart(name, "top-right" if "LIFT" in key else "bottom-right") for key, name in _CURVES
        }
        self._confusion = ConfusionChart()
        self._importance = ImportanceChart()
        self._learning = LearningChart()
        self._search = SearchChart()
        self.compare = CompareChart()
        parts: Mapping[str, Any] = {
            **{name: self._curves[key].widget for key, name in _CURVES},
            "Confusion matrix": self._confusion.widget,
            "Importance": self._importance.widget,
            "Learning curves": self._learning.widget,
            "Search": self._search.widget,
            "Compare runs": self.compare.widget,
        }
        self._names = list(parts)
        self._run_id = ""
        self._proposed = 0  # the tab that was last chosen here and not by a user
        self.widget = ipywidgets.Tab(list(parts.values()), titles=self._names, selected_index=0)
        self.widget.add_class("hl-charts")

    def show(self, detail: RunDetail | None) -> None:
        """Draw what a run has, or nothing."""
        curves = {curve["key"]: curve for curve in detail["curves"]} if detail else {}
        for key, chart in self._curves.items():
            chart.show(curves.get(key))  # type: ignore[call-overload]
        self._confusion.show(detail["confusion"] if detail else None)
        self._importance.show(detail["importance"] if detail else [])
        self._learning.show(detail["learning"] if detail else [])
        self._search.show(detail["searches"] if detail else [])
        self._choose(detail)

    def _choose(self, detail: RunDetail | None) -> None:
        """Show the first chart that another run has, unless a user has picked one that it has too."""
        run_id = detail["run"]["run_id"] if detail else ""
        if run_id == self._run_id:
            return
        self._run_id = run_id
        names = recorded(detail)
        index = self.widget.selected_index
        if index is None or index == self._proposed or self._names[index] not in names:
            self.widget.selected_index = self._proposed = self._names.index(names[0])


def recorded(detail: RunDetail | None) -> list[str]:
    """Return the names of the charts that have something to show; runs can always be compared."""
    if detail is None:
        return ["Compare runs"]
    keys = {curve["key"] for curve in detail["curves"]}
    others = {
        "Confusion matrix": detail["confusion"],
        "Importance": detail["importance"],
        "Learning curves": detail["learning"],
        "Search": detail["searches"],
    }
    return [
        *(name for key, name in _CURVES if key in keys),
        *(name for name, found in others.items() if found),
        "Compare runs",
    ]


def swarm(title: str, x_label: str, rows: Sequence[tuple[str, Any, Any]], height: int = 600) -> Any:
    """Return points in rows, the first on top: each row a name, its values and their colours from 0 to 1."""
    x, y = bqplot.LinearScale(), bqplot.LinearScale(min=-0.5, max=len(rows) - 0.5)
    colors = bqplot.ColorScale(min=0, max=1, colors=["#1976d2", "#9e9e9e", "#d32f2f"])
    places = {len(rows) - 1 - place: _short(name) for place, (name, _, _) in enumerate(rows)}
    marks = [
        bqplot.Scatter(
            x=values,
            y=_spread(values, level),
            color=shades,
            scales={"x": x, "y": y, "color": colors},
            default_size=14,
            opacities=[0.7],
        )
        for (level, _), (_, values, shades) in zip(places.items(), rows, strict=True)
    ]
    zero = bqplot.Lines(
        x=[0, 0], y=[-0.5, len(rows) - 0.5], scales={"x": x, "y": y}, colors=[_FAINT], line_style="dashed"
    )
    drawn = figure(title, [zero, *marks], x, y, x_label, "", left=150)
    drawn.axes[1].tick_values = list(places)
    drawn.axes[1].tick_labels = {str(level): name for level, name in places.items()}
    drawn.layout.height = f"{min(height, 90 + 40 * len(rows))}px"
    key = ipywidgets.HTML("<small>colour: value of the feature, low (blue) to high (red)</small>")
    return ipywidgets.VBox([drawn, key])


def _spread(values: Any, level: int) -> list[float]:
    """Return heights around a level, so that points of nearly equal value do not hide each other."""
    order = sorted(range(len(values)), key=lambda place: values[place])
    heights = [0.0] * len(order)
    for turn, place in enumerate(order):
        heights[place] = level + ((turn * 7) % 13 - 6) / 24
    return heights


class Forces:
    """What each feature adds to one prediction, with a choice of the row."""

    def __init__(self, keys: Sequence[Any], contributions: Any, rows: Any, height: int = 400) -> None:
        self._contributions, self._rows = contributions, rows
        names, values = bqplot.OrdinalScale(), bqplot.LinearScale()
        self._bars = bqplot.Bars(
            x=[], y=[], scales={"x": names, "y": values}, orientation="horizontal", padding=0.25, base=0
        )
        self._figure = figure("", [self._bars], values, names, "Contribution to the prediction", "", left=190)
        self._figure.layout.height = f"{min(height, 420)}px"
        self.choice = ipywidgets.Dropdown(
            description="Row", options=[(str(key), place) for place, key in enumerate(keys)]
        )
        self.choice.observe(lambda _: self._show(), names="value")
        self.widget = ipywidgets.VBox([self.choice, self._figure])
        self._show()

    def _show(self) -> None:
        place = self.choice.value
        found = self._contributions.iloc[place]
        top = found.abs().sort_values().index[-_MOST_BARS:]
        with self._bars.hold_sync():
            self._bars.x = [self._label(place, name) for name in top]
            self._bars.y = [float(found[name]) for name in top]
            self._bars.colors = [_BRAND]
        self._figure.title = f"What made the prediction of row {self.choice.label}"

    def _label(self, place: int, name: str) -> str:
        if name not in self._rows:
            return _short(name)
        value = self._rows.iloc[place][name]
        return f"{_short(name)} = {value:.4g}" if isinstance(value, float) else f"{_short(name)} = {_short(str(value))}"


def _ticks(names: int) -> int:
    """Return the number of ticks of which bqplot makes every n-th name, so that few enough stand side by side."""
    every = max(1, math.ceil(names / _NAMES_SIDE_BY_SIDE))
    return names // every + 1
