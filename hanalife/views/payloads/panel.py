"""What only the JupyterLab panel is given: connections, alerts and the pulse of the store."""

from __future__ import annotations

from typing import TypedDict

from hanalife.views.payloads.runs import ExperimentsDelta, ExperimentsPayload
from hanalife.views.payloads.words import Instant


class ConnectionRow(TypedDict):
    """A database that can be shown. The name of the default one is empty; a problem says why it cannot be used."""

    name: str
    database: str
    problem: str
    code: str


class ConnectionsPayload(TypedDict):
    """All databases that can be shown, and whether a worker may live in the server."""

    contract: int
    connections: list[ConnectionRow]
    worker_allowed: bool


class RunsUpdate(TypedDict):
    """The newest runs, or only what changed since the number that was asked for; numbers count within an epoch.

    What changed may be of runs that the asker was not given.
    """

    contract: int
    epoch: str
    payload: ExperimentsPayload | None
    deltas: list[ExperimentsDelta]


class AlertRow(TypedDict):
    """A check that found drift, and the columns that drifted, strongest first."""

    check_id: str
    created_at: Instant
    reference: str
    current: str
    segment: str
    window: str
    columns: list[str]


class AlertsPayload(TypedDict):
    """The newest checks whose drift nobody has acknowledged, newest first."""

    contract: int
    alerts: list[AlertRow]


class PulsePayload(TypedDict):
    """How many jobs run and wait; when the newest failures ended and the newest drift was found, newest first."""

    contract: int
    running: int
    queued: int
    failed: list[Instant]
    drifted: list[Instant]
