"""What frames do beside rows like pandas': names, lineage, views, their looks, hana_ml's odd corners."""

from __future__ import annotations

import html.parser
import json
import logging
import re

import pandas as pd
import pytest

from hanalife import DataFrame, errors
from hanalife.dataframe import relations
from hanalife.dataframe.columns import smart_quote
from hanalife.dataframe.reshaping import melt
from tests.dataframe.samples import rows_of

TYPES = {"ID": "INT", "K": "INT", "X": "DOUBLE", "S": "NVARCHAR(20)", "D": "DECIMAL(7, 3)", "AT": "TIMESTAMP"}


@pytest.fixture
def frame(store):
    """Give a frame of six rows with NULLs."""
    data = pd.DataFrame(
        {
            "ID": [1, 2, 3, 4, 5, 6],
            "K": pd.array([1, 1, 2, 2, None, 1], dtype="Int64"),
            "X": [1.0, 2.5, None, -4.0, 0.5, 2.5],
            "S": ["a", "b", "a", None, "it's <b>", "a string of many characters"[:20]],
            "D": [1.125, 2.5, None, 3.0, 4.0, 5.0],
            "AT": pd.to_datetime(["2026-01-01 10:00:00", None, *["2026-01-03 00:00:00"] * 4]),
        }
    )
    return store.create_from_pandas(data, "SIX", TYPES)


@pytest.fixture(autouse=True)
def _clean(store):
    yield
    with store.session(writes=True) as connection:
        for name in ("ONE", "SAVED", "#SAVED"):
            relations.drop(connection, name, None)


def values(frame):
    return rows_of(frame.collect())


# --- identity -------------------------------------------------------------------------------------


def test_frames_have_names_and_an_index_that_follows_its_columns(frame):
    assert re.fullmatch(r"DT_\d+", frame.name)
    assert frame.name != frame.head().name
    assert frame.set_name('a "b"').quoted_name == '"a ""b"""'
    assert DataFrame(frame.connection_context, "SELECT 1 AS A", "MINE").name == "MINE"
    assert frame.index is None
    assert frame.set_index("ID") is frame, "in place"
    assert frame.filter("ID > 1").sort("X").index == "ID"
    assert frame.select("X").index is None
    assert frame.set_index(["ID", "K"]).alias("L").index == ["ID", "K"]
    assert frame.rearrange(label="S").columns == ["ID", "K", "X", "D", "AT", "S"]


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("T", '"T"'),
        ("S.T", '"S"."T"'),
        ('"S.T"', '"S.T"'),
        ('"S".T', '"S"."T"'),
        ('a"b', '"a""b"'),
        ("S.T.U", '"S"."T.U"'),
    ],
)
def test_names_are_quoted_once(name, quoted):
    assert smart_quote(name) == quoted


def test_columns_are_listed_as_attributes(frame):
    assert {"ID", "AT", "filter"} <= set(dir(frame))
    assert not hasattr(frame, "_repr_latex_")
    assert not hasattr(frame, "NOT_THERE")
    assert frame.X.to_dataframe().columns == ["X"]
    assert repr((frame.X + 1) > frame.K) == "Column(((X + 1) > K))"


def test_types_are_told_in_the_words_of_hana(frame):
    assert frame.dtypes() == [
        ("ID", "INT", 10, 10, 10, 0),
        ("K", "INT", 10, 10, 10, 0),
        ("X", "DOUBLE", 15, 15, 15, 0),
        ("S", "NVARCHAR", 20, 20, 20, 0),
        ("D", "DECIMAL", 7, 7, 7, 3),
        ("AT", "TIMESTAMP", 27, 27, 27, 0),
    ]
    assert frame.get_table_structure() == TYPES
    assert frame.is_numeric(["ID", "X", "D"])
    assert not frame.is_numeric()
    assert frame.has("ID")
    assert not frame.has("id")
    assert [row[0] for row in frame.description] == frame.columns
    assert len(frame.description_ext) == 6


# --- lineage --------------------------------------------------------------------------------------


def test_a_frame_knows_its_tables(frame):
    conn = frame.connection_context
    schema = conn.get_current_schema()
    six = {"SCHEMA_NAME": schema, "TABLE_NAME": "SIX"}
    assert frame.source_table == six
    assert frame.filter("ID > 1").source_table is None
    frame.save("SAVED")
    both = frame.alias("L").join(conn.table("SAVED").alias("R"), "L.ID = R.ID", select=["L.*"]).agg([("max", "X", "M")])
    assert both.source_tables == [six | {"TABLE_NAME": "SAVED"}, six]
    assert conn.sql('SELECT "ID" FROM "SIX" WHERE "S" = \':x\'').filter("ID > 1").source_tables == [six]
    stands_for = frame.head().set_source_table("OTHER", "ELSEWHERE")
    assert stands_for.source_table == {"SCHEMA_NAME": "ELSEWHERE", "TABLE_NAME": "OTHER"}


COMPLEX = {
    "join": lambda f: f.alias("L").join(f.alias("R"), "L.ID = R.K", how="left", select=["L.*", ("R.X", "Y")]),
    "index join": lambda f: f.set_index("ID").join(f.select("ID", ("X", "Y")).set_index("ID"), how="outer"),
    "union": lambda f: f.union(f.filter("S = 'it''s <b>'"), all=False),
    "aggregates": lambda f: f.agg([("median", "X", "M"), ("stddev", "X", "SD"), ("max", "S", "T")], "K"),
    "pivot": lambda f: f.pivot_table("X", "K", "S"),
    "describe": lambda f: f.describe(),
    "values": lambda f: f.value_counts(),
    "bins": lambda f: f.bin("X", bins=3).filter("BIN_NUMBER = 1"),
    "tail": lambda f: f.tail(2, ["X", "ID"]),
    "replaced": lambda f: f.replace("a", "100%_:x", regex=True).fillna("?"),
    "melted": lambda f: melt(f.select("ID", "X", "K"), "ID"),
    "moments": lambda f: f.filter(f.AT >= "2026-01-02").diff("ID"),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_a_frame_can_be_written_down_printed_and_viewed(frame, name):
    made = COMPLEX[name](frame)
    conn, expected = made.connection_context, values(made)
    assert expected
    again = conn.frame_from_definition(json.loads(json.dumps(made.definition())))
    assert values(again) == expected
    assert values(DataFrame(conn, made.select_statement)) == expected
    assert values(made.save("SAVED", table_type="view")) == expected
    assert conn.table("SAVED").columns == made.columns


def test_a_hundred_steps_are_one_query(frame):
    made = frame
    for step in range(100):
        made = made.filter(f"ID <> {step + 10}")
    assert made.count() == 6


# --- saving ---------------------------------------------------------------------------------------


def test_a_view_reads_its_rows_anew(frame):
    conn = frame.connection_context
    source = frame.filter("ID < 3").save("SAVED")
    view = source.filter("S = 'a'").save("ONE", table_type="VIEW")
    assert [row[0] for row in values(view)] == [1]
    frame.filter("ID = 3").save("SAVED", append=True)
    assert [row[0] for row in values(conn.table("ONE"))] == [1, 3]
    assert conn.table("ONE").source_table["TABLE_NAME"] == "ONE"


def test_views_and_tables_replace_each_other_when_asked(frame, caplog):
    conn = frame.connection_context
    frame.filter("ID = 1").save("SAVED", table_type="VIEW")
    with caplog.at_level(logging.WARNING):
        assert frame.save("SAVED").count() == 1, "the old one"
    assert "force=True" in caplog.text
    assert frame.save("SAVED", force=True).count() == 6
    assert "SAVED" in conn.get_tables()["TABLE_NAME"].tolist()
    assert frame.head(2).save("SAVED", table_type="VIEW", force=True).count() == 2
    assert "SAVED" not in conn.get_tables()["TABLE_NAME"].tolist()


def test_a_table_can_be_overwritten_by_rows_of_its_own(frame):
    conn = frame.connection_context
    saved = frame.save("SAVED")
    assert saved.filter("ID > 2").smart_save("SAVED", force=True).count() == 4
    with pytest.raises(errors.InvalidArgumentError, match="the view 'SAVED' cannot read itself; save the rows"):
        conn.table("SAVED").filter("ID > 4").smart_save("SAVED", table_type="VIEW", force=True)
    assert conn.table("SAVED").count() == 4


def test_schemas_and_sources_of_what_is_saved(frame):
    conn = frame.connection_context
    schema = conn.get_current_schema()
    saved = frame.save((schema, "SAVED"), save_source=False)
    assert saved.source_table is None
    assert conn.table("SAVED", schema).count() == 6
    assert frame.save("#SAVED", table_type="VIEW").count() == 6, "a view of this session"
    assert frame.save("#SAVED", table_type="LOCAL TEMPORARY COLUMN", force=True).count() == 6


# --- joins ----------------------------------------------------------------------------------------


def test_a_condition_finds_frames_by_name_in_any_case(frame):
    right = frame.select(("ID", "KEY"), ("X", "Y"))
    joined = frame.select("ID", "K").alias("L").join(right.alias("Right One"), 'l.k = "Right One".KEY AND Y > 1')
    assert joined.columns == ["ID", "K", "KEY", "Y"]
    assert values(joined) == [(3, 2, 2, 2.5), (4, 2, 2, 2.5)]
    named = frame.select("ID").join(right, f"ID = {right.quoted_name}.KEY", select=["ID", ("Y * 2", "Z")])
    assert values(named)[:2] == [(1, 2.0), (2, 5.0)]


def test_several_frames_are_joined_on_their_indexes(frame):
    others = [
        frame.select("ID", ("X", name)).filter(f"ID > {least}").set_index("ID") for name, least in (("P", 3), ("Q", 4))
    ]
    joined = frame.select("ID").set_index("ID").join(others, select=["Q", "ID"])
    assert values(joined) == [(0.5, 5), (2.5, 6)]
    assert joined.index == "ID"


def test_the_key_of_an_outer_join_is_that_of_the_side_with_the_row(frame):
    left = frame.filter("ID < 3").select("ID", "K").set_index("ID")
    right = frame.filter("ID IN (2, 4)").select(("ID", "N"), "X").set_index("N")
    assert values(left.join(right, how="outer")) == [(1, 1, None), (2, 1, 2.5), (4, None, -4.0)]


# --- odd corners ----------------------------------------------------------------------------------


def test_a_pivot_names_its_columns_by_values(frame, caplog):
    with caplog.at_level(logging.WARNING):
        pivot = frame.filter("ID < 6").pivot_table("X", "K", "S", aggfunc="max")
    assert pivot.columns == ["K", "None", "a", "b", "it's <b>"]
    assert "NULL occurs" in caplog.text
    several = frame.filter("ID < 3").pivot_table(["X", "D"], "K", ["S", "K"], "sum")
    assert several.columns == ["K", "a_1|X", "a_1|D", "b_1|X", "b_1|D"]
    assert values(several) == [(1, 1.0, plain_decimal("1.125"), 2.5, plain_decimal("2.5"))]


def plain_decimal(text):
    from decimal import Decimal

    return Decimal(text)


def test_describe_shows_text_where_there_is_nothing_but_text(frame):
    text = frame.describe(["S"]).collect().iloc[0]
    assert (text["min"], text["max"], text["max_value"]) == ("a", "it's <b>", "it's <b>")
    assert text[["count", "unique", "nulls"]].tolist() == [5, 4, 1]
    mixed = frame.describe(["S", "X"]).collect().set_index("column")
    assert mixed.index.tolist() == ["X", "S"]
    assert pd.isna(mixed["min"]["S"])
    assert mixed["min_value"].tolist() == ["-4", "a"]
    long = frame.filter("ID = 6").describe(["S"]).collect()
    assert long["min_value"].tolist() == ["a string o..."]
    assert frame.stats is frame.stats
    assert frame.stats["column"].tolist() == ["ID", "K", "X", "D", "S", "AT"]


def test_the_spread_of_one_value_is_unknown(frame):
    assert frame.select("X").head(1).stddev() is None
    assert frame.filter("ID IN (1, 2)").select("X").stddev() == pytest.approx(1.5 / 2**0.5)


def test_the_summary_can_be_long(frame):
    long = frame.summary("X", ["MIN", "VALID_OBSERVATIONS"], pivoted=False)
    assert values(long) == [("X", "MIN", -4.0), ("X", "VALID_OBSERVATIONS", 5.0)]
    assert frame.summary(key="ID").collect()["VARIABLE_NAME"].tolist() == ["K", "X", "D"]


def test_bins_have_edges_at_multiples_or_from_least_to_greatest(frame):
    sized = frame.bin("X", "uniform_size", bin_width=2).select("X", "BIN_NUMBER")
    assert sorted(set(values(sized)), key=str) == [(-4.0, 1), (0.5, 3), (1.0, 3), (2.5, 4), (None, None)]
    same = frame.filter("X = 2.5").bin("X", bins=3, bin_column="N")
    assert same.collect()["N"].tolist() == [1, 1], "all values are the same"


def test_split_texts_keep_what_is_left(store):
    frame = store.sql('SELECT \'a||b||c\' AS "T", 7 AS "ID"')
    split = frame.select("ID", ("T || ''", "T")).split_column("T", "||", ["P", "Q"]).collect()
    assert split[["P", "Q"]].to_numpy().tolist() == [["a", "b||c"]]


def test_fractions_make_whole_columns_fractional_and_nothing_else(frame):
    assert frame.fillna(1.0).get_table_structure()["K"] == "INT"
    assert frame.fillna(0.5).get_table_structure()["K"] == "DOUBLE"
    assert frame.replace({"K": {1: 1.5}}).collect()["K"].tolist()[:2] == [1.5, 1.5]


def test_two_columns_make_a_feature(frame):
    made = frame.select("ID", "K").dropna().generate_feature("ID", second_targets="K", trans_func="power")
    assert values(made)[:3] == [(1, 1, 1.0), (2, 1, 2.0), (3, 2, 9.0)]
    with pytest.raises(errors.InvalidArgumentError, match="second_targets: 2 columns for 1 targets"):
        frame.generate_feature("ID", second_targets=["K", "X"], trans_func="power")


# --- looks ----------------------------------------------------------------------------------------


class _Page(html.parser.HTMLParser):
    """The texts, tags and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.tags, self.attributes = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.texts.append(data)


def test_a_frame_shows_its_first_rows_types_and_size(frame):
    many = frame.alias("L").join(frame.select(("ID", "N")).alias("R"), how="cross")
    page = _Page(many.sort(["ID", "N"])._repr_html_())
    assert page.tags.count("tr") == 11, "ten rows and the head"
    assert page.texts[-1] == "36 rows, the first 10 shown · 7 columns"
    assert {"ID", "INT", "S", "NVARCHAR", "NULL", "2026-01-01 10:00:00", "2.5"} <= set(page.texts)
    assert page.attributes == {"style", "scope"}
    assert set(page.tags) <= {"div", "table", "thead", "tbody", "tr", "th", "td", "span", "br", "i"}


def test_texts_of_the_store_are_shown_as_texts(frame):
    hostile = "<img src=x onerror=alert(1)>"
    odd = frame.filter("ID = 1").select(("S", hostile), ("'" + hostile + "' || S", "V")).add_constant("W", "x" * 500)
    shown = odd._repr_html_()
    assert "<img" not in shown
    page = _Page(shown)
    assert hostile in page.texts
    assert hostile + "a" in page.texts
    assert "x" * 59 + "…" in page.texts
    assert page.texts[-1] == "1 row · 3 columns"


def test_a_wide_frame_shows_its_first_columns(frame):
    wide = frame.select(*[("ID", f"C{place}") for place in range(30)])
    page = _Page(wide._repr_html_())
    assert page.tags.count("th") == 20
    assert page.texts[-1] == "6 rows · 30 columns, the first 20 shown"


def test_looking_at_a_frame_reads_a_few_rows_only(frame):
    """The query is limited and counted in the database: neither of the two statements gives 6 rows."""
    import sqlalchemy as sa

    conn, seen = frame.connection_context, []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    sa.event.listen(conn.database.engine, "before_cursor_execute", note)
    try:
        frame._repr_html_()
    finally:
        sa.event.remove(conn.database.engine, "before_cursor_execute", note)
    queries = [text for text in seen if "SIX" in text]
    assert len(queries) == 2
    assert all("LIMIT" in text or "count(" in text for text in queries)


def test_info_prints_an_outline(frame, capsys):
    frame.info()
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "6 rows, 6 columns"
    assert lines[5].split() == ["2", "X", "5", "DOUBLE"]
    assert lines[6].split() == ["3", "S", "5", "NVARCHAR(20)"]
