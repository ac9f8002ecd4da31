"""Time and identity as values: every clock and id source is an argument somewhere above."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
IdSource = Callable[[], str]


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def format_utc(moment: datetime) -> str:
    """Return an aware moment as RFC 3339 text in UTC with microseconds, ending in ``Z``.

    >>> format_utc(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05.000000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_id(clock: Clock = utc_now, entropy: Callable[[int], str] = secrets.token_hex) -> str:
    """Return 32 hexadecimal digits that sort by time: 48 bits of milliseconds, 80 random bits."""
    milliseconds = int(clock().timestamp() * 1000)
    return f"{milliseconds:012x}{entropy(10)}"
