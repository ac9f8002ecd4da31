"""Cron texts against an enumerator that shares no code with them, in bulk: ``python -m tests.benchmarks.cron [cases]``.

Each chunk draws cron texts and moments from its own seed. The enumerator looks at every day of
four years and every second of a day.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import UTC, date, datetime, timedelta

import numpy as np

from hanalife.scheduling.cron import FIELDS, WEEKDAYS, next_after

FIRST, LAST = date(2026, 1, 1), date(2029, 12, 31)
RANGES = {"YEAR": (2026, 2029), "MONTH": (1, 12), "MONTHDAY": (1, 31), "WEEKDAY": (0, 6)}
RANGES |= {"HOUR": (0, 23), "MINUTE": (0, 59), "SECOND": (0, 59)}
FIRST_YEAR = {"YEAR": (1970, 9999)}
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
PARTS = np.array([(day.year, day.month, day.day, day.weekday()) for day in DAYS]).T
SECONDS = np.arange(86400)
CLOCK = (SECONDS // 3600, SECONDS // 60 % 60, SECONDS % 60)


def spell(name, value):
    return WEEKDAYS[value] if name == "WEEKDAY" else str(value)


def draw_part(chance, name):
    low, high = RANGES[name]
    first, last = sorted((chance.randint(low, high), chance.randint(low, high)))
    kind = chance.random()
    if kind < 0.4:
        return spell(name, first)
    text = f"{spell(name, first)}:{spell(name, last)}"
    return text if kind < 0.7 or first == last else f"{text}/{chance.randint(1, last - first)}"


def draw_field(chance, name):
    low, high = RANGES[name]
    kind = chance.random()
    if kind < 0.45:
        return "*"
    if kind < 0.6:
        return f"*/{chance.randint(1, 3 if name == 'YEAR' else high - low)}"
    return ",".join(draw_part(chance, name) for _ in range(chance.randint(1, 3)))


def matching(name, text):
    """Return the values that a field means, read anew from the grammar in words."""
    low, high = FIRST_YEAR.get(name, RANGES[name])
    number = WEEKDAYS.index if name == "WEEKDAY" else int
    found = set()
    for part in text.split(","):
        body, _, step = part.partition("/")
        first, _, last = body.partition(":")
        begin = low if first == "*" else number(first)
        end = high if first == "*" else number(last or first)
        found |= {value for value in range(begin, end + 1) if (value - begin) % int(step or 1) == 0}
    return sorted(found)


class Enumerator:
    """All days and all seconds of a day that match a cron text."""

    def __init__(self, cron):
        fields = [matching(field.name, text) for field, text in zip(FIELDS, cron.split(), strict=True)]
        self.days = np.flatnonzero(np.all([np.isin(PARTS[i], fields[i]) for i in range(4)], axis=0))
        self.seconds = np.flatnonzero(np.all([np.isin(CLOCK[i], fields[4 + i]) for i in range(3)], axis=0))

    def next_after(self, moment):
        """Return the first match later than a moment; None if there is none before the last day's end."""
        if not len(self.days):
            return None
        day, second = (moment.date() - FIRST).days, moment.hour * 3600 + moment.minute * 60 + moment.second
        later = self.seconds[np.searchsorted(self.seconds, second, side="right") :]
        if day in self.days and len(later):
            return self._moment(day, later[0])
        following = self.days[np.searchsorted(self.days, day, side="right") :]
        return self._moment(following[0], self.seconds[0]) if len(following) else None

    @staticmethod
    def _moment(day, second):
        start = datetime.combine(DAYS[day], datetime.min.time(), UTC)
        return start + timedelta(seconds=int(second))


def check_chunk(seed, crons, moments):
    """Compare so many moments of so many cron texts; return what differs."""
    chance = random.Random(seed)
    different = []
    for _ in range(crons):
        cron = " ".join(draw_field(chance, field.name) for field in FIELDS)
        expected = Enumerator(cron)
        for _ in range(moments):
            moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(4 * 365 * 86400))
            found, wanted = next_after(cron, moment), expected.next_after(moment)
            if (found if found is None or found.date() <= LAST else None) != wanted:
                different.append((cron, moment, found, wanted))
    return different


def main(cases):
    started, checked, seed = time.perf_counter(), 0, 0
    while checked < cases:
        different = check_chunk(seed, 100, 100)
        checked, seed = checked + 10_000, seed + 1
        for one in different:
            print("differs:", *one, flush=True)
        if seed % 10 == 0 or checked >= cases:
            print(f"{checked:,} cases, {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
