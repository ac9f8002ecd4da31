"""Fit, score and predict as the unified models do it, and what an observer is told of it."""

from __future__ import annotations

import itertools
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hanalife.learning import trained_rows
from hanalife.learning.arguments.columns import check_frame
from hanalife.learning.arguments.fitting import FitArguments, fit_arguments
from hanalife.learning.arguments.keywords import check_imputation, check_rest
from hanalife.learning.arguments.reading import ReadArguments, read_arguments
from hanalife.learning.calls import observed
from hanalife.learning.model import Model
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.results import tables
from hanalife.learning.results.report import other_sources
from hanalife.learning.signature import Conformity
from hanalife.observation import CallOutcome, CallStart, ColumnSpec, MetricSource

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.dataframe.frame import DataFrame
    from hanalife.learning import reading, training
    from hanalife.learning.encoding import Encoding
    from hanalife.learning.fitted import Fitted
    from hanalife.learning.memory import Memory
    from hanalife.learning.results.report import Report
    from hanalife.learning.trained_rows import Mask

    Array = NDArray[Any]

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows that one fitted model has predicted and whose truth is known."""

    predicted: pd.DataFrame
    report: Report
    rows: int
    trained: Mask | None  #: which of the rows trained the model; None: unknown


class UnifiedModel(Model):
    """A model of one kind; what the kinds do differently is abstract here."""

    # --- what each kind of model knows ----------------------------------------------------------

    @abstractmethod
    def _predictions(
        self, fitted: Fitted, rows: pd.DataFrame, features: Array, outputs: Array, checked: ReadArguments
    ) -> pd.DataFrame:
        """Return the rows of a prediction."""

    @abstractmethod
    def _report_fit(
        self, actual: Array, outputs: Array, encoding: Encoding, extra: Mapping[str, float | str], ntiles: int | None
    ) -> Report:
        """Judge a fit."""

    @abstractmethod
    def _report_score(self, fitted: Fitted, actual: Array, outputs: Array, checked: ReadArguments) -> Report:
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

        check_frame(data)
        memory = self._remember(data)
        plan = self._plan(data, given, rest, memory)

        def work() -> tuple[pd.DataFrame, Report]:
            rows = reading.read(data, given["key"])
            with self._unfinished(memory), progress.reporting(self.observer) as told:
                fitted, report = training.fit(rows, plan, told)
            self._accept(fitted, data.connection_context)
            self.training_data, self.scoring_list_ = data, None
            self.hanaml_fit_params = without_none({**given, **rest, **plan.arguments.own})
            return rows, report

        words = self._words(plan.in_force) | plan.arguments.in_words()
        _, self.run_id = self._call("fit", words, work, lambda done: self._describe_fit(data, *done))
        return self

    def _plan(
        self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any], memory: Memory
    ) -> training.Plan:
        """Check what ``fit`` is given."""
        from hanalife.learning import training

        checked = self._fit_arguments(data, given, rest, memory.draw)
        in_force = parameters.in_force(self._function.parameters, self._given)
        in_force["random_state"] = in_force["random_state"] or memory.draw()
        return training.Plan(
            self._function, checked, in_force, self._selection, memory, self._classifies, self._report_fit
        )

    def _fit_arguments(
        self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any], draw_seed: Callable[[], int]
    ) -> FitArguments:
        own = check_rest("fit", rest, self._function)
        return fit_arguments(data, {**given, **own}, self._function, draw_seed, classifies=self._classifies)

    def _remember(self, data: DataFrame) -> Memory:
        """Return what an unfinished search has found, in this object or in the store."""
        from hanalife.learning.memory import Memory, StoredMemory

        if self._selection is None or self._selection.indicator is None:
            return Memory(self._memory, self.seed_source)
        database = data.connection_context.database
        return StoredMemory(database, self._selection.indicator, self._memory, seed_source=self.seed_source)

    @contextmanager
    def _unfinished(self, memory: Memory) -> Iterator[None]:
        """Leave to the next fit what this one finds, unless it ends well."""
        from hanalife.learning.memory import ended

        self._memory = memory
        with ended(memory):
            yield
        self._memory = None

    def _score(self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]) -> list[DataFrame]:
        from hanalife.learning import reading

        fitted = self._require()
        checked = self._checked("score", fitted, data, given, rest)

        def work() -> tuple[pd.DataFrame, Scored, list[DataFrame]]:
            read = reading.read(data, given["key"])
            scored = self._scored(fitted, read, checked)
            predicted, report = scored.predicted, scored.report
            columns = dict(self._prediction_columns(checked.key))
            context = data.connection_context
            results = report.tables()
            self._score_tables = results | {tables.INTERVAL_NOTES: report.notes()}
            frames = [
                context.create_from_pandas(predicted, tables.table_name("PREDICTIONS"), columns),
                *(table.to_frame(context, name.strip("_").upper()) for name, table in results.items()),
            ]
            self.scoring_list_, self.testing_data = frames, data
            self.hanaml_score_params = without_none(given)
            return read, scored, frames

        def describe(done: tuple[pd.DataFrame, Scored, list[DataFrame]]) -> CallOutcome:
            read, scored, _ = done
            return self._describe(data, read, scored.report, trained_rows.source_of([scored.trained], scored.rows))

        words = self._words(fitted.parameters) | checked.in_words()
        (*_, frames), _ = self._call("score", words, work, describe)
        return frames

    def _scored(self, fitted: Fitted, rows: pd.DataFrame, checked: ReadArguments) -> Scored:
        """Predict rows, evaluate the predictions, and find out which of the rows the model was trained on."""
        trained = trained_rows.which(fitted, rows)
        scorable = fitted.rows_to_read(rows, checked.own, scores=True)
        if trained is not None:
            trained = trained[rows.index.get_indexer(scorable.index)]
        rows = scorable.reset_index(drop=True)
        actual = fitted.encoding.target(rows[checked.label])
        conformity = Conformity(fitted.encoding, checked.policy)
        conformity.check_rows(rows)
        conformity.close()
        features, found = fitted.outputs(rows)
        report = self._report_score(fitted, actual, found, checked)
        first = slice(checked.max_result_num)
        predicted = self._predictions(fitted, rows[first], features[first], found[first], checked)
        return Scored(predicted, report, len(rows), trained)

    def _predict(self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]) -> DataFrame:
        from hanalife.learning import reading

        fitted = self._require()
        checked = self._checked("predict", fitted, data, given, rest)
        tally = reading.Tally() if self.observer is not None else None

        conformity = Conformity(fitted.encoding, checked.policy)

        def predict(rows: pd.DataFrame) -> pd.DataFrame:
            rows = fitted.rows_to_read(rows, checked.own).reset_index(drop=True)
            conformity.check_rows(rows)
            return self._predictions(fitted, rows, *fitted.outputs(rows), checked)

        def work() -> DataFrame:
            context = data.connection_context
            explains = checked.attribution_method != "no"
            parts = reading.predict_in_parts(data, checked.key.name, predict, tally, explains=explains)
            # One connection cannot read and write at once: what the session alone can read is read
            # before, everything else has begun on a connection of its own when the session writes.
            begun = list(parts) if context.needs_session(data.query) else itertools.chain([next(parts)], parts)
            columns = dict(self._prediction_columns(checked.key))
            frame = context.create_from_parts(begun, tables.table_name("PREDICTIONS"), columns)
            conformity.close()
            self.hanaml_predict_params, self._predicted = without_none(given), frame
            return frame

        words = self._words(fitted.parameters) | checked.in_words()
        return self._call("predict", words, work, lambda _: self._describe_predict(data, tally))[0]

    def _checked(
        self, method: str, fitted: Fitted, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]
    ) -> ReadArguments:
        """Check what ``score`` or ``predict`` is given."""
        others = check_imputation(rest, imputes=fitted.imputation is not None)
        own = check_rest(method, others, self._function)
        names = [name for name, _ in self._prediction_columns(ColumnSpec("", ""))][1:]
        return read_arguments(data, fitted.encoding, given, names, own, score=method == "score")

    # --- what the observer is told ------------------------------------------------------------

    def _describe_fit(self, data: DataFrame, rows: pd.DataFrame, report: Report) -> CallOutcome:
        fitted = self._require()
        return replace(
            self._describe(data, rows, report, (trained_rows.source_of_fit(report.metrics), "")),
            other_sources=other_sources(report),
            importance=fitted.importance,
            optimal_parameters=fitted.chosen,
        )

    def _describe(
        self, data: DataFrame, rows: pd.DataFrame, report: Report, measured_on: tuple[MetricSource, str]
    ) -> CallOutcome:
        source, note = measured_on
        return CallOutcome(
            dataset=data.facts(rows, self._require().key_name),
            seconds=self.runtime or 0.0,
            metrics=report.metrics,
            source=source,
            source_note=note,
            intervals=report.intervals,
            interval_notes=report.interval_notes,
            confusion=report.confusion,
            curves=report.curves,
            signature=self._signature(self._require()),
        )

    def _describe_predict(self, data: DataFrame, tally: reading.Tally | None) -> CallOutcome:
        assert tally is not None, "an observer is told, so there is one"
        fitted = self._any_fitted()
        assert fitted is not None, "only a fitted model predicts"
        return CallOutcome(
            dataset=data.facts_of(tally.content.rows, tally.content.hexdigest()),
            seconds=self.runtime or 0.0,
            metrics=self._predicted_metrics(fitted, tally),
            source=MetricSource.USER,
            signature=self._signature(fitted),
        )

    def _words(self, in_force: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters in force under the constructor's names; what plays no part is left out."""
        searching = self._selection.in_words() if self._selection else {}
        return {
            "func": self.real_func,
            **({} if self._multi_class is None else {"multi_class": self._multi_class}),
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


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given."""
    return {name: value for name, value in values.items() if value is not None}
