"""Statements on facts that many runs share: each is stored once, addressed by its content."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects, tables
from hanalife.database.direct import Direct
from hanalife.records import SharedRecord

_record = tables.record
_run = tables.run
_REFERENCES = (_run.c.environment_id, _run.c.code_id, _run.c.cells_id, _run.c.dataset_id)

# Held, so that nobody deletes it before the run that refers to it is there.
_FIND = Direct(
    sa.select(_record.c.record_id)
    .where(_record.c.sha256 == sa.bindparam("address"))
    .with_for_update(read=True, key_share=True)
)


def address(kind: str, content: str) -> str:
    """Return the SHA-256 of a kind and a JSON text, hexadecimal."""
    return hashlib.sha256(f"{kind}\n{content}".encode()).hexdigest()


def put(connection: sa.Connection, kind: str, content: str, sha256: str | None = None) -> int:
    """Store a JSON text unless it is there; return its id. ``sha256``, if given, is its :func:`address`."""
    sha256 = sha256 or address(kind, content)
    while not (found := _FIND.rows(connection, {"address": sha256})):
        # Again, should another process delete it just now.
        dialects.insert_or_ignore(connection, _record, {"sha256": sha256, "kind": kind, "content": content})
    return int(found[0][0])


def get(connection: sa.Connection, record_id: int) -> SharedRecord | None:
    """Return a record, or None."""
    row = connection.execute(sa.select(_record).where(_record.c.record_id == record_id)).first()
    return None if row is None else SharedRecord(row.record_id, row.sha256, row.kind, json.loads(row.content))


def content(connection: sa.Connection, record_id: int | None) -> Mapping[str, Any]:
    """Return what a record says; nothing if there is none."""
    record = None if record_id is None else get(connection, record_id)
    return {} if record is None else record.content


def of_runs(connection: sa.Connection, run_ids: Iterable[str]) -> set[int]:
    """Return the ids of the records that runs refer to."""
    rows = connection.execute(sa.select(*_REFERENCES).where(_run.c.run_id.in_(list(run_ids))))
    return {record_id for row in rows for record_id in row if record_id is not None}


def drop_unused(connection: sa.Connection, record_ids: Iterable[int]) -> None:
    """Delete those records that no run refers to any more."""
    ids = list(record_ids)
    used = sa.union_all(*(sa.select(column).where(column.in_(ids)) for column in _REFERENCES)).subquery()
    unused = sa.and_(_record.c.record_id.in_(ids), _record.c.record_id.not_in(sa.select(used.c[0])))
    # One that a run holds is about to be used; to wait for it, holding others, could be to wait for oneself.
    free = sa.select(_record.c.record_id).where(unused).with_for_update(skip_locked=True)
    with contextlib.suppress(sa.exc.IntegrityError), connection.begin_nested():  # a run has just begun to use one
        connection.execute(_record.delete().where(_record.c.record_id.in_(free)))
