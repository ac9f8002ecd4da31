"""Classification with one interface for all algorithms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from hanalife.learning import functions
from hanalife.learning.model import is_number
from hanalife.learning.unified import UnifiedModel

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.dataframe.frame import DataFrame
    from hanalife.learning import arguments, reading
    from hanalife.learning.encoding import Encoding
    from hanalife.learning.fitted import Fitted
    from hanalife.learning.results.report import Report
    from hanalife.observation import ColumnSpec

    Array = NDArray[Any]


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

    What a search has found is not lost when it ends early, by an error, Ctrl-C or
    ``cancel_search``: the next ``fit`` of the same rows goes on from there. With
    ``progress_indicator_id`` the store keeps it too, and any process may go on.

    NULL is a missing value, for which each split has learnt a direction. Text columns are
    categories. Rows are sorted by the key, if there is one, so that the same rows in any order,
    with the same parameters and seeds, give the same model to the last bit.
    """

    _procedure = "UNIFIED_CLASSIFICATION"
    _kind = "classification"
    _functions = functions.CLASSIFICATION
    _parts_of_model = ("statistics_", "optimal_param_", "confusion_matrix_", "importance_", "metrics_")

    def __init__(
        self,
        func: str,
        multi_class: bool | None = None,
        massive: bool = False,
        group_params: dict[str, Any] | None = None,
        pivoted: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(func, massive, group_params, pivoted, kwargs)
        self.hanaml_parameters = {
            "func": func,
            "multi_class": multi_class,
            "massive": massive,
            "group_params": group_params,
            "pivoted": pivoted,
            "kwargs": self._given,
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
        return self._fit(data, given, kwargs)

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
        predictions, statistics, confusion, metrics = self._score(data, given, kwargs)
        return predictions, statistics, confusion, metrics

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
        given = {
            "key": key,
            "features": features,
            "top_k_attributions": top_k_attributions,
            "attribution_method": attribution_method,
            "positive_label": positive_label,
        }
        return self._predict(data, given, kwargs)

    # --- what a fit left ----------------------------------------------------------------------

    @property
    def importance_(self) -> DataFrame | None:
        """VARIABLE_NAME, IMPORTANCE: shares that sum to 1, the largest first; of trees, in the gain of all splits."""
        return self._frame("importance_")

    @property
    def confusion_matrix_(self) -> DataFrame | None:
        """ACTUAL_CLASS, PREDICTED_CLASS, COUNT of every pair of classes."""
        return self._frame("confusion_matrix_")

    @property
    def metrics_(self) -> DataFrame | None:
        """NAME, X, Y: the points of all curves."""
        return self._frame("metrics_")

    def get_confusion_matrix(self) -> pd.DataFrame:
        """Return ``confusion_matrix_`` as a pandas frame."""
        return self._collect("confusion_matrix_")

    def get_performance_metrics(self) -> dict[str, float]:
        """Return the numbers of ``statistics_``; those of a class under ``RECALL_<class>`` and so on."""
        rows = self._require().tables["statistics_"].rows
        named = {name if of is None else f"{name}_{of}": value for name, value, of in rows}
        return {name: float(value) for name, value in named.items() if is_number(value)}

    # --- what is of this kind -----------------------------------------------------------------

    def _prediction_columns(self, key: ColumnSpec) -> tuple[tuple[str, str], ...]:
        from hanalife.learning.results import classes

        return classes.columns(key)

    def _predictions(
        self, fitted: Fitted, rows: pd.DataFrame, features: Array, outputs: Array, checked: arguments.ReadArguments
    ) -> pd.DataFrame:
        from hanalife.learning.results import classes

        return classes.predictions(fitted, rows, features, outputs, checked)

    def _report_fit(
        self, actual: Array, outputs: Array, encoding: Encoding, extra: Mapping[str, float | str], ntiles: int | None
    ) -> Report:
        from hanalife.learning.results import classes

        return classes.report(actual, outputs, encoding, extra, ntiles=ntiles)

    def _report_score(self, fitted: Fitted, actual: Array, outputs: Array, checked: arguments.ReadArguments) -> Report:
        from hanalife.learning.results import classes

        return classes.report(actual, outputs, fitted.encoding, {}, positive=checked.positive, ntiles=checked.ntiles)

    def _predicted_metrics(self, fitted: Fitted, tally: reading.Tally) -> dict[str, float | str]:
        counts = {f"PREDICTED_{name}": tally.count(name) for name in fitted.encoding.class_names}
        return {**counts, "MEAN_CONFIDENCE": tally.mean("CONFIDENCE")}
