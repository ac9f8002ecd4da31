"""Stored models, their versions and aliases, live in the cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.monitors.base import check_ids
from hanalife.monitors.list_monitor import ListMonitor
from hanalife.views import answers, changes, model_pages, models
from hanalife.views.payloads.models import ModelDetail, ModelsDelta, ModelsPayload

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.monitors.widgets import MonitorBox


class ModelMonitor(ListMonitor[ModelsPayload]):
    """Watch stored models in the notebook: versions, metrics with intervals, aliases and their history.

    Versions can be compared side by side, promoted, and rolled back; each move is noted in the model's
    history with its reason and the user of the database.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    names : str or list of str, optional
        Exact names of the models to show; None, the default, is all. A name that is not stored yet is
        shown as such and appears once it is.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.

    Raises
    ------
    InvalidArgumentError
        ``names`` is none of None, str, list of str.

    Examples
    --------
    >>> from hanalife import ConnectionContext, ModelMonitor
    >>> with ConnectionContext("sqlite://") as conn:
    ...     ModelMonitor(conn, "churn").snapshot()["absent"]
    ['churn']
    """

    def __init__(
        self,
        connection_context: ConnectionContext,
        names: str | Sequence[str] | None = None,
        *,
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(connection_context, check_ids(names, "names"), clock)
        self._detail: ModelDetail | None = None
        self._detail_at: object = None

    def _export(self, path: Path) -> Path:
        return model_pages.write(self.connection_context, path, self._ids, clock=self._clock)

    def _read(self, connection: sa.Connection, previous: ModelsPayload | None) -> ModelsPayload:  # noqa: ARG002
        return models.read(connection, self._database.label, self._ids)

    def _between(self, old: ModelsPayload, new: ModelsPayload) -> ModelsDelta | None:
        return changes.between_models(old, new)

    # --- the selected model ---------------------------------------------------------------------

    def _look_closer(self, connection: sa.Connection) -> None:
        selected = self._selected()
        if selected is None or self._detail_at == (self._readings, selected):
            return
        self._detail_at = (self._readings, selected)
        detail = models.read_one(connection, selected)
        if detail != self._detail:
            self._detail = detail
            self._show_detail(selected, detail)

    def _names(self, payload: ModelsPayload) -> list[str]:
        return list(dict.fromkeys(row["name"] for row in payload["models"]))

    # --- the view -------------------------------------------------------------------------------

    def _make_box(self) -> MonitorBox:
        from hanalife.monitors.widgets import ModelTable

        comparison = self._asking(models.compare, "name", "versions")
        methods = self._methods(model=self._asking(answers.model, "name"), model_comparison=comparison)
        return self._list_box(ModelTable, methods)

    def _picture(self) -> str:
        with self._lock:
            return model_pages.table(self._latest, self._detail) if self._latest else "<p>Model Monitor</p>"
