"""What an unfinished search has found, so that the next fit goes on from there.

A score is kept under a hash of all that determines it: rows, fold, algorithm, parameters, versions.
A search that asks for the same score again gets it, whatever else has changed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Any

from hanalife._version import __version__
from hanalife.clock import new_id
from hanalife.database import searches
from hanalife.errors import InvalidArgumentError, SearchCancelledError
from hanalife.learning.parameters.selection import MOST_CHARACTERS
from hanalife.records import SearchScore, SearchStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hanalife.database.engine import Database
    from hanalife.learning.engines.engine import Engine, Rows
    from hanalife.learning.folds import Fold
    from hanalife.learning.preparation import Preparation

#: How a fold is scored. 2: what is learned of rows, such as fills of missing values, is learned in each fold;
#: scores of 1 saw the rows that judge, and are not taken again.
PROTOCOL = 2

#: Another one may give other bits.
_LIBRARIES = ("numpy", "scikit-learn", "xgboost-cpu", "xgboost")

#: What a whole made of parts, one a group, is identified by: each part knows its own rows.
GROUPS = hashlib.sha256(b"groups").hexdigest()

#: Scores go to the store together, not each by itself.
SECONDS_BETWEEN_WRITES = 0.1


def draw_seed() -> int:
    """Return a new seed."""
    return secrets.randbelow(2**31 - 1) + 1


def identity(
    engine: Engine,
    rows: Rows,
    class_names: Sequence[str],
    metrics: Sequence[str],
    preparation: Preparation | None = None,
) -> str:
    """Return the hash of what all scores of a search have in common, 64 hexadecimal digits.

    ``rows`` are as they were read; how each fold prepares them is hashed by its settings.
    """
    settings = () if preparation is None else (repr(preparation.strategy), repr(preparation.class_weights))
    common = [PROTOCOL, type(engine).__name__, repr(engine.problem), list(class_names), list(metrics), settings]
    words = [*common, rows.features.shape, _versions()]
    found = hashlib.sha256(json.dumps(words, default=str).encode())
    for array in (rows.features, rows.target, *(() if rows.weights is None else (rows.weights,))):
        found.update(str(array.dtype).encode() + array.tobytes())
    return found.hexdigest()


def fold_digest(fold: Fold) -> str:
    """Return the hash of which rows train and which judge."""
    return hashlib.sha256(b"/".join(part.tobytes() for part in fold)).hexdigest()


def trial_digest(trial: Mapping[str, Any]) -> str:
    """Return the hash of all parameters in force."""
    return hashlib.sha256(json.dumps(trial, sort_keys=True, default=str).encode()).hexdigest()


def score_key(common: str, fold: str, trial: str) -> str:
    """Return the key of one candidate's scores on one fold, of the hashes of what determines them."""
    return hashlib.sha256(f"{common}/{fold}/{trial}".encode()).hexdigest()


@functools.cache
def _versions() -> dict[str, str]:
    found = {"hanalife": __version__}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # one of the two packages of XGBoost
    return found


class Memory:
    """Seeds and scores of a search, in this process.

    A fit that ends well needs them no more. One that does not leaves them to the next, which is
    given the same seeds where it would draw them, and does not train again for a score that is known.

    Parameters
    ----------
    before : Memory, optional
        Of the fit before, if it did not end well.
    seed_source : callable, optional
        Gives new seeds; by default the system's randomness does.
    """

    def __init__(self, before: Memory | None = None, seed_source: Callable[[], int] | None = None) -> None:
        self._seed_source = seed_source or draw_seed
        self.seeds: list[int] = list(before.seeds) if before else []
        self.known: dict[str, SearchScore] = dict(before.known) if before else {}
        self.identity: str = before.identity if before else ""
        self._drawn = 0
        self.parts: dict[str, Memory] = dict(before.parts) if before else {}
        self._whole: Memory | None = None
        self._stopped: SearchCancelledError | None = None

    def part(self, name: str) -> Memory:
        """Return the memory of one of the many searches that this one is made of.

        What a part has found is kept until the whole ends well, whether the part itself has or not.
        """
        return self._adopt(name, Memory(self.parts.get(name)))

    def _adopt(self, name: str, part: Memory) -> Memory:
        self.parts[name], part._whole = part, self
        return part

    def stop(self, why: SearchCancelledError) -> None:
        """Have all parts raise the error when they next look up; any thread may call it."""
        self._stopped = self._stopped or why

    def check(self) -> None:
        """Look up for a part, in its thread.

        Raises
        ------
        SearchCancelledError
            The whole is to stop.
        """
        if self._stopped is not None:
            raise self._stopped

    def draw(self) -> int:
        """Return the seed drawn at this place of the unfinished fit, or a new one."""
        if self._drawn == len(self.seeds):
            self.seeds.append(self._seed_source())
        self._drawn += 1
        return self.seeds[self._drawn - 1]

    def begin(self, identity: str, total: int) -> None:
        """Begin a search of so many candidate folds; what is known of another identity is of no use."""
        del total  # of interest to the store only
        if identity != self.identity:
            self.known.clear()
        self.identity = identity

    def recall(self, key: str) -> Mapping[str, float | None] | None:
        """Return scores, or None if they are not known."""
        found = self.known.get(key)
        return found.scores if found else None

    def keep(self, found: SearchScore) -> bool:
        """Keep scores; any thread may call it. Return whether they are new."""
        return self.known.setdefault(found.score_key, found) is found

    def look_up(self, done: int, total: int) -> None:
        """Look up from the work, in the caller's thread: often called, must be cheap.

        Raises
        ------
        SearchCancelledError
            The whole that this is a part of is to stop.
        """
        del done, total  # of interest to the store only
        if self._whole is not None:
            self._whole.check()

    def end(self, error: BaseException | None) -> None:
        """Note how the fit ended."""


class StoredMemory(Memory):
    """Seeds and scores of a search, in the store too, where other processes see them.

    Parameters
    ----------
    database : Database
    search_id : str
        The ``progress_indicator_id``.
    before : Memory, optional
        Of the fit before, if it did not end well.
    since : datetime, optional
        When the whole began that this is a part of.
    now : callable
        Seconds of a clock that never goes back.
    seed_source : callable, optional
        Gives new seeds; by default the system's randomness does.
    """

    def __init__(
        self,
        database: Database,
        search_id: str,
        before: Memory | None = None,
        since: datetime | None = None,
        now: Callable[[], float] = time.monotonic,
        seed_source: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(before, seed_source)
        self._database = database
        self._search_id = search_id
        self._since = since
        self._started_at: datetime | None = None
        self._owner = new_id()
        self._now = now
        self._begun = False
        self._written_at = -float("inf")
        self._unwritten: list[SearchScore] = []
        self._progress = (0, 0)
        self._unit = "candidate folds"
        with database.read() as connection:
            found = searches.find(connection, search_id)
        if found is not None and found.status is not SearchStatus.FINISHED:
            self.seeds = list(found.seeds)

    def begin(self, identity: str, total: int) -> None:
        """Take the search over from whoever had it."""
        super().begin(identity, total)
        self._unit = "groups" if identity == GROUPS else self._unit
        with self._database.write() as connection:
            self._started_at, found = searches.begin(
                connection,
                self._search_id,
                identity,
                owner=self._owner,
                host=socket.gethostname(),
                pid=os.getpid(),
                seeds=self.seeds,
                total=total,
                since=self._since,
            )
        stored = {one.score_key: one for one in found}
        self._unwritten = [one for key, one in self.known.items() if key not in stored]
        self.known |= stored
        self._begun, self._progress = True, (0, total)

    def part(self, name: str) -> Memory:
        """Return the memory of one of many searches, kept under the whole's id, a stroke and its name."""
        before = self.parts.get(name)
        return self._adopt(name, StoredMemory(self._database, self.part_id(name), before, self._started_at, self._now))

    def part_id(self, name: str) -> str:
        """Return the id under which the store keeps a part.

        Raises
        ------
        InvalidArgumentError
            It is too long.
        """
        found = f"{self._search_id}/{name}"
        if len(found) > MOST_CHARACTERS:
            raise InvalidArgumentError(
                f"progress_indicator_id: with the group's name, {found!r}, longer than "
                f"{MOST_CHARACTERS} characters; shorten it."
            )
        return found

    def keep(self, found: SearchScore) -> bool:
        """Keep scores; they are written when the caller's thread looks up."""
        is_new = super().keep(found)
        if is_new:
            self._unwritten.append(found)
        return is_new

    def look_up(self, done: int, total: int) -> None:
        """Write what is new, and see whether to stop.

        Raises
        ------
        SearchCancelledError
            Someone asked for it, or another process has taken the search over.
        """
        self._progress = (done, total)
        self.check()
        super().look_up(done, total)

    def check(self) -> None:
        """Look up for a part, or for itself, in any thread."""
        super().check()
        if self._now() - self._written_at < SECONDS_BETWEEN_WRITES:
            return
        self._written_at = self._now()
        try:
            self._write()
        except SearchCancelledError as error:
            self.stop(error)
            raise

    def end(self, error: BaseException | None) -> None:
        """Write the rest and how the fit ended."""
        if not self._begun:
            return
        self._write(final=True)
        status = {
            type(None): SearchStatus.FINISHED,
            SearchCancelledError: SearchStatus.CANCELLED,
            KeyboardInterrupt: SearchStatus.INTERRUPTED,
        }.get(type(error), SearchStatus.FAILED)
        message = "" if error is None else f"{type(error).__name__}: {error}"
        with self._database.write() as connection:
            searches.end(connection, self._search_id, self._owner, status, message)

    def _write(self, *, final: bool = False) -> None:
        count = len(self._unwritten)  # threads may add more meanwhile
        with self._database.write() as connection:
            found = searches.add(connection, self._search_id, self._owner, self._unwritten[:count], *self._progress)
        del self._unwritten[:count]
        if final:
            return
        if found is None:
            raise SearchCancelledError(
                f"progress_indicator_id: another fit goes on with the search {self._search_id!r}; this one stopped. "
                "Give each search an id of its own."
            )
        if found.cancel_requested:
            raise SearchCancelledError(
                f"The search {self._search_id!r} was cancelled after {found.done} of {found.total} {self._unit}; "
                "fit again to go on from there."
            )


@contextmanager
def ended(memory: Memory) -> Iterator[None]:
    """Tell the memory how the fit ended."""
    try:
        yield
    except BaseException as error:
        memory.end(error)
        raise
    memory.end(None)
