"""Classification with one interface for all algorithms."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from hanalife.errors import NotSupportedError
from hanalife.learning import arguments, parameters, results, search
from hanalife.learning.functions import find_func
from hanalife.learning.model import UnifiedModel
from hanalife.observation import CallOutcome

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame
    from hanalife.learning import reading


class UnifiedClassification(UnifiedModel):
    """A classifier of any algorithm, fitted on a frame.

    Parameters
    ----------
    func : str
        The algorithm, in any case. ``'HybridGradientBoostingTree'`` (XGBoost) works; the others
        of hana_ml are refused for now.
    multi_class, massive, group_params, pivoted
        Kept for compatibility; grouped models and the pivoted form are not supported yet.
    **kwargs
        Parameters of the algorithm and of model selection, by hana_ml's names;
        ``hanalife.learning.parameters`` lists type, range and default of each. None means not
        given. ``random_state`` 0 or None draws a new seed for each fit; it is recorded.

    Attributes
    ----------
    func, real_func : str
        Short code and name of the algorithm.
    params, hanaml_parameters : dict
        The keywords as given; all arguments of the constructor as JSON values.
    name : str or None
        Name to store the model under.
    version : int
        Version to store the model under.
    observer : CallObserver or None
        Is told of every call.
    run_id : str or None
        The run that recorded the last fit.
    runtime : float or None
        Seconds that the last call took.

    Raises
    ------
    UnknownParameterError
        A keyword is not a parameter of the algorithm.
    ArgumentTypeError, InvalidArgumentError
        A value of the wrong type or outside its range, or an unknown ``func``.
    NotSupportedError
        A part of hana_ml that does not work here yet.

    Notes
    -----
    Statistics, curves and confusion matrix of a fit are of the validation rows if it has a
    partition, else of the training rows; the statistics' row ``PARTITION`` says which. With two
    classes, AUC and curves refer to ``positive_label``, by default the larger label; with more
    they are the micro-average of one class versus the rest. What is not defined for the rows at
    hand, such as the AUC of a single class, is left out. Formulas and sources:
    ``hanalife.learning.evaluation`` and ``hanalife.learning.curves``.

    NULL is a missing value, for which each split has learnt a direction. Text columns are
    categories. Rows are sorted by the key, if there is one, so that the same rows in any order,
    with the same parameters and seeds, give the same model to the last bit.
    """

    _procedure = "UNIFIED_CLASSIFICATION"

    def __init__(
        self,
        func: str,
        multi_class: bool | None = None,
        massive: bool = False,
        group_params: dict[str, Any] | None = None,
        pivoted: bool = False,
        **kwargs: Any,
    ) -> None:
        found = find_func(func)
        if massive or group_params:
            raise NotSupportedError("massive, group_params: not supported yet; filter() and fit one model a group.")
        if pivoted:
            raise NotSupportedError("pivoted: not supported yet; give a frame with one column a feature.")
        table = parameters.TABLES[found.code]
        given = parameters.check(table, kwargs, found.name)
        super().__init__(found.name, found.code, table, given)
        self._selection = search.selection(table, given, found.name)
        self.params = dict(kwargs)
        self.hanaml_parameters = {
            "func": func,
            "multi_class": multi_class,
            "massive": massive,
            "group_params": group_params,
            "pivoted": pivoted,
            "kwargs": given,
        }

    # --- fit, score, predict ------------------------------------------------------------------

    def fit(
        self,
        data: DataFrame,
        key: str | None = None,
        features: str | list[str] | None = None,
        label: str | None = None,
        *,
        purpose: str | None = None,
        partition_method: str | None = None,
        stratified_column: str | None = None,
        partition_random_state: int | None = None,
        training_percent: float | None = None,
        ntiles: int | None = None,
        categorical_variable: str | list[str] | None = None,
        output_partition_result: bool | None = None,
        **kwargs: Any,
    ) -> Self:
        """Fit the model, after the search that the constructor asked for.

        Parameters
        ----------
        data : DataFrame
            Rows to learn from.
        key : str, optional
            Column that identifies a row; not learnt from.
        features : str or list of str, optional
            Default: all other columns.
        label : str, optional
            Column of the class, INT or text. Default: the last column beside the key.
        purpose : str, optional
            Column with 1 (training) and 2 (validation), for 'predefined'.
        partition_method : {'no', 'stratified', 'predefined'}, optional
            How training and validation rows are told apart. 'no': there is no validation.
        stratified_column : str, optional
            Column whose values are split in equal shares; required with 'stratified'.
        partition_random_state : int, optional
            0 or None: a new split each time.
        training_percent : float in (0, 1], default 0.8
            Share of training rows with 'stratified'.
        ntiles : int, optional
            Tiles of gain and lift curves; default 20, or 1 below 20 rows.
        categorical_variable : str or list of str, optional
            INT columns to take as categories.
        output_partition_result : bool, optional
            Keep each row's part in ``partition_``.
        **kwargs
            Other keywords of hana_ml are refused, or ignored where they only tune its server.

        Returns
        -------
        UnifiedClassification
            This object. If anything fails, it stays as it was.
        """
        from hanalife.learning import reading, training

        given = {
            "key": key,
            "features": features,
            "label": label,
            "purpose": purpose,
            "partition_method": partition_method,
            "stratified_column": stratified_column,
            "partition_random_state": partition_random_state,
            "training_percent": training_percent,
            "ntiles": ntiles,
            "categorical_variable": categorical_variable,
            "output_partition_result": output_partition_result,
        }
        arguments.check_rest("fit", kwargs, self.real_func)
        checked = arguments.fit_arguments(data, given, training.draw_seed)
        in_force = parameters.in_force(self._table, self._given)
        in_force["random_state"] = in_force["random_state"] or training.draw_seed()

        def work() -> tuple[pd.DataFrame, results.Report]:
            rows = reading.read(data, key)
            searching = training.reporting(self.observer) if self._selection else contextlib.nullcontext(_silent)
            with searching as progress:
                fitted, report = training.fit(
                    rows, checked, in_force, self._selection, progress, keep_partition=bool(output_partition_result)
                )
            self._accept(fitted, data.connection_context)
            self.training_data, self.scoring_list_ = data, None
            self.hanaml_fit_params = _given(given)
            return rows, report

        _, self.run_id = self._call(
            "fit", self._words(in_force) | checked.in_words(), work, lambda done: self._describe_fit(data, *done)
        )
        return self

    def score(
        self,
        data: DataFrame,
        key: str | None = None,
        features: str | list[str] | None = None,
        label: str | None = None,
        *,
        ntiles: int | None = None,
        max_result_num: int | None = None,
        top_k_attributions: int | None = None,
        attribution_method: str | None = None,
        positive_label: str | int | None = None,
        **kwargs: Any,
    ) -> tuple[DataFrame, DataFrame, DataFrame, DataFrame]:
        """Predict rows whose class is known, and say how good that is.

        Parameters
        ----------
        data : DataFrame
            Must hold the features of the fit; other columns are ignored.
        key : str
            Column that identifies a row.
        features : str or list of str, optional
            Must be those of the fit, if given.
        label : str, optional
            Default: the label of the fit.
        ntiles : int, optional
            Tiles of gain and lift curves; default 20, or 1 below 20 rows.
        max_result_num : int, optional
            At most so many rows of predictions; all rows count in the rest.
        top_k_attributions : int, default 10
            Reasons for each row.
        attribution_method : {'tree-shap', 'saabas', 'no'}, optional
            How reasons are found; 'no': none.
        positive_label : str or int, optional
            With two classes, what AUC, curves and reasons refer to; default the larger.

        Returns
        -------
        tuple of DataFrame
            Predictions as of :meth:`predict`; statistics ``STAT_NAME, STAT_VALUE, CLASS_NAME``;
            confusion matrix ``ACTUAL_CLASS, PREDICTED_CLASS, COUNT``; curves ``NAME, X, Y``.

        Raises
        ------
        FitIncompleteError
            The model is not fitted.
        InvalidArgumentError
            No rows, a missing label, or a class that training did not see.
        """
        from hanalife.learning import reading, training

        given = {
            "key": key,
            "features": features,
            "label": label,
            "ntiles": ntiles,
            "max_result_num": max_result_num,
            "top_k_attributions": top_k_attributions,
            "attribution_method": attribution_method,
            "positive_label": positive_label,
        }
        fitted = self._require()
        arguments.check_rest("score", kwargs, self.real_func)
        checked = arguments.read_arguments(data, fitted.encoding, given, score=True)

        def work() -> tuple[pd.DataFrame, results.Report, list[DataFrame]]:
            rows = reading.read(data, key)
            actual = fitted.encoding.codes(rows[checked.label])
            features, found = fitted.probabilities(rows)
            report = training.make_report(actual, found, fitted.encoding, checked.positive, checked.ntiles, {})
            first = slice(checked.max_result_num)
            predicted = reading.predictions(fitted, rows[first], features[first], found[first], checked)
            frames = [
                _write_predictions(data.connection_context, predicted, checked),
                *(
                    table.to_frame(data.connection_context, name.strip("_").upper())
                    for name, table in report.tables().items()
                ),
            ]
            self.scoring_list_, self.testing_data = frames, data
            self.hanaml_score_params = _given(given)
            return rows, report, frames

        (_, _, frames), _ = self._call(
            "score",
            self._words(fitted.parameters) | checked.in_words(),
            work,
            lambda done: self._describe_score(data, done[0], done[1]),
        )
        return frames[0], frames[1], frames[2], frames[3]

    def predict(
        self,
        data: DataFrame,
        key: str | None = None,
        features: str | list[str] | None = None,
        *,
        top_k_attributions: int | None = None,
        attribution_method: str | None = None,
        positive_label: str | int | None = None,
        **kwargs: Any,
    ) -> DataFrame:
        """Predict the class of each row.

        Parameters are those of :meth:`score`. With more than two classes, reasons refer to the
        predicted class unless ``positive_label`` names one.

        Returns
        -------
        DataFrame
            The key column under its own name, ``SCORE`` (class as text), ``CONFIDENCE`` (its
            probability) and ``REASON_CODE``: JSON ``[{"attr", "pct", "val"}, ...]``, ``val`` in
            log-odds, ``pct`` the share of all features' sizes.

        Raises
        ------
        FitIncompleteError
            The model is not fitted.
        """
        from hanalife.learning import reading

        given = {
            "key": key,
            "features": features,
            "top_k_attributions": top_k_attributions,
            "attribution_method": attribution_method,
            "positive_label": positive_label,
        }
        fitted = self._require()
        arguments.check_rest("predict", kwargs, self.real_func)
        checked = arguments.read_arguments(data, fitted.encoding, given, score=False)

        tally = reading.Tally() if self.observer is not None else None

        def work() -> DataFrame:
            context = data.connection_context
            parts = reading.predict_in_parts(fitted, data, checked, tally)
            # One connection cannot read and write at once: what the session alone can read is read
            # before, everything else has begun on a connection of its own when the session writes.
            begun = list(parts) if context.needs_session(data.query) else itertools.chain([next(parts)], parts)
            columns = dict(results.predictions_columns(checked.key))
            frame = context.create_from_parts(begun, results.table_name("PREDICTIONS"), columns)
            self.hanaml_predict_params = _given(given)
            return frame

        words = self._words(fitted.parameters) | checked.in_words()
        return self._call("predict", words, work, lambda _: self._describe_predict(data, tally))[0]

    # --- what the observer is told ------------------------------------------------------------

    def _describe_fit(self, data: DataFrame, rows: pd.DataFrame, report: results.Report) -> CallOutcome:
        fitted = self._require()
        return replace(
            self._describe_score(data, rows, report),
            importance=fitted.importance,
            optimal_parameters=fitted.chosen,
        )

    def _describe_score(self, data: DataFrame, rows: pd.DataFrame, report: results.Report) -> CallOutcome:
        return CallOutcome(
            dataset=data.facts(rows),
            seconds=self.runtime or 0.0,
            metrics=report.metrics,
            confusion=report.confusion,
            curves=report.curves,
            signature=self._signature(self._require()),
        )

    def _describe_predict(self, data: DataFrame, tally: reading.Tally | None) -> CallOutcome:
        assert tally is not None, "an observer is told, so there is one"
        return CallOutcome(
            dataset=data.facts_of(tally.content.rows, tally.content.hexdigest()),
            seconds=self.runtime or 0.0,
            metrics={
                **{f"PREDICTED_{name}": tally.classes[name] for name in self._require().encoding.class_names},
                "MEAN_CONFIDENCE": tally.mean_confidence,
            },
            signature=self._signature(self._require()),
        )


def _write_predictions(
    connection_context: ConnectionContext, predicted: pd.DataFrame, checked: arguments.ReadArguments
) -> DataFrame:
    columns = dict(results.predictions_columns(checked.key))
    return connection_context.create_from_pandas(predicted, results.table_name("PREDICTIONS"), columns)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _silent(_done: int, _total: int) -> None:
    """Report no progress: there is no search."""
