"""A Jupyter server with the extension, its database, and what asks it."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError

from hanalife import ConnectionContext


@pytest.fixture
def jp_server_config():
    """Turn the extension on."""
    return {"ServerApp": {"jpserver_extensions": {"hanalife": True}}}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """Look in the root folder of the server, which belongs to one person."""
    monkeypatch.delenv("HANALIFE_URL", raising=False)
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)


@pytest.fixture
def store(jp_root_dir):
    """Give a connection to the database in the server's root folder."""
    with ConnectionContext(f"sqlite:///{jp_root_dir / 'hanalife.db'}") as context:
        yield context


@pytest.fixture
def get(jp_fetch):
    """Ask the extension."""

    async def ask(path, **query):
        response = await jp_fetch("hanalife", "api", *path.split("/"), params=query)
        return json.loads(response.body)

    return ask


@pytest.fixture
def post(jp_fetch):
    """Tell the extension something; give status and answer, which may be a refusal."""

    async def tell(path, body, **query):
        try:
            response = await jp_fetch(
                "hanalife", "api", *path.split("/"), params=query, method="POST", body=json.dumps(body)
            )
        except HTTPClientError as error:
            return error.code, json.loads(error.response.body)
        return response.code, json.loads(response.body)

    return tell


@pytest.fixture
def refused(jp_fetch):
    """Ask the extension what it refuses; give status and error."""

    async def ask(path, **query):
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch("hanalife", "api", *path.split("/"), params=query)
        return caught.value.code, json.loads(caught.value.response.body)["error"]

    return ask
