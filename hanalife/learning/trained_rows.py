"""Which rows a model was trained on, and what a score on some of them is evidence of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from hanalife import training_keys
from hanalife.learning.encoding import Encoding
from hanalife.observation import ColumnSpec, MetricSource
from hanalife.training_keys import TrainingKeys

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.learning.fitted import Fitted
    from hanalife.training_keys import Hashes

    Mask = NDArray[np.bool_]

#: The note of a score whose rows may or may not have trained the model.
UNKNOWN_ROWS = "it is unknown which of the {rows:,} rows the model was trained on, so they do not count as test rows"


def keys_of(rows: pd.DataFrame, key: ColumnSpec | None, encoding: Encoding) -> TrainingKeys:
    """Return the keys of training rows; without a key column, hashes of features and label."""
    return TrainingKeys.of(_hashes(rows, key, encoding))


def which(fitted: Fitted, rows: pd.DataFrame) -> Mask | None:
    """Return which rows trained the model, shape ``(n_rows,)``; None: unknown."""
    encoding = fitted.encoding
    needed = (fitted.key.name,) if fitted.key else (*encoding.feature_names, encoding.label.name)
    if fitted.training_keys is None or not {*needed} <= {*rows.columns}:
        return None
    return fitted.training_keys.contains(_hashes(rows, fitted.key, encoding))


def which_of_groups(groups: Mapping[str, Fitted], group_key: str, rows: pd.DataFrame) -> Mask | None:
    """Return which rows trained the model of their group; None: unknown for a group."""
    if group_key not in rows.columns:
        return None
    trained = np.zeros(len(rows), dtype=bool)
    names = rows[group_key].astype(str).to_numpy()
    for name, fitted in groups.items():
        in_group = names == name
        mask = which(fitted, rows[in_group])
        if mask is None:
            return None
        trained[in_group] = mask
    return trained


def source_of(trained: Iterable[Mask | None], rows: int) -> tuple[MetricSource, str]:
    """Return the source of metrics measured on rows, and the note on it.

    What is unknown, and a mixture, rank as training rows: only rows known to be new are evidence.

    Parameters
    ----------
    trained : iterable of array of bool
        For the rows of each model that answered, which of them trained it; None: unknown.
    rows : int
        All of these rows.
    """
    masks = [*trained]
    if any(mask is None for mask in masks):
        return MetricSource.TRAIN, UNKNOWN_ROWS.format(rows=rows)
    count = sum(int(mask.sum()) for mask in masks if mask is not None)
    if not count:
        return MetricSource.TEST, ""
    if count == rows:
        return MetricSource.TRAIN, f"all {rows:,} rows were trained on"
    return MetricSource.TRAIN, f"{count:,} of {rows:,} rows were trained on"


def source_of_fit(metrics: Mapping[str, float | str]) -> MetricSource:
    """Return the source of a fit's metrics: the rows that it held out, else those it was trained on."""
    return MetricSource.VALIDATION if metrics.get("PARTITION") == "validation" else MetricSource.TRAIN


def pack(keys: Mapping[str, TrainingKeys | None]) -> bytes | None:
    """Return the keys of a model's groups as bytes; None if those of a group are unknown."""
    known = {name: each for name, each in keys.items() if each is not None}
    return training_keys.pack(known) if len(known) == len(keys) else None


def unpack(content: bytes | None) -> dict[str, TrainingKeys]:
    """Return the keys by group; none if they are unknown."""
    return {} if content is None else training_keys.unpack(content)


def _hashes(rows: pd.DataFrame, key: ColumnSpec | None, encoding: Encoding) -> Hashes:
    if key is not None:
        return training_keys.hashes_of(rows[key.name])
    values = np.column_stack([encoding.matrix(rows, np.float64), encoding.target(rows[encoding.label.name])])
    values = np.where(values == 0, 0.0, values)  # -0.0 and 0.0 are one number
    values[np.isnan(values)] = np.nan  # and so are all that are none
    return training_keys.hashes_of_bytes(row.tobytes() for row in np.ascontiguousarray(values))
