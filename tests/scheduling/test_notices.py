"""Notices: one of each incident and of its end, to a webhook and by mail, with no secret in the store."""

from __future__ import annotations

import json
import socketserver
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import sqlalchemy as sa

from hanalife.database import dialects, leases, tables, tasks
from hanalife.records import JobStatus
from hanalife.scheduling.runner import Runner
from tests.scheduling.engine import LAUNCHER, add_task, log, queue, work


@pytest.fixture
def webhook(monkeypatch):
    """Give what was posted to the address that the variable HOOK holds; it answers with `status`."""
    posted = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.status, server.posted = 200, posted
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{server.server_port}/secret-token")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class MailServer(socketserver.StreamRequestHandler):
    """Just enough of SMTP to take a mail."""

    def handle(self):
        say = lambda text: self.wfile.write(text + b"\r\n")  # noqa: E731
        say(b"220 ready")
        body = None
        for line in self.rfile:
            word = line.strip()
            if body is not None:
                if word == b".":
                    self.server.mails.append(b"".join(body).decode())
                    body = None
                    say(b"250 taken")
                else:
                    body.append(line)
            elif word.upper().startswith(b"DATA"):
                body = []
                say(b"354 go on")
            elif word.upper().startswith(b"QUIT"):
                say(b"221 bye")
                return
            else:
                say(b"250 good")


def add_watched(database, **recipients):
    add_task(database, fail="no rows")
    with database.write() as connection:
        notifications = {"webhook_variable": None, "smtp_variable": None, "mail_to": [], "mail_from": ""}
        tasks.update_task(connection, "T", notifications=notifications | recipients)


def end(database, status):
    """End a job of the task with a status."""
    with database.write() as connection:
        now = dialects.now(connection)
        leases.queue(connection, "T", now, now)
        lease = leases.claim(connection, tasks.jobs(connection)[0], "w", now, now + timedelta(minutes=1))
        if status is JobStatus.SUCCEEDED:
            leases.succeed(connection, lease, now)
        else:
            leases.end(connection, lease, status, now, "no rows")


def said(database):
    return [entry.message for entry in log(database) if entry.event_key == "NOTICE"]


def settled(database, count):
    with database.read() as connection:
        rows = connection.execute(sa.select(tables.notice.c.status)).scalars().all()
    return len(rows) == count and "WAITING" not in rows


def test_an_incident_is_told_of_once_and_so_is_its_end(database, runner, webhook):
    add_watched(database, webhook_variable="HOOK")
    for status in (JobStatus.FAILED, JobStatus.TIMED_OUT, JobStatus.CANCELLED, JobStatus.ABANDONED):
        end(database, status)
    work(runner, lambda: settled(database, 1))
    for _ in range(2):
        end(database, JobStatus.SUCCEEDED)
    work(runner, lambda: settled(database, 2))
    end(database, JobStatus.FAILED)
    work(runner, lambda: settled(database, 3))
    assert [(one["event"], one["job_id"], one["status"]) for one in webhook.posted] == [
        ("failure", 1, "FAILED"),
        ("recovery", 5, "SUCCEEDED"),
        ("failure", 7, "FAILED"),
    ]
    assert webhook.posted[0]["text"] == "hanalife: task T fails, job 1 is FAILED: no rows"


def test_two_workers_send_a_notice_once(database, webhook):
    add_watched(database, webhook_variable="HOOK")
    runners = [Runner(database, LAUNCHER), Runner(database, LAUNCHER)]
    for runner in runners:
        runner.start()
    end(database, JobStatus.FAILED)

    def step():
        for runner in runners:
            runner.step()

    work(runners[0], lambda: step() or settled(database, 1))
    for runner in runners:
        runner.stop()
    assert len(webhook.posted) == 1


def test_a_real_failure_is_told_of(database, runner, webhook):
    add_watched(database, webhook_variable="HOOK")
    queue(database)
    work(runner, lambda: settled(database, 1))
    assert webhook.posted[0]["message"] == "RuntimeError: no rows"


def test_what_could_not_be_sent_is_tried_again_and_then_given_up(database, webhook):
    webhook.status = 500
    add_watched(database, webhook_variable="HOOK")
    shift = timedelta(0)
    runner = Runner(database, LAUNCHER, now=lambda connection: dialects.now(connection) + shift)
    runner.start()
    end(database, JobStatus.FAILED)
    for attempt in range(1, 6):
        work(runner, lambda attempt=attempt: len(said_of_job(database)) == attempt)
        shift += timedelta(hours=1)
    runner.step()
    runner.stop()
    assert len(webhook.posted) == 5
    assert settled(database, 1)
    assert said_of_job(database)[-1].endswith("HTTPError 500. Given up.")
    assert "secret-token" not in str(everything(database))


def said_of_job(database):
    return [entry.message for entry in log(database) if entry.event_key == "NOTICE"]


def everything(database):
    with database.read() as connection:
        return [connection.execute(sa.select(table)).all() for table in tables.metadata.sorted_tables]


def test_a_variable_that_is_not_set_is_named(database, runner):
    add_watched(database, webhook_variable="NOT_SET_ANYWHERE")
    end(database, JobStatus.FAILED)
    work(runner, lambda: said(database))
    assert "environment variable NOT_SET_ANYWHERE is not set" in said(database)[0]


def test_a_mail_is_sent(database, runner, monkeypatch):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer) as server:
        server.mails = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("MAILER", f"smtp://127.0.0.1:{server.server_address[1]}")
        add_watched(database, smtp_variable="MAILER", mail_to=["me@example.org"], mail_from="hl@example.org")
        end(database, JobStatus.FAILED)
        work(runner, lambda: settled(database, 1))
        server.shutdown()
        thread.join()
    assert "Subject: hanalife: T fails" in server.mails[0]
    assert "To: me@example.org" in server.mails[0]
    assert "message: no rows" in server.mails[0]
