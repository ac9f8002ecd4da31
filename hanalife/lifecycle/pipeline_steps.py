"""The steps of a retraining pipeline, each one job of a composite.

What a step writes (a version, an alias, its verdict) goes into the transaction that ends its job
well. So a step that is killed and executed again has its effect once, and a later step reads what
an earlier one has found from that job's facts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import sqlalchemy as sa

from hanalife.database import aliases, dialects, job_outputs, members, models, tasks
from hanalife.database.leases import Lease
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.drift.verdict import FEWEST_ROWS
from hanalife.errors import Error, InvalidArgumentError
from hanalife.lifecycle import calls, challengers, holdout, judging, pipelines
from hanalife.lifecycle.judging import Answers, Gain
from hanalife.lifecycle.outcomes import FACTS, Finding, Result
from hanalife.lifecycle.pipelines import CHALLENGER, TAG, Pipeline
from hanalife.records import Job, JobStatus, ModelEvent, ModelVersion, Task
from hanalife.storage.base import not_found
from hanalife.storage.storage import ModelStorage
from hanalife.tracking.experiments import MLExperiments
from hanalife.tracking.native import Experiment

_FEWEST_CLASSES = 2


# --- watch: was the last promotion good? ------------------------------------------------------


def watch(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    """Roll the pipeline's last promotion back if the champion is certainly worse than the one before it."""
    pipeline = pipelines.of_definition(task.definition)
    with context.database.read() as connection:
        promotion = _promotion(connection, pipeline)
        looks = 0 if promotion is None else _looks(connection, task.task_id, promotion)
    if promotion is None or looks >= pipeline.watch_windows:
        nothing = Finding("idle", "no promotion of this pipeline is to be watched")
        return _without_effect(context, pipeline, task, job, nothing)
    if "watch" not in task.definition["parameters"]:
        blind = Finding("unknown", "the current rows have no labels; give watch_data", _seen(promotion))
        return _without_effect(context, pipeline, task, job, blind)
    before, after = int(promotion.details["from"]), int(promotion.version or 0)
    data = _labelled(context, task, "watch", pipeline, "#HL_WATCH")
    # Every look may err, so each gets its share of the error rate.
    error_rate = pipeline.error_rate / pipeline.watch_windows
    found = _gain(context, pipeline, data, (after, before), error_rate)
    word, reason = judging.judge(found, 0.0, error_rate)
    words = f"version {before}, the one before, against {after}: {reason}"
    _track(context, pipeline, task, job, {"before": before, "champion": after}, found)

    def write(connection: sa.Connection) -> Finding:
        facts = _seen(promotion)
        if word != judging.BETTER or pipeline.dry_run:
            return Finding("unknown" if found.reason else "kept", words, facts)
        storage = ModelStorage(context).within(connection)
        note = f"{pipeline.task_id}, job {job.job_id}: worse than before; {words}"
        if storage.exchange_alias(pipeline.model, pipeline.champion, after, before, note, back=True):
            return Finding("rolled_back", words, facts)
        return Finding("idle", f"{pipeline.champion} has moved meanwhile", facts)

    return Result(write=write)


def _promotion(connection: sa.Connection, pipeline: Pipeline) -> ModelEvent | None:
    """Return the move that made the present champion, if this pipeline had fitted it."""
    alias = aliases.find(connection, pipeline.model, pipeline.champion)
    moves = models.events(connection, pipeline.model, pipeline.champion, ("MOVED", "ROLLED_BACK", "REMOVED"))
    last = moves[-1] if moves else None
    if alias is None or last is None or last.event != "MOVED" or last.version is None:
        return None
    stored = models.numbers(connection, pipeline.model)
    if last.details.get("from") not in stored or last.version not in stored:
        return None
    tags = models.tags(connection, pipeline.model, last.version)
    return last if tags.get(TAG) == pipeline.task_id else None


def _looks(connection: sa.Connection, task_id: str, promotion: ModelEvent) -> int:
    """Return how often a promotion has been looked at."""
    facts = (json.loads(text) for text in job_outputs.of_task(connection, task_id, FACTS))
    return sum(one.get("promotion") == promotion.event_id for one in facts)


def _seen(promotion: ModelEvent) -> dict[str, Any]:
    return {"promotion": promotion.event_id}


# --- challenge: fit again, if it is time ------------------------------------------------------


def challenge(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    """Fit the champion's like on the rows that there are now, and freeze those that will judge it."""
    pipeline = pipelines.of_definition(task.definition)
    if (resting := _rests(context, pipeline, task.task_id)) is not None:
        return _without_effect(context, pipeline, task, job, resting)
    champion = _champion(context, pipeline)
    data = _labelled(context, task, "data", pipeline, "#HL_CHALLENGE")
    train, judge_rows = holdout.split(data, pipeline.key, pipeline.holdout, pipeline.seed)
    if reason := _unfit(train, pipeline):
        return _without_effect(context, pipeline, task, job, Finding("unknown", reason))
    model = calls.unfitted_like(champion)
    tracker = MLExperiments(context, pipeline.experiment_id)
    tracker.autologging(model, run_name=_run_name(task, job), track_description=f"challenger of {pipeline.model}")
    chosen = {"key": pipeline.key, "label": pipeline.label, "features": pipelines.features_of(champion)}
    model.fit(train, **{**champion.state["fit_parameters"], **chosen})

    def write(connection: sa.Connection) -> Finding:
        storage = ModelStorage(context).within(connection)
        number = storage.save_model(model, tags={TAG: pipeline.task_id})
        note = f"{pipeline.task_id}, job {job.job_id}"
        storage.set_alias(pipeline.model, CHALLENGER, number, note=note)
        for old in challengers.superfluous(connection, pipeline):
            storage.delete_model(pipeline.model, old)
        facts = {"champion": champion.version, "challenger": number}
        return Finding("fitted", f"version {number} of {pipeline.model} challenges version {champion.version}", facts)

    return Result([judge_rows], task.definition["outputs"], write=write)


def _rests(context: ConnectionContext, pipeline: Pipeline, task_id: str) -> Finding | None:
    with context.database.read() as connection:
        now = dialects.now(connection)
        past = [job.ended_at for job in tasks.jobs(connection, [task_id]) if job.verdict == "fitted"]
    fitted = [moment for moment in past if moment is not None]
    until = judging.rests_until(fitted, now, pipeline.cooldown, pipeline.most, pipeline.period)
    if until is None:
        return None
    return Finding("resting", f"retrained too recently; the next time is from {until:%Y-%m-%d %H:%M:%S} UTC on")


def _champion(context: ConnectionContext, pipeline: Pipeline) -> ModelVersion:
    with context.database.read() as connection:
        found = models.version_of_alias(connection, pipeline.model, pipeline.champion)
        if found is None:
            raise not_found(connection, pipeline.model, alias=pipeline.champion)
    return found


def _unfit(train: DataFrame, pipeline: Pipeline) -> str:
    """Return why nothing can be learned from rows, or an empty text."""
    if (rows := train.count()) < FEWEST_ROWS:
        return judging.too_few(rows)
    values = train.select(pipeline.label).drop_duplicates().count()
    return "" if values >= _FEWEST_CLASSES else f"all rows have the same {pipeline.label}; nothing can be learned"


# --- compare: is it better? -------------------------------------------------------------------


def compare(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    """Let champion and challenger answer for the same frozen rows, and judge the difference."""
    pipeline = pipelines.of_definition(task.definition)
    facts = _facts(context, pipeline, "challenge", job)
    data = context.table(task.definition["holdout_table"])
    found = _gain(context, pipeline, data, (facts["champion"], facts["challenger"]), pipeline.error_rate)
    word, reason = judging.judge(found, pipeline.margin, pipeline.error_rate)
    _track(context, pipeline, task, job, facts, found, word)
    return _saying(Finding(word, f"version {facts['challenger']} against {facts['champion']}: {reason}", facts))


# --- promote: move the alias, if the champion is still the one compared -----------------------


def promote(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    """Move the champion's alias to the challenger, unless the champion is no longer the one compared."""
    pipeline = pipelines.of_definition(task.definition)
    facts = _facts(context, pipeline, "compare", job)
    which = f"version {facts['challenger']} of {pipeline.model}"
    _track(context, pipeline, task, job, {**facts, "approval": pipeline.approval, "dry_run": pipeline.dry_run})
    if pipeline.dry_run:
        return _saying(Finding("dry_run", f"{which} would become {pipeline.champion}", facts))
    if pipeline.approval:
        return _saying(
            Finding("waiting", f"{which} is better and waits for approve_promotion({pipeline.task_id!r})", facts)
        )

    def write(connection: sa.Connection) -> Finding:
        note = f"{pipeline.task_id}, job {job.job_id}: better by {pipeline.metric}"
        if exchange(context, connection, pipeline, facts, note):
            return Finding("promoted", f"{which} is {pipeline.champion} now", facts)
        words = f"{pipeline.champion} is no longer version {facts['champion']}, so nothing moved"
        return Finding("overtaken", words, facts)

    return Result(write=write)


def exchange(
    context: ConnectionContext, connection: sa.Connection, pipeline: Pipeline, facts: Mapping[str, Any], note: str
) -> bool:
    """Move the champion's alias within a transaction if it still names the version that was compared."""
    storage = ModelStorage(context).within(connection)
    return storage.exchange_alias(pipeline.model, pipeline.champion, facts["champion"], facts["challenger"], note)


#: What executes a job of each kind.
KINDS: Mapping[str, Callable[[ConnectionContext, Task, Job, Lease], Result]] = {
    "watch": watch,
    "challenge": challenge,
    "compare": compare,
    "promote": promote,
}


# --- what steps share -------------------------------------------------------------------------


def _saying(finding: Finding) -> Result:
    return Result(write=lambda _: finding)


def _without_effect(context: ConnectionContext, pipeline: Pipeline, task: Task, job: Job, finding: Finding) -> Result:
    """Record a step that has nothing to do as a run that says why, and say so."""
    with Experiment(context, pipeline.experiment_id).run(_run_name(task, job)) as run:
        run.log_params({"model": pipeline.model})
        run.set_tag("verdict", finding.verdict)
        run.set_tag("reason", finding.reason)
    return _saying(finding)


def _labelled(context: ConnectionContext, task: Task, parameter: str, pipeline: Pipeline, table: str) -> DataFrame:
    """Return the rows with a label as they are at this moment, copied, so that all of a step sees the same."""
    frame = calls.revive(context, parameter, task.definition["parameters"][parameter])
    copied: DataFrame = frame.dropna(subset=[pipeline.label]).save(table, force=True)
    return copied


def _facts(context: ConnectionContext, pipeline: Pipeline, step: str, job: Job) -> dict[str, Any]:
    """Return what an earlier step of the same execution has found.

    Raises
    ------
    Error
        The job is no part of an execution of the pipeline.
    """
    with context.database.read() as connection:
        parts = [] if job.parent_job_id is None else members.children(connection, job.parent_job_id)
        wanted = (part for part in parts if part.task_id == pipeline.step(step) and part.status is JobStatus.SUCCEEDED)
        found = next(wanted, None)
        text = None if found is None else job_outputs.find(connection, found.job_id, FACTS)
    if text is None:
        raise Error(f"Task {job.task_id!r} is a step of pipeline {pipeline.task_id!r}; execute that.")
    facts: dict[str, Any] = json.loads(text)
    return facts


def _gain(
    context: ConnectionContext, pipeline: Pipeline, data: DataFrame, versions: tuple[int, int], error_rate: float
) -> Gain:
    """Let two versions answer for the same rows, and return by how much the second is better.

    Raises
    ------
    InvalidArgumentError
        Two rows have the same key.
    """
    truth = data.select(pipeline.key, pipeline.label).collect().set_index(pipeline.key)[pipeline.label]
    if not truth.index.is_unique:
        raise InvalidArgumentError(f"key: {pipeline.key} does not tell all rows apart; name a column that does.")
    if len(truth) < FEWEST_ROWS:
        return judging.nothing(len(truth), judging.too_few(len(truth)))
    said = [_predicted(context, pipeline, data, version).loc[truth.index] for version in versions]
    if pipeline.metric == "MAE":
        return judging.gain("MAE", Answers(truth, *(one["SCORE"] for one in said)), error_rate)
    classes = truth.map(_text)
    if pipeline.metric == "ACCURACY":
        return judging.gain("ACCURACY", Answers(classes, *(one["SCORE"] for one in said)), error_rate)
    if classes.nunique() > _FEWEST_CLASSES:
        return judging.nothing(len(truth), f"AUC needs two classes, and {pipeline.label} has {classes.nunique()}")
    positive = classes.max()
    return judging.gain("AUC", Answers(classes == positive, *(_chances(one, positive) for one in said)), error_rate)


def _predicted(context: ConnectionContext, pipeline: Pipeline, data: DataFrame, version: int) -> pd.DataFrame:
    model = ModelStorage(context).load_model(pipeline.model, version)
    options = {} if pipeline.metric == "MAE" else {"top_k_attributions": 0}
    predicted = model.predict(data.deselect(pipeline.label), key=pipeline.key, **options)
    rows: pd.DataFrame = predicted.collect()
    return rows.set_index(pipeline.key)


def _chances(predicted: pd.DataFrame, positive: str) -> Any:
    confidence = predicted["CONFIDENCE"].astype(float)
    return confidence.where(predicted["SCORE"] == positive, 1 - confidence)


def _text(value: Any) -> str:
    """Return a class as models write it."""
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def _run_name(task: Task, job: Job) -> str:
    return f"{task.task_id} job {job.job_id}"


def _track(
    context: ConnectionContext,
    pipeline: Pipeline,
    task: Task,
    job: Job,
    params: Mapping[str, Any],
    found: Gain | None = None,
    verdict: str = "",
) -> None:
    """Record a step as a run."""
    with Experiment(context, pipeline.experiment_id).run(_run_name(task, job)) as run:
        run.log_params({"model": pipeline.model, **params})
        if found is None:
            return
        run.log_params({"metric": pipeline.metric, "margin": pipeline.margin, "error_rate": pipeline.error_rate})
        if found.reason:
            run.set_tag("reason", found.reason)
        else:
            run.log_metrics({"gain": found.value, "gain_low": found.low, "gain_high": found.high, "rows": found.rows})
        if verdict:
            run.set_tag("verdict", verdict)
