"""Drift checks, their windows and alerts, live in the cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.monitors.base import check_ids
from hanalife.monitors.list_monitor import ListMonitor
from hanalife.views import answers, changes, drift, drift_pages
from hanalife.views.payloads.drift import DriftDelta, DriftDetail, DriftPayload, DriftSeriesRow

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.monitors.widgets import MonitorBox


class DriftMonitor(ListMonitor[DriftPayload]):
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
        selected = self._selected()
        rows = self._latest["series"] if self._latest else []
        row = next((row for row in rows if row["series_id"] == selected), None)
        if row is None or row == self._detail_of:  # a new check, and an alert that is seen, change the row
            return
        self._detail_of, self._detail = row, drift.read_series(connection, row["series_id"])
        self._show_detail(row["series_id"], self._detail)

    def _names(self, payload: DriftPayload) -> list[str]:
        return [row["series_id"] for row in payload["series"]]

    # --- the view -------------------------------------------------------------------------------

    def _make_box(self) -> MonitorBox:
        from hanalife.monitors.widgets import DriftTable

        series = self._asking(answers.drift_series, "check_id")
        methods = self._methods(drift_series=series, drift_check=self._asking(answers.drift_check, "check_id"))
        return self._list_box(DriftTable, methods)

    def _picture(self) -> str:
        with self._lock:
            return drift_pages.table(self._latest, self._detail) if self._latest else "<p>Drift Monitor</p>"
