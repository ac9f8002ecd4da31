"""Whole statements in SAP HANA's SQL: the same rows on SQLite and PostgreSQL."""

from __future__ import annotations

import pandas as pd
import pytest
import sqlalchemy as sa

from hanalife import create_dataframe_from_pandas, errors
from hanalife.database import dialects
from hanalife.dataframe import expressions
from tests.dataframe.hana import hana_dialect
from tests.dataframe.sqltext_corpus import CONDITIONS, TABLE
from tests.dataframe.sqltext_places import place, postgres_place, sqlite_place

__all__ = ["place", "postgres_place", "sqlite_place"]  # fixtures

#: (statement, its rows)
STATEMENTS = [
    ("SELECT ID FROM T WHERE ID < 3 ORDER BY ID", [(1,), (2,)]),
    ("select id, name from t where id = 1", [(1, "Ann")]),
    ('SELECT "ID" AS "lower" FROM "T" ORDER BY "lower" DESC LIMIT 2', [(5,), (4,)]),
    ("SELECT TOP 2 ID FROM T ORDER BY ID DESC", [(5,), (4,)]),
    ("SELECT TOP 2 x.ID FROM (SELECT TOP 3 ID FROM T ORDER BY ID) x ORDER BY 1 DESC", [(3,), (2,)]),
    ("SELECT ID FROM T ORDER BY ID LIMIT 2 OFFSET 1", [(2,), (3,)]),
    ("SELECT ID FROM T WHERE ID = 1 WITH HINT(NO_CS_JOIN, IGNORE_PLAN_CACHE)", [(1,)]),
    ("SELECT 1 + 1 FROM DUMMY", [(2,)]),
    ("(SELECT ID FROM T WHERE ID < 2)", [(1,)]),
    ("SELECT * FROM (VALUES (1, 2)) AS V", [(1, 2)]),
    ("SELECT T.* FROM (SELECT ID, GRP FROM T) T WHERE ID = 5", [(5, 2)]),
    ("SELECT 'x' AS A, 2 AS B FROM dummy", [("x", 2)]),
    ("SELECT COUNT(*), SUM(AGE), AVG(AGE) FROM T", [(5, 120, 30)]),
    ("SELECT COUNT(DISTINCT AGE) AS N FROM T", [(3,)]),
    ("SELECT GRP, COUNT(*) AS N FROM T GROUP BY GRP HAVING COUNT(*) > 2", [(2, 3)]),
    ("SELECT ID / 2 FROM T WHERE ID = 3", [(1.5,)]),
    ("SELECT ID FROM T ORDER BY AGE, ID", [(3,), (4,), (1,), (5,), (2,)]),
    ("SELECT ID FROM T ORDER BY AGE DESC, ID", [(2,), (1,), (5,), (4,), (3,)]),
    ("SELECT ID FROM T WHERE NAME LIKE 'a%'", [(2,)]),
    ("SELECT ID FROM T WHERE NAME NOT LIKE 'A%' ORDER BY ID", [(2,), (3,), (5,)]),
    ("SELECT ID FROM T WHERE NAME LIKE '%!%' ESCAPE '!' ORDER BY ID", [(3,), (5,)]),
    ("SELECT ID FROM T WHERE NAME LIKE '%' || 'nn' ORDER BY ID", [(1,), (2,)]),
    ("SELECT ID FROM T WHERE NAME LIKE_REGEXPR '^[Aa]nn$' ORDER BY ID", [(1,), (2,)]),
    ("SELECT A.ID, B.ID FROM T A JOIN T B ON A.ID = B.ID + 1 AND A.ID < 4 ORDER BY 1", [(2, 1), (3, 2)]),
    ("SELECT A.ID, B.ID FROM T A LEFT OUTER JOIN T B ON A.ID = B.AGE WHERE A.ID = 1", [(1, None)]),
    ("WITH young AS (SELECT * FROM T WHERE AGE < 35) SELECT COUNT(*) FROM young", [(3,)]),
    ("SELECT ID FROM T WHERE ID IN (SELECT GRP FROM T) ORDER BY ID", [(1,), (2,)]),
    (
        "SELECT ID FROM T A WHERE EXISTS (SELECT 1 FROM T B WHERE B.AGE = A.AGE AND B.ID <> A.ID) ORDER BY ID",
        [(1,), (5,)],
    ),
    ("SELECT 1 AS A FROM DUMMY UNION ALL SELECT 2 FROM DUMMY ORDER BY 1", [(1,), (2,)]),
    ("SELECT ID FROM T MINUS SELECT ID FROM T WHERE ID > 1", [(1,)]),
    ("SELECT ID FROM T INTERSECT SELECT GRP FROM T ORDER BY 1", [(1,), (2,)]),
    ("SELECT ID, ROW_NUMBER() OVER (ORDER BY ID DESC) AS N FROM T WHERE ID < 3 ORDER BY ID", [(1, 2), (2, 1)]),
    ("SELECT SUM(AGE) OVER (PARTITION BY GRP) AS S FROM T WHERE ID = 1", [(30,)]),
    ("SELECT MEDIAN(AGE), STDDEV_POP(ID), CORR(ID, ID) FROM T", [(30.0, 2**0.5, 1.0)]),
    ("SELECT STRING_AGG(NAME, ',' ORDER BY ID DESC) FROM T WHERE ID < 4", [("Bö_b%,ann,Ann",)]),
    ("SELECT IFNULL(AGE, 0), NVL(NAME, 'x'), COALESCE(AGE, 1) FROM T WHERE ID = 3", [(0, "Bö_b%", 1)]),
    ("SELECT MAP(GRP, 1, 'one', 2, 'two', 'many') FROM T WHERE ID IN (1, 3) ORDER BY ID", [("one",), ("two",)]),
    ("SELECT CASE WHEN AGE > 30 THEN 'old' ELSE 'young' END FROM T WHERE ID = 2", [("old",)]),
    ("SELECT LOCATE(NAME, 'nn'), LOCATE(NAME, 'n', 3) FROM T WHERE ID = 1", [(2, 3)]),
    (
        "SELECT LPAD(NAME, 5, '*'), RPAD(NAME, 4), LEFT(NAME, 2), RIGHT(NAME, 1) FROM T WHERE ID = 1",
        [("**Ann", "Ann ", "An", "n")],
    ),
    ("SELECT SUBSTRING(NAME, 0, 2), SUBSTR(NAME, 2), UPPER(NAME) FROM T WHERE ID = 3", [("Bö", "ö_b%", "BÖ_B%")]),
    ("SELECT TRIM(NUM), LTRIM(NUM), TRIM(LEADING ' ' FROM NUM) FROM T WHERE ID = 2", [("12", "12 ", "12 ")]),
    ("SELECT NAME || '-' || ID FROM T WHERE ID = 1", [("Ann-1",)]),
    ("SELECT TO_VARCHAR(ID), TO_INTEGER('3'), TO_DOUBLE('1.5') FROM T WHERE ID = 1", [("1", 3, 1.5)]),
    ("SELECT CAST(X AS INT), CAST(ID AS NVARCHAR(5)), CAST(AGE AS DOUBLE) FROM T WHERE ID = 3", [(2, "3", None)]),
    ("SELECT MOD(-7, 3), ROUND(2.675, 2), FLOOR(X), CEIL(X), SIGN(X) FROM T WHERE ID = 1", [(-1, 2.68, 1, 2, 1)]),
    ("SELECT FLOOR(X) FROM T WHERE ID = 4", [(None,)]),
    (
        "SELECT POWER(2, 3), SQRT(4), LOG(10, 100), BITAND(6, 3), GREATEST(1, 2), LEAST(1, 2) FROM DUMMY",
        [(8, 2, 2, 2, 2, 1)],
    ),
    (
        "SELECT YEAR(D), MONTH(D), DAYOFMONTH(D), WEEKDAY(D), EXTRACT(DAY FROM D) FROM T WHERE ID = 2",
        [(2024, 2, 29, 3, 29)],
    ),
    ("SELECT HOUR(TS), MINUTE(TS), SECOND(TS) FROM T WHERE ID = 2", [(23, 59, 59)]),
    ("SELECT DAYS_BETWEEN(D, '2024-02-01'), SECONDS_BETWEEN(TS, '2024-01-15 10:00:09') FROM T WHERE ID = 1", [(17, 9)]),
    ("SELECT ID FROM T WHERE D = TO_DATE('15.01.2024', 'DD.MM.YYYY')", [(1,)]),
    ("SELECT ID FROM T WHERE D > DATE'2024-01-10' AND D < ADD_DAYS(DATE'2024-01-10', 10)", [(1,)]),
    ("SELECT ID FROM T WHERE TS = TO_TIMESTAMP('2024-01-15 10:00:00')", [(1,)]),
    ("SELECT TO_VARCHAR(TS, 'DD.MM.YYYY HH24:MI') FROM T WHERE ID = 1", [("15.01.2024 10:00",)]),
    ("SELECT ID FROM T WHERE D < CURRENT_DATE AND TS < CURRENT_TIMESTAMP AND ID = 1", [(1,)]),
    ("SELECT ID -- a comment\nFROM T /* another */ WHERE ID = 1 -- the last", [(1,)]),
    ("SELECT ID FROM T WHERE ID = 1;", [(1,)]),
    ("SELECT ':x %s %(y)s ? {0}' FROM DUMMY", [(":x %s %(y)s ? {0}",)]),
]


def run(place, text):
    written = expressions.query(text, place.dialect, known=[TABLE.name, *TABLE.columns.keys()])
    with place.engine.connect() as connection:
        result = connection.exec_driver_sql(
            written.replace("%", "%%") if place.dialect.name == "postgresql" else written
        )
        return list(result.keys()), [tuple(row) for row in result]


@pytest.mark.parametrize(("text", "expected"), STATEMENTS)
def test_a_statement_gives_these_rows(place, text, expected):
    _, found = run(place, text)
    assert [tuple(map(as_float, row)) for row in found] == [
        pytest.approx(row) if any(isinstance(value, float) for value in row) else row for row in expected
    ]


def as_float(value):
    return float(value) if type(value).__name__ == "Decimal" else value


def test_unnamed_results_are_named_by_their_text(place):
    assert run(place, "SELECT id, count(*), age*2, name as n FROM T GROUP BY id, age, name")[0] == [
        "ID",
        "COUNT(*)",
        "AGE * 2",
        "N",
    ]


def test_moments_of_a_statement_are_the_stored_text_on_sqlite_and_moments_on_postgresql(place):
    _, ((later,),) = run(place, "SELECT ADD_MONTHS(TS, 1) FROM T WHERE ID = 1")
    assert str(later).removesuffix(".000000") == "2024-02-15 10:00:00"


def test_names_without_quotes_are_folded_or_found(place):
    with place.engine.begin() as connection:
        connection.exec_driver_sql('CREATE TABLE "small" ("Mixed" INTEGER)')
    known = ["small", "Mixed", "two", "TWO"]
    assert expressions.query("SELECT mixed FROM Small", place.dialect, known=known) in (
        'SELECT "Mixed" FROM "small"',
        "SELECT `Mixed` FROM `small`",
    )
    assert "TWO" in expressions.query("SELECT two FROM small", place.dialect, known=known)
    assert "SMALL" in expressions.query("SELECT 1 FROM small", place.dialect)
    with place.engine.begin() as connection:
        connection.exec_driver_sql('DROP TABLE "small"')


def test_a_name_that_is_no_column_is_an_error_and_not_a_text(place):
    with pytest.raises(sa.exc.DatabaseError):
        run(place, 'SELECT "NOPE" FROM T')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 FROM DUMMY", []),
        ("SELECT * FROM people", ["PEOPLE"]),
        ('SELECT * FROM "people" JOIN S.orders ON 1 = 1', ["S.ORDERS", "people"]),
        ("WITH x AS (SELECT * FROM A) SELECT * FROM x, B", ["A", "B"]),
        ("WITH A AS (SELECT * FROM A) SELECT * FROM A", ["A"]),
        ("SELECT * FROM A WHERE ID IN (SELECT ID FROM B) UNION SELECT * FROM C", ["A", "B", "C"]),
        ("SELECT (SELECT MAX(X) FROM D) FROM A a1, A a2 WITH HINT(X)", ["A", "D"]),
    ],
)
def test_the_tables_that_a_query_reads(text, expected):
    assert expressions.source_tables(text) == expected


def test_the_tables_that_a_query_of_the_database_reads(place):
    written = expressions.query('SELECT * FROM people p JOIN s."Orders" o ON p.ID = o.ID', place.dialect)
    assert expressions.source_tables(written) == ["PEOPLE", "S.Orders"]
    assert expressions.source_tables(written, place.dialect) == ["PEOPLE", "S.Orders"]
    unquoted = {"sqlite": ["People"], "postgresql": ["people"]}
    assert expressions.source_tables("SELECT * FROM People", place.dialect) == unquoted[place.dialect.name]


@pytest.mark.parametrize("text", [text for text, _ in CONDITIONS])
def test_what_a_condition_became_is_one_query_of_the_database(place, text):
    """Stored definitions are read again as the database's own SQL, unchanged."""
    known = place.columns()
    query = sa.select(known["ID"]).where(expressions.condition(text, known, place.dialect))
    named = dialects.with_named_parameters(place.dialect)
    written = str(query.compile(dialect=named, compile_kwargs={"render_postcompile": True}))
    assert expressions.one_query(written, place.dialect) == written
    assert expressions.one_query(written + ";", place.dialect) == written


@pytest.mark.parametrize(("text", "expected"), CONDITIONS)
def test_a_printed_statement_may_be_given_back_as_a_query(place, text, expected):
    known = place.columns()
    query = sa.select(known["ID"]).where(expressions.condition(text, known, place.dialect)).order_by(known["ID"])
    printed = str(query.compile(dialect=place.dialect, compile_kwargs={"literal_binds": True}))
    if place.dialect.name == "postgresql":
        printed = printed.replace("%%", "%")  # as the driver reads it
    assert [row[0] for row in run(place, printed)[1]] == expected


@pytest.mark.parametrize("read", [expressions.query, expressions.one_query])
def test_hana_gets_a_statement_as_it_is(read):
    text = "SELECT TOP 2 LOCATE(NAME, 'n') FROM T WITH HINT(NO_CS_JOIN)"
    assert read(text + ";", hana_dialect()) == text
    with pytest.raises(errors.BadSQLError):
        read("DROP TABLE T", hana_dialect())


def test_a_comment_at_the_end_does_not_swallow_what_follows(place):
    assert expressions.one_query("SELECT 1 -- one", place.dialect) == "SELECT 1 -- one\n"


def test_the_message_names_the_remedy(place):
    with pytest.raises(errors.BadSQLError, match=r"sql: 'SELECT 1; SELECT 2' is 2 statements.*execute_sql"):
        expressions.query("SELECT 1; SELECT 2", place.dialect)
    with pytest.raises(errors.BadSQLError, match="changes data"):
        expressions.query("WITH x AS (DELETE FROM T RETURNING *) SELECT * FROM x", place.dialect)


def test_flags_are_compared_with_one_and_zero(conn):
    data = pd.DataFrame({"ID": [1, 2, 3], "FLAG": [True, False, None]})
    create_dataframe_from_pandas(conn, data, "T", table_structure={"FLAG": "BOOLEAN"})
    create_dataframe_from_pandas(conn, pd.DataFrame({"ID": [1, 2], "FLAG": [1, 0]}), "U")
    for condition, ids in {
        "FLAG = 1": [1],
        "0 = flag": [2],
        "X.FLAG <> 1": [2],
        "FLAG IN (0, 1)": [1, 2],
        "FLAG = TRUE AND ID = 1": [1],
        "ID = 1 OR FLAG = 0": [1, 2],
    }.items():
        assert sorted(conn.sql(f"SELECT ID FROM T AS X WHERE {condition}").collect()["ID"]) == ids, condition
    assert conn.sql("SELECT ID FROM U WHERE FLAG = 1").collect()["ID"].tolist() == [1], "a number stays one"
