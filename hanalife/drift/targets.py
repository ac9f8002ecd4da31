"""How a label moved within the bins of other columns: reference rows against current ones. Pure.

Of rows with a label, each bin of a column keeps the sums of weights over the classes of the label, or
over the tenths of its numbers. Within a bin these are compared as the counts of a column are: by a
PSI with its interval, against the same minimum effect, corrected by Holm for all bins of all columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hanalife.drift import bins, column_estimates, intervals, pooling, verdict
from hanalife.drift.bins import Binning, Counts
from hanalife.drift.column_estimates import ColumnEstimate
from hanalife.drift.comparison import MOST_BINS, Limits
from hanalife.drift.intervals import Floats
from hanalife.drift.verdict import LEVEL
from hanalife.records import TargetShift

#: So many classes of a label are looked at apart; rarer ones together.
MAX_CLASSES = 10
_MOMENTS = 3  #: behind the target's bins: the sums of w * w, w * z and w * z * z
_LARGEST = 1e100  #: of a number in deviations, so that its square is finite

Shown = tuple[str, float, float, float, float, float]  #: class or "", reference, current, change and its bounds


@dataclass(frozen=True, slots=True)
class Target:
    """The label as it is looked at within the bins of other columns."""

    label: str
    binning: Binning
    places: tuple[int, ...]  #: of each bin of the label the target's bin; the last is of missing labels
    names: tuple[str, ...]  #: of the target's bins; empty where numbers have a mean

    @property
    def size(self) -> int:
        """The number of its bins, without missing labels."""
        return max(self.places)

    @property
    def classes(self) -> tuple[int, ...] | None:
        """The bins of the label that are looked at apart, or None where numbers have a mean."""
        if not self.names:
            return None
        others = self.size - 1
        return tuple(place for place, own in enumerate(self.places) if own < others)

    def read(self, values: pa.Array) -> Labels:
        """Return the labels of rows in the target's bins, and in deviations where they have a mean."""
        binning = self.binning
        codes = np.array(self.places)[binning.coarse_places(binning.places(values))]
        if self.names:
            return Labels(codes, np.zeros(len(codes)), self.size)
        numbers = bins.as_numbers(values, binning.kind)
        codes = np.where(np.isfinite(numbers), codes, self.size)
        deviations = np.clip(np.nan_to_num((numbers - self.centre) / binning.spread), -_LARGEST, _LARGEST)
        return Labels(codes, deviations, self.size)

    @property
    def centre(self) -> float:
        """The number that deviations are counted from."""
        return self.binning.coarse[len(self.binning.coarse) // 2]


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of some rows, arrays of shape ``(n_rows,)``."""

    codes: Counts  #: the target's bins; ``size`` without a label
    deviations: Floats
    size: int

    def within(self, binning: Binning, places: Counts, weights: Floats | None) -> Floats:
        """Return sums over the rows of each bin of a column, shape ``(n_bins, size + 3)``.

        Of the weights for each bin of the target, then of ``w * w``, ``w * z`` and ``w * z * z`` of
        the labels z; rows without a label do not count.
        """
        count, width = binning.coarse_size, self.size + 1
        w = np.ones(len(places)) if weights is None else weights
        coarse = binning.coarse_places(places)
        crossed = np.bincount(coarse * width + self.codes, w, count * width).reshape(count, width)
        labelled = np.where(self.codes < self.size, w, 0.0)
        z = self.deviations
        moments = [np.bincount(coarse, part, count) for part in (labelled * w, labelled * z, labelled * z * z)]
        return np.column_stack([crossed[:, :-1], *moments])


def often(binning: Binning, counts: Any) -> tuple[int, ...] | None:
    """Return the most frequent classes of a label by its counts in the reference, or None of one of numbers."""
    if not binning.by_value:
        return None
    return tuple(sorted(np.argsort(-np.asarray(counts[:-2]), kind="stable")[:MAX_CLASSES].tolist()))


def target_of(label: str, binning: Binning, classes: tuple[int, ...] | None) -> Target:
    """Return how a label is looked at, the classes that :func:`often` chose apart."""
    if classes is None:
        return Target(label, binning, tuple(range(binning.coarse_size)), ())
    others = len(classes)
    places = [others] * (binning.coarse_size - 1) + [others + 1]
    for place, category in enumerate(classes):
        places[category] = place
    return Target(label, binning, tuple(places), (*(binning.categories[place] for place in classes), bins.OTHER))


def shifts(
    target: Target,
    columns: Mapping[str, tuple[Binning, Floats, Floats]],
    limits: Limits,
) -> dict[str, tuple[TargetShift, ...]]:
    """Return how the label moved within the bins of each column.

    Parameters
    ----------
    columns : mapping
        Column -> its binning, and what :meth:`Labels.within` gave of reference and current rows, as a sum.

    Returns
    -------
    mapping
        Column -> a shift for each bin with at least 20 labelled rows on both sides, in the order of the
        bins. Of more than 30 bins, those with the most rows. The indicator is 1 less the p-value of "the
        PSI of the label within the bin is at most the minimum", adjusted by Holm for all bins of all columns.
    """
    pairs = {
        (name, place): (before[place], after[place])
        for name, (_, before, after) in columns.items()
        for place in _chosen(target, before, after)
    }
    judged = verdict.judge(
        {key: ("psi", _estimate(target, pair), limits.psi) for key, pair in pairs.items()}, limits.error_rate
    )
    found: dict[str, list[TargetShift]] = {}
    for (name, place), pair in pairs.items():
        binning, decision = columns[name][0], judged[name, place]
        shown = _share(target, pair) if target.names else _mean(target, pair)
        one = TargetShift(binning.labels[place], not binning.by_value, decision.verdict, decision.indicator, *shown)
        found.setdefault(name, []).append(one)
    return {name: tuple(several) for name, several in found.items()}


def _estimate(target: Target, pair: tuple[Floats, Floats]) -> ColumnEstimate:
    table = np.array([_effective(sums)[: target.size] for sums in pair])
    if not target.binning.by_value:
        table = pooling.joined_neighbors(table, table[:, :0])
    return column_estimates.of_shares(*table)


def _chosen(target: Target, before: Floats, after: Floats) -> Sequence[int]:
    """Return the bins that have enough rows with a label."""
    rows = np.array([[_effective(one)[: target.size].sum() for one in side] for side in (before, after)])
    enough = np.flatnonzero(rows.min(axis=0) >= verdict.FEWEST_ROWS)
    often: list[int] = enough[np.argsort(-rows[:, enough].sum(axis=0), kind="stable")][:MOST_BINS].tolist()
    return sorted(often)


def _effective(sums: Floats) -> Floats:
    """Return the sums of a bin as if of rows that count once; see :attr:`Summary.efficiency`."""
    squares = sums[-_MOMENTS]
    return sums * (sums[:-_MOMENTS].sum() / squares) if squares else sums


def _share(target: Target, pair: tuple[Floats, Floats]) -> Shown:
    """Return a class, its shares and their change: the larger class of two, else the one that moved most."""
    before, after = (_effective(one)[: target.size] for one in pair)
    p, q = before / before.sum(), after / after.sum()
    classes = target.size - 1
    place = 1 if classes == 2 and not (p[-1] or q[-1]) else int(np.argmax(np.abs(q - p)))
    low, high = intervals.share_difference(before[place], before.sum(), after[place], after.sum(), LEVEL)
    return target.names[place], float(p[place]), float(q[place]), float(q[place] - p[place]), low, high


def _mean(target: Target, pair: tuple[Floats, Floats]) -> Shown:
    """Return both means of the label and their difference, with Welch's interval."""
    from scipy.special import stdtrit

    rows, means, errors = [], [], []
    for one in map(_effective, pair):
        count = float(one[: target.size].sum())
        mean, square = float(one[-2]) / count, float(one[-1]) / count
        rows.append(count)
        means.append(mean)
        errors.append(max(square - mean * mean, 0.0) / (count - 1))
    total = sum(errors)
    parts = sum(error**2 / (count - 1) for error, count in zip(errors, rows, strict=True))
    half = float(stdtrit(total**2 / parts, (1 + LEVEL) / 2)) * total**0.5 if parts else 0.0
    centre, spread, change = target.centre, target.binning.spread, means[1] - means[0]
    shown = centre + spread * means[0], centre + spread * means[1]
    return "", *shown, spread * change, spread * (change - half), spread * (change + half)
