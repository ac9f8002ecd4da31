"""A race chooses what a plain loop by the same rule would."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from sklearn.datasets import make_hastie_10_2

from hanalife import UnifiedClassification, UnifiedRegression
from hanalife.learning import cross_validation, folds, halving, race, selection
from hanalife.learning.engines.boosting import Boosting
from hanalife.learning.engines.engine import Rows
from hanalife.learning.evaluation import by_name
from hanalife.learning.memory import Memory
from hanalife.learning.parameters.boosting import CLASSIFICATION as BOOSTING
from hanalife.learning.parameters.parameter import check, in_force
from hanalife.learning.parameters.selection import SELECTION
from hanalife.learning.problem import Problem
from tests.learning.models import HGBT, ON_EVERY_DATABASE
from tests.learning.test_cross_validation import make_rows

SPACE = {"learning_rate": [0.05, 0.1, 0.3, 1.0], "max_depth": [1, 3, 6], "split_threshold": [0.0, 2.0]}
SEED = 5


def prepare(**given):
    """Return the arguments of a race on small rows."""
    keywords = {
        "resampling_method": "cv_sha",
        "param_search_strategy": "grid",
        "param_values": SPACE,
        "evaluation_metric": "nll",
        "fold_num": 3,
        **given,
    }
    wanted = selection.selection(BOOSTING, check(SELECTION, keywords, HGBT), HGBT, classifies=True)
    rows = make_rows(2, rows=600)
    parts = folds.stratified_cv(rows.target, 3, SEED)
    base = in_force(BOOSTING, {"random_state": SEED, "n_estimators": 6})
    metrics = {name: by_name.metric(name, ["0", "1"]) for name in wanted.metrics}
    return wanted, rows, parts, base, metrics


def run(wanted, rows, parts, base, metrics, **options):
    told = []
    starts = race.brackets(wanted, BOOSTING, rows, parts, SEED)
    engine = Boosting(Problem(2, (False,) * 5))
    progress = lambda *call: told.append(call)  # noqa: E731
    found = race.run(engine, rows, parts, starts, base, metrics, wanted, progress, Memory(), "", **options)
    return found, told


def mean_nll(rows, parts, base, candidate, share):
    """Train and score one candidate, fold by fold, in the plain way."""
    engine = Boosting(Problem(2, (False,) * 5))
    scores = []
    for part in parts:
        train, test = folds.growing(part, share, 2, SEED, rows.target)
        estimator = engine.train(rows.take(train), {**base, **candidate})
        outputs = engine.outputs(estimator, rows.features[test])
        scores.append(by_name.metric("nll", ["0", "1"])(rows.target[test], outputs))
    return np.mean(scores)


def plain_race(rows, parts, base, bracket, candidates, change):
    """Return who had all of the resource, with their means: sort, keep the first ones, go on."""
    alive = list(candidates)
    for rung, following in itertools.zip_longest(bracket, bracket[1:]):
        extra, share = change(rung.amount)
        rough = {"max_bin_num": 64} if following else {}
        means = [mean_nll(rows, parts, {**base, **rough}, {**one, **extra}, share) for one in alive]
        if following is None:
            return list(zip(means, [{**one, **extra} for one in alive], strict=True))
        best = sorted(sorted(range(len(alive)), key=means.__getitem__)[: following.candidates])
        alive = [alive[place] for place in best]
    return None


@pytest.mark.parametrize(
    "given",
    [
        {"min_resource_rate": 1 / 9},
        {"reduction_rate": 2.0, "min_resource_rate": 0.2},
        {"min_resource_rate": 0.3, "aggressive_elimination": True},
        {"resource": "n_estimators", "max_resource": 20},
        {"resource": "n_estimators", "max_resource": 30, "reduction_rate": 4.0, "min_resource_rate": 0.1},
    ],
    ids=str,
)
def test_successive_halving_is_the_plain_loop(given):
    wanted, rows, parts, base, metrics = prepare(**given)
    found, _ = run(wanted, rows, parts, base, metrics)
    ((bracket, candidates, _),) = race.brackets(wanted, BOOSTING, rows, parts, SEED)
    assert len(bracket) > 1

    def change(amount):
        return ({"n_estimators": max(1, round(amount))}, 1.0) if "resource" in given else ({}, amount)

    finalists = plain_race(rows, parts, base, bracket, candidates, change)
    mean, winner = min(finalists, key=lambda pair: pair[0])
    assert found.best.candidate == winner
    assert found.best.mean("nll") == pytest.approx(mean, rel=1e-14)
    assert found.best.amount == given.get("max_resource", 1.0)
    assert len(found.judged) == sum(rung.candidates for rung in bracket)
    assert [text.split(" ", 1)[0] for text in found.rungs] == [str(rung.candidates) for rung in bracket]


def test_hyperband_is_the_plain_loop_over_its_brackets():
    wanted, rows, parts, base, metrics = prepare(
        resampling_method="cv_hyperband",
        param_search_strategy="random",
        random_search_times=15,
        min_resource_rate=1 / 9,
    )
    found, told = run(wanted, rows, parts, base, metrics)
    starts = race.brackets(wanted, BOOSTING, rows, parts, SEED)
    assert sum(len(candidates) for _, candidates, _ in starts) == 15
    assert len(starts) > 2
    finalists = [
        pair
        for bracket, candidates, _ in starts
        for pair in plain_race(rows, parts, base, bracket, candidates, lambda amount: ({}, amount))
    ]
    mean, winner = min(finalists, key=lambda pair: pair[0])
    assert found.best.candidate == winner
    assert found.best.mean("nll") == pytest.approx(mean, rel=1e-14)
    first, *_, last = found.rungs
    assert first == f"{len(starts[0][1])} candidates, data_size 0.111111, max_bin_num 64"
    assert last == f"{len(finalists)} candidates, data_size 1"
    assert len(found.rungs) == len(starts), "rungs of the same amount are one"
    total = sum(rung.candidates for bracket, _, _ in starts for rung in bracket) * 3
    assert [call[:2] for call in told] == [(done, total) for done in range(total + 1)]


@pytest.mark.parametrize(
    ("given", "rungs"),
    [
        (
            {"min_resource_rate": 1 / 9},
            [
                "24 candidates, data_size 0.111111, max_bin_num 64, 1 of 3 folds",
                "8 candidates, data_size 0.333333, max_bin_num 64, 1 of 3 folds",
                "2 candidates, data_size 1, 1 of 3 folds",
                "2 candidates, data_size 1",
            ],
        ),
        (
            {"min_resource_rate": 0.5, "reduction_rate": 2.0},
            [
                "24 candidates, data_size 0.5, max_bin_num 64, 1 of 3 folds",
                "12 candidates, data_size 1, 1 of 3 folds",
                "6 candidates, data_size 1, 2 of 3 folds",
                "3 candidates, data_size 1",
            ],
        ),
    ],
    ids=["rate 3", "rate 2"],
)
def test_only_the_best_of_those_with_all_rows_see_all_folds(monkeypatch, given, rungs):
    monkeypatch.setattr(race, "LEAST_JUDGES", 150)
    wanted, rows, parts, base, metrics = prepare(**given)
    found, told = run(wanted, rows, parts, base, metrics)
    assert list(found.rungs) == rungs
    assert told[-1][0] == told[-1][1], "as many trainings as announced"
    for rung in range(2, len(rungs)):
        after = [one for one in found.judged if one.rung == rung + 1]
        before = sorted((one for one in found.judged if one.rung == rung), key=lambda one: one.mean("nll"))
        assert {one.number for one in after} == {one.number for one in before[: len(after)]}
    last = [one for one in found.judged if one.rung == len(rungs)]
    assert found.best == min(last, key=lambda one: one.mean("nll"))
    assert found.best.mean("nll") == pytest.approx(mean_nll(rows, parts, base, found.best.candidate, 1.0), rel=1e-14)


def test_enough_rows_of_every_class_judge(monkeypatch):
    monkeypatch.setattr(race, "LEAST_JUDGES", 100)
    parts = folds.cv(500, 5, SEED)
    assert race.fewest_folds(parts) == 1
    rare = np.zeros(500, dtype=np.intp)
    rare[np.concatenate([test[:4] for _, test in parts])] = 1
    assert race.fewest_folds(parts, rare) == 3, "4 rows of the second class a fold, 10 are wanted"
    assert race.fewest_folds(parts, np.arange(500) // 499) == 5, "one row only: all folds"


def test_hyperband_takes_as_many_as_its_authors_would_and_no_more_than_there_are():
    drawn = {"resampling_method": "cv_hyperband", "param_search_strategy": None}
    wanted, rows, parts, *_ = prepare(**drawn, param_range={"alpha": [0, 5]}, min_resource_rate=1 / 9)
    starts = race.brackets(wanted, BOOSTING, rows, parts, SEED)
    assert [len(candidates) for _, candidates, _ in starts] == [
        bracket[0].candidates for bracket in halving.hyperband(1, 1 / 9, 3)
    ]
    wanted, rows, parts, *_ = prepare(**drawn, param_range={"alpha": [0, 5]})
    starts = race.brackets(wanted, BOOSTING, rows, parts, SEED)
    assert sum(len(candidates) for _, candidates, _ in starts) == 27, "400 rows for training allow its authors 5"
    wanted, rows, parts, *_ = prepare(**drawn, param_values={"max_depth": [1, 2, 3, 4]})
    starts = race.brackets(wanted, BOOSTING, rows, parts, SEED)
    assert sorted(one["max_depth"] for _, candidates, _ in starts for one in candidates) == [1, 2, 3, 4]


def test_a_race_out_of_time_gives_its_leader_all_of_the_resource(caplog):
    wanted, rows, parts, base, metrics = prepare(timeout=10)
    found, _ = run(wanted, rows, parts, base, metrics, now=itertools.count(0, 5).__next__)
    assert found.timed_out
    assert found.best.amount == 1.0
    assert all(len(scores) == 3 for scores in found.best.scores.values())
    assert "wins" in caplog.text


def test_few_rows_are_not_halved_unless_asked_to(caplog):
    """With too few rows to spare any, a race is the whole grid: the same scores, on all folds."""
    caplog.set_level("INFO")
    found, _ = run(*prepare())
    assert "600 rows are too few to spare any" in caplog.text
    assert found.rungs == ("24 candidates, data_size 1",)
    whole, rows, parts, base, metrics = prepare(resampling_method="cv")
    engine = Boosting(Problem(2, (False,) * 5))
    grid = cross_validation.judge(engine, rows, parts, whole.candidates(BOOSTING, SEED), base, metrics)
    assert [one.scores for one in found.judged] == [one.scores for one in grid.judged]
    assert found.best.candidate == grid.best.candidate
    halved, _ = run(*prepare(min_resource_rate=1 / 3))
    assert len(halved.rungs) == 2


@ON_EVERY_DATABASE
def test_results_say_which_rung_each_score_is_of(diabetes):
    model = UnifiedClassification(
        HGBT,
        n_estimators=5,
        random_state=SEED,
        resampling_method="stratified_cv_sha",
        param_search_strategy="grid",
        param_values=SPACE,
        evaluation_metric="auc",
        fold_num=3,
        min_resource_rate=1 / 9,
    ).fit(diabetes, key="ID", label="CLASS")
    tried = model.search_results_.collect()
    sizes = tried.groupby("RUNG")["CANDIDATE"].nunique().to_dict()
    assert sizes == {1: 24, 2: 8, 3: 2}
    assert tried.groupby("RUNG")["RESOURCE"].unique().map(list).tolist() == [
        [pytest.approx(1 / 9)],
        [pytest.approx(1 / 3)],
        [1.0],
    ]
    numbers = dict(model.statistics_.collect()[["STAT_NAME", "STAT_VALUE"]].itertuples(index=False))
    assert numbers["RUNG_1"] == "24 candidates, data_size 0.111111, max_bin_num 64"
    assert numbers["RUNG_3"] == "2 candidates, data_size 1"
    last = tried[tried["RUNG"] == 3].groupby("CANDIDATE")["SCORE"].mean()
    assert float(numbers["TEST_AUC.MEAN"]) == pytest.approx(last.max())
    best = json.loads(tried.loc[tried["CANDIDATE"] == last.idxmax(), "PARAMETERS"].iloc[0])
    assert model.to_state().facts["chosen"] == best


def test_a_race_for_trees_ends_with_the_most(sqlite_conn):
    random = np.random.default_rng(1)
    import pandas as pd

    data = pd.DataFrame({"A": random.random(150), "B": random.random(150)})
    frame = sqlite_conn.create_from_pandas(
        data.assign(Y=data["A"] * 3 + random.random(150)), "NUMBERS", dict.fromkeys("ABY", "DOUBLE")
    )
    model = UnifiedRegression(
        HGBT,
        random_state=1,
        resampling_method="bootstrap_hyperband",
        repeat_times=3,
        resource="n_estimators",
        max_resource=9,
        param_range={"learning_rate": [0.1, 0.9]},
        evaluation_metric="r2",
    ).fit(frame, label="Y")
    chosen = model.get_optimal_parameters().set_index("PARAM_NAME")
    assert chosen["INT_VALUE"]["n_estimators"] == 9
    assert model.to_state().estimator.num_boosted_rounds() == 9
    tried = model.search_results_.collect()
    assert tried["FOLD"].max() == 3
    full = tried[tried["RESOURCE"] == 9].groupby("CANDIDATE")["SCORE"].mean()
    numbers = dict(model.statistics_.collect()[["STAT_NAME", "STAT_VALUE"]].itertuples(index=False))
    assert float(numbers["CV_R2.MEAN"]) == pytest.approx(full.max())


def many_rows():
    """Return 6,000 rows, and folds of them."""
    _, rows, *_ = prepare()
    many = Rows(np.tile(rows.features, (10, 1)), np.tile(rows.target, 10))
    return many, folds.stratified_cv(many.target, 3, SEED)


def test_a_race_begins_with_no_less_than_a_third(caplog):
    """Models that are best with a few hundred rows are too small for thousands, which no repetition shows."""
    wanted, *_ = prepare()
    ((bracket, candidates, _),) = race.brackets(wanted, BOOSTING, *many_rows(), SEED)
    assert [(rung.candidates, rung.amount) for rung in bracket] == [(24, pytest.approx(1 / 3)), (8, 1.0)]
    assert len(candidates) == 24
    trees, *_ = prepare(resource="n_estimators", max_resource=90)
    ((bracket, *_),) = race.brackets(trees, BOOSTING, *many_rows(), SEED)
    assert bracket[0].amount == pytest.approx(30)
    assert "favors small models" not in caplog.text
    told, *_ = prepare(min_resource_rate=1 / 27)
    ((bracket, *_),) = race.brackets(told, BOOSTING, *many_rows(), SEED)
    assert bracket[0].amount == pytest.approx(1 / 27)
    assert "min_resource_rate: a first rung with 0.037 of the resource favors small models" in caplog.text


def test_hyperband_draws_no_fewer_for_beginning_later():
    drawn = {"resampling_method": "cv_hyperband", "param_search_strategy": None, "param_range": {"alpha": [0, 5]}}
    wanted, *_ = prepare(**drawn)
    starts = race.brackets(wanted, BOOSTING, *many_rows(), SEED)
    assert sum(len(candidates) for _, candidates, _ in starts) == 49, "what 1/27 of 4,000 rows gives its authors"
    assert min(bracket[0].amount for bracket, *_ in starts) == pytest.approx(1 / 3)


def test_the_winner_on_a_smooth_target_is_within_the_interval_of_the_grids():
    """A race that begins with a ninth drops the best here, which it says."""
    features, signs = make_hastie_10_2(4000, random_state=1)
    rows = Rows(features.astype(np.float32), (signs > 0).astype(np.intp))
    space = {"max_depth": [2, 4, 8], "learning_rate": [0.03, 0.1, 0.3], "n_estimators": [60, 150]}
    parts = folds.cv(len(rows), 5, 1)
    base = in_force(BOOSTING, {"random_state": 1})
    metrics = {"nll": by_name.metric("nll", ["0", "1"])}
    engine = Boosting(Problem(2, (False,) * 10))
    grid = [{"max_depth": 4, "learning_rate": 0.3, "n_estimators": 150}]  # of all 18 the best, see races.md
    best = cross_validation.judge(engine, rows, parts, grid, base, metrics).best
    reach = np.sqrt(best.variance("nll") / 5)
    behind = {}
    for given in ({}, {"min_resource_rate": 1 / 9}):
        wanted, *_ = prepare(param_values=space, **given)
        starts = race.brackets(wanted, BOOSTING, rows, parts, SEED)
        found = race.run(engine, rows, parts, starts, base, metrics, wanted, lambda *_: None, Memory(), "").best
        behind[bool(given)] = (found.mean("nll") - best.mean("nll")) / reach
    assert behind[False] <= 1
    assert behind[True] > 1, "else nothing was tested"
