"""Classification with one interface for all algorithms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from hanalife.learning import functions
from hanalife.learning.arguments.keywords import said_yes
from hanalife.learning.reports.reported import Reported
from hanalife.learning.results.tables import is_number

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.dataframe.frame import DataFrame
    from hanalife.learning import reading
    from hanalife.learning.arguments.reading import ReadArguments
    from hanalife.learning.encoding import Encoding
    from hanalife.learning.fitted import Fitted
    from hanalife.learning.results.report import Report
    from hanalife.observation import ColumnSpec

    Array = NDArray[Any]


class UnifiedClassification(Reported):
    """A classifier of any algorithm, fitted on a frame.

    Parameters
    ----------
    func : str
        The algorithm, in any case: ``'DecisionTree'``, ``'RandomDecisionTree'`` (or
        ``'RandomForest'``), ``'LogisticRegression'``, ``'MLP'``, ``'NaiveBayes'``, ``'SVM'`` (on
        scikit-learn) or ``'HybridGradientBoostingTree'`` (on XGBoost).
    multi_class : bool, optional
        Of ``'LogisticRegression'``: True for any number of classes, False for two. Default: as many
        as the label has.
    massive : bool, default False
        Fit one model for each group of rows; see ``group_key`` of :meth:`fit`.
    group_params : dict, optional
        With ``massive``: group to a dict of parameters that differ from ``kwargs`` for it.
    pivoted : bool
        The pivoted form is not supported.
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
    ``progress_indicator_id`` the store keeps it too, and any process may go on. With ``massive`` it
    keeps how many groups are done, and each group's search under the id, a stroke and the group.

    NULL is a missing value: trees have learnt a direction for it, naive Bayes leaves it out,
    other algorithms take the mean instead. Text columns are categories. Rows are sorted by the
    key, if there is one, so that the same rows in any order, with the same parameters and seeds,
    give the same model to the last bit.
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
        super().__init__(func, massive, group_params, pivoted, kwargs, multi_class)
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
        group_key: str | None = None,
        group_params: dict[Any, dict[str, Any]] | None = None,
        purpose: str | None = None,
        partition_method: str | None = None,
        stratified_column: str | None = None,
        partition_random_state: int | None = None,
        training_percent: float | None = None,
        training_size: int | None = None,
        ntiles: int | None = None,
        categorical_variable: str | list[str] | None = None,
        output_partition_result: bool | None = None,
        calibrate: bool = False,
        build_report: bool = False,
        background_size: int | None = None,
        background_random_state: int | None = None,
        permutation_importance: bool = False,
        permutation_evaluation_metric: str | None = None,
        permutation_n_repeats: int | None = None,
        permutation_seed: int | None = None,
        permutation_n_samples: int | None = None,
        impute: bool = False,
        strategy: str | None = None,
        strategy_by_col: list[tuple[Any, ...]] | None = None,
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
        group_key : str, optional
            With ``massive=True``: the column whose values tell the groups apart. Groups are fitted
            in parallel; one that fails is told in ``error_msg_`` and does not stop the others.
        group_params : dict, optional
            With ``massive=True``: group to a dict of keywords of this call that differ for it. What
            the columns are is of all groups; parameters of the algorithm go to the constructor's.
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
        training_size : int, optional
            Number of training rows with 'stratified', if ``training_percent`` is not given.
        ntiles : int, optional
            Tiles of gain and lift curves; default 20, or 1 below 20 rows.
        categorical_variable : str or list of str, optional
            INT columns to take as categories.
        output_partition_result : bool, optional
            Keep each row's part in ``partition_``.
        calibrate : bool, default False
            Bring confidence in line with how often it is right, by what models of five folds of
            the training rows say of the rows they have not seen (five more trainings). The
            statistic ``CALIBRATION_ERROR`` is of the confidence as it is given.
        build_report : bool, default False
            Make the report afterwards; see :meth:`build_report`.
        background_size : int, default 0
            Keep so many training rows with the model, chosen by ``background_random_state``, so that
            an algorithm without exact contributions can give reasons by sampling; 0: no reasons then.
        permutation_importance : bool, default False
            Measure what shuffling each column costs on the validation rows, by
            ``permutation_evaluation_metric`` ('accuracy', 'auc', 'kappa', 'mcc'), ``permutation_n_repeats``
            times (5), with ``permutation_seed``, on at most ``permutation_n_samples`` rows; see
            ``permutation_importance_``.
        impute : bool, default False
            Fill missing values, here and in every prediction, by what the training rows show; in an
            evaluation or search, by what each fold's training rows show. False: the algorithm
            deals with them in its own way.
        strategy : str, default 'most_frequent-mean'
            What fills categories and numbers: 'non' (nothing), 'delete' (the row is left out of
            the fit; a prediction never leaves a row out), 'most_frequent-mean', '-median',
            '-zero' or '-als' (alternating least squares).
        strategy_by_col : list of (column, method[, constant]), optional
            Another method for some columns: 'non', 'delete', 'most_frequent',
            'categorical_const', 'mean', 'median', 'numerical_const' or 'als'.
        **kwargs
            ``als_factors``, ``als_lambda``, ``als_maxit``, ``als_randomstate``,
            ``als_exit_threshold``, ``als_exit_interval``, ``als_centering``, ``als_scaling`` for
            'als'; and those of the algorithm, such as ``class_map0`` and ``class_map1`` of
            ``'LogisticRegression'`` with two classes: their names, of which the second is what AUC,
            curves and reasons refer to. Other keywords of hana_ml are refused, or ignored
            where they only tune its server.

        Returns
        -------
        UnifiedClassification
            This object. If anything fails, it stays as it was.
        """
        given = {
            "key": key,
            "features": features,
            "group_key": group_key,
            "group_params": group_params,
            "label": label,
            "purpose": purpose,
            "partition_method": partition_method,
            "stratified_column": stratified_column,
            "partition_random_state": partition_random_state,
            "training_percent": training_percent,
            "training_size": training_size,
            "ntiles": ntiles,
            "categorical_variable": categorical_variable,
            "output_partition_result": output_partition_result,
            "calibrate": calibrate or None,
            "background_size": background_size,
            "background_random_state": background_random_state,
            "permutation_importance": permutation_importance or None,
            "permutation_evaluation_metric": permutation_evaluation_metric,
            "permutation_n_repeats": permutation_n_repeats,
            "permutation_seed": permutation_seed,
            "permutation_n_samples": permutation_n_samples,
            "impute": impute or None,
            "strategy": strategy,
            "strategy_by_col": strategy_by_col,
        }
        reports = said_yes({"build_report": build_report}, "build_report")
        self._fit(data, given, kwargs)
        return self.build_report() if reports else self

    def score(
        self,
        data: DataFrame,
        key: str | None = None,
        features: str | list[str] | None = None,
        label: str | None = None,
        *,
        group_key: str | None = None,
        group_params: dict[Any, dict[str, Any]] | None = None,
        ntiles: int | None = None,
        max_result_num: int | None = None,
        top_k_attributions: int | None = None,
        attribution_method: str | None = None,
        sample_size: int | None = None,
        random_state: int | None = None,
        signature_policy: str | dict[str, str] | None = None,
        positive_label: str | int | None = None,
        shap_value_for_positive_only: bool | None = None,
        ignore_unknown_category: bool | None = None,
        categorical_variable: str | list[str] | None = None,
        **kwargs: Any,
    ) -> tuple[DataFrame, ...]:
        """Predict rows whose class is known, and say how good that is.

        All rows are scored. The metrics count as ``test`` only if the model was trained on none of them
        (:meth:`is_trained_on`); a mixture, and rows of which that is unknown, count as ``train``.

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
        group_key : str, optional
            With ``massive=True``: default the column of the fit.
        group_params : dict, optional
            With ``massive=True``: group to a dict of keywords of this call that differ for it.
        ntiles : int, optional
            Tiles of gain and lift curves; default 20, or 1 below 20 rows.
        max_result_num : int, optional
            At most so many rows of predictions; all rows count in the rest.
        top_k_attributions : int, default 10
            Reasons for each row.
        attribution_method : {'tree-shap', 'saabas', 'no'}, optional
            How reasons are found; 'no': none.
        sample_size, random_state : int, optional
            Orders of the features (default 10) and seed of reasons by sampling.
        signature_policy : str or dict, optional
            What happens to data unlike those of the fit: 'error', 'warn' or 'ignore', for all or
            by deviation: 'extra' (a column that the model does not know), 'retyped' (a number of
            another type), 'unseen' (a category unknown to training, which counts as missing),
            'out_of_range' (a number beyond those of training). Default: 'warn' for 'unseen',
            'ignore' for the others. A missing column, or text for a number, is an error.
        positive_label : str or int, optional
            With two classes, what AUC, curves and reasons refer to; default the larger.
        shap_value_for_positive_only : bool, default True
            False: the reasons of two classes refer to the predicted one.
        ignore_unknown_category : bool, optional
            True: as ``signature_policy={'unseen': 'ignore'}``; False: 'error'.
        categorical_variable : str or list of str, optional
            Must be categories of the fit, if given.

        Returns
        -------
        tuple of DataFrame
            Predictions as of :meth:`predict`; statistics ``STAT_NAME, STAT_VALUE, CLASS_NAME``;
            confusion matrix ``ACTUAL_CLASS, PREDICTED_CLASS, COUNT``; curves ``NAME, X, Y``.

            With ``massive=True`` every frame begins with ``GROUP_ID``, and the errors of groups
            that failed come last: ``GROUP_ID, ERROR_TIMESTAMP, ERRORCODE, MESSAGE``.

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
            "group_key": group_key,
            "group_params": group_params,
            "label": label,
            "ntiles": ntiles,
            "max_result_num": max_result_num,
            "top_k_attributions": top_k_attributions,
            "attribution_method": attribution_method,
            "sample_size": sample_size,
            "random_state": random_state,
            "signature_policy": signature_policy,
            "positive_label": positive_label,
            "shap_value_for_positive_only": shap_value_for_positive_only,
            "ignore_unknown_category": ignore_unknown_category,
            "categorical_variable": categorical_variable,
        }
        return tuple(self._score(data, given, kwargs))

    def predict(
        self,
        data: DataFrame,
        key: str | None = None,
        features: str | list[str] | None = None,
        *,
        group_key: str | None = None,
        group_params: dict[Any, dict[str, Any]] | None = None,
        top_k_attributions: int | None = None,
        attribution_method: str | None = None,
        sample_size: int | None = None,
        random_state: int | None = None,
        signature_policy: str | dict[str, str] | None = None,
        positive_label: str | int | None = None,
        shap_value_for_positive_only: bool | None = None,
        ignore_unknown_category: bool | None = None,
        categorical_variable: str | list[str] | None = None,
        verbose: bool | None = None,
        verbose_top_n: int | None = None,
        **kwargs: Any,
    ) -> DataFrame:
        """Predict the class of each row.

        Parameters are those of :meth:`score`, and ``verbose``: True gives a row for each class,
        the most probable first, at most ``verbose_top_n`` of them (0: all). With more than two
        classes, reasons refer to the row's class unless ``positive_label`` names one.

        Returns
        -------
        DataFrame
            The key column under its own name, ``SCORE`` (class as text), ``CONFIDENCE`` (its
            probability) and ``REASON_CODE``: JSON ``[{"attr", "pct", "val"}, ...]``, ``val`` in
            log-odds (of trees and forests, in probability), ``pct`` the share of all features'
            sizes. NULL where the algorithm knows no exact reasons and the fit kept no background
            rows. Those of a deep forest take time; ``attribution_method='saabas'`` is fast.
            With ``massive=True`` a tuple: this frame, beginning with ``GROUP_ID``, and the errors
            as of :meth:`score`; rows of a group without a model are left out.

        Raises
        ------
        FitIncompleteError
            The model is not fitted.
        """
        given = {
            "key": key,
            "features": features,
            "group_key": group_key,
            "group_params": group_params,
            "top_k_attributions": top_k_attributions,
            "attribution_method": attribution_method,
            "sample_size": sample_size,
            "random_state": random_state,
            "signature_policy": signature_policy,
            "positive_label": positive_label,
            "shap_value_for_positive_only": shap_value_for_positive_only,
            "ignore_unknown_category": ignore_unknown_category,
            "categorical_variable": categorical_variable,
            "verbose": verbose,
            "verbose_top_n": verbose_top_n,
        }
        predicted: DataFrame = self._predict(data, given, kwargs)
        return predicted

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
        self, fitted: Fitted, rows: pd.DataFrame, features: Array, outputs: Array, checked: ReadArguments
    ) -> pd.DataFrame:
        from hanalife.learning.results import classes

        return classes.predictions(fitted, rows, features, outputs, checked)

    def _report_fit(
        self, actual: Array, outputs: Array, encoding: Encoding, extra: Mapping[str, float | str], ntiles: int | None
    ) -> Report:
        from hanalife.learning.results import classes

        return classes.report(actual, outputs, encoding, extra, ntiles=ntiles)

    def _report_score(self, fitted: Fitted, actual: Array, outputs: Array, checked: ReadArguments) -> Report:
        from hanalife.learning.results import classes

        return classes.report(actual, outputs, fitted.encoding, {}, positive=checked.positive, ntiles=checked.ntiles)

    def _predicted_metrics(self, fitted: Fitted, tally: reading.Tally) -> dict[str, float | str]:
        counts = {f"PREDICTED_{name}": tally.count(name) for name in fitted.encoding.class_names}
        return {**counts, "MEAN_CONFIDENCE": tally.mean("CONFIDENCE")}
