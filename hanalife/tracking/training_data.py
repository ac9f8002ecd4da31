"""The data that an estimator was fitted to: size, columns, content hash."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from typing import Any

from hanalife.observation import ColumnSpec, DatasetFacts

#: What a recorded data set calls the hash of the rows' weights: NULL if there were none, empty if they have no hash.
WEIGHTS_HASH = "SAMPLE_WEIGHT_HASH"

_BATCH_ROWS = 50_000


class DataReading:
    """Reads the data in a thread while the estimator fits; hashing lets other threads run.

    The hash is a SHA-256 over all rows, type aware and in their order, which many estimators depend
    on. What is no table of numbers and texts is hashed by its bytes, and what has none is not
    hashed. Weights of the rows have a hash of their own.
    """

    def __init__(self, rows: Any, labels: Any, weights: Any = None) -> None:
        self._rows = rows
        self._labels = labels
        self._weights = weights
        self._weights_hash: str | None = None
        self._facts: DatasetFacts | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._read, name="hanalife-data", daemon=True)
        if not hasattr(rows, "num_data"):  # a data set of LightGBM knows nothing before it was used
            self._thread.start()

    def wait(self) -> None:
        """Wait until everything is read, before somebody changes it."""
        if self._thread.ident is not None:
            self._thread.join()

    def facts(self) -> DatasetFacts:
        """Return what was found; raises what reading raised."""
        if self._thread.ident is None:
            self._thread.start()
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._facts is not None
        return self._facts

    def weights_hash(self) -> str | None:
        """Return the content hash of the weights, or None if there are none; see :meth:`facts`."""
        self.facts()
        return self._weights_hash

    def _read(self) -> None:
        try:
            self._facts = read(self._rows, self._labels)
            self._weights_hash = None if self._weights is None else content_hash(self._weights)
        except Exception as error:  # noqa: BLE001 - raised where the facts are asked for
            self._error = error


def read(rows: Any, labels: Any) -> DatasetFacts:
    """Return size, columns and content hash of features of shape ``(n_rows, n_columns)`` and labels."""
    if hasattr(rows, "num_row"):  # a matrix of XGBoost keeps its content to itself
        columns = tuple(ColumnSpec(name, "") for name in rows.feature_names or map(str, range(rows.num_col())))
        return DatasetFacts(int(rows.num_row()), columns, "", "")
    if hasattr(rows, "num_data"):  # and so does a data set of LightGBM
        columns = tuple(ColumnSpec(name, "") for name in rows.get_feature_name())
        return DatasetFacts(int(rows.num_data()), columns, "", "")
    parts = [part for part in (rows, labels) if part is not None]
    columns = tuple(spec for place, part in enumerate(parts) for spec in _columns(part, "y" if place else ""))
    return DatasetFacts(_height(rows), columns, "", content_hash(*parts))


def _height(rows: Any) -> int:
    shape = getattr(rows, "shape", None)
    return int(shape[0]) if shape else len(rows)


def _columns(part: Any, name: str) -> Iterator[ColumnSpec]:
    if hasattr(part, "dtypes") and hasattr(part, "columns"):
        yield from (ColumnSpec(str(column), str(kind)) for column, kind in part.dtypes.items())
        return
    shape: tuple[int, ...] = getattr(part, "shape", (0,))
    width = shape[1] if len(shape) > 1 else 1
    kind = str(getattr(part, "dtype", ""))
    label = str(getattr(part, "name", None) or name)
    yield from (ColumnSpec(label if label and width == 1 else f"{label}{place}", kind) for place in range(width))


def content_hash(*parts: Any) -> str:
    """Return one SHA-256 over features and labels, or over weights; empty if there is none."""
    total = hashlib.sha256()
    for part in parts:
        digest = _sparse(part) if hasattr(part, "tocsr") else _dense(part)
        if digest is None:
            return ""
        total.update(digest.encode())
    return total.hexdigest()


def _sparse(part: Any) -> str:
    rows = part.tocsr()
    total = hashlib.sha256(f"csr {rows.shape} {rows.dtype} {rows.indices.dtype}".encode())
    for array in (rows.data, rows.indices, rows.indptr):
        total.update(array.tobytes())
    return total.hexdigest()


def _dense(part: Any) -> str | None:
    import numpy as np

    if hasattr(part, "to_frame"):
        part = part.to_frame(name=str(part.name) if part.name is not None else "y")
    if hasattr(part, "columns"):
        return _table(part)
    array = np.asarray(part)
    if array.dtype.hasobject:
        total = hashlib.sha256(f"object {array.shape}".encode())
        for value in array.flat:
            if not isinstance(value, (str, bytes, int, float, type(None))):
                return None  # the text of any other object may differ from process to process
            total.update(f"{type(value).__name__}:{value!r}\0".encode("utf-8", "surrogatepass"))
        return total.hexdigest()
    total = hashlib.sha256(f"{array.dtype.str} {array.shape}".encode())
    total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()


def _table(frame: Any) -> str:
    import pyarrow as pa

    from hanalife.dataframe.transfer.ordered_hashing import OrderedHash

    content = OrderedHash()
    table = pa.Table.from_pandas(frame.rename(columns=str), preserve_index=False)
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        content.add(batch)
    return content.hexdigest()
