"""The widgets of the monitors: one table in TypeScript, and the box around it and its charts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import anywidget
import ipywidgets
import sqlalchemy as sa
import traitlets as t

from hanalife.errors import Error
from hanalife.views import experiments
from hanalife.views.answers import error_info
from hanalife.views.payloads.runs import ExperimentsPayload

_STATIC = Path(__file__).parent.parent / "static"

_NOT_BUILT = (
    "export default {\n"
    "  render({ el }) { el.textContent = 'The front end of hanalife is not built. Run: pip install -e .'; }\n"
    "};\n"
)


def bundle(name: str) -> Path | str:
    """Return a built module, or one that says what is missing: a checkout may have none."""
    path = _STATIC / name
    if path.is_file():
        return path
    return _NOT_BUILT if path.suffix == ".js" else ".hl-root {\n}\n"


#: Answers a question, given its arguments as text.
Answer = Callable[[Mapping[str, str]], Any]
Methods = Mapping[str, Answer]


class MonitorTable(anywidget.AnyWidget):  # type: ignore[misc]
    """The table of a monitor. Changes go as messages; the trait has the truth for a page that reloads."""

    # Never set: its value is what is in ``current`` when it is asked for. A saved notebook keeps it.
    snapshot = t.Dict().tag(sync=True, to_json=lambda _value, widget: widget.head(widget.current))
    status = t.Dict({"word": "starting", "text": ""}).tag(sync=True)
    own_id = t.Unicode().tag(sync=True)  # by which a module finds its own widget in the page

    def __init__(self, methods: Methods, **traits: Any) -> None:
        self.current: Mapping[str, Any] = {}
        self._methods = methods
        own_id = uuid.uuid4().hex  # as ipywidgets would make it, but known before the page hears of it
        super().__init__(model_id=own_id, own_id=own_id, **traits)
        self.on_msg(self._answer)

    @staticmethod
    def head(payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return so much of a payload as a saved notebook should hold; a page asks for the rest."""
        return payload

    def show(self, payload: Mapping[str, Any]) -> None:
        """Send all."""
        self.current = payload
        self.send_state("snapshot")

    def change(self, payload: Mapping[str, Any], delta: Mapping[str, Any]) -> None:
        """Send only what turns the payload before into this one."""
        self.current = payload
        self.send({"delta": delta})

    def detail(self, name: str, payload: Mapping[str, Any]) -> None:
        """Send all that is known of one run or task; nobody need ask, which a busy kernel would not answer."""
        self.send({"detail": {"id": name, "value": payload}})

    def say(self, word: str, text: str) -> None:
        """Send how the monitor is doing, if that is new."""
        self.status = {"word": word, "text": text}

    def _answer(self, _widget: object, request: Any, _buffers: object) -> None:
        reply = {"id": request["id"]}
        try:
            reply["ok"] = self._methods[request["method"]](request["args"])
        except (Error, sa.exc.SQLAlchemyError) as error:
            reply["error"] = error_info(error)
        except BaseException as error:
            reply["error"] = {"code": "internal", "message": f"{type(error).__name__}: {error}", "hint": ""}
            raise
        finally:
            self.send(reply)


class ExperimentTable(MonitorTable):
    """Experiments and runs."""

    _esm = bundle("experiment_monitor.js")
    _css = bundle("experiment_monitor.css")
    selection = t.Dict({"experiment_id": "", "run_id": "", "ticked": []}).tag(sync=True)

    @staticmethod
    def head(payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the newest runs."""
        return experiments.head(cast("ExperimentsPayload", payload)) if payload else payload

    def show(self, payload: Mapping[str, Any]) -> None:
        """Send all: the newest runs first."""
        super().show(payload)
        older = experiments.before_head(cast("ExperimentsPayload", payload))
        if older["runs"]:
            self.send({"older": older})


class ListTable(MonitorTable):
    """A list with one selected member."""

    selected = t.Unicode("").tag(sync=True)


class TaskTable(ListTable):
    """Tasks."""

    _esm = bundle("scheduled_task_monitor.js")
    _css = bundle("scheduled_task_monitor.css")


class ModelTable(ListTable):
    """Stored models."""

    _esm = bundle("model_monitor.js")
    _css = bundle("model_monitor.css")


class DriftTable(ListTable):
    """Drift checks."""

    _esm = bundle("drift_monitor.js")
    _css = bundle("drift_monitor.css")


class MonitorBox(ipywidgets.VBox):  # type: ignore[misc]
    """A table and what is put below it, with an HTML picture for where nothing runs."""

    def __init__(self, table: MonitorTable, picture: Callable[[], str]) -> None:
        super().__init__([table])
        self.table = table
        self._picture = picture

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data = super()._repr_mimebundle_(**kwargs)
        # Live front ends prefer the widget; a saved notebook without a kernel has this.
        data["text/html"] = self._picture()
        return data
