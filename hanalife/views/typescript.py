"""Write the contract of :mod:`hanalife.views.payloads` as TypeScript.

``python -m hanalife.views.typescript > js/src/contract/types.gen.ts``
"""

from __future__ import annotations

import sys
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints, is_typeddict

from hanalife.views.payloads import drift, messages, models, panel, runs, tasks, words

#: The subjects of the contract, in the order in which they are written.
SUBJECTS = (words, runs, tasks, models, drift, panel, messages)

_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null"}


def render(*subjects: ModuleType) -> str:
    """Return the TypeScript declarations of all public types of modules, each once, in their order."""
    declared: dict[str, str] = {}
    for subject in subjects:
        hints = get_type_hints(subject)
        for name, value in vars(subject).items():
            if name not in declared and (declaration := _declaration(name, value, hints.get(name))):
                declared[name] = declaration
    note = "// Made by `python -m hanalife.views.typescript` from hanalife/views/payloads/; do not edit."
    return "\n\n".join([note, *declared.values()]) + "\n"


def _declaration(name: str, value: Any, hint: Any = None) -> str:
    """Return the declaration of one name of a module, empty if it is no part of the contract."""
    if is_typeddict(value):
        fields = "".join(f"  {key}: {_type(hint)};\n" for key, hint in get_type_hints(value).items())
        return f"export interface {name} {{\n{fields}}}"
    if isinstance(value, NewType):
        return f"export type {name} = {_type(value.__supertype__)};"
    if name[0].isupper() and get_origin(value) in (Literal, Union, UnionType):
        return f"export type {name} = {_type(value)};"
    if name.isupper() and isinstance(value, int):
        return f"export const {name} = {value};"
    if name.isupper() and isinstance(value, tuple) and hint is not None:
        words = ", ".join(f"'{word}'" for word in value)
        return f"export const {name}: {_type(hint)} = [{words}];"
    return ""


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
    if origin is list or arguments[1:] == (...,):
        inner = _type(arguments[0])
        array = f"({inner})[]" if " | " in inner else f"{inner}[]"
        return array if origin is list else f"readonly {array}"
    if origin is tuple:
        return f"[{', '.join(_type(argument) for argument in arguments)}]"
    if origin is dict and arguments[0] is str:
        return f"Record<string, {_type(arguments[1])}>"
    raise TypeError(f"payloads: no TypeScript for {hint!r}; use what the contract's other types use.")


if __name__ == "__main__":
    sys.stdout.write(render(*SUBJECTS))
