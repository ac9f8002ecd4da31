"""What belongs to the whole process is set back by the last of those who set it."""

from __future__ import annotations

import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info

from hanalife.learning.engines.steady import steady


def blas_threads():
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def warn():
    warnings.warn("not converged", ConvergenceWarning, stacklevel=2)


@pytest.mark.parametrize("first_to_leave", ["other", "this"])
def test_two_overlap(first_to_leave):
    before = blas_threads()
    entered, leave = threading.Event(), threading.Event()
    seen = []

    def work():
        with steady():
            entered.set()
            leave.wait(10)
            seen.append(blas_threads())

    other = threading.Thread(target=work)
    other.start()
    entered.wait(10)
    with steady():
        if first_to_leave == "other":
            leave.set()
            other.join(10)
        assert blas_threads() == {1}
        warn()
    leave.set()
    other.join(10)
    assert seen == [{1}]
    assert blas_threads() == before
    with pytest.warns(ConvergenceWarning):
        warn()


def test_filters_survive_parallel_work():
    # scikit-learn sets the filters anew for each part of its parallel work, such as a transformer's.
    columns = np.random.default_rng(0).normal(size=(20, 2))
    before, interval = list(warnings.filters), sys.getswitchinterval()

    def work(_):
        with steady():
            for _ in range(5):
                ColumnTransformer([(str(place), StandardScaler(), [place]) for place in (0, 1)]).fit_transform(columns)

    sys.setswitchinterval(1e-6)
    try:
        with warnings.catch_warnings(record=True) as said, ThreadPoolExecutor(4) as pool:
            warnings.simplefilter("always")
            list(pool.map(work, range(40)))
    finally:
        sys.setswitchinterval(interval)
    assert said == []
    assert list(warnings.filters) == before


def test_other_warnings_are_shown():
    with pytest.warns(UserWarning, match="anything"), steady():
        warnings.warn("anything", UserWarning, stacklevel=1)


def test_an_error_sets_everything_back():
    before = blas_threads()
    with pytest.raises(ValueError, match="anything"), steady():
        raise ValueError("anything")
    assert blas_threads() == before
    with pytest.warns(ConvergenceWarning):
        warn()
