"""The views of the contract are as CONTRACT.md says, and any client of the database reads them."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

import hanalife
from hanalife.database import contract_views

DOCUMENT = (Path(hanalife.__file__).parent / "CONTRACT.md").read_text(encoding="utf-8")
KINDS = {
    "TEXT": (sa.String,),
    "INTEGER": (sa.Integer,),
    "BIGINT": (sa.BigInteger, sa.Integer),  # SQLite has one type for both
    "DOUBLE": (sa.Float,),
    "TIMESTAMP": (sa.DateTime,),
    "BOOLEAN": (sa.Boolean,),
}


def documented():
    """Return the types of each view's columns, in order."""
    views = {}
    for view, column, kind in re.findall(r"^\| (hlv_\w+) \| (\w+) \| (\w+) \|", DOCUMENT, re.MULTILINE):
        views.setdefault(view, {})[column] = kind
    return views


def test_the_version_is_the_documented_one():
    assert f"Version {contract_views.CONTRACT_VERSION}." in DOCUMENT


@pytest.mark.parametrize("view", documented())
def test_columns_and_types_are_as_documented(conn, view):
    conn.database.migrate()
    with conn.database.read() as connection:
        found = {column["name"]: column["type"] for column in sa.inspect(connection).get_columns(view)}
    assert list(found) == list(documented()[view])
    for name, kind in documented()[view].items():
        # SQLite declares no type for what a view computes.
        assert isinstance(found[name], (*KINDS[kind], sa.types.NullType)), (name, found[name])


def test_there_is_no_other_view(conn):
    conn.database.migrate()
    with conn.database.read() as connection:
        assert set(sa.inspect(connection).get_view_names()) == set(documented())


def test_a_view_is_a_frame_with_what_was_recorded(conn):
    with conn.experiment("first").run("one") as run:
        run.log_params({"rate": 0.5, "depth": 3, "solver": "sgd"})
        run.log_metric("loss", 0.25)
        run.log_metric("worst", float("inf"))
    rows = conn.table("hlv_runs").collect()
    assert rows[["run_id", "experiment", "name", "attempt", "status"]].values.tolist() == [
        [run.run_id, "first", "one", 1, "FINISHED"]
    ]
    assert 0 <= rows["duration_seconds"][0] < 60
    assert conn.table("hlv_metrics").sort("name").collect()[["name", "value", "text"]].astype(object).fillna(
        "-"
    ).values.tolist() == [["loss", 0.25, "-"], ["worst", "-", "inf"]]
    params = conn.table("hlv_params").sort("name").collect()[["name", "value", "json"]].astype(object).fillna("-")
    assert params.values.tolist() == [["depth", 3.0, "3"], ["rate", 0.5, "-"], ["solver", "-", '"sgd"']]


def test_another_program_reads_them(sqlite_conn):
    with sqlite_conn.experiment("first").run("one"):
        pass
    with contextlib.closing(sqlite3.connect(sqlite_conn.database.url.database)) as plain:
        for view in documented():
            plain.execute(f"SELECT * FROM {view}").fetchall()
        assert plain.execute("SELECT name, duration_seconds >= 0 FROM hlv_runs").fetchall() == [("one", 1)]
