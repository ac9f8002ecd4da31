"""Drift under hana_ml's names."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hanalife.clock import Clock, IdSource, new_id, utc_now
from hanalife.database import checks
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import checking, debriefing, verdict
from hanalife.drift.checking import Method, Treatment
from hanalife.drift.comparison import Limits
from hanalife.drift.reference import Reference
from hanalife.drift.row_order import row_order
from hanalife.errors import FitIncompleteError, InvalidArgumentError, NotDetectedError
from hanalife.records import DriftCheck

DEFAULT_THRESHOLD = 1 - verdict.ERROR_RATE
logger = logging.getLogger(__name__)

_STORAGES, _VALUE_TYPES = ("number", "integer", "string"), ("nominal", "ordinal", "continuous")
_LOG_TYPES = {"OID": "NVARCHAR(256)", "LEVEL": "INT", "ORIGIN": "NVARCHAR(256)", "MESSAGE": "NCLOB"}


class DriftDetector:
    """Say whether current rows are distributed as the reference rows were.

    Each column is counted by value where values recur on either side, and else between tenths of the
    reference's numbers and moments. Its population stability index (PSI) has a 95 % interval without the bias
    of small samples, and is tested against a minimum effect: ``drift`` if it is certainly above it,
    ``no_drift`` if certainly below, else ``unknown`` with the rows that would decide. Columns of texts that
    identify rows are named and left out of the verdict. The deviation indicator is 1 less the p-value of "the
    PSI is at most the minimum", adjusted by Holm for the number of columns: a million rows do not raise an
    alarm over a trifle, and fifty rows not over chance. See :mod:`hanalife.drift.verdict`.

    Parameters
    ----------
    variable_storages : dict, optional
        Column -> 'number', 'integer' or 'string'.
    variable_value_types : dict, optional
        Column -> 'nominal' (categories), 'ordinal' or 'continuous'.
    variable_missing_strings : dict, optional
        Column -> text that stands for a missing value.
    max_tasks, cutting_strategy, other_train_apl_aliases
        Accepted and kept; rows are read once and all count.
    segment_column_name : str, optional
        Each value of the column has a reference of its own.
    minimum_effect : float
        A PSI up to which a shift is too small to matter; default 0.1.
    two_sample : bool
        Whether a classifier is also asked to tell the rows of both sides apart.
    seed : int
        Of the sample and the folds of that test.
    clock, ids : callable
        Give the present moment and the id of a check.

    Attributes
    ----------
    check_ : DriftCheck or None
        The last check with the figures of every column and its verdict: ``drift``,
        ``no_drift`` or ``unknown``. With segments, the first one that drifted, or the first.
    checks_ : tuple of DriftCheck
        The last checks, one for each segment.
    """

    def __init__(
        self,
        variable_storages: Mapping[str, str] | None = None,
        variable_value_types: Mapping[str, str] | None = None,
        variable_missing_strings: Mapping[str, str] | None = None,
        max_tasks: int | None = None,
        segment_column_name: str | None = None,
        cutting_strategy: str | None = None,
        other_train_apl_aliases: Any = None,
        *,
        minimum_effect: float = verdict.MINIMUM_PSI,
        two_sample: bool = False,
        seed: int = 0,
        clock: Clock = utc_now,
        ids: IdSource = new_id,
        **other_params: Any,
    ) -> None:
        self._params: dict[str, Any] = {
            "variable_storages": dict(variable_storages or {}),
            "variable_value_types": dict(variable_value_types or {}),
            "variable_missing_strings": dict(variable_missing_strings or {}),
            "max_tasks": max_tasks,
            "segment_column_name": segment_column_name,
            "cutting_strategy": cutting_strategy,
            "other_train_apl_aliases": other_train_apl_aliases,
            "minimum_effect": minimum_effect,
            "two_sample": two_sample,
            "seed": seed,
            **other_params,
        }
        self._clock = clock
        self._ids = ids
        self.label: str | None = None
        self.reference_: Reference | None = None
        self.checks_: tuple[DriftCheck, ...] = ()
        self._log: list[tuple[str, int, str]] = []
        self._report: str | None = None
        self._context: Any = None
        self._method(DEFAULT_THRESHOLD)  # refuses bad parameters now

    @property
    def check_(self) -> DriftCheck | None:
        """The last check."""
        return next((one for one in self.checks_ if one.verdict == verdict.DRIFT), None) or next(
            iter(self.checks_), None
        )

    def get_params(self) -> dict[str, Any]:
        """Return the parameters of the constructor."""
        return dict(self._params)

    def set_params(self, **params: Any) -> DriftDetector:
        """Change parameters of the constructor."""
        before = self._params
        self._params = before | params
        try:
            self._method(DEFAULT_THRESHOLD)
        except InvalidArgumentError:
            self._params = before
            raise
        return self

    def fit(
        self,
        reference_data: DataFrame,
        features: str | Sequence[str] | None = None,
        label: str | None = None,
        weight: str | None = None,
        *,
        time_column_name: str | None = None,
        group_column_name: str | None = None,
    ) -> DriftDetector:
        """Learn the distribution of the reference rows.

        Parameters
        ----------
        reference_data : DataFrame, shape (n_rows, n_columns)
            What later rows are compared with, such as the training data.
        features : str or list of str, optional
            The columns to watch; default all but the label.
        label : str, optional
            A further column to watch where current rows have it; with it the debrief tables
            ``Deviation_TargetBasedByCategory`` and ``...ByGroup`` have rows.
        weight : str, optional
            A column of numbers of at least 0 that says what a row counts; the rows of :meth:`detect`
            need it too. Shares are then shares of the weight, and intervals are those of so many rows
            of equal weight as the weighted ones are worth, ``sum(w)**2 / sum(w**2)`` (L. Kish, Survey
            Sampling, 1965): only the ratios of weights matter. Bins are chosen by rows.
        time_column_name : str, optional
            A date, moment or number by which rows follow each other, if neighboring rows are alike, as
            measurements are. The rows of :meth:`detect` need it too. Rows are read in its order, and
            intervals are those of so many independent rows as they are worth in each column (design effects
            of the long-run variance, see :mod:`hanalife.drift.dependence`). Without it and
            ``group_column_name`` a strong correlation in stored order is noted with the check.
        group_column_name : str, optional
            Instead: the group that a row belongs to, such as a customer, if rows of one group are alike and groups
            are independent; at least 10 of them on each side.

        Raises
        ------
        UnknownColumnError
            A feature, the label, the weight, the time, the group or the segment is not a column.
        InvalidArgumentError
            There is no feature or no row, a column holds bytes, a weight is missing, negative or
            infinite, or 0 in all rows, or a time or group is missing, or the time is text.
        """
        order = row_order(time_column_name, group_column_name)
        roles = checking.watched(reference_data, features, label, weight=weight, order=order)
        segment = self._params["segment_column_name"]
        method = self._method(DEFAULT_THRESHOLD)
        self.reference_ = checking.learn(reference_data, roles, method, segment, weight, order)
        self.label, self.checks_, self._report = label, (), None
        self._context = reference_data.connection_context
        return self

    def detect(self, new_data: DataFrame, threshold: float | None = None, build_report: bool = False) -> DataFrame:
        """Compare current rows with the reference; the check is also kept in the store.

        Parameters
        ----------
        new_data : DataFrame, shape (n_rows, n_columns)
            Rows with at least one of the watched columns.
        threshold : float in [0, 1], optional
            Indicator above which a column has drifted; default 0.95. One less it is the chance, at
            most, of a false alarm among all columns.
        build_report : bool
            Whether to build the report at once.

        Returns
        -------
        DataFrame
            ``Variable``, ``Deviation Indicator`` of the drifted columns, highest first, and before
            them ``Segment`` if there are segments; empty means that none drifted, see
            ``check_.verdict`` for whether that is certain.

        Raises
        ------
        FitIncompleteError
            :meth:`fit` was not called.
        InvalidArgumentError
            The rows have none of the watched columns, one has another type, there is no row, or the
            weights are missing or of no use.
        """
        reference = self._fitted()
        limit = DEFAULT_THRESHOLD if threshold is None else threshold
        if not 0 <= limit <= 1:
            raise InvalidArgumentError(f"threshold: expected a number from 0 to 1, got {threshold!r}.")
        method = self._method(limit)
        segment = self._params["segment_column_name"]
        made = checking.checks_of(reference, new_data, method, segment)
        if not made:
            raise InvalidArgumentError("new_data: has no rows; nothing can be compared.")
        self.checks_, self._report = tuple(made), None
        self._note_missing_segments(reference, {check.segment for check in made})
        context = new_data.connection_context
        with context.database.write() as connection:
            for check in made:
                checks.insert(connection, check)
        if build_report:
            self.build_report(threshold)
        return debriefing.result_frame(context, self.checks_, segmented=segment is not None)

    def fit_detect(
        self,
        reference_data: DataFrame,
        new_data: DataFrame,
        features: str | Sequence[str] | None = None,
        label: str | None = None,
        weight: str | None = None,
        threshold: float | None = None,
        build_report: bool = False,
        *,
        time_column_name: str | None = None,
        group_column_name: str | None = None,
    ) -> DataFrame:
        """Learn from the reference and compare at once; see :meth:`fit` and :meth:`detect`."""
        if reference_data.connection_context is not new_data.connection_context:
            raise InvalidArgumentError("new_data: is of another connection than reference_data.")
        order = {"time_column_name": time_column_name, "group_column_name": group_column_name}
        return self.fit(reference_data, features, label, weight, **order).detect(new_data, threshold, build_report)

    # --- what it found ----------------------------------------------------------------------------

    def build_report(self, threshold: float | None = None, segment_name: str | None = None) -> None:
        """Build the report of the last detection, of one segment if there are several."""
        from hanalife.drift import report

        chosen = self._detected()
        if self._params["segment_column_name"] is not None:
            chosen = tuple(check for check in chosen if check.segment == segment_name)
            if not chosen:
                known = ", ".join(check.segment for check in self.checks_)
                raise InvalidArgumentError(f"segment_name: expected one of {known}, got {segment_name!r}.")
        self._report = report.page(chosen, label=self.label, threshold=threshold)

    def generate_html_report(self, filename: str) -> None:
        """Write the report to a file; ``.html`` is added where it is missing."""
        path = Path(filename)
        path = path if path.suffix == ".html" else path.with_name(f"{path.name}.html")
        path.write_text(self._built(), encoding="utf-8")

    def generate_notebook_iframe_report(self) -> None:
        """Show the report in the cell."""
        from html import escape

        from IPython.display import HTML, display

        frame = f'<iframe width="100%" height="630" style="border:0" srcdoc="{escape(self._built())}"></iframe>'
        display(HTML(frame))

    def get_debrief_report(self, report_name: str, **params: Any) -> DataFrame:
        """Return a table of the last detection by its name; see :mod:`hanalife.drift.debriefing`.

        Parameters
        ----------
        report_name : str
            Such as ``Deviation_ByVariable`` or ``Deviation_CategoryFrequencies``.
        **params
            ``deviation_threshold``: only what deviates more.
        """
        return debriefing.report(self._context, report_name, self._detected(), **params)

    def get_summary(self) -> DataFrame:
        """Return what was learned: OID, KEY, VALUE."""
        return debriefing.summary(self._context, self._fitted())

    def get_fit_operation_log(self) -> DataFrame:
        """Return the log of :meth:`fit`: OID, LEVEL, ORIGIN, MESSAGE."""
        reference = self._fitted()
        rows = [(name, 2, "fit", f"{summary.rows} rows learned") for name, (_, summary) in reference.segments.items()]
        return debriefing.table(self._context, _LOG_TYPES, rows)

    def get_detect_operation_log(self) -> DataFrame:
        """Return the log of :meth:`detect`: OID, LEVEL, ORIGIN, MESSAGE; level 0 is a failure."""
        if not self.checks_:
            raise AttributeError("Nothing was detected yet. Call detect(new_data) first.")
        rows = [(oid, level, "detect", message) for oid, level, message in self._log]
        return debriefing.table(self._context, _LOG_TYPES, rows)

    # --- pieces -----------------------------------------------------------------------------------

    def _method(self, threshold: float) -> Method:
        params = self._params
        _refuse_unknown("variable_storages", params["variable_storages"], _STORAGES)
        _refuse_unknown("variable_value_types", params["variable_value_types"], _VALUE_TYPES)
        if not params["minimum_effect"] > 0:
            raise InvalidArgumentError(f"minimum_effect: expected more than 0, got {params['minimum_effect']!r}.")
        storages, values = params["variable_storages"], params["variable_value_types"]
        nominal = {name for name, word in storages.items() if word == "string"}
        nominal |= {name for name, word in values.items() if word == "nominal"}
        numbers = {name for name, word in storages.items() if word != "string"} - nominal
        missing = {name: (text,) for name, text in params["variable_missing_strings"].items()}
        error_rate = min(max(1 - threshold, 1e-12), 1 - 1e-12)
        return Method(
            limits=Limits(params["minimum_effect"], error_rate),
            treatment=Treatment(frozenset(nominal), frozenset(numbers), missing),
            two_sample=params["two_sample"],
            seed=params["seed"],
            clock=self._clock,
            ids=self._ids,
        )

    def _note_missing_segments(self, reference: Reference, found: set[str]) -> None:
        self._log = [(check.segment, 2, f"{check.verdict}: {check.current_rows} rows") for check in self.checks_]
        for name in sorted(set(reference.segments) - found):
            logger.warning("detect: segment %s has no rows in the new data; it was skipped.", name)
            self._log.append((name, 0, "the segment has no rows in the new data"))

    def _fitted(self) -> Reference:
        if self.reference_ is None:
            raise FitIncompleteError("The detector has no reference. Call fit(reference_data) first.")
        return self.reference_

    def _detected(self) -> tuple[DriftCheck, ...]:
        if not self.checks_:
            raise NotDetectedError("Nothing was detected yet. Call detect(new_data) first.")
        return self.checks_

    def _built(self) -> str:
        if self._report is None:
            raise NotDetectedError("There is no report yet. Call build_report() first.")
        return self._report


def _refuse_unknown(argument: str, given: Mapping[str, str], known: Sequence[str]) -> None:
    for name, word in given.items():
        if word not in known:
            raise InvalidArgumentError(f"{argument}: {name} is {word!r}; expected one of {', '.join(known)}.")
