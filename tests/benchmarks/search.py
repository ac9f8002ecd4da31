"""How fast a search is, against scikit-learn's in the same run: ``python -m tests.benchmarks.search [part ...]``.

Parts: ``small`` (768 rows, 8 candidates, 5 folds; in a running session, and on a session's first call),
``large`` (108 candidates, 10,000 x 30) and ``races`` (the same candidates, dropped early). The peer is
``GridSearchCV(XGBClassifier(), n_jobs=-1)``, as users write it, on the same folds; each fold's score is
compared. Both search only: neither trains the winner. Nothing is asserted: clocks differ, ratios
tell. The order is A B A B, and the medians are compared.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import statistics
import subprocess
import sys
import time

import numpy as np

ROUNDS = {"small": 11, "large": 1, "races": 1}
SEED = 123
SMALL = {"learning_rate": [0.1, 0.3], "n_estimators": [25, 50, 75, 100]}
LARGE = {
    "learning_rate": [0.05, 0.1, 0.3],
    "n_estimators": [25, 50, 75, 100],
    "max_depth": [3, 5, 7],
    "lamb": [0.5, 1.0, 5.0],
}
THEIRS = {"lamb": "reg_lambda"}


def small_rows():
    """Return the diabetes data that travels with the package."""
    from hanalife import ConnectionContext, DataSets

    with ConnectionContext("sqlite://") as conn:
        data = DataSets.load_diabetes_data(conn)[0].sort("ID").collect()
    features = data.drop(columns=["ID", "CLASS"]).to_numpy(dtype=np.float32)
    return features, data["CLASS"].to_numpy()


def large_rows():
    """Return 10,000 rows of 30 columns, of which ten tell something."""
    from sklearn.datasets import make_classification

    features, target = make_classification(10_000, 30, n_informative=10, flip_y=0.1, random_state=7)
    return features.astype(np.float32), target


def ours(rows, values, **given):
    """Return a search that gives the scores of each candidate, fold by fold."""
    from hanalife.learning import training
    from hanalife.learning.engines.boosting import Boosting
    from hanalife.learning.engines.engine import Rows
    from hanalife.learning.functions import CLASSIFICATION
    from hanalife.learning.memory import Memory
    from hanalife.learning.parameters.parameter import check, in_force
    from hanalife.learning.problem import Problem
    from hanalife.learning.progress import reporting
    from hanalife.learning.selection import selection

    func = CLASSIFICATION[0]
    keywords = {"resampling_method": "cv", "param_search_strategy": "grid", "param_values": values, **given}
    wanted = selection(func.parameters, check(func.selection, keywords, func.name), func.name, classifies=True)
    base = in_force(func.parameters, {"random_state": SEED, "alpha": 0.0})

    class Classes:
        class_names = ("0", "1")

    def search():
        plan = training.Plan(func, None, base, wanted, Memory(), classifies=True, report=None)
        data = Rows(*rows)
        engine = Boosting(Problem(2, (False,) * data.features.shape[1]))
        with contextlib.redirect_stderr(io.StringIO()), reporting(None) as progress:
            return training._search(engine, data, Classes(), plan, progress)

    return search


def theirs(rows, values):
    """Return scikit-learn's search on the same folds."""
    from sklearn.model_selection import GridSearchCV
    from xgboost import XGBClassifier

    from hanalife.learning.folds import cv

    parts = cv(len(rows[1]), 5, SEED)
    grid = {THEIRS.get(name, name): items for name, items in values.items()}
    model = XGBClassifier(random_state=SEED, base_score=0.5)
    return lambda: GridSearchCV(model, grid, scoring="accuracy", cv=parts, n_jobs=-1, refit=False).fit(*rows)


def difference(mine, peer):
    """Return the largest difference of any fold's share of right predictions."""
    found = peer.cv_results_
    scores = {
        json.dumps(parameters, sort_keys=True): [found[f"split{fold}_test_score"][place] for fold in range(5)]
        for place, parameters in enumerate(found["params"])
    }
    largest = 0.0
    for one in mine.judged:
        key = json.dumps({THEIRS.get(name, name): value for name, value in one.candidate.items()}, sort_keys=True)
        rights = 1 - np.array(one.scores["error_rate"])
        largest = max(largest, float(np.abs(rights - scores[key]).max()))
    return largest


def timed(work):
    """Return the seconds that work takes, and its result."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def busy(work):
    """Return what :func:`timed` does and, before it, the seconds that this process kept processors busy."""
    began = time.process_time()
    seconds, result = timed(work)
    return time.process_time() - began, seconds, result


def compare(name, mine, peer, rounds):
    """Print the medians of both, and what lies between their scores."""
    times = {"ours": [], "theirs": []}
    if name.startswith("small"):
        mine(), peer()  # loky starts here
    for _ in range(rounds):
        seconds, found = timed(mine)
        times["ours"].append(seconds)
        seconds, expected = timed(peer)
        times["theirs"].append(seconds)
    ratios = [their / our for our, their in zip(times["ours"], times["theirs"], strict=True)]
    print(
        f"{name}: ours {statistics.median(times['ours']):.3f} s, "
        f"GridSearchCV {statistics.median(times['theirs']):.3f} s, "
        f"ratio {statistics.median(ratios):.2f} [{min(ratios):.2f}..{max(ratios):.2f}], "
        f"largest difference of a fold's score {difference(found, expected):.1g}"
    )
    return found


def first_call(who):
    """Print how long a first search takes in this process, its data and libraries loaded."""
    import sklearn.model_selection  # noqa: F401
    import xgboost  # noqa: F401

    rows = small_rows()
    search = {"ours": ours, "theirs": theirs}[who](rows, SMALL)
    print(timed(search)[0])


def small():
    """Compare on the reference notebook's rows."""
    rows = small_rows()
    compare("small, running session", ours(rows, SMALL), theirs(rows, SMALL), ROUNDS["small"])
    times = {"ours": [], "theirs": []}
    for _ in range(5):
        for who, found in times.items():
            command = [sys.executable, "-m", "tests.benchmarks.search", "first", who]
            found.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    ratios = [their / our for our, their in zip(times["ours"], times["theirs"], strict=True)]
    print(
        f"small, first call: ours {statistics.median(times['ours']):.3f} s, "
        f"GridSearchCV {statistics.median(times['theirs']):.3f} s, "
        f"ratio {statistics.median(ratios):.1f} [{min(ratios):.1f}..{max(ratios):.1f}]"
    )


def large():
    """Compare on many candidates."""
    rows = large_rows()
    compare("large", ours(rows, LARGE), theirs(rows, LARGE), ROUNDS["large"])


def races():
    """Compare races with the full grid, ours and the peer's, and what they choose with its winner."""
    rows = large_rows()
    grid, peer = ours(rows, LARGE), theirs(rows, LARGE)
    runs = {
        "sha": ours(rows, LARGE, resampling_method="cv_sha"),
        "sha, 2.0": ours(rows, LARGE, resampling_method="cv_sha", reduction_rate=2.0),
        "hyperband": ours(rows, LARGE, resampling_method="cv_hyperband", param_search_strategy="random"),
        "hyperband, 27": ours(
            rows,
            LARGE,
            resampling_method="cv_hyperband",
            param_search_strategy="random",
            random_search_times=27,
            min_resource_rate=1 / 27,
        ),
        "hyperband, trees": ours(
            rows,
            {name: values for name, values in LARGE.items() if name != "n_estimators"},
            resampling_method="cv_hyperband",
            param_search_strategy="random",
            random_search_times=12,
            resource="n_estimators",
            max_resource=100,
            min_resource_rate=0.1,
        ),
    }
    for _ in range(ROUNDS["races"]):
        effort, whole, full = busy(grid)
        longest, _ = timed(peer)
        mean = full.best.mean("error_rate")
        reach = 1.96 * math.sqrt(full.best.variance("error_rate") / 5)
        print(f"full grid: ours {whole:.2f} s, GridSearchCV {longest:.2f} s")
        print(f"  its winner: error rate {mean:.4f} +- {reach:.4f}, {full.best.candidate}")
        for name, search in runs.items():
            spent, seconds, found = busy(search)
            error = found.best.mean("error_rate")
            within = "within" if error <= mean + reach else "NOT within"
            ratios = f"{longest / seconds:.1f} times as fast as GridSearchCV's grid, {whole / seconds:.1f} as ours"
            ratios += f" ({effort / spent:.1f} in processor time)"
            print(f"  {name}: {seconds:.2f} s, {ratios}, error rate {error:.4f}, {within}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["first"]:
        first_call(sys.argv[2])
    else:
        for part in sys.argv[1:] or ("small", "large", "races"):
            {"small": small, "large": large, "races": races}[part]()
