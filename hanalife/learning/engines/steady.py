"""Work that gives the same bits everywhere, and does not warn: linear algebra on one thread.

Threads of linear algebra and filters of warnings belong to the whole process, and folds train side
by side: whoever comes first has both set, whoever leaves last has them set back.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

_PARALLEL = "sklearn.utils.parallel.delayed"

_lock = threading.Lock()
_inside = 0
_settings = ExitStack()


@contextmanager
def steady() -> Iterator[None]:
    """Keep linear algebra on one thread, and scikit-learn from warning that it did not converge.

    An engine says so itself in the log, with the parameter that helps. Everything of scikit-learn
    that runs side by side belongs inside.
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
    # Only the thread that set the number of threads can set it back, so it is one for this alone.
    with ExitStack() as stack:
        keeper = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="hanalife-steady"))
        inner = keeper.submit(_entered).result()
        stack.callback(lambda: keeper.submit(inner.close).result())
        _settings.push(stack.pop_all())


def _entered() -> ExitStack:
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    inner = ExitStack()
    inner.enter_context(threadpool_limits(1, user_api="blas"))
    inner.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("ignore", f".*{_PARALLEL}", UserWarning)
    warnings.simplefilter("ignore", ConvergenceWarning)
    _show_others_than(ConvergenceWarning)
    return inner


def _show_others_than(category: type[Warning]) -> None:
    """Keep these warnings back even where filters are gone for a moment.

    scikit-learn sets the filters anew for each of its parallel parts; side by side they find them
    empty, and warn of that. What the filters were before all of it comes back in the end.
    """
    show = warnings.showwarning

    def shown(message: Any, kind: Any, *where: Any) -> None:
        if not issubclass(kind, category) and _PARALLEL not in str(message):
            show(message, kind, *where)

    vars(warnings)["showwarning"] = shown
