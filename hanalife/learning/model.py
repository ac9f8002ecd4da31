"""What every model has: identity, results as frames, state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from hanalife.errors import ArgumentTypeError, FitIncompleteError, NotSupportedError
from hanalife.learning import selection, signature, state, trained_rows
from hanalife.learning.functions import Func, find_func, of_multi_class
from hanalife.learning.hana_only import HanaOnly
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.parameters.formulas import with_degrees
from hanalife.learning.parameters.parameter import Parameter
from hanalife.learning.results import tables
from hanalife.learning.results.tables import Table
from hanalife.observation import CallObserver, ColumnSpec, Signature
from hanalife.records import ModelState
from hanalife.training_keys import TrainingKeys

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame
    from hanalife.learning.fitted import Fitted
    from hanalife.learning.memory import Memory


#: Keywords of the constructor beside those of the algorithm.
_FORM = (Parameter("multi_class", bool), Parameter("pivoted", bool))


class Model(HanaOnly, ABC):
    """A model that can be fitted, watched, stored and restored.

    Results are kept as small tables; the frames over them are made when first asked for, in
    tables that live as long as the connection.
    """

    _procedure: ClassVar[str]
    _kind: ClassVar[str]  #: classification or regression
    _functions: ClassVar[Sequence[Func]]
    _parts_of_model: ClassVar[tuple[str, ...]]

    def __init__(self, func: str, pivoted: bool, given: Mapping[str, Any], multi_class: bool | None = None) -> None:
        form = parameters.check(_FORM, {"multi_class": multi_class, "pivoted": pivoted}, "the constructor")
        self._function = of_multi_class(find_func(func, self._functions, self._kind), form.get("multi_class"))
        if form.get("pivoted"):
            raise NotSupportedError("pivoted: not supported; give a frame with one column a feature (pivot_table()).")
        self._multi_class = multi_class
        self.func = self._function.code
        self.real_func = self._function.name
        self.params: dict[str, Any] = {}
        self.hanaml_parameters: dict[str, Any] = {}
        self._given: dict[str, Any] = {}
        self._selection: selection.Selection | None = None
        self._set(given)
        self.name: str | None = None
        self.version = 1
        self.observer: CallObserver | None = None
        self.seed_source: Callable[[], int] | None = None  #: gives the seeds that a fit draws; None: at random
        self.run_id: str | None = None
        self.runtime: float | None = None
        self.error_msg_: DataFrame | None = None
        self.scoring_list_: list[DataFrame] | None = None
        self.training_data: DataFrame | None = None
        self.testing_data: DataFrame | None = None
        self.hanaml_fit_params: dict[str, Any] = {}
        self.hanaml_score_params: dict[str, Any] = {}
        self.hanaml_predict_params: dict[str, Any] = {}
        self._memory: Memory | None = None  #: what a fit that did not end well leaves to the next
        self._fitted: Fitted | None = None
        self._frames: dict[str, DataFrame] = {}
        self._score_tables: Mapping[str, Table] = {}
        self._predicted: DataFrame | None = None
        self._connection: ConnectionContext | None = None

    def __repr__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self._given.items())
        return f"{type(self).__name__}({self.real_func!r}{given})"

    # --- evaluation and search ----------------------------------------------------------------

    def update_cv_params(self, name: str, value: Any, typ: type | None = None) -> None:
        """Change one keyword of model evaluation and search, as if the constructor had been given it.

        Parameters
        ----------
        name : str
            Such as ``'fold_num'`` or ``'timeout'``.
        value : any
            None takes the keyword back.
        typ : type, optional
            What the value must be an instance of.

        Raises
        ------
        UnknownParameterError
            There is no such keyword of evaluation or search.
        ArgumentTypeError, InvalidArgumentError
            The value is of the wrong type, outside its range, or does not fit the other keywords;
            the model stays as it was.
        """
        if typ is not None and value is not None and not isinstance(value, typ):
            raise ArgumentTypeError(f"{name}: expected {typ.__name__}, got {value!r}.")
        self.update_search({name: value})

    def update_search(self, changes: Mapping[str, Any]) -> None:
        """Change several keywords at once, for those that only fit each other; see :meth:`update_cv_params`."""
        known = (*self._function.selection, parameters.RANDOM_STATE)
        renamed = {
            parameters.find(known, parameters.ALIASES.get(name, name), f"the search of {self.real_func}").name: value
            for name, value in changes.items()
        }
        self._set({**self._given, **renamed})

    def _set(self, given: Mapping[str, Any]) -> None:
        checked = parameters.check(self._function.table, given, self.real_func)
        self._selection = selection.selection(
            self._function.parameters, with_degrees(checked), self.real_func, classifies=self._classifies
        )
        self._given, self.params = checked, dict(given)
        if self.hanaml_parameters:
            self.hanaml_parameters["kwargs"] = checked

    # --- what a fit left ----------------------------------------------------------------------

    def is_fitted(self) -> bool:
        """Say whether the model can predict."""
        return self._fitted is not None

    @property
    def label(self) -> str | None:
        """The label column of the fit."""
        fitted = self._any_fitted()
        return fitted.encoding.label.name if fitted else None

    @property
    def seeds_(self) -> dict[str, int] | None:
        """The seeds of the fit, given or drawn, under the keywords that repeat it; None: not fitted.

        ``random_state`` is the constructor's; it is also that of folds, random candidates and calibration. The
        others are of ``fit``, and are there if they play a part.
        """
        fitted = self._any_fitted()
        return dict(fitted.seeds) if fitted else None

    @property
    def fit_data(self) -> DataFrame | None:
        """The frame that was fitted; None for a loaded model."""
        return self.training_data

    @property
    def model_(self) -> list[DataFrame] | None:
        """The model's own frame, then the result frames that hana_ml keeps beside it.

        The model's columns are ROW_INDEX, PART_INDEX (-1 for the header, then the part) and
        MODEL_CONTENT (JSON).
        """
        if not self.is_fitted():
            return None
        if "model_" not in self._frames:
            self._frames["model_"] = self._contents().to_frame(self._context(), "MODEL")
        parts = [self._frame(name) for name in self._parts_of_model]
        return [self._frames["model_"], *(part for part in parts if part is not None)]

    @property
    def statistics_(self) -> DataFrame | None:
        """STAT_NAME, STAT_VALUE (text), CLASS_NAME.

        ``<NAME>.LOW`` and ``<NAME>.HIGH`` are the ends of a number's 95 % interval; ``interval_notes_``
        says why a number has none.
        ``PARTITION`` says which rows the numbers are of. After a search, ``TEST_<METRIC>`` is
        the chosen candidate's value on each fold, ``.MEAN`` their mean, ``.VAR`` their sample
        variance.
        """
        return self._frame("statistics_")

    @property
    def interval_notes_(self) -> DataFrame | None:
        """STAT_NAME, CLASS_NAME, REASON: why a number of ``statistics_`` has no interval there."""
        return self._frame("interval_notes_")

    @property
    def optimal_param_(self) -> DataFrame | None:
        """PARAM_NAME, INT_VALUE, DOUBLE_VALUE, STRING_VALUE of what a search chose."""
        return self._frame("optimal_param_")

    @property
    def permutation_importance_(self) -> DataFrame | None:
        """VARIABLE_NAME, IMPORTANCE, DEVIATION: what shuffling a column costs on the validation rows.

        Mean and standard deviation over the repeats, in the metric's unit; None unless
        ``permutation_importance=True`` asked for it.
        """
        return self._frame("permutation_importance_")

    @property
    def search_results_(self) -> DataFrame | None:
        """CANDIDATE, PARAMETERS (JSON), METRIC, FOLD, SCORE, RUNG, RESOURCE of everything a search tried.

        RUNG counts the rounds of a race, RESOURCE is what the candidate had in it: a share of the
        rows, or a number of trees or iterations. Without a race, both are 1.
        """
        return self._frame("search_results_")

    @property
    def partition_(self) -> DataFrame | None:
        """ID, TYPE (1 training, 2 validation); None unless ``output_partition_result`` asked for it."""
        return self._frame("partition_")

    def get_optimal_parameters(self) -> pd.DataFrame:
        """Return ``optimal_param_`` as a pandas frame."""
        return self._collect("optimal_param_")

    def get_feature_importances(self) -> dict[str, float]:
        """Return each feature's importance, the largest first."""
        return self._require().importance

    def get_model_metrics(self) -> DataFrame | None:
        """Return ``statistics_``."""
        return self.statistics_

    def get_parameters(self) -> dict[str, dict[str, Any]]:
        """Return what was given to each call, under the names of the arguments."""
        given = {
            "fit": {**self._given, **self.hanaml_fit_params},
            "predict": self.hanaml_predict_params,
            "score": self.hanaml_score_params,
        }
        return {method: dict(values) for method, values in given.items() if values}

    def get_fit_parameters(self) -> list[tuple[str, Any]]:
        """Return what was given to the constructor and to ``fit``, under SAP HANA's names."""
        words = {parameter.name: parameter.pal_name for parameter in self._function.table}
        return [
            ("FUNCTION", self.func),
            *((words[name], value) for name, value in self._given.items()),
            *_in_capitals(self.hanaml_fit_params),
        ]

    def get_predict_parameters(self) -> list[tuple[str, Any]]:
        """Return what was given to the last ``predict``, under SAP HANA's names."""
        return _in_capitals(self.hanaml_predict_params)

    def get_score_parameters(self) -> list[tuple[str, Any]]:
        """Return what was given to the last ``score``, under SAP HANA's names."""
        return _in_capitals(self.hanaml_score_params)

    def get_pal_function(self) -> str:
        """Return SAP HANA's name of what the model does."""
        return self._procedure

    def get_fit_output_table_names(self) -> list[str]:
        """Return the tables of the result frames that were looked at so far."""
        return _tables_of(self._frames.values())

    def get_score_output_table_names(self) -> list[str]:
        """Return the tables of the last ``score``."""
        return _tables_of(self.scoring_list_ or [])

    def get_predict_output_table_names(self) -> list[str]:
        """Return the table of the last ``predict``."""
        return _tables_of([] if self._predicted is None else [self._predicted])

    # --- training rows ------------------------------------------------------------------------

    def is_trained_on(self, rows: pd.DataFrame) -> NDArray[np.bool_] | None:
        """Return which rows the model was trained on, or None if that is unknown.

        Rows that influenced the fit in any way count: those of early stopping, calibration and
        search too. Those that the fit held out for validation do not. A row is recognised by the
        key column of the fit; if the fit had none, by the values of the features and the label,
        so that another row with the same values counts as well.

        Parameters
        ----------
        rows : pandas.DataFrame, shape (n_rows, n_columns)
            With the key column of the fit; without one, with the features and the label; and with
            the group's column if there is a model for each group.

        Returns
        -------
        numpy.ndarray of bool, shape (n_rows,), or None
            None: the model was stored by a hanalife that kept no training keys, or the columns
            by which a row is recognised are missing.

        Raises
        ------
        FitIncompleteError
            The model is not fitted.
        """
        return trained_rows.which(self._require(), rows)

    # --- state --------------------------------------------------------------------------------

    def to_state(self) -> ModelState:
        """Return all that makes the fitted model, as JSON values beside its estimator.

        Raises
        ------
        FitIncompleteError
            The model is not fitted.
        """
        fitted = self._require()
        keys = {"": fitted.training_keys}
        return self._state(state.facts_of(fitted), state.tables_of(fitted), fitted.estimator, keys)

    def _state(
        self,
        facts: Mapping[str, Any],
        tables: Mapping[str, Mapping[str, Any]],
        estimator: Any,
        keys: Mapping[str, TrainingKeys | None],
    ) -> ModelState:
        fitted = self._any_fitted()
        assert fitted is not None, "only a fitted model has a state"
        common = {
            "signature": signature.signature_json(self._signature(fitted)),
            "run_id": self.run_id,
            "runtime": self.runtime,
        }
        return ModelState(
            class_path=f"{type(self).__module__}.{type(self).__qualname__}",
            constructor=self.hanaml_parameters,
            fit_parameters=self.hanaml_fit_params,
            facts={**facts, **common},
            tables=tables,
            estimator=estimator,
            training_keys=trained_rows.pack(keys),
        )

    @classmethod
    def from_state(cls, connection_context: ConnectionContext, found: ModelState) -> Self:
        """Make the model that :meth:`to_state` described; its result frames live on this connection."""
        constructor = dict(found.constructor)
        model = cls(**constructor.pop("kwargs"), **constructor)
        model._restore(connection_context, found)
        model.hanaml_fit_params = dict(found.fit_parameters)
        model.run_id, model.runtime = found.facts["run_id"], found.facts["runtime"]
        return model

    def _restore(self, connection_context: ConnectionContext, found: ModelState) -> None:
        keys = trained_rows.unpack(found.training_keys)
        fitted = state.fitted_of(self._function, found.facts, found.tables, found.estimator, keys.get(""))
        self._accept(fitted, connection_context)

    # --- for the models -----------------------------------------------------------------------

    @property
    def _classifies(self) -> bool:
        return self._kind == "classification"

    @abstractmethod
    def _prediction_columns(self, key: ColumnSpec) -> tuple[tuple[str, str], ...]:
        """Return the columns of a prediction, ``(name, type)``."""

    def _require(self) -> Fitted:
        if self._fitted is None:
            raise FitIncompleteError
        return self._fitted

    def _accept(self, fitted: Fitted, connection_context: ConnectionContext) -> None:
        self._fitted, self._connection, self._frames = fitted, connection_context, {}

    def _context(self) -> ConnectionContext:
        assert self._connection is not None, "a fitted model has a connection"
        return self._connection

    def _any_fitted(self) -> Fitted | None:
        """Return what was fitted; of many models, one."""
        return self._fitted

    def _tables(self) -> Mapping[str, Table]:
        """Return the result tables by attribute."""
        return self._fitted.tables if self._fitted else {}

    def _contents(self) -> Table:
        """Return the fitted model in words."""
        fitted = self._require()
        return tables.model_content(fitted.engine.describe(fitted.estimator))

    def _frame(self, name: str) -> DataFrame | None:
        found = self._tables()
        if name not in found:
            return None
        if name not in self._frames:
            self._frames[name] = found[name].to_frame(self._context(), name.strip("_").upper())
        return self._frames[name]

    def _collect(self, name: str) -> pd.DataFrame:
        if not self.is_fitted():
            raise FitIncompleteError
        frame = self._frame(name)
        assert frame is not None, "every fit leaves this table"
        return frame.collect()

    def _signature(self, fitted: Fitted) -> Signature:
        return signature.signature_of(fitted, self._prediction_columns(fitted.key or ColumnSpec("ID", "INT")))


def _tables_of(frames: Iterable[DataFrame]) -> list[str]:
    return [frame.source_table["TABLE_NAME"] for frame in frames if frame.source_table]


def _in_capitals(given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name.upper(), value) for name, value in given.items()]
