"""Queries behind the frames of tracking, with the column names of SAP HANA's tracking tables.

Each sees the newest attempt of one run name; of an unknown run it gives no rows. Moments are
in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.database.runs import is_newest_attempt

_run = tables.run
_log = tables.run_log
_tag = tables.run_tag


def log(experiment_id: str, name: str, track_id: str, event_key: str | None = None) -> sa.Select[Any]:
    """Select the log of a run in order, perhaps only the entries of one key."""
    query = (
        sa.select(
            _text(track_id).label("EXECUTION_ID"),
            _log.c.seq.label("SEQ"),
            _log.c.event_key.label("EVENT_KEY"),
            _moment(_log.c.event_time).label("EVENT_TIMESTAMP"),
            _log.c.message.label("EVENT_MESSAGE"),
        )
        .join_from(_log, _run)
        .where(_is_run(experiment_id, name))
        .order_by(_log.c.seq)
    )
    return query if event_key is None else query.where(_log.c.event_key == event_key)


def header(
    experiment_id: str, name: str, track_id: str, seq: int | None = None, key: str | None = None
) -> sa.Select[Any]:
    """Select the tags of a run, perhaps only those of one log entry or of one name."""
    query = (
        sa.select(
            _text(track_id).label("EXECUTION_ID"),
            _tag.c.track_entity_seq.label("SEQ"),
            _tag.c.name.label("HEADER_KEY"),
            _tag.c.value.label("HEADER_VALUE"),
        )
        .join_from(_tag, _run)
        .where(_is_run(experiment_id, name))
        .order_by(_tag.c.track_entity_seq, _tag.c.name)
    )
    if seq is not None:
        query = query.where(_tag.c.track_entity_seq == seq)
    return query if key is None else query.where(_tag.c.name == key)


def metadata(experiment_id: str, name: str, track_id: str) -> sa.Select[Any]:
    """Select the one row that describes a run."""
    return sa.select(
        _text(track_id).label("TRACK_ID"),
        _run.c.owner.label("OWNER"),
        _run.c.status.label("STATUS"),
        _run.c.procedure.label("PROC_NAME"),
        _run.c.description.label("DESCRIPTION"),
        _run.c.dataset_name.label("DATASET_NAME"),
        _run.c.dataset_source.label("DATASET_SOURCE"),
        _moment(_run.c.created_at).label("CREATED_AT"),
        _moment(_run.c.ended_at).label("ENDED_AT"),
        _run.c.attempt.label("ATTEMPT"),
        _run.c.host.label("HOST"),
        _run.c.pid.label("PID"),
        _run.c.run_id.label("RUN_ID"),
    ).where(_is_run(experiment_id, name))


def _is_run(experiment_id: str, name: str) -> sa.ColumnElement[bool]:
    return sa.and_(_run.c.experiment_id == experiment_id, _run.c.name == name, is_newest_attempt())


def _text(value: str) -> sa.ColumnElement[str]:
    return sa.literal(value, sa.String())


def _moment(column: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    return sa.type_coerce(column, sa.DateTime())  # a frame's TIMESTAMP has no zone
