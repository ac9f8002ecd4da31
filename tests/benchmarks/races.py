"""How good races are on many data sets: ``python -m tests.benchmarks.races [part ...]``; see ``races.md``.

Parts: ``clean``, ``noisy``, ``noisier``, ``rare``, ``number``, ``few``.

On each data set and seed, our own full grid of 108 candidates on five folds, and the races over the same
candidates. A race is *within* if its winner's mean score lies within the 95 % interval of the full grid's
winner. What is compared is the processor time of one thread, which other work of the machine changes little.
"""

from __future__ import annotations

import math
import os
import sys
import time

import numpy as np

FOLDS = 5
GRID = {
    "learning_rate": [0.05, 0.1, 0.3],
    "n_estimators": [10, 20, 30, 40],
    "max_depth": [2, 4, 6],
    "lamb": [0.5, 1.0, 5.0],
}
_DRAWN = {"resampling_method": "cv_hyperband", "param_search_strategy": "random"}
RACES = {
    "sha": {"resampling_method": "cv_sha"},
    "hyperband": _DRAWN,
    "hyperband of 27": {**_DRAWN, "random_search_times": 27, "min_resource_rate": 1 / 27},
}


def classes(rows, columns=15, **given):
    """Return a maker of rows with two classes."""
    from sklearn.datasets import make_classification

    return lambda seed: make_classification(rows, columns, n_informative=8, random_state=seed, **given)


def numbers(seed):
    """Return 6,000 rows with a number to predict, which no tree finds easily."""
    from sklearn.datasets import make_friedman1

    return make_friedman1(6000, 15, noise=2.0, random_state=seed)


SEEDS = (1, 2, 3)
#: Part: in words, rows by seed, and the metric.
DATA = {
    "clean": ("6,000 rows, 1 % of labels wrong", classes(6000, flip_y=0.02), "error_rate"),
    "noisy": ("6,000 rows, 5 % wrong", classes(6000, flip_y=0.1), "error_rate"),
    "noisier": ("6,000 rows, 15 % wrong", classes(6000, flip_y=0.3), "nll"),
    "rare": ("6,000 rows, one in 20 positive", classes(6000, flip_y=0.02, weights=[0.95]), "auc"),
    "number": ("6,000 rows, a number", numbers, "rmse"),
    "few": ("400 rows, 5 % wrong", classes(400, flip_y=0.1), "nll"),
}


def search_of(rows, metric, seed, **given):
    """Return a search by a metric; it gives the best and how many trainings it took."""
    from hanalife.learning import training
    from hanalife.learning.engines.boosting import Boosting
    from hanalife.learning.engines.engine import Rows
    from hanalife.learning.functions import CLASSIFICATION, REGRESSION
    from hanalife.learning.memory import Memory
    from hanalife.learning.parameters.parameter import check, in_force
    from hanalife.learning.problem import Problem
    from hanalife.learning.progress import Silent
    from hanalife.learning.selection import selection

    features, target = rows[0].astype(np.float32), rows[1]
    classifies = target.dtype.kind in "iu"
    func = CLASSIFICATION[0] if classifies else REGRESSION[0]
    keywords = {"resampling_method": "cv", "param_search_strategy": "grid", "param_values": GRID, "fold_num": FOLDS}
    keywords |= {"evaluation_metric": metric, **given}
    wanted = selection(func.parameters, check(func.selection, keywords, func.name), func.name, classifies=classifies)
    base = in_force(func.parameters, {"random_state": seed})

    class Classes:
        class_names = ("0", "1") if classifies else ()

    def search():
        plan = training.Plan(func, None, base, wanted, Memory(), classifies=classifies, report=None)
        engine = Boosting(Problem(2 if classifies else None, (False,) * features.shape[1]))
        return training._search(engine, Rows(features, target), Classes(), plan, Silent())

    return search


def spent(search):
    """Return the seconds of processor time that a search takes, and its winner."""
    began = time.process_time()
    found = search()
    return time.process_time() - began, found.best


def line(name, seed, make, metric):
    """Return one line of the table, and for each race how far its winner is from the interval's end and its ratio."""
    rows = make(seed)
    whole, winner = spent(search_of(rows, metric, seed))
    mean, reach = winner.mean(metric), 1.96 * math.sqrt(winner.variance(metric) / FOLDS)
    sign = -1 if metric == "auc" else 1
    cells = []
    for given in RACES.values():
        effort, found = spent(search_of(rows, metric, seed, **given))
        behind = sign * (found.mean(metric) - mean)
        cells.append(f"{behind:+.4f} {'yes' if behind <= reach else '**no**'} {whole / effort:.1f}x")
    return f"| {name} | {seed} | {metric} {mean:.4f} +- {reach:.4f} | " + " | ".join(cells) + " |"


def main():
    """Print the table."""
    os.cpu_count = lambda: 1  # threads that wait for each other spin, and count as busy
    print("| data | seed | full grid's winner | " + " | ".join(RACES) + " |")
    print("| --- | --- | --- |" + " --- |" * len(RACES))
    for part in sys.argv[1:] or DATA:
        name, make, metric = DATA[part]
        for seed in SEEDS:
            print(line(name, seed, make, metric), flush=True)


if __name__ == "__main__":
    main()
