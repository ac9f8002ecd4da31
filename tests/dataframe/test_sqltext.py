"""The corpus of hand-checked rows, on SQLite and PostgreSQL, and compiled for SAP HANA."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from hanalife.dataframe import expressions
from hanalife.dataframe.columns import name_of_type
from tests.dataframe.hana import hana_dialect
from tests.dataframe.sqltext_corpus import AGGREGATES, CONDITIONS, TABLE, VALUES
from tests.dataframe.sqltext_places import place, postgres_place, sqlite_place

__all__ = ["place", "postgres_place", "sqlite_place"]  # fixtures


def close(found, expected):
    """Say whether two values are equal; floating point up to a relative 1e-12."""
    if isinstance(expected, float) and found is not None:
        return found == pytest.approx(expected, rel=1e-12, abs=1e-12)
    return found == expected


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
def test_a_condition_finds_these_rows(place, condition, expected):
    assert place.ids(condition) == expected


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_an_expression_has_these_values(place, text, expected):
    found, _ = place.values(text)
    assert all(map(close, found, expected)), found


def aggregate(name, column, more, columns, dialect):
    options = dict(more)
    if "second" in options:
        options["second"] = columns[options["second"]]
    options["order_by"] = [(columns[key], descends) for key, descends in options.get("order_by", [])]
    return expressions.aggregate(name, column and columns[column], dialect, **options)


@pytest.mark.parametrize(("name", "column", "more", "expected"), AGGREGATES)
def test_an_aggregate_has_this_value(place, name, column, more, expected):
    columns = place.columns()
    value = aggregate(name, column, more, columns, place.dialect)
    if isinstance(value.type, sa.Numeric):
        value = sa.type_coerce(value, sa.Numeric(asdecimal=False))
    ((found,),) = place.rows(sa.select(value).select_from(columns["ID"].table))
    assert close(found, expected), found


@pytest.mark.parametrize("name", ["count", "median", "stddev", "var", "corr", "string_agg", "sum", "avg", "max"])
def test_an_aggregate_of_no_rows_is_null_and_a_count_is_zero(place, name):
    columns = place.columns()
    value = aggregate(name, "X", {"second": "AGE"} if name == "corr" else {}, columns, place.dialect)
    ((found,),) = place.rows(sa.select(value).where(columns["ID"] > 9))
    assert found == (0 if name == "count" else None)


PYTHON_TYPES = {
    "INT": int,
    "BIGINT": int,
    "SMALLINT": int,
    "DOUBLE": (int, float),
    "DECIMAL": float,
    "NVARCHAR": str,
    "DATE": dt.date,
    "TIMESTAMP": dt.datetime,
    "BOOLEAN": bool,
}


@pytest.mark.parametrize("text", [text for text, _ in VALUES])
def test_the_declared_type_is_that_of_the_values(place, text):
    found, kind = place.values(text)
    assert all(isinstance(value, PYTHON_TYPES[name_of_type(kind)]) for value in found if value is not None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AGE * 2", "INT"),
        ("AGE * BIG", "BIGINT"),
        ("AGE / 2", "DOUBLE"),
        ("AGE + 0.5", "DOUBLE"),
        ("AMT + 0.5", "DECIMAL"),
        ("AMT * AGE", "DECIMAL"),
        ("AMT * X", "DOUBLE"),
        ("AGE > 3", "BOOLEAN"),
        ("NAME || AGE", "NVARCHAR"),
        ("COALESCE(D, TS)", "TIMESTAMP"),
        ("COALESCE(AGE, BIG)", "BIGINT"),
        ("ADD_DAYS(D, 1)", "DATE"),
        ("ADD_DAYS(TS, 1)", "TIMESTAMP"),
        ("ADD_SECONDS(D, 1)", "TIMESTAMP"),
        ("SECONDS_BETWEEN(D, TS)", "BIGINT"),
        ("ROW_NUMBER() OVER (ORDER BY ID)", "BIGINT"),
        ("SUM(AGE) OVER ()", "BIGINT"),
        ("SUM(AMT) OVER ()", "DECIMAL"),
        ("AVG(AGE) OVER ()", "DOUBLE"),
        ("MAX(TS) OVER ()", "TIMESTAMP"),
        ("CASE WHEN FLAG THEN 1 ELSE 2.5 END", "DOUBLE"),
        ("TO_DECIMAL(X, 10, 2)", "DECIMAL"),
        ("CAST(X AS SMALLINT)", "SMALLINT"),
    ],
)
def test_the_type_of_a_result(sqlite_place, text, kind):
    assert name_of_type(expressions.parse(text, sqlite_place.columns(), sqlite_place.dialect).type) == kind


def test_text_has_the_length_of_its_type_or_none(sqlite_place):
    def length(text):
        return expressions.parse(text, sqlite_place.columns(), sqlite_place.dialect).type.length

    assert length("CAST(NAME AS NVARCHAR(5))") == 5
    assert length("NAME || 'and more than twenty characters'") is None
    assert length("COALESCE(NAME, 'more than twenty characters')") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X > 1", [1, 3]),
        ("X * 2 = 3", [1]),
        ("ID + X = 2.5", [1]),
        ("MOD(X, 2) = 0.5", [3]),
        ("NAME LIKE 'a%'", [2]),
        ("D = '2024-01-15'", [1]),
        ("YEAR(D) = 2023", [3]),
        ("TO_DATE(D) > TO_DATE('2024-01-15')", [2]),
        ("CAST(X AS INT) = 2", [3]),
        ("TO_VARCHAR(AGE) = '20'", [4]),
        ("COALESCE(AGE, 1) = 1", [3]),
        ("FLAG AND X > 0", [1]),
    ],
)
def test_columns_whose_type_no_one_tells_are_taken_as_they_are(sqlite_place, text, expected):
    """SQLite tells no type of a computed column."""
    number = sqlite_place.columns()["ID"]
    known = {name: sa.literal_column(f'"{name}"') for name in sqlite_place.columns()} | {"ID": number}
    where = expressions.condition(text, known, sqlite_place.dialect)
    assert [row[0] for row in sqlite_place.rows(sa.select(number).where(where))] == expected


def test_values_are_never_replayed_from_a_cached_statement(place):
    """Statements of one form share their text; the values must not be shared."""
    for pattern, expected in (("A%", [1]), ("a%", [2]), ("B%", [3]), ("%n", [1, 2])):
        assert place.ids(f"NAME LIKE '{pattern}'") == expected
    for sign in "!#":
        assert place.ids(f"NAME LIKE 'Bö{sign}_%' ESCAPE '{sign}'") == [3]
    for pattern, expected in (("^A", [1]), ("^a", [2])):
        assert place.ids(f"NAME LIKE_REGEXPR '{pattern}'") == expected
    for form, expected in (("YYYY", "2024"), ("MM", "01"), ("DD", "15")):
        assert place.values(f"TO_VARCHAR(D, '{form}')")[0][0] == expected
    for digits, expected in ((1, 1.6), (2, 1.66)):
        assert place.values(f"TO_DECIMAL(X * 1.11, 10, {digits})")[0][0] == pytest.approx(expected)
    for days in (1, 2):
        assert place.values(f"DAYOFMONTH(ADD_DAYS(D, {days}))")[0][0] == 15 + days
    for rows, expected in ((1, 50), (2, 50), (4, 120)):
        text = f"SUM(AGE) OVER (ORDER BY ID ROWS BETWEEN {rows} PRECEDING AND CURRENT ROW)"
        assert place.values(text)[0][4] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NAME < 'Z'", [False, True]),
        ("NAME BETWEEN 'A' AND 'Z'", [False, True]),
        ("GREATEST(NAME, 'C')", ["a", "C"]),
        ("LEAST(NAME, 'C')", ["C", "B"]),
        ("MAX(NAME) OVER ()", ["a", "a"]),
        ("ROW_NUMBER() OVER (ORDER BY NAME)", [2, 1]),
        ("NAME LIKE 'A%'", [False, False]),
    ],
)
def test_text_is_compared_by_its_bytes_whatever_the_language_of_the_database(postgres_place, text, expected):
    english = sa.Table(
        "ENGLISH",
        sa.MetaData(),
        sa.Column("ID", sa.Integer),
        sa.Column("NAME", sa.String(collation="en-x-icu")),
        prefixes=["TEMPORARY"],
    )
    with postgres_place.engine.begin() as connection:
        english.create(connection)
        connection.execute(english.insert(), [{"ID": 1, "NAME": "a"}, {"ID": 2, "NAME": "B"}])
        value = expressions.parse(text, dict(english.columns), postgres_place.dialect)
        found = connection.execute(sa.select(value).order_by(english.c.ID)).scalars().all()
        english.drop(connection)
    assert found == expected


def test_the_present_is_that_of_utc(place, monkeypatch):
    before = dt.datetime.now(dt.UTC)
    # A zone where another day is, for new connections.
    monkeypatch.setenv("PGTZ", "Etc/GMT-14" if before.hour >= 12 else "Etc/GMT+12")
    place.engine.dispose()
    (moment, *_), _ = place.values("CURRENT_TIMESTAMP")
    (today, *_), _ = place.values("CURRENT_DATE")
    after = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    assert before - dt.timedelta(seconds=1) <= moment.replace(tzinfo=dt.UTC) <= after
    assert before.date() <= today <= after.date()


def test_hundreds_of_conditions_may_stand_in_a_row(place):
    chain = " OR ".join(f"(ID = {number} AND AGE > 0)" for number in range(1, 400))
    assert place.ids(chain) == [1, 2, 4, 5]
    assert place.ids("ID IN (" + ", ".join(map(str, range(3, 2000))) + ")") == [3, 4, 5]


@pytest.fixture(scope="module")
def hana():
    return hana_dialect()


@pytest.mark.parametrize("text", [text for text, _ in [*CONDITIONS, *VALUES]])
def test_every_expression_compiles_for_hana(hana, text):
    columns = dict(TABLE.columns)
    written = str(sa.select(expressions.parse(text, columns, hana).label("V")).compile(dialect=hana))
    assert "hl_" not in written
    assert "INTERVAL" not in written


@pytest.mark.parametrize(("name", "column", "more", "expected"), AGGREGATES)
def test_every_aggregate_compiles_for_hana(hana, name, column, more, expected):
    written = str(aggregate(name, column, more, dict(TABLE.columns), hana).compile(dialect=hana))
    assert written.upper().removeprefix("CAST(").startswith(name.upper())


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("LOCATE(NAME, 'n') > 0", 'LOCATE("T"."NAME", ?) > ?'),
        ("NAME LIKE 'A%'", '("T"."NAME" LIKE ?)'),
        ("NAME LIKE 'A!%' ESCAPE '!'", '("T"."NAME" LIKE ? ESCAPE ?)'),
        ("NOT NAME LIKE_REGEXPR 'x'", 'NOT ("T"."NAME" LIKE_REGEXPR ?)'),
        ("FLAG", '"T"."FLAG" = TRUE'),
        ("NOT FLAG", '"T"."FLAG" = FALSE'),
        ("ID / 2 = 0.5", '(("T"."ID") / (?)) = ?'),
        ("ADD_DAYS(TS, 1) > CURRENT_TIMESTAMP", 'ADD_DAYS("T"."TS", ?) > CURRENT_TIMESTAMP'),
        ("TO_VARCHAR(D, 'YYYY') = '2024'", 'TO_NVARCHAR("T"."D", ?) = ?'),
        ("TRIM(NAME) = 'x'", 'TRIM(BOTH ? FROM "T"."NAME") = ?'),
    ],
)
def test_hana_gets_its_own_words(hana, text, written):
    where = expressions.condition(text, dict(TABLE.columns), hana)
    assert str(sa.and_(where).compile(dialect=hana)).replace('T."', '"T"."').replace('""T"', '"T"') == written
