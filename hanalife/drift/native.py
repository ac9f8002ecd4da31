"""Drift as ``conn.drift``: checks, windows, references and performance, in frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hanalife.clock import Clock, IdSource, new_id, utc_now
from hanalife.database import alerts, checks, dialects, references
from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import (
    checking,
    compatibility,
    label_free,
    performance_check,
    reading,
    unseen_rows,
    verdict,
    windows,
)
from hanalife.drift import performance as performances
from hanalife.drift.checking import Method
from hanalife.drift.comparison import Limits
from hanalife.drift.reading import Sample, Summary
from hanalife.drift.reference import Reference, from_content
from hanalife.drift.row_order import RowOrder, row_order
from hanalife.errors import DataNotFoundError, InvalidArgumentError
from hanalife.records import DriftAcknowledgement, DriftCheck


def open_drift(connection_context: Any) -> Drift:
    """Return the drift checks of a connection."""
    return Drift(connection_context)


class Drift:
    """Compare rows with a reference; every check is kept in the store.

    Parameters
    ----------
    connection_context : ConnectionContext
        Whose store keeps references and checks.
    clock, ids : callable
        Give the present moment and the id of a check.
    """

    def __init__(self, connection_context: Any, clock: Clock = utc_now, ids: IdSource = new_id) -> None:
        self._context = connection_context
        self._clock = clock
        self._ids = ids

    def reference(
        self,
        data: DataFrame,
        *,
        features: str | Sequence[str] | None = None,
        label: str | None = None,
        prediction: str | None = None,
        weight: str | None = None,
        time_column_name: str | None = None,
        group_column_name: str | None = None,
        segment_column_name: str | None = None,
        name: str | None = None,
        seed: int = 0,
    ) -> Reference:
        """Read reference rows once and freeze what is needed of them.

        Parameters
        ----------
        data : DataFrame, shape (n_rows, n_columns)
        features : str or list of str, optional
            The columns to watch; default all but label and prediction.
        label, prediction : str, optional
            Further columns to watch where current rows have them. With a label it is also reported
            how it moved within the bins of each other column.
        weight : str, optional
            As of :meth:`DriftDetector.fit`; rows compared with this reference need it too.
        time_column_name, group_column_name : str, optional
            By what rows depend on each other, as of :meth:`DriftDetector.fit`; rows compared with this
            reference need the column too.
        segment_column_name : str, optional
            Each value of the column has a reference of its own, for :meth:`segments`.
        name : str, optional
            Also store it, without any row, as the next version of that name.
        seed : int
            Of the random samples, such as that for the two-sample test.
        """
        order = row_order(time_column_name, group_column_name)
        roles = checking.watched(data, features, label, prediction, weight, order)
        method = self._method(two_sample=True, seed=seed)
        found = checking.learn(data, roles, method, segment_column_name, weight, order)
        if name is not None:
            with self._context.database.write() as connection:
                references.insert(connection, name, found.content(), self._clock())
        return found

    def stored_reference(self, name: str, version: int | None = None) -> Reference:
        """Return a stored reference, by default the newest version.

        Raises
        ------
        DataNotFoundError
            There is none of that name and version.
        """
        with self._context.database.read() as connection:
            found = references.find(connection, name, version)
        if found is None:
            which = "" if version is None else f", version {version}"
            raise DataNotFoundError(
                f"No reference {name!r}{which} is stored. Store one with reference(data, name=...)."
            )
        return from_content(found[1])

    def check(
        self,
        reference: Reference | DataFrame | str,
        current: DataFrame,
        *,
        features: str | Sequence[str] | None = None,
        label: str | None = None,
        prediction: str | None = None,
        time_column_name: str | None = None,
        group_column_name: str | None = None,
        minimum_effect: float = verdict.MINIMUM_PSI,
        error_rate: float = verdict.ERROR_RATE,
        two_sample: bool = True,
        seed: int = 0,
        keep: bool = True,
    ) -> DriftCheck:
        """Compare current rows with the reference, column by column and all together.

        Parameters
        ----------
        reference : Reference, DataFrame or str
            The rows compared with, what :meth:`reference` made of them, or the name of a stored one.
        current : DataFrame, shape (n_rows, n_columns)
            The rows under test. Fewer than 20 give the verdict ``unknown``.
        features, label, prediction, time_column_name, group_column_name
            As in :meth:`reference`, if that is a frame; else what was given there holds.
        minimum_effect : float
            A PSI up to which a shift is too small to matter.
        error_rate : float in ]0, 1[
            Chance, at most, of any false ``drift``; and of each false ``no_drift``.
        two_sample : bool
            Whether a classifier is also asked to tell both sides apart.
        seed : int
            Of samples and folds.
        keep : bool
            Whether the check goes into the store.
        """
        method = self._method(minimum_effect, error_rate, two_sample=two_sample, seed=seed)
        order = row_order(time_column_name, group_column_name)
        known = self._known(reference, method, features, label, prediction, order)
        found = checking.summarise(known, current, method, reading.whole, None, by_segment=False)
        summary = found.get("", Summary(0, {}, Sample(0)))
        made = checking.check(known, "", summary, checking.describe(current), method)
        if keep:
            self._keep([made])
        return made

    def segments(
        self,
        reference: Reference | DataFrame | str,
        current: DataFrame,
        segment_column_name: str,
        *,
        features: str | Sequence[str] | None = None,
        label: str | None = None,
        prediction: str | None = None,
        time_column_name: str | None = None,
        group_column_name: str | None = None,
        minimum_effect: float = verdict.MINIMUM_PSI,
        error_rate: float = verdict.ERROR_RATE,
        two_sample: bool = False,
        seed: int = 0,
        keep: bool = True,
    ) -> tuple[DriftCheck, ...]:
        """Compare the rows of each value of a column with the reference rows of the same value.

        The rows are read once. The error rate is that of each segment; see :meth:`check` for the rest.

        Returns
        -------
        tuple of DriftCheck
            In the order of the segments; without those that the reference does not know, or that have no current row.

        Raises
        ------
        UnknownColumnError
            The segment is not a column.
        InvalidArgumentError
            No current row is of a segment of the reference, or this was not learned by segments.
        """
        method = self._method(minimum_effect, error_rate, two_sample=two_sample, seed=seed)
        order = row_order(time_column_name, group_column_name)
        known = self._known(reference, method, features, label, prediction, order, segment=segment_column_name)
        made = checking.checks_of(known, current, method, segment_column_name)
        if not made:
            raise InvalidArgumentError(
                f"current: no row has a value of {segment_column_name} that the reference knows: "
                f"{', '.join(known.segments)}."
            )
        if keep:
            self._keep(made)
        return tuple(made)

    def windows(
        self,
        reference: Reference | DataFrame | str,
        current: DataFrame,
        *,
        rows: int | None = None,
        time_column: str | None = None,
        every: str = "week",
        consecutive: bool = False,
        features: str | Sequence[str] | None = None,
        label: str | None = None,
        prediction: str | None = None,
        time_column_name: str | None = None,
        group_column_name: str | None = None,
        minimum_effect: float = verdict.MINIMUM_PSI,
        error_rate: float = verdict.ERROR_RATE,
        two_sample: bool = False,
        seed: int = 0,
        keep: bool = True,
    ) -> tuple[DriftCheck, ...]:
        """Compare each window of current rows with the reference, or with the window before.

        The rows are read once. The error rate is that of each window.

        Parameters
        ----------
        rows : int, optional
            Rows of a window, in the order in which the frame gives them, or in that of ``time_column_name``.
        time_column : str, optional
            Instead: a date or moment, whose period is the window.
        every : str
            'hour', 'day', 'week', 'month', 'quarter' or 'year'.
        consecutive : bool
            Whether windows are compared with the one before; the first with the reference.
        time_column_name, group_column_name
            As of :meth:`check`.
        keep : bool
            Whether the checks go into the store.

        Returns
        -------
        tuple of DriftCheck
            In the order of the windows.
        """
        method = self._method(minimum_effect, error_rate, two_sample=two_sample, seed=seed)
        split = windows.window_split(current, rows, time_column, every)
        order = row_order(time_column_name, group_column_name)
        known = self._known(reference, method, features, label, prediction, order, without=time_column)
        if rows is not None:
            compatibility.refuse_rows_of_groups(known, rows)
        made = checking.window_checks(known, current, method, split, time_column, consecutive=consecutive)
        if keep:
            self._keep(made)
        return tuple(made)

    def history(self) -> DataFrame:
        """Return the frame of all results that are kept, oldest first."""
        return self._frame(checks.history())

    def alerts(self) -> DataFrame:
        """Return the frame of what drifted and who has acknowledged it, oldest first."""
        return self._frame(checks.alerts())

    def acknowledge(self, check_id: str, note: str = "") -> None:
        """Note that you have seen the alert of a check that found drift, and what you made of it.

        Raises
        ------
        DataNotFoundError
            There is no check of that id.
        InvalidArgumentError
            The check found no drift, or somebody has acknowledged it.
        """
        with self._context.database.write() as connection:
            found = checks.find(connection, check_id)
            if found is None:
                raise DataNotFoundError(f"check_id: there is no drift check {check_id!r}.")
            if found.verdict != verdict.DRIFT:
                raise InvalidArgumentError(f"check_id: check {check_id!r} found no drift ({found.verdict}): no alert.")
            seen = alerts.acknowledgements(connection, [check_id]).get(check_id)
            if seen is not None:
                raise InvalidArgumentError(
                    f"check_id: {seen.acknowledged_by} acknowledged the alert {check_id!r} at {seen.acknowledged_at}."
                )
            user = dialects.database_user(connection)
            alerts.acknowledge(connection, DriftAcknowledgement(check_id, self._clock(), user, note))

    def report(self, found: DriftCheck | Sequence[DriftCheck]) -> str:
        """Return a page that shows checks and needs nothing else, as HTML."""
        from hanalife.drift import report

        return report.page((found,) if isinstance(found, DriftCheck) else tuple(found))

    def performance(
        self,
        reference: DataFrame,
        current: DataFrame,
        *,
        label: str,
        probability: str,
        positive: Any = 1,
        key: str | None = None,
        model: Any = None,
        margin: float = 0.02,
        error_rate: float = verdict.ERROR_RATE,
        window: str = "",
        keep: bool = True,
    ) -> performances.Difference:
        """Compare how well two score runs did; see :func:`hanalife.drift.performance.difference`.

        With ``model``, rows that it was trained on are left out and counted in the notes of the check; if
        fewer than 20 are left, the verdict is ``unknown``. Without it, a note says that none were left out.

        Parameters
        ----------
        reference, current : DataFrame
            Rows with ``label`` and the ``probability`` of the ``positive`` class.
        key : str, optional
            The rows of both are the same by this column, so that they are compared in pairs.
        model : fitted model or pair of them, optional
            What scored the rows, such as :meth:`ModelStorage.load_model` returns it; a pair if one scored
            the reference rows and another the current ones. Both frames need the key column of its fit.
        margin : float
            A loss of area under the curve up to it is too small to matter.
        window : str
            The stretch of time that the current rows are of.
        keep : bool
            Whether it goes into the store, among the checks.

        Raises
        ------
        ArgumentTypeError
            ``model`` is not a model of hanalife.
        InvalidArgumentError
            It is unknown which rows a model was trained on; or a column is missing or cannot be used.
        """

        def scored(data: DataFrame) -> performances.Scored:
            return performances.scored(data, label, probability, positive, key)

        first, second, notes = unseen_rows.read(reference, current, key, model, scored)
        paired = key is not None
        too_few = None if model is None else unseen_rows.too_few((first, second), margin, paired=paired)
        found = too_few or performances.difference(first, second, paired=paired, margin=margin, error_rate=error_rate)
        if keep:
            made = performance_check.of_difference(
                found,
                performances.achieved(second) if len(second.positive) else None,
                (checking.describe(reference), checking.describe(current)),
                (len(first.positive), len(second.positive)),
                check_id=self._ids(),
                created_at=self._clock(),
                window=window,
                error_rate=error_rate,
                notes=notes,
            )
            self._keep([made])
        return found

    def estimate_performance(
        self,
        reference: DataFrame,
        current: DataFrame,
        *,
        label: str,
        probability: str,
        positive: Any = 1,
        window: str = "",
        seed: int = 0,
        keep: bool = True,
    ) -> label_free.Estimated:
        """Estimate how well a classifier does on rows whose labels are not known.

        See :func:`hanalife.drift.label_free.estimate` and :func:`hanalife.drift.label_free.label_shift` for the
        two methods and what each assumes.

        Parameters
        ----------
        window : str
            The stretch of time that the current rows are of.
        seed : int
            Of the resamples that intervals come from.
        keep : bool
            Whether it goes into the store, among the checks.
        """
        known = performances.scored(reference, label, probability, positive)
        names.require([probability], current.columns, "probability")
        scores = current.select(probability).collect()[probability].astype(float).to_numpy()
        found = label_free.estimate(known, scores, seed=seed)
        if keep:
            made = performance_check.of_estimate(
                found,
                (checking.describe(reference), checking.describe(current)),
                (len(known.positive), len(scores)),
                check_id=self._ids(),
                created_at=self._clock(),
                window=window,
            )
            self._keep([made])
        return found

    # --- pieces -----------------------------------------------------------------------------------

    def _method(
        self,
        minimum_effect: float = verdict.MINIMUM_PSI,
        error_rate: float = verdict.ERROR_RATE,
        *,
        two_sample: bool = False,
        seed: int = 0,
    ) -> Method:
        limits = limits_of(minimum_effect, error_rate)
        return Method(limits, two_sample=two_sample, seed=seed, clock=self._clock, ids=self._ids)

    def _known(
        self,
        reference: Reference | DataFrame | str,
        method: Method,
        features: str | Sequence[str] | None,
        label: str | None,
        prediction: str | None,
        order: RowOrder | None = None,
        without: str | None = None,
        segment: str | None = None,
    ) -> Reference:
        if isinstance(reference, str):
            reference = self.stored_reference(reference)
        if isinstance(reference, Reference):
            compatibility.require_order(reference, order)
            return compatibility.require_segments(reference, segment)
        roles = checking.watched(reference, features, label, prediction, order=order)
        watched = {name: role for name, role in roles.items() if name != without}
        return checking.learn(reference, watched, method, segment, order=order)

    def _keep(self, made: Sequence[DriftCheck]) -> None:
        with self._context.database.write() as connection:
            for check in made:
                checks.insert(connection, check)

    def _frame(self, query: Any) -> DataFrame:
        return DataFrame.from_query(self._context, query)


def limits_of(minimum_effect: float, error_rate: float) -> Limits:
    """Return the limits of a check.

    Raises
    ------
    InvalidArgumentError
        One cannot be used.
    """
    if not minimum_effect > 0:
        raise InvalidArgumentError(f"minimum_effect: expected more than 0, got {minimum_effect!r}.")
    if not 0 < error_rate < 1:
        raise InvalidArgumentError(f"error_rate: expected a number between 0 and 1, got {error_rate!r}.")
    return Limits(minimum_effect, error_rate)
