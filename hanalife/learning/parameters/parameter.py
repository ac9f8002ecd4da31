"""Parameters as data: name, type, range, default and what becomes of each, and their checker.

A table of :class:`Parameter` describes what a constructor takes. :func:`check` refuses what a
table does not allow; :func:`in_force` fills in the defaults.
"""

from __future__ import annotations

import difflib
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from numbers import Integral, Real
from typing import Any

from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError, UnknownParameterError

logger = logging.getLogger(__name__)


#: A kind: whole numbers in order, and such rows of them to choose from; a number for each name.
WHOLE_NUMBERS = tuple[int, ...]
LISTS_OF_WHOLE_NUMBERS = list[tuple[int, ...]]
NUMBER_BY_NAME = dict[str, float]


class Effect(StrEnum):
    """What becomes of a parameter."""

    ENGINE = "ENGINE"  #: the engine takes it
    SELECTION = "SELECTION"  #: model evaluation and search take it
    NONE = "NONE"  #: accepted so that notebooks run; a warning says that it changes nothing
    LATER = "LATER"  #: only its default works; anything else is refused


@dataclass(frozen=True, slots=True)
class Parameter:
    """One keyword of a constructor."""

    name: str
    #: bool, int, float, str, list (of str), tuple (a list of numbers or texts), dict, object (a class,
    #: whatever its type), or one of the above
    kind: Any
    default: Any = None
    effect: Effect = Effect.ENGINE
    engine: str | None = None  #: the engine's word, where its value is the same
    choices: tuple[str, ...] = ()
    of_class: tuple[str, ...] = ()  #: more choices, each followed by a stroke and the name of a class
    elsewhere: tuple[str, ...] = ()  #: choices that only SAP HANA has
    minimum: float | None = None  #: smallest value allowed
    above: float | None = None  #: values must be greater than this
    maximum: float | None = None
    tunable: bool = False  #: a search may vary it
    required: bool = False  #: must be given, if only to a search
    options_of: str = ""  #: it lists what a search tries for that parameter
    pal: str = ""  #: SAP HANA's word, if it is not the name in upper case
    aliases: tuple[str, ...] = ()  #: other names of the keyword

    @property
    def pal_name(self) -> str:
        """SAP HANA's word."""
        return self.pal or self.name.upper()


#: In every table: chance in training and in the folds of a search; 0: drawn anew for each fit.
RANDOM_STATE = Parameter("random_state", int, 0, minimum=0, maximum=2**31 - 1, pal="SEED")

ALIASES = {"metric": "evaluation_metric", "search_strategy": "param_search_strategy"}


def find(table: Iterable[Parameter], name: str, func: str, argument: str = "keyword") -> Parameter:
    """Return the parameter of a name.

    Raises
    ------
    UnknownParameterError
        The table has none of that name; the message names the nearest.
    """
    table = tuple(table)
    known = {parameter.name: parameter for parameter in table}
    if name not in known:
        names = sorted({*known, *(alias for parameter in table for alias in parameter.aliases)})
        near = difflib.get_close_matches(str(name), names, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"it takes: {', '.join(names)}."
        raise UnknownParameterError(f"{argument}: {name!r} is not a parameter of {func}; {hint}")
    return known[name]


def check(table: Iterable[Parameter], given: Mapping[str, Any], func: str) -> dict[str, Any]:
    """Return the given values, checked and as plain Python values; None means not given.

    Raises
    ------
    UnknownParameterError
        A keyword is not in the table.
    ArgumentTypeError
        A value is of the wrong type, or one that must be given is missing.
    InvalidArgumentError
        A value is outside its range or choices.
    NotSupportedError
        A choice that only SAP HANA has, or a value other than the default of a parameter that
        has no effect yet.
    """
    table = tuple(table)
    checked: dict[str, Any] = {}
    aliases = ALIASES | {alias: parameter.name for parameter in table for alias in parameter.aliases}
    for keyword, value in given.items():
        parameter = find(table, aliases.get(keyword, keyword), func)
        if value is None:
            continue
        if parameter.name in checked:
            raise InvalidArgumentError(f"{keyword}: {parameter.name} is given twice; leave one out.")
        checked[parameter.name] = check_value(parameter, value)
        weigh(parameter, checked[parameter.name], func)
    _require(table, checked, func)
    return checked


def with_options(table: Iterable[Parameter], checked: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked keywords with every ``<name>_options`` as what ``param_values`` says of that name.

    >>> row = Parameter("size_options", list, options_of="size")
    >>> with_options([row], {"size_options": ["S", "M"]})
    {'size_options': ['S', 'M'], 'param_values': {'size': ['S', 'M']}}
    """
    options = {row.options_of: checked[row.name] for row in table if row.options_of and row.name in checked}
    given = checked.get("param_values", {})
    twice = sorted(set(options) & set(given))
    if twice:
        raise InvalidArgumentError(f"param_values: {twice[0]} is also in {twice[0]}_options; leave one out.")
    return {**checked, "param_values": {**given, **options}} if options else dict(checked)


def in_force(table: Iterable[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter that the engine takes, defaults filled in."""
    return {
        parameter.name: given.get(parameter.name, parameter.default)
        for parameter in table
        if parameter.effect is Effect.ENGINE
    }


def check_value(parameter: Parameter, value: Any, argument: str | None = None) -> Any:
    """Return one value as a plain Python value of the parameter's type, or refuse it."""
    where = argument or parameter.name
    special = _CHECKS.get(parameter.kind)
    if special is not None:
        return special(parameter, value, where)
    accepted: Any = {bool: bool, int: Integral, float: Real}.get(parameter.kind, parameter.kind)
    plain = _plain(value)
    if not isinstance(plain, accepted) or (accepted is not bool and isinstance(plain, bool)):
        raise ArgumentTypeError(f"{where}: expected {parameter.kind.__name__}, got {value!r}.")
    return _check_range(parameter, parameter.kind(plain), where)


def _plain(value: Any) -> Any:
    """Return NumPy's numbers and truth values as Python's."""
    return value.item() if hasattr(value, "dtype") and hasattr(value, "item") and not value.shape else value


def _check_values(value: Any, where: str) -> list[Any]:
    items: Any = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)):
        raise ArgumentTypeError(f"{where}: expected a list of numbers or texts, got {value!r}.")
    plain: list[Any] = [item.item() if hasattr(item, "dtype") else item for item in items]
    if not all(isinstance(item, (int, float, str)) for item in plain):
        raise ArgumentTypeError(f"{where}: expected a list of numbers or texts, got {value!r}.")
    return plain


def _check_choice(parameter: Parameter, value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{where}: expected str, got {value!r}.")
    options = ", ".join([*sorted(parameter.choices), *(f"{kind}_<class>" for kind in parameter.of_class)])
    for kind in parameter.of_class:
        if value.lower().replace("-", "_").startswith(f"{kind}_") and len(value) > len(kind) + 1:
            return kind + value[len(kind) :]
    if value.lower() in parameter.elsewhere:
        raise NotSupportedError(f"{where}: {value!r} works in SAP HANA only; use one of {options}.")
    if parameter.choices and value.lower() not in parameter.choices:
        raise InvalidArgumentError(f"{where}: expected one of {options}; got {value!r}.")
    return value.lower() if parameter.choices else value


def _check_texts(parameter: Parameter, value: Any, where: str) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise ArgumentTypeError(f"{where}: expected a list of str, got {value!r}.")
    return [_check_choice(parameter, text, where) for text in texts] if parameter.choices else list(texts)


def _check_whole_numbers(parameter: Parameter, value: Any, where: str) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)) or not value:
        raise ArgumentTypeError(f"{where}: expected a list of int, such as [10, 5], got {value!r}.")
    one = Parameter(parameter.name, int, minimum=parameter.minimum, maximum=parameter.maximum)
    return tuple(check_value(one, number, where) for number in value)


def _check_lists(parameter: Parameter, value: Any, where: str) -> list[tuple[int, ...]]:
    if not isinstance(value, (list, tuple)):
        raise ArgumentTypeError(f"{where}: expected a list of tuples, such as [(10,), (10, 5)], got {value!r}.")
    return [_check_whole_numbers(parameter, numbers, where) for numbers in value]


def _check_numbers_by_name(parameter: Parameter, value: Any, where: str) -> dict[str, float]:
    pairs = list(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(pairs, (list, tuple)) or not all(isinstance(pair, (list, tuple)) for pair in pairs):
        raise ArgumentTypeError(f"{where}: expected a list of (name, number), got {value!r}.")
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise ArgumentTypeError(f"{where}: expected a list of (name, number), got {value!r}.")
    one = Parameter(parameter.name, float, above=parameter.above, minimum=parameter.minimum, maximum=parameter.maximum)
    found = {str(_plain(name)): check_value(one, number, where) for name, number in pairs}
    if len(found) < len(pairs):
        raise InvalidArgumentError(f"{where}: a name stands there twice, got {value!r}.")
    return found


_CHECKS: dict[Any, Callable[[Parameter, Any, str], Any]] = {
    object: lambda _parameter, value, _where: _plain(value),
    str: _check_choice,
    list: _check_texts,
    WHOLE_NUMBERS: _check_whole_numbers,
    tuple: lambda _parameter, value, where: _check_values(value, where),
    LISTS_OF_WHOLE_NUMBERS: _check_lists,
    NUMBER_BY_NAME: _check_numbers_by_name,
}


def _check_range(parameter: Parameter, value: Any, where: str) -> Any:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return value
    limits = {
        f"of at least {parameter.minimum}": parameter.minimum is None or value >= parameter.minimum,
        f"above {parameter.above}": parameter.above is None or value > parameter.above,
        f"of at most {parameter.maximum}": parameter.maximum is None or value <= parameter.maximum,
        "that is finite": math.isfinite(value),
    }
    broken = [limit for limit, holds in limits.items() if not holds]
    if broken:
        raise InvalidArgumentError(f"{where}: expected a number {' and '.join(broken)}, got {value!r}.")
    return value


def _require(table: Iterable[Parameter], checked: Mapping[str, Any], func: str) -> None:
    given = {**checked, **with_options(table, checked).get("param_values", {}), **checked.get("param_range", {})}
    for parameter in table:
        if parameter.required and parameter.name not in given:
            raise ArgumentTypeError(f"{parameter.name}: {func} needs it; give it, or let a search choose.")


def weigh(parameter: Parameter, value: Any, func: str) -> None:
    """Say that a value changes nothing, or refuse it, where that is what becomes of the parameter."""
    if parameter.effect is Effect.NONE and value != parameter.default:
        logger.warning("%s=%r has no effect here: %s runs on another engine.", parameter.name, value, func)
    if parameter.effect is Effect.LATER and value != parameter.default:
        remedy = "leave it out" if parameter.default is None else f"leave it out, or at {parameter.default!r}"
        raise NotSupportedError(f"{parameter.name}: {value!r} is not supported yet; {remedy}.")
