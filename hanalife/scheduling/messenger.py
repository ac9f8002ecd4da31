"""Sends the notices that wait in the database, in a thread, so that no job waits for a mail server."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hanalife.database import notices, tasks
from hanalife.database.engine import Database
from hanalife.errors import Error, TaskNotFoundError
from hanalife.records import Notice
from hanalife.scheduling import notification

MAX_ATTEMPTS = 5
_FIRST_WAIT = timedelta(seconds=30)


class Messenger:
    """Takes the notices that are due, sends them and notes what became of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hanalife-notices")
        self._sending: dict[int, tuple[Notice, Future[None]]] = {}

    def send_due(self, now: datetime) -> None:
        """Begin to send what is due."""
        with self._database.read() as connection:
            found = notices.due(connection, now)
        for notice in found:
            # Taken for long enough that no other worker sends it at the same time.
            again = now + _FIRST_WAIT * 2**notice.attempt
            with self._database.write() as connection:
                taken = notices.take(connection, notice, again)
                job = tasks.job(connection, notice.job_id)
                recipients = self._recipients(connection, notice.task_id)
                if taken and recipients is None:
                    notices.settle(connection, notice.notice_id, notices.GIVEN_UP)
            if taken and recipients is not None:
                sent = self._thread.submit(notification.send, notice, job, recipients)
                self._sending[notice.notice_id] = (notice, sent)

    def note_sent(self, now: datetime) -> None:
        """Note what was sent since the last call, and what could not be."""
        for notice_id, (notice, sent) in list(self._sending.items()):
            if not sent.done():
                continue
            with self._database.write() as connection:
                error = sent.exception()
                if error is None:
                    notices.settle(connection, notice_id, notices.SENT)
                    said = f"Notice of {notice.event} sent."
                else:
                    last = notice.attempt + 1 >= MAX_ATTEMPTS
                    if last:
                        notices.settle(connection, notice_id, notices.GIVEN_UP)
                    then = "Given up." if last else "It is tried again."
                    said = f"Notice of {notice.event} not sent: {error}. {then}"
                tasks.append_log(connection, notice.task_id, [("NOTICE", now, said)], notice.job_id)
            del self._sending[notice_id]
            if error is not None and not isinstance(error, Error):
                raise error

    def close(self) -> None:
        """Wait for what is being sent."""
        self._thread.shutdown()

    @staticmethod
    def _recipients(connection: sa.Connection, task_id: str) -> Mapping[str, Any] | None:
        try:
            return tasks.task(connection, task_id).notifications
        except TaskNotFoundError:
            return None
