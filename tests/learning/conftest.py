"""Connections of the tests of learning."""

from __future__ import annotations

import pytest

from hanalife import ConnectionContext


@pytest.fixture
def conn(request):
    """Give an open connection to an empty database.

    What is learnt of rows does not depend on where they come from, so it is SQLite; tests of what does ask
    for each database with ``models.ON_EVERY_DATABASE``.
    """
    with ConnectionContext(request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")) as connection:
        yield connection


@pytest.fixture(scope="module")
def shared_conn():
    """Give a connection that the tests of a module share, to a database in memory."""
    with ConnectionContext("sqlite://") as connection:
        yield connection
