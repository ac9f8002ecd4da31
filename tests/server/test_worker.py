"""The worker that may live in the server."""

from __future__ import annotations

import pytest

from hanalife.controls import workers
from tests.views import sample


@pytest.fixture(autouse=True)
def end_workers():
    """Leave no worker behind."""
    yield
    workers.stop_all()


async def test_a_worker_lives_in_the_server_and_ends_with_it(store, jp_serverapp, post, get):
    sample.record_task(store, "weekly")
    assert (await get("connections"))["worker_allowed"] is True
    status, answer = await post("controls/worker.start", {})
    assert status == 200
    shown = [worker["worker_id"] for worker in (await get("tasks"))["workers"]]
    assert shown == [answer["ok"]["worker_id"]]
    assert (await post("controls/worker.start", {}))[1] == answer  # one is enough
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert store.sql('SELECT COUNT(*) AS "N" FROM "hl_worker"').collect().iat[0, 0] == 0


async def test_under_a_hub_none_may_by_default(monkeypatch, jp_configurable_serverapp):
    monkeypatch.setenv("JUPYTERHUB_USER", "me")
    server = jp_configurable_serverapp()
    assert server.web_app.settings["hanalife_store"].connections()["worker_allowed"] is False


class TestUnderAHub:
    """Where a worker may not live in the server."""

    @pytest.fixture
    def jp_server_config(self):
        """Say no in the configuration."""
        return {"ServerApp": {"jpserver_extensions": {"hanalife": True}}, "HanalifeApp": {"allow_worker": False}}

    async def test_starting_one_is_refused_with_the_remedy(self, store, post, get):
        with store.database.read():
            status, answer = await post("controls/worker.start", {})
        assert (status, answer["error"]["code"]) == (409, "worker_not_allowed")
        assert "hanalife worker" in answer["error"]["message"]
        assert (await get("tasks"))["workers"] == []
