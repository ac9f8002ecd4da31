"""The health of a store: what is damaged is named, what nobody needs is freed, once."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from hanalife import MLExperiments, ModelStorage, UnifiedClassification
from hanalife.database import blobs, runs, tables
from hanalife.tracking import snapshots
from hanalife.tracking.log import delete_run_log
from hanalife.tracking.maintenance import check_store, collect_garbage

DATA = bytes(range(256)) * 4000


@pytest.fixture
def filled(conn, diabetes):
    """Give a store with a model, an artifact and a snapshot."""
    model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=2)
    MLExperiments(conn, "e").autologging(model, run_name="fit", snapshot=True)
    model.fit(diabetes, key="ID", label="CLASS")
    model.name = "kept"
    ModelStorage(conn).save_model(model)
    with conn.experiment("e").run("artifact") as run:
        run.log_artifact(DATA, name="bytes.bin")
        run.log_metric("only here", 1.0)
    return conn


def change(conn, statement):
    with conn.database.write() as connection:
        connection.execute(statement)


def test_a_good_store(filled):
    health = check_store(filled)
    assert health.is_good, str(health)
    assert health.freeable_bytes == 0
    assert health.sizes["hl_run"][0] == 2
    assert set(health.sizes) == {table.name for table in tables.metadata.sorted_tables}
    size = health.sizes["hl_blob_chunk"][1]
    assert size is None or size > 4096
    assert "nothing is wrong" in str(health)
    json.dumps(health.to_json(), allow_nan=False)


def test_damaged_bytes_are_named(filled):
    chunk, part = tables.chunk, tables.blob_chunk
    with filled.database.read() as connection:
        size = sa.func.length(chunk.c.data)
        name = connection.execute(sa.select(chunk.c.sha256).order_by(size.desc()).limit(1)).scalar_one()
        sha256 = connection.execute(sa.select(part.c.sha256).where(part.c.chunk_sha256 == name)).scalar_one()
    change(filled, chunk.update().where(chunk.c.sha256 == name).values(data=DATA[::-1]))
    health = check_store(filled)
    assert list(health.damaged) == [sha256]
    assert not health.is_good
    change(filled, part.delete().where(part.c.sha256 == sha256))
    assert "0 of 1 chunks" in check_store(filled).damaged[sha256]


def test_missing_indexes_are_made_again(filled):
    with filled.database.write() as connection:
        connection.exec_driver_sql("DROP INDEX hl_run_parent")
    assert check_store(filled).missing_indexes == ("hl_run_parent",)
    health = check_store(filled, repair=True)
    assert health.is_good
    assert health.repaired == ("index hl_run_parent",)
    assert check_store(filled, repair=True).repaired == ()


def test_rows_that_refer_to_nothing(sqlite_conn):
    with sqlite_conn.experiment("e").run("r") as run:
        run.set_tag("owner", "ann")
    with sqlite_conn.database.connect() as connection:
        raw = connection.connection.cursor()
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("UPDATE hl_run_tag SET run_id = 'gone'")
        raw.execute("PRAGMA foreign_keys=ON")
    assert check_store(sqlite_conn).orphans == {"hl_run_tag.run_id": 1}


def test_what_is_in_use_is_never_collected(filled):
    before = check_store(filled).sizes
    assert collect_garbage(filled).bytes == 0
    after = check_store(filled)
    assert {name: rows for name, (rows, _) in after.sizes.items()} == {name: rows for name, (rows, _) in before.items()}


def test_deleting_a_run_frees_its_bytes(filled):
    delete_run_log(filled, "e", "artifact", remove_mode=True)
    assert check_store(filled).is_good
    with filled.database.read() as connection:
        assert connection.execute(sa.select(sa.func.max(tables.blob.c.size))).scalar_one() < len(DATA)
    delete_run_log(filled, "e", "fit", remove_mode=True)
    planned = collect_garbage(filled, dry_run=True)
    assert (planned.snapshots, planned.is_dry_run) == (1, True)
    done = collect_garbage(filled)
    assert (done.blobs, done.snapshots, done.bytes) == (planned.blobs, planned.snapshots, planned.bytes)
    assert collect_garbage(filled).bytes == 0, "there is nothing left to do"
    with filled.database.read() as connection:
        assert runs.runs(connection) == []
    assert ModelStorage(filled).load_model("kept").is_fitted(), "the model outlives its run"
    assert check_store(filled).is_good


def test_bytes_that_nothing_refers_to(filled):
    with filled.database.write() as connection:
        blobs.put(connection, b"forgotten")
    assert check_store(filled).freeable_bytes == len(b"forgotten")
    assert (collect_garbage(filled, dry_run=True).blobs, collect_garbage(filled).blobs) == (1, 1)
    assert collect_garbage(filled).blobs == 0


def test_a_file_shrinks(sqlite_conn):
    file = sqlite_conn.database.url.database
    with sqlite_conn.experiment("e").run("r") as run:
        run.log_artifact(DATA, name="bytes.bin")
    delete_run_log(sqlite_conn, "e", "r", remove_mode=True)
    collect_garbage(sqlite_conn)
    from pathlib import Path

    assert Path(file).stat().st_size < len(DATA)


def test_parts_that_another_snapshot_shares_stay(conn, diabetes, monkeypatch):
    monkeypatch.setattr(snapshots, "PART_ROWS", 100)
    used = snapshots.keep(conn, diabetes.head(300))
    model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=2)
    MLExperiments(conn, "e").autologging(model, run_name="fit")
    model.fit(diabetes.head(300), key="ID", label="CLASS")
    snapshots.keep(conn, diabetes)
    planned = collect_garbage(conn, dry_run=True)
    assert (planned.snapshots, planned.blobs) == (1, 5)
    assert collect_garbage(conn).bytes == planned.bytes
    assert snapshots.read(conn, used).count() == 300
