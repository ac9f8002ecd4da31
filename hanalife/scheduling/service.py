"""The worker as a service of the user's systemd: it starts with the machine and again after a failure."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

NAME = "hanalife-worker"

_UNIT = """\
[Unit]
Description=hanalife worker: executes scheduled tasks
After=network-online.target

[Service]
EnvironmentFile={environment}
ExecStart={command}
WorkingDirectory={folder}
Restart=always
RestartSec=5

[Install]
WantedBy=default.target
"""


def install(url: sa.URL, max_jobs: int, allow: Sequence[str], notebook_folder: str | None) -> str:
    """Write the unit and return how to start it.

    The database's URL, which may hold a password, goes into a file of its own that only the
    user can read, never into the unit or a command line.
    """
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    environment = home / "hanalife" / f"{NAME}.env"
    _write(environment, f'HANALIFE_URL="{_escaped(url.render_as_string(hide_password=False))}"\n', mode=0o600)
    unit = home / "systemd" / "user" / f"{NAME}.service"
    options = ["--max-jobs", str(max_jobs)]
    options += [text for path in allow for text in ("--allow", path)]
    options += ["--notebooks", str(Path(notebook_folder).resolve())] if notebook_folder else []
    command = " ".join(_quoted(word) for word in [sys.executable, "-m", "hanalife.cli", "worker", *options])
    folder = str(Path.cwd()).replace("%", "%%")
    _write(unit, _UNIT.format(environment=environment, command=command, folder=folder), mode=0o644)
    return (
        f"Written: {unit}\nStart it, now and with every login:  systemctl --user enable --now {NAME}\n"
        "Let it run while you are not logged in:   loginctl enable-linger"
    )


def _write(path: Path, text: str, *, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(text, encoding="utf-8")


def _quoted(word: str) -> str:
    return f'"{_escaped(word)}"'.replace("%", "%%").replace("$", "$$")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
