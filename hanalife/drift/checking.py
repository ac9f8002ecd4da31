"""Reading, comparing and judging: what both faces of drift are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from hanalife.clock import Clock, IdSource, new_id, utc_now
from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import (
    bins,
    comparison,
    compatibility,
    dependence_notes,
    learning,
    reading,
    sequential,
    targets,
    two_sample,
    verdict,
)
from hanalife.drift.bins import Binning
from hanalife.drift.comparison import Counted, Limits
from hanalife.drift.dependence import DesignEffect, design_effects
from hanalife.drift.learning import Watched
from hanalife.drift.reading import Summary
from hanalife.drift.reference import Reference, label_of
from hanalife.drift.row_order import RowOrder
from hanalife.drift.verdict import Estimate
from hanalife.errors import InvalidArgumentError
from hanalife.records import DriftCheck, DriftResult, TargetShift

FEATURE, LABEL, PREDICTION = "feature", "label", "prediction"


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
    n_streams: int | None = None  #: of an alarm budget: columns times segments
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
    order: RowOrder | None = None,
) -> dict[str, str]:
    """Return the columns to watch with their roles, in order."""
    given = [features] if isinstance(features, str) else features
    others = [*_given(label), *_given(prediction), *_given(weight), *_column_of(order)]
    chosen = [name for name in data.columns if name not in others] if given is None else list(given)
    names.require(chosen, data.columns, "features")
    for argument, name in (("label", label), ("prediction", prediction)):
        if name is not None:
            names.require([name], data.columns, argument)
    if not chosen:
        raise InvalidArgumentError("features: name at least one column to watch.")
    roles = dict.fromkeys(chosen, FEATURE)
    watching = [*chosen, *_given(label), *_given(prediction)]
    _check_weight(data, weight, watching)
    _check_order(data, order, watching)
    return roles | {name: role for name, role in ((label, LABEL), (prediction, PREDICTION)) if name is not None}


def learn(
    data: DataFrame,
    roles: Mapping[str, str],
    method: Method,
    segment: str | None = None,
    weight: str | None = None,
    order: RowOrder | None = None,
) -> Reference:
    """Read the reference rows and freeze what is needed of them."""
    if segment is not None:
        names.require([segment], data.columns, "segment_column_name")
        roles = {name: role for name, role in roles.items() if name != segment}
    split = reading.whole if segment is None else reading.by_value(segment)
    rows = data.select(list(dict.fromkeys([*roles, *_given(segment), *_given(weight), *_column_of(order)])))
    watching = Watched(list(roles), weight, label_of(roles), method.sample_rows, order)
    segments = learning.learn(rows, watching, method.treatment.clean, split, method.seed)
    if not segments:
        raise InvalidArgumentError("reference_data: has no rows; nothing can be learned from it.")
    for name, (_, summary) in segments.items():
        _refuse_weightless(weight, summary, name)
    return Reference(describe(data), dict(roles), compatibility.column_types(data, roles), segments, weight, order)


def _given(name: str | None) -> list[str]:
    return [] if name is None else [name]


def _column_of(order: RowOrder | None) -> list[str]:
    return [] if order is None else [order.column]


def _check_order(data: DataFrame, order: RowOrder | None, watching: Sequence[str]) -> None:
    if order is None:
        return
    order.check(data)
    if order.column in watching:
        raise InvalidArgumentError(
            f"{order.argument}: {order.column} is also watched; leave it out of features, label and prediction."
        )


def _refuse_weightless(weight: str | None, summary: Summary, group: str) -> None:
    if weight is not None and summary.rows and not summary.weight:
        where = f" of {group}" if group else ""
        raise InvalidArgumentError(f"weight: {weight} is 0 in all rows{where}; nothing would count.")


def summarise(
    reference: Reference,
    data: DataFrame,
    method: Method,
    split: reading.Split,
    extra: str | None,
    *,
    by_segment: bool,
    observe: Callable[[pa.RecordBatch], None] | None = None,
) -> dict[str, Summary]:
    """Read current rows once, each group over the bins of its segment, or all over those of the only one."""
    columns = [*compatibility.shared_columns(reference, data), *_given(extra), *_given(reference.weight)]
    columns += _column_of(reference.order)
    if reference.weight is not None and not data.has(reference.weight):
        raise InvalidArgumentError(
            f"new_data: has no column {reference.weight}, by which the reference rows are weighted. Add it; 1 in "
            "every row lets each count once."
        )
    compatibility.require_order_column(reference, data)
    layouts = {name: reference.layout(name) for name in reference.segments}
    found = reading.summarise(
        data.select(list(dict.fromkeys(columns))),
        lambda group: layouts.get(group if by_segment else ""),
        *(method.treatment.clean, split, method.seed + 1, method.sample_rows, reference.order, observe),
    )
    for group, summary in found.items():
        _refuse_weightless(reference.weight, summary, group)
    return found


def checks_of(
    reference: Reference,
    data: DataFrame,
    method: Method,
    segment: str | None = None,
    observe: Callable[[pa.RecordBatch], None] | None = None,
) -> list[DriftCheck]:
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
    found = summarise(reference, data, method, split, segment, by_segment=segment is not None, observe=observe)
    source = describe(data)
    return [check(reference, name, found[name], source, method) for name in sorted(found) if found[name].rows]


def window_checks(
    reference: Reference,
    data: DataFrame,
    method: Method,
    split: reading.Split,
    time_column: str | None = None,
    *,
    consecutive: bool = False,
) -> list[DriftCheck]:
    """Compare each window of current rows with the reference, or with the window before, in order."""
    summaries = summarise(reference, data, method, split, time_column, by_segment=False)
    made: list[DriftCheck] = []
    before, source = None, describe(data)
    for window in sorted(window for window, summary in summaries.items() if summary.rows):
        made.append(check(reference, "", summaries[window], source, method, before=before, window=window))
        before = summaries[window] if consecutive else None
    return made


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
    sides = base, current
    rows = base.rows, current.rows
    shared = [name for name in binnings if name in current.counts and name in base.counts]
    columns = {name: _counted(reference, binnings[name], sides, name) for name in shared}
    unresolved = {name: why for name in shared if (why := dependence_notes.unresolved(sides, name))}
    joint_notes, others = _joint_test(reference, binnings, base, current, method) if method.two_sample else ([], {})
    compared = {name: counted for name, counted in columns.items() if name not in unresolved}
    results = [*comparison.compare(compared, rows, method.limits, others, method.seed)]
    identifiers = {result.column for result in results if result.identifier}
    notes = [] if reference.weight is None else [_weighing(reference.weight, base, current)]
    notes += dependence_notes.note(reference.order, sides, [name for name in shared if name not in identifiers])
    notes += joint_notes
    results = [_with_e_value(result, compared, method) for result in results]
    results += [comparison.unresolved(name, columns[name].role, why) for name, why in unresolved.items()]
    results = _with_shifts(reference, segment, (base, current), method.limits, results)
    features = [result.verdict for result in results if not result.identifier]
    for name, role in reference.roles.items():
        if name not in columns and role == FEATURE:
            results.append(comparison.unresolved(name, role, "the current rows have no such column"))
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


def _counted(reference: Reference, binning: Binning, sides: tuple[Summary, Summary], name: str) -> Counted:
    """Return the counts of a column on both sides, and what their rows are worth."""
    base, current = sides
    effects = design_effects([side.design_effects.get(name, DesignEffect()) for side in sides])
    worth = base.efficiency / effects[0].largest, current.efficiency / effects[1].largest
    noise = [1 / max(side.rows * of_row, 1e-9) for side, of_row in zip(sides, worth, strict=True)]
    ratios = [effect.mean / effect.largest for effect in effects]
    bias = sum(share * ratio for share, ratio in zip(noise, ratios, strict=True)) / sum(noise)
    worth_of = "of equal weight" if reference.order is None else "independent ones"
    return Counted(
        *(binning, base.counts[name], current.counts[name], reference.roles[name], worth, worth_of, bias),
        unit=(base.unit, current.unit),
        tallies=(base.tallies.get(name), current.tallies.get(name)),
    )


def _with_e_value(result: DriftResult, columns: Mapping[str, Counted], method: Method) -> DriftResult:
    """Return the result with what it adds to the evidence of its stream, if there is a budget of alarms."""
    is_stream = result.column in columns and result.effect is not None and not result.identifier
    if method.n_streams is None or not is_stream:
        return result
    counts = columns[result.column].frozen
    return replace(result, e_value=sequential.e_value(counts, method.limits.psi, method.n_streams))


def _check_weight(data: DataFrame, weight: str | None, watching: Sequence[str]) -> None:
    if weight is None:
        return
    names.require([weight], data.columns, "weight")
    if weight in watching:
        raise InvalidArgumentError(f"weight: {weight} is also watched; leave it out of features, label and prediction.")
    if compatibility.family(kind := compatibility.column_types(data, [weight])[weight]) != bins.NUMBER:
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
    if layout is not None and layout.target is not None and reference.order is None:
        both = [name for name in layout.binnings if name in before.within and name in after.within]
        pairs = {name: (layout.binnings[name], before.within[name], after.within[name]) for name in both}
        found = targets.shifts(layout.target, pairs, limits)
    weights = None if reference.weight is None else (before.weight, after.weight)
    return [replace(one, weights=weights, shifts=found.get(one.column, ())) for one in results]


def _joint_test(
    reference: Reference, binnings: Mapping[str, Binning], base: Summary, current: Summary, method: Method
) -> tuple[list[str], dict[str, tuple[str, Estimate, float]]]:
    """Return notes and the two-sample test of all columns, if there are rows for it."""
    if reference.order is not None:
        return ["the two-sample test takes rows for independent; it was left out"], {}
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
