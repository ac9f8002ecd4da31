"""All that a front end may change, by name; nothing else is ever carried out for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanalife.controls import drift, experiments, models, runs, tasks, workers
from hanalife.controls.control import Control
from hanalife.dataframe.context import ConnectionContext
from hanalife.errors import InvalidArgumentError

CONTROLS: Mapping[str, Control] = {
    **runs.CONTROLS,
    **experiments.CONTROLS,
    **tasks.CONTROLS,
    **workers.CONTROLS,
    **models.CONTROLS,
    **drift.CONTROLS,
}


def carry_out(context: ConnectionContext, name: str, args: Mapping[str, object]) -> Any:
    """Make the change that a control stands for; return what is to be sent back.

    Raises
    ------
    InvalidArgumentError
        There is no such control, or its arguments are not what it takes.
    """
    control = CONTROLS.get(name)
    if control is None:
        raise InvalidArgumentError(f"control: {name!r} is not allowed; give one of {', '.join(sorted(CONTROLS))}.")
    return control.change(context, control.check(name, args))
