"""Tables about a detection, under hana_ml's names and columns.

``Deviation_TargetBasedByCategory`` and ``...ByGroup`` say how the label moved within each bin of the other
columns: an indicator like that of a column (:func:`hanalife.drift.targets.shifts`), and beyond hana_ml's columns
the class whose share is meant (of two the larger, of more the one that moved most) or "mean", its value on both
sides, and the change with its 95 % interval. They have rows if a label was fitted and current rows have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.clock import new_id
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import checking
from hanalife.drift.reference import Reference
from hanalife.errors import InvalidArgumentError
from hanalife.records import DriftCheck, TargetShift

_TEXT, _REAL, _WHOLE = "NVARCHAR(256)", "DOUBLE", "BIGINT"
_LONG = "NCLOB"


def table(context: Any, types: dict[str, str], rows: Iterable[Sequence[Any]]) -> DataFrame:
    """Return a frame over a temporary table of the rows."""
    import pandas as pd

    data = pd.DataFrame(list(rows), columns=list(types))
    made: DataFrame = context.create_from_pandas(data, f"#HL_DRIFT_{new_id()}", types)
    return made


def result_frame(context: Any, checks: Sequence[DriftCheck], *, segmented: bool) -> DataFrame:
    """Return the drifted columns with their indicator, by segment and highest first."""
    rows = [(check.segment, one.column, one.indicator) for check in checks for one in checking.alarms(check)]
    types = {"Segment": _TEXT, "Variable": _TEXT, "Deviation Indicator": _REAL}
    if segmented:
        query = table(context, types, rows).query.subquery()
        order = query.c["Segment"], query.c["Deviation Indicator"].desc()
        return DataFrame.from_query(context, sa.select(query).order_by(*order))
    types.pop("Segment")
    found = table(context, types, [row[1:] for row in rows])
    return found.sort("Deviation Indicator", desc=True)


def summary(context: Any, reference: Reference) -> DataFrame:
    """Return what was learned of each segment."""
    rows = []
    for name, (binnings, counted) in reference.segments.items():
        facts = {"AplTaskStatus": "Succeed", "Rows": str(counted.rows), "Variables": str(len(binnings))}
        rows += [(name, key, value) for key, value in facts.items()]
    return table(context, {"OID": _TEXT, "KEY": _TEXT, "VALUE": _LONG}, rows)


def report(
    context: Any, name: str, checks: Sequence[DriftCheck], deviation_threshold: float | None = None
) -> DataFrame:
    """Return a debrief table by its name.

    Raises
    ------
    InvalidArgumentError
        The name is not known.
    """
    if name not in _REPORTS:
        raise InvalidArgumentError(f"report_name: expected one of {', '.join(_REPORTS)}, got {name!r}.")
    types, rows = _REPORTS[name]
    found = [row for check in checks for row in rows(check)]
    if deviation_threshold is not None and "Deviation Indicator" in types:
        place = list(types).index("Deviation Indicator")
        found = [row for row in found if row[place] > deviation_threshold]
    places = {"#": _WHOLE, **types}
    query = table(context, places, [(place, *row) for place, row in enumerate(found)]).query.subquery()
    columns = [query.c[name] for name in types]
    return DataFrame.from_query(context, sa.select(*columns).order_by(query.c["#"]))


Rows = Callable[[DriftCheck], list[tuple[Any, ...]]]


def _partitions(check: DriftCheck) -> list[tuple[Any, ...]]:
    moment = check.created_at.replace(tzinfo=None)
    both = zip(("Estimation", "ApplyIn"), _weights(check), strict=True)
    return [(check.segment, partition, weight, moment) for partition, weight in both]


def _weights(check: DriftCheck) -> tuple[float, float]:
    """Return what all rows of both sides weigh: their number if each counts once."""
    rows = float(check.reference_rows), float(check.current_rows)
    return next((one.weights for one in check.results if one.weights is not None), rows)


def _frequencies(check: DriftCheck) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    weights = _weights(check)
    for result in check.results:
        for order, (label, before, after) in enumerate(result.bins):
            for partition, rows, total, weight in (
                ("Estimation", before, check.reference_rows, weights[0]),
                ("ApplyIn", after, check.current_rows, weights[1]),
            ):
                place = check.segment, result.column, partition, label
                found.append((*place, 100 * rows / total, rows / total * weight, order))
    return found


def _by_variable(check: DriftCheck) -> list[tuple[Any, ...]]:
    ranked = sorted(check.results, key=lambda one: (-one.indicator, one.column))
    return [(check.segment, one.column, one.indicator) for one in ranked]


def _by_category(check: DriftCheck) -> list[tuple[Any, ...]]:
    """Return how far each bin's share moved, as a share of the largest move of its column, times the indicator."""
    found: list[tuple[Any, ...]] = []
    for result in check.results:
        moves = [abs(after / check.current_rows - before / check.reference_rows) for _, before, after in result.bins]
        most = max(moves, default=0.0) or 1.0
        pairs = zip(result.bins, moves, strict=True)
        found += [(check.segment, result.column, one[0], result.indicator * move / most) for one, move in pairs]
    return sorted(found, key=lambda row: -row[3])


def _changes(check: DriftCheck) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    weights = _weights(check)
    for result in check.results:
        for order, (label, before, after) in enumerate(result.bins):
            old, new = before / check.reference_rows, after / check.current_rows
            heavy = old * weights[0], new * weights[1]
            shares = 100 * old, 100 * new, 100 * (new - old), 100 * abs(new - old)
            found.append((check.segment, result.column, order, label, *heavy, heavy[1] - heavy[0], *shares))
    return sorted(found, key=lambda row: (-row[-1], row[1], row[2]))


def _by_target(check: DriftCheck) -> list[tuple[Any, ...]]:
    """Return how the label moved within each bin, strongest first; its last columns are beyond hana_ml's."""
    found = [
        (check.segment, result.column, one.bin, one.indicator, *_shown(one))
        for result in check.results
        for one in result.shifts
    ]
    return sorted(found, key=lambda row: -row[3])


def _shown(one: TargetShift) -> tuple[Any, ...]:
    return one.target or "mean", one.reference, one.current, one.change, one.low, one.high


def _grouped(types: dict[str, str]) -> dict[str, str]:
    return {name.replace("Category", "Group"): kind for name, kind in types.items()}


_BY_CATEGORY = {"Oid": _TEXT, "Variable": _TEXT, "Category": _LONG, "Deviation Indicator": _REAL}
_BY_TARGET = {
    **_BY_CATEGORY,
    "Target": _LONG,
    "Ref Target": _REAL,
    "New Target": _REAL,
    "Change": _REAL,
    "Change Low": _REAL,
    "Change High": _REAL,
}
_CHANGES = {
    "Oid": _TEXT,
    "Variable": _TEXT,
    "Category Order": _WHOLE,
    "Category": _LONG,
    "Ref Weight": _REAL,
    "New Weight": _REAL,
    "Change": _REAL,
    "Ref % Weight": _REAL,
    "New % Weight": _REAL,
    "% Change": _REAL,
    "Abs % Change": _REAL,
}
_FREQUENCIES = {
    "Oid": _TEXT,
    "Variable": _TEXT,
    "Partition": _TEXT,
    "Category": _LONG,
    "% Weight": _REAL,
    "Weight": _REAL,
    "Category Order": _WHOLE,
}
_PARTITIONS = {"Oid": _TEXT, "Partition": _TEXT, "Weight": _REAL, "Build Date": "TIMESTAMP"}

#: Groups are the bins that categories are counted in, so both counterparts show the same rows.
_REPORTS: dict[str, tuple[dict[str, str], Rows]] = {
    "Statistics_Partition": (_PARTITIONS, _partitions),
    "Statistics_CategoryFrequencies": (_FREQUENCIES, _frequencies),
    "Deviation_ByVariable": ({"Oid": _TEXT, "Variable": _TEXT, "Deviation Indicator": _REAL}, _by_variable),
    "Deviation_ByCategory": (_BY_CATEGORY, _by_category),
    "Deviation_CategoryFrequencies": (_CHANGES, _changes),
    "Deviation_TargetBasedByCategory": (_BY_TARGET, _by_target),
    "Deviation_TargetBasedByGroup": (_grouped(_BY_TARGET), _by_target),
    "Deviation_ByGroup": (_grouped(_BY_CATEGORY), _by_category),
    "Deviation_GroupFrequencies": (_grouped(_CHANGES), _changes),
}
