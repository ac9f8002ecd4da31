"""The frozen reference: what is kept of the rows that later ones are compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.drift.bins import Binning
from hanalife.drift.dependence import DesignEffect
from hanalife.drift.reading import Layout, Summary, unpacked
from hanalife.drift.row_order import RowOrder
from hanalife.drift.row_relations import row_scores
from hanalife.drift.serial_correlation import SerialCorrelation
from hanalife.drift.tallies import unpacked as unpacked_tally
from hanalife.drift.targets import often, target_of


@dataclass(frozen=True, slots=True)
class Reference:
    """Bins and counts of each segment; a sample of rows only while it is in memory."""

    source: str
    roles: Mapping[str, str]  #: watched column -> feature, label or prediction
    types: Mapping[str, str]  #: watched column -> type in SAP HANA's words
    segments: Mapping[str, tuple[Mapping[str, Binning], Summary]]  #: one, named "", if there are no segments
    weight: str | None = None  #: the column that says what a row counts
    order: RowOrder | None = None  #: the column by which dependent rows are read

    @property
    def rows(self) -> int:
        """The number of all rows."""
        return sum(summary.rows for _, summary in self.segments.values())

    @property
    def label(self) -> str | None:
        """The column whose role it is to be the label."""
        return label_of(self.roles)

    def layout(self, segment: str) -> Layout | None:
        """Return what rows of a segment are counted in, or None if the reference has no such segment."""
        if segment not in self.segments:
            return None
        binnings, summary = self.segments[segment]
        scores = {name: row_scores(binning, summary.counts[name]) for name, binning in binnings.items()}
        label = self.label
        if label is None:
            return Layout(binnings, self.weight, None, self.order, scores)
        classes = summary.classes or often(binnings[label], summary.counts[label])
        return Layout(binnings, self.weight, target_of(label, binnings[label], classes), self.order, scores)

    @property
    def has_rows(self) -> bool:
        """Whether a sample of rows is at hand for the two-sample test."""
        return any(summary.sample.parts for _, summary in self.segments.values())

    def content(self, *, rows: bool = False) -> dict[str, Any]:
        """Return it as JSON values, without any row unless the sample for the two-sample test is asked for."""
        return {
            "source": self.source,
            "roles": dict(self.roles),
            "types": dict(self.types),
            "weight": self.weight,
            "order": None if self.order is None else dataclasses.asdict(self.order),
            "segments": [
                {
                    "name": name,
                    "rows": summary.rows,
                    "weights": [summary.weight, summary.squares],
                    **({} if summary.classes is None else {"classes": list(summary.classes)}),
                    **({"sample": summary.sample.packed()} if rows else {}),
                    "columns": {column: _content(binning, summary, column) for column, binning in binnings.items()},
                }
                for name, (binnings, summary) in self.segments.items()
            ],
        }


def label_of(roles: Mapping[str, str]) -> str | None:
    """Return the column whose role it is to be the label, or None."""
    return next((name for name, role in roles.items() if role == "label"), None)


def from_content(content: Mapping[str, Any]) -> Reference:
    """Return the reference that :meth:`Reference.content` described."""
    segments = {segment["name"]: _segment(segment) for segment in content["segments"]}
    order = RowOrder(**content["order"]) if content.get("order") else None
    return Reference(content["source"], content["roles"], content["types"], segments, content.get("weight"), order)


def _content(binning: Binning, summary: Summary, column: str) -> dict[str, Any]:
    within = {"within": summary.within[column].tolist()} if column in summary.within else {}
    related = {
        name: dataclasses.asdict(values[column])
        for name, values in (("design_effect", summary.design_effects), ("correlation", summary.correlations))
        if column in values
    }
    tally = {"tally": summary.tallies[column].packed()} if column in summary.tallies else {}
    counts = summary.counts[column].tolist()
    return {"binning": dataclasses.asdict(binning), "counts": counts, **tally, **within, **related}


def _segment(segment: Mapping[str, Any]) -> tuple[dict[str, Binning], Summary]:
    columns = segment["columns"]
    binnings = {name: _binning(column["binning"]) for name, column in columns.items()}
    counts = {name: np.array(column["counts"]) for name, column in columns.items()}
    within = {name: np.array(column["within"]) for name, column in columns.items() if "within" in column}
    tallies = {name: unpacked_tally(column["tally"]) for name, column in columns.items() if "tally" in column}
    weight, squares = segment.get("weights", (segment["rows"], segment["rows"]))
    classes = tuple(segment["classes"]) if "classes" in segment else None
    sample = unpacked(segment.get("sample"))
    summary = Summary(segment["rows"], counts, sample, weight, squares, within, classes, tallies=tallies)
    summary.design_effects = {
        name: DesignEffect(**column["design_effect"]) for name, column in columns.items() if "design_effect" in column
    }
    summary.correlations = {
        name: SerialCorrelation(**column["correlation"]) for name, column in columns.items() if "correlation" in column
    }
    return binnings, summary


def _binning(fields: Mapping[str, Any]) -> Binning:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    return Binning(**values)
