"""What is no expression, or no query, reaches no database; messages say which part and why."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hanalife import errors
from hanalife.dataframe import expressions
from tests.dataframe.sqltext_corpus import TABLE
from tests.dataframe.sqltext_places import place, postgres_place, sqlite_place

__all__ = ["place", "postgres_place", "sqlite_place"]  # fixtures

HOSTILE = [
    # more than one expression
    "",
    "   ",
    ";",
    "1=1; DROP TABLE T",
    "1=1) ; DELETE FROM T --",
    "1=1 -- comment",
    "1=1 /* comment */",
    "-- all",
    "/*+ hint */ 1=1",
    "ID = 1) OR (1=1",
    "1=1) UNION SELECT 1 FROM T WHERE (1=1",
    "1=1 UNION SELECT 1",
    "1=1 UNION ALL SELECT NAME FROM T",
    "1=1 EXCEPT SELECT 1",
    "ID, NAME",
    "ID AS Y",
    "ID Y",
    "*",
    "T.*",
    "DISTINCT ID",
    "TOP 1 ID",
    "ALL 1",
    "ID < 3 LIMIT 1",
    "ID < 3 OFFSET 1",
    "ID < 3 ORDER BY ID",
    "AGE > 1 GROUP BY ID",
    "AGE > 1 HAVING 1=1",
    "ID < 3 FOR UPDATE",
    "1=1 INTO OUTFILE 'x'",
    "1 INTO X",
    "1=1 FROM T",
    "1=1 FROM T WHERE 1=1",
    "1=1 WINDOW w AS (ORDER BY ID)",
    # sub-queries
    "ID IN (SELECT usesysid FROM pg_user)",
    "ID = (SELECT 1)",
    "EXISTS (SELECT 1 FROM T)",
    "ID = ANY (SELECT 1)",
    "ID > ALL (SELECT ID FROM T)",
    "(SELECT 1) = 1",
    "(WITH x AS (DELETE FROM T RETURNING 1) SELECT 1 FROM x) = 1",
    "CASE WHEN EXISTS (SELECT 1) THEN 1 END = 1",
    "COALESCE((SELECT 1), 2) = 1",
    "SUM((SELECT 1)) OVER () = 1",
    # statements
    "DROP TABLE T",
    "DELETE FROM T",
    "UPDATE T SET ID = 1",
    "INSERT INTO T VALUES (1)",
    "CALL P()",
    "DO BEGIN END",
    "ATTACH DATABASE 'x' AS y",
    "PRAGMA writable_schema = 1",
    "SET ID = 1",
    "COPY T TO PROGRAM 'id'",
    # functions
    "pg_sleep(10) IS NULL",
    "lo_import('/etc/passwd') > 0",
    "pg_read_file('/etc/passwd') = 'x'",
    "query_to_xml('select 1', true, true, '') IS NULL",
    "dblink('x', 'y') IS NULL",
    "load_extension('x') = 1",
    "readfile('/etc/passwd') IS NOT NULL",
    "writefile('x', 'y') = 1",
    "sqlite_version() = 'x'",
    "version() = 'x'",
    "nextval('s') > 0",
    "set_config('a', 'b', false) = 'b'",
    "current_setting('x') = 'y'",
    "zeroblob(1000000000) IS NULL",
    "randomblob(10) IS NULL",
    "hl_text(ID) = '1'",
    "fts3_tokenizer('x') IS NULL",
    "SESSION_CONTEXT('x') = 'y'",
    '"LENGTH"(NAME) = 3',
    "pg_catalog.length(NAME) = 3",
    "IF(FLAG, 1, 2) = 1",
    # names and parameters
    "T.ID < 3",
    "S.T.ID < 3",
    '"T"."ID" < 3',
    "ID = ?",
    "ID = :x",
    "ID = %s",
    "ID = %(x)s",
    "ID = @x",
    "ID = $1 + 1 AND $1",
    # other syntax
    "ID <",
    "< 3",
    "ID = 'open",
    'ID = "open',
    "ID == == 3",
    "ID[1] = 2",
    "ID -> 'x' = 1",
    "NAME COLLATE NOCASE = 'ann'",
    "TS AT TIME ZONE 'UTC' = TS",
    "INTERVAL '1' DAY > 1",
    "ARRAY[1] IS NULL",
    "{x NOW()} IS NULL",
    "NAME ILIKE 'a'",
    "NAME GLOB 'a*'",
    "NAME MATCH 'a'",
    "NAME SIMILAR TO 'a'",
    "NAME LIKE ANY ('a')",
    "AGE IS DISTINCT FROM 1",
    "FLAG IS TRUE",
    "AGE BETWEEN SYMMETRIC 3 AND 1",
    "ID & 1 = 1",
    "ID << 1 = 2",
    "~ID = 1",
    "TRY_CAST(NAME AS INT) = 1",
    "CAST(NAME AS XML) IS NULL",
    "CAST(NAME AS REGCLASS) IS NULL",
    "CAST(D AS TIME) IS NULL",
    "RANK() OVER w = 1",
    "SUM(AGE) FILTER (WHERE FLAG) OVER () > 1",
    "LAG(AGE) IGNORE NULLS OVER (ORDER BY ID) > 1",
    "COUNT(DISTINCT AGE) OVER () > 1",
    "SUM(AGE) OVER (ORDER BY ID RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) > 1",
    "SUM(AGE) OVER (ORDER BY ID ROWS BETWEEN AGE PRECEDING AND CURRENT ROW) > 1",
    "NAME = 'a\0b'",
    "NAME = 'a\ud800b'",
    "(" * 200 + "1" + ")" * 200 + " = 1",
    "ID = " + "1 + " * 200 + "1",
    "NOT " * 500 + "FLAG",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_not_one_condition_is_refused(place, text):
    with pytest.raises((errors.BadSQLError, errors.UnknownColumnError), match="condition: "):
        place.ids(text)
    assert place.ids("1 = 1") == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("text", [None, 3, b"ID = 1", ["ID"]])
def test_what_is_not_text_is_refused(sqlite_place, text):
    with pytest.raises(errors.BadSQLError, match="is not SQL text"):
        expressions.parse(text, sqlite_place.columns(), sqlite_place.dialect)


@pytest.mark.parametrize(
    ("text", "part", "why"),
    [
        ("ID = 1; DROP TABLE T", "';'", "one expression"),
        ("ID = 1 -- x", "'-- x'", "comment"),
        ("ID < 3 LIMIT 1", "'ID < 3 LIMIT 1'", "the clause LIMIT"),
        ("ID IN (SELECT 1)", "'ID IN (SELECT 1)'", "must list its values"),
        ("ID = 1 AND pg_sleep(10) IS NULL", "'pg_sleep(10)'", "not a function that is allowed"),
        ("LENGHT(NAME) = 3", "'LENGHT(NAME)'", "did you mean LENGTH?"),
        ("ADD_DAYS(D) = D", "'ADD_DAYS(D)'", "has 1 arguments, but ADD_DAYS takes 2"),
        ("COALESCE() = 1", "'COALESCE()'", "takes 1 or more"),
        ("ROUND(X, 1, 2) = 1", "'ROUND(X, 1, 2)'", "takes 1 to 2"),
        ("NAME = 3", "'3'", "is INT, which does not fit: NAME is NVARCHAR"),
        ("AGE = NAME", "'NAME'", "is NVARCHAR, which does not fit: AGE is INT"),
        ("AGE = 'x'", "\"'x'\"", "is not INT, the type of AGE"),
        ("D = 'soon'", "\"'soon'\"", "is not DATE, the type of D"),
        ("D = '2024-02-30'", "\"'2024-02-30'\"", "is not DATE, the type of D"),
        ("TS IN ('2024-01-01', 'never')", "\"'never'\"", "is not TIMESTAMP, the type of TS"),
        ("FLAG = 2", "'2'", "is INT, which does not fit: FLAG is BOOLEAN"),
        ("D > 5", "'5'", "is INT, which does not fit: D is DATE"),
        ("D + 1 > D", "'D + 1'", "D is DATE; use ADD_DAYS"),
        ("FLAG + 1 > 1", "'FLAG'", "is BOOLEAN, but a number is needed"),
        ("FLAG > FALSE", "'FLAG > FALSE'", "no order"),
        ("AGE", "'AGE'", "is INT, but a condition is needed"),
        ("AGE AND FLAG", "'AGE'", "is INT, but a condition is needed"),
        ("NOT NAME", "'NAME'", "is NVARCHAR, but a condition is needed"),
        ("NAME", "'NAME'", "is NVARCHAR, but a condition is needed"),
        ("UPPER(AGE) = 'X'", "'AGE'", "is INT, but text is needed"),
        ("YEAR(AGE) = 1", "'AGE'", "is INT, but a date or timestamp is needed"),
        ("SUM(NAME) OVER () = 1", "'NAME'", "is NVARCHAR, but a number is needed"),
        ("CASE WHEN FLAG THEN 1 ELSE NAME END = 1", "'1'", "does not fit: NAME is NVARCHAR"),
        ("COALESCE(NAME, AGE) = 'x'", "'AGE'", "does not fit: NAME is NVARCHAR"),
        ("CAST(D AS INT) = 1", "'D'", "is DATE, which cannot become INT"),
        ("CAST('x' AS INT) = 1", "\"'x'\"", "is not INT"),
        ("RAW LIKE 'a'", "'RAW'", "is BLOB, which is not text"),
        ("TO_DATE('2024', 'YYYY-MM-DD') = D", "\"'2024'\"", "is not a date of the format YYYY-MM-DD"),
        ("TO_DATE(NAME, 'MONTH') = D", "\"'MONTH'\"", "is not a date format"),
        ("TO_DATE(NAME, NUM) = D", "'NUM'", "must be a plain value"),
        ("NAME LIKE 'a!' ESCAPE '!'", "\"'a!'\"", "must not end with its escape character"),
        ("NAME LIKE 'a' ESCAPE '!!'", "\"'!!'\"", "not one character"),
        ("NAME LIKE_REGEXPR '('", "\"'('\"", "is not a regular expression"),
        ("SUM(AGE) > 3", "'SUM(AGE)'", "use agg()"),
        ("STRING_AGG(NAME, ',') = 'x'", "\"STRING_AGG(NAME, ',')\"", "use agg()"),
        ("RANK() = 1", "'RANK()'", "needs a window"),
        ("MEDIAN(AGE) OVER () = 1", "'MEDIAN(AGE)'", "no window form"),
        ("EXTRACT(WEEK FROM D) = 1", "'EXTRACT(WEEK FROM D)'", "takes one of YEAR"),
        ("(ID, GRP) = (1, 2, 3)", "'(1, 2, 3)'", "has 3 values, but (ID, GRP) has 2"),
        ("(ID, GRP) > (1, 2)", "'(ID, GRP) > (1, 2)'", "which = and <> can"),
        ("1e999 > X", "'1e999'", "too large"),
        ("LAG(AGE, -1) OVER (ORDER BY ID) = 1", "'-1'", "not a number of rows"),
        ("LOCATE(NAME, 'n', 0) = 1", "'0'", "not a position"),
        ("TO_DECIMAL(X, 99, 2) = 1", "'99'", "from 0 to 38"),
        ("T.ID = 1", "'T.ID'", "without that of a table"),
    ],
)
def test_a_refusal_quotes_the_part_and_says_why(sqlite_place, text, part, why):
    with pytest.raises(errors.BadSQLError) as caught:
        sqlite_place.ids(text)
    message = str(caught.value)
    assert message.startswith(f"condition: {part} ")
    assert why in message


def test_an_unknown_name_lists_the_columns(sqlite_place):
    with pytest.raises(errors.UnknownColumnError, match=r"condition: no column 'AGES'; the columns are: ID, NAME, AGE"):
        sqlite_place.ids("AGES > 3")
    with pytest.raises(errors.UnknownColumnError, match="'id'"):
        sqlite_place.ids('"id" = 1')


def test_the_caller_s_argument_is_named(sqlite_place):
    with pytest.raises(errors.BadSQLError, match=r"^cols: "):
        expressions.parse("1; 2", sqlite_place.columns(), sqlite_place.dialect, "cols")


def test_a_long_text_is_shown_in_part(sqlite_place):
    with pytest.raises(errors.BadSQLError) as caught:
        sqlite_place.ids("ID IN (" + "1, " * 5000 + "NAME)")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("name", "column", "options", "why"),
    [
        ("first", "AGE", {}, "is not an aggregate; use one of AVG"),
        ("sum); DROP TABLE T", "AGE", {}, "is not an aggregate"),
        ("sum", "NAME", {}, "'\"NAME\"' is NVARCHAR, but a number is needed"),
        ("avg", "D", {}, "'\"D\"' is DATE, but a number is needed"),
        ("median", "FLAG", {}, "is BOOLEAN"),
        ("corr", "AGE", {}, "takes 2 arguments"),
        ("sum", None, {}, "takes 1 argument"),
        ("max", "AGE", {"distinct": True}, "takes no DISTINCT"),
    ],
)
def test_an_aggregate_that_does_not_fit_is_refused(sqlite_place, name, column, options, why):
    columns = sqlite_place.columns()
    with pytest.raises(errors.BadSQLError, match="agg_list: ") as caught:
        expressions.aggregate(name, column and columns[column], sqlite_place.dialect, **options)
    assert why in str(caught.value)


NO_QUERIES = [
    "",
    "T",
    "DROP TABLE T",
    "DELETE FROM T",
    "INSERT INTO T SELECT * FROM T",
    "UPDATE T SET ID = 1",
    "CREATE TABLE X AS SELECT * FROM T",
    "TRUNCATE TABLE T",
    "ATTACH DATABASE 'x' AS y",
    "PRAGMA table_info(T)",
    "CALL P()",
    "BEGIN",
    "VACUUM",
    "GRANT ALL ON T TO X",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE T",
    "SELECT",
    "SELECT * FROM",
    "SELECT * INTO X FROM T",
    "SELECT * FROM T FOR UPDATE",
    "WITH x AS (DELETE FROM T RETURNING *) SELECT * FROM x",
    "WITH x AS (INSERT INTO T VALUES (1) RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE T SET ID = 1 RETURNING *) SELECT * FROM x",
    "WITH x AS (SELECT 1) DELETE FROM T",
    "SELECT (" * 400 + "1" + ")" * 400,
    "SELECT 'open",
]


@pytest.mark.parametrize("text", NO_QUERIES)
@pytest.mark.parametrize("read", [expressions.query, expressions.one_query])
def test_what_is_not_one_query_is_refused(place, read, text):
    with pytest.raises(errors.BadSQLError, match="sql: "):
        read(text, place.dialect)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT ID FROM T WHERE ID = ?", "'?' is a parameter"),
        ("SELECT ID FROM T WHERE ID = :x", "':x' is a parameter"),
        ("SELECT * FROM T UNPIVOT (A FOR B IN (C))", "cannot be written for this database"),
        ("SELECT ID FROM T WITH HINT(X", "'WITH HINT' has an open bracket"),
    ],
)
def test_no_part_of_a_query_gets_lost(place, text, why):
    with pytest.raises(errors.BadSQLError) as caught:
        expressions.query(text, place.dialect)
    assert why in str(caught.value)


@pytest.mark.parametrize("text", NO_QUERIES)
def test_only_a_query_has_source_tables(text):
    with pytest.raises(errors.BadSQLError, match="sql: "):
        expressions.source_tables(text)


def test_a_value_never_becomes_text_of_the_statement(place):
    secret = "'; DROP TABLE T; -- %s %(x)s :x ? {0} \\"
    where = expressions.condition(f"NAME = '{secret.replace(chr(39), chr(39) * 2)}'", place.columns(), place.dialect)
    compiled = sa.select(sa.literal(1)).where(where).compile(dialect=place.dialect)
    assert "DROP" not in str(compiled)
    assert secret in compiled.params.values()
    assert TABLE.name in str(compiled)
