"""Estimators as bytes, in formats that hold data and no code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hanalife.errors import CorruptModelError, ModelStorageError
from hanalife.storage import schema, skops_format

UBJ = "xgboost-ubj"
SKOPS = "skops"


def encode(estimator: Any) -> tuple[str, bytes]:
    """Return the format and the bytes of an estimator; equal estimators have equal bytes.

    Parameters
    ----------
    estimator : object
        An ``xgboost.Booster``; an estimator of scikit-learn or of XGBoost's interface for it,
        fitted or not; or a dict, list or tuple of these, of NumPy arrays and of plain values.

    Raises
    ------
    ModelStorageError
        It holds something for which there is no safe format, such as a function of the user.
    """
    import xgboost

    if isinstance(estimator, xgboost.Booster):
        return UBJ, bytes(estimator.save_raw("ubj"))
    try:
        return SKOPS, skops_format.dump(estimator)
    except schema.RefusedError as error:
        kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
        raise ModelStorageError(
            f"model: {kind} cannot be kept, because of {error}. Safe are XGBoost, and scikit-learn's own "
            "estimators over NumPy arrays, text and numbers, without functions or classes of yours."
        ) from error


def decode(name: str, data: bytes) -> Any:
    """Return the estimator of a format and its bytes; nothing from the bytes is executed.

    Raises
    ------
    CorruptModelError
        The bytes are not of that format, or name something that is not allowed.
    ModelStorageError
        The format is unknown to this hanalife.
    """
    if name not in _READERS:
        raise ModelStorageError(f"format: {name!r} is unknown; upgrade hanalife or save the model again.")
    expected, read = _READERS[name]
    try:
        return read(data)
    except schema.RefusedError as error:
        raise CorruptModelError(f"Stored bytes are refused: expected {expected}, found {error}.") from error
    except Exception as error:  # whatever a library says to bytes that are not its own
        raise CorruptModelError(f"Stored bytes are damaged: expected {expected}; {error}") from error


def _read_ubj(data: bytes) -> Any:
    import xgboost

    from hanalife.storage import boosters

    booster = xgboost.Booster()
    boosters.load(booster, data)
    return booster


_READERS: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    UBJ: ("an XGBoost model (UBJ)", _read_ubj),
    SKOPS: ("scikit-learn's estimators (skops) of allowed types", skops_format.load),
}
