"""One model for each group of rows, behind the interface of a single model."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hanalife.clock import format_utc, utc_now
from hanalife.errors import ArgumentTypeError, Error, FitIncompleteError, InvalidArgumentError, SearchCancelledError
from hanalife.learning import selection
from hanalife.learning.arguments.columns import check_column, check_frame
from hanalife.learning.arguments.reading import ReadArguments
from hanalife.learning.memory import GROUPS, Memory, ended
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.parameters.formulas import with_degrees
from hanalife.learning.parameters.parameter import Parameter
from hanalife.learning.progress import Silent
from hanalife.learning.results import tables
from hanalife.learning.results.tables import Table
from hanalife.learning.signature import Conformity
from hanalife.learning.state import fitted_of, group_facts
from hanalife.learning.unified import UnifiedModel, without_none
from hanalife.observation import CallOutcome
from hanalife.records import ModelState

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame
    from hanalife.learning.fitted import Fitted
    from hanalife.learning.results.report import Report

GROUP_ID = "GROUP_ID"
ERRORS = (
    (GROUP_ID, "NVARCHAR"),
    ("ERROR_TIMESTAMP", "NVARCHAR"),
    ("ERRORCODE", "NVARCHAR"),
    ("MESSAGE", "NVARCHAR"),
)

#: Keywords of the constructor beside those of the algorithm.
_FORM = (Parameter("massive", bool), Parameter("group_params", dict))

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FittedGroups:
    """What a fit of groups leaves behind."""

    group_key: str
    groups: Mapping[str, Fitted]  #: by the group's value as text
    tables: Mapping[str, Table]  #: by attribute, all groups' rows under GROUP_ID

    @classmethod
    def of(cls, group_key: str, groups: Mapping[str, Fitted]) -> FittedGroups:
        """Gather the groups' tables."""
        names = next(iter(groups.values())).tables
        return cls(group_key, groups, {name: _gathered(groups, name) for name in names})

    @property
    def any(self) -> Fitted:
        """One of the groups, for what all have in common: columns, key, label."""
        return next(iter(self.groups.values()))


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
        return _under_group_id(parts)

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
        )

    def _restore(self, connection_context: ConnectionContext, found: ModelState) -> None:
        if not self.massive:
            super()._restore(connection_context, found)
            return
        groups = {
            name: fitted_of(self._function, facts, facts["tables"], found.estimator[name])
            for name, facts in found.facts["groups"].items()
        }
        self._accept_groups(FittedGroups.of(found.facts["group_key"], groups), connection_context)

    # --- fit ----------------------------------------------------------------------------------

    def _fit(self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]) -> Self:
        group_key = self._group_key(data, given)
        if group_key is None:
            return super()._fit(data, given, rest)
        from hanalife.learning import reading, training

        memory = self._remember(data)
        plan = self._plan(data.deselect(group_key), given, rest, memory)

        def work() -> tuple[pd.DataFrame, dict[str, Report], Table]:
            rows = reading.read(data, given["key"])
            parts = self._parts(rows, group_key)

            def fit(name: str) -> tuple[Fitted, Report]:
                own = plans[name]
                with ended(own.memory):
                    return training.fit(parts[name], own, Silent())

            with self._unfinished(memory):
                memory.begin(GROUPS, len(parts))
                plans = {name: self._plan_of(plan, name) for name in parts}
                done, errors = _for_each(parts, fit, self.observer, memory)
            groups = {name: fitted for name, (fitted, _) in done.items()}
            self._accept_groups(FittedGroups.of(group_key, groups), data.connection_context)
            self._accept_errors(errors, data.connection_context)
            self.training_data, self.scoring_list_ = data, None
            self.hanaml_fit_params = without_none({**given, **rest, **plan.arguments.own})
            return rows, {name: report for name, (_, report) in done.items()}, errors

        words = self._words(plan.in_force) | plan.arguments.in_words() | {"GROUP_KEY": group_key}
        _, self.run_id = self._call("fit", words, work, lambda found: self._describe_groups(data, *found))
        return self

    def _plan_of(self, plan: Any, name: str) -> Any:
        """Return the plan of one group: the common one, changed by what ``group_params`` gives it."""
        from dataclasses import replace

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
            if name is not None:
                raise InvalidArgumentError(
                    "group_key: only has a meaning with massive=True; construct the model with it."
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

    def _parts(self, rows: pd.DataFrame, group_key: str) -> dict[str, pd.DataFrame]:
        missing = int(rows[group_key].isna().sum())
        if missing:
            raise InvalidArgumentError(f"group_key: column {group_key!r} is NULL in {missing} rows; filter them out.")
        parts = _by_group(rows, group_key)
        absent = [name for name in self._group_given if name not in parts]
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
        checked = self._checked("score", groups.any, data.deselect(group_key), given, rest)

        def work() -> tuple[pd.DataFrame, dict[str, Report], Table, list[DataFrame]]:
            rows = reading.read(data, given["key"])
            parts = _by_group(rows, group_key)

            def score(name: str) -> tuple[pd.DataFrame, Report]:
                return self._judged(self._of_group(name), parts[name], checked)

            done, errors = _for_each(parts, score, None, Memory())
            context = data.connection_context
            predicted = _stacked({name: found for name, (found, _) in done.items()})[: checked.max_result_num]
            reports = {name: report for name, (_, report) in done.items()}
            by_group = {name: report.tables() for name, report in reports.items()}
            self._score_tables = {
                kind: _under_group_id({name: found[kind] for name, found in by_group.items()})
                for kind in next(iter(by_group.values()))
            }
            frames = [
                context.create_from_pandas(predicted, tables.table_name("PREDICTIONS"), self._group_columns(checked)),
                *(table.to_frame(context, kind.strip("_").upper()) for kind, table in self._score_tables.items()),
                self._accept_errors(errors, context),
            ]
            self.scoring_list_, self.testing_data = frames, data
            self.hanaml_score_params = without_none(given)
            return rows, reports, errors, frames

        words = self._words(groups.any.parameters) | checked.in_words() | {"GROUP_KEY": group_key}
        (*_, frames), _ = self._call("score", words, work, lambda found: self._describe_groups(data, *found[:3]))
        return frames

    def _predict(self, data: DataFrame, given: Mapping[str, Any], rest: Mapping[str, Any]) -> Any:
        group_key = self._group_key(data, given)
        if group_key is None:
            return super()._predict(data, given, rest)
        from hanalife.learning import reading

        groups = self._require_groups()
        checked = self._checked("predict", groups.any, data.deselect(group_key), given, rest)
        errors: dict[str, Error] = {}
        conformities = {name: Conformity(one.encoding, checked.policy) for name, one in groups.groups.items()}
        tally = reading.Tally() if self.observer is not None else None

        def predict(rows: pd.DataFrame) -> pd.DataFrame:
            found = {}
            for key, part in rows.groupby(group_key, sort=False, dropna=False):
                name = str(key)
                if name not in groups.groups:
                    errors[name] = self._unknown_group(name)
                    continue
                fitted = groups.groups[name]
                kept = fitted.rows_to_read(part, checked.own)
                own = kept.reset_index(drop=True)
                conformities[name].check_rows(own)
                predicted = self._predictions(fitted, own, *fitted.outputs(own), checked)
                found[name] = predicted.set_axis(kept.index)
            if not found:
                return self._no_predictions(checked)
            return _stacked(found).sort_index()

        def work() -> tuple[DataFrame, DataFrame]:
            context = data.connection_context
            explains = checked.attribution_method != "no"
            parts = reading.predict_in_parts(data, checked.key.name, predict, tally, explains=explains)
            begun: Iterator[Any] | list[Any] = (
                list(parts) if context.needs_session(data.query) else itertools.chain([next(parts)], parts)
            )
            frame = context.create_from_parts(begun, tables.table_name("PREDICTIONS"), self._group_columns(checked))
            for conformity in conformities.values():
                conformity.close()
            self.hanaml_predict_params, self._predicted = without_none(given), frame
            return frame, self._accept_errors(_error_table(errors), context)

        words = self._words(groups.any.parameters) | checked.in_words() | {"GROUP_KEY": group_key}
        return self._call("predict", words, work, lambda _: self._describe_predict(data, tally))[0]

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
        self, data: DataFrame, rows: pd.DataFrame, reports: Mapping[str, Report], errors: Table
    ) -> CallOutcome:
        """Tell of all groups at once: each metric and importance is the mean over the groups that have it."""
        groups = self._require_groups()
        return CallOutcome(
            dataset=data.facts(rows),
            seconds=self.runtime or 0.0,
            metrics={
                "GROUPS": len(reports),
                "FAILED_GROUPS": len(errors.rows),
                **_means([report.metrics for report in reports.values()]),
            },
            importance=_means([groups.groups[name].importance for name in reports]),
            signature=self._signature(groups.any),
        )


def _for_each(
    names: Mapping[str, Any], work: Callable[[str], T], observer: Any, memory: Memory
) -> tuple[dict[str, T], Table]:
    """Do the work of each group in threads; return the results, and the errors of those that failed.

    Raises
    ------
    InvalidArgumentError
        Every group failed.
    SearchCancelledError
        The memory knows that someone wants it all to stop.
    """
    from hanalife.learning import progress

    errors: dict[str, Error] = {}
    done: dict[str, T] = {}

    def attempt(name: str) -> tuple[str, T | Error]:
        try:
            memory.check()
            return name, work(name)
        except Error as error:
            return name, error

    with (
        ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="hanalife-group") as pool,
        progress.reporting(observer, "groups", "group") as told,
        _none_left_behind(pool, memory),
    ):
        for count, (name, found) in enumerate(pool.map(attempt, names), 1):
            memory.look_up(count - isinstance(found, Error), len(names))
            if isinstance(found, Error):
                errors[name] = found
            else:
                done[name] = found
            told.judged(count, len(names))
    if not done:
        name, error = next(iter(errors.items()))
        raise InvalidArgumentError(f"group_key: every group failed; the first was {name!r}: {error}") from error
    return done, _error_table(errors)


@contextmanager
def _none_left_behind(pool: ThreadPoolExecutor, memory: Memory) -> Iterator[None]:
    """If the work ends early, begin no further group, and stop the searches of those under way."""
    try:
        yield
    except BaseException:
        memory.stop(SearchCancelledError("The fit of all groups ended early; fit again to go on from there."))
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _by_group(rows: pd.DataFrame, group_key: str) -> dict[str, pd.DataFrame]:
    groups = rows.groupby(group_key, sort=True)
    return {str(name): part.drop(columns=group_key).reset_index(drop=True) for name, part in groups}


def _error_table(errors: Mapping[str, Error]) -> Table:
    now = format_utc(utc_now())
    return Table.of(ERRORS, [(name, now, type(error).__name__, str(error)) for name, error in errors.items()])


def _gathered(groups: Mapping[str, Fitted], kind: str) -> Table:
    return _under_group_id({name: fitted.tables[kind] for name, fitted in groups.items() if kind in fitted.tables})


def _under_group_id(parts: Mapping[str, Table]) -> Table:
    columns = next(iter(parts.values())).columns
    rows = [(name, *row) for name, table in parts.items() for row in table.rows]
    return Table.of(((GROUP_ID, "NVARCHAR"), *columns), rows)


def _stacked(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    for name, part in parts.items():
        part.insert(0, GROUP_ID, name)
    return pd.concat(parts.values())


def _means(found: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for one in found:
        for name, value in one.items():
            if isinstance(value, (int, float)):
                values.setdefault(name, []).append(float(value))
    return {name: math.fsum(numbers) / len(numbers) for name, numbers in values.items()}
