"""Compare current rows with reference rows, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.clock import Clock, IdSource, new_id, utc_now
from hanalife.database import checks
from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import statistics, verdict
from hanalife.drift.bins import Binning, learn
from hanalife.errors import FitIncompleteError, InvalidArgumentError
from hanalife.records import DriftCheck, DriftResult

DEFAULT_THRESHOLD = 0.95
_NUMBERS = ("INT", "BIGINT", "SMALLINT", "DOUBLE", "DECIMAL")
_RESULT_TYPES = {"Variable": "NVARCHAR(256)", "Deviation Indicator": "DOUBLE"}


@dataclass(frozen=True, slots=True)
class Reference:
    """What is kept of the reference rows: bins and counts, no rows."""

    source: str
    rows: int
    columns: Mapping[str, tuple[Binning, Any]]  #: column -> bins and counts of shape (n_bins,)


class DriftDetector:
    """Say whether current rows are distributed as the reference rows were.

    Each column is counted over bins that the reference defines (categories, or tenths of its
    numbers). A two-sample chi-square test, adjusted by Holm for the number of columns, tells
    chance from shift; the population stability index tells how large the shift is. The
    deviation indicator joins both: see :func:`hanalife.drift.verdict.deviation_indicator`.

    Parameters
    ----------
    clock, ids : callable
        Give the present moment and the id of a check.

    Attributes
    ----------
    check_ : DriftCheck or None
        The last check with the figures of every column and its verdict: ``drift``,
        ``no_drift`` or ``unknown`` (fewer than 50 rows and nothing found).
    """

    def __init__(self, clock: Clock = utc_now, ids: IdSource = new_id) -> None:
        self._clock = clock
        self._ids = ids
        self.reference_: Reference | None = None
        self.check_: DriftCheck | None = None

    def fit(
        self, reference_data: DataFrame, features: str | Sequence[str] | None = None, label: str | None = None
    ) -> DriftDetector:
        """Learn the distribution of the reference rows.

        Parameters
        ----------
        reference_data : DataFrame, shape (n_rows, n_columns)
            What later rows are compared with, such as the training data.
        features : str or list of str, optional
            The columns to watch; default all but the label.
        label : str, optional
            A further column to watch where current rows have it.

        Raises
        ------
        UnknownColumnError
            A feature or the label is not a column.
        InvalidArgumentError
            There is no feature or no row.
        """
        watched = _watched(reference_data, features, label)
        rows = reference_data.select(watched).collect()
        if rows.empty:
            raise InvalidArgumentError("reference_data: has no rows; nothing can be learned from it.")
        types = {spec.name: spec.type for spec in reference_data.specs}
        learned = {}
        for name in watched:
            values = rows[name].tolist()
            binning = learn(values, numeric=types[name] in _NUMBERS)
            learned[name] = (binning, binning.count(values))
        self.reference_ = Reference(_describe(reference_data), len(rows), learned)
        return self

    def detect(self, new_data: DataFrame, threshold: float | None = None) -> DataFrame:
        """Compare current rows with the reference; the check is also kept in the store.

        Parameters
        ----------
        new_data : DataFrame, shape (n_rows, n_columns)
            Rows with at least one of the watched columns.
        threshold : float in [0, 1], optional
            Indicator above which a column has drifted; default 0.95.

        Returns
        -------
        DataFrame
            ``Variable``, ``Deviation Indicator`` of the drifted columns, highest first; empty
            means that none drifted, see ``check_.verdict`` for whether that is certain.

        Raises
        ------
        FitIncompleteError
            :meth:`fit` was not called.
        InvalidArgumentError
            The rows have none of the watched columns, or there is no row.
        """
        reference = self.reference_
        if reference is None:
            raise FitIncompleteError("The detector has no reference. Call fit(reference_data) first.")
        limit = DEFAULT_THRESHOLD if threshold is None else threshold
        if not 0 <= limit <= 1:
            raise InvalidArgumentError(f"threshold: expected a number from 0 to 1, got {threshold!r}.")
        shared = [name for name in reference.columns if new_data.has(name)]
        if not shared:
            raise InvalidArgumentError(f"new_data: has none of the watched columns {', '.join(reference.columns)}.")
        rows = new_data.select(shared).collect()
        if rows.empty:
            raise InvalidArgumentError("new_data: has no rows; nothing can be compared.")
        current = {name: reference.columns[name][0].count(rows[name].tolist()) for name in shared}
        results = _compare(reference, current, limit)
        self.check_ = DriftCheck(
            check_id=self._ids(),
            reference=reference.source,
            current=_describe(new_data),
            reference_rows=reference.rows,
            current_rows=len(rows),
            verdict=verdict.overall(results, len(rows)),
            created_at=self._clock(),
            results=results,
        )
        context = new_data.connection_context
        with context.database.write() as connection:
            checks.insert(connection, self.check_)
        return _result_frame(new_data, self.check_)

    def fit_detect(
        self,
        reference_data: DataFrame,
        new_data: DataFrame,
        features: str | Sequence[str] | None = None,
        label: str | None = None,
        threshold: float | None = None,
    ) -> DataFrame:
        """Learn from the reference and compare at once; see :meth:`fit` and :meth:`detect`."""
        return self.fit(reference_data, features, label).detect(new_data, threshold)


def _watched(data: DataFrame, features: str | Sequence[str] | None, label: str | None) -> list[str]:
    given = [features] if isinstance(features, str) else features
    chosen = [name for name in data.columns if name != label] if given is None else list(given)
    names.require(chosen, data.columns, "features")
    if label is not None:
        names.require([label], data.columns, "label")
    if not chosen:
        raise InvalidArgumentError("features: name at least one column to watch.")
    return [*chosen, *([label] if label is not None and label not in chosen else [])]


def _compare(reference: Reference, current: Mapping[str, Any], threshold: float) -> tuple[DriftResult, ...]:
    tested = {name: statistics.chi_square(reference.columns[name][1], counts) for name, counts in current.items()}
    adjusted = statistics.holm([p_value for _, p_value in tested.values()])
    results = []
    for (name, (statistic, _)), p_value in sorted(zip(tested.items(), adjusted, strict=True)):
        psi = statistics.population_stability_index(reference.columns[name][1], np.asarray(current[name]))
        drifted = verdict.deviation_indicator(p_value, psi) > threshold
        results.append(DriftResult(name, "chi_square", statistic, p_value, psi, drifted))
    return tuple(results)


def _result_frame(data: DataFrame, check: DriftCheck) -> DataFrame:
    import pandas as pd

    drifted = [result for result in check.results if result.drifted]
    rows = [(result.column, verdict.deviation_indicator(result.p_value, result.psi)) for result in drifted]
    rows.sort(key=lambda row: (-row[1], row[0]))
    frame = pd.DataFrame(rows, columns=list(_RESULT_TYPES))
    context = data.connection_context
    made = context.create_from_pandas(frame, f"#HL_DRIFT_{check.check_id}", _RESULT_TYPES)
    return made.sort("Deviation Indicator", desc=True)


def _describe(data: DataFrame) -> str:
    return data.source_table["TABLE_NAME"] if data.source_table else data.select_statement
