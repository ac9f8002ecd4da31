"""How a task is executed and what makes it due, in words."""

from __future__ import annotations

from hanalife.records import Misfire, TaskPolicy, Trigger
from hanalife.views.encoding import facts, instant, short_utc
from hanalife.views.payloads.words import Fact

_MISFIRE = {
    Misfire.ONE: "one job makes up for all due times that were missed",
    Misfire.ALL: "each due time that was missed gets a job of its own",
    Misfire.SKIP: "due times that were missed are not made up for",
}


def policy(chosen: TaskPolicy) -> list[Fact]:
    """Return a policy in words."""
    retries = f"{chosen.retries}, the first after {chosen.backoff_seconds:g} s, then twice as long each time"
    limit = chosen.time_limit_seconds
    return facts(
        {
            "Retries": retries if chosen.retries else "none",
            "Time limit": "none" if limit is None else f"{limit:g} s for each attempt",
            "Misfire": f"{chosen.misfire}: {_MISFIRE[Misfire(chosen.misfire)]}",
            "Late after": f"{chosen.grace_seconds:g} s",
            "Concurrency": "one job at a time" if chosen.concurrency == 1 else f"{chosen.concurrency} jobs at a time",
            "Priority": f"{chosen.priority}" if chosen.priority else "0, the usual",
        }
    )


def trigger(found: Trigger | None) -> list[Fact]:
    """Return a trigger in words, nothing if there is none."""
    if found is None:
        return []
    watched = {name: value for name, value in found.definition.items() if value is not None}
    values = {
        "Due on": found.kind.replace("_", " "),
        "Watches": ", ".join(f"{name} {value}" for name, value in watched.items()),
        "Seen": "nothing yet" if found.seen is None else found.seen,
        "Looks every": f"{found.check_seconds:g} s",
        "Looks next": f"{short_utc(instant(found.next_check))} UTC",
        "Message": found.message,
    }
    return facts({name: value for name, value in values.items() if value != ""})
