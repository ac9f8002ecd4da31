"""How many independent rows dependent ones are worth: design effects by time and by group, from one reading. Pure.

A design effect is the variance of an estimate from these rows over that from as many independent rows (J. N. K. Rao,
A. J. Scott, The analysis of categorical data from complex sample surveys, JASA 76, 1981). A column has two: the one
of its mean rank, which is about the largest of all, sets the rows that a row is worth. The mean one of its bins sets
the bias that is left in a PSI of these rows.

Rows come in order of time or group, in batches. Of a group of rows only sums are in memory, and of time at most
``MAX_BLOCKS`` blocks: with more moments neighboring blocks are added up, which leaves the long-run variance of their
sums as it is. Rows of one moment have no order; only their sum counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.drift.intervals import Floats

Codes = np.ndarray[Any, np.dtype[Any]]

#: Blocks of moments whose sums are in memory.
MAX_BLOCKS = 8_192
MIN_BLOCKS = 512
#: With fewer moments or groups their dependence cannot be estimated.
MIN_MOMENTS = 20
MIN_GROUPS = 10
#: Bins of a column of categories that count on their own here; those with the most reference rows.
MAX_BINS = 10
#: Share of rows from which a category's own design effect is estimated.
MIN_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class DesignEffect:
    """What the dependence of rows does to one column."""

    largest: float = 1.0  #: rows that make up for one independent row
    mean: float = 1.0  #: of the bins of the column, at most the largest
    reason: str = ""  #: why neither can be estimated; empty if they are


#: Why rows that are all in one bin do not show how they depend.
NO_VARIATION = "they are all in one bin, which does not show how they depend"


def design_effects(sides: Sequence[DesignEffect]) -> list[DesignEffect]:
    """Return the design effects of both sides; one whose rows do not vary is taken to depend as the other."""
    shown = [effect for effect in sides if effect.reason != NO_VARIATION]
    return [shown[0] if effect.reason == NO_VARIATION and shown else effect for effect in sides]


@dataclass(frozen=True, slots=True)
class RowScores:
    """What a row of each fine bin counts in the estimates of one column, fixed by the reference."""

    scores: Floats  #: shape (n_fine_bins, n_scores): the mid-rank, or indicators of frequent categories
    bins: Codes  #: shape (n_fine_bins,): the bin of the mean design effect
    n_bins: int


def rank_scores(counts: Floats, bins: Codes) -> RowScores:
    """Return the scores of numbers and moments: mid-ranks among the reference rows, from their fine bins.

    Parameters
    ----------
    counts : array of shape (n_fine_bins,)
        Reference rows, in the order of the values.
    bins : array of shape (n_fine_bins,)
        The bin of the verdict that each fine bin is in.
    """
    counts = np.asarray(counts, dtype=float)
    ranks = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1.0)
    return RowScores(ranks[:, np.newaxis], np.asarray(bins), int(np.max(bins)) + 1)


def category_scores(counts: Floats) -> RowScores:
    """Return the scores of categories: an indicator for each that has 5 % of the reference rows, or for the largest."""
    counts = np.asarray(counts, dtype=float)
    order = np.argsort(-counts, kind="stable")
    frequent = [index for index in order[:MAX_BINS] if counts[index] >= MIN_SHARE * counts.sum()] or [order[0]]
    bins = np.full(len(counts), min(MAX_BINS, len(counts)) - 1)
    bins[order[: MAX_BINS - 1]] = np.arange(min(MAX_BINS - 1, len(counts)))
    return RowScores(np.eye(len(counts))[:, frequent], bins, int(bins.max()) + 1)


class TimeSums:
    """Sums of one column over moments in order."""

    def __init__(self, row_scores: RowScores) -> None:
        self._row_scores = row_scores
        self._scores = np.zeros((MIN_BLOCKS, row_scores.scores.shape[1]))
        self._bins = np.zeros((MIN_BLOCKS, row_scores.n_bins))
        self._squares = np.zeros(row_scores.scores.shape[1])
        self._max_blocks, self._block_length, self._n_moments = MAX_BLOCKS, 1, 0

    @property
    def size(self) -> int:
        """The numbers in memory."""
        return self._scores.size + self._bins.size

    def halve(self) -> None:
        """Take half the memory from now on, by blocks of twice the length; at least ``MIN_BLOCKS`` of them."""
        self._max_blocks = max(self._max_blocks // 2, MIN_BLOCKS)
        if len(self._bins) > self._max_blocks:
            self._merge_blocks()

    def add(self, codes: Codes, moments: Codes) -> None:
        """Add rows in order: their fine bins, and the number of the moment of each, counted from 0 over all rows."""
        if not len(codes):
            return
        self._n_moments = int(moments[-1]) + 1
        self._make_room()
        blocks = moments // self._block_length
        first, last = int(blocks[0]), int(blocks[-1]) + 1
        scores = self._row_scores.scores[codes]
        for index, column in enumerate(scores.T):
            self._scores[first:last, index] += np.bincount(blocks - first, column, last - first)
        self._squares += (scores**2).sum(axis=0)
        n_bins = self._row_scores.n_bins
        cells = (blocks - first) * n_bins + self._row_scores.bins[codes]
        self._bins[first:last] += np.bincount(cells, minlength=(last - first) * n_bins).reshape(-1, n_bins)

    def _make_room(self) -> None:
        """Have a block for each moment: more blocks up to the largest number, then longer ones."""
        while self._n_moments > len(self._bins) * self._block_length:
            if len(self._bins) >= self._max_blocks:
                self._merge_blocks()
            self._scores, self._bins = (np.pad(one, ((0, len(one)), (0, 0))) for one in (self._scores, self._bins))

    def _merge_blocks(self) -> None:
        self._scores, self._bins = (one[0::2] + one[1::2] for one in (self._scores, self._bins))
        self._block_length *= 2

    def design_effect(self) -> DesignEffect:
        """Return the design effects of the rows added so far."""
        if self._n_moments < MIN_MOMENTS:
            return DesignEffect(
                reason=f"{self._n_moments} moments: fewer than {MIN_MOMENTS} do not show how rows depend"
            )
        n_blocks = -(-self._n_moments // self._block_length)
        is_exact = self._block_length == 1
        return time_effect(self._scores[:n_blocks], self._bins[:n_blocks], self._squares, autoregressive=is_exact)


class GroupSums:
    """Sums of one column over groups whose rows come one after another."""

    def __init__(self, row_scores: RowScores) -> None:
        n_sums = row_scores.scores.shape[1] + row_scores.n_bins + 1
        self._row_scores = row_scores
        self._open = np.zeros((1, n_sums))  #: of the group that may go on in the next batch: scores, bins, rows
        self._closed = np.zeros((3, n_sums))  #: of all groups before: sums, squares, products with their rows
        self._squares = np.zeros(row_scores.scores.shape[1])
        self._n_groups = 0

    def add(self, codes: Codes, groups: Codes) -> None:
        """Add rows in order: their fine bins, and the number of the group of each, counted from 0 over all rows."""
        if not len(codes):
            return
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        scores = self._row_scores.scores[codes]
        indicators = np.eye(self._row_scores.n_bins)[self._row_scores.bins[codes]]
        sums = np.add.reduceat(np.column_stack([scores, indicators, np.ones(len(codes))]), starts)
        if groups[0] < self._n_groups:
            sums[0] += self._open[0]
        else:
            sums = np.concatenate([self._open, sums])
        self._closed += _moments_of(sums[:-1])
        self._open, self._n_groups = sums[-1:], int(groups[-1]) + 1
        self._squares += (scores**2).sum(axis=0)

    def design_effect(self) -> DesignEffect:
        """Return the design effects of the rows added so far: sums of squares of the deviations of groups."""
        if self._n_groups < MIN_GROUPS:
            return DesignEffect(reason=f"{self._n_groups} groups: fewer than {MIN_GROUPS} do not show how rows depend")
        sums, squares, products = self._closed + _moments_of(self._open)
        n_rows = sums[-1]
        means = sums / n_rows
        deviations = (squares - 2 * means * products + means**2 * squares[-1]) * self._n_groups / (self._n_groups - 1)
        n_scores = len(self._squares)
        variances = self._squares / n_rows - means[:n_scores] ** 2
        if not _varies(variances).any():
            return DesignEffect(reason=NO_VARIATION)
        shares, of_bins = means[n_scores:-1], deviations[n_scores:-1]
        largest = _largest(deviations[:n_scores] / n_rows, variances)
        mean = (of_bins[shares > 0] / shares[shares > 0]).sum() / (n_rows * max(int((shares > 0).sum()) - 1, 1))
        return DesignEffect(largest, float(np.clip(mean, 1.0, largest)))


def _moments_of(sums: Floats) -> Floats:
    return np.array([sums.sum(axis=0), (sums**2).sum(axis=0), (sums * sums[:, -1:]).sum(axis=0)])


def _largest(sum_variances: Floats, row_variances: Floats) -> float:
    """Return the largest ratio of both variances, at least 1; scores that do not vary do not count."""
    varies = _varies(row_variances)
    return float(max((sum_variances[varies] / row_variances[varies]).max(initial=1.0), 1.0))


def _varies(row_variances: Floats) -> Any:
    return row_variances > 1e-12


def time_effect(scores: Floats, bins: Floats, squares: Floats, *, autoregressive: bool = True) -> DesignEffect:
    """Return the design effects of sums over blocks in order.

    The largest is that of a score by an AR(1) model or by the quadratic spectral estimate, whichever is larger: the
    first is nearly right where the second misses what lies beyond its bandwidth. D. W. K. Andrews, Econometrica 59
    (1991): kernel and bandwidth; M. G. Kendall, Biometrika 41 (1954): bias of the first autocorrelation.

    Parameters
    ----------
    scores : array of shape (n_blocks, n_scores)
        Sums of the scores of the rows in each block.
    bins : array of shape (n_blocks, n_bins)
        Rows of each block in each bin.
    squares : array of shape (n_scores,)
        Sums over all rows of the squares of the scores.
    autoregressive : bool
        Whether blocks may follow an AR(1) model, which sums of several moments of one do not; of so many moments the
        quadratic spectral estimate misses little.
    """
    rows = bins.sum(axis=1)
    n_rows = rows.sum()
    means = scores.sum(axis=0) / n_rows
    row_variances = squares / n_rows - means**2
    if not _varies(row_variances).any():
        return DesignEffect(reason=NO_VARIATION)
    deviations = scores - np.outer(rows, means)
    bandwidths = [_bandwidth(column) for column in deviations.T]
    variances = [
        max(_spectral(column[:, np.newaxis], width), _autoregressive(column) if autoregressive else 0.0)
        for column, width in zip(deviations.T, bandwidths, strict=True)
    ]
    largest = _largest(np.array(variances) / n_rows, row_variances)
    shares = bins.sum(axis=0) / n_rows
    present = shares > 0
    of_bins = (bins[:, present] - np.outer(rows, shares[present])) / np.sqrt(shares[present])
    mean = _spectral(of_bins, max(bandwidths)) / (n_rows * max(int(present.sum()) - 1, 1))
    return DesignEffect(largest, float(np.clip(mean, 1.0, largest)))


def _autocovariances(series: Floats) -> Floats:
    """Return the sums of products of a series with itself at each lag, added over columns; shape (n_blocks,)."""
    from scipy.fft import irfft, next_fast_len, rfft

    n_blocks = len(series)
    length = next_fast_len(2 * n_blocks, real=True)
    power = (np.abs(rfft(series, length, axis=0)) ** 2).sum(axis=1)
    return np.asarray(irfft(power, length)[:n_blocks], dtype=float)


def _first_autocorrelation(series: Floats) -> float:
    variance = float(series @ series)
    return float(series[:-1] @ series[1:]) / variance if variance > 0 else 0.0


def _bandwidth(series: Floats) -> float:
    """Return Andrews' bandwidth of the quadratic spectral kernel for an AR(1) model."""
    n_blocks = len(series)
    first = float(np.clip(_first_autocorrelation(series) + 1 / n_blocks, -0.97, 0.995))
    width = 1.3221 * (n_blocks * 4 * first**2 / (1 - first) ** 4) ** 0.2
    return float(min(max(width, 1.0), n_blocks / 3))


def _spectral(series: Floats, bandwidth: float) -> float:
    """Return the quadratic spectral estimate of the variance of the sum of a series, added over columns."""
    n_blocks = len(series)
    covariances = _autocovariances(series)
    lags = np.arange(1, n_blocks) / bandwidth
    angles = 6 * np.pi * lags / 5
    kernel = 25 / (12 * np.pi**2 * lags**2) * (np.sin(angles) / angles - np.cos(angles))
    total = covariances[0] + 2 * float(kernel @ covariances[1:])
    return float(total / max(1 - bandwidth / n_blocks, 0.3))


def _autoregressive(series: Floats) -> float:
    """Return the variance of the sum of a series by an AR(1) model."""
    n_blocks, first = len(series), _first_autocorrelation(series)
    first = float(np.clip(first + (1 + 3 * first) / n_blocks, -1 + 2 / n_blocks, 1 - 2 / n_blocks))
    return float(series @ series) * (1 + first) / (1 - first)
