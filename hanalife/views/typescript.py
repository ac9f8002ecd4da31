"""Write the contract of :mod:`hanalife.views.payloads` as TypeScript.

``python -m hanalife.views.typescript > js/src/contract/types.gen.ts``
"""

from __future__ import annotations

import sys
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints, is_typeddict

from hanalife.views import payloads

_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null"}


def render(module: ModuleType) -> str:
    """Return the TypeScript declarations of all public types of a module, in its order."""
    blocks = ["// Made by `python -m hanalife.views.typescript` from hanalife/views/payloads.py; do not edit."]
    for name, value in vars(module).items():
        if is_typeddict(value):
            fields = "".join(f"  {key}: {_type(hint)};\n" for key, hint in get_type_hints(value).items())
            blocks.append(f"export interface {name} {{\n{fields}}}")
        elif isinstance(value, NewType):
            blocks.append(f"export type {name} = {_type(value.__supertype__)};")
        elif name[0].isupper() and get_origin(value) in (Literal, Union, UnionType):
            blocks.append(f"export type {name} = {_type(value)};")
        elif name.isupper() and isinstance(value, int):
            blocks.append(f"export const {name} = {value};")
    return "\n\n".join(blocks) + "\n"


def _type(hint: Any) -> str:
    if hint in _PLAIN:
        return _PLAIN[hint]
    if is_typeddict(hint) or isinstance(hint, NewType):
        return str(hint.__name__)
    return _generic(hint, get_origin(hint), get_args(hint))


def _generic(hint: Any, origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin is Literal:
        return " | ".join(f"'{word}'" for word in arguments)
    if origin in (Union, UnionType):
        return " | ".join(_type(argument) for argument in arguments)
    if origin is list:
        inner = _type(arguments[0])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if origin is tuple:
        return f"[{', '.join(_type(argument) for argument in arguments)}]"
    if origin is dict and arguments[0] is str:
        return f"Record<string, {_type(arguments[1])}>"
    raise TypeError(f"payloads: no TypeScript for {hint!r}; use what the contract's other types use.")


if __name__ == "__main__":
    sys.stdout.write(render(payloads))
