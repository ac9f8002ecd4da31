"""What a search means, in plain Python: the reference that the databases' answers are held against.

A run here is a dict of its attributes and of ``metrics``, ``params`` and ``tags``; the keys of metrics are names
and sources.
"""

from __future__ import annotations

import math
import re

from hanalife import conditions as c

NUMERIC = re.compile(r"[+-]?([0-9]{1,100}([.][0-9]{0,100})?|[.][0-9]{1,100})([eE][+-]?[0-9]{1,2})?", re.ASCII)
WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
BOUNDS = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def find(runs, search):
    """Return the runs that a search finds, in its order; ``runs`` come newest first."""
    found = [run for run in runs if search.condition is None or holds(search.condition, run)]
    for key in reversed(search.order):
        found = ordered(found, key)
    return found if search.limit is None else found[: search.limit]


def ordered(runs, key):
    numbers, texts, missing = [], [], []
    for run in runs:
        number, text = read(value_of(run, key.field), key.field)
        if number is not None and not is_nan(number):
            numbers.append((number, run))
        elif number is None and text is not None:
            texts.append((text, run))
        else:
            missing.append((None, run))
    for part in (numbers, texts):
        part.sort(key=lambda pair: pair[0], reverse=key.is_descending)
    return [run for _, run in numbers + texts + missing]


def holds(condition, run):
    match condition:
        case c.Conjunction(parts):
            return all(holds(part, run) for part in parts)
        case c.Disjunction(parts):
            return any(holds(part, run) for part in parts)
        case c.Negation(part):
            return not holds(part, run)
        case c.Presence(field, is_present):
            return (value_of(run, field) is not None) == is_present
    value = value_of(run, condition.field)
    return value is not None and test(condition, value)


def test(leaf, value):
    field = leaf.field
    match leaf:
        case c.Comparison(_, "=", wanted):
            return equals(value, wanted, field)
        case c.Comparison(_, "!=", wanted):
            return not equals(value, wanted, field)
        case c.Comparison(_, operator, bound):
            return compares(value, operator, bound, field)
        case c.Membership(_, values, is_negated):
            return any(equals(value, wanted, field) for wanted in values) != is_negated
        case c.Range(_, low, high, is_negated):
            return (compares(value, ">=", low, field) and compares(value, "<=", high, field)) != is_negated
        case c.Likeness(_, pattern, is_negated):
            return is_like(read(value, field)[1], pattern) != is_negated
    raise AssertionError(leaf)


test.__test__ = False


def value_of(run, field):
    if field.kind is c.Kind.ATTRIBUTE:
        value = run[field.name]
        return None if value == "" and field.name not in {"name", "experiment"} else value
    return metric_of(run, field) if field.kind is c.Kind.METRIC else run[field.kind].get(field.name)


SOURCES = ["test", "validation", "cv", "train", "production", "user"]


def metric_of(run, field):
    """Return the value of the first source that a run has, or None; of two names of one source the shorter counts."""
    found = []
    for (name, source), value in run["metrics"].items():
        is_stored_name = field.name.startswith(("SCORE_", "TEST_"))
        meant = name if is_stored_name else base_name(name, source)
        if meant == field.name and field.source in (None, source):
            found.append((SOURCES.index(source), len(name), value))
    return min(found, key=lambda each: each[:2])[2] if found else None


def base_name(name, source):
    if source == "user":
        return name
    return "AUC" if name in ("SCORE_AUC", "TEST_AUC.MEAN") else name


def read(value, field):
    """Return a value as a number and as a text, each None if it is not one."""
    if value is None:
        return None, None
    if field.kind is c.Kind.ATTRIBUTE:
        return (None, value) if isinstance(value, str) else (value, None)
    if isinstance(value, bool):
        return float(value), str(value).lower()
    if isinstance(value, int) and abs(value) >= 2**53:  # kept as text, so that no digit is lost
        return float(value), str(value)
    if isinstance(value, int | float):
        return value, str(value) if isinstance(value, float) and not math.isfinite(value) else None
    return number_in(value), value


def number_in(text):
    if text in WORDS:
        return WORDS[text]
    return float(text) if NUMERIC.fullmatch(text) else None


def is_nan(number):
    return isinstance(number, float) and math.isnan(number)


def equals(value, wanted, field):
    number, text = read(value, field)
    if isinstance(wanted, bool):
        return text in (str(wanted), str(wanted).lower())
    if isinstance(wanted, str) and field.kind is c.Kind.ATTRIBUTE:
        return text == wanted
    if isinstance(wanted, str):
        as_number = number_in(wanted)
        return text == wanted or (as_number is not None and equals(value, as_number, field))
    if is_nan(wanted):
        return number is not None and is_nan(number)
    return number is not None and number == wanted


def compares(value, operator, bound, field):
    number, text = read(value, field)
    if isinstance(bound, str):
        return text is not None and BOUNDS[operator](text, bound)
    return number is not None and BOUNDS[operator](number, bound)


def is_like(text, pattern):
    signs = {"%": ".*", "_": "."}
    return (
        text is not None
        and re.fullmatch("".join(signs.get(sign, re.escape(sign)) for sign in pattern), text, re.DOTALL) is not None
    )


# --- a tree as text ---------------------------------------------------------------------------


def write(search):
    """Return a search as text."""
    parts = [] if search.condition is None else [written(search.condition)]
    if search.order:
        keys = [f"{name(key.field)} {'desc' if key.is_descending else 'asc'}" for key in search.order]
        parts.append("order by " + ", ".join(keys))
    if search.limit is not None:
        parts.append(f"limit {search.limit}")
    return " ".join(parts)


def written(condition):
    if isinstance(condition, c.Negation):
        return f"not {written(condition.part)}"
    if isinstance(condition, c.Conjunction | c.Disjunction):
        word = " and " if isinstance(condition, c.Conjunction) else " OR "
        return "(" + word.join(map(written, condition.parts)) + ")"
    return f"{name(condition.field)} {wanted(condition)}"


def wanted(leaf):
    word = "not " if getattr(leaf, "is_negated", False) else ""
    match leaf:
        case c.Presence(_, is_present):
            return f"is {'not ' if is_present else ''}null"
        case c.Comparison(_, operator, value):
            return f"{operator}{literal(value)}"
        case c.Membership(_, values):
            return f"{word}in ({', '.join(map(literal, values))})"
        case c.Range(_, low, high):
            return f"{word}between {literal(low)} and {literal(high)}"
        case c.Likeness(_, pattern):
            return f"{word}like {literal(pattern)}"
    raise AssertionError(leaf)


def name(field):
    if field.kind is c.Kind.ATTRIBUTE:
        return field.name
    source = f"@{field.source}" if field.source else ""
    return f'{field.kind}."{field.name.replace(chr(34), chr(34) * 2)}"{source}'


def literal(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    text = value if isinstance(value, str) else value.isoformat()
    return "'" + text.replace("'", "''") + "'"
