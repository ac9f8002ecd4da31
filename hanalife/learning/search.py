"""What a search tries: candidates from lists of values and from ranges. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError
from hanalife.learning.evaluation import by_name
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.parameters.parameter import Parameter
from hanalife.learning.parameters.selection import RESAMPLING

#: One point of the search: parameter name to value.
Candidate = dict[str, Any]

#: A grid finer than this is a mistake of its step.
MOST_CANDIDATES = 100_000


@dataclass(frozen=True, slots=True)
class Selection:
    """How candidates are made, evaluated and compared."""

    resampling_method: str
    metric: str
    reference_metrics: tuple[str, ...]
    fold_num: int
    strategy: str | None = None  #: None: evaluate the given parameters, choose nothing
    search_times: int = 0  #: number of random candidates
    timeout_seconds: int = 0  #: 0: no limit
    values: Mapping[str, list[Any]] = field(default_factory=dict)
    ranges: Mapping[str, list[Any]] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric that decides, then those reported beside it."""
        return (self.metric, *self.reference_metrics)

    def in_words(self) -> dict[str, Any]:
        """Return it as the constructor's keywords; what plays no part is left out."""
        words = {
            "resampling_method": self.resampling_method,
            "fold_num": self.fold_num,
            "evaluation_metric": self.metric,
            "ref_metric": list(self.reference_metrics),
            "param_search_strategy": self.strategy,
            "random_search_times": self.search_times,
            "timeout": self.timeout_seconds,
            "param_values": dict(self.values),
            "param_range": dict(self.ranges),
        }
        return {name: value for name, value in words.items() if value}

    def candidates(self, table: Iterable[Parameter], seed: int) -> list[Candidate]:
        """Return what to try, in order."""
        if self.strategy is None:
            return [{}]
        if self.strategy == "grid":
            return grid(self._axes(table))
        return sample(self.values, self._bounds(table), self.search_times, seed)

    def _axes(self, table: Iterable[Parameter]) -> dict[str, list[Any]]:
        kinds = {parameter.name: parameter.kind for parameter in table}
        return {
            **self.values,
            **{name: steps(low, step, high, kinds[name]) for name, (low, step, high) in self.ranges.items()},
        }

    def _bounds(self, table: Iterable[Parameter]) -> dict[str, tuple[Any, Any]]:
        kinds = {parameter.name: parameter.kind for parameter in table}
        return {name: (kinds[name](low), kinds[name](high)) for name, (low, high) in self.ranges.items()}


def selection(table: Iterable[Parameter], given: Mapping[str, Any], func: str, *, classifies: bool) -> Selection | None:
    """Return the evaluation or search that checked keywords ask for; None if they ask for none.

    Raises
    ------
    InvalidArgumentError
        Keywords that do not fit together, an unknown metric, an empty list, a bad range.
    ArgumentTypeError
        ``param_values`` or ``param_range`` hold something else than lists.
    UnknownParameterError
        They name something that is not a parameter.
    NotSupportedError
        A resampling method that does not work yet.
    """
    table = tuple(table)
    given = parameters.with_options(table, given)
    method, strategy = given.get("resampling_method"), given.get("param_search_strategy")
    _check_strategy(method, strategy, given)
    if method is None:
        return None
    if method not in RESAMPLING:
        working = ", ".join(RESAMPLING)
        raise NotSupportedError(f"resampling_method: {method!r} is not supported yet; use one of {working}.")
    values = {name: _values(table, name, items, func) for name, items in given.get("param_values", {}).items()}
    ranges = {
        name: _range(table, name, bounds, strategy, func) for name, bounds in given.get("param_range", {}).items()
    }
    twice = sorted(set(values) & set(ranges))
    if twice:
        raise InvalidArgumentError(f"param_range: {', '.join(twice)} also in param_values; name each parameter once.")
    wanted = given.get("evaluation_metric", by_name.default_metric(classifies=classifies))
    metric = by_name.check_metric(wanted, "evaluation_metric", classifies=classifies)
    others = [by_name.check_metric(name, "ref_metric", classifies=classifies) for name in given.get("ref_metric", [])]
    return Selection(
        resampling_method=method,
        metric=metric,
        reference_metrics=tuple(dict.fromkeys(name for name in others if name != metric)),
        fold_num=given.get("fold_num", 5),
        strategy=strategy,
        search_times=given.get("random_search_times", 0),
        timeout_seconds=given.get("timeout", 0),
        values=values,
        ranges=ranges,
    )


def _check_strategy(method: str | None, strategy: str | None, given: Mapping[str, Any]) -> None:
    space = bool(given.get("param_values") or given.get("param_range"))
    if strategy is not None and method is None:
        raise InvalidArgumentError("param_search_strategy: a search needs resampling_method, such as 'cv'.")
    if strategy is not None and not space:
        raise InvalidArgumentError("param_search_strategy: a search needs param_values or param_range.")
    if strategy is None and space:
        raise InvalidArgumentError("param_values, param_range: add param_search_strategy='grid' or 'random'.")
    if strategy == "random" and "random_search_times" not in given:
        raise InvalidArgumentError("random_search_times: param_search_strategy='random' needs it; how many tries?")


def _tunable(table: Iterable[Parameter], name: str, func: str, argument: str) -> Parameter:
    table = tuple(table)
    found = parameters.find(table, name, func, argument)
    if not found.tunable:
        names = ", ".join(parameter.name for parameter in table if parameter.tunable)
        raise InvalidArgumentError(f"{argument}: {name!r} cannot be searched; choose from {names}.")
    return found


def _values(table: Iterable[Parameter], name: str, items: Any, func: str) -> list[Any]:
    found = _tunable(table, name, func, "param_values")
    where = f"param_values[{name!r}]"
    if not isinstance(items, (list, tuple)):
        raise ArgumentTypeError(f"{where}: expected a list of values, got {items!r}.")
    if not items:
        raise InvalidArgumentError(f"{where}: the list is empty; give at least one value.")
    return list(dict.fromkeys(parameters.check_value(found, item, where) for item in items))


def _range(table: Iterable[Parameter], name: str, bounds: Any, strategy: str | None, func: str) -> list[Any]:
    found = _tunable(table, name, func, "param_range")
    where = f"param_range[{name!r}]"
    if found.kind not in (int, float):
        raise InvalidArgumentError(f"{where}: a range is one of numbers; list {name!r} in param_values.")
    form = "[start, end]" if strategy == "random" else "[start, step, end]"
    if not isinstance(bounds, (list, tuple)) or len(bounds) != len(form.split(",")):
        raise ArgumentTypeError(f"{where}: expected {form} with strategy {strategy!r}, got {bounds!r}.")
    low, high = (parameters.check_value(found, bound, where) for bound in (bounds[0], bounds[-1]))
    if low > high:
        raise InvalidArgumentError(f"{where}: starts above its end, got {bounds!r}.")
    if len(bounds) == 2:
        return [low, high]
    step = parameters.check_value(Parameter("step", found.kind, above=0), bounds[1], f"{where} step")
    if (high - low) / step > MOST_CANDIDATES:
        raise InvalidArgumentError(f"{where}: more than {MOST_CANDIDATES} steps; take a larger step.")
    return [low, step, high]


def steps(start: Any, step: Any, end: Any, kind: type) -> list[Any]:
    """Return start, start + step, ... up to and including the end.

    >>> steps(0.1, 0.1, 0.3, float)
    [0.1, 0.2, 0.3]
    """
    count = math.floor((end - start) / step + 1e-9) + 1
    return [kind(round(start + turn * step, 12)) for turn in range(count)]


def grid(axes: Mapping[str, list[Any]]) -> list[Candidate]:
    """Return every combination; the last name varies fastest.

    >>> grid({"a": [1, 2], "b": [3]})
    [{'a': 1, 'b': 3}, {'a': 2, 'b': 3}]

    Raises
    ------
    InvalidArgumentError
        There would be too many.
    """
    count = math.prod(len(values) for values in axes.values())
    if count > MOST_CANDIDATES:
        raise InvalidArgumentError(
            f"param_values, param_range: {count} combinations, more than {MOST_CANDIDATES}; "
            "use param_search_strategy='random'."
        )
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def sample(
    values: Mapping[str, list[Any]], bounds: Mapping[str, tuple[Any, Any]], times: int, seed: int
) -> list[Candidate]:
    """Return ``times`` random candidates: uniform over values and over ranges (ends included).

    Without a range there are finitely many combinations; then none is drawn twice, and there
    are at most as many as exist.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    if not bounds and math.prod(len(items) for items in values.values()) <= MOST_CANDIDATES:
        every = grid(values)
        chosen = random.permutation(len(every))[:times]
        return [every[int(position)] for position in chosen]
    found = []
    for _ in range(times):
        candidate: Candidate = {name: items[int(random.integers(len(items)))] for name, items in values.items()}
        for name, (low, high) in bounds.items():
            whole = isinstance(low, int)
            candidate[name] = int(random.integers(low, high + 1)) if whole else float(random.uniform(low, high))
        found.append(candidate)
    return found
