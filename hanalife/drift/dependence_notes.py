"""What a check says of rows that depend on each other. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hanalife.drift.dependence import DesignEffect, design_effects
from hanalife.drift.reading import Summary
from hanalife.drift.row_order import RowOrder
from hanalife.drift.serial_correlation import SerialCorrelation

#: So many columns are named; the others are counted.
MAX_NAMED = 5


def unresolved(sides: tuple[Summary, Summary], column: str) -> str:
    """Return why the dependence of the rows of a column cannot be estimated; empty if it is."""
    effects = design_effects([summary.design_effects.get(column, DesignEffect()) for summary in sides])
    reasons = ((side, effect.reason) for side, effect in zip(("reference", "current"), effects, strict=True))
    return next((f"{side} rows: {reason}" for side, reason in reasons if reason), "")


def note(order: RowOrder | None, sides: tuple[Summary, Summary], columns: Collection[str]) -> list[str]:
    """Return the note on dependent rows, if there is one: what they are worth, or which argument to give."""
    if order is not None:
        worth = [text for side, summary in _named(sides) if (text := _worth(side, summary, columns))]
        return [f"rows depend on each other by {order.column}: {' and '.join(worth)}"] if worth else []
    alike = [
        f"{side} rows: {_strongest(correlations)}"
        for side, summary in _named(sides)
        if (correlations := {name: one for name, one in summary.correlations.items() if name in columns})
    ]
    if not alike:
        return []
    observation = f"neighboring rows are alike in stored order ({'; '.join(alike)})"
    remedy = "give time_column_name= or group_column_name="
    return [f"{observation}; intervals that take such rows for independent are too narrow: {remedy}"]


def _named(sides: tuple[Summary, Summary]) -> tuple[tuple[str, Summary], tuple[str, Summary]]:
    return ("reference", sides[0]), ("current", sides[1])


def _worth(side: str, summary: Summary, columns: Collection[str]) -> str:
    effects = {name: one for name, one in summary.design_effects.items() if name in columns and not one.reason}
    if not effects:
        return ""
    order = sorted(effects, key=lambda name: (-effects[name].largest, name))
    least, most = (summary.rows * summary.efficiency / effects[name].largest for name in (order[0], order[-1]))
    to_most = "" if len(order) == 1 else f" to {most:,.0f} ({order[-1]})"
    return f"{summary.rows:,} {side} rows are worth {least:,.0f} ({order[0]}){to_most} independent ones"


def _strongest(correlations: Mapping[str, SerialCorrelation]) -> str:
    order = sorted(correlations, key=lambda name: (-correlations[name].coefficient, name))
    more = f" and {len(order) - MAX_NAMED} more" if len(order) > MAX_NAMED else ""
    named = (
        f"{name} {correlations[name].coefficient:.2f} at lag {correlations[name].lag}" for name in order[:MAX_NAMED]
    )
    return f"{', '.join(named)}{more}"
