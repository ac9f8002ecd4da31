"""The language of run search: text to a tree of frozen values.

Pure: no database, no clock. A search has three parts, each of which may be left out::

    metrics.AUC > 0.8 and (params.learning_rate in (0.1, 0.3) or tags.owner = 'ann')
        and not status = 'FAILED'
    order by metrics.AUC desc, created
    limit 50

**Fields.** ``metrics.NAME``, ``params.NAME``, ``tags.NAME`` and the attributes of
:data:`hanalife.conditions.ATTRIBUTES`. A name of other signs than letters, digits, ``_`` and dots is quoted:
``metrics."F1_SCORE_a b"``. Names and values regard case, keywords do not.

**Sources of metrics.** ``metrics.AUC@test`` is the AUC that was measured on rows of this source, one of
``test validation cv train production user``. ``metrics.AUC`` is, run by run, the first of these that
the run has, in this order. ``AUC`` also finds what a call stored under a longer name, such as the ``SCORE_AUC`` of a
score after a fit; ``metrics.SCORE_AUC`` finds that name alone.

**Conditions.** ``= != < <= > >=``, ``in (...)``, ``between LOW and HIGH`` (both ends belong to
it), ``like`` with ``%`` for any text and ``_`` for one character, ``is null``; before ``in``,
``between``, ``like`` and ``null`` a ``not``. They are joined by ``and``, ``or``, ``not`` and brackets;
``and`` binds closer than ``or``.

**Values.** Text in single (or double) quotes, a quote within it doubled; numbers, also ``inf``, ``-inf`` and
``nan``; ``true`` and ``false``; moments as text such as ``'2026-03-01'`` or ``'2026-03-01T08:00Z'``, UTC
unless they say otherwise.

**What is missing.** A condition on a value that a run does not have is false, also with ``!=`` and
``not in``; ``not`` before a condition turns it round. So ``tags.owner != 'ann'`` finds the runs with
another owner, and ``not tags.owner = 'ann'`` those without one as well. There is no third value as
in SQL. A parameter that is None is missing. ``!=``, ``not in``, ``not like`` and ``not between`` hold where
there is a value and ``=``, ``in``, ``like``, ``between`` do not.

**Numbers and texts.** Numbers are compared with numbers, texts with texts character by character; a
number is neither less nor greater than a text. A text that reads as a number such as ``'0.10'`` or
``'1e-3'`` is that number as well, on either side, because some trackers keep every value as text; a
whole number of 2**53 or more is kept as such a text. NaN is equal to ``nan`` alone and neither less nor
greater than anything.

**Order.** Numbers come before texts; what is missing or NaN comes last, up or down. Runs that are
equal in all keys are ordered from the newest to the oldest.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from hanalife.conditions import (
    ATTRIBUTES,
    PLAIN_NAME,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Field,
    Kind,
    Likeness,
    Membership,
    Negation,
    Operator,
    Order,
    Presence,
    Range,
    Search,
    Test,
    Value,
    ValueType,
)
from hanalife.errors import SearchError
from hanalife.observation import MetricSource
from hanalife.records import RunStatus
from hanalife.tracking import identity

MAX_LENGTH: Final = 100_000  #: characters of a search
MAX_CONDITIONS: Final = 200  #: comparisons of a search; databases limit the depth of an expression
MAX_DEPTH: Final = 100  #: brackets and nots within each other
MAX_VALUES: Final = 5_000  #: values of one list
MAX_LIMIT: Final = 2**31 - 1


_PREFIXES = {
    "attribute": Kind.ATTRIBUTE,
    "attributes": Kind.ATTRIBUTE,
    "metric": Kind.METRIC,
    "metrics": Kind.METRIC,
    "param": Kind.PARAM,
    "params": Kind.PARAM,
    "parameter": Kind.PARAM,
    "parameters": Kind.PARAM,
    "tag": Kind.TAG,
    "tags": Kind.TAG,
}


def parse(text: str, argument: str = "text") -> Search:
    """Return the tree of a search.

    Parameters
    ----------
    text : str
        The search, in the language above; empty finds every run.
    argument : str
        The name of the caller's argument, for messages.

    Raises
    ------
    SearchError
        The text is not a search; the message points at the character and says what may stand there.
    ArgumentTypeError, InvalidArgumentError
        It is no text, or one that no database can store.

    Examples
    --------
    >>> parse("metrics.AUC > 0.8 limit 3")
    Search(condition=Comparison(field=Field(kind=<Kind.METRIC: 'metrics'>, name='AUC', source=None), \
operator=<Operator.GREATER: '>'>, value=0.8), order=(), limit=3)
    >>> parse("metrics.AUC > 0.8 adn status = 'FINISHED'")
    Traceback (most recent call last):
    hanalife.errors.SearchError: text: character 19: expected 'and', 'or', 'order by', 'limit' or the end
    metrics.AUC > 0.8 adn status = 'FINISHED'
                      ^
    """
    if len(identity.require_text(text, argument)) > MAX_LENGTH:
        raise SearchError(f"{argument}: {len(text)} characters; a search has at most {MAX_LENGTH}.")
    return _Parser(text, argument).search()


def field(text: str, argument: str = "columns") -> Field:
    """Return the one field that a text names, such as ``metrics.AUC``.

    Raises
    ------
    SearchError
        The text is not exactly one field.
    """
    parser = _Parser(identity.require_text(text, argument), argument)
    found = parser.field()
    parser.require_end("the end: one field")
    return found


_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[^\W\d]\w*")
_QUOTED = re.compile(r'"(?:[^"]|"")+"|`(?:[^`]|``)+`')
_TEXT = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|(?:inf|nan)(?!\w))(?![\w.])", re.IGNORECASE)
_WHOLE = re.compile(r"\d{1,10}(?![\w.])")
_OPERATOR = re.compile(r"<=|>=|<>|!=|==|=|<|>")
_SPELLINGS = {"<>": "!=", "==": "="}
_EXPECTED_FIELD = "expected a field such as metrics.AUC, params.depth, tags.owner or status"
_SOURCES = tuple(MetricSource)
_KEYWORDS = frozenset(
    ["and", "or", "not", "in", "like", "is", "null", "between", "order", "by", "asc", "desc", "limit", "true"]
)


class _Parser:
    """Reads from the left; ``_at`` is the next character, after white space."""

    def __init__(self, text: str, argument: str) -> None:
        self._text = text
        self._argument = argument
        self._at = 0
        self._depth = 0
        self._tests = 0
        self._skip_space()

    def search(self) -> Search:
        condition = None
        if not (self._at_end() or self._is_next("order") or self._is_next("limit")):
            condition = self._disjunction()
        after = "" if condition is None else "'and', 'or', "
        order: tuple[Order, ...] = ()
        if self._keyword("order"):
            self._require_keyword("by")
            order = self._order()
            after = "',', "
        elif not self._is_next("limit"):
            self.require_end(f"{after}'order by', 'limit' or the end")
        limit = None
        if self._keyword("limit"):
            limit = self._limit()
            after = ""
        else:
            self.require_end(f"{after}'limit' or the end")
        self.require_end("the end")
        return Search(condition, order, limit)

    # --- conditions ---------------------------------------------------------------------------

    def _disjunction(self) -> Condition:
        parts = [self._conjunction()]
        while self._keyword("or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Disjunction(tuple(parts))

    def _conjunction(self) -> Condition:
        parts = [self._negation()]
        while self._keyword("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else Conjunction(tuple(parts))

    def _negation(self) -> Condition:
        start = self._at
        if not (self._is_next("not") or self._text.startswith("(", start)):
            return self._test()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(
                f"more than {MAX_DEPTH} brackets and nots within each other; write a flatter condition", start
            )
        part: Condition
        if self._keyword("not"):
            part = Negation(self._negation())
        else:
            self._sign("(")
            part = self._disjunction()
            self._require_sign(")", "'and', 'or' or ')'")
        self._depth -= 1
        return part

    def _test(self) -> Test:
        self._tests += 1
        if self._tests > MAX_CONDITIONS:
            raise self._error(
                f"more than {MAX_CONDITIONS} conditions; write alternatives of one field as in (...)", self._at
            )
        field = self.field()
        operator = self._take(_OPERATOR)
        if operator:
            return self._comparison(field, Operator(_SPELLINGS.get(operator[0], operator[0])))
        if self._keyword("is"):
            is_present = self._keyword("not")
            self._require_keyword("null")
            return Presence(field, is_present)
        is_negated = self._keyword("not")
        if self._keyword("in"):
            return Membership(field, self._values(field), is_negated)
        if self._keyword("between"):
            low = self._bound(field)
            self._require_keyword("and")
            return Range(field, low, self._bound(field), is_negated)
        if self._keyword("like"):
            return Likeness(field, self._pattern(field), is_negated)
        words = "'in', 'like' or 'between'"
        raise self._error(f"expected {words if is_negated else f'=, !=, <, <=, >, >=, {words}, or is null'}", self._at)

    def _comparison(self, field: Field, operator: Operator) -> Comparison:
        is_bound = operator not in (Operator.EQUAL, Operator.UNEQUAL)
        return Comparison(field, operator, self._bound(field) if is_bound else self._value(field))

    def _bound(self, field: Field) -> Value:
        """Return a value that others can be less or greater than."""
        start = self._at
        value = self._value(field)
        if isinstance(value, bool) or value != value:  # noqa: PLR0124 - NaN alone differs from itself
            raise self._error("nothing is less or greater than this; compare it with = or !=", start)
        return value

    def _values(self, field: Field) -> tuple[Value, ...]:
        self._require_sign("(", "'(' and a list of values")
        values = [self._value(field)]
        while self._sign(","):
            if len(values) == MAX_VALUES:
                raise self._error(f"more than {MAX_VALUES} values in one list; split it", self._at)
            values.append(self._value(field))
        self._require_sign(")", "',' or ')'")
        return tuple(values)

    def _pattern(self, field: Field) -> str:
        start = self._at
        if field.type not in (ValueType.TEXT, ValueType.ANY):
            raise self._error(f"'like' compares text, and {field} is {field.type}; use =, < or between", start)
        match = self._take(_TEXT)
        if match is None:
            raise self._error("expected a pattern in single quotes such as 'run_%'", start)
        return _unquoted(match)

    # --- fields and values --------------------------------------------------------------------

    def field(self) -> Field:
        start = self._at
        word = _WORD.match(self._text, start)
        if word is None:
            raise self._error(_EXPECTED_FIELD, start)
        self._at = word.end()
        prefix = word[0].lower()
        if prefix in _PREFIXES and self._text.startswith(".", self._at):
            self._at += 1
            kind = _PREFIXES[prefix]
            name = self._name(kind)
        else:
            kind, name = Kind.ATTRIBUTE, word[0]
        source = self._source(kind)
        self._skip_space()
        if kind is Kind.ATTRIBUTE:
            name = self._attribute(name, start)
        return Field(kind, name, source)

    def _source(self, kind: Kind) -> MetricSource | None:
        """Return what follows the name of a metric after ``@``, if anything does."""
        if kind is not Kind.METRIC or not self._text.startswith("@", self._at):
            return None
        start = self._at + 1
        word = _WORD.match(self._text, start)
        if word is None or word[0].lower() not in _SOURCES:
            raise self._error(f"expected the source of a metric, which is one of {', '.join(_SOURCES)}", start)
        self._at = word.end()
        return MetricSource(word[0].lower())

    def _name(self, kind: Kind) -> str:
        plain, quoted = PLAIN_NAME.match(self._text, self._at), _QUOTED.match(self._text, self._at)
        match = plain or quoted
        if match is None:
            raise self._error(f'expected a name, in double quotes if it has odd signs, as in {kind}."a b"', self._at)
        self._at = match.end()
        return match[0] if plain else _unquoted(match)

    def _attribute(self, name: str, start: int) -> str:
        if name.lower() in ATTRIBUTES:
            return name.lower()
        if name.lower() in _KEYWORDS:
            raise self._error(_EXPECTED_FIELD, start)
        raise self._error(
            f"{name!r} is no attribute of a run; write metrics.{name}, params.{name} or tags.{name}, "
            f"or one of {', '.join(ATTRIBUTES)}",
            start,
        )

    def _value(self, field: Field) -> Value:
        start = self._at
        if (text := self._take(_TEXT)) is not None:
            return self._as_type(field, _unquoted(text), start)
        if (number := self._take(_NUMBER)) is not None:
            return self._as_type(field, float(number[0]), start)
        for word in ("true", "false"):
            if self._keyword(word):
                return self._as_type(field, word == "true", start)
        is_open = self._text.startswith(("'", '"'), start)
        raise self._error(
            "this text has no closing quote; double a quote within it"
            if is_open
            else "expected a value: text in single quotes, a number, true or false",
            start,
        )

    def _as_type(self, field: Field, value: Value, start: int) -> Value:
        is_number = isinstance(value, float)
        kind = field.type
        if kind is ValueType.NUMBER and value != value:  # noqa: PLR0124 - NaN alone differs from itself
            raise self._error(f"{field} is never nan; compare it with a number such as 12.5", start)
        if kind is ValueType.MOMENT and isinstance(value, str):
            return self._moment(value, start)
        if kind is ValueType.ANY or (is_number if kind is ValueType.NUMBER else isinstance(value, str)):
            return self._status(value, start) if field == _STATUS else value
        examples = {ValueType.TEXT: "'a text'", ValueType.NUMBER: "12.5", ValueType.MOMENT: "'2026-03-01'"}
        raise self._error(f"{field} is {kind}; compare it with a value such as {examples[kind]}", start)

    def _moment(self, text: str, start: int) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self._error("expected a moment such as '2026-03-01' or '2026-03-01T08:00Z'", start) from None

    def _status(self, value: Value, start: int) -> Value:
        word = str(value).upper()
        if word not in RunStatus.__members__:
            raise self._error(f"no run has this status; it is one of {', '.join(RunStatus)}", start)
        return word

    # --- order and limit ----------------------------------------------------------------------

    def _order(self) -> tuple[Order, ...]:
        keys: list[Order] = []
        while not keys or self._sign(","):
            field = self.field()
            is_descending = self._keyword("desc")
            if not is_descending:
                self._keyword("asc")
            keys.append(Order(field, is_descending))
        return tuple(keys)

    def _limit(self) -> int:
        start = self._at
        match = self._take(_WHOLE)
        if match is None or int(match[0]) > MAX_LIMIT:
            raise self._error("expected a whole number of runs such as 50", start)
        return int(match[0])

    # --- signs --------------------------------------------------------------------------------

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
            self._skip_space()
        return match

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()

    def _is_next(self, word: str) -> bool:
        match = _WORD.match(self._text, self._at)
        return match is not None and match[0].lower() == word

    def _keyword(self, word: str) -> bool:
        return self._is_next(word) and self._take(_WORD) is not None

    def _require_keyword(self, word: str) -> None:
        if not self._keyword(word):
            raise self._error(f"expected {word!r}", self._at)

    def _sign(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        self._skip_space()
        return True

    def _require_sign(self, sign: str, expected: str) -> None:
        if not self._sign(sign):
            raise self._error(f"expected {expected}", self._at)

    def _at_end(self) -> bool:
        return self._at == len(self._text)

    def require_end(self, expected: str) -> None:
        if not self._at_end():
            raise self._error(f"expected {expected}", self._at)

    def _error(self, problem: str, at: int) -> SearchError:
        line_start = self._text.rfind("\n", 0, at) + 1
        line = self._text[line_start:].split("\n", 1)[0]
        # A window of the line, so that the caret stands under the character whatever its length.
        first = max(line_start, at - _SHOWN)
        shown = self._text[first : min(line_start + len(line), at + _SHOWN)].replace("\t", " ")
        caret = " " * (at - first) + "^"
        return SearchError(f"{self._argument}: character {at + 1}: {problem}\n{shown}\n{caret}", position=at)


_SHOWN = 60  # characters of the text before and after the place of an error
_STATUS = Field(Kind.ATTRIBUTE, "status")


def _unquoted(match: re.Match[str]) -> str:
    """Return what stands between quotes; a quote within is doubled."""
    quote, inner = match[0][0], match[0][1:-1]
    return inner.replace(quote * 2, quote)
