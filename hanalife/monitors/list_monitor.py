"""A monitor of a list, one of whose members is shown in detail below it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from hanalife.monitors.base import Monitor

if TYPE_CHECKING:
    from hanalife.monitors.widgets import ListTable, Methods, MonitorBox

P = TypeVar("P", bound=Mapping[str, Any])


class ListMonitor(Monitor[P]):
    """Shows a list and the details of its selected member."""

    @abstractmethod
    def _names(self, payload: P) -> list[str]:
        """Return what the members of the list are called, in its order."""

    def _listed(self) -> list[str]:
        return self._names(self._latest) if self._latest else []

    def _selected(self) -> str | None:
        """Return the selected member; of a single one there is no choice."""
        names = self._listed()
        selected = names[0] if len(names) == 1 else self._box.table.selected if self._box else ""
        return selected if selected in names else None

    def _list_box(self, kind: type[ListTable], methods: Methods) -> MonitorBox:
        """Make the widgets, with the first member selected."""
        from hanalife.monitors.widgets import MonitorBox

        table = kind(methods, selected=next(iter(self._listed()), ""))
        table.observe(lambda _: self._wake.set(), "selected")
        return MonitorBox(table, self._picture)

    @abstractmethod
    def _picture(self) -> str:
        """Return the list as HTML for a saved notebook."""
