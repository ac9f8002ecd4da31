"""One open connection to each kind of database for all tests of a module."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def store(request):
    """Give a connection that stays open for the module; tests replace the table they use."""
    if request.param == "sqlite":
        with ConnectionContext("sqlite://") as connection:
            yield connection
        return
    server = request.getfixturevalue("postgres_server")
    name = f"frames_{uuid.uuid4().hex}"
    admin = sa.create_engine(server.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    with ConnectionContext(sa.make_url(server.url).set(database=name).render_as_string(hide_password=False)) as opened:
        yield opened
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()
