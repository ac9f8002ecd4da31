"""The read-only views that other programs may rely on; ``hanalife/CONTRACT.md`` says what they mean.

They are made of plain SQL, so that any client of the database reads them, and they hide how the
tables are laid out. They keep no data: every migration makes them anew.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from hanalife.database import functions, tables
from hanalife.records import RunStatus

#: Grows with every change of the views; columns are only ever added within one number.
CONTRACT_VERSION = 1

_run = tables.run
_TEXT = sa.String()


def create(connection: sa.Connection) -> None:
    """Make all views."""
    for name, query in _views().items():
        connection.execute(sa.schema.CreateView(query, name))


def drop(connection: sa.Connection) -> None:
    """Drop those views that are there: the tables below may then change."""
    present = set(sa.inspect(connection).get_view_names())
    for name in sorted(present & set(_views())):
        connection.execute(sa.schema.DropView(sa.Table(name, sa.MetaData())))


def _views() -> dict[str, sa.Select[Any]]:
    return {
        "hlv_runs": _runs(),
        "hlv_metrics": _metrics(),
        "hlv_params": _params(),
        "hlv_tags": _tags(),
        "hlv_models": _models(),
        "hlv_jobs": _jobs(),
        "hlv_drift": _drift(),
    }


def _runs() -> sa.Select[Any]:
    record = tables.record
    content_hash = functions.Call("json_member", _TEXT, record.c.content, sa.literal("CONTENT_HASH", _TEXT))
    seconds = functions.Call("duration_seconds", sa.Double(), _run.c.created_at, _run.c.ended_at)
    query = sa.select(
        _run.c.run_id,
        _run.c.experiment_id.label("experiment"),
        _run.c.name,
        _run.c.attempt,
        _run.c.parent_run_id,
        _run.c.status,
        _run.c.description,
        _run.c.owner,
        _run.c.host,
        _run.c.procedure,
        _run.c.dataset_name,
        _run.c.dataset_source,
        content_hash.label("dataset_hash"),
        _run.c.created_at,
        _run.c.ended_at,
        seconds.label("duration_seconds"),
    )
    return query.join_from(_run, record, _run.c.dataset_id == record.c.record_id, isouter=True).where(_is_there())


def _metrics() -> sa.Select[Any]:
    metric, name = tables.run_metric, tables.metric_name
    values = (metric.c[column] for column in ("value", "text", "step", "points"))
    query = sa.select(_run.c.run_id, name.c.name, *values, name.c.source, name.c.metric)
    query = query.join_from(metric, _run, metric.c.run_number == _run.c.number)
    return query.join(name, metric.c.name_id == name.c.name_id)


def _params() -> sa.Select[Any]:
    param, name = tables.run_param, tables.value_name
    query = sa.select(_run.c.run_id, name.c.name, param.c.number.label("value"), param.c.text.label("json"))
    query = query.join_from(param, _run, param.c.run_number == _run.c.number)
    return query.join(name, param.c.name_id == name.c.name_id)


def _tags() -> sa.Select[Any]:
    tag = tables.run_tag
    return sa.select(tag.c.run_id, tag.c.track_entity_seq.label("entry"), tag.c.name, tag.c.value)


def _models() -> sa.Select[Any]:
    model = tables.model_version
    names = ("name", "version", "class_path", "library", "format", "content_hash", "run_id", "created_at")
    return sa.select(*(model.c[name] for name in names))


def _jobs() -> sa.Select[Any]:
    job = tables.job
    times = ("created_at", "started_at", "ended_at", "message")
    heads = ("job_id", "task_id", "due", "status", "attempt")
    return sa.select(*(job.c[name] for name in heads), job.c.owner.label("worker"), *(job.c[name] for name in times))


def _drift() -> sa.Select[Any]:
    check, result = tables.drift_check, tables.drift_result
    heads = ("check_id", "created_at", "reference", "current", "reference_rows", "current_rows", "verdict")
    values = ("column_name", "method", "statistic", "p_value", "psi", "drifted")
    added = ("role", "measure", "effect", "effect_low", "effect_high", "minimum", "indicator", "rows_needed", "reason")
    budget = ("single_verdict", "budget_task", "budget_per", "budget_false_alarms", "budget_spent", "alarm_threshold")
    query = sa.select(
        *(check.c[name] for name in heads),
        *(result.c[name] for name in values),
        check.c.segment,
        check.c.window,
        result.c.verdict.label("column_verdict"),
        *(result.c[name] for name in added),
        *(check.c[name] for name in budget),
        result.c.single_verdict.label("column_single_verdict"),
        result.c.evidence,
    )
    return query.join_from(check, result, check.c.check_id == result.c.check_id, isouter=True)


def _is_there() -> sa.ColumnElement[bool]:
    return _run.c.status != RunStatus.DELETED.value
