"""Reason codes as a table of a frame's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hanalife.learning.arguments.columns import check_column, check_frame
from hanalife.learning.results.tables import Table

if TYPE_CHECKING:
    from hanalife.dataframe.frame import DataFrame


def json2tab_for_reason_code(data: DataFrame, key: str = "ID", reason_code_col: str = "REASON_CODE") -> DataFrame:
    """Return one row for each reason of each row.

    Parameters
    ----------
    data : DataFrame
        Predictions with their reasons.
    key : str, default 'ID'
    reason_code_col : str, default 'REASON_CODE'

    Returns
    -------
    DataFrame
        The key, ``attr`` (the feature), ``pct`` (its share in percent) and ``val``.

    Raises
    ------
    UnknownColumnError
        One of the columns is missing.
    """
    frame = check_frame(data)
    check_column(frame, key, "key")
    check_column(frame, reason_code_col, "reason_code_col")
    found = frame.select(key, reason_code_col).collect()
    rows = [
        (value, reason["attr"], float(reason["pct"]), float(reason["val"]))
        for value, text in zip(found[key].tolist(), found[reason_code_col], strict=True)
        if isinstance(text, str)
        for reason in json.loads(text)
    ]
    kind = next(spec.type for spec in frame.specs if spec.name == key)
    columns = ((key, kind), ("attr", "NVARCHAR"), ("pct", "DOUBLE"), ("val", "DOUBLE"))
    return Table.of(columns, rows).to_frame(frame.connection_context, "REASONS")
