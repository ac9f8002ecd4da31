"""XGBoost's trees within a scikit-learn estimator: as UBJ, the form XGBoost promises to read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xgboost


def load(booster: xgboost.Booster, data: bytearray) -> None:
    """Read UBJ bytes into a booster.

    Raises
    ------
    ValueError, xgboost.core.XGBoostError
        The bytes are no model.
    """
    if not data:  # XGBoost would end the process
        raise ValueError("there are no bytes")
    booster.load_model(data)


class StoredBooster(xgboost.Booster):  # type: ignore[misc]
    """A booster that can be made of UBJ instead of a dump of the library's memory."""

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Read the model; what is no model raises ``XGBoostError``."""
        if "ubj" not in state:  # a copy of one that is alive
            super().__setstate__(state)
            return
        self.__init__()  # type: ignore[misc]
        load(self, bytearray(state["ubj"]))
