"""Monitors without a browser."""

from __future__ import annotations

import pytest

from tests.monitors.watching import Box


@pytest.fixture
def watched(conn):
    """Start a monitor with a box to look into; it ends with the test."""
    started = []

    def start(kind, ids=None):
        monitor = kind(conn, ids)
        monitor._box = Box()
        monitor.start()
        started.append(monitor)
        return monitor, monitor._box.table

    yield start
    for monitor in started:
        monitor._cancel()
        monitor._thread.join(10)
        assert not monitor._thread.is_alive()
