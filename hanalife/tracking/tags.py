"""Tags: short texts that people put on entries of a run's log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.database import run_frames, run_tags, runs
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError, RunNotFoundError
from hanalife.records import Run
from hanalife.tracking import identity

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

MAX_VALUE_LENGTH: Final = 5_000
RESERVED_PREFIXES: Final = ("PAL_", "AFLPAL_", "SAP_")


def add_tag_by_run(
    connection_context: ConnectionContext,
    experiment_id: str,
    run_id: str,
    tag_name: str,
    tag_value: str,
    track_entity_seq: int,
    *,
    clock: Clock = utc_now,
) -> DataFrame:
    """Put a tag on an entry of a run's log.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    experiment_id : str
        The experiment.
    run_id : str
        The name of the run; its newest attempt is meant.
    tag_name : str
        1 to 256 characters; not beginning with ``PAL_``, ``AFLPAL_`` or ``SAP_`` in any case.
    tag_value : str
        At most 5000 characters.
    track_entity_seq : int
        ``SEQ`` of the entry of the log that the tag belongs to.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.

    Returns
    -------
    DataFrame
        The tags of that entry: ``EXECUTION_ID``, ``SEQ``, ``HEADER_KEY``, ``HEADER_VALUE``.

    Raises
    ------
    InvalidArgumentError
        An argument breaks the rules above, the entry does not exist, or it has such a tag.
    RunNotFoundError
        The run does not exist.
    """
    name, value = require_tag_name(tag_name), require_tag_value(tag_value, "tag_value")

    def add(connection: sa.Connection, run: Run, seq: int) -> None:
        if not run_tags.add(connection, run.run_id, seq, name, value):
            raise InvalidArgumentError(f"tag_name: entry {seq} has a tag {name!r}; change it with modify_tag_by_run().")

    return _change(connection_context, experiment_id, run_id, track_entity_seq, add, clock)


def modify_tag_by_run(
    connection_context: ConnectionContext,
    experiment_id: str,
    run_id: str,
    tag_name: str,
    original_tag_value: str,
    current_tag_value: str,
    track_entity_seq: int,
    *,
    clock: Clock = utc_now,
) -> DataFrame:
    """Change a tag from one value to another; arguments, result and errors as :func:`add_tag_by_run`.

    A tag that is missing or has another value than ``original_tag_value`` is an error: someone
    else may have changed it.
    """
    name = require_tag_name(tag_name)
    old = require_tag_value(original_tag_value, "original_tag_value")
    new = require_tag_value(current_tag_value, "current_tag_value")

    def change(connection: sa.Connection, run: Run, seq: int) -> None:
        if not run_tags.change(connection, run.run_id, seq, name, old, new):
            raise _not_that_value(connection, run, seq, name, "original_tag_value", old)

    return _change(connection_context, experiment_id, run_id, track_entity_seq, change, clock)


def remove_tag_by_run(
    connection_context: ConnectionContext,
    experiment_id: str,
    run_id: str,
    tag_name: str,
    tag_value: str,
    track_entity_seq: int,
    *,
    clock: Clock = utc_now,
) -> DataFrame:
    """Remove a tag of that value; arguments, result and errors as :func:`modify_tag_by_run`."""
    name, value = require_tag_name(tag_name), require_tag_value(tag_value, "tag_value")

    def remove(connection: sa.Connection, run: Run, seq: int) -> None:
        if not run_tags.remove(connection, run.run_id, seq, name, value):
            raise _not_that_value(connection, run, seq, name, "tag_value", value)

    return _change(connection_context, experiment_id, run_id, track_entity_seq, remove, clock)


def get_tags_by_run(
    connection_context: ConnectionContext,
    experiment_id: str,
    run_id: str,
    track_entity_seq: int,
    tag_name: str | None = None,
) -> DataFrame:
    """Return the tags of one entry of a run's log, ordered by name.

    Returns
    -------
    DataFrame
        ``EXECUTION_ID``, ``SEQ``, ``HEADER_KEY``, ``HEADER_VALUE``; no rows for an unknown run.

    Raises
    ------
    InvalidArgumentError
        An argument is empty or breaks the rules of :func:`add_tag_by_run`.
    """
    run = identity.require_run(experiment_id, run_id)
    seq = _require_seq(track_entity_seq)
    name = None if tag_name is None else require_tag_name(tag_name)
    connection_context.database.migrate()  # the tables must exist even if nothing was ever recorded
    return DataFrame.from_query(connection_context, run_frames.header(*run, seq, name))


def _change(
    connection_context: ConnectionContext,
    experiment_id: str,
    run_name: str,
    track_entity_seq: int,
    action: Callable[[sa.Connection, Run, int], None],
    clock: Clock,
) -> DataFrame:
    experiment_id, run_name, _ = identity.require_run(experiment_id, run_name)
    seq = _require_seq(track_entity_seq)
    with connection_context.database.write() as connection:
        run = runs.newest(connection, experiment_id, run_name)
        # Adding no entry holds the run and raises its revision; of a deleted run it says so.
        if run is None or not runs.append(connection, run.run_id, [], clock()):
            raise RunNotFoundError(
                f"run_id: no run {run_name!r} is recorded in experiment {experiment_id!r}; "
                "record it with MLExperiments.autologging()."
            )
        if not 0 <= seq < run.next_seq:
            raise InvalidArgumentError(
                f"track_entity_seq: run {run_name!r} has no log entry {seq}; its entries are 0 to {run.next_seq - 1}."
            )
        action(connection, run, seq)
    return get_tags_by_run(connection_context, experiment_id, run_name, seq)


def _not_that_value(
    connection: sa.Connection, run: Run, seq: int, name: str, argument: str, value: str
) -> InvalidArgumentError:
    stored = run_tags.value(connection, run.run_id, seq, name)
    found = f"there is no tag {name!r}" if stored is None else f"tag {name!r} is {stored!r}"
    return InvalidArgumentError(f"{argument}: entry {seq} has no tag {name!r} of value {value!r}; {found}.")


def require_tag_name(value: str) -> str:
    """Return a usable name of a tag, or raise."""
    name = identity.require_name(value, "tag_name")
    if name.upper().startswith(RESERVED_PREFIXES):
        raise InvalidArgumentError(
            f"tag_name: {name!r} begins with a reserved prefix ({', '.join(RESERVED_PREFIXES)}); choose another name."
        )
    return name


def require_tag_value(value: str, argument: str) -> str:
    """Return a usable value of a tag, or raise."""
    if value is None:
        raise InvalidArgumentError(f"{argument}: None is not a value; give a text, which may be empty.")
    text = identity.require_text(value, argument)
    if len(text) > MAX_VALUE_LENGTH:
        raise InvalidArgumentError(
            f"{argument}: {len(text)} characters; at most {MAX_VALUE_LENGTH} fit in a tag. "
            "Keep longer text in a table and put its name here."
        )
    return text


def _require_seq(value: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InvalidArgumentError(
            f"track_entity_seq: expected the SEQ of an entry of the run's log, got {value!r}."
        ) from None
