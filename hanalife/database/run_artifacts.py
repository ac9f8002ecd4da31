"""Statements on artifacts: bytes that runs keep under names, addressed by their content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from hanalife.database import blobs, dialects, tables
from hanalife.records import Artifact

_artifact = tables.run_artifact


def put(
    connection: sa.Connection, run_id: str, name: str, kind: str, media_type: str, data: bytes, moment: datetime
) -> Artifact:
    """Store bytes under a name of a run; what it named before is replaced."""
    replaced = connection.execute(sa.select(_artifact.c.sha256).where(_is(run_id, name))).scalar()
    sha256 = blobs.put(connection, data)
    artifact = Artifact(run_id, name, kind, media_type, sha256, len(data), moment)
    dialects.upsert(connection, _artifact, [asdict(artifact)])
    if replaced not in (None, sha256):
        blobs.drop_unused(connection, str(replaced))
    return artifact


def find(connection: sa.Connection, run_id: str, name: str) -> Artifact | None:
    """Return an artifact without its bytes, or None."""
    row = connection.execute(sa.select(_artifact).where(_is(run_id, name))).first()
    return None if row is None else Artifact(**row._mapping)


def of_run(connection: sa.Connection, run_id: str) -> list[Artifact]:
    """Return the artifacts of a run, without their bytes, ordered by name."""
    query = sa.select(_artifact).where(_artifact.c.run_id == run_id).order_by(_artifact.c.name)
    return [Artifact(**row._mapping) for row in connection.execute(query)]


def forget(connection: sa.Connection, run_ids: Sequence[str]) -> None:
    """Delete the artifacts of runs, and their bytes unless they are used elsewhere."""
    here = _artifact.c.run_id.in_(run_ids)
    hashes = connection.execute(sa.select(_artifact.c.sha256).where(here).distinct()).scalars().all()
    connection.execute(_artifact.delete().where(here))
    for sha256 in hashes:
        blobs.drop_unused(connection, sha256)


def _is(run_id: str, name: str) -> sa.ColumnElement[bool]:
    return sa.and_(_artifact.c.run_id == run_id, _artifact.c.name == name)
