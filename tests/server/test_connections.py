"""The connections of the panel's settings: without passwords, and each refused with the remedy."""

from __future__ import annotations

import keyring
import pytest
from keyring.backend import KeyringBackend
from sqlalchemy import make_url

from hanalife import ConnectionContext
from hanalife.server.store import ServerStore
from tests.views import sample


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def ring():
    """Give a keyring in memory."""
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    yield keyring
    keyring.set_keyring(before)


@pytest.fixture
def plain(conn):
    """Give the URL of a database that needs a password as far as the panel knows, without it."""
    return conn.database.url.set(password=None)


def entry(name, url, **more):
    return {"name": name, "url": url if isinstance(url, str) else url.render_as_string(), **more}


async def test_a_named_database_is_shown_in_place_of_the_default_one(conn, store, get, post):
    sample.record_run(conn, "ELSEWHERE", "one")
    sample.record_run(store, "HERE", "two")
    status, payload = await post("connections", [entry("lab", conn.database.url)])
    assert (status, [row["name"] for row in payload["connections"]]) == (200, ["", "lab"])
    assert (await get("connections")) == payload
    for name, experiment in (("lab", "ELSEWHERE"), ("", "HERE")):
        shown = await get("experiments", connection=name)
        assert [row["experiment_id"] for row in shown["experiments"]] == [experiment]


async def test_a_control_changes_the_database_that_is_named(store, jp_root_dir, post):
    with ConnectionContext(f"sqlite:///{jp_root_dir / 'other.db'}") as other:
        sample.record_task(other, "theirs")
        await post("connections", [entry("other", "sqlite:///other.db")])
        status, _ = await post("controls/task.pause", {"task_id": "theirs"}, connection="other")
        assert status == 200
        with store.database.read():  # the default one is there, and has no such task
            assert (await post("controls/task.pause", {"task_id": "theirs"}))[0] == 404


@pytest.mark.parametrize(
    ("more", "url", "remedy"),
    [
        ({}, "postgresql://me:hunter2@host/db", "passwordVariable"),
        ({}, "postgresql://me@host/db?password=hunter2", "passwordVariable"),
        ({}, "postgresql://me@host/db?sslpassword=hunter2", "passwordVariable"),
        ({"password_variable": "A", "keyring": "B"}, "postgresql://me@host/db", "not both"),
        ({}, "sqlite://", "name a file"),
        ({}, "mysql://me@host/db", "not a supported database"),
        ({}, "postgresql+nothing://me@host/db", "lab"),
        ({}, "not a url", "not a database URL"),
    ],
)
async def test_what_cannot_be_used_is_listed_with_the_remedy_and_refused(post, refused, more, url, remedy):
    status, payload = await post("connections", [entry("lab", url, **more)])
    assert status == 200
    row = payload["connections"][1]
    assert remedy in row["problem"]
    assert "hunter2" not in str(payload)
    assert (row["database"], row["code"]) == ("", "")
    status, error = await refused("experiments", connection="lab")
    assert (status, error["code"], error["message"]) == (409, "unusable_connection", row["problem"])


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        "lab",
        [1],
        [{}],
        [{"name": "lab"}],
        [{"name": "", "url": "sqlite:///a.db"}],
        [{"name": "x" * 101, "url": "sqlite:///a.db"}],
        [{"name": "lab", "url": 1}],
        [{"name": "lab", "url": "sqlite:///a.db", "password": "hunter2"}],
        [entry("lab", "sqlite:///a.db"), entry("lab", "sqlite:///b.db")],
    ],
)
async def test_what_is_no_list_of_connections_changes_nothing(post, get, body):
    before = (await post("connections", [entry("kept", "sqlite:///a.db")]))[1]
    status, answer = await post("connections", body)
    assert status == 400
    assert "hunter2" not in str(answer)
    assert await get("connections") == before


async def test_an_unknown_connection_is_told_of(refused):
    assert (await refused("experiments", connection="nobody"))[1]["code"] == "unknown_connection"


def test_the_password_comes_from_the_environment(monkeypatch, tmp_path):
    url = opened(monkeypatch, tmp_path, password_variable="LAB_PASSWORD", environment={"LAB_PASSWORD": "p@ss/word"})
    assert url.password == "p@ss/word"


def test_the_password_comes_from_the_keyring(monkeypatch, tmp_path, ring):
    ring.set_password("lab", "me", "p@ss/word")
    assert opened(monkeypatch, tmp_path, keyring="lab").password == "p@ss/word"


def opened(monkeypatch, tmp_path, environment=(), **more):
    """Give the URL that the store opens for a connection."""
    from hanalife.server import connections

    for name, value in dict(environment).items():
        monkeypatch.setenv(name, value)
    (one,) = connections.read_entries([entry("lab", "postgresql://me@host/db", **more)])
    return connections.with_password(one, connections.url_of(one, tmp_path))


async def test_a_missing_password_is_told_of_with_the_remedy(monkeypatch, post, refused, ring):
    monkeypatch.delenv("NOT_SET", raising=False)
    url = "postgresql://me@host/db"
    await post("connections", [entry("a", url, password_variable="NOT_SET"), entry("b", url, keyring="lab")])
    for name, remedy in (("a", "NOT_SET"), ("b", "keyring set lab me")):
        status, error = await refused("pulse", connection=name)
        assert (status, error["code"]) == (409, "unusable_connection")
        assert remedy in error["message"]


async def test_code_connects_a_notebook_to_the_same_database(monkeypatch, post, ring, store, jp_root_dir):
    sample.record_run(store, "HERE", "one")
    evil = 'sqlite:///it\'s "quoted" \\ here.db'
    url = "postgresql://me@host/db"
    entries = [
        entry("file", evil),
        entry("env", url, password_variable="LAB"),
        entry("ring", url, keyring="lab's"),
    ]
    rows = (await post("connections", entries))[1]["connections"]
    ring.set_password("lab's", "me", "from the ring")
    monkeypatch.setenv("LAB", "from the environment")
    made = []
    monkeypatch.setattr("hanalife.ConnectionContext", made.append, raising=False)
    for row in rows:
        exec(compile(row["code"], "cell", "exec"), {})
    urls = [make_url(text) for text in made]
    assert [url.database for url in urls[:2]] == [
        str(jp_root_dir / "hanalife.db"),
        f'{jp_root_dir}/it\'s "quoted" \\ here.db',
    ]
    assert [url.password for url in urls[2:]] == ["from the environment", "from the ring"]


def test_a_wrong_url_of_the_environment_is_a_problem_of_the_default_connection(monkeypatch, tmp_path):
    monkeypatch.setenv("HANALIFE_URL", "mysql://me:hunter2@host/db")
    (row,) = ServerStore(tmp_path, allow_worker=True).connections()["connections"]
    assert "not a supported database" in row["problem"]
    assert "hunter2" not in str(row)


def test_a_changed_connection_is_opened_anew(tmp_path):
    from hanalife.server import connections

    store = ServerStore(tmp_path, allow_worker=False)
    for name in ("one", "two"):
        with ConnectionContext(f"sqlite:///{tmp_path / name}.db") as context:
            sample.record_run(context, name.upper(), "run")
        store.set_connections(connections.read_entries([entry("lab", f"sqlite:///{name}.db")]))
        assert store.read("lab", lambda _connection, label: label).endswith(f"{name}.db")
    store.close()
