"""Watching calls of other libraries: functions are replaced at class or module level, and put back."""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

#: What these packages call is a part of what the user called.
_INNER_CALLERS = ("sklearn", "joblib", "xgboost", "lightgbm", "hanalife")

#: Methods that do no more than fit and then something else.
_FORWARDING = ("fit_predict", "fit_transform")

_depth = threading.local()


class Watcher(Protocol):
    """Whoever is told of the outermost calls."""

    def watch(self, original: Callable[..., Any], subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the original and return what it returns."""
        ...


class Patches:
    """Replaced functions, which can be put back."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._undo: list[Callable[[], None]] = []

    def watch_estimators(self, base: Any) -> None:
        """Watch ``fit`` of all classes below a base class, those of later imports too."""
        for cls in _below(base):
            self._watch_fit(cls)
        before = base.__dict__.get("__init_subclass__")

        def notice(cls: Any, /, **kwargs: Any) -> None:
            super(base, cls).__init_subclass__(**kwargs)
            self._watch_fit(cls)

        hook: Any = classmethod(notice)
        base.__init_subclass__ = hook
        self._undo.append(lambda: _put_back(base, "__init_subclass__", before))

    def watch_function(self, module: Any, name: str) -> None:
        """Watch a function of a module; the subject of its calls is the function itself."""
        original = getattr(module, name)

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if not _is_outermost(sys._getframe(1)):  # noqa: SLF001
                return original(*args, **kwargs)
            with _deeper():
                return self._watcher.watch(original, original, args, kwargs)

        setattr(module, name, watched)
        self._undo.append(lambda: setattr(module, name, original))

    def undo(self) -> None:
        """Put everything back."""
        while self._undo:
            self._undo.pop()()

    def _watch_fit(self, cls: type) -> None:
        original = cls.__dict__.get("fit")
        if not inspect.isfunction(original) or getattr(original, "_hanalife_watched", False):
            return

        @functools.wraps(original)
        def watched(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            if not hasattr(estimator, "predict") or not _is_outermost(sys._getframe(1)):  # noqa: SLF001
                return original(estimator, *args, **kwargs)
            with _deeper():
                bound = functools.partial(original, estimator)
                return self._watcher.watch(bound, estimator, args, kwargs)

        watched._hanalife_watched = True  # type: ignore[attr-defined]  # noqa: SLF001
        cls.fit = watched  # type: ignore[attr-defined]
        self._undo.append(lambda: _put_back(cls, "fit", original))


def arguments(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call by name; those that do not fit the signature are left out."""
    try:
        return dict(inspect.signature(function).bind_partial(*args, **kwargs).arguments)
    except (TypeError, ValueError):
        return dict(kwargs)


def _below(base: type) -> Iterator[type]:
    cls: type
    for cls in base.__subclasses__():
        yield cls
        yield from _below(cls)


def _put_back(owner: type, name: str, before: Any) -> None:
    if before is None:
        delattr(owner, name)
    else:
        setattr(owner, name, before)


@contextmanager
def _deeper() -> Iterator[None]:
    _depth.value = getattr(_depth, "value", 0) + 1
    try:
        yield
    finally:
        _depth.value -= 1


def _is_outermost(caller: Any) -> bool:
    """Say whether the user made a call: not within another, and not from a library's own thread."""
    if getattr(_depth, "value", 0):
        return False
    while caller.f_code.co_name in _FORWARDING and caller.f_back is not None:
        caller = caller.f_back
    return str(caller.f_globals.get("__name__", "")).partition(".")[0] not in _INNER_CALLERS
