"""One job as a payload."""

from __future__ import annotations

from hanalife.records import Job
from hanalife.views.encoding import cut, instant, instant_or_none, seconds_between
from hanalife.views.payloads.tasks import JobRow


def job_row(job: Job) -> JobRow:
    """Return one job for a list."""
    return {
        "job_id": str(job.job_id),
        "status": job.status.value,
        "due": instant(job.due),
        "attempt": job.attempt,
        "worker": job.owner,
        "started_at": instant_or_none(job.started_at),
        "ended_at": instant_or_none(job.ended_at),
        "duration_seconds": seconds_between(job.started_at, job.ended_at),
        "message": cut(job.message),
        "failures": job.failures,
        "cpu_seconds": job.cpu_seconds,
        "peak_memory_bytes": job.peak_memory_bytes,
        "run_id": job.run_id,
        "verdict": job.verdict,
    }
