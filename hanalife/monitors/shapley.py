"""Reasons of predictions drawn: which features matter, and what made one prediction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError, UnknownColumnError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.dataframe.frame import DataFrame

    Array = NDArray[Any]

#: So many rows are drawn at most; more points hide each other.
MOST_ROWS = 1_000
MOST_FEATURES = 15
_REASON_COLUMNS = ("REASON_CODE", "REASON")


class ShapleyExplainer:
    """Draws the reasons of predictions as widgets.

    Parameters
    ----------
    reason_code_data : DataFrame
        The predictions: key, and the JSON reasons in ``REASON_CODE`` or ``REASON``.
    feature_data : DataFrame
        The rows that were predicted.
    reason_code_column_name : str, optional
        Default: ``REASON_CODE``, else ``REASON``.
    key : str, optional
        The column that both frames share; default the first of the predictions.
    label : str, optional
        A column of ``feature_data`` that is no feature.

    Raises
    ------
    UnknownColumnError
        A column is missing.
    InvalidArgumentError
        No row has reasons.
    """

    def __init__(
        self,
        reason_code_data: DataFrame,
        feature_data: DataFrame,
        reason_code_column_name: str | None = None,
        key: str | None = None,
        label: str | None = None,
    ) -> None:
        columns = reason_code_data.columns
        known = [name for name in _REASON_COLUMNS if name in columns]
        reasons = reason_code_column_name or (known[0] if known else _REASON_COLUMNS[0])
        key = key or columns[0]
        for name, frame in ((reasons, reason_code_data), (key, reason_code_data), (key, feature_data)):
            if name not in frame.columns:
                raise UnknownColumnError([name], frame.columns)
        told = reason_code_data.select(key, reasons).head(MOST_ROWS).collect().dropna()
        if told.empty:
            raise InvalidArgumentError(
                f"reason_code_data: no row of {reasons!r} holds a reason; predict with attribution_method other than "
                "'no', and fit with background_size where the algorithm needs it."
            )
        self._keys = told[key].tolist()
        self._contributions = _contributions(told[reasons])
        rows = feature_data.collect().drop_duplicates(key).set_index(key).reindex(self._keys)
        self._rows = rows.drop(columns=[label] if label in rows.columns else [])

    def summary_plot(self, iframe_height: int = 600) -> Any:
        """Return a widget: each feature's contribution to every prediction, the most important feature on top.

        A point is a row; the colour goes from a low to a high value of the feature.
        """
        from hanalife.monitors import charts

        names = self._contributions.abs().mean().sort_values(ascending=False).index[:MOST_FEATURES].tolist()
        return charts.swarm(
            "Contributions of features",
            "Contribution to the prediction",
            [(name, self._contributions[name].to_numpy(), self._colors(name)) for name in names],
            height=iframe_height,
        )

    def force_plot(self, iframe_height: int = 800) -> Any:
        """Return a widget with a choice of the row: its contributions as bars, the largest on top."""
        from hanalife.monitors import charts

        return charts.Forces(self._keys, self._contributions, self._rows, height=iframe_height).widget

    def _colors(self, name: str) -> Array:
        """Return where each row's value stands among all, from 0 to 1; 0.5 where that has no meaning."""
        import pandas as pd

        values = pd.to_numeric(self._rows[name], errors="coerce") if name in self._rows else pd.Series(dtype=float)
        ranks = values.rank(pct=True).reindex(self._keys) if len(values) else values.reindex(self._keys)
        return np.asarray(ranks.fillna(0.5).to_numpy(dtype=np.float64))


def _contributions(texts: pd.Series[Any]) -> pd.DataFrame:
    """Return a column for each feature, 0 where a row does not name it."""
    import pandas as pd

    rows = [{reason["attr"]: float(reason["val"]) for reason in json.loads(text)} for text in texts]
    return pd.DataFrame(rows).fillna(0.0)


class TreeModelDebriefing:
    """The name under which hana_ml's notebooks look for an explainer of trees."""

    @staticmethod
    def shapley_explainer(
        reason_code_data: DataFrame, feature_data: DataFrame, reason_code_column_name: str | None = None, **kwargs: Any
    ) -> ShapleyExplainer:
        """Return the :class:`ShapleyExplainer` of predictions."""
        return ShapleyExplainer(reason_code_data, feature_data, reason_code_column_name, **kwargs)
