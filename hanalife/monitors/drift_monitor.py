"""Drift checks, their windows and alerts, live in the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.monitors.base import Monitor, check_ids
from hanalife.views import answers, changes, drift, drift_pages
from hanalife.views.payloads.drift import CheckDetail, DriftDelta, DriftDetail, DriftPayload, DriftSeriesRow

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.monitors.widgets import Methods, MonitorBox


class DriftMonitor(Monitor[DriftPayload]):
    """Watch drift in the notebook: columns x windows as a heat map, with distributions, performance and alerts.

    The checks against one reference make a series; :meth:`hanalife.drift.native.Drift.check`,
    ``windows``, ``performance`` and ``estimate_performance`` add to it, as does ``DriftDetector``.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    references : str or list of str, optional
        Tables of reference rows (or the queries, as the checks name them) to show; None, the default,
        is all. One that nothing was compared with yet is shown as such and appears once it is.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.

    Raises
    ------
    InvalidArgumentError
        ``references`` is none of None, str, list of str.

    Examples
    --------
    >>> from hanalife import ConnectionContext, DriftMonitor
    >>> with ConnectionContext("sqlite://") as conn:
    ...     DriftMonitor(conn).snapshot()["series"]
    []
    """

    def __init__(
        self,
        connection_context: ConnectionContext,
        references: str | Sequence[str] | None = None,
        *,
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(connection_context, check_ids(references, "references"), clock)
        self._detail: DriftDetail | None = None
        self._detail_of: DriftSeriesRow | None = None

    def _export(self, path: Path) -> Path:
        return drift_pages.write(self.connection_context, path, self._ids, clock=self._clock)

    def _read(self, connection: sa.Connection, previous: DriftPayload | None) -> DriftPayload:  # noqa: ARG002
        return drift.read(connection, self._database.label, self._ids)

    def _between(self, old: DriftPayload, new: DriftPayload) -> DriftDelta | None:
        return changes.between_drift(old, new)

    # --- the selected series --------------------------------------------------------------------

    def _look_closer(self, connection: sa.Connection) -> None:
        row = self._selected()
        if row is None or row == self._detail_of:  # a new check, and an alert that is seen, change the row
            return
        self._detail_of, self._detail = row, drift.read_series(connection, row["series_id"])
        self._show_detail(row["series_id"], self._detail)

    def _selected(self) -> DriftSeriesRow | None:
        """Return the selected series; of a single one there is no choice."""
        rows = self._latest["series"] if self._latest else []
        if len(rows) == 1:
            return rows[0]
        selected = self._box.table.selected if self._box else ""
        return next((row for row in rows if row["series_id"] == selected), None)

    # --- the view -------------------------------------------------------------------------------

    def _make_box(self) -> MonitorBox:
        from hanalife.monitors.widgets import DriftTable, MonitorBox

        first = self._latest["series"][0]["series_id"] if self._latest and self._latest["series"] else ""
        methods: Methods = {
            "drift_series": self._answer_series,
            "drift_check": self._answer_check,
            "control": self._answer_control,
            "snapshot": lambda _args: self._latest,
            "cancel": lambda _args: self._cancel(),
        }
        table = DriftTable(methods, selected=first)
        table.observe(lambda _: self._wake.set(), "selected")
        return MonitorBox(table, [], self._picture)

    def _picture(self) -> str:
        with self._lock:
            return drift_pages.table(self._latest, self._detail) if self._latest else "<p>Drift Monitor</p>"

    def _answer_series(self, args: Mapping[str, str]) -> DriftDetail:
        with self._database.read() as connection:
            return answers.drift_series(connection, args["check_id"])

    def _answer_check(self, args: Mapping[str, str]) -> CheckDetail:
        with self._database.read() as connection:
            return answers.drift_check(connection, args["check_id"])
