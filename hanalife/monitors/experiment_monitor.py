"""Experiments and runs, live in the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.monitors.base import Monitor, check_ids
from hanalife.tracking.writer import mark_lost_runs
from hanalife.views import answers, changes, experiments, pages, ranking, runs, static
from hanalife.views.payloads.runs import ExperimentsDelta, ExperimentsPayload, RunDetail, RunRow
from hanalife.views.run_log import RunLog

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.monitors.charts import RunCharts
    from hanalife.monitors.widgets import MonitorBox

#: The chart of a metric over runs has so many of the newest; more have no room on its axis.
MOST_COMPARED = 60


class ExperimentMonitor(Monitor[ExperimentsPayload]):
    """Watch experiments and their runs in the notebook.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    experiment_ids : str or list of str, optional
        What to show; None, the default, is everything. An id that is not recorded yet is
        shown as such and appears once it is.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.

    Raises
    ------
    InvalidArgumentError
        ``experiment_ids`` is none of None, str, list of str.

    Notes
    -----
    Selecting a run needs the kernel to be idle, or an ipykernel that answers while a cell runs;
    updates of the list, of progress, of the selected run's details and of the charts come in any case.

    The box above the list takes words of a run's name, or a search in the language of
    :func:`hanalife.search_runs`, such as ``metrics.AUC > 0.8 order by metrics.AUC desc``, which the
    kernel answers. The newest runs are read first and the others in parts, so that a store of many is seen at once;
    a saved notebook keeps the newest. :meth:`export_html` writes all of it as a page.

    Examples
    --------
    >>> from hanalife import ConnectionContext, ExperimentMonitor
    >>> with ConnectionContext("sqlite://") as conn:
    ...     ExperimentMonitor(conn, "DIABETES").snapshot()["absent"]
    ['DIABETES']
    """

    def __init__(
        self,
        connection_context: ConnectionContext,
        experiment_ids: str | Sequence[str] | None = None,
        *,
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(connection_context, check_ids(experiment_ids, "experiment_ids"), clock)
        self._detail: RunDetail | None = None
        self._log = RunLog()  # of the selected run, which is read on
        self._charts: RunCharts | None = None
        self._drawn: object = None
        self._compared: object = None
        self._selection: Mapping[str, Any] = {"experiment_id": "", "run_id": "", "ticked": []}

    def _read(self, connection: sa.Connection, previous: ExperimentsPayload | None) -> ExperimentsPayload:
        most = experiments.MOST_AT_FIRST if previous is None else experiments.MOST_AT_ONCE
        return experiments.read(connection, self._database.label, self._ids, previous, most)

    def _read_all(self, connection: sa.Connection) -> ExperimentsPayload:
        return experiments.read(connection, self._database.label, self._ids)

    def _has_all(self) -> bool:
        return self._latest is None or len(self._latest["runs"]) >= self._latest["total"]

    def _export(self, path: Path) -> Path:
        return pages.write_experiments(self.connection_context, path, self._ids, clock=self._clock)

    def _between(self, old: ExperimentsPayload, new: ExperimentsPayload) -> ExperimentsDelta | None:
        return changes.between_experiments(old, new)

    def _tend(self) -> None:
        mark_lost_runs(self._database)

    # --- the selected run -----------------------------------------------------------------------

    def _look_closer(self, connection: sa.Connection) -> None:
        rows = self._latest["runs"] if self._latest else []
        row = self._selected(rows)
        if row is None:
            self._detail = None
        elif self._detail is None or self._detail["run"] != row:
            self._detail = self._read_detail(connection, row["run_id"])
            self._show_detail(row["run_id"], self._detail)
        self._draw(rows, row)

    def _read_detail(self, connection: sa.Connection, run_id: str) -> RunDetail | None:
        """Return the details of a run; of the same run as before only what is new of its log is read."""
        if self._detail is None or self._detail["run"]["run_id"] != run_id:
            self._log = RunLog()
        return runs.read(connection, run_id, self._log)

    def _selected(self, rows: Sequence[RunRow]) -> RunRow | None:
        """Return the selected run; the newest while nobody has selected one."""
        run_id = self._selection["run_id"]
        if run_id or not rows:
            return next((row for row in rows if row["run_id"] == run_id), None)
        self._selection = {**self._selection, "run_id": rows[-1]["run_id"]}
        self._show_selection()
        return rows[-1]

    def _draw(self, rows: Sequence[RunRow], row: RunRow | None) -> None:
        if self._box is None:
            return
        # The first time this takes a moment, in which nobody should wait for the lock.
        from hanalife.monitors.charts import RunCharts

        with self._lock:
            if self._charts is None:
                self._charts = self._put_below(self._box, RunCharts())
            if self._detail is not self._drawn:
                self._charts.show(self._detail)
                self._drawn = self._detail
            ticked = set(self._selection["ticked"])
            experiment_id = self._selection["experiment_id"] or (row["experiment_id"] if row else "")
            compared = [
                each
                for each in rows
                if (each["run_id"] in ticked if ticked else each["experiment_id"] == experiment_id)
            ][-MOST_COMPARED:]
            chief = ranking.primary_of(self._latest["experiments"] if self._latest else [], compared)
            if (compared, chief, self._charts.compare.choice.value) != self._compared:
                self._charts.compare.show(compared, chief)
                self._compared = (compared, chief, self._charts.compare.choice.value)

    # --- the view -------------------------------------------------------------------------------

    def _make_box(self) -> MonitorBox:
        from hanalife.monitors.widgets import ExperimentTable, MonitorBox

        table = ExperimentTable(
            self._methods(
                run=self._asking(answers.run, "run_id"),
                log_before=self._asking(answers.log_before, "run_id", "seq"),
                message=self._asking(answers.message, "run_id", "seq", "start"),
                artifact=self._asking(answers.artifact, "run_id", "name", "part"),
                search=self._asking(partial(answers.search, experiment_ids=self._ids), "text"),
            )
        )
        table.observe(self._on_selection, "selection")
        return MonitorBox(table, self._picture)

    def _put_below(self, box: MonitorBox, charts: RunCharts) -> RunCharts:
        """Put the charts below the table, which is seen sooner without them."""
        charts.compare.choice.observe(lambda _: self._wake.set(), "value")
        box.children = [*box.children, charts.widget]
        return charts

    def _show_selection(self) -> None:
        with self._lock:
            if self._box is not None:
                self._box.table.selection = dict(self._selection)

    def _show_all(self) -> None:
        super()._show_all()
        self._show_selection()

    def _on_selection(self, change: Mapping[str, Any]) -> None:
        self._selection = change["new"]
        self._wake.set()

    def _picture(self) -> str:
        with self._lock:
            table = static.runs_table(self._latest) if self._latest else "<p>Experiment Monitor</p>"
            charts = static.run_charts(self._detail) if self._detail else []
        return f"{table}<div style='display: flex; flex-wrap: wrap; gap: 12px'>{''.join(charts)}</div>"
