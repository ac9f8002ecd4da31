"""The tables of the store, one schema on every backend. The prefix ``hl_`` is ours."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.database.types import JsonText, UtcDateTime, big_identity

KEY = sa.String(256)
ID = sa.String(64)
WORD = sa.String(32)

metadata = sa.MetaData()

schema_version = sa.Table(
    "hl_schema",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("applied_at", UtcDateTime, nullable=False),
)

# --- tracking ---------------------------------------------------------------------------------

experiment = sa.Table(
    "hl_experiment",
    metadata,
    sa.Column("experiment_id", KEY, primary_key=True),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("owner", KEY, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("primary_metric", KEY),  # what its runs are ranked by, such as AUC or AUC@test; NULL: not said
)

# Facts that many runs share, each stored once: a run refers to its number.
record = sa.Table(
    "hl_record",
    metadata,
    sa.Column("record_id", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("sha256", ID, nullable=False),  # of kind and content
    sa.Column("kind", WORD, nullable=False),  # environment, code, cells or dataset
    sa.Column("content", sa.Text, nullable=False),  # JSON
    sa.Index("hl_record_sha256", "sha256", unique=True),
)

run = sa.Table(
    "hl_run",
    metadata,
    # Short and known in this store only: the key of values, which are the bulk of a store.
    sa.Column("number", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("run_id", ID, nullable=False, unique=True),
    sa.Column("experiment_id", KEY, sa.ForeignKey("hl_experiment.experiment_id"), nullable=False),
    sa.Column("name", KEY, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("parent_run_id", ID),  # no foreign key: a run outlives the one that it was part of
    sa.Column("status", WORD, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("owner", KEY, nullable=False),
    sa.Column("host", KEY, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("procedure", KEY, nullable=False),
    sa.Column("dataset_name", sa.Text, nullable=False),
    sa.Column("dataset_source", sa.Text, nullable=False),
    sa.Column("environment_id", sa.BigInteger, sa.ForeignKey("hl_record.record_id")),
    sa.Column("code_id", sa.BigInteger, sa.ForeignKey("hl_record.record_id")),
    sa.Column("cells_id", sa.BigInteger, sa.ForeignKey("hl_record.record_id")),
    sa.Column("dataset_id", sa.BigInteger, sa.ForeignKey("hl_record.record_id")),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("heartbeat_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("overhead_seconds", sa.Double, nullable=False),
    sa.Column("progress_done", sa.Integer, nullable=False, default=0),
    sa.Column("progress_total", sa.Integer, nullable=False, default=0),
    sa.Column("progress_text", sa.Text, nullable=False, default=""),
    sa.Column("next_seq", sa.Integer, nullable=False, default=0),
    sa.Column("revision", sa.Integer, nullable=False, default=0),
    sa.UniqueConstraint("experiment_id", "name", "attempt"),
)

# Only the few runs that are going on are looked through for silent ones.
sa.Index(
    "hl_run_active",
    run.c.heartbeat_at,
    sqlite_where=run.c.status == sa.literal_column("'ACTIVE'"),
    postgresql_where=run.c.status == sa.literal_column("'ACTIVE'"),
)


def _index_of_the_few(name: str, column: sa.Column[Any]) -> sa.Index:
    """Return an index of the rows that have a value, where most have none."""
    is_given = column.is_not(None)
    return sa.Index(name, column, sqlite_where=is_given, postgresql_where=is_given)


_index_of_the_few("hl_run_parent", run.c.parent_run_id)

run_log = sa.Table(
    "hl_run_log",
    metadata,
    sa.Column("run_id", ID, sa.ForeignKey("hl_run.run_id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("event_key", sa.String(64), nullable=False),
    sa.Column("event_time", UtcDateTime, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
)

# Names of parameters, each stored once.
value_name = sa.Table(
    "hl_value_name",
    metadata,
    sa.Column("name_id", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("name", KEY, nullable=False, unique=True),
)

# A parameter is JSON: a floating-point number is its number alone; anything else has its text,
# and an integer or truth value the number too, to compare and sort by.
run_param = sa.Table(
    "hl_run_param",
    metadata,
    sa.Column("run_number", sa.BigInteger, sa.ForeignKey("hl_run.number"), primary_key=True, autoincrement=False),
    sa.Column("name_id", sa.BigInteger, sa.ForeignKey("hl_value_name.name_id"), primary_key=True),
    sa.Column("number", sa.Double),
    sa.Column("text", sa.Text),
    sqlite_with_rowid=False,
)

# Names of metrics with the source of the values, each pair stored once: rows of values grow by nothing.
metric_name = sa.Table(
    "hl_metric_name",
    metadata,
    sa.Column("name_id", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("name", KEY, nullable=False),
    sa.Column("source", WORD, nullable=False),
    sa.Column("metric", KEY, nullable=False),  # the base name: AUC of SCORE_AUC
    sa.Column("rank", sa.Integer, nullable=False),  # of a run's values of one metric the lowest counts
    sa.UniqueConstraint("name", "source"),
    sa.Index("hl_metric_name_metric", "metric", "rank"),
)

# The latest value of each metric. Its history is in hl_run_point once it has two points or more.
run_metric = sa.Table(
    "hl_run_metric",
    metadata,
    sa.Column("run_number", sa.BigInteger, sa.ForeignKey("hl_run.number"), primary_key=True, autoincrement=False),
    sa.Column("name_id", sa.BigInteger, sa.ForeignKey("hl_metric_name.name_id"), primary_key=True),
    sa.Column("value", sa.Double),  # NULL: not finite, or a text such as a list per fold
    sa.Column("text", sa.Text),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("offset_ms", sa.BigInteger, nullable=False),  # after the run's created_at
    sa.Column("points", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

run_point = sa.Table(
    "hl_run_point",
    metadata,
    sa.Column("run_number", sa.BigInteger, sa.ForeignKey("hl_run.number"), primary_key=True, autoincrement=False),
    sa.Column("name_id", sa.BigInteger, sa.ForeignKey("hl_metric_name.name_id"), primary_key=True),
    sa.Column("step", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("value", sa.Double),
    sa.Column("text", sa.Text),
    sa.Column("offset_ms", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# The shape of a long series, small enough for a chart: lowest and highest point of each stretch of steps.
run_outline = sa.Table(
    "hl_run_outline",
    metadata,
    sa.Column("run_number", sa.BigInteger, sa.ForeignKey("hl_run.number"), primary_key=True, autoincrement=False),
    sa.Column("name_id", sa.BigInteger, sa.ForeignKey("hl_metric_name.name_id"), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# A tag belongs to an entry of the log, or with the number -1 to the run itself.
run_tag = sa.Table(
    "hl_run_tag",
    metadata,
    sa.Column("run_id", ID, sa.ForeignKey("hl_run.run_id"), primary_key=True),
    sa.Column("track_entity_seq", sa.Integer, primary_key=True),
    sa.Column("name", KEY, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# --- searches for parameters ------------------------------------------------------------------

search = sa.Table(
    "hl_search",
    metadata,
    sa.Column("search_id", KEY, primary_key=True),
    sa.Column("identity", ID, nullable=False),
    sa.Column("status", WORD, nullable=False),
    sa.Column("owner", ID, nullable=False),
    sa.Column("host", KEY, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("seeds", JsonText, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)

search_score = sa.Table(
    "hl_search_score",
    metadata,
    sa.Column("search_id", KEY, sa.ForeignKey("hl_search.search_id"), primary_key=True),
    sa.Column("score_key", ID, primary_key=True),
    sa.Column("candidate", sa.Integer, nullable=False),
    sa.Column("parameters", JsonText, nullable=False),
    sa.Column("rung", sa.Integer, nullable=False),
    sa.Column("fold", sa.Integer, nullable=False),
    sa.Column("scores", JsonText, nullable=False),
)

# --- of runs: files and rows -------------------------------------------------------------------

run_artifact = sa.Table(
    "hl_run_artifact",
    metadata,
    sa.Column("run_id", ID, sa.ForeignKey("hl_run.run_id"), primary_key=True),
    sa.Column("name", KEY, primary_key=True),
    sa.Column("kind", WORD, nullable=False),  # figure, file or table
    sa.Column("media_type", KEY, nullable=False),
    sa.Column("sha256", ID, sa.ForeignKey("hl_blob.sha256"), nullable=False, index=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

# Rows that runs have seen, kept once for each content, in parts that share bytes with other snapshots.
snapshot = sa.Table(
    "hl_snapshot",
    metadata,
    sa.Column("content_hash", ID, primary_key=True),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    sa.Column("columns", sa.Text, nullable=False),  # JSON: [[name, type in HANA's words], ...]
    sa.Column("created_at", UtcDateTime, nullable=False),
)

snapshot_part = sa.Table(
    "hl_snapshot_part",
    metadata,
    sa.Column("content_hash", ID, sa.ForeignKey("hl_snapshot.content_hash"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sha256", ID, sa.ForeignKey("hl_blob.sha256"), nullable=False, index=True),
)

# --- storage ----------------------------------------------------------------------------------

blob = sa.Table(
    "hl_blob",
    metadata,
    sa.Column("sha256", ID, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
)

chunk = sa.Table(
    "hl_chunk",
    metadata,
    sa.Column("sha256", ID, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
sa.event.listen(chunk, "after_create", dialects.store_uncompressed)

# Blobs that share bytes share chunks.
blob_chunk = sa.Table(
    "hl_blob_chunk",
    metadata,
    sa.Column("sha256", ID, sa.ForeignKey("hl_blob.sha256"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("chunk_sha256", ID, sa.ForeignKey("hl_chunk.sha256"), nullable=False, index=True),
)

model = sa.Table(
    "hl_model",
    metadata,
    sa.Column("name", KEY, primary_key=True),
    sa.Column("highest_version", sa.Integer, nullable=False),  # ever given, so that no number comes twice
)

model_version = sa.Table(
    "hl_model_version",
    metadata,
    sa.Column("name", KEY, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("class_path", KEY, nullable=False),
    sa.Column("library", KEY, nullable=False),
    sa.Column("state", JsonText, nullable=False),
    sa.Column("content_hash", ID, sa.ForeignKey("hl_blob.sha256"), nullable=False),
    sa.Column("format", WORD, nullable=False),
    sa.Column("run_id", ID),  # no foreign key: a model outlives the run that made it
    sa.Column("report", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", KEY),
    sa.Column("dataset_hash", ID, index=True),
    sa.Column("signature", JsonText),
    sa.Column("metrics", JsonText),
    sa.Column("environment", JsonText),
    sa.Column("notes", sa.Text),
    sa.Column("card", sa.Text),
    sa.Column("schedule", JsonText),
    sa.Column("training_keys", ID, sa.ForeignKey("hl_blob.sha256")),  # NULL: the training rows are unknown
    sa.Column("tables", JsonText),  # the largest, so the last: reads of the others need not pass it
)

_index_of_the_few("hl_model_version_run", model_version.c.run_id)

model_tag = sa.Table(
    "hl_model_tag",
    metadata,
    sa.Column("name", KEY, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tag", KEY, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

model_alias = sa.Table(
    "hl_model_alias",
    metadata,
    sa.Column("name", KEY, primary_key=True),
    sa.Column("alias", KEY, primary_key=True),
    sa.Column("version", sa.Integer),  # NULL: protected, but names no version
    sa.Column("movers", JsonText),  # who may move it; NULL: everybody
    sa.Column("moved_at", UtcDateTime, nullable=False),
    sa.Column("moved_by", KEY, nullable=False),
)

# What happened to models and aliases; only ever added to.
model_event = sa.Table(
    "hl_model_event",
    metadata,
    sa.Column("event_id", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("name", KEY, nullable=False),
    sa.Column("version", sa.Integer),
    sa.Column("alias", KEY),
    sa.Column("event", WORD, nullable=False),
    sa.Column("happened_at", UtcDateTime, nullable=False),
    sa.Column("happened_by", KEY, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("details", JsonText, nullable=False),
    sa.Index("hl_model_event_name", "name", "alias"),
)

# --- scheduling -------------------------------------------------------------------------------

task = sa.Table(
    "hl_task",
    metadata,
    sa.Column("task_id", KEY, primary_key=True),
    sa.Column("kind", WORD, nullable=False),
    sa.Column("definition", JsonText, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("owner", KEY, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    # The model a task keeps for itself; set so that a blob in use is never collected.
    sa.Column("content_hash", ID, sa.ForeignKey("hl_blob.sha256")),
    sa.Column("training_keys", ID, sa.ForeignKey("hl_blob.sha256")),  # of that model
    sa.Column("parallel_attribute", WORD),  # ALL or ANY, of a parallel composite
    sa.Column("retries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("backoff_seconds", sa.Double, nullable=False, server_default="10"),
    sa.Column("time_limit_seconds", sa.Double),
    sa.Column("concurrency", sa.Integer, nullable=False, server_default="1"),
    sa.Column("misfire", WORD, nullable=False, server_default="one"),
    sa.Column("grace_seconds", sa.Double, nullable=False, server_default="60"),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    sa.Column("notifications", JsonText),
    sa.Column("incident_job", sa.BigInteger),  # the job that failed first since the last success
)

task_member = sa.Table(
    "hl_task_member",
    metadata,
    sa.Column("task_id", KEY, sa.ForeignKey("hl_task.task_id"), primary_key=True),
    sa.Column("seq_order", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("member_id", KEY, nullable=False, index=True),  # no foreign key: a member may be removed by force
    sa.Column("gate", WORD),  # the verdict of the part before that this one waits for
)

schedule = sa.Table(
    "hl_schedule",
    metadata,
    sa.Column("task_id", KEY, sa.ForeignKey("hl_task.task_id"), primary_key=True),
    sa.Column("cron", KEY, nullable=False),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("start_time", UtcDateTime),
    sa.Column("end_time", UtcDateTime),
    sa.Column("next_due", UtcDateTime, index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, server_default="0"),  # grows with every change
)

trigger = sa.Table(
    "hl_trigger",
    metadata,
    sa.Column("task_id", KEY, sa.ForeignKey("hl_task.task_id"), primary_key=True),
    sa.Column("kind", WORD, nullable=False),
    sa.Column("definition", JsonText, nullable=False),
    sa.Column("seen", JsonText),
    sa.Column("check_seconds", sa.Double, nullable=False),
    sa.Column("next_check", UtcDateTime, nullable=False, index=True),
    sa.Column("message", sa.Text, nullable=False),  # why the last check came to nothing, or empty
)

job = sa.Table(
    "hl_job",
    metadata,
    sa.Column("job_id", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("task_id", KEY, nullable=False, index=True),  # no foreign key: history outlives the task
    sa.Column("due", UtcDateTime, nullable=False),
    sa.Column("status", WORD, nullable=False, index=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("owner", KEY),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("parent_job_id", sa.BigInteger, index=True),
    sa.Column("seq_order", sa.Integer),
    sa.Column("parameters", JsonText),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("not_before", UtcDateTime),
    sa.Column("cpu_seconds", sa.Double),
    sa.Column("peak_memory_bytes", sa.BigInteger),
    sa.Column("run_id", ID),
    sa.Column("verdict", WORD),  # what it found, for the gates of composites
)

_index_of_the_few("hl_job_run", job.c.run_id)

job_output = sa.Table(
    "hl_job_output",
    metadata,
    sa.Column("job_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", KEY, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)

notice = sa.Table(
    "hl_notice",
    metadata,
    sa.Column("notice_id", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("task_id", KEY, nullable=False),
    sa.Column("job_id", sa.BigInteger, nullable=False),
    sa.Column("event", WORD, nullable=False),
    sa.Column("status", WORD, nullable=False, index=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("next_attempt", UtcDateTime, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

tick = sa.Table(
    "hl_tick",
    metadata,
    sa.Column("task_id", KEY, primary_key=True),
    sa.Column("due", UtcDateTime, primary_key=True),
    sa.Column("status", WORD, nullable=False),
    sa.Column("job_id", sa.BigInteger),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
)

task_log = sa.Table(
    "hl_task_log",
    metadata,
    sa.Column("entry_id", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("task_id", KEY, nullable=False),
    sa.Column("job_id", sa.BigInteger),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("event_key", WORD, nullable=False),
    sa.Column("event_time", UtcDateTime, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Index("hl_task_log_task", "task_id", "job_id", "seq"),
)

worker = sa.Table(
    "hl_worker",
    metadata,
    sa.Column("worker_id", KEY, primary_key=True),
    sa.Column("host", KEY, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("heartbeat_at", UtcDateTime, nullable=False),
    sa.Column("max_jobs", sa.Integer, nullable=False, server_default="1"),
)

# --- drift ------------------------------------------------------------------------------------

drift_check = sa.Table(
    "hl_drift_check",
    metadata,
    sa.Column("check_id", ID, primary_key=True),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("current", sa.Text, nullable=False),
    sa.Column("reference_rows", sa.BigInteger, nullable=False),
    sa.Column("current_rows", sa.BigInteger, nullable=False),
    sa.Column("verdict", WORD, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("segment", sa.Text, nullable=False, server_default=""),
    sa.Column("window", sa.Text, nullable=False, server_default=""),
    sa.Column("error_rate", sa.Double, nullable=False, server_default="0.05"),
    sa.Column("notes", JsonText),
    # Of a check with an alarm budget: its verdict is the detector's, and this is the verdict of the check alone.
    sa.Column("single_verdict", WORD),
    sa.Column("budget_task", KEY),
    sa.Column("budget_per", WORD),
    sa.Column("budget_false_alarms", sa.Double),
    sa.Column("budget_cost", sa.Double),  # false alarms that this check can have raised in the mean, at most
    sa.Column("budget_spent", sa.Double),  # those of all checks of the period up to this one
    sa.Column("alarm_threshold", sa.Double),
    sa.Index("ix_hl_drift_check_budget", "budget_task", "created_at"),
)

drift_result = sa.Table(
    "hl_drift_result",
    metadata,
    sa.Column("check_id", ID, sa.ForeignKey("hl_drift_check.check_id"), primary_key=True),
    sa.Column("column_name", KEY, primary_key=True),
    sa.Column("method", WORD, nullable=False),
    sa.Column("statistic", sa.Double, nullable=False),
    sa.Column("p_value", sa.Double, nullable=False),
    sa.Column("psi", sa.Double, nullable=False),
    sa.Column("drifted", sa.Boolean, nullable=False),
    sa.Column("role", WORD, nullable=False, server_default="feature"),
    sa.Column("verdict", WORD, nullable=False, server_default="unknown"),
    sa.Column("measure", WORD),
    sa.Column("effect", sa.Double),
    sa.Column("effect_low", sa.Double),
    sa.Column("effect_high", sa.Double),
    sa.Column("minimum", sa.Double),
    sa.Column("indicator", sa.Double, nullable=False, server_default="0"),
    sa.Column("rows_needed", sa.BigInteger),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("details", JsonText),  # the other measures and the counts of the bins
    sa.Column("single_verdict", WORD),
    sa.Column("e_value", sa.Double),  # of this check
    sa.Column("evidence", sa.Double),  # of all checks since the last alarm
)

# Frozen summaries of reference rows: bins and counts. A version never changes.
drift_reference = sa.Table(
    "hl_drift_reference",
    metadata,
    sa.Column("name", KEY, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", JsonText, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

# How far the checks of a task with an alarm budget have come. Written with the end of each job.
alarm_budget = sa.Table(
    "hl_drift_alarm_budget",
    metadata,
    sa.Column("task_id", KEY, primary_key=True),
    sa.Column("reference_version", sa.Integer, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("checks", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_due", UtcDateTime),
    sa.Column("last_window", sa.Text, nullable=False, server_default=""),
    sa.Column("last_rows", JsonText),  # a sketch of the rows that were counted last
)

# The evidence of each column and segment since its last alarm.
alarm_evidence = sa.Table(
    "hl_drift_alarm_evidence",
    metadata,
    sa.Column("task_id", KEY, primary_key=True),
    sa.Column("segment", sa.Text, primary_key=True),
    sa.Column("column_name", KEY, primary_key=True),
    sa.Column("evidence", sa.Double, nullable=False),
)

# Whoever has seen an alert, which is a check that found drift.
drift_acknowledgement = sa.Table(
    "hl_drift_acknowledgement",
    metadata,
    sa.Column("check_id", ID, sa.ForeignKey("hl_drift_check.check_id"), primary_key=True),
    sa.Column("acknowledged_at", UtcDateTime, nullable=False),
    sa.Column("acknowledged_by", KEY, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
)
