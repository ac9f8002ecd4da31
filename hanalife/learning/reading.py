"""Rows from a frame, and predictions for them batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hanalife.dataframe.frame import DataFrame
from hanalife.dataframe.transfer.hashing import ContentHash
from hanalife.dataframe.transfer.pandas import gather
from hanalife.errors import InvalidArgumentError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

NO_ROWS = "data: the frame has no rows; check its filter."


def read(data: DataFrame, key: str | None) -> pd.DataFrame:
    """Return all rows in the order of the key, and of all other columns where keys are equal or there is none.

    A database gives rows in any order; sorted, the same rows train the same model.

    Raises
    ------
    InvalidArgumentError
        There is no row.
    """
    rows = data.collect()
    if rows.empty:
        raise InvalidArgumentError(NO_ROWS)
    names = [name for name in rows.columns if name != key]
    return rows.take(_order(rows, names if key is None else [key, *names])).reset_index(drop=True)


def _order(rows: pd.DataFrame, names: Sequence[str]) -> NDArray[np.intp]:
    """Return the positions of rows sorted by columns, missing values last; later columns decide among equals only."""
    import pandas as pd

    groups, n_groups = np.zeros(len(rows), dtype=np.int64), 1
    for name in names:
        if n_groups == len(rows):
            break
        codes, values = pd.factorize(rows[name], sort=True)
        codes = np.where(codes < 0, len(values), codes)
        distinct, groups = np.unique(groups * (len(values) + 1) + codes, return_inverse=True)
        n_groups = len(distinct)
    return np.argsort(groups, kind="stable")


class Tally:
    """What was seen of rows that passed by on their way to be predicted."""

    def __init__(self) -> None:
        self.content = ContentHash()
        self._counts: dict[str, int] = {}
        self._sums: dict[str, float] = {}

    def add(self, predicted: pd.DataFrame) -> None:
        """Take the predictions of a batch into account: classes are counted, numbers are summed."""
        for name in ("SCORE", "CONFIDENCE"):
            if name not in predicted:
                continue
            column = predicted[name]
            if column.dtype.kind == "f":
                self._sums[name] = self._sums.get(name, 0.0) + float(column.sum())
            else:
                for value, count in column.value_counts().items():
                    self._counts[str(value)] = self._counts.get(str(value), 0) + int(count)

    def count(self, name: str) -> int:
        """Return how many rows were predicted to be of a class."""
        return self._counts.get(name, 0)

    def mean(self, name: str) -> float:
        """Return the mean of a column of numbers."""
        return self._sums[name] / self.content.rows


#: Reasons are text and a number for each feature and class, so they come in smaller batches.
ROWS_WITH_REASONS = 5_000


def predict_in_parts(
    data: DataFrame, key: str, predict: Callable[[pd.DataFrame], pd.DataFrame], tally: Tally | None, *, explains: bool
) -> Iterator[pd.DataFrame]:
    """Yield the predictions batch by batch, so that memory does not grow with the rows.

    With a tally the rows come in the order of the key, which its content hash depends on.

    Raises
    ------
    InvalidArgumentError
        There is no row.
    """
    ordered = data if tally is None else data.sort(key)
    for batch in ordered.batches(ROWS_WITH_REASONS) if explains else ordered.batches():
        if not batch.num_rows:
            raise InvalidArgumentError(NO_ROWS)
        predicted = predict(gather([batch]))
        if tally is not None:
            tally.content.add(batch)
            tally.add(predicted)
        yield predicted
