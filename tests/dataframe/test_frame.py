"""The lazy frame: the same rows on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import logging

import pandas as pd
import pytest

from hanalife import DataFrame, create_dataframe_from_pandas, errors

TYPES = {"ID": "INT", "NAME": "NVARCHAR(20)", "X": "DOUBLE", "BIG": "BIGINT", "OK": "BOOLEAN", "AT": "TIMESTAMP"}


@pytest.fixture
def people(conn):
    """Give a small frame with every kind of value and NULLs."""
    data = pd.DataFrame(
        {
            "ID": [1, 2, 3, 4],
            "NAME": ["Ann", "ann", "Bö_b", None],
            "X": [1.5, None, -2.0, 4.0],
            "BIG": pd.array([9007199254740993, None, 1, 2], dtype="Int64"),
            "OK": pd.array([True, False, None, True], dtype="boolean"),
            "AT": pd.to_datetime(["2026-01-02 03:04:05", None, "2026-01-04 00:00:00", "2026-01-05 00:00:00"]),
        }
    )
    return conn.create_from_pandas(data, "PEOPLE", TYPES)


def ids(frame):
    return sorted(frame.collect()["ID"].tolist())


def test_values_and_types_survive_the_round_trip(people):
    rows = people.sort("ID").collect()
    assert rows["BIG"].tolist()[0] == 9007199254740993
    assert rows["BIG"].isna().tolist() == [False, True, False, False]
    assert rows["X"].isna().tolist() == [False, True, False, False]
    assert rows["OK"].tolist()[:2] == [True, False]
    assert rows["AT"].iloc[0] == pd.Timestamp("2026-01-02 03:04:05")
    assert rows["NAME"].tolist()[2] == "Bö_b"
    assert rows["NAME"].isna().tolist() == [False, False, False, True]
    assert rows["ID"].dtype == "int64"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ID < 3", [1, 2]),
        ("id >= 2 AND X IS NOT NULL", [3, 4]),
        ("NAME = 'Ann'", [1]),
        ("name LIKE 'A%'", [1]),
        ("NAME LIKE 'B__b'", [3]),
        ("NAME LIKE '%[%'", []),
        ("NAME IS NULL OR X BETWEEN 1 AND 2", [1, 4]),
        ("ID IN (1, 4) AND NOT X = 4", [1]),
        ('"ID" <> 1 AND ID * 2 + 1 < 8', [2, 3]),
        ("ID / 2 > 0.9 AND ID / 2 < 1.1", [2]),
        ("ID % 2 = 0", [2, 4]),
        ("UPPER(NAME) = 'ANN'", [1, 2]),
        ("ABS(X) = 2", [3]),
        ("COALESCE(X, 100) > 50", [2]),
        ("CASE WHEN X < 0 THEN 1 ELSE 0 END = 1", [3]),
        ("-ID < -3", [4]),
        ("NAME = 'a:b %s ? -- ;'", []),
    ],
)
def test_a_condition_means_the_same_on_every_database(people, condition, expected):
    assert ids(people.filter(condition)) == expected


def test_conditions_of_a_list_must_all_hold(people):
    assert ids(people.filter(["ID > 1", "ID < 4"])) == [2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ID <",
        "ID = 1; DROP TABLE PEOPLE",
        "ID = 1 -- all",
        "ID = 1 /* x */",
        "1) OR (1",
        "ID = 1 UNION SELECT 2",
        "ID IN (SELECT ID FROM PEOPLE)",
        "EXISTS (SELECT 1)",
        "load_extension('x') = 1",
        "pg_sleep(10) IS NULL",
        "ID = ?",
        "ID = :x",
        "ID = 1 LIMIT 1",
        "ID AS Y",
        "PEOPLE.ID = 1",
        "*",
    ],
)
def test_what_is_not_one_expression_is_refused(people, text):
    with pytest.raises(errors.BadSQLError, match="condition"):
        people.filter(text)
    assert people.count() == 4


def test_an_unknown_name_lists_the_columns(people):
    with pytest.raises(ValueError, match=r"no column 'AGE'; the columns are: ID, NAME, X, BIG, OK, AT"):
        people.filter("AGE > 3")
    with pytest.raises(errors.UnknownColumnError, match="'id'"):
        people.filter('"id" = 1')
    with pytest.raises(errors.UnknownColumnError, match="'Q', 'R'"):
        people.select("ID", "Q", "R")


def test_columns_are_chosen_named_and_left_out(people):
    assert people.select("X", ["ID"]).columns == ["X", "ID"]
    assert people[["ID", "X"]].columns == ["ID", "X"]
    assert people.deselect(["X", "NOT THERE"]).columns == ["ID", "NAME", "BIG", "OK", "AT"]
    with pytest.raises(errors.UnknownColumnError):
        people.drop("NOT THERE")
    twice = people.select("ID", ("ID * 2", "TWICE")).sort("ID", desc=True).head(2).collect()
    assert twice.to_dict("list") == {"ID": [4, 3], "TWICE": [8, 6]}
    with pytest.raises(TypeError, match="item"):
        people[3]


def test_shape_count_head_and_types(people):
    assert people.shape == (4, 6)
    assert people.head().count() == 1
    assert people.filter("ID > 9").empty()
    assert not people.empty()
    assert [(name, kind) for name, kind, *_ in people.dtypes(["ID", "AT"])] == [("ID", "INT"), ("AT", "TIMESTAMP")]
    with pytest.raises(errors.InvalidArgumentError, match="n:"):
        people.head(-1)
    with pytest.raises(errors.InvalidArgumentError, match="cols"):
        people.sort([])


def test_text_is_ordered_by_its_bytes(people):
    assert people.filter("NAME IS NOT NULL").sort("NAME").collect()["ID"].tolist() == [1, 3, 2]


def test_saving_never_overwrites_unasked(people, caplog):
    conn = people.connection_context
    assert people.filter("ID < 3").save("COPY").count() == 2
    with caplog.at_level(logging.WARNING):
        assert people.save("COPY").count() == 2
    assert "force=True" in caplog.text
    assert people.save("COPY", append=True).count() == 6
    assert people.save("COPY", force=True).count() == 4
    assert conn.table("COPY").filter("ID < 2").save("COPY", force=True).count() == 1, "from itself"
    assert conn.table("COPY").specs == people.specs
    with pytest.raises(errors.InvalidArgumentError, match="table_type: 'HEAP'"):
        people.save("V", table_type="HEAP")


def test_temporary_tables_live_with_the_connection(people):
    conn = people.connection_context
    people.save("#T")
    assert conn.has_table("#T")
    assert conn.table("#T").count() == 4
    with conn.copy() as other:
        assert not other.has_table("#T")


def test_a_frame_can_be_written_down_and_read_anew(people):
    conn = people.connection_context
    definition = people.filter("ID IN (1, 2, 3) AND NAME LIKE '%n%'").definition()
    again = conn.frame_from_definition(definition)
    assert ids(again) == [1, 2]
    assert again.specs == people.specs
    more = pd.DataFrame(
        {"ID": [3], "NAME": ["nn"], "X": [0.0], "BIG": [1], "OK": [True], "AT": [pd.Timestamp("2026-01-01")]}
    )
    conn.create_from_pandas(more, "MORE", TYPES).save("PEOPLE", append=True)
    assert ids(again) == [1, 2, 3]
    with pytest.raises(errors.BadSQLError):
        conn.frame_from_definition(definition | {"sql": "DELETE FROM PEOPLE"})


def test_colons_in_names_and_values_are_no_parameters(people):
    conn = people.connection_context
    odd = people.select(("ID", "a:b c")).filter('"a:b c" > 1')
    assert sorted(conn.frame_from_definition(odd.definition()).collect()["a:b c"]) == [2, 3, 4]
    assert conn.sql("SELECT ':x' AS \"T:y\"").collect().to_dict("list") == {"T:y": [":x"]}


def test_a_split_can_be_written_down(diabetes):
    from hanalife import train_test_val_split

    test = train_test_val_split(diabetes, random_seed=23)[1]
    again = diabetes.connection_context.frame_from_definition(json.loads(json.dumps(test.definition())))
    assert ids(again) == ids(test)


def test_a_query_as_text(people):
    conn = people.connection_context
    frame = conn.sql('SELECT "ID", "X" FROM "PEOPLE" WHERE "ID" < 3')
    assert ids(frame.filter("ID > 1")) == [2]
    for text in ('DROP TABLE "PEOPLE"', "SELECT 1; SELECT 2", 'INSERT INTO "PEOPLE" DEFAULT VALUES', "SELECT"):
        with pytest.raises(errors.BadSQLError, match="sql: "):
            conn.sql(text)
        with pytest.raises(errors.BadSQLError, match="select_statement: "):
            DataFrame(conn, text)


def test_a_query_of_sap_hana_finds_names_in_any_case(people):
    conn = people.connection_context
    assert ids(conn.sql("select top 2 id from people order by ID desc")) == [3, 4]
    people.select("ID").rename_columns({"ID": "Number"}).save("Small Table")
    assert conn.sql('SELECT number FROM "Small Table" WHERE NUMBER > 3').collect()["Number"].tolist() == [4]
    assert conn.sql("SELECT 7 AS SEVEN FROM DUMMY").collect()["SEVEN"].tolist() == [7]


def test_the_printed_statement_runs_as_it_is(people):
    conn = people.connection_context
    frame = people.filter("NAME = 'it''s' OR ID = 2").select("ID")
    assert ids(conn.sql(frame.select_statement)) == [2]


def test_the_content_hash_knows_values_types_and_names_and_no_order(people):
    def digest(frame):
        return frame.facts(frame.collect()).content_hash

    first = people.sort("ID")
    assert digest(first) == digest(people.sort("ID", desc=True))
    different = [
        people.sort("ID").deselect("X"),
        people.filter("ID < 4").sort("ID"),
        people.select(("ID + 0", "ID2"), "NAME", "X", "BIG", "OK", "AT").sort("ID2"),
    ]
    assert len({digest(frame) for frame in [first, *different]}) == 4


def test_the_content_hash_is_the_same_on_both_databases(sqlite_url, postgres_url):
    from hanalife import ConnectionContext, DataSets

    digests = set()
    for url in (sqlite_url, postgres_url):
        with ConnectionContext(url) as conn:
            frame = DataSets.load_diabetes_data(conn)[0].sort("ID")
            digests.add(frame.facts(frame.collect()).content_hash)
    assert len(digests) == 1


def test_columns_of_bytes_are_counted_and_have_no_least_value(conn):
    data = pd.DataFrame({"ID": [1, 2], "LINE\nBREAK": [b"a", None]})
    frame = create_dataframe_from_pandas(conn, data, "T")
    described = frame.describe().collect().set_index("column")
    assert described.loc["LINE\nBREAK", ["count", "unique", "nulls"]].tolist() == [1, 1, 1]
    assert described.loc["LINE\nBREAK", ["min_value", "max_value", "mean"]].isna().all()
    with pytest.raises(errors.BadSQLError, match="BLOB, which has no minimum"):
        frame.min()


def test_a_name_of_two_lines_is_printed_in_one(conn, capsys):
    create_dataframe_from_pandas(conn, pd.DataFrame({"LINE\nBREAK": [1]}), "T").info()
    assert capsys.readouterr().out.splitlines()[-1].split() == ["0", "LINE", "BREAK", "1", "INT"]


def test_a_long_chain_of_methods_runs_and_a_longer_one_says_what_to_do(conn):
    frame = create_dataframe_from_pandas(conn, pd.DataFrame({"ID": range(500)}), "T")
    for step in range(200):
        frame = frame.filter(f"ID <> {step}")
    assert frame.collect()["ID"].tolist() == list(range(200, 500))
    assert frame.save("SAVED").count() == 300
    assert conn.frame_from_definition(frame.definition()).count() == 300
    for _ in range(200):
        frame = frame.filter("ID >= 0")
    with pytest.raises(errors.InvalidArgumentError, match=r"more than 400 steps.*frame\.save\('#STEPS'"):
        frame.filter("ID >= 0")
