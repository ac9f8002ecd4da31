"""Work on many groups of rows side by side, in threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from hanalife.errors import Error, InvalidArgumentError, SearchCancelledError
from hanalife.learning.groups import error_table
from hanalife.learning.memory import Memory
from hanalife.learning.results.tables import Table

T = TypeVar("T")


def for_each(
    names: Mapping[str, Any], work: Callable[[str], T], observer: Any, memory: Memory
) -> tuple[dict[str, T], Table]:
    """Do the work of each group in threads; return the results, and the errors of those that failed.

    Raises
    ------
    InvalidArgumentError
        Every group failed.
    SearchCancelledError
        The memory knows that someone wants it all to stop.
    """
    from hanalife.learning import progress

    errors: dict[str, Error] = {}
    done: dict[str, T] = {}

    def attempt(name: str) -> tuple[str, T | Error]:
        try:
            memory.check()
            return name, work(name)
        except Error as error:
            return name, error

    with (
        ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="hanalife-group") as pool,
        progress.reporting(observer, "groups", "group") as told,
        _none_left_behind(pool, memory),
    ):
        for count, (name, found) in enumerate(pool.map(attempt, names), 1):
            memory.look_up(count - isinstance(found, Error), len(names))
            if isinstance(found, Error):
                errors[name] = found
            else:
                done[name] = found
            told.judged(count, len(names))
    if not done:
        name, error = next(iter(errors.items()))
        raise InvalidArgumentError(f"group_key: every group failed; the first was {name!r}: {error}") from error
    return done, error_table(errors)


@contextmanager
def _none_left_behind(pool: ThreadPoolExecutor, memory: Memory) -> Iterator[None]:
    """If the work ends early, begin no further group, and stop the searches of those under way."""
    try:
        yield
    except BaseException:
        memory.stop(SearchCancelledError("The fit of all groups ended early; fit again to go on from there."))
        pool.shutdown(wait=False, cancel_futures=True)
        raise
