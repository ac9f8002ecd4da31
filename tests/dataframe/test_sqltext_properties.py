"""Random expressions against a reference in plain Python, which knows NULL as None."""

from __future__ import annotations

import math

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanalife.database.functions import glob_pattern
from hanalife.dataframe import expressions
from hanalife.errors import BadSQLError, UnknownColumnError
from tests.dataframe.sqltext_corpus import ROWS
from tests.dataframe.sqltext_places import place, postgres_place, sqlite_place

__all__ = ["place", "postgres_place", "sqlite_place"]  # fixtures

checked = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def lifted(function):
    """Make a function NULL if an argument is."""
    return lambda *values: None if None in values else function(*values)


def both(left, right):
    """Give AND of SQL's three truth values."""
    return False if left is False or right is False else None if left is None or right is None else True


def either(left, right):
    """Give OR of SQL's three truth values."""
    return True if left is True or right is True else None if left is None or right is None else False


def truncated(value, divisor):
    return math.fmod(value, divisor)


# A case is (text, function of a row).
leaves = st.one_of(
    st.sampled_from(["ID", "AGE", "GRP"]).map(lambda name: (name, lambda row: row[name])),
    st.integers(0, 9).map(lambda number: (str(number), lambda row: number)),
    st.just(("NULLIF(AGE, 30)", lambda row: None if row["AGE"] == 30 else row["AGE"])),
)


def combined(children):
    def arithmetic(sign, function):
        return st.tuples(children, children).map(
            lambda pair: (
                f"({pair[0][0]} {sign} {pair[1][0]})",
                lambda row: lifted(function)(pair[0][1](row), pair[1][1](row)),
            )
        )

    return st.one_of(
        arithmetic("+", lambda a, b: a + b),
        arithmetic("-", lambda a, b: a - b),
        arithmetic("*", lambda a, b: a * b),
        children.map(lambda case: (f"(-{case[0]})", lambda row: lifted(lambda a: -a)(case[1](row)))),
        children.map(lambda case: (f"ABS({case[0]})", lambda row: lifted(abs)(case[1](row)))),
        children.map(lambda case: (f"({case[0]} / 4)", lambda row: lifted(lambda a: a / 4)(case[1](row)))),
        children.map(lambda case: (f"MOD({case[0]}, 7)", lambda row: lifted(truncated)(case[1](row), 7))),
        children.map(lambda case: (f"IFNULL({case[0]}, 5)", lambda row: 5 if case[1](row) is None else case[1](row))),
        st.tuples(children, children).map(
            lambda pair: (
                f"GREATEST({pair[0][0]}, {pair[1][0]})",
                lambda row: lifted(max)(pair[0][1](row), pair[1][1](row)),
            )
        ),
        st.tuples(children, children, children).map(
            lambda three: (
                f"CASE WHEN {three[0][0]} > {three[1][0]} THEN {three[2][0]} ELSE 1 END",
                lambda row: three[2][1](row) if lifted(lambda a, b: a > b)(three[0][1](row), three[1][1](row)) else 1,
            )
        ),
    )


numbers = st.recursive(leaves, combined, max_leaves=6)
SIGNS = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
comparisons = st.one_of(
    st.tuples(numbers, st.sampled_from(sorted(SIGNS)), numbers).map(
        lambda case: (
            f"{case[0][0]} {case[1]} {case[2][0]}",
            lambda row: lifted(SIGNS[case[1]])(case[0][1](row), case[2][1](row)),
        )
    ),
    numbers.map(lambda case: (f"{case[0]} IS NULL", lambda row: case[1](row) is None)),
    numbers.map(
        lambda case: (
            f"{case[0]} NOT BETWEEN 2 AND 20",
            lambda row: lifted(lambda value: not 2 <= value <= 20)(case[1](row)),
        )
    ),
    numbers.map(lambda case: (f"{case[0]} IN (1, 2, 30)", lambda row: lifted(lambda v: v in (1, 2, 30))(case[1](row)))),
    st.just(("FLAG", lambda row: row["FLAG"])),
    st.just(("FLAG = 0", lambda row: lifted(lambda flag: not flag)(row["FLAG"]))),
)


def logic(children):
    def connected(word, function):
        return st.tuples(children, children).map(
            lambda pair: (
                f"({pair[0][0]}) {word} ({pair[1][0]})",
                lambda row: function(pair[0][1](row), pair[1][1](row)),
            )
        )

    return st.one_of(
        connected("AND", both),
        connected("OR", either),
        children.map(lambda case: (f"NOT ({case[0]})", lambda row: lifted(lambda value: not value)(case[1](row)))),
    )


@checked
@given(case=numbers)
def test_arithmetic_is_that_of_python(place, case):
    text, reference = case
    found, _ = place.values(text)
    expected = [reference(row) for row in ROWS]
    assert all(
        (one is None) == (other is None) and (one is None or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9))
        for one, other in zip(found, expected, strict=True)
    ), (text, found, expected)


@checked
@given(case=st.recursive(comparisons, logic, max_leaves=4))
def test_logic_is_that_of_three_truth_values(place, case):
    text, reference = case
    assert place.ids(text) == [row["ID"] for row in ROWS if reference(row) is True], text


texts = st.text(st.sampled_from("aAbB%_*?[]^-!\\'ö "), max_size=6)


def like_reference(text, pattern):
    """Match a LIKE pattern by the definition: % is any text, _ one character."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(like_reference(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and like_reference(text[1:], pattern[1:])


@checked
@given(text=texts, pattern=texts)
def test_like_is_that_of_the_definition(place, text, pattern):
    quoted = [part.replace("'", "''") for part in (text, pattern)]
    expected = [1, 2, 3, 4, 5] if like_reference(text, pattern) else []
    assert place.ids(f"'{quoted[0]}' LIKE '{quoted[1]}'") == expected
    assert place.ids(f"'{quoted[0]}' LIKE '{quoted[1]}' || LEFT(TO_VARCHAR(ID), 0)") == expected


@checked
@given(text=texts)
def test_an_escaped_text_is_like_itself_alone(place, text):
    escaped = "".join("#" + char if char in "%_" else char for char in text)
    for other in (text, text + "a"):
        quoted = [part.replace("'", "''") for part in (other, escaped)]
        assert bool(place.ids(f"'{quoted[0]}' LIKE '{quoted[1]}' ESCAPE '#'")) == (other == text)
    assert glob_pattern(escaped, "#").replace("[*]", "*").replace("[?]", "?").replace("[[]", "[") == text


@checked
@given(text=st.text(max_size=30))
def test_any_text_is_an_expression_or_refused(sqlite_place, text):
    columns = sqlite_place.columns()
    try:
        value = expressions.parse(text, columns, sqlite_place.dialect)
    except (BadSQLError, UnknownColumnError):
        return
    sa.select(value).compile(dialect=sqlite_place.dialect)


@checked
@given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_a_value_that_comes_back(place, value):
    quoted = value.replace("'", "''")
    assert place.values(f"'{quoted}'")[0] == [value] * 5


@checked
@given(value=st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)))
def test_any_number_is_a_value_that_comes_back(place, value):
    found, _ = place.values(repr(value))
    assert found == [value] * 5
