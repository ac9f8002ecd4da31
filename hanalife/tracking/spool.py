"""What could not be written to the store: kept in local files until it can.

One file for each run, one line of JSON for each batch, next to the SQLite file or in the user's
state directory. A file holds what the run recorded and no URL, user or password.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife.database import dialects, runs
from hanalife.database.engine import Database
from hanalife.database.sqlite_turns import hold_file
from hanalife.errors import Error
from hanalife.records import Run, RunStatus
from hanalife.tracking import batches
from hanalife.tracking.batches import Batch

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpoolReplay:
    """What came of writing spool files to the store."""

    runs: tuple[str, ...]  #: ids of the runs that were written
    kept: tuple[str, ...]  #: files that could not be, and why
    skipped_lines: int  #: cut short by the end of a process


def keep(database: Database, run: Run, batch: Batch, experiment_description: str | None = None) -> Path | None:
    """Add a batch to the spool file of a run; return the file, or None if it cannot be written.

    ``experiment_description`` is given if not even the beginning of the run is stored.
    """
    line: dict[str, Any] = {"run_id": run.run_id, "batch": batch.to_json()}
    if experiment_description is not None:
        changes = Batch(changes=asdict(run)).to_json()["changes"]
        line |= {"run": changes, "experiment_description": experiment_description}
    text = json.dumps(line, ensure_ascii=True) + "\n"
    for directory in directories(database):
        path = directory / f"{run.run_id}.jsonl"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with _held(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY) as file:
                os.write(file, text.encode())
                os.fsync(file)
        except OSError as error:
            logger.debug("Spool file %s cannot be written: %s", path, error)
        else:
            return path
    return None


def replay_spool(connection_context: ConnectionContext) -> SpoolReplay:
    """Write to the store what could not be written when it was recorded.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store. Only what was recorded for this database is looked for.

    Returns
    -------
    SpoolReplay
        Which runs were written, and which files stay because they could not be.

    Notes
    -----
    Each file is one transaction and is removed after it. What belongs to a run that was deleted
    meanwhile is dropped.

    Examples
    --------
    >>> from hanalife import ConnectionContext
    >>> replay_spool(ConnectionContext("sqlite://")).runs
    ()
    """
    database = connection_context.database
    written, kept, skipped = [], [], 0
    for path in files(database):
        try:
            skipped += replay_file(database, path)
        except (Error, sa.exc.SQLAlchemyError, OSError, ValueError, KeyError, TypeError) as error:
            kept.append(f"{path}: {error}")
            logger.warning("Spool file %s is kept; it could not be written: %s", path, error)
        else:
            written.append(path.stem)
    return SpoolReplay(tuple(written), tuple(kept), skipped)


def replay_file(database: Database, path: Path) -> int:
    """Write one spool file to the store and remove it; return how many lines were cut short."""
    with _held(path, os.O_RDWR) as file:
        text = b"".join(iter(lambda: os.read(file, 1 << 20), b"")).decode()
        lines = [line for line in text.split("\n") if line]
        whole = lines if text.endswith("\n") else lines[:-1]
        with database.write() as connection:
            for line in whole:
                _apply(connection, json.loads(line))
        path.unlink()
    return len(lines) - len(whole)


def files(database: Database) -> list[Path]:
    """Return the spool files of a database, oldest run first."""
    found = [path for directory in directories(database) for path in directory.glob("*.jsonl")]
    return sorted(found, key=lambda path: path.name)


def directories(database: Database) -> list[Path]:
    """Return where spool files of a database may be, the preferred one first; none in memory."""
    if dialects.is_in_memory(database.url):
        return []
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    place = database.url.set(username=None, password=None, query={}).render_as_string()
    general = Path(state) / "hanalife" / "spool" / hashlib.sha256(place.encode()).hexdigest()[:16]
    file = dialects.file_of(database.url)
    return [general] if file is None else [file.with_name(f"{file.name}-spool"), general]


def _apply(connection: sa.Connection, line: dict[str, Any]) -> None:
    batch = batches.from_json(line["batch"])
    if "run" in line and runs.run(connection, line["run_id"]) is None:
        values = batches.with_moments(line["run"])
        runs.begin(connection, Run(**values | {"status": RunStatus(values["status"])}), line["experiment_description"])
    if not batch.write(connection, line["run_id"], dialects.now(connection)):
        logger.warning("Run %s was deleted; what was recorded of it later is dropped.", line["run_id"])


@contextmanager
def _held(path: Path, flags: int) -> Iterator[int]:
    """Open a file that no other process writes or replays meanwhile."""
    while True:
        file = os.open(path, flags, 0o600)
        hold_file(file)
        if os.fstat(file).st_nlink:  # else it was replayed and removed while this process waited
            break
        os.close(file)
    try:
        yield file
    finally:
        os.close(file)
