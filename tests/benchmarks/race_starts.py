"""With how many rows a race may begin: ``python -m tests.benchmarks.race_starts [data set ...]``; see ``races.md``.

Every candidate is scored once on each fold with a ninth, a third, ... of its training rows. From this table races over
the whole grid and over random parts of it are replayed, so that thousands of them cost no training. A race is *within*
if its winner's mean over all folds is at most one standard error behind the best candidate's.
"""

from __future__ import annotations

import itertools
import math
import sys
import time

import numpy as np

FOLDS, SEEDS, RATE = 5, (1, 2, 3, 4), 3
GRID = {"max_depth": [2, 4, 6, 8], "learning_rate": [0.03, 0.1, 0.3], "n_estimators": [20, 60, 150]}
CANDIDATES = [dict(zip(GRID, values, strict=True)) for values in itertools.product(*GRID.values())]
STARTS = {"1/27": 3, "1/9": 2, "1/3": 1}


def classes(rows):
    """Return a maker of rows with two classes, 5 % of them wrong."""
    from sklearn.datasets import make_classification

    return lambda seed: make_classification(rows, 15, n_informative=8, flip_y=0.1, random_state=seed)


def hastie(rows):
    """Return a maker of rows whose class is a smooth function of ten columns."""
    from sklearn.datasets import make_hastie_10_2

    def make(seed):
        features, signs = make_hastie_10_2(rows, random_state=seed)
        return features, (signs > 0).astype(int)

    return make


def friedman(number, rows, noise):
    """Return a maker of rows with a number that is a smooth function of some columns."""
    from sklearn import datasets

    return lambda seed: getattr(datasets, f"make_friedman{number}")(rows, noise=noise, random_state=seed)


DATA = {
    "classes, 1,200 rows": (classes(1200), "nll"),
    "classes, 4,000 rows": (classes(4000), "auc"),
    "smooth classes, 4,000 rows": (hastie(4000), "nll"),
    "smooth classes, 12,000 rows": (hastie(12000), "error_rate"),
    "friedman2, 1,500 rows": (friedman(2, 1500, 50), "rmse"),
    "friedman1, 4,000 rows": (friedman(1, 4000, 0.3), "rmse"),
    "friedman1, 4,000 rows, noisy": (friedman(1, 4000, 1.0), "rmse"),
    "friedman3, 8,000 rows": (friedman(3, 8000, 0.1), "rmse"),
    "friedman1, 20,000 rows": (friedman(1, 20000, 0.3), "rmse"),
}


def table_of(make, metric, seed):
    """Return losses ``(power, fold, candidate)`` with ``RATE ** -power`` of the rows, and seconds of processor time."""
    from hanalife.learning import folds
    from hanalife.learning.engines.boosting import Boosting, alike_but_for_trees
    from hanalife.learning.engines.engine import Rows
    from hanalife.learning.evaluation import by_name
    from hanalife.learning.functions import CLASSIFICATION, REGRESSION
    from hanalife.learning.parameters.parameter import in_force
    from hanalife.learning.problem import Problem

    features, target = make(seed)
    names = ("0", "1") if target.dtype.kind in "iu" else ()
    rows, score = Rows(features.astype(np.float32), target), by_name.metric(metric, names)
    base = in_force((CLASSIFICATION if names else REGRESSION)[0].parameters, {"random_state": seed})
    engine = Boosting(Problem(2 if names else None, (False,) * features.shape[1]))
    losses = np.empty((4, FOLDS, len(CANDIDATES)))
    seconds = np.empty_like(losses)
    sign = 1 if by_name.lower_is_better(metric) else -1
    for power, (number, fold) in itertools.product(range(4), enumerate(folds.cv(len(rows), FOLDS, seed))):
        strata = target if names else None
        train, test = folds.growing(fold, float(RATE) ** -power, 2, seed, strata)
        rough = engine.coarser(base) if power else {}
        for group in alike_but_for_trees(CANDIDATES):
            trials = [{**base, **rough, **CANDIDATES[place]} for place in group]
            began = time.process_time()
            for place, outputs in engine.fold_outputs(rows.take(train), rows.features[test], trials):
                losses[power, number, group[place]] = sign * score(target[test], outputs)
            seconds[power, number, group] = time.process_time() - began
    return losses, seconds


def cost(seconds, places):
    """Return what candidates cost on one fold: of those that differ in trees only, the most trees pay for all."""
    dearest = {}
    for place in places:
        candidate = CANDIDATES[place]
        share = 0.1 + 0.9 * candidate["n_estimators"] / max(GRID["n_estimators"])
        alike = candidate["max_depth"], candidate["learning_rate"]
        dearest[alike] = max(dearest.get(alike, 0), share * seconds[place])
    return sum(dearest.values())


def race(losses, seconds, places, power, judges):
    """Return the winner of a race that begins with ``RATE ** -power`` of the rows on some folds, and its cost."""
    alive, spent = list(places), 0.0
    for step in range(power, -1, -1):
        spent += sum(cost(seconds[step, fold], alive) for fold in range(judges))
        order = [alive[place] for place in np.argsort(losses[step, :judges][:, alive].mean(axis=0))]
        alive = order[: max(1, len(places) // RATE ** (power - step + 1))] if step else order
    if judges < FOLDS:
        alive = alive[: max(2, math.ceil(len(alive) / RATE))]
        spent += sum(cost(seconds[0, fold], alive) for fold in range(FOLDS))
        alive = [alive[int(np.argmin(losses[0][:, alive].mean(axis=0)))]]
    return alive[0], spent


def parts():
    """Return 24 parts of the grid, and all of it."""
    random = np.random.default_rng(1)
    some = [sorted(random.choice(len(CANDIDATES), size, replace=False)) for size in (9, 12, 18, 27) for _ in range(6)]
    return [*some, list(range(len(CANDIDATES)))]


def main():
    """Print the table."""
    print("| data | " + " | ".join(STARTS) + " |")
    print("| --- |" + " --- |" * len(STARTS))
    for name in sys.argv[1:] or DATA:
        make, metric = DATA[name]
        found = {start: [] for start in STARTS}
        for seed in SEEDS:
            losses, seconds = table_of(make, metric, seed)
            judges = min(FOLDS, math.ceil(1000 * FOLDS / len(make(seed)[1])))
            for places, (start, power) in itertools.product(parts(), STARTS.items()):
                whole = losses[0][:, places]
                best = int(whole.mean(axis=0).argmin())
                winner, spent = race(losses, seconds, places, power, judges)
                mean, reach = whole[:, best].mean(), whole[:, best].std(ddof=1) / math.sqrt(FOLDS)
                behind = losses[0][:, winner].mean() - mean
                effort = sum(cost(seconds[0, fold], places) for fold in range(FOLDS))
                found[start].append((behind <= reach, behind / abs(mean), effort / spent))
        cells = [
            f"{100 * np.mean([within for within, *_ in races]):.0f} %, "
            f"{100 * max(worse for _, worse, _ in races):.1f} %, {np.median([ratio for *_, ratio in races]):.1f}x"
            for races in found.values()
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
