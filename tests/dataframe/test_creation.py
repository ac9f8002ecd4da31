"""Frames made of pandas frames and of files."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from hanalife import errors
from hanalife.dataframe.creation import create_dataframe_from_pandas, import_csv_from, read_parquet, read_pickle

PEOPLE = pd.DataFrame({"ID": [1, 2, 3], "NAME": ["a", None, "c"], "X": [0.5, None, 2.0]})


def types(frame):
    return {name: kind for name, kind, *_ in frame.dtypes()}


def test_types_follow_the_values(conn):
    data = pd.DataFrame(
        {
            "SMALL": [1, 2],
            "BIG": [1, 2**40],
            "GAPS": pd.array([1, None], dtype="Int64"),
            "YES": [True, False],
            "X": [0.5, None],
            "AT": pd.to_datetime(["2026-01-02 03:04:05", None]),
            "DAY": [dt.date(2026, 1, 2), None],
            "PRICE": [Decimal("1.25"), None],
            "RAW": [b"\0", None],
            "NAME": ["a", None],
            "LONG": ["x" * 6_000, None],
            "NOTHING": [None, None],
        }
    )
    frame = create_dataframe_from_pandas(conn, data, "T")
    assert types(frame) == {
        "SMALL": "INT", "BIG": "BIGINT", "GAPS": "INT", "YES": "INT", "X": "DOUBLE", "AT": "TIMESTAMP", "DAY": "DATE",
        "PRICE": "DECIMAL", "RAW": "BLOB", "NAME": "NVARCHAR", "LONG": "NCLOB", "NOTHING": "NVARCHAR",
    }  # fmt: skip
    first = frame.sort("SMALL").collect().iloc[0].tolist()
    assert first == [
        1, 1, 1, 1, 0.5, pd.Timestamp("2026-01-02 03:04:05"), dt.date(2026, 1, 2), Decimal("1.25"), b"\0", "a",
        "x" * 6_000, None,
    ] or pd.isna(first[-1])  # fmt: skip
    wide = create_dataframe_from_pandas(
        conn, data[["SMALL", "YES", "NAME"]], "T", force=True, allow_bigint=True, table_structure={"YES": "BOOLEAN"}
    )
    assert types(wide) == {"SMALL": "BIGINT", "YES": "BOOLEAN", "NAME": "NVARCHAR"}


def test_an_existing_table_is_kept_unless_something_is_said(conn):
    create_dataframe_from_pandas(conn, PEOPLE, "T")
    with pytest.raises(errors.InvalidArgumentError, match=r"'T' exists; use force=True .* append=True .* upsert=True"):
        create_dataframe_from_pandas(conn, PEOPLE, "T")
    assert create_dataframe_from_pandas(conn, PEOPLE[:1], "T", append=True).count() == 4
    assert create_dataframe_from_pandas(conn, PEOPLE[:1], "T", drop_exist_tab=False).count() == 5
    assert create_dataframe_from_pandas(conn, PEOPLE[:2], "T", force=True, drop_exist_tab=False).count() == 2
    forced = create_dataframe_from_pandas(conn, PEOPLE[["ID"]], "T", force=True)
    assert forced.columns == ["ID"]


def test_rows_with_the_same_key_are_replaced(conn):
    create_dataframe_from_pandas(conn, PEOPLE, "T", primary_key="ID", not_nulls=["ID"])
    new = pd.DataFrame({"NAME": ["B", "D"], "ID": [2, 4], "X": [9.0, None]})
    rows = create_dataframe_from_pandas(conn, new, "T", upsert=True).sort("ID").collect()
    assert rows["ID"].tolist() == [1, 2, 3, 4]
    assert rows["NAME"].tolist() == ["a", "B", "c", "D"]
    assert rows["X"].isna().tolist() == [False, False, False, True]
    with pytest.raises(errors.InvalidArgumentError, match="Nothing was written"):
        create_dataframe_from_pandas(conn, pd.concat([new, new]), "T", upsert=True)
    assert conn.table("T").sort("ID").collect().equals(rows)
    assert conn.get_temporary_tables().empty


def test_upsert_without_a_key(conn):
    create_dataframe_from_pandas(conn, PEOPLE, "T")
    with pytest.raises(errors.InvalidArgumentError, match="primary_key: table 'T' has no key"):
        create_dataframe_from_pandas(conn, PEOPLE, "T", upsert=True)
    assert create_dataframe_from_pandas(conn, PEOPLE, "T", upsert=True, primary_key="ID").count() == 3


def test_a_broken_constraint_leaves_nothing_behind(conn):
    twice = pd.concat([PEOPLE, PEOPLE])
    with pytest.raises(errors.InvalidArgumentError, match="Nothing was written"):
        create_dataframe_from_pandas(conn, twice, "T", primary_key=["ID"])
    with pytest.raises(errors.InvalidArgumentError, match="Nothing was written"):
        create_dataframe_from_pandas(conn, PEOPLE, "T", not_nulls=["NAME"])
    assert not conn.has_table("T")


def test_a_frame_that_shows_no_null_numbers(conn):
    frame = create_dataframe_from_pandas(conn, PEOPLE, "#T", replace=True)
    assert frame.sort("ID").collect()["X"].tolist() == [0.5, 0.0, 2.0]
    assert conn.table("#T").collect()["X"].isna().sum() == 1


def test_bad_arguments_are_named(sqlite_conn):
    for data, options, words in (
        (PEOPLE, {"primary_key": "NO"}, "primary_key: no column 'NO'"),
        (PEOPLE, {"not_nulls": ["NO"]}, "not_nulls: no column 'NO'"),
        (PEOPLE, {"table_structure": {"NO": "INT"}}, "table_structure: no column 'NO'"),
        (PEOPLE, {"table_structure": {"ID": "NUMBER"}}, "'NUMBER' is not a column type"),
        (PEOPLE[[]], {}, "pandas_df: expected columns"),
    ):
        with pytest.raises(errors.InvalidArgumentError if "no column" not in words else ValueError, match=words):
            create_dataframe_from_pandas(sqlite_conn, data, "T", **options)
    with pytest.raises(errors.ArgumentTypeError, match=r"pandas_df: expected a pandas.DataFrame, got list"):
        create_dataframe_from_pandas(sqlite_conn, [1], "T")
    with pytest.raises(errors.NotSupportedError, match="geo_cols"):
        create_dataframe_from_pandas(sqlite_conn, PEOPLE, "T", geo_cols=["X"])
    assert not sqlite_conn.has_table("T")


def test_a_pickle_is_never_read(sqlite_conn, tmp_path):
    path = tmp_path / "x.pkl"
    PEOPLE.to_pickle(path)
    with pytest.raises(errors.NotSupportedError, match=r"read_parquet\(\) or import_csv_from\(\)"):
        read_pickle(sqlite_conn, str(path), "T")


def test_a_parquet_file(conn, tmp_path):
    path = tmp_path / "people.parquet"
    PEOPLE.assign(AT=pd.Timestamp("2026-01-02"), OK=True).to_parquet(path)
    frame = read_parquet(conn, path, "T")
    assert types(frame) == {"ID": "BIGINT", "NAME": "NCLOB", "X": "DOUBLE", "AT": "TIMESTAMP", "OK": "BOOLEAN"}
    assert frame.sort("ID").collect()["X"].isna().tolist() == [False, True, False]
    with pytest.raises(errors.InvalidArgumentError, match="'T' exists"):
        read_parquet(conn, path, "T")
    with pytest.raises(errors.InvalidArgumentError, match="path: cannot read"):
        read_parquet(conn, tmp_path / "none", "T", force=True)
    assert read_parquet(conn, path, "T", force=True).count() == 3


def test_a_csv_file(conn, tmp_path):
    structure = {"ID": "INT", "NAME": "NVARCHAR(20)", "OK": "BOOLEAN", "AT": "TIMESTAMP", "PRICE": "DECIMAL(8, 2)"}
    conn.create_table("T", structure)
    path = tmp_path / "rows.csv"
    path.write_text('NAME,ID,AT,OK,PRICE\n"a ""b""\nc",1,2026-01-02 03:04:05,true,1.50\n"",2,,,\n,3,,,\n', "utf-8")
    rows = import_csv_from(conn, path, "T").sort("ID").collect()
    assert rows.iloc[0].tolist() == [1, 'a "b"\nc', True, pd.Timestamp("2026-01-02 03:04:05"), Decimal("1.50")]
    assert rows["NAME"].isna().tolist() == [False, False, True]
    bare = tmp_path / "bare.csv"
    bare.write_text("4;d;false;;\n", "utf-8")
    assert import_csv_from(conn, bare, "T", field_delimiter=";", column_list_first_row=False).count() == 4
    bad = tmp_path / "bad.csv"
    bad.write_text("ID\nx\n", "utf-8")
    for file, words in ((bad, "cannot read"), (tmp_path / "none.csv", "cannot read")):
        with pytest.raises(errors.InvalidArgumentError, match=words):
            import_csv_from(conn, file, "T")
    with pytest.raises(errors.TableNotFoundError, match=r"create_table\(\) first"):
        import_csv_from(conn, path, "NONE")
    assert conn.table("T").count() == 4
