"""Where a run comes from: code, environment, machine. Gathered seldom, and off the caller's path.

Nothing here may hold up or fail a run: git has a time limit, and what cannot be found out is
left out. No environment variable, URL or user's secret is recorded.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hanalife.database.shared_records import address
from hanalife.tracking.batches import Shared
from hanalife.tracking.events import to_json

MOST_DIFF_CHARACTERS: Final = 200_000
MOST_CELL_CHARACTERS: Final = 100_000

_GIT_SECONDS = 2.0
_FRESH_SECONDS = 10.0  # code changes while a notebook is worked on


def prepare() -> None:
    """Begin to gather what takes a moment the first time; return at once."""
    global _preparing  # noqa: PLW0603 - once in a process
    if _preparing is None:
        _preparing = threading.Thread(target=_prepare, name="hanalife-provenance", daemon=True)
        _preparing.start()


def _prepare() -> None:
    environment()
    code()


def environment() -> Shared:
    """Return Python, packages and machine."""
    return _environment()


def code() -> Shared:
    """Return the state of the git repository in the working directory, and the entry script."""
    return _code()


def cells() -> Shared | None:
    """Return the cells that the notebook has executed so far, in order; None outside a notebook.

    Of more than 100,000 characters the latest are kept.
    """
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    history = getattr(getattr(shell, "history_manager", None), "input_hist_raw", None)
    if not history:
        return None
    kept: list[dict[str, Any]] = []
    room = MOST_CELL_CHARACTERS
    for number in range(len(history) - 1, 0, -1):  # 0 is not a cell
        room -= len(history[number])
        if room < 0:
            break
        if history[number].strip():
            kept.append({"NUMBER": number, "SOURCE": history[number]})
    if not kept:
        return None
    return _shared("cells", {"CELLS": kept[::-1], "LEFT_OUT": max(0, number if room < 0 else 0)})


class _Remembered:
    """A fact that is found out once, or again when it is older than some seconds."""

    def __init__(self, find: Callable[[], Shared], fresh_seconds: float) -> None:
        self._find = find
        self._fresh_seconds = fresh_seconds
        self._lock = threading.Lock()
        self._known: Shared | None = None
        self._found_at = 0.0

    def __call__(self) -> Shared:
        with self._lock:
            now = time.monotonic()
            if self._known is None or now - self._found_at > self._fresh_seconds:
                self._known, self._found_at = self._find(), now
            return self._known


def _find_environment() -> Shared:
    content = {
        "PYTHON": platform.python_version(),
        "IMPLEMENTATION": platform.python_implementation(),
        "PLATFORM": platform.platform(),
        "MACHINE": {
            "ARCHITECTURE": platform.machine(),
            "CPUS": os.cpu_count(),
            "MEMORY_BYTES": _memory_bytes(),
        },
        "PACKAGES": _packages(),
    }
    return _shared("environment", content)


def _packages() -> list[str]:
    """Return the installed packages as a lock: ``name==version``, sorted."""
    found = {f"{dist.name.lower()}=={dist.version}" for dist in importlib.metadata.distributions() if dist.name}
    return sorted(found)


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None  # not on this system


def _find_code() -> Shared:
    return _shared("code", {"GIT": _git(), "SCRIPT": _script()})


def _git() -> dict[str, Any]:
    head = _ask_git("rev-parse", "HEAD", "--abbrev-ref", "HEAD")
    if head is None:
        return {}
    commit, _, branch = head.strip().partition("\n")
    diff = _ask_git("diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv")
    found: dict[str, Any] = {"COMMIT": commit, "BRANCH": branch}
    if diff:
        found["DIFF_SHA256"] = hashlib.sha256(diff.encode("utf-8", "surrogateescape")).hexdigest()
        found["DIFF"] = diff[:MOST_DIFF_CHARACTERS]
        found["DIFF_LEFT_OUT"] = max(0, len(diff) - MOST_DIFF_CHARACTERS)
    return found


def _ask_git(*words: str) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", *words],  # noqa: S607 - the user's own git
            capture_output=True,
            timeout=_GIT_SECONDS,
            env=os.environ | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None  # no git, no repository, no commit yet, or too slow
    return answer.stdout.decode("utf-8", "surrogateescape")


def _script() -> dict[str, Any]:
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    if not path:
        return {}
    try:
        return {"PATH": str(path), "SHA256": hashlib.sha256(Path(path).read_bytes()).hexdigest()}
    except OSError:
        return {"PATH": str(path)}


def _shared(kind: str, content: object) -> Shared:
    text = to_json(content)
    return Shared(kind, text, address(kind, text))


_preparing: threading.Thread | None = None
_environment = _Remembered(_find_environment, float("inf"))
_code = _Remembered(_find_code, _FRESH_SECONDS)
