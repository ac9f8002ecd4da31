"""Fixtures of all tests: a real SQLite file, a real PostgreSQL server."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import hypothesis
import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, DataSets
from tests.postgres import Server, find_server

# No test fails by the clock.
hypothesis.settings.register_profile("hanalife", deadline=None)
hypothesis.settings.load_profile("hanalife")

pytest_plugins = ["pytest_jupyter.jupyter_server"]

#: Cannot be imported, for a test of what becomes of that.
collect_ignore = ["scheduling/broken.py"]


@pytest.fixture(scope="session")
def postgres_server():
    """Give a running server, or skip; on CI a missing server is a failure."""
    server = find_server()
    if server is None:
        reason = "no PostgreSQL: set HANALIFE_TEST_PG_URL or install the postgresql package"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with server as running:
        yield running


@contextmanager
def _database_of(server: Server, template: str = "template1") -> Iterator[str]:
    """Give the URL of a new database that is dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    admin = sa.create_engine(server.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    yield str(sa.make_url(server.url).set(database=name).render_as_string(hide_password=False))
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def postgres_store(postgres_server: Server):
    """Give the name of a database with an empty store: to copy it is quicker than to make its tables."""
    with _database_of(postgres_server) as url:
        with ConnectionContext(url) as connection:
            connection.database.migrate()
        yield sa.make_url(url).database


@pytest.fixture
def postgres_url(postgres_server: Server, postgres_store: str):
    """Give the URL of a database with an empty store."""
    with _database_of(postgres_server, postgres_store) as url:
        yield url


@pytest.fixture
def bare_postgres_url(postgres_server: Server):
    """Give the URL of a database with nothing in it."""
    with _database_of(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path):
    """Give the URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'life.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request):
    """Give the URL of a database with no store or an empty one, of each kind in turn."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite_url", "bare_postgres_url"], ids=["sqlite", "postgres"])
def bare_url(request):
    """Give the URL of a database with nothing in it, of each kind in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def conn(url):
    """Give an open connection to a database of each kind in turn."""
    with ConnectionContext(url) as connection:
        yield connection


@pytest.fixture
def sqlite_conn(sqlite_url):
    """Give an open connection to an empty SQLite file."""
    with ConnectionContext(sqlite_url) as connection:
        yield connection


@pytest.fixture
def diabetes(conn):
    """Give the frame of all 768 rows of the diabetes data."""
    return DataSets.load_diabetes_data(conn)[0]
