"""Rows from a frame, and predictions for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError
from hanalife.learning import evaluation
from hanalife.learning.arguments import ReadArguments
from hanalife.learning.explain import reason_codes
from hanalife.learning.training import Fitted, positive_code

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


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
        raise InvalidArgumentError("data: the frame has no rows; check its filter.")
    return rows if key is None else rows.sort_values(key, kind="stable", ignore_index=True)


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
