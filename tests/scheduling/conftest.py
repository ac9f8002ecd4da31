"""Fixtures of the tests of the engine."""

from __future__ import annotations

import pytest

from hanalife.database.engine import Database
from hanalife.scheduling.launchers import WarmLauncher
from hanalife.scheduling.runner import Runner
from tests.scheduling.engine import LAUNCHER


@pytest.fixture
def database(url):
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def runner(database):
    """Give a runner that is stopped in the end, whatever happened."""
    runner = Runner(database, LAUNCHER)
    runner.start()
    yield runner
    runner.stop()


@pytest.fixture(scope="session", autouse=True)
def zygote():
    yield LAUNCHER
    WarmLauncher.close(LAUNCHER)
