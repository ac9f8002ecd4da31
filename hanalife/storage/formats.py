"""Estimators as bytes, in formats that hold data and no code."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from hanalife.errors import CorruptModelError, ModelStorageError
from hanalife.storage import schema, skops_format

UBJ = "xgboost-ubj"
SKOPS = "skops"


def write(estimator: Any, file: BinaryIO) -> str:
    """Write an estimator to an empty file and return the format; equal estimators give equal bytes.

    Parameters
    ----------
    estimator : object
        An ``xgboost.Booster``; an estimator of scikit-learn or of XGBoost's interface for it,
        fitted or not; or a dict, list or tuple of these, of NumPy arrays and of plain values.
    file : binary file
        Open for writing, reading and seeking.

    Raises
    ------
    ModelStorageError
        It holds something for which there is no safe format, such as a function of the user.
    """
    import xgboost

    from hanalife.storage import boosters

    if isinstance(estimator, xgboost.Booster):
        file.write(boosters.dump(estimator))
        return UBJ
    try:
        skops_format.dump(estimator, file)
    except schema.RefusedError as error:
        kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
        raise ModelStorageError(
            f"model: {kind} cannot be kept, because of {error}. Safe are XGBoost, and scikit-learn's own "
            "estimators over NumPy arrays, text and numbers, without functions or classes of yours."
        ) from error
    return SKOPS


def read(name: str, file: BinaryIO) -> Any:
    """Return the estimator in a file of a format; nothing from the file is executed.

    Raises
    ------
    CorruptModelError
        The file is not of that format, or names something that is not allowed.
    ModelStorageError
        The format is unknown to this hanalife.
    """
    if name not in _READERS:
        raise ModelStorageError(f"format: {name!r} is unknown; upgrade hanalife or save the model again.")
    expected, reader = _READERS[name]
    try:
        return reader(file)
    except schema.RefusedError as error:
        raise CorruptModelError(f"Stored bytes are refused: expected {expected}, found {error}.") from error
    except Exception as error:  # whatever a library says to bytes that are not its own
        raise CorruptModelError(f"Stored bytes are damaged: expected {expected}; {error}") from error


def encode(estimator: Any) -> tuple[str, bytes]:
    """Return the format and the bytes of an estimator; see :func:`write`."""
    file = io.BytesIO()
    return write(estimator, file), file.getvalue()


def decode(name: str, data: bytes) -> Any:
    """Return the estimator of a format and its bytes; see :func:`read`."""
    return read(name, io.BytesIO(data))


def scratch() -> BinaryIO:
    """Return an empty file for an estimator's bytes, which is gone when closed; the big ones do not fill memory."""
    return cast("BinaryIO", tempfile.TemporaryFile())


def _read_ubj(file: BinaryIO) -> Any:
    import xgboost

    from hanalife.storage import boosters

    data = bytearray(file.seek(0, io.SEEK_END))
    file.seek(0)
    file.readinto(data)  # type: ignore[attr-defined]
    booster = xgboost.Booster()
    boosters.load(booster, data)
    return booster


_READERS: dict[str, tuple[str, Callable[[BinaryIO], Any]]] = {
    UBJ: ("an XGBoost model (UBJ)", _read_ubj),
    SKOPS: ("scikit-learn's estimators (skops) of allowed types", skops_format.load),
}
