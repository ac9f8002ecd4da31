"""The store itself: made once however many start, refused when newer, bytes that are checked."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanalife import ConnectionContext, errors
from hanalife.database import blobs, migrations, tables
from hanalife.database.engine import Database

START = """
import sys, time
from hanalife.database.engine import Database
sys.stdout.write("ready\\n"); sys.stdout.flush()
sys.stdin.readline()
Database(sys.argv[1]).migrate()
"""


def test_many_processes_may_start_at_once(url):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", START, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        _, complaint = process.communicate(timeout=60)
        assert process.returncode == 0, complaint
    with ConnectionContext(url) as conn, conn.database.read() as connection:
        versions = connection.execute(sa.select(tables.schema_version.c.version)).scalars().all()
    assert versions == list(range(1, migrations.VERSION + 1))


def test_a_fresh_store_has_the_declared_tables(conn):
    conn.database.migrate()
    with conn.database.read() as connection:
        inspector = sa.inspect(connection)
        found = {
            name: {column["name"] for column in inspector.get_columns(name)}
            for name in inspector.get_table_names()
            if name.startswith("hl_")
        }
    assert found == {table.name: set(table.columns.keys()) for table in tables.metadata.sorted_tables}


def test_a_newer_store_is_refused(conn):
    conn.database.migrate()
    with conn.database.write() as connection:
        later = tables.schema_version.insert().from_select(
            ["version", "applied_at"],
            sa.select(tables.schema_version.c.version + 100, tables.schema_version.c.applied_at),
        )
        connection.execute(later)
    with conn.copy() as other, pytest.raises(errors.IncompatibleStoreError, match="pip install --upgrade"):
        other.database.migrate()


def test_a_failed_write_leaves_nothing(conn):
    def write_and_fail():
        with conn.database.write() as connection:
            blobs.put(connection, b"data")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with conn.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.blob)).scalar() == 0


def test_each_transaction_says_whether_it_waits_for_the_disk(conn):
    question, waits, does_not = "SHOW synchronous_commit", "on", "off"
    if conn.dialect.name == "sqlite":
        question, waits, does_not = "PRAGMA synchronous", 2, 1  # FULL, NORMAL
    found = []
    for durable in (True, False, True):
        with conn.database.write(durable=durable) as connection:
            found.append(connection.exec_driver_sql(question).scalar_one())
    assert found == [waits, does_not, waits]


@pytest.fixture
def small_chunks(monkeypatch):
    """Make chunks of seven bytes, so that small data have several."""
    monkeypatch.setattr(blobs, "CHUNK_BYTES", 7)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=40))
def test_bytes_come_back_as_they_were(sqlite_conn, small_chunks, data):
    with sqlite_conn.database.write() as connection:
        key = blobs.put(connection, data)
        assert blobs.put(connection, data) == key, "stored once"
        assert blobs.get(connection, key) == data


@pytest.mark.parametrize("damage", ["flip", "drop", "all"])
def test_damaged_bytes_are_noticed(conn, small_chunks, damage):
    chunk, part = tables.chunk, tables.blob_chunk
    with conn.database.write() as connection:
        key = blobs.put(connection, b"twenty-one bytes long")
        second = sa.select(part.c.chunk_sha256).where(part.c.seq == 1).scalar_subquery()
        if damage == "flip":
            connection.execute(chunk.update().where(chunk.c.sha256 == second).values(data=b"tampere"))
        elif damage == "drop":
            connection.execute(part.delete().where(part.c.seq == 1))
        else:
            key = "0" * 64
        with pytest.raises(errors.CorruptModelError, match="SHA-256"):
            blobs.get(connection, key)


def counts(connection):
    return [
        connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
        for table in (tables.blob, tables.blob_chunk, tables.chunk)
    ]


def test_blobs_share_the_chunks_they_have_in_common(conn, small_chunks):
    with conn.database.write() as connection:
        first = blobs.put(connection, b"1234567abcdefg1234567")
        assert counts(connection) == [1, 3, 2]
        second = blobs.put(connection, b"abcdefgxyz")
        assert counts(connection) == [2, 5, 3]
        blobs.drop_unused(connection, first)
        assert counts(connection) == [1, 2, 2]
        assert blobs.get(connection, second) == b"abcdefgxyz"
        assert blobs.garbage(connection) == (1, 10)
        assert blobs.collect_garbage(connection) == (1, 10)
        assert blobs.garbage(connection) == (0, 0)
        assert counts(connection) == [0, 0, 0]


def test_bytes_are_left_alone_while_others_write_some(postgres_url):
    with ConnectionContext(postgres_url) as one, ConnectionContext(postgres_url) as two:
        with one.database.write() as connection:
            key = blobs.put(connection, b"kept by nobody")
        with one.database.write() as writing, two.database.write() as deleting:
            blobs.put(writing, b"other bytes")
            blobs.drop_unused(deleting, key)
            assert blobs.get(deleting, key) == b"kept by nobody", "left to the collector of garbage"
        with one.database.write() as connection:
            assert blobs.collect_garbage(connection) == (2, 25)


def test_importing_hanalife_is_cheap():
    code = "import sys; old = set(sys.modules); import hanalife; print(*sorted(set(sys.modules) - old))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    heavy = {"sqlalchemy", "pandas", "numpy", "xgboost", "sklearn", "ipywidgets", "sqlglot", "anywidget"}
    assert not heavy & set(loaded)
    assert [name for name in loaded if name.startswith("hanalife")] == [
        "hanalife",
        "hanalife._version",
        "hanalife.dataframe",
        "hanalife.dataframe.extensions",  # a table of texts
    ]


def test_a_server_that_is_gone_is_named_without_its_password():
    with pytest.raises(errors.UnreachableDatabaseError, match=r"postgresql://u:\*\*\*@127.0.0.1:1/d"):
        Database("postgresql://u:secret@127.0.0.1:1/d").migrate()
