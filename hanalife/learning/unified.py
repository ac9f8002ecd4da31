"""Fit, score and predict as the unified models do it, and what an observer is told of it."""

from __future__ import annotations

import itertools
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hanalife.learning import arguments
from hanalife.learning.calls import observed
from hanalife.learning.model import Model
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.results import tables
from hanalife.observation import CallOutcome, CallStart, ColumnSpec

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.dataframe.frame import DataFrame
    from hanalife.learning import reading
    from hanalife.learning.encoding import Encoding
    from hanalife.learning.fitted import Fitted
    from hanalife.learning.memory import Memory
    from hanalife.learning.results.report import Report

    Array = NDArray[Any]

R = TypeVar("R")


class UnifiedModel(Model):
    """A model of one kind; what the kinds do differently is abstract here."""

    # --- what each kind of model knows ----------------------------------------------------------

    @abstractmethod
    def _predictions(
        self, fitted: Fitted, rows: pd.DataFrame, features: Array, outputs: Array, checked: arguments.ReadArguments
    ) -> pd.DataFrame:
        """Return the rows of a prediction."""

    @abstractmethod
    def _report_fit(
        self, actual: Array, outputs: Array, encoding: Encoding, extra: Mapping[str, float | str], ntiles: int | None
    ) -> Report:
        """Judge a fit."""

    @abstractmethod
    def _report_score(self, fitted: Fitted, actual: Array, outputs: Array, checked: arguments.ReadArguments) -> Report:
        """Judge a score."""

    @abstractmethod
    def _predicted_metrics(self, fitted: Fitted, tally: reading.Tally) -> dict[str, float | str]:
        """Return what is said of predictions without knowing the truth."""

    @abstractmethod
    def fit(self, data: DataFrame, key: str | None = None, **kwargs: Any) -> Self:
        """Fit the model."""

    @abstractmethod
    def predict(self, data: DataFrame, key: str | None = None, **kwargs: Any) -> DataFrame:
        """Predict rows."""

    # --- fit, score, predict ------------------------------------------------------------------

    def _fit(self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]) -> Self:
        from hanalife.learning import progress, reading, training

        own = arguments.check_rest("fit", rest, self._function)
        arguments.check_frame(data)
        memory = self._remember(data)
        checked = arguments.fit_arguments(
            data, {**given, **own}, self._function, memory.draw, classifies=self._classifies
        )
        in_force = parameters.in_force(self._function.parameters, self._given)
        in_force["random_state"] = in_force["random_state"] or memory.draw()
        plan = training.Plan(
            self._function, checked, in_force, self._selection, memory, self._classifies, self._report_fit
        )

        def work() -> tuple[pd.DataFrame, Report]:
            rows = reading.read(data, given["key"])
            with self._unfinished(memory), progress.reporting(self.observer) as told:
                fitted, report = training.fit(rows, plan, told)
            self._accept(fitted, data.connection_context)
            self.training_data, self.scoring_list_ = data, None
            self.hanaml_fit_params = _without_none({**given, **own})
            return rows, report

        _, self.run_id = self._call(
            "fit", self._words(in_force) | checked.in_words(), work, lambda done: self._describe_fit(data, *done)
        )
        return self

    def _remember(self, data: DataFrame) -> Memory:
        """Return what an unfinished search has found, in this object or in the store."""
        from hanalife.learning.memory import Memory, StoredMemory

        if self._selection is None or self._selection.indicator is None:
            return Memory(self._memory)
        return StoredMemory(data.connection_context.database, self._selection.indicator, self._memory)

    @contextmanager
    def _unfinished(self, memory: Memory) -> Iterator[None]:
        """Leave to the next fit what this one finds, unless it ends well."""
        self._memory = memory
        try:
            yield
        except BaseException as error:
            memory.end(error)
            raise
        memory.end(None)
        self._memory = None

    def _score(self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]) -> list[DataFrame]:
        from hanalife.learning import reading

        fitted = self._require()
        arguments.check_rest("score", rest, self._function)
        checked = self._read_arguments(fitted, data, given, score=True)

        def work() -> tuple[pd.DataFrame, Report, list[DataFrame]]:
            rows = reading.read(data, given["key"])
            actual = fitted.encoding.target(rows[checked.label])
            features, found = fitted.outputs(rows)
            report = self._report_score(fitted, actual, found, checked)
            first = slice(checked.max_result_num)
            predicted = self._predictions(fitted, rows[first], features[first], found[first], checked)
            columns = dict(self._prediction_columns(checked.key))
            context = data.connection_context
            frames = [
                context.create_from_pandas(predicted, tables.table_name("PREDICTIONS"), columns),
                *(table.to_frame(context, name.strip("_").upper()) for name, table in report.tables().items()),
            ]
            self.scoring_list_, self.testing_data = frames, data
            self.hanaml_score_params = _without_none(given)
            return rows, report, frames

        words = self._words(fitted.parameters) | checked.in_words()
        (_, _, frames), _ = self._call("score", words, work, lambda done: self._describe_score(data, done[0], done[1]))
        return frames

    def _predict(self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]) -> DataFrame:
        from hanalife.learning import reading

        fitted = self._require()
        arguments.check_rest("predict", rest, self._function)
        checked = self._read_arguments(fitted, data, given, score=False)
        tally = reading.Tally() if self.observer is not None else None

        def predict(rows: pd.DataFrame) -> pd.DataFrame:
            return self._predictions(fitted, rows, *fitted.outputs(rows), checked)

        def work() -> DataFrame:
            context = data.connection_context
            parts = reading.predict_in_parts(data, checked.key.name, predict, tally)
            # One connection cannot read and write at once: what the session alone can read is read
            # before, everything else has begun on a connection of its own when the session writes.
            begun = list(parts) if context.needs_session(data.query) else itertools.chain([next(parts)], parts)
            columns = dict(self._prediction_columns(checked.key))
            frame = context.create_from_parts(begun, tables.table_name("PREDICTIONS"), columns)
            self.hanaml_predict_params = _without_none(given)
            return frame

        words = self._words(fitted.parameters) | checked.in_words()
        return self._call("predict", words, work, lambda _: self._describe_predict(data, tally))[0]

    def _read_arguments(
        self, fitted: Fitted, data: DataFrame, given: Mapping[str, Any], *, score: bool
    ) -> arguments.ReadArguments:
        names = [name for name, _ in self._prediction_columns(ColumnSpec("", ""))][1:]
        return arguments.read_arguments(data, fitted.encoding, given, names, score=score)

    # --- what the observer is told ------------------------------------------------------------

    def _describe_fit(self, data: DataFrame, rows: pd.DataFrame, report: Report) -> CallOutcome:
        fitted = self._require()
        return replace(
            self._describe_score(data, rows, report),
            importance=fitted.importance,
            optimal_parameters=fitted.chosen,
        )

    def _describe_score(self, data: DataFrame, rows: pd.DataFrame, report: Report) -> CallOutcome:
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
        fitted = self._require()
        return CallOutcome(
            dataset=data.facts_of(tally.content.rows, tally.content.hexdigest()),
            seconds=self.runtime or 0.0,
            metrics=self._predicted_metrics(fitted, tally),
            signature=self._signature(fitted),
        )

    def _words(self, in_force: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters in force under the constructor's names; what plays no part is left out."""
        searching = self._selection.in_words() if self._selection else {}
        return {
            "func": self.real_func,
            **{name: value for name, value in in_force.items() if value is not None},
            **searching,
        }

    def _call(
        self, method: str, words: Mapping[str, Any], work: Callable[[], R], describe: Callable[[R], CallOutcome]
    ) -> tuple[R, str | None]:
        """Do the work of one call, timed and reported."""
        began = time.monotonic()

        def timed() -> R:
            result = work()
            self.runtime = time.monotonic() - began
            return result

        return observed(self.observer, CallStart(method, self._procedure, words), timed, describe)


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
