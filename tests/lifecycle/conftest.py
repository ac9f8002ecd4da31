"""What tests of scheduled execution share: a fitted model, a scheduler, warm processes."""

from __future__ import annotations

import pytest

from hanalife import ConnectionContext, DataSets, ScheduledExecution, UnifiedClassification
from hanalife.lifecycle import scheduled_jobs
from hanalife.lifecycle.job import PRELOAD
from hanalife.scheduling.launchers import WarmLauncher


class Shared(WarmLauncher):
    """One zygote for the workers of all tests, each with an environment of its own."""

    def with_environment(self, environment):
        self._environment = environment
        return self

    def close(self):
        """Stay, for the next worker."""


@pytest.fixture(scope="session")
def zygote():
    shared = Shared("hanalife.lifecycle.job", PRELOAD)
    yield shared
    WarmLauncher.close(shared)


@pytest.fixture(autouse=True)
def warm(zygote, monkeypatch):
    """Let workers of this process start their jobs from the shared zygote."""
    make = scheduled_jobs.launcher
    monkeypatch.setattr(
        scheduled_jobs, "launcher", lambda *arguments: zygote.with_environment(make(*arguments)._environment)
    )


@pytest.fixture(scope="module")
def state():
    """Give the state of a model that is fitted once for all tests."""
    with ConnectionContext("sqlite://") as conn:
        model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=5, random_state=1)
        return model.fit(DataSets.load_diabetes_data(conn)[0], key="ID", label="CLASS").to_state()


@pytest.fixture
def model(conn, state):
    return UnifiedClassification.from_state(conn, state)


@pytest.fixture
def scheduler(conn):
    scheduler = ScheduledExecution(conn, current_user="me")
    yield scheduler
    scheduler.stop_worker()


@pytest.fixture
def data(diabetes):
    return diabetes.deselect("CLASS")


@pytest.fixture
def task(scheduler, model, data):
    """Give the name of a predict task that nobody has scheduled."""
    scheduler.create_predict_task(model, {"data": data, "key": "ID"}, "WEEKLY")
    return "WEEKLY"
