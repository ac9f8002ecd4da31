"""Keywords of a call that differ for some groups of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hanalife.errors import ArgumentTypeError, InvalidArgumentError

#: What the columns are, all groups have in common.
_OF_ALL = ("key", "features", "label", "purpose", "categorical_variable", "group_key", "group_params", "build_report")


@dataclass(frozen=True, slots=True)
class Keywords:
    """What one call of a model is given: for all groups, and for some of them."""

    given: Mapping[str, Any]  #: the method's own keywords
    rest: Mapping[str, Any]  #: those of the algorithm
    own: Mapping[str, Mapping[str, Any]]  #: by group: what differs

    def of(self, group: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the method's keywords and the algorithm's, as this group is given them."""
        own = self.own.get(group, {})
        named = {name: value for name, value in own.items() if name in self.given}
        others = {name: value for name, value in own.items() if name not in named}
        return {**self.given, **named}, {**self.rest, **others}


def keywords(given: Mapping[str, Any], rest: Mapping[str, Any], method: str) -> Keywords:
    """Take ``group_params`` of a call apart.

    Raises
    ------
    ArgumentTypeError
        It is no dict of dicts.
    InvalidArgumentError
        A keyword of it cannot differ between groups.
    """
    asked = given["group_params"]
    if asked is not None and not isinstance(asked, Mapping):
        raise ArgumentTypeError(
            f"group_params: expected a dict of dicts, a group's keywords by its name; got {asked!r}."
        )
    own = {str(group): values for group, values in (asked or {}).items()}
    for group, values in own.items():
        if not isinstance(values, Mapping):
            raise ArgumentTypeError(
                f"group_params[{group!r}]: expected a dict of keywords of {method}, got {values!r}."
            )
        common = [name for name in values if name in _OF_ALL]
        if common:
            raise InvalidArgumentError(
                f"group_params[{group!r}]: {common[0]} is of all groups; give it to {method}() itself."
            )
    plain = {name: dict(values) for name, values in own.items()}
    return Keywords({**given, "group_params": plain or None}, rest, plain)
