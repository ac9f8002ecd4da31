"""XGBoost's trees as UBJ, the form XGBoost promises to read again; within a scikit-learn estimator too."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import xgboost


def dump(booster: xgboost.Booster) -> bytearray:
    """Return a booster as UBJ."""
    with _one_thread():
        data: bytearray = booster.save_raw("ubj")
    return data


def load(booster: xgboost.Booster, data: bytearray) -> None:
    """Read UBJ bytes into a booster.

    Raises
    ------
    ValueError, xgboost.core.XGBoostError
        The bytes are no model.
    """
    if not data:  # XGBoost would end the process
        raise ValueError("there are no bytes")
    with _one_thread():
        booster.load_model(data)


def _one_thread() -> AbstractContextManager[Any]:
    """Keep XGBoost from waking its other threads: waiting for them costs more than such a copy does."""
    limit: AbstractContextManager[Any] = _thread_pools().limit(limits=1, user_api="openmp")
    return limit


@functools.cache  # to look for the libraries takes longer than to save a model
def _thread_pools() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class StoredBooster(xgboost.Booster):  # type: ignore[misc]
    """A booster that can be made of UBJ instead of a dump of the library's memory."""

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Read the model; what is no model raises ``XGBoostError``."""
        if "ubj" not in state:  # a copy of one that is alive
            super().__setstate__(state)
            return
        self.__init__()  # type: ignore[misc]
        load(self, bytearray(state["ubj"]))
