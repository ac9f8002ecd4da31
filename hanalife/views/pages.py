"""Whole pages in one file each, which need no kernel and no network: experiments and tasks, and what others give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hanalife.clock import Clock, format_utc, utc_now
from hanalife.drawing import page
from hanalife.views import encoding, experiments, runs, static, tasks

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

#: So many of the newest runs have their details in a page, so that its size has a bound.
MOST_DETAILS = 50
#: And so many are listed at all.
MOST_ROWS = 1_000
#: Metric columns of a page.
MOST_METRICS = 8
#: Details are left out once a page has so many characters.
MOST_CHARACTERS = 8_000_000


def write_page(
    connection_context: ConnectionContext,
    path: str | Path,
    experiment_ids: Sequence[str] | None = None,
    task_ids: Sequence[str] | None = None,
    *,
    clock: Clock = utc_now,
) -> Path:
    """Write the experiment and the task monitor as one HTML file and return its path.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    path : str or Path
        The file to write; an old one is replaced.
    experiment_ids, task_ids : sequence of str, optional
        What to show; all by default. The newest 1,000 runs are listed, the newest 50 in detail.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.
    """
    database = connection_context.database
    with database.read() as connection:
        body = _experiments(connection, database.label, experiment_ids)
        body += _tasks(connection, database.label, task_ids, clock)
    return save(path, "hanalife", database.label, clock, body)


def write_experiments(
    connection_context: ConnectionContext,
    path: str | Path,
    experiment_ids: Sequence[str] | None = None,
    *,
    clock: Clock = utc_now,
) -> Path:
    """Write the experiment monitor as one HTML file and return its path; for the parameters see :func:`write_page`."""
    database = connection_context.database
    with database.read() as connection:
        body = _experiments(connection, database.label, experiment_ids)
    return save(path, "Experiment Monitor", database.label, clock, body)


def write_tasks(
    connection_context: ConnectionContext,
    path: str | Path,
    task_ids: Sequence[str] | None = None,
    *,
    clock: Clock = utc_now,
) -> Path:
    """Write the task monitor as one HTML file and return its path; for the parameters see :func:`write_page`."""
    database = connection_context.database
    with database.read() as connection:
        body = _tasks(connection, database.label, task_ids, clock)
    return save(path, "Scheduled Task Monitor", database.label, clock, body)


def save(path: str | Path, title: str, label: str, clock: Clock, body: Iterable[str]) -> Path:
    """Write HTML under a heading that names the database and the moment, as one file; return its path."""
    when = encoding.short_utc(format_utc(clock()))
    head = f"<h1>{escape(title)}</h1><p class='muted'>{escape(label)} at {when} UTC</p>"
    target = Path(path)
    target.write_text(page.whole(title, head + "".join(body), sortable=True), encoding="utf-8")
    return target


def _experiments(connection: sa.Connection, label: str, ids: Sequence[str] | None) -> list[str]:
    recorded = experiments.read(connection, label, ids)
    newest = list(reversed(recorded["runs"]))[:MOST_DETAILS]
    found = (runs.read(connection, row["run_id"]) for row in newest)
    details = (static.run_details(one) for one in found if one is not None)
    table = static.runs_table(recorded, MOST_ROWS, MOST_METRICS, sortable=True)
    return ["<h2>Experiments</h2>", table, *bounded(details)]


def _tasks(connection: sa.Connection, label: str, ids: Sequence[str] | None, clock: Clock) -> list[str]:
    scheduled = tasks.read(connection, label, clock(), ids)
    found = (tasks.read_one(connection, row["task_id"]) for row in scheduled["tasks"][:MOST_DETAILS])
    details = (static.task_details(one) for one in found if one is not None)
    return ["<h2>Scheduled tasks</h2>", static.tasks_table(scheduled, MOST_ROWS, sortable=True), *bounded(details)]


def bounded(details: Iterable[str]) -> Iterable[str]:
    """Give as many details as there is room for."""
    room = MOST_CHARACTERS
    for text in details:
        room -= len(text)
        if room < 0:
            yield "<p class='muted'>The details of the others are left out, because the page would be too large.</p>"
            return
        yield text
