"""The worker as a service of the user, and tasks in the terminal."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess

import pytest

from hanalife import ConnectionContext, ScheduledExecution
from hanalife.cli import main


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config"


def test_the_unit_is_written_without_the_databases_password(home, capsys, postgres_url):
    url = postgres_url.replace("postgres@", "postgres:open%20sesame@")
    assert main(["worker", "--url", url, "--install", "--max-jobs", "3", "--allow", "a.b", "--notebooks", "n b"]) == 0
    unit = (home / "systemd" / "user" / "hanalife-worker.service").read_text()
    assert "sesame" not in unit + capsys.readouterr().out
    assert '"--max-jobs" "3" "--allow" "a.b" "--notebooks"' in unit
    environment = home / "hanalife" / "hanalife-worker.env"
    assert "sesame" in environment.read_text()
    assert stat.S_IMODE(environment.stat().st_mode) == 0o600
    if shutil.which("systemd-analyze"):
        path = home / "systemd" / "user" / "hanalife-worker.service"
        done = subprocess.run(
            ["systemd-analyze", "--user", "verify", path], capture_output=True, text=True, check=False
        )
        assert "hanalife-worker.service:" not in done.stderr


def test_tasks_in_the_terminal(sqlite_url, home, capsys):
    with ConnectionContext(sqlite_url) as conn:
        scheduler = ScheduledExecution(conn, "me")
        scheduler.create_sql_task("TIDY", "DELETE FROM hl_notice")
        scheduler.create_task_schedule("TIDY", "* * * mon 8 0 0")
    assert main(["tasks", "--url", sqlite_url]) == 0
    said = capsys.readouterr().out
    assert "TIDY" in said
    assert "every Monday at 08:00:00 UTC" in said
    assert "none is running; start one: hanalife worker --url" in said
    assert main(["tasks", "--url", sqlite_url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tasks"][0]["task_id"] == "TIDY"
