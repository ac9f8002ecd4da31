"""Names of experiments and runs, and the tracking id that joins the two."""

from __future__ import annotations

from typing import Final

from hanalife.errors import ArgumentTypeError, InvalidArgumentError

EXPERIMENT_SPLITTER: Final = "_<EXPERIMENT_SPLITTER>_"
MAX_LENGTH: Final = 256


def track_id(experiment_id: str, run_name: str) -> str:
    """Return the tracking id of a run name.

    >>> track_id("diabetes", "run_0")
    'diabetes_<EXPERIMENT_SPLITTER>_run_0'
    """
    return f"{experiment_id}{EXPERIMENT_SPLITTER}{run_name}"


def split(text: str, argument: str = "track_id") -> tuple[str, str]:
    """Return experiment id and run name of a tracking id.

    Raises
    ------
    InvalidArgumentError
        The text is not ``<experiment_id>_<EXPERIMENT_SPLITTER>_<run name>``.
    """
    experiment_id, splitter, run_name = require_text(text, argument).partition(EXPERIMENT_SPLITTER)
    if not (experiment_id and splitter and run_name):
        raise InvalidArgumentError(
            f"{argument}: {text!r} is not a tracking id; it must be "
            f"<experiment_id>{EXPERIMENT_SPLITTER}<run name>, as get_current_tracking_id() returns it."
        )
    return require_experiment_id(experiment_id), require_name(run_name, argument)


def require_run(experiment_id: str, run_name: str, argument: str = "run_id") -> tuple[str, str, str]:
    """Return experiment id, run name and tracking id, or raise; ``argument`` is what a caller calls the name."""
    experiment_id, run_name = require_experiment_id(experiment_id), require_name(run_name, argument)
    return experiment_id, run_name, track_id(experiment_id, run_name)


def require_experiment_id(value: str, argument: str = "experiment_id") -> str:
    """Return a usable experiment id, or raise."""
    text = require_name(value, argument)
    if "<EXPERIMENT_SPLITTER>" in text:
        raise InvalidArgumentError(
            f"{argument}: {text!r} holds '<EXPERIMENT_SPLITTER>', which parts experiment and run in a tracking id; "
            "choose another name."
        )
    return text


def require_name(value: str, argument: str) -> str:
    """Return a usable name of anything, or raise."""
    if value is None or value == "":
        raise InvalidArgumentError(f"{argument}: {value!r} names nothing; give a text of 1 to {MAX_LENGTH} characters.")
    text = require_text(value, argument)
    if len(text) > MAX_LENGTH:
        raise InvalidArgumentError(
            f"{argument}: {text[:40]!r}... has {len(text)} characters; at most {MAX_LENGTH} can be stored."
        )
    return text


def require_text(value: str, argument: str) -> str:
    """Return text that every database can hold, or raise."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{argument}: expected text, got {value!r}.")
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise InvalidArgumentError(
            f"{argument}: {value!r} holds a NUL or half a surrogate pair, which no database can store; leave it out."
        )
    return value


def storable(text: str) -> str:
    r"""Return text, not a person's choice, with what no database can hold written as escapes.

    >>> storable("a\0b")
    'a\\x00b'
    """
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
