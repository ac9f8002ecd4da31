"""What a constructor asks for by way of evaluation and search, checked. Pure."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.learning import search
from hanalife.learning.evaluation import by_name
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.parameters.parameter import Parameter
from hanalife.learning.parameters.selection import (
    AUTOMATIC,
    DATA_SIZE,
    FAMILIES,
    HYPERBAND,
    MOST_CHARACTERS,
    ROUNDS,
    SELECTION,
    SHA,
)
from hanalife.learning.search import Candidate

logger = logging.getLogger(__name__)

_ONLY_RACES = ("resource", "max_resource", "min_resource_rate", "reduction_rate", "aggressive_elimination")


@dataclass(frozen=True, slots=True)
class Race:
    """How candidates are dropped before they have had all of a resource."""

    method: str  #: _sha or _hyperband
    resource: str = DATA_SIZE  #: or a parameter of the algorithm
    most: float = 1.0  #: of the resource; rows count as a share of all
    least_rate: float = 0.0  #: smallest share of it; 0: by the number of candidates, or of rows
    rate: float = 3.0
    aggressive: bool = False

    def in_words(self) -> dict[str, Any]:
        """Return it as the constructor's keywords."""
        return {
            "resource": self.resource,
            "max_resource": 0 if self.resource == DATA_SIZE else int(self.most),
            "min_resource_rate": self.least_rate,
            "reduction_rate": self.rate,
            "aggressive_elimination": self.aggressive,
        }


@dataclass(frozen=True, slots=True)
class Selection:
    """How candidates are made, evaluated and compared."""

    family: str  #: how rows are resampled
    metric: str
    reference_metrics: tuple[str, ...]
    fold_num: int
    repeat_times: int = 1
    strategy: str | None = None  #: None: evaluate the given parameters, choose nothing
    search_times: int = 0  #: number of random candidates; 0: as many as Hyperband wants
    timeout_seconds: int = 0  #: 0: no limit
    values: Mapping[str, list[Any]] = field(default_factory=dict)
    ranges: Mapping[str, list[Any]] = field(default_factory=dict)
    race: Race | None = None
    indicator: str | None = None  #: id under which the store keeps what the search finds

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric that decides, then those reported beside it."""
        return (self.metric, *self.reference_metrics)

    def in_words(self) -> dict[str, Any]:
        """Return it as the constructor's keywords; what plays no part is left out."""
        words = {
            "resampling_method": self.family + (self.race.method if self.race else ""),
            "fold_num": 0 if self.family.endswith("bootstrap") else self.fold_num,
            "repeat_times": self.repeat_times if self.repeat_times > 1 else 0,
            "evaluation_metric": self.metric,
            "ref_metric": list(self.reference_metrics),
            "param_search_strategy": self.strategy,
            "random_search_times": self.search_times,
            "timeout": self.timeout_seconds,
            "param_values": dict(self.values),
            "param_range": dict(self.ranges),
            "progress_indicator_id": self.indicator,
            **(self.race.in_words() if self.race else {}),
        }
        return {name: value for name, value in words.items() if value}

    def candidates(self, table: Iterable[Parameter], seed: int, times: int = 0) -> list[Candidate]:
        """Return what to try, in order; ``times`` says how many random ones where the keywords do not."""
        if self.strategy is None:
            return [{}]
        if self.strategy == "grid":
            return search.grid(self._axes(table))
        return search.sample(self.values, self._bounds(table), self.search_times or times, seed)

    def _axes(self, table: Iterable[Parameter]) -> dict[str, list[Any]]:
        kinds = {parameter.name: parameter.kind for parameter in table}
        return {
            **self.values,
            **{name: search.steps(low, step, high, kinds[name]) for name, (low, step, high) in self.ranges.items()},
        }

    def _bounds(self, table: Iterable[Parameter]) -> dict[str, tuple[Any, Any]]:
        kinds = {parameter.name: parameter.kind for parameter in table}
        return {name: (kinds[name](low), kinds[name](high)) for name, (low, high) in self.ranges.items()}


def selection(table: Iterable[Parameter], given: Mapping[str, Any], func: str, *, classifies: bool) -> Selection | None:
    """Return the evaluation or search that checked keywords ask for; None if they ask for none.

    Parameters
    ----------
    table : iterable of Parameter
        The algorithm's own.
    given : dict
        The constructor's keywords, each checked by itself.
    func : str
        The algorithm's name.
    classifies : bool
        Whether the target is a class.

    Raises
    ------
    InvalidArgumentError
        Keywords that do not fit together, an unknown metric, an empty list, a bad range.
    ArgumentTypeError
        ``param_values`` or ``param_range`` hold something else than lists.
    UnknownParameterError
        They name something that is not a parameter.
    """
    table = tuple(table)
    given = parameters.with_options(table, given)
    method = given.get("resampling_method")
    family, suffix = _parts(method or "", classifies=classifies)
    # Hyperband draws its candidates: no other strategy is possible.
    strategy = given.get("param_search_strategy") or ("random" if suffix == HYPERBAND else None)
    _check_strategy(method, suffix, strategy, given)
    wanted = given.get("evaluation_metric", by_name.default_metric(classifies=classifies))
    metric = by_name.check_metric(wanted, "evaluation_metric", classifies=classifies)
    others = [by_name.check_metric(name, "ref_metric", classifies=classifies) for name in given.get("ref_metric", [])]
    if method is None:
        _warn_without_a_method(given)
        return None
    _warn_of_the_useless(family, strategy, given)
    values, ranges = _space(table, given, strategy, func)
    return Selection(
        family=family,
        metric=metric,
        reference_metrics=tuple(dict.fromkeys(name for name in others if name != metric)),
        fold_num=given.get("fold_num", 5),
        repeat_times=given.get("repeat_times", 1),
        strategy=strategy,
        search_times=given.get("random_search_times", 0) if strategy == "random" else 0,
        timeout_seconds=given.get("timeout", 0),
        values=values,
        ranges=ranges,
        race=_race(table, suffix, given, {*values, *ranges}, func),
        indicator=_indicator(given),
    )


def _parts(method: str, *, classifies: bool) -> tuple[str, str]:
    """Return how rows are resampled, and how candidates race."""
    family = next((known for known in FAMILIES if method in (known, known + SHA, known + HYPERBAND)), "")
    if family.startswith("stratified") and not classifies:
        plain = method.removeprefix("stratified_")
        raise InvalidArgumentError(f"resampling_method: {method!r} needs classes, a number has none; use {plain!r}.")
    return family, method.removeprefix(family)


def _check_strategy(method: str | None, suffix: str, strategy: str | None, given: Mapping[str, Any]) -> None:
    space = bool(given.get("param_values") or given.get("param_range"))
    if strategy is not None and method is None:
        raise InvalidArgumentError("param_search_strategy: a search needs resampling_method, such as 'cv'.")
    if suffix and not space:
        raise InvalidArgumentError(
            f"resampling_method: {method!r} chooses between candidates; give param_values or param_range, "
            f"or use {str(method).removesuffix(suffix)!r}."
        )
    if suffix and strategy is None:
        raise InvalidArgumentError(f"resampling_method: {method!r} needs param_search_strategy='grid' or 'random'.")
    if strategy is not None and not space:
        raise InvalidArgumentError("param_search_strategy: a search needs param_values or param_range.")
    if strategy is None and space:
        raise InvalidArgumentError("param_values, param_range: add param_search_strategy='grid' or 'random'.")
    if suffix == HYPERBAND and strategy == "grid":
        sha = str(method).replace(HYPERBAND, SHA)
        raise InvalidArgumentError(
            f"param_search_strategy: {method!r} draws its candidates, so that 'grid' is impossible; "
            f"use 'random', or resampling_method={sha!r}."
        )
    if strategy == "random" and suffix != HYPERBAND and "random_search_times" not in given:
        raise InvalidArgumentError("random_search_times: param_search_strategy='random' needs it; how many tries?")


def _warn_without_a_method(given: Mapping[str, Any]) -> None:
    for parameter in SELECTION:
        value = given.get(parameter.name, parameter.default)
        if value != parameter.default:
            logger.warning("%s=%r has no effect without resampling_method, such as 'cv'.", parameter.name, value)


def _warn_of_the_useless(family: str, strategy: str | None, given: Mapping[str, Any]) -> None:
    if family.endswith("bootstrap") and "fold_num" in given:
        logger.warning("fold_num=%r has no effect on a bootstrap; repeat_times counts its rounds.", given["fold_num"])
    if strategy != "random" and "random_search_times" in given:
        logger.warning("random_search_times=%r has no effect without 'random'.", given["random_search_times"])


def _race(
    table: tuple[Parameter, ...], suffix: str, given: Mapping[str, Any], searched: set[str], func: str
) -> Race | None:
    if not suffix:
        defaults = {parameter.name: parameter.default for parameter in SELECTION}
        useless = [name for name in _ONLY_RACES if name in given and given[name] != defaults[name]]
        if useless:
            raise InvalidArgumentError(
                f"{', '.join(useless)}: only of a race; use resampling_method='cv_sha' or 'cv_hyperband', or leave out."
            )
        return None
    resource = _resource(table, given.get("resource", DATA_SIZE), func)
    if resource in searched:
        raise InvalidArgumentError(
            f"resource: {resource!r} is given out by the race, it cannot be searched too; "
            "take it out of param_values and param_range, or use resource='data_size'."
        )
    if given.get("aggressive_elimination") and suffix != SHA:
        raise InvalidArgumentError("aggressive_elimination: only of '_sha' methods; leave it out.")
    return Race(
        method=suffix,
        resource=resource,
        most=_most(resource, given.get("max_resource")),
        least_rate=given.get("min_resource_rate", 0.0),
        rate=given.get("reduction_rate", 3.0),
        aggressive=given.get("aggressive_elimination", False),
    )


def _resource(table: tuple[Parameter, ...], wanted: str, func: str) -> str:
    own = [name for name in ROUNDS if any(parameter.name == name for parameter in table)]
    if wanted == AUTOMATIC:
        return own[0] if own else DATA_SIZE
    if wanted not in (DATA_SIZE, *own):
        raise InvalidArgumentError(
            f"resource: {wanted!r} is nothing that {func} has; use one of {', '.join((DATA_SIZE, *own))}."
        )
    return wanted


def _most(resource: str, given: int | None) -> float:
    if resource == DATA_SIZE:
        if given is not None:
            raise InvalidArgumentError(
                "max_resource: with resource='data_size' all rows are the most; leave it out, or name another resource."
            )
        return 1.0
    if given is None:
        raise InvalidArgumentError(f"max_resource: resource={resource!r} needs it; how large may {resource} become?")
    return float(given)


def _indicator(given: Mapping[str, Any]) -> str | None:
    found: str | None = given.get("progress_indicator_id")
    if found is not None and not 0 < len(found) <= MOST_CHARACTERS:
        raise InvalidArgumentError(
            f"progress_indicator_id: expected 1 to {MOST_CHARACTERS} characters, got {len(found)}."
        )
    return found


def _space(
    table: tuple[Parameter, ...], given: Mapping[str, Any], strategy: str | None, func: str
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    values = {name: _values(table, name, items, func) for name, items in given.get("param_values", {}).items()}
    ranges = {
        name: _range(table, name, bounds, strategy, func) for name, bounds in given.get("param_range", {}).items()
    }
    twice = sorted(set(values) & set(ranges))
    if twice:
        raise InvalidArgumentError(f"param_range: {', '.join(twice)} also in param_values; name each parameter once.")
    return values, ranges


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
    if (high - low) / step > search.MOST_CANDIDATES:
        raise InvalidArgumentError(f"{where}: more than {search.MOST_CANDIDATES} steps; take a larger step.")
    return [low, step, high]
