"""What passes between a monitor and its front end beside payloads."""

from __future__ import annotations

from typing import Literal, TypedDict


class MonitorStatus(TypedDict):
    """How a live monitor is doing."""

    word: Literal["starting", "live", "lost", "cancelled"]
    text: str


class Request(TypedDict):
    """A question of the front end."""

    id: str
    method: str
    args: dict[str, str]


class ErrorInfo(TypedDict):
    """Why a question has no answer."""

    code: str
    message: str
    hint: str
