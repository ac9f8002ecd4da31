"""The Jupyter Server extension, in a real server."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from tornado.httpclient import HTTPClientError

from hanalife import ScheduledExecution
from hanalife.errors import UnreachableDatabaseError
from hanalife.tracking import remarks
from hanalife.views import experiments
from tests.views import crowd, sample

PATHS = [
    "experiments",
    "models",
    "tasks",
    "runs/a",
    "tasks/a",
    "searches/a",
    "alerts",
    "runs_since/-/0",
    "runs_before/a",
    "pulse",
    "connections",
    "models/a",
    "model_comparisons/a/1",
    "drift/a",
    "drift_checks/a",
]


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_token_nothing_is_answered(path, jp_serverapp, http_server_client, jp_base_url):
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(f"{jp_base_url}hanalife/api/{path}")
    assert caught.value.code == 403


async def test_experiments_and_one_run(store, get):
    run_id = sample.record_run(store, "A", "one", 0.75)
    payload = await get("experiments")
    assert [row["name"] for row in payload["runs"]] == ["one"]
    detail = await get(f"runs/{run_id}")
    assert detail["run"]["metrics"]["validation"]["AUC"] == 0.75
    assert [curve["key"] for curve in detail["curves"]] == ["ROC", "CUMGAINS", "LIFT", "CUMLIFT"]


async def test_tasks_and_one_task_with_a_name_to_quote(store, get):
    sample.record_task(store, "my task?")
    payload = await get("tasks")
    assert [row["task_id"] for row in payload["tasks"]] == ["my task?"]
    assert payload["workers"] == []
    assert (await get("tasks/my task?"))["jobs"][0]["status"] == "SUCCEEDED"


async def test_runs_are_found_by_a_search_in_words(store, get, refused):
    found = sample.record_run(store, "A", "one", 0.75)
    sample.record_run(store, "A", "50% two", 0.5)
    assert (await get("searches/metrics.AUC > 0.7"))["run_ids"] == [found]
    assert len((await get("searches/name like '50%'"))["run_ids"]) == 1
    status, error = await refused("searches/metrics.AUC >")
    assert (status, error["code"]) == (400, "search")
    assert error["message"].splitlines()[1:] == ["metrics.AUC >", " " * 13 + "^"]


async def test_models(store, get):
    with store.database.read():
        assert (await get("models"))["models"] == []


@pytest.mark.parametrize(("path", "code"), [("runs/nowhere", "run_not_found"), ("tasks/nothing", "task_not_found")])
async def test_what_is_not_there_is_named(store, refused, path, code):
    status, error = await refused(path)
    assert (status, error["code"]) == (404, code)
    assert path.split("/")[1] in error["message"]


async def test_no_database_is_told_of_and_none_is_made(refused, jp_root_dir):
    status, error = await refused("experiments")
    assert (status, error["code"]) == (404, "no_database")
    assert "ConnectionContext" in error["message"]
    assert not (jp_root_dir / "hanalife.db").exists()


async def test_the_url_of_the_environment_comes_first(monkeypatch, conn, jp_configurable_serverapp):
    sample.record_run(conn, "ELSEWHERE", "one")
    monkeypatch.setenv("HANALIFE_URL", conn.database.url.render_as_string(hide_password=False))
    store = jp_configurable_serverapp().web_app.settings["hanalife_store"]
    assert store.read("", lambda _connection, label: label) == conn.database.label
    store.close()


async def test_a_database_that_cannot_be_opened_is_told_of(monkeypatch, jp_configurable_serverapp):
    monkeypatch.setenv("HANALIFE_URL", "postgresql://nobody:hunter2@127.0.0.1:1/none")
    store = jp_configurable_serverapp().web_app.settings["hanalife_store"]
    with pytest.raises(UnreachableDatabaseError) as caught:
        store.read("", lambda _connection, label: label)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_can_be_written(jp_fetch, method):
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("hanalife", "api", "experiments", method=method, allow_nonstandard_methods=True)
    assert caught.value.code == 405


async def test_a_control_changes_the_store(store, jp_fetch):
    sample.record_task(store, "weekly")
    response = await jp_fetch("hanalife", "api", "controls", "task.pause", method="POST", body='{"task_id": "weekly"}')
    assert json.loads(response.body) == {"ok": None}
    assert ScheduledExecution(store).next_due("weekly") is None


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("task.drop", "{}", 400),
        ("task.pause", "[]", 400),
        ("task.pause", "{", 400),
        ("task.pause", '{"task_id": "nothing"}', 404),
    ],
)
async def test_a_control_that_cannot_be_is_refused_with_the_reason(store, jp_fetch, name, body, status):
    with store.database.read(), pytest.raises(HTTPClientError) as caught:
        await jp_fetch("hanalife", "api", "controls", name, method="POST", body=body)
    assert caught.value.code == status
    assert json.loads(caught.value.response.body)


async def test_without_a_token_no_control_is_carried_out(jp_serverapp, http_server_client, jp_base_url):
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(f"{jp_base_url}hanalife/api/controls/task.pause", method="POST", body="{}")
    assert caught.value.code == 403


async def test_the_list_of_runs_comes_once_and_then_only_what_changed(store, get):
    first = sample.record_run(store, "A", "one")
    whole = await get("runs_since/-/0")
    assert [row["run_id"] for row in whole["payload"]["runs"]] == [first]
    at = f"runs_since/{whole['epoch']}"
    assert (await get(f"{at}/0"))["deltas"] == []
    second = sample.record_run(store, "A", "two")
    update = await get(f"{at}/0")
    assert update["payload"] is None
    assert [row["run_id"] for delta in update["deltas"] for row in delta["runs"]["changed"]] == [second]
    third = sample.record_run(store, "B", "three")
    assert [delta["seq"] for delta in (await get(f"{at}/0"))["deltas"]] == [1, 2]
    (delta,) = (await get(f"{at}/1"))["deltas"]
    assert [row["run_id"] for row in delta["runs"]["changed"]] == [third]
    for unknown in ("runs_since/elsewhere/2", f"{at}/3"):
        assert len((await get(unknown))["payload"]["runs"]) == 3


async def test_of_many_runs_the_newest_come_first_and_older_ones_when_asked_for(store, get, refused):
    crowd.fill(store, experiments.MOST_AT_FIRST + 30, 1)
    ids = [f"{crowd.EXPERIMENT}{number:025x}" for number in range(experiments.MOST_AT_FIRST + 30)]
    whole = await get("runs_since/-/0")
    assert [row["run_id"] for row in whole["payload"]["runs"]] == ids[30:]
    assert whole["payload"]["total"] == len(ids)
    page = await get(f"runs_before/{ids[30]}")
    assert [row["run_id"] for row in page["runs"]] == ids[:30]
    assert set(page["runs"][0]["metrics"]["user"]) == {"METRIC_00"}
    assert (await refused("runs_before/nothing"))[0] == 404


async def test_a_change_of_an_older_run_is_told_of_and_too_many_begin_the_list_anew(store, get, monkeypatch):
    crowd.fill(store, 3, 1)
    whole = await get("runs_since/-/0")
    at = f"runs_since/{whole['epoch']}/0"
    old = whole["payload"]["runs"][0]["run_id"]
    remarks.delete_runs(store, [old])
    (delta,) = (await get(at))["deltas"]
    assert (delta["total"], delta["runs"]) == (2, {"changed": [], "removed": [old]})
    monkeypatch.setattr(experiments, "MOST_AT_ONCE", 4)
    crowd.fill(store, 5, 1, "IMPORTED")
    anew = await get(at)
    assert anew["epoch"] != whole["epoch"]
    assert (len(anew["payload"]["runs"]), anew["payload"]["seq"]) == (7, 0)


async def test_an_alert_that_was_acknowledged_is_counted_no_more(store, get):
    sample.record_alert(store, "1" * 32, ["BMI"])
    sample.record_alert(store, "2" * 32, ["AGE"])
    store.drift.acknowledge("1" * 32, "known")
    (alert,) = (await get("alerts"))["alerts"]
    assert (alert["check_id"], len((await get("pulse"))["drifted"])) == ("2" * 32, 1)


async def test_alerts_name_what_drifted_newest_and_strongest_first(store, get):
    later = sample.NOW + timedelta(hours=1)
    sample.record_alert(store, "1" * 32, ["BMI", "AGE"])
    sample.record_alert(store, "2" * 32, ["GLUCOSE"], later, segment="Male")
    sample.record_alert(store, "3" * 32, [], later)
    alerts = (await get("alerts"))["alerts"]
    assert [(alert["columns"], alert["segment"]) for alert in alerts] == [(["GLUCOSE"], "Male"), (["BMI", "AGE"], "")]
    assert (await get("pulse"))["drifted"] == [alert["created_at"] for alert in alerts]


async def test_the_pulse_counts_jobs_and_tells_when_some_failed(store, get):
    scheduler = ScheduledExecution(store)
    sample.record_composite(store)
    sample.record_task(store, "weekly")
    scheduler.create_one_off_task_schedule("weekly")
    pulse = await get("pulse")
    assert (pulse["running"], pulse["queued"]) == (0, 1)
    assert pulse["failed"] == ["2026-03-02T08:00:04.000000Z"] * 2


async def test_questions_about_a_task_with_names_and_texts_to_quote(
    store, http_server_client, jp_auth_header, jp_base_url
):
    sample.record_task(store, "my/task?")

    async def ask(*names):
        path = "/".join(quote(name, safe="") for name in names)
        response = await http_server_client.fetch(f"{jp_base_url}hanalife/api/{path}", headers=jp_auth_header)
        return json.loads(response.body)

    assert (await ask("task_log", "my/task?", "0", "0"))["log"][0]["message"] == "Task created."
    preview = await ask("schedule_preview", "my/task?", "*/15 * * * *", "Europe/Berlin")
    assert preview["words"] == "every 15 minutes Europe/Berlin"
