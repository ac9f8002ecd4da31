"""The tables of the store, one schema on every backend. The prefix ``hl_`` is ours."""

from __future__ import annotations

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
)

run = sa.Table(
    "hl_run",
    metadata,
    sa.Column("run_id", ID, primary_key=True),
    sa.Column("experiment_id", KEY, sa.ForeignKey("hl_experiment.experiment_id"), nullable=False),
    sa.Column("name", KEY, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("status", WORD, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("owner", KEY, nullable=False),
    sa.Column("host", KEY, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("procedure", KEY, nullable=False),
    sa.Column("dataset_name", sa.Text, nullable=False),
    sa.Column("dataset_source", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("heartbeat_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("progress_done", sa.Integer, nullable=False, default=0),
    sa.Column("progress_total", sa.Integer, nullable=False, default=0),
    sa.Column("progress_text", sa.Text, nullable=False, default=""),
    sa.Column("next_seq", sa.Integer, nullable=False, default=0),
    sa.Column("revision", sa.Integer, nullable=False, default=0),
    sa.UniqueConstraint("experiment_id", "name", "attempt"),
)

run_log = sa.Table(
    "hl_run_log",
    metadata,
    sa.Column("run_id", ID, sa.ForeignKey("hl_run.run_id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("event_key", sa.String(64), nullable=False),
    sa.Column("event_time", UtcDateTime, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
)

run_metric = sa.Table(
    "hl_run_metric",
    metadata,
    sa.Column("run_id", ID, sa.ForeignKey("hl_run.run_id"), primary_key=True),
    sa.Column("name", KEY, primary_key=True),
    sa.Column("value", sa.Double),  # NULL when the metric is a text, such as a list per fold
    sa.Column("text", sa.Text),
)

run_tag = sa.Table(
    "hl_run_tag",
    metadata,
    sa.Column("run_id", ID, sa.ForeignKey("hl_run.run_id"), primary_key=True),
    sa.Column("track_entity_seq", sa.Integer, primary_key=True),
    sa.Column("name", KEY, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
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
    sa.Column("tables", JsonText),  # the largest, so the last: reads of the others need not pass it
)

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
)
