"""Rows from a frame, and predictions for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.dataframe.frame import DataFrame
from hanalife.dataframe.transfer.hashing import ContentHash
from hanalife.dataframe.transfer.pandas import gather
from hanalife.errors import InvalidArgumentError
from hanalife.learning import evaluation
from hanalife.learning.arguments import ReadArguments
from hanalife.learning.explain import reason_codes
from hanalife.learning.training import Fitted, positive_code

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

NO_ROWS = "data: the frame has no rows; check its filter."


def read(data: DataFrame, key: str | None) -> pd.DataFrame:
    """Return all rows, in the order of the key if there is one.

    A database gives rows in any order; sorted, the same rows train the same model.

    Raises
    ------
    InvalidArgumentError
        There is no row.
    """
    rows = data.collect()
    if rows.empty:
        raise InvalidArgumentError(NO_ROWS)
    return rows if key is None else rows.sort_values(key, kind="stable", ignore_index=True)


class Tally:
    """What was seen of rows that passed by on their way to be predicted."""

    def __init__(self) -> None:
        self.content = ContentHash()
        self.classes: Counter[str] = Counter()
        self._confidence = 0.0

    def add(self, batch: pa.RecordBatch, predicted: pd.DataFrame) -> None:
        """Take a batch and its predictions into account."""
        self.content.add(batch)
        self.classes.update(predicted["SCORE"])
        self._confidence += float(predicted["CONFIDENCE"].sum())

    @property
    def mean_confidence(self) -> float:
        """The mean probability of the predicted classes."""
        return self._confidence / self.content.rows


def predict_in_parts(
    fitted: Fitted, data: DataFrame, arguments: ReadArguments, tally: Tally | None
) -> Iterator[pd.DataFrame]:
    """Yield the predictions batch by batch, so that memory does not grow with the rows.

    With a tally the rows come in the order of the key, which its content hash depends on.

    Raises
    ------
    InvalidArgumentError
        There is no row.
    """
    for batch in (data if tally is None else data.sort(arguments.key.name)).batches():
        if not batch.num_rows:
            raise InvalidArgumentError(NO_ROWS)
        rows = gather([batch])
        predicted = predictions(fitted, rows, *fitted.probabilities(rows), arguments)
        if tally is not None:
            tally.add(batch, predicted)
        yield predicted


def predictions(
    fitted: Fitted, rows: pd.DataFrame, features: NDArray[Any], probabilities: NDArray[Any], arguments: ReadArguments
) -> pd.DataFrame:
    """Return key, class as text, its probability and the reasons, one row each."""
    import pandas as pd

    predicted = evaluation.predict(probabilities)
    return pd.DataFrame(
        {
            arguments.key.name: rows[arguments.key.name],
            "SCORE": np.array(fitted.encoding.class_names, dtype=object)[predicted],
            "CONFIDENCE": probabilities.max(axis=1),
            "REASON_CODE": _reasons(fitted, features, predicted, arguments),
        }
    )


def _reasons(
    fitted: Fitted, features: NDArray[Any], predicted: NDArray[Any], arguments: ReadArguments
) -> pd.Series[Any]:
    """Explain the margin of the positive class; of many classes, and none named, of the predicted one."""
    import pandas as pd

    if arguments.attribution_method == "no":
        return pd.Series([None] * len(features), dtype="object")
    exact = arguments.attribution_method == "tree-shap"
    found = fitted.engine.contributions(fitted.estimator, features, exact=exact)[:, :, :-1].astype(np.float64)
    code = positive_code(fitted.encoding, arguments.positive)
    if found.shape[1] == 1:
        chosen = found[:, 0] if code == 1 else -found[:, 0]
    elif arguments.positive is None and found.shape[1] > 2:
        chosen = found[np.arange(len(found)), predicted]
    else:
        chosen = found[:, code]
    names = fitted.encoding.feature_names
    return pd.Series(reason_codes(chosen, names, arguments.top_k_attributions), dtype="object")
