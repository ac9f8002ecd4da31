"""Much of everything: many runs, long logs and messages, large artifacts are read in parts."""

from __future__ import annotations

import base64
import json

import pytest
import sqlalchemy as sa

from hanalife.clock import utc_now
from hanalife.database import runs as store
from hanalife.errors import ArtifactNotFoundError, InvalidArgumentError, RunNotFoundError
from hanalife.monitors.experiment_monitor import ExperimentMonitor
from hanalife.views import answers, changes, experiments, pages, runs
from hanalife.views.run_log import RunLog
from tests.views import crowd, sample


def read(conn, *args):
    with conn.database.read() as connection:
        return experiments.read(connection, "store", None, *args)


def test_the_newest_runs_come_first_and_then_the_others(conn):
    crowd.fill(conn, 25, 2)
    first = read(conn, None, 10)
    assert [row["name"] for row in first["runs"]] == [f"run_{number}" for number in range(15, 25)]
    assert first["total"] == 25
    second = read(conn, first, 10)
    delta = changes.between_experiments(first, second)
    assert [row["name"] for row in delta["runs"]["changed"]] == [f"run_{number}" for number in range(5, 15)]
    assert delta["runs"]["removed"] == []
    assert read(conn, second, 10)["runs"] == read(conn)["runs"]


def test_what_a_notebook_keeps_of_many_runs_is_bounded(conn):
    crowd.fill(conn, 150, 40)
    whole = read(conn)
    head = experiments.head(whole)
    assert head["total"] == 150
    assert head["runs"] == whole["runs"][-len(head["runs"]) :]
    assert 50_000 < len(json.dumps(head)) < 150_000
    assert experiments.before_head(whole)["runs"] + head["runs"] == whole["runs"]
    assert experiments.head(read(conn, None, 3))["runs"] == whole["runs"][-3:]


def test_a_monitor_gives_all_runs_however_many_there_are(conn):
    crowd.fill(conn, experiments.MOST_AT_FIRST + 5, 1)
    assert len(ExperimentMonitor(conn).snapshot()["runs"]) == experiments.MOST_AT_FIRST + 5


def note(conn, run_id, *messages):
    with conn.database.write() as connection:
        store.append(connection, run_id, [("NOTE", message) for message in messages], utc_now())


def test_of_a_log_that_goes_on_only_what_is_new_is_read(conn):
    run_id, observer = sample.begin_run(conn, "E", "one")
    note(conn, run_id, "first")
    log = RunLog()
    with conn.database.read() as connection:
        before = runs.read(connection, run_id, log)
    observer.call_finished(sample.outcome(0.8))
    note(conn, run_id, "more")
    texts = []
    with conn.database.read() as connection:
        listener = lambda _conn, _cursor, _statement, parameters, _context, _many: texts.append(str(parameters))  # noqa: E731
        sa.event.listen(conn.database.engine, "before_cursor_execute", listener)
        after = runs.read(connection, run_id, log)
        sa.event.remove(conn.database.engine, "before_cursor_execute", listener)
        assert after == runs.read(connection, run_id)
    assert after["log_total"] > before["log_total"]
    last = before["log"][-1]["seq"]
    assert any(str(last) in text and "CONTINUOUS_FIGURE" in text for text in texts)


def test_long_logs_and_long_messages_come_by_the_page(conn):
    run_id = sample.record_run(conn, "E", "long")
    note(conn, run_id, *(f"entry {number}" for number in range(700)))
    message = "ä" * 250_000 + "end"
    note(conn, run_id, message)
    with conn.database.read() as connection:
        detail = answers.run(connection, run_id)
        assert len(detail["log"]) == 500
        assert detail["log"][-1]["length"] == len(message)
        assert len(detail["log"][-1]["message"]) < 2_100
        page = answers.log_before(connection, run_id, str(detail["log"][0]["seq"]))
        assert len(page["log"]) + 500 == detail["log_total"]
        assert page["log"][-1]["seq"] == detail["log"][0]["seq"] - 1
        text, parts = "", 0
        while len(text) < len(message):
            found = answers.message(connection, run_id, str(detail["log"][-1]["seq"]), str(len(text)))
            text, parts = text + found["text"], parts + 1
        assert (text, found["length"], parts) == (message, len(message), 3)
        with pytest.raises(RunNotFoundError, match="no log entry 99999"):
            answers.message(connection, run_id, "99999", "0")


def test_an_artifact_comes_in_parts(conn):
    data = bytes(range(256)) * 20_000  # more than one chunk of the store
    with conn.experiment("E").run("by hand") as run:
        run.log_artifact(data, "folder/data.bin")
        run.log_artifact(b"", "empty")
        run_id = run.run_id
    with conn.database.read() as connection:
        first = answers.artifact(connection, run_id, "folder/data.bin", "0")
        parts = [answers.artifact(connection, run_id, "folder/data.bin", str(part)) for part in range(first["parts"])]
        assert b"".join(base64.b64decode(part["data"]) for part in parts) == data
        assert len(parts) == 2
        assert first["size_bytes"] == len(data)
        assert answers.artifact(connection, run_id, "empty", "0")["data"] == ""
        with pytest.raises(ArtifactNotFoundError, match="'none'"):
            answers.artifact(connection, run_id, "none", "0")


@pytest.mark.parametrize("number", ["-1", "x", "1.0", "9" * 30, "", "²"])
def test_a_number_that_is_none_is_refused(sqlite_conn, number):
    with sqlite_conn.database.read() as connection, pytest.raises(InvalidArgumentError, match="whole number"):
        answers.log_before(connection, "r", number)


def test_a_run_tells_the_versions_that_came_of_it(conn):
    run_id = sample.record_run(conn, "E", "one")
    sample.record_models(conn, "DIABETES")
    with conn.database.write() as connection:
        connection.execute(sa.text("UPDATE hl_model_version SET run_id = :run WHERE version = 2"), {"run": run_id})
    with conn.database.read() as connection:
        found = answers.run(connection, run_id)["models"]
    assert found == [{"name": "DIABETES", "version": 2, "aliases": ["challenger", "champion"]}]


def test_a_monitor_writes_itself_as_a_page(conn, tmp_path):
    hostile = "<img src=x onerror=alert(1)>"
    sample.record_run(conn, "E", hostile)
    sample.record_run(conn, "OTHER", "not this one")
    path = ExperimentMonitor(conn, "E").export_html(tmp_path / "page.html")
    text = path.read_text()
    assert "&lt;img src=x" in text
    assert hostile not in text
    assert "not this one" not in text
    assert "class='sortable'" in text


def test_a_page_of_many_large_runs_is_bounded(sqlite_conn, tmp_path, monkeypatch):
    for number in range(5):
        sample.record_run(sqlite_conn, "E", f"run {number}")
    monkeypatch.setattr(pages, "MOST_CHARACTERS", 60_000)
    text = pages.write_experiments(sqlite_conn, tmp_path / "page.html").read_text()
    assert 0 < text.count("<details>") < 5
    assert "are left out" in text
