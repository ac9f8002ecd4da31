"""Notices of failure and recovery: their text, and how they are sent.

Whom to tell is part of the task. Where the secrets are that sending needs, the address of a
webhook or of a mail server with its password, is named there as environment variables of the
worker; the secrets themselves are nowhere in the store.
"""

from __future__ import annotations

import json
import os
import smtplib
import urllib.request
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from hanalife.clock import format_utc
from hanalife.errors import Error
from hanalife.records import Job, Notice

TIMEOUT_SECONDS = 10


def payload(notice: Notice, job: Job) -> dict[str, Any]:
    """Return a notice as JSON values; ``text`` is what chat programs show."""
    return {
        "event": notice.event,
        "task_id": notice.task_id,
        "job_id": job.job_id,
        "status": job.status.value,
        "message": job.message,
        "due": format_utc(job.due),
        "ended_at": None if job.ended_at is None else format_utc(job.ended_at),
        "text": text(notice, job),
    }


def text(notice: Notice, job: Job) -> str:
    """Return a notice in one sentence."""
    if notice.event == "recovery":
        return f"hanalife: task {notice.task_id} has recovered, job {job.job_id} succeeded."
    reason = f": {job.message}" if job.message else "."
    return f"hanalife: task {notice.task_id} fails, job {job.job_id} is {job.status}{reason}"


def send(notice: Notice, job: Job, recipients: Mapping[str, Any]) -> None:
    """Send a notice to all recipients of a task.

    Raises
    ------
    Error
        It could not be sent; the message holds no secret.
    """
    try:
        if recipients.get("webhook_variable"):
            _post(_secret(recipients["webhook_variable"]), payload(notice, job))
        if recipients.get("smtp_variable"):
            _mail(_secret(recipients["smtp_variable"]), recipients, notice, job)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        # What a library says may repeat the address it was given, and that is a secret.
        raise Error(f"{notice.event} notice of job {job.job_id}: {type(error).__name__}{_code(error)}") from None


def _secret(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise Error(f"environment variable {variable} is not set where the worker runs; set it and restart the worker")
    return value


def _code(error: Exception) -> str:
    code = getattr(error, "code", None) or getattr(error, "smtp_code", None) or getattr(error, "errno", None)
    return f" {code}" if code else ""


def _post(address: str, values: Mapping[str, Any]) -> None:
    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError("not an http address")
    data = json.dumps(values, allow_nan=False).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        address, data, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        answer.read()


def _mail(address: str, recipients: Mapping[str, Any], notice: Notice, job: Job) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("not an smtp:// address")
    mail = EmailMessage()
    mail["Subject"] = f"hanalife: {notice.task_id} {'fails' if notice.event == 'failure' else 'has recovered'}"
    mail["From"] = recipients["mail_from"]
    mail["To"] = ", ".join(recipients["mail_to"])
    mail.set_content("\n".join(f"{name}: {value}" for name, value in payload(notice, job).items()))
    connect = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with connect(parts.hostname, parts.port or 0, timeout=TIMEOUT_SECONDS) as server:
        if parts.username:
            if parts.scheme == "smtp":
                server.starttls()
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(mail)
