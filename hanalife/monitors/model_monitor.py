"""Stored models, their versions and aliases, live in the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.monitors.base import Monitor, check_ids
from hanalife.views import answers, changes, model_pages, models
from hanalife.views.payloads.models import ModelComparison, ModelDetail, ModelsDelta, ModelsPayload

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.monitors.widgets import Methods, MonitorBox


class ModelMonitor(Monitor[ModelsPayload]):
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
        self._read_at: object = None

    def _export(self, path: Path) -> Path:
        return model_pages.write(self.connection_context, path, self._ids, clock=self._clock)

    def _read(self, connection: sa.Connection, previous: ModelsPayload | None) -> ModelsPayload:  # noqa: ARG002
        return models.read(connection, self._database.label, self._ids)

    def _between(self, old: ModelsPayload, new: ModelsPayload) -> ModelsDelta | None:
        return changes.between_models(old, new)

    # --- the selected model ---------------------------------------------------------------------

    def _look_closer(self, connection: sa.Connection) -> None:
        selected = self._selected()
        if selected is None or self._read_at == (self._looks, selected):
            return
        self._read_at = (self._looks, selected)
        detail = models.read_one(connection, selected)
        if detail != self._detail:
            self._detail = detail
            self._show_detail(selected, detail)

    def _selected(self) -> str | None:
        """Return the selected model; of a single one there is no choice."""
        names = list(dict.fromkeys(row["name"] for row in self._latest["models"])) if self._latest else []
        selected = names[0] if len(names) == 1 else self._box.table.selected if self._box else ""
        return selected if selected in names else None

    # --- the view -------------------------------------------------------------------------------

    def _make_box(self) -> MonitorBox:
        from hanalife.monitors.widgets import ModelTable, MonitorBox

        first = self._latest["models"][0]["name"] if self._latest and self._latest["models"] else ""
        methods: Methods = {
            "model": self._answer_model,
            "model_comparison": self._answer_comparison,
            "control": self._answer_control,
            "snapshot": lambda _args: self._latest,
            "cancel": lambda _args: self._cancel(),
        }
        table = ModelTable(methods, selected=first)
        table.observe(lambda _: self._wake.set(), "selected")
        return MonitorBox(table, [], self._picture)

    def _picture(self) -> str:
        with self._lock:
            return model_pages.table(self._latest, self._detail) if self._latest else "<p>Model Monitor</p>"

    def _answer_model(self, args: Mapping[str, str]) -> ModelDetail:
        with self._database.read() as connection:
            return answers.model(connection, args["name"])

    def _answer_comparison(self, args: Mapping[str, str]) -> ModelComparison:
        with self._database.read() as connection:
            return models.compare(connection, args["name"], args["versions"])
