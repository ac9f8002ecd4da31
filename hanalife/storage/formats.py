"""Estimators as bytes, in formats that hold data and no code."""

from __future__ import annotations

from typing import Any

from hanalife.errors import CorruptModelError, ModelStorageError

UBJ = "xgboost-ubj"


def encode(estimator: Any) -> tuple[str, bytes]:
    """Return the format and the bytes of an estimator.

    Raises
    ------
    ModelStorageError
        There is no safe format for its type.
    """
    import xgboost

    if isinstance(estimator, xgboost.Booster):
        return UBJ, bytes(estimator.save_raw("ubj"))
    kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
    raise ModelStorageError(f"model: {kind} has no safe format; an xgboost.Booster is supported.")


def decode(name: str, data: bytes) -> Any:
    """Return the estimator of a format and its bytes; nothing from the bytes is executed.

    Raises
    ------
    CorruptModelError
        The bytes are not of that format.
    ModelStorageError
        The format is unknown to this hanalife.
    """
    import xgboost

    if name != UBJ:
        raise ModelStorageError(f"format: {name!r} is unknown; upgrade hanalife or save the model again.")
    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(data))
    except xgboost.core.XGBoostError as error:
        raise CorruptModelError(f"Stored bytes are not an XGBoost model (UBJ): {error}") from error
    return booster
