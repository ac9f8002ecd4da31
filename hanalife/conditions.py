"""The tree of a search for runs: what :mod:`hanalife.tracking.grammar` reads and the database answers.

Frozen values. What each condition means is said in the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hanalife.observation import MetricSource

#: A name that needs no quotes.
PLAIN_NAME: Final = re.compile(r"\w+(?:\.\w+)*")


class Kind(StrEnum):
    """Where a field's value stands."""

    ATTRIBUTE = "attributes"
    METRIC = "metrics"
    PARAM = "params"
    TAG = "tags"


class ValueType(StrEnum):
    """What the values of a field are."""

    TEXT = "text"
    NUMBER = "a number"
    MOMENT = "a moment"
    ANY = "text or a number"


#: Attribute -> type of its values. ``duration`` is in seconds; ``dataset_hash`` is of all rows.
ATTRIBUTES: Final = {
    "attempt": ValueType.NUMBER,
    "created": ValueType.MOMENT,
    "dataset": ValueType.TEXT,
    "dataset_hash": ValueType.TEXT,
    "dataset_source": ValueType.TEXT,
    "description": ValueType.TEXT,
    "duration": ValueType.NUMBER,
    "ended": ValueType.MOMENT,
    "experiment": ValueType.TEXT,
    "host": ValueType.TEXT,
    "name": ValueType.TEXT,
    "owner": ValueType.TEXT,
    "procedure": ValueType.TEXT,
    "run_id": ValueType.TEXT,
    "status": ValueType.TEXT,
}

Value = bool | float | str | datetime


@dataclass(frozen=True, slots=True)
class Field:
    """What is compared or ordered by.

    >>> str(Field(Kind.METRIC, "AUC")), str(Field(Kind.TAG, "a b")), str(Field(Kind.ATTRIBUTE, "name"))
    ('metrics.AUC', 'tags."a b"', 'name')
    >>> str(Field(Kind.METRIC, "AUC", MetricSource.TEST))
    'metrics.AUC@test'
    """

    kind: Kind
    name: str
    source: MetricSource | None = None  #: of a metric; None: the one that counts most as evidence

    def __str__(self) -> str:
        if self.kind is Kind.ATTRIBUTE:
            return self.name
        is_plain = PLAIN_NAME.fullmatch(self.name)
        quoted = self.name if is_plain else '"{}"'.format(self.name.replace('"', '""'))
        return f"{self.kind}.{quoted}" if self.source is None else f"{self.kind}.{quoted}@{self.source}"

    @property
    def type(self) -> ValueType:
        """What the field's values are."""
        return ATTRIBUTES[self.name] if self.kind is Kind.ATTRIBUTE else ValueType.ANY


class Operator(StrEnum):
    """How a value is compared with one other."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Comparison:
    """``field operator value``."""

    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """``field [not] in (values)``."""

    field: Field
    values: tuple[Value, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """``field [not] between low and high``."""

    field: Field
    low: Value
    high: Value
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Likeness:
    """``field [not] like pattern``."""

    field: Field
    pattern: str
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Presence:
    """``field is [not] null``."""

    field: Field
    is_present: bool


@dataclass(frozen=True, slots=True)
class Negation:
    """``not part``."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Conjunction:
    """``part and part ...``."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Disjunction:
    """``part or part ...``."""

    parts: tuple[Condition, ...]


Test = Comparison | Membership | Range | Likeness | Presence
Condition = Test | Negation | Conjunction | Disjunction


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ``order by``."""

    field: Field
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """A whole search; the empty one finds every run."""

    condition: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None


def fields(search: Search) -> Iterator[Field]:
    """Yield the fields of a search in the order of the text, each once."""
    found = [key.field for key in search.order]
    if search.condition is not None:
        found = [test.field for test in leaves(search.condition)] + found
    yield from dict.fromkeys(found)


def leaves(condition: Condition) -> Iterator[Test]:
    """Yield the conditions on fields in the order of the text."""
    if isinstance(condition, Negation):
        yield from leaves(condition.part)
    elif isinstance(condition, Conjunction | Disjunction):
        for part in condition.parts:
            yield from leaves(part)
    else:
        yield condition


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns asked for: fields, and kinds of which all fields are meant."""

    items: tuple[Field | Kind, ...]

    def of_kind(self, kind: Kind) -> list[Field]:
        """Return the fields of a kind that are named."""
        return [item for item in self.items if isinstance(item, Field) and item.kind is kind]

    def resolve(self, known: Iterable[Field]) -> list[Field]:
        """Return the fields, given those that the runs have; each once."""
        fields_known = list(known)
        found: dict[Field, None] = {}
        for item in self.items:
            chosen = [item] if isinstance(item, Field) else [field for field in fields_known if field.kind is item]
            found |= dict.fromkeys(chosen)
        return list(found)
