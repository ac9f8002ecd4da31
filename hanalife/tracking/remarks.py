"""What people say of a run after it was recorded: its tags and notes; and that it is to go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.database import run_tags, runs
from hanalife.errors import InvalidArgumentError, RunNotFoundError
from hanalife.records import Run, RunStatus
from hanalife.tracking import identity, tags
from hanalife.tracking.writer import mark_lost_runs

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext


def set_tag(
    connection_context: ConnectionContext, run_id: str, tag_name: str, tag_value: str, *, clock: Clock = utc_now
) -> None:
    """Set a tag of a run itself, whether or not it has one of that name.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    run_id : str
        The id of the run, as ``search_runs`` shows it.
    tag_name : str
        1 to 256 characters; not beginning with ``PAL_``, ``AFLPAL_`` or ``SAP_`` in any case.
    tag_value : str
        At most 5000 characters.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.

    Raises
    ------
    InvalidArgumentError
        The name or the value breaks the rules above.
    RunNotFoundError
        There is no such run.
    """
    set_tags(connection_context, [run_id], tag_name, tag_value, clock=clock)


def set_tags(
    connection_context: ConnectionContext,
    run_ids: Sequence[str],
    tag_name: str,
    tag_value: str,
    *,
    clock: Clock = utc_now,
) -> None:
    """Set a tag of several runs, of all or none; parameters and errors are those of :func:`set_tag`."""
    values = {tags.require_tag_name(tag_name): tags.require_tag_value(tag_value, "tag_value")}
    moment = clock()
    with connection_context.database.write() as connection:
        for run_id in sorted(set(run_ids)):  # in one order, so that two who do so never wait in a circle
            _hold(connection, run_id, moment)
            run_tags.put(connection, run_id, run_tags.RUN_ITSELF, values)


def delete_tag(connection_context: ConnectionContext, run_id: str, tag_name: str, *, clock: Clock = utc_now) -> None:
    """Delete a tag of a run itself; parameters and errors are those of :func:`set_tag`.

    Raises
    ------
    InvalidArgumentError
        The run has no such tag.
    """
    with _held(connection_context, run_id, clock) as connection:
        value = run_tags.value(connection, run_id, run_tags.RUN_ITSELF, tag_name)
        if value is None or not run_tags.remove(connection, run_id, run_tags.RUN_ITSELF, tag_name, value):
            raise InvalidArgumentError(f"tag_name: run {run_id!r} has no tag {tag_name!r}; it may have been deleted.")


def set_notes(connection_context: ConnectionContext, run_id: str, text: str, *, clock: Clock = utc_now) -> None:
    """Set the notes on a run, a text of any length; errors are those of :func:`set_tag`."""
    notes = identity.require_text(text, "text")
    with _held(connection_context, run_id, clock, {"notes": notes}):
        pass  # holding the run has changed it


def delete_runs(connection_context: ConnectionContext, run_ids: Sequence[str], *, clock: Clock | None = None) -> None:
    """Delete runs, with the earlier attempts of their names and all that is recorded of them; all or none.

    Raises
    ------
    InvalidArgumentError
        One of them is still ACTIVE.
    RunNotFoundError
        One of them is not recorded.
    """
    database = connection_context.database
    mark_lost_runs(database, clock() if clock else None)
    with database.write() as connection:
        doomed: list[str] = []
        for run in [_found(connection, run_id) for run_id in run_ids]:
            if run.status is RunStatus.ACTIVE:
                raise InvalidArgumentError(f"run_ids: run {run.name!r} is still ACTIVE; wait until it ends.")
            runs.hold_experiment(connection, run.experiment_id)
            doomed += [each.run_id for each in runs.attempts(connection, run.experiment_id, run.name)]
        runs.forget_runs(connection, dict.fromkeys(doomed))


@contextmanager
def _held(
    connection_context: ConnectionContext, run_id: str, clock: Clock, changes: dict[str, str] | None = None
) -> Iterator[sa.Connection]:
    """Give a connection that holds the run, whose revision is raised; of a deleted one it says so."""
    with connection_context.database.write() as connection:
        _hold(connection, run_id, clock(), changes)
        yield connection


def _hold(connection: sa.Connection, run_id: str, moment: datetime, changes: dict[str, str] | None = None) -> None:
    if runs.append(connection, run_id, [], moment, changes) is None:
        raise _not_found(run_id)


def _found(connection: sa.Connection, run_id: str) -> Run:
    run = runs.run(connection, run_id)
    if run is None or run.status is RunStatus.DELETED:
        raise _not_found(run_id)
    return run


def _not_found(run_id: str) -> RunNotFoundError:
    return RunNotFoundError(f"run_id: there is no run {run_id!r}; it may have been deleted.")
