"""Reading, comparing and judging: what both faces of drift are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from hanalife.clock import Clock, IdSource, new_id, utc_now
from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import bins, comparison, learning, reading, targets, two_sample, verdict
from hanalife.drift.bins import Binning
from hanalife.drift.comparison import Counted, Limits
from hanalife.drift.learning import Watched
from hanalife.drift.reading import Summary
from hanalife.drift.reference import Reference, label_of
from hanalife.drift.verdict import Estimate
from hanalife.errors import InvalidArgumentError
from hanalife.records import DriftCheck, DriftResult, TargetShift

FEATURE, LABEL, PREDICTION = "feature", "label", "prediction"
_NUMBERS = ("INT", "DOUBLE", "DECIMAL", "REAL", "FLOAT", "NUMERIC")
_MOMENTS = ("DATE", "TIMESTAMP")


@dataclass(frozen=True, slots=True)
class Treatment:
    """How values are read before they are counted."""

    nominal: frozenset[str] = frozenset()  #: columns whose values are categories, whatever their type
    numbers: frozenset[str] = frozenset()  #: columns of text that holds numbers
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: column -> texts for a missing value

    def clean(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch as it is to be counted."""
        touched = {*self.nominal, *self.numbers, *self.missing} & set(batch.schema.names)
        for name in sorted(touched):
            values = bins.without(batch.column(name), self.missing.get(name, ()))
            values = values.cast(pa.string()) if name in self.nominal else values
            values = values.cast(pa.float64()) if name in self.numbers else values
            batch = batch.set_column(batch.schema.get_field_index(name), name, values)
        return batch


@dataclass(frozen=True, slots=True)
class Method:
    """How rows are compared."""

    limits: Limits = field(default_factory=Limits)
    treatment: Treatment = field(default_factory=Treatment)
    two_sample: bool = False
    seed: int = 0
    clock: Clock = utc_now
    ids: IdSource = new_id

    @property
    def sample_rows(self) -> int:
        """The rows of each side that are kept for the two-sample test."""
        return reading.SAMPLE_ROWS if self.two_sample else 0


def watched(
    data: DataFrame,
    features: str | Sequence[str] | None,
    label: str | None,
    prediction: str | None = None,
    weight: str | None = None,
) -> dict[str, str]:
    """Return the columns to watch with their roles, in order."""
    given = [features] if isinstance(features, str) else features
    others = [name for name in (label, prediction, weight) if name is not None]
    chosen = [name for name in data.columns if name not in others] if given is None else list(given)
    names.require(chosen, data.columns, "features")
    for argument, name in (("label", label), ("prediction", prediction)):
        if name is not None:
            names.require([name], data.columns, argument)
    if not chosen:
        raise InvalidArgumentError("features: name at least one column to watch.")
    roles = dict.fromkeys(chosen, FEATURE)
    _check_weight(data, weight, [*chosen, *_given(label), *_given(prediction)])
    return roles | {name: role for name, role in ((label, LABEL), (prediction, PREDICTION)) if name is not None}


def learn(
    data: DataFrame, roles: Mapping[str, str], method: Method, segment: str | None = None, weight: str | None = None
) -> Reference:
    """Read the reference rows and freeze what is needed of them."""
    if segment is not None:
        names.require([segment], data.columns, "segment_column_name")
        roles = {name: role for name, role in roles.items() if name != segment}
    split = reading.whole if segment is None else reading.by_value(segment)
    rows = data.select(list(dict.fromkeys([*roles, *_given(segment), *_given(weight)])))
    watching = Watched(list(roles), weight, label_of(roles), method.sample_rows)
    segments = learning.learn(rows, watching, method.treatment.clean, split, method.seed)
    if not segments:
        raise InvalidArgumentError("reference_data: has no rows; nothing can be learned from it.")
    for name, (_, summary) in segments.items():
        _refuse_weightless(weight, summary, name)
    return Reference(describe(data), dict(roles), _types(data, roles), segments, weight)


def _given(name: str | None) -> list[str]:
    return [] if name is None else [name]


def _refuse_weightless(weight: str | None, summary: Summary, group: str) -> None:
    if weight is not None and summary.rows and not summary.weight:
        where = f" of {group}" if group else ""
        raise InvalidArgumentError(f"weight: {weight} is 0 in all rows{where}; nothing would count.")


def summarise(
    reference: Reference, data: DataFrame, method: Method, split: reading.Split, extra: str | None, *, by_segment: bool
) -> dict[str, Summary]:
    """Read current rows once, each group over the bins of its segment, or all over those of the only one."""
    columns = [*shared_columns(reference, data), *_given(extra), *_given(reference.weight)]
    if reference.weight is not None and not data.has(reference.weight):
        raise InvalidArgumentError(
            f"new_data: has no column {reference.weight}, by which the reference rows are weighted. Add it; 1 in "
            "every row lets each count once."
        )
    layouts = {name: reference.layout(name) for name in reference.segments}
    found = reading.summarise(
        data.select(list(dict.fromkeys(columns))),
        lambda group: layouts.get(group if by_segment else ""),
        *(method.treatment.clean, split, method.seed + 1, method.sample_rows),
    )
    for group, summary in found.items():
        _refuse_weightless(reference.weight, summary, group)
    return found


def checks_of(reference: Reference, data: DataFrame, method: Method, segment: str | None = None) -> list[DriftCheck]:
    """Compare all current rows with the reference, or those of each segment with its own, in order.

    Segments without a current row, or that the reference does not know, are left out.

    Raises
    ------
    UnknownColumnError, InvalidArgumentError
        The segment is no column, or rows cannot be compared.
    """
    if segment is not None:
        names.require([segment], data.columns, "segment_column_name")
    split = reading.whole if segment is None else reading.by_value(segment)
    found = summarise(reference, data, method, split, segment, by_segment=segment is not None)
    source = describe(data)
    return [check(reference, name, found[name], source, method) for name in sorted(found) if found[name].rows]


def require_segments(reference: Reference, segment: str | None = None) -> Reference:
    """Return a reference that has segments exactly if a column of these is given."""
    if (segment is None) == (list(reference.segments) == [""]):
        return reference
    if segment is None:
        known = ", ".join(reference.segments)
        raise InvalidArgumentError(
            f"reference: has the segments {known}; compare by them with conn.drift.segments or create_drift_task."
        )
    raise InvalidArgumentError(
        f"segment_column_name: the reference was not learned by {segment}; give its rows, a DataFrame, as reference, "
        "or learn it with segment_column_name."
    )


def shared_columns(reference: Reference, data: DataFrame) -> list[str]:
    """Return the watched columns that current rows have.

    Raises
    ------
    InvalidArgumentError
        They have none, or one of another type.
    """
    shared = [name for name in reference.roles if data.has(name)]
    if not shared:
        raise InvalidArgumentError(f"new_data: has none of the watched columns {', '.join(reference.roles)}.")
    _refuse_retyped(reference, data, shared)
    return shared


def _refuse_retyped(reference: Reference, data: DataFrame, shared: Sequence[str]) -> None:
    for name, kind in _types(data, shared).items():
        if family(kind) != family(reference.types[name]):
            raise InvalidArgumentError(
                f"new_data: {name} is {kind}, but {reference.types[name]} in the reference. "
                "Cast it, or fit a new reference."
            )


def family(kind: str) -> str:
    """Return whether a column type holds numbers, moments or categories."""
    if any(word in kind for word in _NUMBERS):
        return bins.NUMBER
    return bins.MOMENT if any(word in kind for word in _MOMENTS) else bins.CATEGORY


def _types(data: DataFrame, columns: Any) -> dict[str, str]:
    wanted = set(columns)
    return {spec.name: spec.type for spec in data.specs if spec.name in wanted}


def check(
    reference: Reference,
    segment: str,
    current: Summary,
    source: str,
    method: Method,
    *,
    before: Summary | None = None,
    window: str = "",
) -> DriftCheck:
    """Compare one group of current rows with its reference, or with the rows ``before`` them."""
    binnings, learned = reference.segments[segment]
    base = learned if before is None else before
    rows = base.rows, current.rows
    worth = base.efficiency, current.efficiency
    columns = {
        name: Counted(binnings[name], base.counts[name], current.counts[name], reference.roles[name], worth).times(
            (base.unit, current.unit)
        )
        for name in binnings
        if name in current.counts and name in base.counts
    }
    notes = [] if reference.weight is None else [_weighing(reference.weight, base, current)]
    others: dict[str, tuple[str, Estimate, float]] = {}
    if method.two_sample:
        said, others = _joint_test(reference, binnings, base, current, method)
        notes += said
    results = [*comparison.compare(columns, rows, method.limits, others, method.seed)]
    results = _with_shifts(reference, segment, (base, current), method.limits, results)
    features = [one.verdict for one in results]
    for name, role in reference.roles.items():
        if name not in columns and role == FEATURE:
            results.append(comparison.absent(name, role))
            features.append(verdict.UNKNOWN)
        elif name not in columns:
            notes.append(f"{name}: the current rows have no {role} yet; it was not compared")
    return DriftCheck(
        check_id=method.ids(),
        reference=reference.source if before is None else f"{source} (the window before)",
        current=source,
        reference_rows=rows[0],
        current_rows=rows[1],
        verdict=verdict.overall(features),
        created_at=method.clock(),
        results=tuple(sorted(results, key=lambda one: one.column)),
        segment=segment,
        window=window,
        error_rate=method.limits.error_rate,
        notes=tuple(notes),
    )


def _check_weight(data: DataFrame, weight: str | None, watching: Sequence[str]) -> None:
    if weight is None:
        return
    names.require([weight], data.columns, "weight")
    if weight in watching:
        raise InvalidArgumentError(f"weight: {weight} is also watched; leave it out of features, label and prediction.")
    if family(kind := _types(data, [weight])[weight]) != bins.NUMBER:
        raise InvalidArgumentError(f"weight: {weight} is {kind}; a column of numbers is needed.")


def _weighing(weight: str, base: Summary, current: Summary) -> str:
    sides = (
        f"{summary.rows:,} {side} rows are worth {summary.rows * summary.efficiency:,.0f} of equal weight"
        for side, summary in (("reference", base), ("current", current))
    )
    return f"rows are weighted by {weight}; in intervals {' and '.join(sides)} (Kish's effective sample size)"


def _with_shifts(
    reference: Reference,
    segment: str,
    sides: tuple[Summary, Summary],
    limits: Limits,
    results: Sequence[DriftResult],
) -> list[DriftResult]:
    """Return the results with what rows weigh, and how the label moved within the bins of the column."""
    before, after = sides
    layout = reference.layout(segment)
    found: dict[str, tuple[TargetShift, ...]] = {}
    if layout is not None and layout.target is not None:
        both = [name for name in layout.binnings if name in before.within and name in after.within]
        pairs = {name: (layout.binnings[name], before.within[name], after.within[name]) for name in both}
        found = targets.shifts(layout.target, pairs, limits)
    weights = None if reference.weight is None else (before.weight, after.weight)
    return [replace(one, weights=weights, shifts=found.get(one.column, ())) for one in results]


def _joint_test(
    reference: Reference, binnings: Mapping[str, Binning], base: Summary, current: Summary, method: Method
) -> tuple[list[str], dict[str, tuple[str, Estimate, float]]]:
    """Return notes and the two-sample test of all columns, if there are rows for it."""
    if reference.weight is not None:
        return ["the two-sample test knows no weights; it was left out"], {}
    first, second = base.sample.rows, current.sample.rows
    if first is None or second is None:
        return ["the two-sample test needs rows of both sides; a stored reference keeps none"], {}
    sizes = first.num_rows, second.num_rows
    if min(sizes) < two_sample.FEWEST_ROWS:
        return [f"the two-sample test needs {two_sample.FEWEST_ROWS} rows on each side"], {}
    shared = {name: binning for name, binning in binnings.items() if name in second.schema.names}
    found = two_sample.separate(first.select(list(shared)), second, shared, method.seed)
    explained = ", ".join(f"{name} {share:.0%}" for name, share in found.explained_by[:5])
    sampled = (
        f"the two-sample test saw a random sample: {sizes[0]:,} of {base.rows:,} reference rows, "
        f"{sizes[1]:,} of {current.rows:,} current rows"
    )
    notes = [sampled, f"what the two-sample test went by: {explained or 'nothing'}"]
    area = two_sample.minimum_area(method.limits.psi)
    return notes, {comparison.ALL_COLUMNS: ("auc", found.area, area)}


def alarms(check: DriftCheck) -> list[DriftResult]:
    """Return what drifted, strongest first."""
    return sorted((one for one in check.results if one.drifted), key=lambda one: (-one.indicator, one.column))


def describe(data: DataFrame) -> str:
    """Return the table that rows come from, or the query."""
    return data.source_table["TABLE_NAME"] if data.source_table else data.select_statement
