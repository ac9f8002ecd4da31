"""What is different between two runs. Pure: values in, values out."""

from __future__ import annotations

import difflib
import html
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hanalife import evidence
from hanalife.evidence import MetricKey
from hanalife.observation import MetricSource
from hanalife.tracking.events import plain

if TYPE_CHECKING:
    from hanalife.tracking.run_facts import RunFacts

_SHOWN = 40  # lines of one section, and characters of a value


@dataclass(frozen=True, slots=True)
class Change:
    """A value that is different; None where a run has none."""

    name: str
    left: Any
    right: Any


@dataclass(frozen=True, slots=True)
class MetricChange:
    """A metric that is different; values of different sources stand side by side without a difference."""

    name: str  #: ``AUC@test``, or ``AUC@test vs AUC@validation``; a metric that was logged by hand has no source
    left: float | str | None
    right: float | str | None
    difference: float | None  #: right - left, of two numbers of one source
    relative: float | None  #: difference / abs(left); None where left is 0
    left_source: MetricSource | None = None  #: None where left is None
    right_source: MetricSource | None = None


@dataclass(frozen=True, slots=True)
class CurveChange:
    """A curve that is different."""

    name: str
    left_points: int
    right_points: int
    largest_difference: float | None  #: over the x that both have; None if they share none


@dataclass(frozen=True, slots=True)
class RowChanges:
    """How many rows are new, gone, or the same by their key with other values."""

    key: str
    added: int
    removed: int
    changed: int
    changed_columns: Mapping[str, int]  #: column -> rows whose value is another


@dataclass(frozen=True, slots=True)
class ColumnShift:
    """How far the values of a column moved."""

    column: str
    left_mean: float | None  #: of numbers
    right_mean: float | None
    left_missing: float  #: share of rows, 0 to 1
    right_missing: float
    standardized: float | None  #: difference of the means in standard deviations of the left


@dataclass(frozen=True, slots=True)
class DataChange:
    """How the data of two runs differ; empty if they are the same."""

    left_hash: str | None
    right_hash: str | None
    left_rows: int | None
    right_rows: int | None
    columns: tuple[Change, ...]  #: of their types; None where a run has not the column
    rows: RowChanges | None = None  #: None unless the rows of both runs can still be read
    shifts: tuple[ColumnShift, ...] = ()

    @property
    def is_same(self) -> bool:
        """Say whether both runs saw the same rows, as far as is known."""
        return self.left_hash == self.right_hash and not self.columns


@dataclass(frozen=True, slots=True)
class RunComparison:
    """What is different between two runs, ``left`` and ``right``."""

    left: str  #: ``experiment/name``
    right: str
    left_run_id: str
    right_run_id: str
    parameters: tuple[Change, ...]
    data: DataChange
    environment: tuple[Change, ...]  #: Python, machine, and packages by name
    code: tuple[Change, ...]  #: commit, branch, uncommitted changes, script
    code_diff: str  #: how the uncommitted changes differ, as a unified diff
    metrics: tuple[MetricChange, ...]
    curves: tuple[CurveChange, ...]
    tags: tuple[Change, ...] = ()

    @property
    def is_same(self) -> bool:
        """Say whether the runs differ in nothing but their tags."""
        parts = self.parameters, self.environment, self.code, self.metrics, self.curves
        return self.data.is_same and not any(parts)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain JSON values; NaN and infinities are texts."""
        return {name: plain(value) for name, value in asdict(self).items()}

    def __str__(self) -> str:
        lines = [f"{self.left} ({self.left_run_id})", f"{self.right} ({self.right_run_id})"]
        for title, rows in self._sections():
            lines += ["", title, *(f"  {name}: {left} -> {right}{more}" for name, left, right, more in rows[:_SHOWN])]
            if len(rows) > _SHOWN:
                lines.append(f"  and {len(rows) - _SHOWN} more")
        return "\n".join(lines if len(lines) > 2 else [*lines, "", "no difference"])

    def _repr_html_(self) -> str:
        head = f"<tr><th></th><th>{_escaped(self.left)}</th><th>{_escaped(self.right)}</th><th></th></tr>"
        body = ""
        for title, rows in self._sections():
            body += f'<tr><th colspan="4">{_escaped(title)}</th></tr>'
            body += "".join(
                f"<tr>{''.join(f'<td>{_escaped(cell)}</td>' for cell in row)}</tr>" for row in rows[:_SHOWN]
            )
        empty = '<tr><td colspan="4">no difference</td></tr>'
        return f"<table>{head}{body or empty}</table>"

    def _sections(self) -> list[tuple[str, list[tuple[str, str, str, str]]]]:
        sections = [
            ("parameters", _shown(self.parameters)),
            ("data", _shown_data(self.data)),
            ("environment", _shown(self.environment)),
            ("code", _shown(self.code)),
            ("uncommitted changes", [("", line, "", "") for line in self.code_diff.splitlines()]),
            ("metrics", [_shown_metric(change) for change in self.metrics]),
            ("curves", [_shown_curve(change) for change in self.curves]),
            ("tags", _shown(self.tags)),
        ]
        return [(title, rows) for title, rows in sections if rows]


def compare(left: RunFacts, right: RunFacts) -> RunComparison:
    """Return what is different between the facts of two runs."""
    return RunComparison(
        left=f"{left.run.experiment_id}/{left.run.name}",
        right=f"{right.run.experiment_id}/{right.run.name}",
        left_run_id=left.run.run_id,
        right_run_id=right.run.run_id,
        parameters=changes(left.params, right.params),
        data=data_change(left.dataset, right.dataset),
        environment=surroundings("environment", left.environment, right.environment),
        code=surroundings("code", left.code, right.code),
        code_diff=_code_diff(left.code, right.code),
        metrics=metric_changes(left.metrics, right.metrics),
        curves=_curve_changes(left.curves, right.curves),
        tags=changes(left.tags, right.tags),
    )


def changes(left: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the values of two mappings that are different, by name.

    >>> changes({"a": 1, "b": 2}, {"b": 3})
    (Change(name='a', left=1, right=None), Change(name='b', left=2, right=3))
    """
    names = sorted({*left, *right})
    pairs = [Change(name, left.get(name), right.get(name)) for name in names]
    return tuple(pair for pair in pairs if not _is_same(pair.left, pair.right))


def surroundings(what: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return how two recorded environments, or two states of the code, differ."""
    facts = _environment if what == "environment" else _code
    return changes(facts(left), facts(right))


def _is_same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right):
        return True
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


Metrics = Mapping[MetricKey, float | str]


def metric_changes(left: Metrics, right: Metrics) -> tuple[MetricChange, ...]:
    """Return the metrics that are different, by base name and source.

    Like is compared with like. Of what only one run has, the sources that count most as evidence are
    shown side by side, if both have one.
    """
    sides = [_by_base(evidence.by_metric(metrics)) for metrics in (left, right)]
    return tuple(
        change
        for metric in sorted({*sides[0], *sides[1]})
        for change in _changes_of(metric, *(s.get(metric, {}) for s in sides))
    )


def _by_base(metrics: Metrics) -> dict[str, dict[MetricSource, float | str]]:
    found: dict[str, dict[MetricSource, float | str]] = {}
    for key, value in metrics.items():
        found.setdefault(key.name, {})[key.source] = value
    return found


def _changes_of(
    metric: str, left: Mapping[MetricSource, float | str], right: Mapping[MetricSource, float | str]
) -> Iterator[MetricChange]:
    """Yield the changes of one metric, whose values come by source in the order of evidence."""
    for source in (source for source in left if source in right):
        if not _is_same(left[source], right[source]):
            yield _change(metric, source, left[source], right[source])
    only = [source for source in left if source not in right], [source for source in right if source not in left]
    for ours, theirs in itertools.zip_longest(*only):
        yield MetricChange(
            name=" vs ".join(_labelled(metric, source) for source in (ours, theirs) if source is not None),
            left=None if ours is None else left[ours],
            right=None if theirs is None else right[theirs],
            difference=None,
            relative=None,
            left_source=ours,
            right_source=theirs,
        )


def _change(metric: str, source: MetricSource, left: float | str, right: float | str) -> MetricChange:
    name = _labelled(metric, source)
    if isinstance(left, str) or isinstance(right, str):
        return MetricChange(name, left, right, None, None, source, source)
    difference = float(right) - float(left)
    return MetricChange(name, left, right, difference, difference / abs(left) if left else None, source, source)


def _labelled(metric: str, source: MetricSource) -> str:
    return metric if source is MetricSource.USER else f"{metric}@{source}"


def data_change(left: Mapping[str, Any], right: Mapping[str, Any]) -> DataChange:
    """Return how two recorded data sets differ, by what is recorded of them."""
    return DataChange(
        left_hash=left.get("CONTENT_HASH"),
        right_hash=right.get("CONTENT_HASH"),
        left_rows=left.get("ROWS"),
        right_rows=right.get("ROWS"),
        columns=changes(column_types(left), column_types(right)),
    )


def column_types(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Return the recorded type of each column."""
    return {column["COLUMN_NAME"]: column["COLUMN_TYPE"] for column in dataset.get("COLUMN_SPEC", ())}


def _environment(environment: Mapping[str, Any]) -> dict[str, Any]:
    packages = dict(lock.split("==", 1) for lock in environment.get("PACKAGES", ()) if "==" in lock)
    rest = {name: value for name, value in environment.items() if name not in {"PACKAGES", "MACHINE"}}
    return {**rest, **environment.get("MACHINE", {}), **packages}


def _code(code: Mapping[str, Any]) -> dict[str, Any]:
    git, script = code.get("GIT", {}), code.get("SCRIPT", {})
    facts = {"commit": git.get("COMMIT"), "branch": git.get("BRANCH"), "uncommitted": git.get("DIFF_SHA256")}
    facts |= {"script": script.get("PATH"), "script_sha256": script.get("SHA256")}
    return {name: value for name, value in facts.items() if value is not None}


def _code_diff(left: Mapping[str, Any], right: Mapping[str, Any]) -> str:
    before, after = (code.get("GIT", {}).get("DIFF", "").splitlines() for code in (left, right))
    return "\n".join(difflib.unified_diff(before, after, "left", "right", lineterm="", n=1))


Curve = Sequence[tuple[float, float]]


def _curve_changes(left: Mapping[str, Curve], right: Mapping[str, Curve]) -> tuple[CurveChange, ...]:
    names = sorted(name for name in {*left, *right} if left.get(name) != right.get(name))
    return tuple(_curve(name, left.get(name, ()), right.get(name, ())) for name in names)


def _curve(name: str, left: Curve, right: Curve) -> CurveChange:
    there = dict(right)
    shared = [abs(y - there[x]) for x, y in left if x in there]
    return CurveChange(name, len(left), len(right), max(shared, default=None))


# --- to read ----------------------------------------------------------------------------------


def _shown(found: Sequence[Change]) -> list[tuple[str, str, str, str]]:
    return [(change.name, _text(change.left), _text(change.right), "") for change in found]


def _shown_data(data: DataChange) -> list[tuple[str, str, str, str]]:
    if data.is_same:
        return []
    rows = [("rows", _text(data.left_rows), _text(data.right_rows), "")]
    rows.append(("content", _text(data.left_hash)[:13], _text(data.right_hash)[:13], ""))
    if data.rows is not None:
        counts = f"{data.rows.added} added, {data.rows.removed} removed, {data.rows.changed} changed"
        rows.append((f"rows by {data.rows.key}", "", "", counts))
    rows += _shown(data.columns)
    for shift in data.shifts:
        moved = "" if shift.standardized is None else f" ({shift.standardized:+.3g} standard deviations)"
        rows.append((f"mean of {shift.column}", _text(shift.left_mean), _text(shift.right_mean), moved))
    return rows


def _shown_metric(change: MetricChange) -> tuple[str, str, str, str]:
    more = "" if change.difference is None else f" ({change.difference:+.6g}"
    if change.relative is not None:
        more += f", {change.relative:+.3%}"
    return change.name, _text(change.left), _text(change.right), more and more + ")"


def _shown_curve(change: CurveChange) -> tuple[str, str, str, str]:
    most = change.largest_difference
    more = "" if most is None else f" (differ by {most:.6g} at most)"
    return change.name, f"{change.left_points} points", f"{change.right_points} points", more


def _text(value: Any) -> str:
    if value is None:
        return "-"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _escaped(text: str) -> str:
    return html.escape(text)
