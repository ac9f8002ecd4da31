"""What asks for attention, as payloads: the pulse of the store, and alerts of drift."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database import pulse
from hanalife.records import JobStatus
from hanalife.views.encoding import cut, instant
from hanalife.views.payloads.panel import AlertsPayload, PulsePayload
from hanalife.views.payloads.words import CONTRACT

#: So many failures or alerts are listed; nobody counts more.
MOST = 100
#: A query that stands for the rows compared is cut.
LONGEST_SOURCE = 200


def read_pulse(connection: sa.Connection) -> PulsePayload:
    """Return the pulse of the store: cheap, to be asked for again and again."""
    return {
        "contract": CONTRACT,
        "running": pulse.count_jobs(connection, JobStatus.RUNNING),
        "queued": pulse.count_jobs(connection, JobStatus.QUEUED),
        "failed": [instant(moment) for moment in pulse.failure_times(connection, MOST)],
        "drifted": [instant(moment) for moment in pulse.drift_times(connection, MOST)],
    }


def read_alerts(connection: sa.Connection) -> AlertsPayload:
    """Return the newest checks whose drift nobody has acknowledged."""
    return {
        "contract": CONTRACT,
        "alerts": [
            {
                "check_id": check.check_id,
                "created_at": instant(check.created_at),
                "reference": cut(check.reference, LONGEST_SOURCE),
                "current": cut(check.current, LONGEST_SOURCE),
                "segment": check.segment,
                "window": check.window,
                "columns": columns,
            }
            for check, columns in pulse.drifted_checks(connection, MOST)
        ],
    }
