"""The frozen reference: what is kept of the rows that later ones are compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.drift.bins import Binning
from hanalife.drift.reading import Sample, Summary


@dataclass(frozen=True, slots=True)
class Reference:
    """Bins and counts of each segment; a sample of rows only while it is in memory."""

    source: str
    roles: Mapping[str, str]  #: watched column -> feature, label or prediction
    types: Mapping[str, str]  #: watched column -> type in SAP HANA's words
    segments: Mapping[str, tuple[Mapping[str, Binning], Summary]]  #: one, named "", if there are no segments

    @property
    def rows(self) -> int:
        """The number of all rows."""
        return sum(summary.rows for _, summary in self.segments.values())

    def content(self) -> dict[str, Any]:
        """Return it as JSON values, without any row."""
        return {
            "source": self.source,
            "roles": dict(self.roles),
            "types": dict(self.types),
            "segments": [
                {
                    "name": name,
                    "rows": summary.rows,
                    "columns": {
                        column: {"binning": dataclasses.asdict(binning), "counts": summary.counts[column].tolist()}
                        for column, binning in binnings.items()
                    },
                }
                for name, (binnings, summary) in self.segments.items()
            ],
        }


def from_content(content: Mapping[str, Any]) -> Reference:
    """Return the reference that :meth:`Reference.content` described."""
    segments = {segment["name"]: _segment(segment) for segment in content["segments"]}
    return Reference(content["source"], content["roles"], content["types"], segments)


def _segment(segment: Mapping[str, Any]) -> tuple[dict[str, Binning], Summary]:
    columns = segment["columns"]
    binnings = {name: _binning(column["binning"]) for name, column in columns.items()}
    counts = {name: np.array(column["counts"], dtype=np.int64) for name, column in columns.items()}
    return binnings, Summary(segment["rows"], counts, Sample(0))


def _binning(fields: Mapping[str, Any]) -> Binning:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    return Binning(**values)
