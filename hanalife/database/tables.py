"""The tables of the store, one schema on every backend. The prefix ``hl_`` is ours."""

from __future__ import annotations

import sqlalchemy as sa

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

blob_chunk = sa.Table(
    "hl_blob_chunk",
    metadata,
    sa.Column("sha256", ID, sa.ForeignKey("hl_blob.sha256"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
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
)

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
