"""Reason codes: which features made a prediction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.learning.engines.engine import of_outputs
from hanalife.learning.explanation import sampling

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.learning.arguments.reading import ReadArguments
    from hanalife.learning.fitted import Fitted

    Array = NDArray[Any]


def reasons(fitted: Fitted, features: Array, arguments: ReadArguments, codes: Array | None) -> pd.Series[Any]:
    """Explain each row; NULL where no explanation is asked for, or none can be had.

    ``codes``, shape ``(n_rows, n_wanted)``, are the classes to explain, one after the other for
    each row; None: a number. Where the algorithm knows no contributions exactly they are sampled, if
    the fit kept background rows.
    """
    import pandas as pd

    nothing = pd.Series([None] * (len(features) if codes is None else codes.size), dtype="object")
    if arguments.attribution_method == "no":
        return nothing
    exact = arguments.attribution_method == "tree-shap"
    engine = fitted.engine
    found = engine.contributions_to(fitted.estimator, features, codes, exact=exact)
    if found is None and fitted.background is not None:
        sampled = sampling.contributions(
            lambda rows: engine.outputs(fitted.estimator, rows),
            features,
            fitted.background,
            arguments.sample_size or sampling.DEFAULT_ORDERS,
            arguments.sampling_seed,
        )
        found = of_outputs(sampled, codes)
    if found is None:
        return nothing
    chosen = found[:, :, :-1].astype(np.float64).reshape(-1, features.shape[1])
    return pd.Series(reason_codes(chosen, fitted.encoding.feature_names, arguments.top_k_attributions), dtype="object")


def reason_codes(contributions: NDArray[Any], feature_names: Sequence[str], top: int) -> list[str]:
    """Return one JSON text a row: ``[{"attr": feature, "pct": 0-100, "val": contribution}, ...]``.

    Parameters
    ----------
    contributions : array, shape (n_rows, n_features)
        What each feature adds to the margin.
    feature_names : sequence of str
    top : int
        At most so many features, by falling size; equals in the order of the features. ``pct``
        is the share of a size in the sizes of all features.

    Examples
    --------
    >>> reason_codes(np.array([[1.0, -3.0]]), ["A", "B"], 1)
    ['[{"attr": "B", "pct": 75.0, "val": -3.0}]']
    """
    sizes = np.abs(contributions)
    order = np.argsort(-sizes, axis=1, kind="stable")[:, :top]
    totals = sizes.sum(axis=1, keepdims=True)
    percents = 100 * np.divide(sizes, totals, out=np.zeros_like(sizes), where=totals > 0)
    chosen = (order, np.take_along_axis(percents, order, axis=1), np.take_along_axis(contributions, order, axis=1))
    return [
        json.dumps(
            [
                {"attr": feature_names[place], "pct": percent, "val": value}
                for place, percent, value in zip(*row, strict=True)
            ]
        )
        for row in zip(*(array.tolist() for array in chosen), strict=True)
    ]
