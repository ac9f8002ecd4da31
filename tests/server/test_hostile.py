"""Bad input is refused with its reason; the server never fails by it."""

from __future__ import annotations

import itertools
import json
from urllib.parse import quote

import pytest

from tests.views import sample

#: Names and searches as somebody might try them; each is percent-encoded into the path.
NAMES = [
    "nothing",
    " ",
    ".",
    "..",
    "../../etc/passwd",
    "a/b",
    "'; DROP TABLE hl_run; --",
    '"',
    "%",
    "%00",
    "\0",
    "a\0b",
    "\n\r\t",
    "<script>alert(1)</script>",
    "${7*7}{{7*7}}",
    "😀" * 300,
    "x" * 4000,
    "\u202egnp.exe",
    "\ufffe",
    "(" * 3000,
    "not " * 800,
    "metrics.AUC > " + "9" * 3000,
    "metrics.AUC > 1e999",
    "metrics.AUC > nan",
    "params.x like '" + "%" * 3000 + "'",
    "name = '\0'",
    "order by " + "created, " * 500,
    "limit 99999999999999999999999",
]
#: Path segments that are no text.
RAW = ["%ff", "%ed%a0%80", "%", "%zz", "%c0%af"]
BODIES = [
    b"",
    b"null",
    b"[]",
    b"1",
    b'"text"',
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"task_id": NaN}',
    b'{"task_id": 1}',
    b'{"task_id": null}',
    b'{"task_id": ["x"]}',
    b'{"task_id": {"a": {}}}',
    b'{"task_id": "\\u0000"}',
    b'{"task_id": "\\ud800"}',
    b'{"\\ud800": "x"}',
    b'{"task_id": "x", "__class__": "y"}',
    b'{"task_id": ' + b"9" * 5000 + b"}",
    json.dumps({"task_id": "x" * 100_000}).encode(),
]


QUESTIONS = [
    "runs/{}",
    "tasks/{}",
    "searches/{}",
    "experiments?connection={}",
    "pulse?connection={}",
    "models/{}",
    "model_comparisons/{}/1",
    "model_comparisons/a/{}",
    "drift/{}",
    "drift_checks/{}",
    "runs_before/{}",
    "runs_since/-/{}",
    "runs_since/{}/0",
    "task_log/weekly/{}/0",
    "log_message/weekly/1/{}",
    "schedule_preview/weekly/{}/UTC",
    "schedule_preview/weekly/*%20*%20*%20*%20*/{}",
    "output_table/weekly/{}",
]


@pytest.fixture
def shown(conn, monkeypatch):
    """Let the server show a database, of each kind, with a run and a task."""
    monkeypatch.setenv("HANALIFE_URL", conn.database.url.render_as_string(hide_password=False))
    sample.record_run(conn, "A", "one")
    sample.record_task(conn, "weekly")
    return conn


@pytest.fixture
def status_of(shown, jp_serverapp, jp_base_url, jp_auth_header, http_server_client):
    """Send a request; give the status, after seeing that a refusal has a reason."""

    async def send(path, method="GET", body=None):
        response = await http_server_client.fetch(
            f"{jp_base_url}hanalife/api/{path}", method=method, body=body, headers=jp_auth_header, raise_error=False
        )
        answer = json.loads(response.body)
        assert response.code == 200 or answer.get("error", {}).get("message") or answer.get("message")
        return response.code

    return send


async def test_no_name_makes_a_question_fail(status_of):
    for name, question in itertools.product([*map(quote_all, NAMES), *RAW], QUESTIONS):
        assert await status_of(question.format(name)) in (200, 400, 404, 414), (name[:80], question)


async def test_no_body_makes_a_control_fail(status_of, shown):
    for control, body in itertools.product(
        ["task.pause", "task.run", "schedule.create", "worker.start", "%00"], BODIES
    ):
        assert await status_of(f"controls/{control}", "POST", body) in (400, 404), (control, body[:80])
    assert shown.sql('SELECT COUNT(*) AS "N" FROM "hl_job"').collect().iat[0, 0] == 1


async def test_no_name_makes_a_control_fail(status_of):
    for name in map(quote_all, NAMES):
        assert await status_of(f"controls/{name}", "POST", b"{}") in (400, 404, 414), name[:80]


async def test_no_body_makes_the_connections_fail(status_of):
    for body in BODIES:
        expected = 200 if body == b"[]" else 400
        assert await status_of("connections", "POST", body) == expected, body[:80]


def quote_all(name):
    return quote(name, safe="")
