"""Answers to the questions of a front end, and errors as it is told of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import TypeVar

import sqlalchemy as sa

from hanalife.arguments import whole_number
from hanalife.database import blobs, run_artifacts, run_search
from hanalife.database import runs as runs_table
from hanalife.errors import (
    ArtifactNotFoundError,
    DataNotFoundError,
    Error,
    ModelNotFoundError,
    RunNotFoundError,
    TaskNotFoundError,
)
from hanalife.tracking import grammar
from hanalife.views import drift, models, runs, tasks
from hanalife.views.encoding import LONGEST_TEXT
from hanalife.views.payloads.drift import CheckDetail, DriftDetail
from hanalife.views.payloads.messages import ErrorInfo
from hanalife.views.payloads.models import ModelDetail
from hanalife.views.payloads.runs import ArtifactPart, FoundRuns, LogPage, MessagePart, RunDetail
from hanalife.views.payloads.tasks import TaskDetail
from hanalife.views.payloads.words import CONTRACT
from hanalife.views.run_log import MOST_LOG_ENTRIES, log_row

T = TypeVar("T")

#: So much of a message of a log is sent at once.
PART_CHARACTERS = 100_000


def run(connection: sa.Connection, run_id: str) -> RunDetail:
    """Return the details of a run.

    Raises
    ------
    RunNotFoundError
        There is no run of that id.
    """
    return _found(
        runs.read(connection, run_id),
        RunNotFoundError,
        f"run_id: there is no run {run_id!r}; it may have been deleted.",
    )


def log_before(connection: sa.Connection, run_id: str, seq: str) -> LogPage:
    """Return the entries of a run's log before a number."""
    found = runs_table.log_before(connection, run_id, whole_number("seq", seq), LONGEST_TEXT, MOST_LOG_ENTRIES)
    return {"contract": CONTRACT, "log": [log_row(entry, length) for entry, length in found]}


def message(connection: sa.Connection, run_id: str, seq: str, start: str) -> MessagePart:
    """Return so much of a message of a run's log as is sent at once, from a character on.

    Raises
    ------
    RunNotFoundError
        There is no such entry.
    """
    found = runs_table.message(
        connection, run_id, whole_number("seq", seq), whole_number("start", start), PART_CHARACTERS
    )
    words = f"seq: run {run_id!r} has no log entry {seq}; it may have been deleted."
    text, length = _found(found, RunNotFoundError, words)
    return {"contract": CONTRACT, "text": text, "length": length}


def artifact(connection: sa.Connection, run_id: str, name: str, part: str) -> ArtifactPart:
    """Return one of the parts of an artifact, the first is 0.

    Raises
    ------
    ArtifactNotFoundError
        The run keeps nothing under that name.
    """
    words = f"name: run {run_id!r} keeps nothing under {name!r}; it may have been deleted."
    found = _found(run_artifacts.find(connection, run_id, name), ArtifactNotFoundError, words)
    data, parts = blobs.part(connection, found.sha256, whole_number("part", part))
    return {
        "contract": CONTRACT,
        "media_type": found.media_type,
        "size_bytes": found.size,
        "parts": parts,
        "data": base64.b64encode(data).decode(),
    }


def _found(found: T | None, kind: type[Error], words: str) -> T:
    if found is None:
        raise kind(words)
    return found


def search(connection: sa.Connection, text: str, experiment_ids: Sequence[str] | None = None) -> FoundRuns:
    """Return the runs that a search in the language of :mod:`hanalife.tracking.grammar` finds.

    Raises
    ------
    SearchError
        It is none; the message has the text and a caret under the place.
    """
    parsed = grammar.parse(text, "search")
    return {
        "contract": CONTRACT,
        "run_ids": run_search.run_ids(connection, parsed, experiment_ids),
        "ordered": bool(parsed.order),
    }


def task(connection: sa.Connection, task_id: str) -> TaskDetail:
    """Return the details of a task.

    Raises
    ------
    TaskNotFoundError
        There is no task of that id.
    """
    return _found(
        tasks.read_one(connection, task_id),
        TaskNotFoundError,
        f"task_id: there is no task {task_id!r}; it may have been removed.",
    )


def model(connection: sa.Connection, name: str) -> ModelDetail:
    """Return the details of a model.

    Raises
    ------
    ModelNotFoundError
        There is none of that name.
    """
    return _found(
        models.read_one(connection, name),
        ModelNotFoundError,
        f"name: there is no model {name!r}; it may have been deleted.",
    )


def drift_series(connection: sa.Connection, check_id: str) -> DriftDetail:
    """Return the series that a check belongs to.

    Raises
    ------
    DataNotFoundError
        There is no check of that id.
    """
    return _found(
        drift.read_series(connection, check_id), DataNotFoundError, f"check_id: there is no drift check {check_id!r}."
    )


def drift_check(connection: sa.Connection, check_id: str) -> CheckDetail:
    """Return all that one check found.

    Raises
    ------
    DataNotFoundError
        There is no check of that id.
    """
    return _found(
        drift.read_check(connection, check_id), DataNotFoundError, f"check_id: there is no drift check {check_id!r}."
    )


def error_info(error: Error | sa.exc.SQLAlchemyError) -> ErrorInfo:
    """Return an error as a front end shows it, without the text of a statement or its values.

    >>> error_info(RunNotFoundError("run_id: there is no run 'x'."))["code"]
    'run_not_found'
    """
    if isinstance(error, Error):
        code = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()
        return {"code": code, "message": str(error), "hint": ""}
    reason = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()[0]
    return {"code": "database", "message": f"The database cannot be read: {reason}.", "hint": "It is tried again."}
