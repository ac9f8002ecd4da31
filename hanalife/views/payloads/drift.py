"""Drift checks, their windows and alerts, as a view is given them."""

from __future__ import annotations

from typing import Literal, TypedDict

from hanalife.views.payloads.words import Instant, JsonNumber

VerdictWord = Literal["drift", "no_drift", "unknown"]
PerformanceKind = Literal["measured", "estimated"]


class RecentCheck(TypedDict):
    """The verdict of one of the last checks, for a small strip."""

    window: str
    verdict: VerdictWord


class SpentAlarmBudget(TypedDict):
    """What the checks of a schedule have spent of its alarm budget, and how near the next alarm is."""

    task_id: str
    per: str
    false_alarms: JsonNumber
    spent: JsonNumber
    evidence: JsonNumber
    alarm_threshold: JsonNumber


class DriftSeriesRow(TypedDict):
    """The checks of one segment against one reference, in a list. Its id is that of its first check."""

    series_id: str
    reference: str
    segment: str
    checks: int
    open_alerts: int
    last_at: Instant
    recent: list[RecentCheck]


class DriftPayload(TypedDict):
    """All that the list of drift checks shows."""

    contract: int
    seq: int
    database: str
    absent: list[str]
    series: list[DriftSeriesRow]


class DriftSeriesChange(TypedDict):
    """Series that came, changed or went."""

    changed: list[DriftSeriesRow]
    removed: list[str]


class DriftDelta(TypedDict):
    """What turns the payload number ``seq - 1`` into number ``seq``."""

    contract: int
    seq: int
    absent: list[str]
    series: DriftSeriesChange


class DriftMeasure(TypedDict):
    """How far a column moved in one measure, with its 95 % interval, or the reason why none is shown."""

    measure: str
    value: JsonNumber
    low: JsonNumber
    high: JsonNumber
    minimum: JsonNumber | None
    withheld: str


class DriftCell(TypedDict):
    """One column in one window."""

    verdict: VerdictWord
    indicator: JsonNumber
    effect: DriftMeasure | None


class DriftColumn(TypedDict):
    """A watched column, and its part: feature, label, prediction, or rows for all columns together."""

    name: str
    role: str


class Acknowledgement(TypedDict):
    """Who has seen an alert."""

    at: Instant
    by: str
    note: str


class DriftWindow(TypedDict):
    """One check: a cell for each column, null where it was not compared."""

    check_id: str
    window: str
    current: str
    reference_rows: int
    current_rows: int
    verdict: VerdictWord
    single_verdict: VerdictWord | None
    created_at: Instant
    cells: list[DriftCell | None]


class DriftAlert(TypedDict):
    """A check that found drift: in which columns or metrics, strongest first, and who has seen it."""

    check_id: str
    window: str
    current: str
    current_rows: int
    created_at: Instant
    what: list[str]
    acknowledged: Acknowledgement | None


class PerformancePoint(TypedDict):
    """How well a classifier did in a window by one metric, with its 95 % interval."""

    check_id: str
    window: str
    created_at: Instant
    current_rows: int
    metric: str
    kind: PerformanceKind
    value: JsonNumber
    low: JsonNumber
    high: JsonNumber
    change: DriftMeasure | None
    verdict: VerdictWord
    reason: str


class DriftDetail(TypedDict):
    """All that is known of a series: its newest windows, oldest first, and alerts, newest first."""

    contract: int
    series: DriftSeriesRow
    columns: list[DriftColumn]
    windows: list[DriftWindow]
    performance: list[PerformancePoint]
    alerts: list[DriftAlert]
    assumptions: list[str]
    budget: SpentAlarmBudget | None


class DriftBin(TypedDict):
    """Rows of both sides whose values fall into a bin."""

    label: str
    reference: int
    current: int


class CheckedColumn(TypedDict):
    """All that a check found of one column."""

    name: str
    role: str
    verdict: VerdictWord
    indicator: JsonNumber
    p_value: JsonNumber
    effect: DriftMeasure | None
    others: list[DriftMeasure]
    rows_needed: int | None
    reason: str
    bins: list[DriftBin]
    single_verdict: VerdictWord | None
    evidence: JsonNumber | None


class CheckDetail(TypedDict):
    """All that one check found; the columns that moved most come first."""

    contract: int
    check_id: str
    series_id: str
    reference: str
    current: str
    segment: str
    window: str
    reference_rows: int
    current_rows: int
    verdict: VerdictWord
    error_rate: JsonNumber
    created_at: Instant
    notes: list[str]
    acknowledged: Acknowledgement | None
    columns: list[CheckedColumn]
    single_verdict: VerdictWord | None
    budget: SpentAlarmBudget | None
