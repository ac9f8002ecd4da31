"""Tell the observer of a call, from its start to its good or bad end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hanalife.observation import CallObserver, CallOutcome, CallStart

R = TypeVar("R")


def observed(
    observer: CallObserver | None, start: CallStart, work: Callable[[], R], describe: Callable[[R], CallOutcome]
) -> tuple[R, str | None]:
    """Do the work and report it; return its result and the id of the run that records it.

    An error of the work is reported and raised. Without an observer nothing is described, for
    a description costs time: it hashes all rows.
    """
    if observer is None:
        return work(), None
    run_id = observer.call_started(start)
    try:
        result = work()
        outcome = describe(result)
    except BaseException as error:
        observer.call_failed(error)
        raise
    observer.call_finished(outcome)
    return result, run_id
