"""A store of an earlier version is brought up to date, with all that is in it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, MLExperiments, ModelStorage, ScheduledExecution
from hanalife.database import contract_views, migrations, tables

STORES = Path(__file__).parent / "stores"


def shape(conn):
    """Return columns, keys and indexes of the store's tables, as the database tells them."""
    with conn.database.read() as connection:
        inspector = sa.inspect(connection)
        return {
            name: (
                {column["name"]: (str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)},
                inspector.get_pk_constraint(name)["constrained_columns"],
                {tuple(index["column_names"]) for index in inspector.get_indexes(name)},
                {tuple(key["constrained_columns"]) for key in inspector.get_foreign_keys(name)},
            )
            for name in inspector.get_table_names()
            if name.startswith("hl_")
        }


@pytest.fixture(params=[1])
def old_url(request, bare_url):
    """Give a database filled by an earlier version."""
    kind = "sqlite" if bare_url.startswith("sqlite") else "postgresql"
    script = (STORES / f"version_{request.param}.{kind}.sql").read_text()
    if kind == "sqlite":
        with contextlib.closing(sqlite3.connect(sa.make_url(bare_url).database)) as connection:
            connection.executescript(script)
    else:
        with psycopg.connect(bare_url) as connection:
            connection.execute(script)
    return bare_url


def test_a_migrated_store_is_shaped_like_a_fresh_one(old_url):
    with ConnectionContext(old_url) as old:
        old.database.migrate()
        migrated = shape(old)
        with old.database.read() as connection:
            versions = connection.execute(sa.select(tables.schema_version.c.version)).scalars().all()
    assert versions == list(range(1, migrations.VERSION + 1))
    for name, column in (("hl_run", "parent_run_id"), ("hl_job", "run_id"), ("hl_model_version", "run_id")):
        assert (column,) in migrated[name][2], "what belongs to a run is found by an index"
    with ConnectionContext(old_url) as emptied:
        with emptied.database.write() as connection:
            contract_views.drop(connection)
            tables.metadata.drop_all(connection)
        with ConnectionContext(old_url) as fresh:
            fresh.database.migrate()
            assert migrated == shape(fresh)


def test_what_an_older_store_holds_still_works(old_url):
    with ConnectionContext(old_url) as conn:
        model = ModelStorage(conn).load_model("small")
        rows = conn.table("DIABETES_SMALL")
        assert len(model.predict(rows.deselect("CLASS"), key="ID").collect()) == rows.count() > 0
        tracker = MLExperiments(conn, "first")
        tracker.current_run_name = "run"
        assert tracker.get_tracking_metadata_for_current_run().collect()["STATUS"].tolist() == ["FINISHED"]
        assert ScheduledExecution(conn).query_task_schedule(task_id="WEEKLY")[0].count() == 1
