"""The recorded runs as frames, and their deletion.

Frames see the newest attempt of a run name when they are collected; of an unknown run they
have no rows. ``EVENT_TIMESTAMP``, ``CREATED_AT`` and ``ENDED_AT`` are in UTC.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

from hanalife.clock import Clock
from hanalife.database import run_frames, runs
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError
from hanalife.records import RunStatus
from hanalife.tracking import identity
from hanalife.tracking.writer import mark_lost_runs

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

logger = logging.getLogger(__name__)


def get_tracking_log_by_run(
    connection_context: ConnectionContext, experiment_id: str, run_id: str, event_key: str | None = None
) -> DataFrame:
    """Return the log of a run in order.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    experiment_id : str
        The experiment.
    run_id : str
        The name of the run.
    event_key : str, optional
        Only entries of this key, such as ``'METRIC'``; see :class:`hanalife.tracking.events.EventKey`.

    Returns
    -------
    DataFrame
        ``EXECUTION_ID``, ``SEQ`` (from 0, without gaps), ``EVENT_KEY``, ``EVENT_TIMESTAMP``,
        ``EVENT_MESSAGE`` (JSON text, whole, however long).

    Raises
    ------
    InvalidArgumentError
        An id is empty, too long, or cannot be stored.
    """
    run = identity.require_run(experiment_id, run_id)
    return _frame(connection_context, run_frames.log(*run, event_key))


def get_tracking_log_header_by_run(
    connection_context: ConnectionContext, experiment_id: str, run_id: str, event_key: str | None = None
) -> DataFrame:
    """Return all tags of a run: ``EXECUTION_ID``, ``SEQ``, ``HEADER_KEY``, ``HEADER_VALUE``.

    ``event_key``, if given, is the one tag name to return. Raises as
    :func:`get_tracking_log_by_run`.
    """
    run = identity.require_run(experiment_id, run_id)
    return _frame(connection_context, run_frames.header(*run, key=event_key))


def get_tracking_metadata_by_run(
    connection_context: ConnectionContext, experiment_id: str, run_id: str, *, clock: Clock | None = None
) -> DataFrame:
    """Return the row that describes a run.

    Returns
    -------
    DataFrame
        ``TRACK_ID``, ``OWNER``, ``STATUS`` (see :class:`hanalife.records.RunStatus`),
        ``PROC_NAME``, ``DESCRIPTION``, ``DATASET_NAME``, ``DATASET_SOURCE``, ``CREATED_AT``,
        ``ENDED_AT``, ``ATTEMPT``, ``HOST``, ``PID``, ``RUN_ID``.

    Raises
    ------
    InvalidArgumentError
        An id is empty, too long, or cannot be stored.

    Notes
    -----
    Runs whose process has been silent for a minute are marked ``LOST`` by this call.
    """
    run = identity.require_run(experiment_id, run_id)
    mark_lost_runs(connection_context.database, clock() if clock else None)
    return _frame(connection_context, run_frames.metadata(*run))


def get_tracking_log(connection_context: ConnectionContext, track_id: str) -> DataFrame:
    """Return the log of a tracking id; deprecated for :func:`get_tracking_log_by_run`."""
    _warn("get_tracking_log", "get_tracking_log_by_run")
    return get_tracking_log_by_run(connection_context, *identity.split(track_id))


def get_tracking_metadata(connection_context: ConnectionContext, track_id: str) -> DataFrame:
    """Return the metadata of a tracking id; deprecated for :func:`get_tracking_metadata_by_run`."""
    _warn("get_tracking_metadata", "get_tracking_metadata_by_run")
    return get_tracking_metadata_by_run(connection_context, *identity.split(track_id))


# --- deletion ---------------------------------------------------------------------------------


def delete_run_log(
    connection_context: ConnectionContext,
    experiment_id: str,
    run_name: str,
    remove_mode: bool = False,
    is_force: bool = False,
    *,
    clock: Clock | None = None,
) -> None:
    """Delete what is recorded of a run, all attempts of its name; an unknown run is only logged.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    experiment_id : str
        The experiment.
    run_name : str
        The run.
    remove_mode : bool, default False
        True removes log, values, artifacts, tags and metadata; False keeps the metadata with the status
        ``DELETED``.
    is_force : bool, default False
        Also delete a run that is still ``ACTIVE``; what its call has still to say is dropped.
    clock : callable, optional
        The database's clock by default. Tells which ``ACTIVE`` runs are in truth ``LOST``.

    Raises
    ------
    InvalidArgumentError
        An id is empty, or the run is ``ACTIVE`` and ``is_force`` is False; nothing is deleted.
    """
    experiment_id, name, _ = identity.require_run(experiment_id, run_name, "run_name")
    _delete(connection_context, experiment_id, name, remove=remove_mode, force=is_force, clock=clock)


def delete_tracking_log_by_run(
    connection_context: ConnectionContext,
    experiment_id: str,
    run_id: str,
    remove_mode: bool = False,
    is_force: bool = False,
    *,
    clock: Clock | None = None,
) -> None:
    """Do the same as :func:`delete_run_log`."""
    delete_run_log(connection_context, experiment_id, run_id, remove_mode, is_force, clock=clock)


def delete_tracking_log(
    connection_context: ConnectionContext, track_id: str, remove_mode: bool = False, is_force: bool = False
) -> None:
    """Delete the run of a tracking id; deprecated for :func:`delete_run_log`."""
    _warn("delete_tracking_log", "delete_run_log")
    delete_run_log(connection_context, *identity.split(track_id), remove_mode, is_force)


def delete_experiment_log(
    connection_context: ConnectionContext,
    experiment_id: str,
    remove_mode: bool = False,
    is_force: bool = False,
    *,
    clock: Clock | None = None,
) -> None:
    """Delete what is recorded of every run of exactly this experiment; an unknown one is only logged.

    ``remove_mode=True`` removes the experiment itself too. Parameters and errors are those of
    :func:`delete_run_log`.
    """
    experiment_id = identity.require_experiment_id(experiment_id)
    _delete(connection_context, experiment_id, None, remove=remove_mode, force=is_force, clock=clock)


def _delete(
    connection_context: ConnectionContext,
    experiment_id: str,
    name: str | None,
    *,
    remove: bool,
    force: bool,
    clock: Clock | None,
) -> None:
    database = connection_context.database
    mark_lost_runs(database, clock() if clock else None)
    with database.write() as connection:
        known = runs.hold_experiment(connection, experiment_id)
        found = runs.attempts(connection, experiment_id, name)
        if not known or (name is not None and not found):
            logger.info("Nothing is recorded of %r; nothing was deleted.", name or experiment_id)
            return
        active = sorted({run.name for run in found if run.status is RunStatus.ACTIVE})
        if active and not force:
            raise InvalidArgumentError(
                f"Experiment {experiment_id!r}: run {', '.join(map(repr, active))} is still ACTIVE; "
                "wait until it ends, or delete it with is_force=True."
            )
        forget = runs.forget_runs if remove else runs.forget_logs
        forget(connection, [run.run_id for run in found])
        if remove and name is None:
            runs.forget_experiment(connection, experiment_id)


# --- what all of them need --------------------------------------------------------------------


def _frame(connection_context: ConnectionContext, query: Any) -> DataFrame:
    connection_context.database.migrate()  # the tables must exist even if nothing was ever recorded
    return DataFrame.from_query(connection_context, query)


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old}() is deprecated; use {new}().", DeprecationWarning, stacklevel=3)
