"""Statements on searches for parameters: begun, gone on with, watched, cancelled, ended.

Whoever begins a search last owns it. Every later step names its owner and does nothing once the
search has another one, so that two processes never work on it for longer than one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from hanalife.database import dialects, tables
from hanalife.errors import SearchNotFoundError
from hanalife.records import Search, SearchScore, SearchStatus

_search, _score = tables.search, tables.search_score


def find(connection: sa.Connection, search_id: str) -> Search | None:
    """Return a search, or None."""
    row = connection.execute(sa.select(_search).where(_search.c.search_id == search_id)).first()
    if row is None:
        return None
    return Search(**{**row._mapping, "status": SearchStatus(row.status), "seeds": tuple(row.seeds)})


def get(connection: sa.Connection, search_id: str) -> Search:
    """Return a search.

    Raises
    ------
    SearchNotFoundError
        There is none of that id.
    """
    found = find(connection, search_id)
    if found is None:
        query = sa.select(_search.c.search_id).order_by(_search.c.updated_at.desc()).limit(10)
        known = ", ".join(connection.execute(query).scalars()) or "none"
        raise SearchNotFoundError(
            f"progress_indicator_id: no search {search_id!r} is kept; the newest are: {known}. "
            "A search is kept if its model was made with progress_indicator_id."
        )
    return found


def scores(connection: sa.Connection, search_id: str) -> list[SearchScore]:
    """Return what a search has found so far, by rung, candidate and fold."""
    columns = [column for column in _score.columns if column.name != "search_id"]
    query = sa.select(*columns).where(_score.c.search_id == search_id)
    ordered = query.order_by(_score.c.rung, _score.c.candidate, _score.c.fold)
    return [SearchScore(**row._mapping) for row in connection.execute(ordered)]


def begin(
    connection: sa.Connection,
    search_id: str,
    identity: str,
    *,
    owner: str,
    host: str,
    pid: int,
    seeds: Sequence[int],
    total: int,
    since: datetime | None = None,
) -> tuple[datetime, list[SearchScore]]:
    """Take a search over, or make it; return when it began and what an unfinished one of the same identity has found.

    One that finished counts as unfinished if it began ``since`` the whole that it is a part of.
    """
    now = dialects.now(connection)
    own = {
        "identity": identity,
        "status": SearchStatus.RUNNING,
        "owner": owner,
        "host": host,
        "pid": pid,
        "seeds": list(seeds),
        "done": 0,
        "total": total,
        "cancel_requested": False,
        "message": "",
        "updated_at": now,
    }
    fresh = dialects.insert_or_ignore(connection, _search, {"search_id": search_id, "started_at": now, **own})
    if fresh:
        return now, []
    same = _search.c.search_id == search_id
    before = connection.execute(sa.select(_search).where(same).with_for_update()).one()
    is_unfinished = before.status != SearchStatus.FINISHED or (since is not None and before.started_at >= since)
    started_at = before.started_at
    if before.identity != identity or not is_unfinished:
        connection.execute(_score.delete().where(_score.c.search_id == search_id))
        started_at = now
    connection.execute(_search.update().where(same).values(**own, started_at=started_at))
    return started_at, scores(connection, search_id)


def add(
    connection: sa.Connection, search_id: str, owner: str, found: Sequence[SearchScore], done: int, total: int
) -> Search | None:
    """Keep new scores and how far the search has come; return the search, None if it has another owner."""
    mine = sa.and_(_search.c.search_id == search_id, _search.c.owner == owner)
    values = {"done": done, "total": total, "updated_at": dialects.now(connection)}
    if not connection.execute(_search.update().where(mine).values(**values)).rowcount:
        return None
    if found:
        rows = [{"search_id": search_id, **asdict(one)} for one in found]
        connection.execute(_score.insert(), rows)
    return find(connection, search_id)


def end(connection: sa.Connection, search_id: str, owner: str, status: SearchStatus, message: str) -> None:
    """Note how a search ended, if it still has this owner."""
    mine = sa.and_(_search.c.search_id == search_id, _search.c.owner == owner)
    values = {"status": status, "message": message, "updated_at": dialects.now(connection)}
    connection.execute(_search.update().where(mine).values(**values))


def request_cancel(connection: sa.Connection, search_id: str) -> bool:
    """Ask a running search to stop; False if it does not run."""
    running = sa.and_(_search.c.search_id == search_id, _search.c.status == SearchStatus.RUNNING)
    return bool(connection.execute(_search.update().where(running).values(cancel_requested=True)).rowcount)
