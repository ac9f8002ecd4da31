"""What every monitor does: read the store in a thread, tell the cell what changed."""

from __future__ import annotations

import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.database.watch import WriteWatch
from hanalife.errors import Error, InvalidArgumentError
from hanalife.views.answers import error_info

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.monitors.widgets import Answer, Methods, MonitorBox

POLL_SECONDS = 1.0
#: Do so often what is due even if nobody wrote: silence of a worker or run is news as well.
TEND_SECONDS = 5.0
#: The longest pause between attempts to reach a lost database.
SELDOM_SECONDS = 30.0
#: ``start`` waits so long at most, so that the saved output has what the first look found.
FIRST_LOOK_SECONDS = 1.0

P = TypeVar("P", bound=Mapping[str, Any])


def check_ids(ids: object, argument: str) -> list[str] | None:
    """Return ids as a list, or None for all.

    Raises
    ------
    InvalidArgumentError
        It is none of None, str, list of str.
    """
    if ids is None:
        return None
    if isinstance(ids, str):
        return [ids]
    if isinstance(ids, list | tuple) and all(isinstance(one, str) for one in ids):
        return list(ids)
    raise InvalidArgumentError(f"{argument}: {ids!r} is not allowed; give None (all), a str, or a list of str.")


class Monitor(ABC, Generic[P]):
    """Shows a part of the store in the notebook cell and keeps it up to date.

    A daemon thread reads with a connection of its own, so that updates come while a cell is
    busy, and sends only what changed. Outside a notebook there is nothing to see, but the
    thread runs all the same and :meth:`snapshot` gives the data.
    """

    def __init__(
        self, connection_context: ConnectionContext, ids: Sequence[str] | None, clock: Clock = utc_now
    ) -> None:
        self.connection_context = connection_context
        self._ids = ids
        self._clock = clock
        self._database = connection_context.database
        self._lock = threading.RLock()  # guards the three below, which the threads share
        self._latest: P | None = None
        self._box: MonitorBox | None = None
        self._status = ("starting", "")
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._looked = threading.Event()
        self._thread: threading.Thread | None = None
        self._failures = 0  # since the last good look
        self._mark: object = None  # of the database, at the last reading
        self._readings = 0

    # --- what a user calls --------------------------------------------------------------------

    def start(self) -> None:
        """Show the monitor in this cell and keep it up to date until :meth:`cancel`; return at once."""
        if self._thread is None or self._stopped.is_set():
            self._stopped, self._looked = threading.Event(), threading.Event()
            self._thread = threading.Thread(
                target=self._watch, args=(self._stopped,), name=type(self).__name__, daemon=True
            )
            self._thread.start()
        if _in_notebook():
            self._display()

    def cancel(self) -> None:
        """Stop watching, say so in the view and print a line with the time."""
        print(self._cancel())  # noqa: T201 - the line is the promised answer

    def snapshot(self) -> P:
        """Return what the monitor shows, read now."""
        with self._database.read() as connection:
            return self._read_all(connection)

    def export_html(self, path: str | Path) -> Path:
        """Write what the monitor shows now as one HTML file and return its path.

        The page needs no kernel and no network; its tables can be sorted and filtered. It has the newest
        1,000 rows, 50 of them in detail, and at most 10 MB.

        Parameters
        ----------
        path : str or Path
            The file to write; an old one is replaced.
        """
        return self._export(Path(path))

    # --- what a kind of monitor adds ------------------------------------------------------------

    @abstractmethod
    def _read(self, connection: sa.Connection, previous: P | None) -> P:
        """Read the payload; unchanged parts may be taken from the previous one."""

    @abstractmethod
    def _export(self, path: Path) -> Path:
        """Write the page of :meth:`export_html`."""

    @abstractmethod
    def _between(self, old: P, new: P) -> Mapping[str, Any] | None:
        """Return what turns the old payload into the new one, or None."""

    @abstractmethod
    def _make_box(self) -> MonitorBox:
        """Make the widgets."""

    def _look_closer(self, connection: sa.Connection) -> None:
        """Read what belongs to the present selection, after each look and each selection."""

    def _read_all(self, connection: sa.Connection) -> P:
        """Read the whole payload."""
        return self._read(connection, None)

    def _has_all(self) -> bool:
        """Say whether the payload is whole; if not, it is read on at once."""
        return True

    def _aged(self, connection: sa.Connection, latest: P) -> P | None:
        """Return what time alone has made of the payload, if anything; asked every few seconds while nobody writes."""

    def _tend(self) -> None:
        """Do what is due every few seconds."""

    # --- the thread -----------------------------------------------------------------------------

    def _watch(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            try:
                self._follow(stopped)
            except (Error, sa.exc.SQLAlchemyError) as error:
                self._show_status("lost", error_info(error)["message"])
                self._looked.set()
                stopped.wait(min(POLL_SECONDS * 2**self._failures, SELDOM_SECONDS))
                self._failures += 1

    def _follow(self, stopped: threading.Event) -> None:
        """Read again and again with one connection until stopped or until the database is lost."""
        with self._database.read() as connection, closing(WriteWatch(self._database)) as watch:
            self._mark = None
            tended_at = float("-inf")
            while not stopped.is_set():
                mark = watch.mark()
                overdue = time.monotonic() - tended_at >= TEND_SECONDS
                if overdue:
                    tended_at = time.monotonic()
                    self._tend()
                if mark != self._mark or not self._has_all():
                    self._mark = mark
                    self._take(self._read(connection, self._latest), stopped)
                    self._readings += 1
                elif overdue and self._latest and (aged := self._aged(connection, self._latest)):
                    self._take(aged, stopped)
                self._look_closer(connection)
                connection.rollback()  # a transaction left open would never see later changes
                self._looked.set()
                if self._has_all():
                    self._wake.wait(POLL_SECONDS)
                    self._wake.clear()

    def _take(self, new: P, stopped: threading.Event) -> None:
        """Make a payload the latest, and send what it changes."""
        self._failures = 0
        with self._lock:
            if stopped.is_set():
                return
            delta = None if self._latest is None else self._between(self._latest, new)
            if self._latest is None:
                self._latest = new
                self._show_all()
            elif delta is not None:
                numbered: Any = {**new, "seq": delta["seq"]}
                self._latest = numbered
                if self._box is not None:
                    self._box.table.change(numbered, delta)
            self._show_status("live")

    # --- the view -------------------------------------------------------------------------------

    def _display(self) -> None:
        from IPython.display import display

        if self._box is None:
            box = self._make_box()  # takes a moment the first time; the thread is looking meanwhile
            self._looked.wait(FIRST_LOOK_SECONDS)
            with self._lock:
                self._box = box
                box.table.say(*self._status)
                self._show_all()
            self._wake.set()
        display(self._box)

    def _show_all(self) -> None:
        if self._box is not None and self._latest is not None:
            self._box.table.show(self._latest)

    def _show_detail(self, name: str, payload: Mapping[str, Any] | None) -> None:
        with self._lock:
            if self._box is not None and payload is not None:
                self._box.table.detail(name, payload)

    def _show_status(self, word: str, text: str = "") -> None:
        with self._lock:
            self._status = (word, text)
            if self._box is not None:
                self._box.table.say(word, text)

    def _methods(self, **questions: Answer) -> Methods:
        """Return what answers the questions of a kind of monitor, and those that all kinds answer."""
        return {
            **questions,
            "control": self._answer_control,
            "snapshot": lambda _args: self._latest,
            "cancel": lambda _args: self._cancel(),
        }

    def _asking(self, question: Callable[..., Any], *names: str) -> Answer:
        """Return what answers a question from the store; ``names`` are its arguments, in their order."""
        return self._reading(lambda connection, args: question(connection, *(args[name] for name in names)))

    def _reading(self, ask: Callable[[sa.Connection, Mapping[str, str]], Any]) -> Answer:
        """Return what asks with a connection of its own."""

        def answer(args: Mapping[str, str]) -> Any:
            with self._database.read() as connection:
                return ask(connection, args)

        return answer

    def _answer_control(self, args: Mapping[str, str]) -> Any:
        """Make the change that a control of the view stands for, and look what came of it."""
        from hanalife.controls import table as controls  # more than all the rest, and only for a click

        name, given = args["control"], {key: value for key, value in args.items() if key != "control"}
        answer = controls.carry_out(self.connection_context, name, given)
        self._wake.set()
        return answer

    def _cancel(self) -> str:
        line = f"Cancelled at {self._clock():%Y-%m-%d %H:%M:%S} UTC"
        with self._lock:
            self._stopped.set()
            self._show_status("cancelled", line)
        self._wake.set()
        return line


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")  # a plain interpreter has not loaded it
    return ipython is not None and ipython.get_ipython() is not None
