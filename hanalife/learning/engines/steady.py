"""Work that gives the same bits everywhere, and does not warn: linear algebra on one thread.

Threads of linear algebra and filters of warnings belong to the whole process, and folds train side
by side: whoever comes first sets both, whoever leaves last sets them back.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_lock = threading.Lock()
_inside = 0
_settings = ExitStack()


@contextmanager
def steady() -> Iterator[None]:
    """Keep linear algebra on one thread, and scikit-learn from warning that it did not converge.

    An engine says so itself in the log, with the parameter that helps.
    """
    global _inside  # noqa: PLW0603 - the settings are the process's too
    with _lock:
        if not _inside:
            _set()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _settings.close()


def _set() -> None:
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    _settings.enter_context(threadpool_limits(1))
    _settings.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore", ConvergenceWarning)
