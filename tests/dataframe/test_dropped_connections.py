"""A server that ends connections: readings begin once more, writings are reported with nothing half written.

A backend is ended in the middle of a statement by the statement itself, at a row that a sequence
counts: sequences keep counting when a transaction is rolled back, so each statement meets its end
exactly as often as it is to.
"""

from __future__ import annotations

import threading

import pandas as pd
import pytest

from hanalife import ConnectionContext, DataFrame, create_dataframe_from_pandas, errors

ROWS = 20_000
DATA = pd.DataFrame({"ID": range(ROWS)})


@pytest.fixture
def store(postgres_url):
    with ConnectionContext(postgres_url) as conn:
        yield conn


@pytest.fixture
def other(postgres_url):
    """Give a second connection, which is never ended."""
    with ConnectionContext(postgres_url) as conn:
        yield conn


def end_all(other):
    """End every connection to the database but this one."""
    found = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    other.execute_sql(f"SELECT pg_terminate_backend(pid, 5000) {found}")


def mortal(other, lives, at=ROWS // 2):
    """Make a view of all rows whose reader is ended at one of them, so many times."""
    other.execute_sql(
        f"""DROP VIEW IF EXISTS "V"; DROP SEQUENCE IF EXISTS ends; CREATE SEQUENCE ends;
        CREATE VIEW "V" AS SELECT i AS "ID" FROM generate_series(0, {ROWS - 1}) AS i
        WHERE CASE WHEN i <> {at} THEN true WHEN nextval('ends') > {lives} THEN true
              ELSE pg_terminate_backend(pg_backend_pid()) END"""
    )


def trigger(other, table):
    """End whoever inserts the row in the middle, once."""
    other.execute_sql(
        f"""CREATE SEQUENCE ends;
        CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NEW."ID" = {ROWS // 2} AND nextval('ends') = 1 THEN
            PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
          RETURN NEW; END $$;
        CREATE TRIGGER t BEFORE INSERT ON "{table}" FOR EACH ROW EXECUTE FUNCTION end_it()"""
    )


READINGS = {
    "collect": lambda frame: len(frame.collect()),
    "collect with a value": lambda frame: len(frame.filter("ID >= 0").collect()),
    "count": lambda frame: frame.count(),
    "an aggregate": lambda frame: frame.max() + 1,
    "a frame of statistics": lambda frame: frame.describe().collect()["count"][0],
    "a notebook's table": lambda frame: ROWS if f"{ROWS:,} rows" in frame._repr_html_() else 0,
}


@pytest.mark.parametrize("read", READINGS.values(), ids=READINGS)
def test_a_reading_that_is_ended_once_begins_again(store, other, read):
    mortal(other, lives=1)
    assert read(store.table("V")) == ROWS


@pytest.mark.parametrize("read", READINGS.values(), ids=READINGS)
def test_a_reading_between_statements_begins_again(store, other, read):
    mortal(other, lives=0)
    frame = store.table("V")
    assert read(frame) == ROWS
    end_all(other)
    assert read(frame) == ROWS


@pytest.mark.parametrize("read", READINGS.values(), ids=READINGS)
def test_a_reading_that_is_ended_twice_is_reported(store, other, read):
    mortal(other, lives=2)
    frame = store.table("V")
    with pytest.raises(errors.UnreachableDatabaseError, match="dropped while rows were read"):
        read(frame)
    assert read(frame) == ROWS, "and works again"


def test_batches_begin_again_only_before_the_first(store, other):
    mortal(other, lives=1, at=5)
    assert sum(batch.num_rows for batch in store.table("V").batches(100)) == ROWS
    mortal(other, lives=1, at=ROWS - 5)
    # Wide enough that the driver gives rows before the end.
    stream = DataFrame(store, """SELECT "ID", repeat('x', 2000) AS "T" FROM "V" """).batches(100)
    with pytest.raises(errors.UnreachableDatabaseError, match="dropped while rows were read"):
        for _ in stream:
            pass
    assert store.table("V").count() == ROWS


def test_names_and_types_are_read_again(store, other):
    other.create_table("T", {"ID": "INT"})
    for look in (
        lambda: store.table("T").columns,
        lambda: store.sql("SELECT * FROM T").columns,
        lambda: store.has_table("T") and ["ID"],
    ):
        end_all(other)
        assert look() == ["ID"]


def test_a_saved_frame_is_whole_or_not_there(store, other):
    mortal(other, lives=1)
    frame, before = store.table("V"), sorted(store.get_tables()["TABLE_NAME"])
    with pytest.raises(errors.UnreachableDatabaseError, match="nothing of this call was written"):
        frame.save("SAVED")
    assert sorted(store.get_tables()["TABLE_NAME"]) == before
    assert frame.save("SAVED").count() == ROWS


def test_a_table_that_is_replaced_stays_the_old_one(store, other):
    old = store.create_from_pandas(DATA[:7], "T", {"ID": "INT"})
    mortal(other, lives=1)
    with pytest.raises(errors.UnreachableDatabaseError):
        store.table("V").save("T", force=True)
    assert old.count() == 7
    with pytest.raises(errors.UnreachableDatabaseError, match="nothing was written"):
        store.create_from_parts(ended_in_the_middle(other), "T", {"ID": "INT"})
    assert old.count() == 7
    assert store.create_from_pandas(DATA, "T", {"ID": "INT"}).count() == ROWS


def ended_in_the_middle(other):
    """Yield parts of the rows, and end all connections after some."""
    for start in range(0, ROWS, 5_000):
        yield DATA[start : start + 5_000]
        if start == 10_000:
            end_all(other)


@pytest.mark.parametrize("how", ["append", "upsert", "temporary"])
def test_added_rows_are_all_there_or_none(store, other, how):
    name = "#T" if how == "temporary" else "T"
    create_dataframe_from_pandas(store, DATA[:7] - 7, name, primary_key="ID")
    if how == "temporary":  # a trigger would be as temporary
        with pytest.raises(errors.UnreachableDatabaseError):
            store.create_from_parts(ended_in_the_middle(other), "#T", {"ID": "INT"})
        assert not store.has_table("#T")
        return
    trigger(other, "T")
    options = {"append": how == "append", "upsert": how == "upsert"}
    with pytest.raises(errors.UnreachableDatabaseError, match="nothing"):
        create_dataframe_from_pandas(store, DATA, "T", **options)
    assert store.table("T").count() == 7
    assert create_dataframe_from_pandas(store, DATA, "T", **options).count() == ROWS + 7


def test_a_statement_between_two_is_reported_and_the_next_works(store, other):
    store.create_table("T", {"ID": "INT"})
    end_all(other)
    with pytest.raises(errors.UnreachableDatabaseError, match="call again"):
        store.execute_sql("""INSERT INTO "T" VALUES (1)""")
    store.execute_sql("""INSERT INTO "T" VALUES (1)""")
    assert store.table("T").count() == 1


def test_a_script_that_is_ended_is_reported_and_the_next_works(store):
    store.create_table("T", {"ID": "INT"})
    with pytest.raises(errors.UnreachableDatabaseError, match="nothing of this call was written"):
        store.execute_sql("""INSERT INTO "T" VALUES (1); SELECT pg_terminate_backend(pg_backend_pid())""")
    assert store.table("T").count() == 0
    store.execute_sql("""INSERT INTO "T" VALUES (1)""")
    assert store.table("T").count() == 1


@pytest.mark.parametrize("lives", [0, 1], ids=["between", "during"])
def test_what_was_set_on_the_session_is_missed(store, other, lives):
    mortal(other, lives=lives)
    other.execute_sql('CREATE SCHEMA s; CREATE VIEW s."V" AS SELECT 1 AS "ID"')
    frame = store.table("V")
    store.execute_sql("SET search_path TO public")
    if lives == 0:
        end_all(other)
    with pytest.raises(errors.UnreachableDatabaseError, match="settings and temporary tables"):
        frame.count()
    assert frame.count() == ROWS


def test_threads_get_right_rows_or_a_word(store, other):
    frame = store.create_from_pandas(DATA, "T", {"ID": "INT"})
    store.create_table("GROWING", {"ID": "INT"})
    wrong, added = [], []

    def repeat(call, right):
        for _ in range(8):
            try:
                found = call()
            except errors.UnreachableDatabaseError:
                continue  # ended twice, or while it wrote
            except Exception as error:  # noqa: BLE001  # shown below
                found = repr(error)
            if found != right:
                wrong.append(found)

    def add():
        create_dataframe_from_pandas(store, DATA[:1000], "GROWING", append=True)
        added.append(1000)

    calls = [(lambda: READINGS["collect with a value"](frame), ROWS), (lambda: READINGS["count"](frame), ROWS)]
    calls += [(lambda: READINGS["collect"](frame), ROWS), (add, None)]
    threads = [threading.Thread(target=repeat, args=call) for call in calls]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        end_all(other)
    for thread in threads:
        thread.join()
    assert wrong == []
    assert frame.count() == ROWS
    grown = store.table("GROWING").count()
    # A connection that ends while it commits may have kept the rows all the same: all of a call.
    assert grown % 1000 == 0
    assert grown >= sum(added)
