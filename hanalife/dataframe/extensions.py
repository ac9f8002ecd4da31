"""What higher floors add to a connection.

A frame or a connection must not import what is built on it. Instead, a higher floor's function
that takes a connection is entered by its place, ``"package.module:function"``, in
``hanalife.EXTENSIONS``: the front door of the package, which knows all floors. It is imported
when a connection is first asked for it.
"""

from __future__ import annotations

import importlib
from typing import Any

import hanalife


def call(name: str, connection_context: object, *arguments: Any) -> Any:
    """Call the function that was entered under a name."""
    module, _, function = hanalife.EXTENSIONS[name].partition(":")
    return getattr(importlib.import_module(module), function)(connection_context, *arguments)
