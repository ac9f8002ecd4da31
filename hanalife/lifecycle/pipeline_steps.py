"""The steps of a retraining pipeline, each one job of a composite.

What a step writes (a version, an alias, its verdict) goes into the transaction that ends its job
well. So a step that is killed and executed again has its effect once, and a later step reads what
an earlier one has found from that job's facts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hanalife.database import aliases, dialects, job_outputs, members, models, tasks
from hanalife.database.leases import Lease
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.drift.verdict import FEWEST_ROWS
from hanalife.errors import Error
from hanalife.lifecycle import calls, challengers, comparing, holdout, judging, pipelines
from hanalife.lifecycle import pipeline_history as history
from hanalife.lifecycle import promotion as promotion_rules
from hanalife.lifecycle.judging import Gain
from hanalife.lifecycle.outcomes import FACTS, Finding, Result
from hanalife.lifecycle.pipelines import CHALLENGER, GAIN_TAG, TAG, Pipeline
from hanalife.observation import MetricSource
from hanalife.records import Job, JobStatus, ModelEvent, ModelVersion, Task
from hanalife.storage.base import not_found
from hanalife.storage.storage import ModelStorage
from hanalife.tracking.experiments import MLExperiments
from hanalife.tracking.native import Experiment

_FEWEST_CLASSES = 2
_INCONCLUSIVE = "Not promoted: comparison inconclusive."


# --- watch: was the last promotion good? ------------------------------------------------------


def watch(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    """Measure the last promotion on rows labeled since, and roll it back if the champion before was better."""
    pipeline = pipelines.of_definition(task.definition)
    with context.database.read() as connection:
        promotion = _promotion(connection, pipeline)
        looks = [] if promotion is None else _looks(connection, pipeline, promotion)
        selected_by = None if promotion is None else history.judging_keys(connection, pipeline, promotion.version or 0)
    if promotion is None or len(looks) >= pipeline.watch_windows:
        nothing = Finding("idle", "no promotion of this pipeline is to be watched")
        return _without_effect(context, pipeline, task, job, nothing)
    if "watch" not in task.definition["parameters"]:
        blind = Finding("unknown", "the current rows have no labels; give watch_data")
        return _without_effect(context, pipeline, task, job, blind)
    before, after = int(promotion.details["from"]), int(promotion.version or 0)
    data = _labeled(context, task, "watch", pipeline, "#HL_WATCH")
    # Every look may err, so each gets its share of the error rate.
    error_rate = pipeline.error_rate / pipeline.watch_windows
    # The challenger is the champion now: it is asked whether the version before is better.
    versions = {"challenger": after, "champion before it": before}
    compared = comparing.compare(context, pipeline, data, versions, error_rate, selected_by)
    verdict, _ = judging.judge(compared.gain, 0.0, error_rate)
    gain = judging.reverse(compared.gain)
    text = compared.describe(_gain_text(pipeline, gain, after, before, error_rate))
    if selected_by is None:
        text += f". The rows that selected version {after} are not recorded and may be among these"
    tracked = _Tracked({"before": before, "champion": after}, gain, error_rate, source=MetricSource.PRODUCTION)
    _track(context, pipeline, task, job, tracked)
    if not gain.looked:
        return _saying(Finding("unknown", text))
    facts: dict[str, Any] = {"promotion": promotion.event_id, "champion": before, "challenger": after}
    facts |= {**_gain_facts(gain, error_rate), "left_out": compared.left_out}

    def write(connection: sa.Connection) -> Finding:
        if not looks and not gain.reason:
            measured = (
                f"{pipeline.metric} {judging.interval_text(gain, error_rate)}, on rows labeled after the promotion"
            )
            models.set_tag(connection, pipeline.model, after, GAIN_TAG, measured)
        if verdict != judging.BETTER or pipeline.dry_run:
            return Finding("unknown" if gain.reason else "kept", text, facts)
        storage = ModelStorage(context).within(connection)
        note = f"{pipeline.task_id}, job {job.job_id}: worse than the version before. {text}"
        if storage.exchange_alias(pipeline.model, pipeline.champion, after, before, note, back=True):
            back = f"Rolled {pipeline.champion} of {pipeline.model!r} back to version {before}. {text}"
            return Finding("rolled_back", back, facts)
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


def _looks(connection: sa.Connection, pipeline: Pipeline, promotion: ModelEvent) -> list[Mapping[str, Any]]:
    """Return what was found whenever a promotion was looked at, oldest first."""
    watched = history.of_step(connection, pipeline, "watch")
    return [each.facts for each in watched if each.facts.get("promotion") == promotion.event_id]


# --- challenge: fit again, if it is time ------------------------------------------------------


def challenge(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    """Fit the champion's like on the rows that there are now, and freeze those that will judge it."""
    pipeline = pipelines.of_definition(task.definition)
    if (resting := _rests(context, pipeline, task.task_id)) is not None:
        return _without_effect(context, pipeline, task, job, resting)
    champion = _champion(context, pipeline)
    data = _labeled(context, task, "data", pipeline, "#HL_CHALLENGE")
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
        if reason := history.exhausted(connection, pipeline):
            return Finding("resting", f"Not retrained: {reason}")
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
    """Let champion and challenger answer for the frozen rows that neither was trained on, and judge the difference."""
    pipeline = pipelines.of_definition(task.definition)
    facts = _facts(context, pipeline, "challenge", job)
    level = pipeline.budget.level
    with context.database.read() as connection:
        reason = history.exhausted(connection, pipeline)
    if reason:
        spent = Finding(judging.UNKNOWN, f"{_INCONCLUSIVE} {_sentence(reason)}", facts)
        return _without_effect(context, pipeline, task, job, spent)
    data = context.table(task.definition["holdout_table"])
    versions = {"champion": facts["champion"], "challenger": facts["challenger"]}
    compared = comparing.compare(context, pipeline, data, versions, level)
    verdict, _ = judging.judge(compared.gain, pipeline.margin, level)
    text = compared.describe(_comparison_text(pipeline, compared.gain, facts, verdict))
    _track(context, pipeline, task, job, _Tracked(versions, compared.gain, level, verdict))

    def write(connection: sa.Connection) -> Finding:
        if not compared.gain.looked:
            return Finding(verdict, text, facts)
        attempt = history.next_attempt(connection, pipeline)
        if attempt > pipeline.attempts:
            exhausted = history.exhausted(connection, pipeline)
            return Finding(judging.UNKNOWN, f"{_INCONCLUSIVE} {_sentence(exhausted)}", facts)
        history.keep_judging_keys(connection, job.job_id, compared.keys)
        found = {**_gain_facts(compared.gain, level), "left_out": compared.left_out}
        found |= {"verdict": verdict, "attempt": attempt}
        return Finding(verdict, f"{text} ({pipeline.budget.attempt_text(attempt)})", {**facts, **found})

    return Result(write=write)


def _comparison_text(pipeline: Pipeline, gain: Gain, facts: Mapping[str, Any], verdict: str) -> str:
    level = pipeline.budget.level
    text = _gain_text(pipeline, gain, facts["challenger"], facts["champion"], level, pipeline.margin)
    if verdict == judging.BETTER:
        return f"{text}. The gain is {promotion_rules.selected_text(gain, pipeline.margin, level)}"
    not_better = f"Not promoted: version {facts['challenger']} is not better."
    return f"{not_better if verdict == judging.NOT_BETTER else _INCONCLUSIVE} {text}"


def _gain_text(
    pipeline: Pipeline, gain: Gain, version: int, other: int, error_rate: float, margin: float | None = None
) -> str:
    """Return a gain in words, with what is required of it if there is a margin."""
    if gain.reason:
        return _sentence(gain.reason)
    name = f"{pipeline.metric} gain of version {version} over {other}"
    text = judging.interval_text(gain, error_rate) if margin is None else judging.judge(gain, margin, error_rate)[1]
    return f"{name}: {text}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _gain_facts(gain: Gain, error_rate: float) -> dict[str, Any]:
    """Return a gain as JSON values; none that is not a number."""
    if gain.reason:
        return {"reason": gain.reason, "rows": gain.rows}
    values = {"gain": gain.value, "gain_low": gain.low, "gain_high": gain.high}
    return {**values, "rows": gain.rows, "level": 1 - 2 * error_rate}


# --- promote: move the alias, if the champion is still the one compared -----------------------


def promote(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    """Move the champion's alias to the challenger, unless the champion is no longer the one compared."""
    pipeline = pipelines.of_definition(task.definition)
    facts = _facts(context, pipeline, "compare", job)
    which = f"version {facts['challenger']} of {pipeline.model!r}"
    versions = {name: facts[name] for name in ("champion", "challenger")}
    params = {**versions, "approval": pipeline.approval, "dry_run": pipeline.dry_run}
    _track(context, pipeline, task, job, _Tracked(params))
    if pipeline.dry_run:
        return _saying(Finding("dry_run", f"Dry run: {which} would become {pipeline.champion}", facts))
    if pipeline.approval:
        waits = f"{_sentence(which)} is better and waits for approve_promotion({pipeline.task_id!r})"
        return _saying(Finding("waiting", waits, facts))

    def write(connection: sa.Connection) -> Finding:
        note = f"{pipeline.task_id}, job {job.job_id}: better by {pipeline.metric}"
        if exchange(context, connection, pipeline, facts, note):
            return Finding("promoted", f"Promoted {which} to {pipeline.champion}", facts)
        overtaken = f"Not promoted: {pipeline.champion} is no longer version {facts['champion']}"
        return Finding("overtaken", overtaken, facts)

    return Result(write=write)


def exchange(
    context: ConnectionContext, connection: sa.Connection, pipeline: Pipeline, facts: Mapping[str, Any], note: str
) -> bool:
    """Move the champion's alias within a transaction if it still names the version that was compared."""
    storage = ModelStorage(context).within(connection)
    moved = storage.exchange_alias(pipeline.model, pipeline.champion, facts["champion"], facts["challenger"], note)
    if moved and "gain" in facts:
        gain, level = _recorded_gain(facts), pipeline.budget.level
        text = f"{pipeline.metric} {judging.interval_text(gain, level)}; "
        text += promotion_rules.selected_text(gain, pipeline.margin, level)
        models.set_tag(connection, pipeline.model, facts["challenger"], GAIN_TAG, text)
    return moved


def _recorded_gain(facts: Mapping[str, Any]) -> Gain:
    return Gain(facts["gain"], facts["gain_low"], facts["gain_high"], facts["rows"])


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


def _labeled(context: ConnectionContext, task: Task, parameter: str, pipeline: Pipeline, table: str) -> DataFrame:
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


def _run_name(task: Task, job: Job) -> str:
    return f"{task.task_id} job {job.job_id}"


@dataclass(frozen=True, slots=True)
class _Tracked:
    """What the run of a step records."""

    params: Mapping[str, Any]
    gain: Gain | None = None
    error_rate: float = 0.0  #: of each bound of the gain
    verdict: str = ""
    source: MetricSource = MetricSource.TEST


def _track(context: ConnectionContext, pipeline: Pipeline, task: Task, job: Job, tracked: _Tracked) -> None:
    """Record a step as a run."""
    gain = tracked.gain
    with Experiment(context, pipeline.experiment_id).run(_run_name(task, job)) as run:
        run.log_params({"model": pipeline.model, **tracked.params})
        if gain is None:
            return
        run.log_params({"metric": pipeline.metric, "margin": pipeline.margin, "error_rate": tracked.error_rate})
        if gain.reason:
            run.set_tag("reason", gain.reason)
        else:
            values = {"gain": gain.value, "gain_low": gain.low, "gain_high": gain.high, "rows": gain.rows}
            run.log_metrics(values, source=tracked.source)
        if tracked.verdict == judging.BETTER:
            text = promotion_rules.selected_text(gain, pipeline.margin, tracked.error_rate)
            run.set_tag("gain_note", text)
        if tracked.verdict:
            run.set_tag("verdict", tracked.verdict)
