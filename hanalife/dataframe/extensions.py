"""What higher floors add to a connection.

A frame or a connection must not import what is built on it. Instead, a higher floor's function
that takes a connection is entered here by its place, ``"package.module:function"``, and is
imported when a connection is first asked for it. ``hanalife/__init__.py`` enters all of them.
"""

from __future__ import annotations

import importlib
from typing import Any

_PLACES: dict[str, str] = {}


def enter(name: str, place: str) -> None:
    """Enter a function that takes a connection first."""
    _PLACES[name] = place


def call(name: str, connection_context: object, *arguments: Any) -> Any:
    """Call the function that was entered under a name."""
    module, _, function = _PLACES[name].partition(":")
    return getattr(importlib.import_module(module), function)(connection_context, *arguments)
