"""What is written of a run at once: a value that becomes rows of the store, or a line of JSON."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.clock import format_utc
from hanalife.database import run_artifacts, run_tags, run_values, runs, shared_records, snapshots
from hanalife.database.run_values import NewPoint
from hanalife.evidence import MetricKey
from hanalife.observation import Json, MetricSource
from hanalife.tracking.events import Event, EventKey, plain

logger = logging.getLogger(__name__)

_MOMENTS = ("created_at", "heartbeat_at", "ended_at", "event_time")


@dataclass(frozen=True, slots=True)
class NewArtifact:
    """Bytes that a run is going to keep."""

    name: str
    kind: str  #: figure, file or table
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Shared:
    """A fact that many runs share: stored once, and referred to by a column of the run."""

    kind: str  #: environment, code, cells or dataset
    content: str  #: JSON
    sha256: str


@dataclass(slots=True)
class Batch:
    """Values, log entries and changes of one run that are written in one transaction."""

    params: dict[str, Json] = field(default_factory=dict)
    points: list[NewPoint] = field(default_factory=list)
    summaries: dict[MetricKey, float] = field(default_factory=dict)  #: what series stand for, unless their last point
    entries: list[Event] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)  #: of the run itself
    artifacts: list[NewArtifact] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)  #: of columns of the run's row
    primary_metric: str | None = None  #: of the run's experiment, unless it has one
    row_digests: bytes | None = None  #: of the rows that the run read

    def __bool__(self) -> bool:
        return any(getattr(self, part.name) for part in fields(self))

    def write(self, connection: sa.Connection, run_id: str, moment: datetime) -> bool:
        """Write everything; return False, having written nothing, if the run was deleted."""
        ids = {
            f"{item.kind}_id": shared_records.put(connection, item.kind, item.content, item.sha256)
            # In one order, so that two processes that add the same never wait in a circle.
            for item in sorted(self.shared, key=lambda item: item.sha256)
        }
        number = runs.append(connection, run_id, self.entries, moment, {**self.changes, **ids})
        if number is None:
            return False
        run_values.write(connection, number, self.params, self.points, self.summaries)
        if self.primary_metric is not None:
            _keep_primary_metric(connection, run_id, self.primary_metric)
        run_tags.put(connection, run_id, run_tags.RUN_ITSELF, self.tags)
        for item in self.artifacts:
            run_artifacts.put(connection, run_id, item.name, item.kind, item.media_type, item.data, moment)
        if self.row_digests is not None:
            snapshots.insert_digests(connection, self.row_digests, moment)
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the batch as values that Python's JSON can hold; a float may be NaN."""
        return {
            "params": self.params,
            "points": [
                [each.name, each.step, plain(each.value), each.offset_ms, str(each.source)] for each in self.points
            ],
            "summaries": [[*key, plain(value)] for key, value in self.summaries.items()],
            "entries": [[str(key), message] for key, message in self.entries],
            "tags": self.tags,
            "artifacts": [
                [each.name, each.kind, each.media_type, base64.b64encode(each.data).decode()] for each in self.artifacts
            ],
            "shared": [[each.kind, each.content, each.sha256] for each in self.shared],
            "changes": without_moments(self.changes),
            "primary_metric": self.primary_metric,
            "row_digests": None if self.row_digests is None else base64.b64encode(self.row_digests).decode(),
        }


def from_json(values: Mapping[str, Any]) -> Batch:
    """Read what :meth:`Batch.to_json` gave."""
    digests = values.get("row_digests")  # files of older versions have none
    return Batch(
        params=dict(values["params"]),
        points=[_point(*each) for each in values["points"]],
        summaries={
            MetricKey(name, MetricSource(source)): float(value) for name, source, value in values.get("summaries", ())
        },
        entries=[(EventKey(key), message) for key, message in values["entries"]],
        tags=dict(values["tags"]),
        artifacts=[
            NewArtifact(name, kind, media_type, base64.b64decode(data))
            for name, kind, media_type, data in values["artifacts"]
        ],
        shared=[Shared(*each) for each in values["shared"]],
        changes=with_moments(values["changes"]),
        primary_metric=values.get("primary_metric"),
        row_digests=None if digests is None else base64.b64decode(digests),
    )


def _keep_primary_metric(connection: sa.Connection, run_id: str, metric: str) -> None:
    stored = runs.keep_primary_metric(connection, run_id, metric)
    if stored != metric:
        logger.warning(
            "The runs of this experiment are ranked by %r and not by %r; set_primary_metric(%r) changes it.",
            stored,
            metric,
            metric,
        )


def _point(name: str, step: int | None, value: Any, offset_ms: int, source: str = "user") -> NewPoint:
    return NewPoint(name, step, value, offset_ms, MetricSource(source))


def without_moments(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with their moments written as text."""
    return {name: format_utc(value) if isinstance(value, datetime) else value for name, value in values.items()}


def with_moments(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns of a run or of its log with their moments read from text."""
    return {
        name: datetime.fromisoformat(value) if name in _MOMENTS and value is not None else value
        for name, value in values.items()
    }
