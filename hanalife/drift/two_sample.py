"""Can a classifier tell current rows from reference rows? All columns at once.

D. Lopez-Paz, M. Oquab, Revisiting Classifier Two-Sample Tests (2017): if the distributions are the
same, no classifier does better than chance on rows that it has not seen. Each fold is judged by
a classifier of the other folds, and the area under its curve has DeLong's interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hanalife.drift import bins, ranking
from hanalife.drift.bins import Binning
from hanalife.drift.intervals import Floats

FOLDS = 5
#: Rows on each side without which nothing is learned.
FEWEST_ROWS = 100
#: Rows of both sides with a text without which it is one of the rare ones.
FEWEST_OF_A_TEXT = 10
_PARAMETERS = {"max_depth": 3, "eta": 0.2, "objective": "binary:logistic", "nthread": 1, "tree_method": "hist"}
_ROUNDS = 25


@dataclass(frozen=True, slots=True)
class Separation:
    """How well current rows are told from reference rows."""

    area: ranking.Normal
    explained_by: tuple[tuple[str, float], ...]  #: columns and their share of the gain, largest first


def separate(reference: pa.Table, current: pa.Table, binnings: Mapping[str, Binning], seed: int) -> Separation:
    """Return the cross-fitted area under the curve, and the columns that the classifiers used.

    Parameters
    ----------
    reference, current : Table
        Samples with the same columns, at least 100 rows each.
    seed : int
        Of the folds.
    """
    names = [name for name in current.schema.names if name in binnings]
    x = np.column_stack(
        [_numbers([table.column(name) for table in (reference, current)], binnings[name]) for name in names]
    )
    y = np.repeat([0.0, 1.0], [reference.num_rows, current.num_rows])
    folds = _folds(y, seed)
    areas, gains = [], dict.fromkeys(names, 0.0)
    for fold in range(FOLDS):
        scores, gain = _fit_and_score(x[folds != fold], y[folds != fold], x[folds == fold])
        truth = y[folds == fold]
        areas.append(ranking.area(scores[truth == 1], scores[truth == 0]))
        for index, value in gain.items():
            gains[names[index]] += value
    total = sum(gains.values()) or 1.0
    shares = sorted(((name, gain / total) for name, gain in gains.items()), key=lambda one: (-one[1], one[0]))
    error = float(np.sqrt(sum(one.error**2 for one in areas))) / FOLDS
    mean = sum(one.value for one in areas) / FOLDS
    return Separation(ranking.Normal(mean, error), tuple(one for one in shares if one[1] > 0))


def minimum_area(psi: float) -> float:
    """Return the area by which one normal column with that PSI is told apart, ``Phi(sqrt(PSI / 2))``.

    >>> round(minimum_area(0.1), 3)
    0.588
    """
    from scipy.special import ndtr

    return float(ndtr(np.sqrt(psi / 2)))


def _folds(y: Floats, seed: int) -> Any:
    random = np.random.default_rng(seed)
    folds = np.empty(len(y), dtype=int)
    for side in (0.0, 1.0):
        rows = np.flatnonzero(y == side)
        folds[random.permutation(rows)] = np.arange(len(rows)) % FOLDS
    return folds


def _fit_and_score(x: Floats, y: Floats, unseen: Floats) -> tuple[Floats, dict[int, float]]:
    import xgboost

    weight = np.where(y == 1, len(y) / (2 * y.sum()), len(y) / (2 * (len(y) - y.sum())))
    booster = xgboost.train(_PARAMETERS, xgboost.DMatrix(x, y, weight=weight), _ROUNDS)
    gains = {int(name[1:]): float(gain) for name, gain in booster.get_score(importance_type="total_gain").items()}
    return booster.predict(xgboost.DMatrix(unseen)), gains


def _numbers(sides: Sequence[pa.ChunkedArray], binning: Binning) -> Floats:
    """Return the values of both sides as numbers; a text that few rows of both sides together have as -1.

    Texts are numbered from both sides alike: which side has a rare one would tell the sides apart by itself.
    """
    if binning.kind != bins.CATEGORY:
        numbers = [bins.as_numbers(side.combine_chunks(), binning.kind) for side in sides]
        return np.clip(np.concatenate(numbers), -1e30, 1e30)  # infinite values stay the largest that xgboost can hold
    texts = [text for side in sides for text in side.cast(pa.string()).to_pylist()]
    rows = Counter(text for text in texts if text is not None)
    frequent = {text: float(place) for place, text in enumerate(sorted(rows)) if rows[text] >= FEWEST_OF_A_TEXT}
    return np.array([np.nan if text is None else frequent.get(text, -1.0) for text in texts], dtype=float)
