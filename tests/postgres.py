"""A PostgreSQL server for tests: a given one, or the machine's own binaries in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

URL_VARIABLE = "HANALIFE_TEST_PG_URL"


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    url: str


def find_server() -> AbstractContextManager[Server] | None:
    """Return how to get a server, or None where there is none to be had."""
    if os.environ.get(URL_VARIABLE):
        return contextlib.nullcontext(Server(os.environ[URL_VARIABLE]))
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return _started(found[-1].parent) if found else None


@contextlib.contextmanager
def _started(binaries: Path) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="hanalife-pg-"))
    data, owner = folder / "data", _owner()
    if owner:
        shutil.chown(folder, owner)
    folder.chmod(0o755)
    port = _free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    _run(owner, [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"])
    _run(owner, [binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"])
    try:
        yield Server(f"postgresql://postgres@127.0.0.1:{port}/postgres")
    finally:
        _run(owner, [binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"])
        shutil.rmtree(folder)


def _owner() -> str | None:
    # The server refuses to run as root.
    return "postgres" if os.geteuid() == 0 else None


def _run(owner: str | None, command: list[str | Path]) -> None:
    # The server keeps inherited pipes open, so its output must not be captured through one.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, user=owner, cwd="/", stdout=output, stderr=output, check=False)
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{command[0]} failed: {output.read().decode()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
