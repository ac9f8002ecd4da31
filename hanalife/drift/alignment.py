"""Align the rows of both sides of a column in the bins that its verdict is about. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.drift import bin_labels, bins, tallies
from hanalife.drift.bins import CATEGORY, Binning
from hanalife.drift.intervals import Floats
from hanalife.drift.tallies import FrequentNumbers, OtherTexts, Tally

Sides = tuple[Any, Any]  #: of the reference, and of the current rows
Shown = tuple[tuple[str, float, float], ...]

LEARN_AGAIN = (
    "the stored reference is of an older version and does not count rows by value; store it again with "
    "conn.drift.reference(data, name=...)"
)
TOO_MANY_TEXTS = (
    f"it has more than {tallies.MAX_TEXTS:,} distinct texts, which are not compared one by one; group them, or leave "
    "the column out of features"
)


@dataclass(frozen=True, slots=True)
class Aligned:
    """The rows of both sides in the same bins, arrays of shape ``(n_bins,)``."""

    intervals: Sides  #: between edges, in order; of a column of texts none
    values: Sides  #: with one value each, with those that are missing
    shown: Shown  #: label, reference rows and current rows of the bins that have any
    undecided: str = ""  #: why these bins decide nothing
    hidden: str = ""  #: why they cannot show that nothing moved


def align(
    binning: Binning, counts: Sides, by_value: tuple[Tally | None, Tally | None], *, frozen: bool = False
) -> Aligned:
    """Return the rows of both sides in the bins of the verdict.

    Parameters
    ----------
    counts : (array, array)
        What :meth:`Binning.count` gave.
    by_value : (tally, tally)
        What it counted by value; None of a reference that an older version stored.
    frozen : bool
        Whether only the reference says which numbers are bins of their own.
    """
    if binning.kind == CATEGORY:
        return _texts(binning, counts, by_value)
    return _numbers(binning, counts, by_value, frozen=frozen)


def _texts(binning: Binning, counts: Sides, by_value: tuple[Tally | None, Tally | None]) -> Aligned:
    """Return the rows of each text of either side: labels by name, others by hash."""
    x, y = counts
    others, undecided, hidden = _other_texts(counts, by_value)
    values = tuple(np.concatenate([side[:-2], side[-1:], other]) for side, other in zip(counts, others, strict=True))
    shown = _present(binning.labels, x, y)
    nothing = x[:0]
    return Aligned((nothing, nothing), (values[0], values[1]), shown, undecided, hidden)


def _other_texts(counts: Sides, by_value: tuple[Tally | None, Tally | None]) -> tuple[Sides, str, str]:
    """Return the rows of texts that are no labels, and what they cannot tell."""
    rows = [side[-2] for side in counts]
    before, after = (tally if isinstance(tally, OtherTexts) else None for tally in by_value)
    whole = [_is_whole(tally, number) for tally, number in zip((before, after), rows, strict=True)]
    if all(whole):
        return tallies.aligned(before or OtherTexts(), after or OtherTexts()), "", ""
    if rows[0] == 0:  # all others are new, whatever they are
        return (counts[0][:1] * 0, counts[1][-2:-1]), "", TOO_MANY_TEXTS
    if before is None:
        return (counts[0][-2:-1], counts[1][-2:-1]), LEARN_AGAIN, ""
    return tallies.aligned(before, after or OtherTexts()), TOO_MANY_TEXTS, ""


def _is_whole(tally: OtherTexts | None, rows: float) -> bool:
    return rows == 0 if tally is None else tally.complete


def _numbers(binning: Binning, counts: Sides, by_value: tuple[Tally | None, Tally | None], *, frozen: bool) -> Aligned:
    """Return the rows of each number that many rows of either side share, and of the others between edges."""
    x, y = (binning.coarsened(side) for side in counts)
    before, after = _frequent(binning, counts[0], by_value[0]), _frequent(binning, counts[1], by_value[1])
    atoms = np.zeros(0) if before is None else _atoms((before, None if frozen else after), (x, y))
    places = _places(binning, atoms)
    rows = [np.zeros(len(atoms), dtype=int) if tally is None else tally.of(atoms) for tally in (before, after)]
    rest = [_less(side[:-1], places, taken) for side, taken in zip((x, y), rows, strict=True)]
    values = np.append(rows[0], x[-1]), np.append(rows[1], y[-1])
    labels = [*_interval_labels(binning, atoms, places), *_texts_of(binning, atoms), bins.MISSING]
    order = np.argsort(np.concatenate([np.arange(len(x) - 1), _positions(binning, atoms, places), [len(x)]]))
    sides = (np.append(part, whole)[order] for part, whole in zip(rest, values, strict=True))
    shown = _present([labels[place] for place in order], *sides)
    return Aligned((rest[0], rest[1]), values, shown, hidden=_unseen_atoms(binning, before, after, y))


def _frequent(binning: Binning, counts: Any, tally: Tally | None) -> FrequentNumbers | None:
    """Return the tally of numbers, made of the labels where none was stored and all numbers are labels."""
    if isinstance(tally, FrequentNumbers):
        return tally
    if not binning.by_value or counts[-2]:
        return None
    values = np.array([float(name) for name in binning.categories])
    return FrequentNumbers(values, counts[:-2], counts[:-2].sum(), np.zeros(len(values)))


def _atoms(frequent: tuple[FrequentNumbers | None, FrequentNumbers | None], counts: Sides) -> Floats:
    sides = [
        tally.above(bins.atom_rows(float(rows[:-1].sum())))
        for tally, rows in zip(frequent, counts, strict=True)
        if tally is not None
    ]
    return np.unique(np.concatenate(sides))


def _places(binning: Binning, atoms: Floats) -> Any:
    """Return the bin that each number is counted in."""
    if not binning.by_value:
        return np.searchsorted(binning.coarse, atoms, side="right")
    labels = np.array([float(name) for name in binning.categories])
    places = np.searchsorted(labels, atoms)
    return np.where(np.append(labels, np.nan)[places] == atoms, places, len(labels))


def _positions(binning: Binning, atoms: Floats, places: Any) -> Floats:
    """Return where numbers are shown: before the bin that they begin, or after the one that they lie in."""
    return np.asarray(places + np.where(np.isin(atoms, binning.coarse), -0.5, 0.25 + np.arange(len(atoms)) * 1e-4))


def _less(counts: Any, places: Any, taken: Any) -> Any:
    """Return counts less the rows that are counted apart."""
    return np.maximum(counts - np.bincount(places, taken, len(counts)), 0).astype(counts.dtype)


def _texts_of(binning: Binning, atoms: Floats) -> list[str]:
    return binning.texts(np.append(binning.coarse, atoms).tolist())[len(binning.coarse) :]


def _interval_labels(binning: Binning, atoms: Floats, places: Any) -> list[str]:
    """Return the labels of the bins without the numbers that are counted apart."""
    if binning.by_value:
        return list(binning.labels[:-1])
    texts = binning.texts(np.append(binning.coarse, atoms).tolist())
    edges, of_atoms = texts[: len(binning.coarse)], texts[len(binning.coarse) :]
    labels = bin_labels.between(edges)
    for text, place in zip(of_atoms, places, strict=True):
        opened = f"[{text} ;"
        if labels[place].startswith(opened):
            labels[place] = f"]{labels[place][1:]}"
        else:
            labels[place] += f" without {text}"
    return labels


def _unseen_atoms(binning: Binning, before: FrequentNumbers | None, after: FrequentNumbers | None, current: Any) -> str:
    """Return why an old reference cannot show that nothing moved: values that many rows share may hide in its bins."""
    if before is not None:
        return ""
    rough = binning.by_value or len(binning.coarse) < bins.COARSE_BINS - 1
    shared = after is not None and len(after.above(bins.atom_rows(float(current[:-1].sum()))))
    return LEARN_AGAIN if rough or shared else ""


def _present(labels: Any, x: Any, y: Any) -> Shown:
    triples = zip(labels, x, y, strict=True)
    return tuple((label, before.item(), after.item()) for label, before, after in triples if before or after)
