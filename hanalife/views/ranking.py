"""Which metric ranks runs, which run is best by it, and which metrics a table shows first. Pure.

Only held-out values rank runs, and values of different sources are never compared. Browsers do the same in
``js/src/views/ranking.ts``, because what they show depends on filters; one golden file tests both.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hanalife.evidence import HELD_OUT, SOURCES, Direction, MetricKey, direction
from hanalife.observation import MetricSource
from hanalife.views.encoding import NOT_FINITE
from hanalife.views.payloads.runs import ExperimentRow, RunRow
from hanalife.views.payloads.words import MetricValue

#: Names that people look at first.
WELL_KNOWN = ("AUC", "ACCURACY", "KAPPA", "MCC", "R2", "RMSE", "MAE")
#: So many metrics are columns before anybody has chosen.
MOST_AT_FIRST = 3


class Summary(NamedTuple):
    """What is recorded of some runs."""

    numbers: Mapping[MetricKey, int]  #: runs that have a finite value, by metric; 0: their numbers are not finite
    searched: frozenset[str]  #: metrics that searches went by


class Best(NamedTuple):
    """The best run of a set, and a text that names metric, source, direction and set."""

    run_id: str
    text: str


def label(key: MetricKey) -> str:
    """Return a metric as it stands in a sentence.

    >>> label(MetricKey("AUC", MetricSource.TEST))
    'AUC (test)'
    """
    return f"{key.name} ({key.source.value})"


def title(key: MetricKey) -> str:
    """Return a metric as the head of a column.

    >>> title(MetricKey("AUC", MetricSource.TEST))
    'AUC test'
    """
    return f"{key.name} {key.source.value}"


def value_of(row: RunRow, key: MetricKey) -> MetricValue | None:
    """Return what a run has recorded of a metric from one source, or None."""
    return row["metrics"].get(key.source.value, {}).get(key.name)


def finite(row: RunRow, key: MetricKey) -> float | None:
    """Return the value of a metric from one source if it is a finite number, else None."""
    value = value_of(row, key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def summary(rows: Iterable[RunRow]) -> Summary:
    """Return which metrics some runs have."""
    numbers: Counter[MetricKey] = Counter()
    searched: set[str] = set()
    for row in rows:
        if row["search_metric"]:
            searched.add(row["search_metric"])
        for source, values in row["metrics"].items():
            for name, value in values.items():
                if not isinstance(value, str) or value in NOT_FINITE:
                    key = MetricKey(name, MetricSource(source))
                    numbers[key] += finite(row, key) is not None
    return Summary(numbers, frozenset(searched))


def in_order(keys: Iterable[MetricKey]) -> list[MetricKey]:
    """Return metrics in the order of columns: well-known names first, training values last."""
    return sorted(keys, key=lambda key: (key.source is MetricSource.TRAIN, *_rank(key)))


def _rank(key: MetricKey) -> tuple[int, str, int]:
    position = WELL_KNOWN.index(key.name) if key.name in WELL_KNOWN else len(WELL_KNOWN)
    return position, key.name, SOURCES.index(key.source)


def primary(stored: str, runs: Summary) -> MetricKey | None:
    """Return the metric that an experiment's runs are ranked by; None if they have no value that may rank them.

    Parameters
    ----------
    stored : str
        The experiment's primary metric, such as ``AUC`` or ``AUC@cv``; empty if it has none.
    runs : Summary
        Of all runs of the experiment.

    Notes
    -----
    Without a stored one it is the evaluation metric of a search, else the best-known metric with held-out values.
    Of several sources it is the strongest that at least two runs have.
    """
    measured = [key for key, count in runs.numbers.items() if count]
    if stored:
        name, source = _name_and_source(stored)
        if source is not None:
            return None if source is MetricSource.TRAIN else MetricKey(name, source)
        return _strongest((key for key in measured if key.name == name), runs.numbers, MetricSource)
    ranked = [key for key in measured if direction(key.name)]
    evaluated = [key for key in ranked if key.name in runs.searched]
    strongest = _strongest(evaluated, runs.numbers)
    return strongest if strongest and runs.numbers[strongest] > 1 else _strongest(ranked, runs.numbers)


def _name_and_source(text: str) -> tuple[str, MetricSource | None]:
    """Return what a stored text names; never raise: another program may have written it."""
    name, _, source_name = text.rpartition("@")
    return (name, MetricSource(source_name)) if name and source_name in SOURCES else (text, None)


def _strongest(
    keys: Iterable[MetricKey], numbers: Mapping[MetricKey, int], sources: Iterable[MetricSource] = HELD_OUT
) -> MetricKey | None:
    allowed = {*sources} - {MetricSource.TRAIN}
    usable = (key for key in keys if key.source in allowed)
    return min(usable, key=lambda key: (numbers[key] < 2, *_rank(key)), default=None)


def primary_of(experiments: Iterable[ExperimentRow], rows: Sequence[RunRow]) -> MetricKey | None:
    """Return the metric that runs of one or several experiments are ranked by; None if these differ in it."""
    stored = {experiment["experiment_id"]: experiment["primary_metric"] for experiment in experiments}
    groups: dict[str, list[RunRow]] = {}
    for row in rows:
        groups.setdefault(row["experiment_id"], []).append(row)
    metrics = {primary(stored.get(name, ""), summary(group)) for name, group in groups.items()}
    return metrics.pop() if len(metrics) == 1 else None


def columns(keys: Iterable[MetricKey], chief: MetricKey | None, most: int = MOST_AT_FIRST) -> list[MetricKey]:
    """Return the metrics to show first.

    The chief metric comes first, in all its held-out sources; then other metrics, each from its strongest held-out
    source; then those of unknown rows. Training values are shown only where there are no others.
    """
    ordered = in_order(keys)
    held = [key for key in ordered if key.source in HELD_OUT]
    strongest = {key.name: key for key in reversed(held)}
    preferred = [
        *([chief] if chief else []),
        *(key for key in held if chief and key.name == chief.name),
        *(key for key in held if strongest[key.name] == key),
        *(key for key in ordered if key.source in (MetricSource.PRODUCTION, MetricSource.USER)),
    ]
    return list(dict.fromkeys(preferred or ordered))[:most]


def best(rows: Sequence[RunRow], key: MetricKey) -> Best | None:
    """Return the best of some runs by one metric from one source; of equals the oldest.

    None if the values are of training rows, nobody can say which values are better, fewer than two runs have a
    finite value, or all of them have the same.
    """
    way = direction(key.name)
    pairs = [(value, row) for row in rows if (value := finite(row, key)) is not None]
    if way is None or key.source is MetricSource.TRAIN or len({value for value, _ in pairs}) < 2:
        return None
    top = (max if way is Direction.HIGHER else min)(value for value, _ in pairs)
    equals = sorted((row["created_at"], row["run_id"]) for value, row in pairs if value == top)
    superlative = "highest" if way is Direction.HIGHER else "lowest"
    n_experiments = len({row["experiment_id"] for _, row in pairs})
    missing = len(rows) - len(pairs)
    phrases = [
        f"{superlative} {label(key)} of {len(pairs):,} runs",
        f" of {n_experiments:,} experiments" if n_experiments > 1 else "",
        f", the oldest of {len(equals):,} with this value" if len(equals) > 1 else "",
        f"; {missing:,} without it not compared" if missing else "",
    ]
    return Best(equals[0][1], "".join(phrases))
