"""A PostgreSQL server of its own, which a test may stop and start again."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.postgres import _free_port, _owner, _run


class PrivateServer:
    """A server that nobody else uses."""

    def __init__(self, binaries):
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="hanalife-pg-"))
        self._port = _free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    @classmethod
    def find(cls):
        """Return a server of this machine's binaries, or None where there are none."""
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        return cls(found[-1].parent) if found else None

    def start(self):
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c fsync=off"
        options += f" -c unix_socket_directories={self._folder}"
        self._control("-w", "-l", self._folder / "log", "-o", options, "start")

    def stop(self):
        self._control("-m", "immediate", "stop")

    def _control(self, *words):
        _run(_owner(), [self._binaries / "pg_ctl", "-D", self._folder / "data", *words])

    def __enter__(self):
        if _owner():
            shutil.chown(self._folder, _owner())
        self._folder.chmod(0o755)
        words = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        _run(_owner(), [self._binaries / "initdb", "-D", self._folder / "data", *words])
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self._folder)
