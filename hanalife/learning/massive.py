"""One model for each group of rows, behind the interface of a single model."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from hanalife.errors import ArgumentTypeError, Error, FitIncompleteError, InvalidArgumentError
from hanalife.learning import selection, trained_rows
from hanalife.learning.arguments import by_group as arguments
from hanalife.learning.arguments.columns import check_column, check_frame
from hanalife.learning.arguments.reading import ReadArguments
from hanalife.learning.groups import GROUP_ID, FittedGroups, by_group, error_table, means, stacked, under_group_id
from hanalife.learning.memory import GROUPS, Memory, ended
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.parameters.formulas import with_degrees
from hanalife.learning.parameters.parameter import Parameter
from hanalife.learning.progress import Silent
from hanalife.learning.results import tables
from hanalife.learning.results.report import other_sources
from hanalife.learning.results.tables import Table
from hanalife.learning.side_by_side import for_each
from hanalife.learning.signature import Conformity
from hanalife.learning.state import fitted_of, group_facts
from hanalife.learning.unified import Scored, UnifiedModel, without_none
from hanalife.observation import CallOutcome, MetricSource
from hanalife.records import ModelState

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame
    from hanalife.learning.arguments.fitting import FitArguments
    from hanalife.learning.fitted import Fitted
    from hanalife.learning.results.report import Report
    from hanalife.learning.training import Plan

#: Keywords of the constructor beside those of the algorithm.
_FORM = (Parameter("massive", bool), Parameter("group_params", dict))


class GroupedModel(UnifiedModel):
    """A unified model that may be many: ``massive=True`` fits one model for each group."""

    def __init__(
        self,
        func: str,
        massive: bool,
        group_params: Mapping[Any, Mapping[str, Any]] | None,
        pivoted: bool,
        given: Mapping[str, Any],
        multi_class: bool | None = None,
    ) -> None:
        super().__init__(func, pivoted, given, multi_class)
        form = parameters.check(_FORM, {"massive": massive, "group_params": group_params}, "the constructor")
        self.massive: bool = form.get("massive", False)
        if form.get("group_params") and not self.massive:
            raise InvalidArgumentError("group_params: only has a meaning with massive=True; add it.")
        self._group_given = {
            str(group): self._checked_group(group, own) for group, own in form.get("group_params", {}).items()
        }
        self._groups: FittedGroups | None = None

    def _checked_group(self, group: Any, own: Any) -> dict[str, Any]:
        """Return what one group is given, refused as the constructor would refuse it for all."""
        if not isinstance(own, Mapping):
            raise ArgumentTypeError(f"group_params[{group!r}]: expected a dict of parameters, got {own!r}.")
        func = f"{self.real_func}, group {group!r}"
        checked = parameters.check(self._function.table, own, func)
        if "progress_indicator_id" in checked:
            raise InvalidArgumentError(
                f"group_params[{group!r}]: progress_indicator_id is of all groups; give it to the constructor."
            )
        self._selection_of({**self._given, **checked}, func)
        return checked

    def _selection_of(self, given: Mapping[str, Any], func: str) -> selection.Selection | None:
        return selection.selection(self._function.parameters, with_degrees(given), func, classifies=self._classifies)

    # --- what a fit left ----------------------------------------------------------------------

    def is_fitted(self) -> bool:
        """Say whether the model can predict."""
        return self._groups is not None or super().is_fitted()

    def get_feature_importances(self) -> dict[str, Any]:
        """Return each feature's importance, the largest first; with ``massive``, by group."""
        if not self.massive:
            return super().get_feature_importances()
        return {name: fitted.importance for name, fitted in self._require_groups().groups.items()}

    def _tables(self) -> Mapping[str, Table]:
        return self._groups.tables if self._groups else super()._tables()

    def _any_fitted(self) -> Fitted | None:
        return self._groups.any if self._groups else super()._any_fitted()

    def _contents(self) -> Table:
        if self._groups is None:
            return super()._contents()
        parts = {
            name: tables.model_content(one.engine.describe(one.estimator)) for name, one in self._groups.groups.items()
        }
        return under_group_id(parts)

    def to_state(self) -> ModelState:
        """Return all that makes the fitted model, as JSON values beside its estimator (one a group, by its name)."""
        if not self.massive:
            return super().to_state()
        found = self._require_groups()
        groups = {name: group_facts(one) for name, one in found.groups.items()}
        return self._state(
            facts={"group_key": found.group_key, "groups": groups},
            tables={name: table.to_json() for name, table in found.tables.items()},
            estimator={name: one.estimator for name, one in found.groups.items()},
            keys={name: one.training_keys for name, one in found.groups.items()},
        )

    def is_trained_on(self, rows: pd.DataFrame) -> NDArray[np.bool_] | None:
        """Return which rows the model was trained on, or None if that is unknown; see :meth:`Model.is_trained_on`."""
        if not self.massive:
            return super().is_trained_on(rows)
        found = self._require_groups()
        return trained_rows.which_of_groups(found.groups, found.group_key, rows)

    def _restore(self, connection_context: ConnectionContext, found: ModelState) -> None:
        if not self.massive:
            super()._restore(connection_context, found)
            return
        keys = trained_rows.unpack(found.training_keys)
        groups = {
            name: fitted_of(self._function, facts, facts["tables"], found.estimator[name], keys.get(name))
            for name, facts in found.facts["groups"].items()
        }
        self._accept_groups(FittedGroups.of(found.facts["group_key"], groups), connection_context)

    # --- fit ----------------------------------------------------------------------------------

    def _fit(self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]) -> Self:
        group_key = self._group_key(data, given)
        if group_key is None:
            return super()._fit(data, given, rest)
        from hanalife.learning import reading, training

        words = arguments.keywords(given, rest, "fit")
        memory = self._remember(data)
        plan = self._plan(data.deselect(group_key), words.given, rest, memory)
        own_arguments = {name: self._arguments_of(name, data.deselect(group_key), words, plan) for name in words.own}

        def work() -> tuple[pd.DataFrame, dict[str, Report], Table]:
            rows = reading.read(data, given["key"])
            parts = self._parts(rows, group_key, [*self._group_given, *words.own])

            def fit(name: str) -> tuple[Fitted, Report]:
                own = plans[name]
                with ended(own.memory):
                    return training.fit(parts[name], own, Silent())

            with self._unfinished(memory):
                memory.begin(GROUPS, len(parts))
                plans = {
                    name: self._plan_of(replace(plan, arguments=own_arguments.get(name, plan.arguments)), name)
                    for name in parts
                }
                done, errors = for_each(parts, fit, self.observer, memory)
            groups = {name: fitted for name, (fitted, _) in done.items()}
            self._accept_groups(FittedGroups.of(group_key, groups), data.connection_context)
            self._accept_errors(errors, data.connection_context)
            self.training_data, self.scoring_list_ = data, None
            self.hanaml_fit_params = without_none({**words.given, **rest, **plan.arguments.own})
            return rows, {name: report for name, (_, report) in done.items()}, errors

        told = self._words(plan.in_force) | plan.arguments.in_words() | _in_words(group_key, words)

        def describe(found: tuple[pd.DataFrame, dict[str, Report], Table]) -> CallOutcome:
            rows, reports, errors = found
            sources = {trained_rows.source_of_fit(report.metrics) for report in reports.values()}
            # Groups may be partitioned differently; then the weakest evidence counts for all.
            source = MetricSource.TRAIN if MetricSource.TRAIN in sources else MetricSource.VALIDATION
            return self._describe_groups(data, rows, reports, errors, (source, ""))

        _, self.run_id = self._call("fit", told, work, describe)
        return self

    def _arguments_of(self, name: str, data: DataFrame, words: arguments.Keywords, plan: Plan) -> FitArguments:
        """Check what ``fit`` is given for one group; a seed that it leaves open is that of all."""
        return self._fit_arguments(data, *words.of(name), lambda: plan.arguments.partition_random_state)

    def _plan_of(self, plan: Plan, name: str) -> Plan:
        """Return the plan of one group: the common one, changed by what the constructor's ``group_params`` gives it."""
        own, memory = self._group_given.get(name), plan.memory.part(name)
        if not own:
            memory.seeds = [plan.in_force["random_state"]]
            return replace(plan, memory=memory)
        given = {**self._given, **own}
        in_force = parameters.in_force(self._function.parameters, given)
        in_force["random_state"] = own.get("random_state") or plan.in_force["random_state"]
        found = self._selection_of(given, self.real_func)
        memory.seeds = [in_force["random_state"]]
        return replace(plan, in_force=in_force, selection=found, memory=memory)

    def _group_key(self, data: Any, given: Mapping[str, Any]) -> str | None:
        name = given["group_key"]
        if not self.massive:
            for useless in ("group_key", "group_params"):
                if given[useless] is not None:
                    raise InvalidArgumentError(
                        f"{useless}: only has a meaning with massive=True; construct the model with it."
                    )
            return None
        if self._groups is not None and name is None:
            name = self._groups.group_key
        if not isinstance(name, str):
            raise ArgumentTypeError(f"group_key: massive=True needs the column that holds the group, got {name!r}.")
        check_column(check_frame(data), name, "group_key")
        if name == given["key"]:
            raise InvalidArgumentError(f"group_key: {name!r} is the key; name the column that holds the group.")
        return name

    def _parts(self, rows: pd.DataFrame, group_key: str, named: Iterable[str]) -> dict[str, pd.DataFrame]:
        missing = int(rows[group_key].isna().sum())
        if missing:
            raise InvalidArgumentError(f"group_key: column {group_key!r} is NULL in {missing} rows; filter them out.")
        parts = by_group(rows, group_key)
        absent = [name for name in named if name not in parts]
        if absent:
            raise InvalidArgumentError(f"group_params: no row is of group {', '.join(absent)}; leave it out.")
        return parts

    # --- score and predict --------------------------------------------------------------------

    def _score(self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]) -> list[DataFrame]:
        group_key = self._group_key(data, given)
        if group_key is None:
            return super()._score(data, given, rest)
        from hanalife.learning import reading

        groups = self._require_groups()
        words = arguments.keywords(given, rest, "score")
        checked, own = self._checked_groups("score", data.deselect(group_key), words)

        def work() -> tuple[pd.DataFrame, dict[str, Scored], Table, list[DataFrame]]:
            rows = reading.read(data, given["key"])
            parts = by_group(rows, group_key)

            def score(name: str) -> Scored:
                return self._scored(self._of_group(name), parts[name], own.get(name, checked))

            done, errors = for_each(parts, score, None, Memory())
            context = data.connection_context
            predicted = stacked({name: scored.predicted for name, scored in done.items()})[: checked.max_result_num]
            reports = {name: scored.report for name, scored in done.items()}
            found = {name: report.tables() for name, report in reports.items()}
            results = {
                kind: under_group_id({name: one[kind] for name, one in found.items()})
                for kind in next(iter(found.values()))
            }
            notes = under_group_id({name: report.notes() for name, report in reports.items()})
            self._score_tables = results | {tables.INTERVAL_NOTES: notes}
            frames = [
                context.create_from_pandas(predicted, tables.table_name("PREDICTIONS"), self._group_columns(checked)),
                *(table.to_frame(context, kind.strip("_").upper()) for kind, table in results.items()),
                self._accept_errors(errors, context),
            ]
            self.scoring_list_, self.testing_data = frames, data
            self.hanaml_score_params = without_none(words.given)
            return rows, done, errors, frames

        def describe(found: tuple[pd.DataFrame, dict[str, Scored], Table, list[DataFrame]]) -> CallOutcome:
            rows, done, errors, _ = found
            reports = {name: scored.report for name, scored in done.items()}
            all_rows = sum(scored.rows for scored in done.values())
            measured_on = trained_rows.source_of((scored.trained for scored in done.values()), all_rows)
            return self._describe_groups(data, rows, reports, errors, measured_on)

        told = self._words(groups.any.parameters) | checked.in_words() | _in_words(group_key, words)
        (*_, frames), _ = self._call("score", told, work, describe)
        return frames

    def _predict(self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]) -> Any:
        group_key = self._group_key(data, given)
        if group_key is None:
            return super()._predict(data, given, rest)
        from hanalife.learning import reading

        groups = self._require_groups()
        words = arguments.keywords(given, rest, "predict")
        checked, own = self._checked_groups("predict", data.deselect(group_key), words)
        errors: dict[str, Error] = {}
        conformities = {
            name: Conformity(one.encoding, own.get(name, checked).policy) for name, one in groups.groups.items()
        }
        tally = reading.Tally() if self.observer is not None else None

        def predict(rows: pd.DataFrame) -> pd.DataFrame:
            found = {}
            for key, part in rows.groupby(group_key, sort=False, dropna=False):
                name = str(key)
                if name not in groups.groups:
                    errors[name] = self._unknown_group(name)
                    continue
                fitted, asked = groups.groups[name], own.get(name, checked)
                kept = fitted.rows_to_read(part, asked.own)
                numbered = kept.reset_index(drop=True)
                conformities[name].check_rows(numbered)
                predicted = self._predictions(fitted, numbered, *fitted.outputs(numbered), asked)
                # With verbose=True, several rows of a prediction are of one row.
                found[name] = predicted.set_axis(kept.index.repeat(len(predicted) // max(1, len(kept))))
            if not found:
                return self._no_predictions(checked)
            return stacked(found).sort_index(kind="stable")

        def work() -> tuple[DataFrame, DataFrame]:
            context = data.connection_context
            explains = any(one.attribution_method != "no" for one in (checked, *own.values()))
            parts = reading.predict_in_parts(data, checked.key.name, predict, tally, explains=explains)
            begun: Iterator[Any] | list[Any] = (
                list(parts) if context.needs_session(data.query) else itertools.chain([next(parts)], parts)
            )
            frame = context.create_from_parts(begun, tables.table_name("PREDICTIONS"), self._group_columns(checked))
            for conformity in conformities.values():
                conformity.close()
            self.hanaml_predict_params, self._predicted = without_none(words.given), frame
            return frame, self._accept_errors(error_table(errors), context)

        told = self._words(groups.any.parameters) | checked.in_words() | _in_words(group_key, words)
        return self._call("predict", told, work, lambda _: self._describe_predict(data, tally))[0]

    def _checked_groups(
        self, method: str, data: DataFrame, words: arguments.Keywords
    ) -> tuple[ReadArguments, dict[str, ReadArguments]]:
        """Check what ``score`` or ``predict`` is given for all groups, and for those that differ."""
        checked = self._checked(method, self._require_groups().any, data, words.given, words.rest)
        own = {name: self._checked(method, self._of_group(name), data, *words.of(name)) for name in words.own}
        return checked, own

    def _of_group(self, name: str) -> Fitted:
        found = self._require_groups().groups.get(name)
        if found is None:
            raise self._unknown_group(name)
        return found

    def _unknown_group(self, name: str) -> InvalidArgumentError:
        known = ", ".join(self._require_groups().groups)
        return InvalidArgumentError(f"group_key: no model was fitted for group {name!r}; there are: {known}.")

    def _group_columns(self, checked: ReadArguments) -> dict[str, str]:
        return dict(((GROUP_ID, "NVARCHAR"), *self._prediction_columns(checked.key)))

    def _no_predictions(self, checked: ReadArguments) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame({name: [] for name in self._group_columns(checked)})

    def _words(self, in_force: Mapping[str, Any]) -> dict[str, Any]:
        words = super()._words(in_force)
        words |= {"massive": True} if self.massive else {}
        return words | ({"group_params": self._group_given} if self._group_given else {})

    # --- the rest -----------------------------------------------------------------------------

    def _require_groups(self) -> FittedGroups:
        if self._groups is None:
            raise FitIncompleteError
        return self._groups

    def _accept_groups(self, found: FittedGroups, connection_context: ConnectionContext) -> None:
        self._groups, self._connection, self._frames = found, connection_context, {}

    def _accept_errors(self, errors: Table, connection_context: ConnectionContext) -> DataFrame:
        self.error_msg_ = errors.to_frame(connection_context, "ERROR_MSG")
        return self.error_msg_

    def _describe_groups(
        self,
        data: DataFrame,
        rows: pd.DataFrame,
        reports: Mapping[str, Report],
        errors: Table,
        measured_on: tuple[MetricSource, str],
    ) -> CallOutcome:
        """Tell of all groups at once: each metric and importance is the mean over the groups that have it."""
        groups = self._require_groups()
        return CallOutcome(
            dataset=data.facts(rows, groups.any.key_name),
            seconds=self.runtime or 0.0,
            metrics={
                "GROUPS": len(reports),
                "FAILED_GROUPS": len(errors.rows),
                **means([report.metrics for report in reports.values()]),
            },
            source=measured_on[0],
            source_note=measured_on[1],
            other_sources={
                name: origin for report in reports.values() for name, origin in other_sources(report).items()
            },
            importance=means([groups.groups[name].importance for name in reports]),
            signature=self._signature(groups.any),
        )


def _in_words(group_key: str, words: arguments.Keywords) -> dict[str, Any]:
    return {"GROUP_KEY": group_key, **({"GROUP_PARAMS": words.own} if words.own else {})}
