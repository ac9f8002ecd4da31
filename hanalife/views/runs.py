"""One run of the store, with its log read, as the payload of its details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from hanalife.database import aliases, models, run_artifacts, run_tags, run_values, runs, shared_records, tasks
from hanalife.evidence import SEARCH_PREFIX, MetricKey
from hanalife.observation import MetricSource
from hanalife.records import Artifact, Job, Run, RunStatus
from hanalife.views import figures, learning, ranking, run_log, searches
from hanalife.views.encoding import LONGEST_TEXT, cut, facts, grid, instant, number, short_utc, size
from hanalife.views.experiments import run_row
from hanalife.views.payloads.runs import ArtifactRow, MetricRow, ModelLink, RunDetail, RunLink, SignatureTables
from hanalife.views.payloads.words import CONTRACT, Fact, Grid
from hanalife.views.run_log import Call, RunLog, last, mapping, pairs

#: So many runs within a run are listed.
MOST_CHILDREN = 200
#: So many characters of notes are shown; more cannot be changed in a front end.
MOST_NOTES = 100_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the store knows of a run beside its log."""

    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[MetricKey, learning.Steps] = field(default_factory=dict)
    artifacts: Sequence[Artifact] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, Any] = field(default_factory=dict)
    parent: Run | None = None
    children: Sequence[Run] = ()
    models: Sequence[ModelLink] = ()
    jobs: Sequence[Job] = ()
    primary_metric: str = ""  #: of the experiment


def read(connection: sa.Connection, run_id: str, log: RunLog | None = None) -> RunDetail | None:
    """Return all that is known of one run, or None if there is none of that id.

    Of a ``log`` that is given only what is new is read.
    """
    run = runs.run(connection, run_id)
    if run is None or run.status is RunStatus.DELETED:
        return None
    read_on = RunLog() if log is None else log
    read_on.add(runs.log_after(connection, run_id, read_on.last_seq, LONGEST_TEXT, run_log.READ_WHOLE))
    metrics = run_values.metrics(connection, [run_id])[run_id]
    return detail(run, metrics, read_on, _surroundings(connection, run))


def _surroundings(connection: sa.Connection, run: Run) -> Surroundings:
    return Surroundings(
        params=run_values.params(connection, [run.run_id])[run.run_id],
        tags=run_tags.of_run(connection, run.run_id),
        series=run_values.series(connection, [run.run_id])[run.run_id],
        artifacts=run_artifacts.of_run(connection, run.run_id),
        environment=shared_records.content(connection, run.environment_id),
        code=shared_records.content(connection, run.code_id),
        parent=None if run.parent_run_id is None else runs.run(connection, run.parent_run_id),
        children=runs.children(connection, run.run_id),
        models=_models(connection, run),
        jobs=tasks.jobs_of_run(connection, run.run_id),
        primary_metric=_primary_metric(connection, run.experiment_id),
    )


def _primary_metric(connection: sa.Connection, experiment_id: str) -> str:
    return next((each.primary_metric or "" for each in runs.experiments(connection, [experiment_id])), "")


def _models(connection: sa.Connection, run: Run) -> list[ModelLink]:
    """Return the versions that came of a run, which are stored once it has ended."""
    if run.status is RunStatus.ACTIVE:
        return []
    found = models.of_run(connection, run.run_id)
    named = aliases.of_models(connection, [name for name, _ in found]) if found else []
    return [
        {
            "name": name,
            "version": version,
            "aliases": [one.alias for one in named if (one.name, one.version) == (name, version)],
        }
        for name, version in found
    ]


def detail(
    run: Run,
    metrics: Mapping[MetricKey, float | str],
    log: RunLog,
    around: Surroundings = Surroundings(),
) -> RunDetail:
    """Return a run, its metrics, its log and what is around it as one payload."""
    calls = log.calls
    first = calls[0].parts if calls else {}
    row = run_row(run, metrics)
    chief = ranking.primary(around.primary_metric, ranking.summary([row]))
    curves = learning.curves(
        {key: points for key, points in around.series.items() if not key.name.startswith(SEARCH_PREFIX)}
    )
    return {
        "contract": CONTRACT,
        "run": row,
        "overview": _overview(run, calls),
        "notes": run.notes[:MOST_NOTES],
        "notes_whole": len(run.notes) <= MOST_NOTES,
        "tags": [{"name": name, "value": value} for name, value in around.tags.items()],
        "parent": None if around.parent is None else _link(around.parent),
        "children": [_link(child) for child in around.children[:MOST_CHILDREN]],
        "models": list(around.models),
        "jobs": [{"job_id": job.job_id, "task_id": job.task_id, "status": job.status.value} for job in around.jobs],
        "parameters": facts(pairs(first.get("PARAMETER")) or around.params),
        "optimal": facts(pairs(last(calls, "OPTIMAL_PARAMETER"))),
        "primary_metric": "" if chief is None else chief.name,
        "metrics": _metrics(metrics, calls),
        "learning": curves[: learning.MOST_CHARTS],
        "learning_total": len(curves),
        "searches": searches.from_rows(log.search_rows, is_active=run.status is RunStatus.ACTIVE),
        "environment": _environment(around.environment),
        "code": _code(around.code),
        "artifacts": [_artifact(artifact) for artifact in around.artifacts],
        "dataset": _datasets(calls),
        "columns": grid(run_log.rows(mapping(first.get("DATASET")).get("COLUMN_SPEC"))),
        "importance": [
            {"name": name, "value": number(value)}
            for name, value in sorted(
                pairs(last(calls, "VARIABLE_IMPORTANCE")).items(), key=lambda pair: -float(number(pair[1]))
            )
        ],
        "curves": figures.curves(
            mapping(last(calls, "CONTINUOUS_FIGURE")), _source_of(calls, "CONTINUOUS_FIGURE", metrics)
        ),
        "confusion": figures.confusion(
            mapping(last(calls, "DISCRETE_FIGURE")).get("CONFUSION_MATRIX", []),
            _source_of(calls, "DISCRETE_FIGURE", metrics),
        ),
        "signature": _signature(calls),
        "log": list(log.end),
        "log_total": log.total,
    }


# --- the parts --------------------------------------------------------------------------------


def _overview(run: Run, calls: Sequence[Call]) -> list[Fact]:
    values = {
        "Experiment": run.experiment_id,
        "Description": run.description,
        "Attempt": run.attempt,
        "Calls": ", ".join(call.method for call in calls if call.method),
        "Procedure": run.procedure,
        "Dataset": run.dataset_name,
        "Source": run.dataset_source,
        "Owner": run.owner,
        "Process": f"{run.pid} on {run.host}",
        "Created": f"{short_utc(instant(run.created_at))} UTC",
        "Ended": f"{short_utc(instant(run.ended_at))} UTC" if run.ended_at else "",
        "Recording took": f"{run.overhead_seconds:.3f} s" if run.overhead_seconds else "",
        "Run id": run.run_id,
    }
    error = mapping(last(calls, "ERROR"))
    if error:
        values["Error"] = f"{error.get('TYPE', '')}: {error.get('MESSAGE', '')}"
    return facts({name: value for name, value in values.items() if value != ""})


def _metrics(metrics: Mapping[MetricKey, float | str], calls: Sequence[Call]) -> list[MetricRow]:
    """Return metrics by base name and source, each with what the call that measured it says of it."""
    stored: dict[MetricKey, MetricKey] = {}
    for key in sorted(metrics, key=lambda key: key.rank):
        stored.setdefault(MetricKey(key.metric, key.source), key)
    return [_metric(key, stored[key].name, metrics[stored[key]], calls) for key in ranking.in_order(stored)]


def _metric(key: MetricKey, stored_name: str, value: float | str, calls: Sequence[Call]) -> MetricRow:
    call = next((call for call in reversed(calls) if call.measured(stored_name, value)), Call())
    interval = mapping(call.parts.get("METRIC_INTERVAL")).get(stored_name)
    low, high = interval if isinstance(interval, list) and len(interval) == 2 else (None, None)
    source = mapping(call.parts.get("METRIC_SOURCE"))
    n_rows = mapping(call.parts.get("DATASET")).get("ROWS")
    return {
        "name": key.name,
        "source": key.source.value,
        "value": cut(value) if isinstance(value, str) else f"{value:.6g}",
        "low": None if low is None else number(low),
        "high": None if high is None else number(high),
        "no_interval": cut(str(mapping(call.parts.get("METRIC_INTERVAL_NOTE")).get(stored_name, ""))),
        "rows": n_rows if call.method == "score" and isinstance(n_rows, int) else None,
        "note": cut(str(source.get("NOTE", ""))) if source.get("SOURCE") == key.source else "",
    }


def _source_of(calls: Sequence[Call], event_key: str, metrics: Mapping[MetricKey, float | str]) -> str:
    """Return the source of the rows that the last figure of a kind is of: that of what the same call has judged."""
    call = next((call for call in reversed(calls) if event_key in call.parts), Call())
    keys = (key for key, value in metrics.items() if key.source is not MetricSource.CV)
    judged = [key for key in keys if call.measured(key.name, metrics[key])]
    return min(judged, key=lambda key: key.rank).source.value if judged else ""


def _environment(content: Mapping[str, Any]) -> list[Fact]:
    machine, packages = mapping(content.get("MACHINE")), content.get("PACKAGES")
    memory = machine.get("MEMORY_BYTES")
    values = {
        "Python": f"{content.get('PYTHON', '')} {content.get('IMPLEMENTATION', '')}".strip(),
        "Platform": content.get("PLATFORM", ""),
        "Architecture": machine.get("ARCHITECTURE", ""),
        "CPUs": machine.get("CPUS") or "",
        "Memory": size(memory) if isinstance(memory, int) else "",
        "Packages": len(packages) if isinstance(packages, list) else "",
    }
    return facts({name: value for name, value in values.items() if value != ""})


def _code(content: Mapping[str, Any]) -> list[Fact]:
    git, script = mapping(content.get("GIT")), mapping(content.get("SCRIPT"))
    values = {"Commit": git.get("COMMIT", ""), "Branch": git.get("BRANCH", "")}
    if git:
        length = len(str(git.get("DIFF", ""))) + int(git.get("DIFF_LEFT_OUT") or 0)
        values["Changes"] = f"changed since the commit, {length:,} characters" if length else "none since the commit"
    values |= {"Script": script.get("PATH", ""), "Script SHA-256": script.get("SHA256", "")}
    return facts({name: value for name, value in values.items() if value})


def _artifact(artifact: Artifact) -> ArtifactRow:
    return {
        "name": artifact.name,
        "kind": artifact.kind,
        "media_type": artifact.media_type,
        "size_bytes": artifact.size,
    }


def _link(run: Run) -> RunLink:
    return {"run_id": run.run_id, "name": run.name, "status": run.status.value}


def _datasets(calls: Sequence[Call]) -> list[Fact]:
    """Return the dataset of the first call, and of later ones what differs, named by their method."""
    found: dict[str, Any] = {}
    for position, call in enumerate(calls):
        dataset = {key: value for key, value in mapping(call.parts.get("DATASET")).items() if key != "COLUMN_SPEC"}
        prefix = f"{call.method.upper()}_" if position else ""
        found |= {f"{prefix}{key}": value for key, value in dataset.items() if not position or found.get(key) != value}
    return facts(found)


def _signature(calls: Sequence[Call]) -> SignatureTables:
    def rows(part: str) -> Any:
        return last(calls, f"MODEL_SIGNATURE_{part}")

    parameters = mapping(rows("PARAM_SPEC"))
    return {
        "properties": facts(mapping(rows("PROPERTY"))),
        "inputs": _inputs(run_log.rows(rows("INPUT_SCHEMA"))),
        "outputs": grid(run_log.rows(rows("OUTPUT_SCHEMA"))),
        "parameters": grid({"NAME": name, **mapping(spec)} for name, spec in parameters.items()),
    }


def _inputs(columns: Sequence[Mapping[str, Any]]) -> Grid:
    """Return the columns that a model takes, with what training saw of them."""
    return grid({name: _seen(value) for name, value in column.items()} for column in columns)


def _seen(value: Any) -> Any:
    """Return categories, or a bound, as a person writes them."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.6g}" if isinstance(value, float) else value
