"""Python callables as tasks: named by their import path, and executed only where that is allowed.

A path in the database would let whoever writes there choose what a worker runs. So the worker
decides: it imports only what its own environment variable ``HANALIFE_CALLABLES`` names
(``package.module`` or ``package.module:function``, with commas), and what installed packages
offer as entry points of the group ``hanalife.callables``.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
from collections.abc import Callable, Collection, Mapping
from importlib.metadata import entry_points
from typing import Any

from hanalife.errors import ArgumentTypeError, Error, InvalidArgumentError

VARIABLE = "HANALIFE_CALLABLES"
GROUP = "hanalife.callables"

#: Arguments that a job gives to a callable that takes them: its connection, its due time, its number.
GIVEN = ("connection_context", "due", "job_id")

_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def path_of(function: Any) -> str:
    """Return the import path of a callable, or of a path itself, once it was found to work.

    Raises
    ------
    ArgumentTypeError
        It is neither a path nor a function.
    InvalidArgumentError
        The path is not of the form ``package.module:function``, or leads nowhere.
    """
    if inspect.isfunction(function):
        function = f"{function.__module__}:{function.__qualname__}"
    if not isinstance(function, str):
        raise ArgumentTypeError(f"proc_name: expected 'package.module:function' or a function, got {function!r}.")
    if not _PATH.fullmatch(function) or function.startswith("__main__:"):
        raise InvalidArgumentError(
            f"proc_name: {function!r} is not of the form 'package.module:function'; a worker imports it, so it must "
            "be a function of a module in a file. For SQL use create_sql_task, for a notebook create_notebook_task."
        )
    _load(function)
    return function


def check_parameters(path: str, names: Collection[str]) -> None:
    """Refuse parameters that a callable does not take, or the lack of one that it needs.

    Raises
    ------
    InvalidArgumentError
        The message names the parameters.
    """
    signature = inspect.signature(_load(path))
    given = [name for name in GIVEN if name in signature.parameters and name not in names]
    try:
        signature.bind(**dict.fromkeys([*names, *given]))
    except TypeError as error:
        raise InvalidArgumentError(f"task_params: {path} has the parameters {signature}; {error}.") from None


def call(path: str, parameters: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """Call a callable that this worker allows.

    Raises
    ------
    Error
        It does not.
    """
    if not is_allowed(path):
        raise Error(
            f"{path} is not allowed on this worker; allow it with `hanalife worker --allow {path}`, with {VARIABLE}, "
            f"or as an entry point of the group {GROUP}."
        )
    function = _load(path)
    check_parameters(path, list(parameters))
    taken = inspect.signature(function).parameters
    return function(**parameters, **{name: given[name] for name in GIVEN if name in taken and name not in parameters})


def is_allowed(path: str) -> bool:
    """Say whether this process may call a path."""
    module = path.partition(":")[0]
    listed = {part.strip() for part in os.environ.get(VARIABLE, "").split(",")}
    return bool({path, module} & listed) or path in {point.value for point in entry_points(group=GROUP)}


def _load(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise InvalidArgumentError(f"proc_name: {path!r} cannot be imported here: {error}.") from error
    if not inspect.isfunction(found):
        raise InvalidArgumentError(f"proc_name: {path!r} is no function.")
    return found
