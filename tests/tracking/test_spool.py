"""What cannot be written to the store is kept beside it, and written later."""

from __future__ import annotations

import json
import warnings

import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, MLExperiments, replay_spool
from hanalife.database import runs
from hanalife.errors import Error, UnwritableDatabaseError
from hanalife.records import RunStatus
from hanalife.tracking import log, spool
from tests.tracking.reporting import Model, entries


@pytest.fixture(autouse=True)
def state_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def broken(conn):
    """Give a function that makes the database refuse to be written, and one that mends it."""

    def refuse(_connection, _cursor, statement, parameters, *_):
        if statement.startswith(("INSERT", "UPDATE")):
            raise sa.exc.OperationalError(statement, parameters, Exception("no space left"))

    def break_it():
        sa.event.listen(conn.database.engine, "before_cursor_execute", refuse)

    def mend():
        sa.event.remove(conn.database.engine, "before_cursor_execute", refuse)

    conn.database.migrate()
    return break_it, mend


def store(conn, read, *args):
    with conn.database.read() as connection:
        return read(connection, *args)


def test_a_run_that_could_not_even_begin_is_recorded_later_as_it_was(conn, broken, caplog):
    break_it, mend = broken
    break_it()
    with conn.experiment("E", "about").run("r", tags={"owner": "ann"}) as run:
        run.log_params({"depth": 6, "nothing": float("nan")})
        run.log_metrics({"loss": [1.0, float("nan"), 0.5]})
        run.log_artifact(b"\0\xff", name="a")
        run.set_notes("fine")
    assert caplog.text.count("cannot be recorded") == 1
    assert "replay_spool" in caplog.text
    mend()
    assert store(conn, runs.runs) == []
    (path,) = spool.files(conn.database)
    assert path.stat().st_mode & 0o777 == 0o600
    replayed = replay_spool(conn)
    assert (len(replayed.runs), replayed.kept, replayed.skipped_lines) == (1, (), 0)
    run = conn.experiment("E").run("r")
    assert run.run_id == replayed.runs[0]
    assert run.params["depth"] == 6
    assert str(run.params["nothing"]) == "nan"
    assert [str(point.value) for point in run.series("loss")] == ["1.0", "nan", "0.5"]
    assert (run.artifact("a"), run.notes, run.tags) == (b"\0\xff", "fine", {"owner": "ann"})
    assert (run.record.status, run.record.ended_at is None) == (RunStatus.FINISHED, False)
    assert replay_spool(conn).runs == ()
    assert spool.files(conn.database) == []


def test_a_fit_goes_on_without_its_database(conn, broken, caplog):
    break_it, mend = broken
    tracker, model = MLExperiments(conn, "E"), Model()
    tracker.autologging(model, run_name="r")
    break_it()
    run_id = model.fit()
    model.score()
    mend()
    assert caplog.text.count("cannot be recorded") == 2  # once for each call
    assert replay_spool(conn).runs == (run_id,)
    keys = [key for key, _ in entries(tracker.get_tracking_log_for_current_run())]
    assert keys.count("END_OF_TRACK") == 2
    assert store(conn, runs.newest, "E", "r").status is RunStatus.FINISHED


def test_a_line_cut_short_is_left_out_and_the_rest_is_written(conn, broken):
    break_it, mend = broken
    break_it()
    with conn.experiment("E").run("r") as run:
        run.log_metric("loss", 0.5)
    mend()
    (path,) = spool.files(conn.database)
    with path.open("a") as file:
        file.write('{"run_id": "x", "ba')
    assert replay_spool(conn).skipped_lines == 1
    assert conn.experiment("E").run("r").metrics == {"loss": 0.5}


def test_a_file_that_cannot_be_written_stays_and_does_not_hold_up_the_others(conn, broken):
    break_it, mend = broken
    break_it()
    for name in ("a", "b"):
        with conn.experiment("E").run(name):
            pass
    mend()
    first, _ = spool.files(conn.database)
    first.write_text('{"run_id": "no batch"}\n')
    replayed = replay_spool(conn)
    assert len(replayed.runs) == 1
    assert str(first) in replayed.kept[0]
    assert [run.name for run in store(conn, runs.runs)] == ["b"]
    assert spool.files(conn.database) == [first]


def test_what_is_kept_of_a_run_that_was_deleted_is_dropped(conn, broken, caplog):
    break_it, mend = broken
    with conn.experiment("E").run("r") as run:
        run.flush()
        break_it()
        run.log_metric("loss", 0.5)
        run.flush()
        mend()
        log.delete_run_log(conn, "E", "r", is_force=True)
    assert "deleted" in caplog.text
    assert (store(conn, runs.runs), spool.files(conn.database)) == ([], [])


def test_a_spool_file_holds_no_password(postgres_url, state_home):
    url = sa.make_url(postgres_url).set(password="open sesame", database="none")
    with pytest.raises(Error):
        ConnectionContext(url.render_as_string(hide_password=False))
    from hanalife.database.engine import Database
    from hanalife.tracking.batches import Batch
    from tests.tracking.test_store import draft

    path = spool.keep(Database(url), draft("1"), Batch(params={"a": 1}), "about")
    assert path.is_relative_to(state_home)
    assert "sesame" not in path.read_text() + str(path)
    assert json.loads(path.read_text())["run"]["name"] == "r"


# --- databases that take no writes ------------------------------------------------------------


def test_a_full_disk_is_said_so_and_costs_the_fit_nothing(sqlite_conn, caplog):
    tracker, model = MLExperiments(sqlite_conn, "E"), Model()
    tracker.autologging(model, run_name="before")
    model.fit()

    @sa.event.listens_for(sqlite_conn.database.engine, "checkout")
    def fill(connection, *_):
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}")

    with (
        pytest.raises(UnwritableDatabaseError, match=r"disk is full.*Nothing was changed"),
        sqlite_conn.database.write() as connection,
    ):
        connection.execute(sa.text("CREATE TABLE t AS SELECT zeroblob(10000000) AS b"))
    tracker.autologging(model, run_name="during")
    model.fit(parameters={"text": "x" * 1_000_000})
    assert "disk is full" in caplog.text
    sa.event.remove(sqlite_conn.database.engine, "checkout", fill)
    sqlite_conn.database.engine.dispose()
    assert len(replay_spool(sqlite_conn).runs) == 1
    assert [run.name for run in store(sqlite_conn, runs.runs)] == ["before", "during"]


def test_a_database_for_reading_only_can_be_read_and_fits_go_on(sqlite_conn, caplog):
    with sqlite_conn.experiment("E").run("r") as run:
        run.log_metric("loss", 0.5)

    @sa.event.listens_for(sqlite_conn.database.engine, "checkout")
    def only_read(connection, *_):
        connection.execute("PRAGMA query_only=ON")

    assert sqlite_conn.experiment("E").run("r").metrics == {"loss": 0.5}
    with (
        pytest.raises(UnwritableDatabaseError, match="may only be read"),
        sqlite_conn.database.write() as connection,
    ):
        connection.execute(sa.text("CREATE TABLE t (a)"))
    with sqlite_conn.experiment("E").run("again") as run:
        run.log_metric("loss", 0.25)
    assert "may only be read" in caplog.text
    assert len(spool.files(sqlite_conn.database)) == 1


def test_a_database_in_memory_keeps_nothing_aside(caplog):
    with warnings.catch_warnings(), ConnectionContext("sqlite://") as conn:
        assert spool.directories(conn.database) == []
        assert replay_spool(conn).runs == ()
    assert caplog.text == ""
