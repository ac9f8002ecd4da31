"""What a schedule would mean before it is one: its next due times, or where its text is wrong."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime

from hanalife.errors import CronError, InvalidArgumentError
from hanalife.records import Schedule
from hanalife.scheduling import cron as cron_text
from hanalife.scheduling.policies import dues_after, with_next_due
from hanalife.views.encoding import instant
from hanalife.views.payloads.tasks import DueTime, SchedulePreview, ScheduleProblem
from hanalife.views.payloads.words import CONTRACT

MOST_DUE_TIMES = 5

_FIELDS = tuple(field.name for field in cron_text.FIELDS)
_UNIX_FIELDS = ("MINUTE", "HOUR", "MONTHDAY", "MONTH", "WEEKDAY")


def preview(present: Schedule | None, cron: str, timezone: str, now: datetime) -> SchedulePreview:
    """Return what a schedule would mean with another cron text and time zone.

    Parameters
    ----------
    present : Schedule or None
        The schedule as it is, whose first and last moment stay; None if there is none yet.
    cron, timezone : str
        As a person writes them, right or wrong.
    now : datetime
        The due times are later.
    """
    try:
        zone = cron_text.zone(timezone)
        changed = with_next_due(_changed(present, cron_text.normalize(cron), zone.key, now), now)
        dues = itertools.islice(dues_after(changed, now), MOST_DUE_TIMES)
        return {
            "contract": CONTRACT,
            "words": cron_text.describe(changed.cron, changed.timezone),
            "due": [_due_time(due, due.astimezone(zone)) for due in dues],
            "problem": None,
        }
    except CronError as error:
        start, end = fault(cron, error)
        return _problem({"argument": "cron", "message": str(error), "start": start, "end": end})
    except InvalidArgumentError as error:
        return _problem({"argument": "timezone", "message": str(error), "start": 0, "end": len(timezone)})


def fault(cron: str, error: CronError) -> tuple[int, int]:
    """Return where a cron text is wrong: from which character to before which.

    >>> try:
    ...     cron_text.normalize("* * *  MON 25 0 0")
    ... except CronError as error:
    ...     fault("* * *  MON 25 0 0", error)
    (11, 13)
    """
    words = cron.split()
    names = _UNIX_FIELDS if len(words) == len(_UNIX_FIELDS) else _FIELDS
    if error.field not in names or len(words) != len(names):
        return 0, len(cron)
    place = names.index(error.field)
    start = 0
    for word in words[:place]:
        start = cron.index(word, start) + len(word)
    start = cron.index(words[place], start)
    within = words[place].lower().find(error.part)  # five fields are judged as seven: then it may not stand there
    if within < 0:
        return start, start + len(words[place])
    return start + within, start + within + len(error.part)


def _changed(present: Schedule | None, cron: str, timezone: str, now: datetime) -> Schedule:
    if present is not None:
        return replace(present, cron=cron, timezone=timezone)
    return Schedule("", cron, timezone, enabled=True, start_time=None, end_time=None, next_due=None, created_at=now)


def _due_time(due: datetime, wall: datetime) -> DueTime:
    return {"at": instant(due), "local": f"{wall:%a %Y-%m-%d %H:%M:%S}"}


def _problem(problem: ScheduleProblem) -> SchedulePreview:
    return {"contract": CONTRACT, "words": "", "due": [], "problem": problem}
