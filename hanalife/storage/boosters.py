"""XGBoost's trees within a scikit-learn estimator: as UBJ, the form XGBoost promises to read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xgboost


def load(booster: xgboost.Booster, data: bytes) -> None:
    """Read UBJ bytes into a booster.

    Raises
    ------
    ValueError, xgboost.core.XGBoostError
        The bytes are no model.
    """
    if not data:  # XGBoost would end the process
        raise ValueError("there are no bytes")
    booster.load_model(bytearray(data))


class StoredBooster(xgboost.Booster):  # type: ignore[misc]
    """A booster whose state is UBJ instead of a dump of the library's memory."""

    def __getstate__(self) -> dict[str, Any]:
        """Return the model as bytes."""
        return {"ubj": bytes(self.save_raw("ubj"))}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Read the model; what is no model raises ``XGBoostError``."""
        self.__init__()  # type: ignore[misc]
        load(self, state["ubj"])
