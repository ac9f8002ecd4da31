"""When boosting stops: after the tree from which on a metric of the rows set apart grows no better."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from hanalife import DataSets, UnifiedClassification
from hanalife.errors import InvalidArgumentError
from hanalife.learning import folds
from hanalife.learning.engines.boosting import Boosting
from hanalife.learning.engines.engine import Rows
from hanalife.learning.parameters import boosting
from hanalife.learning.parameters.parameter import check, in_force
from hanalife.learning.problem import Problem

NAMES = ("a", "b", "C_c")
SKLEARN = {"recall": metrics.recall_score, "precision": metrics.precision_score, "f1_score": metrics.f1_score}
STOPPING = {"validation_set_rate": 0.4, "tolerant_iter_num": 4, "n_estimators": 40, "max_depth": 2, "random_state": 5}


def settings(**given):
    table = boosting.CLASSIFICATION
    return in_force(table, check(table, {**STOPPING, **given}, "boosting"))


def rows_of(n_classes):
    random = np.random.default_rng(3)
    features = random.normal(size=(160, 3)).astype(np.float32)
    score = features[:, 0] + 0.7 * random.normal(size=160)
    return Rows(features, np.digitize(score, [0] if n_classes == 2 else [-0.5, 0.6]))


@pytest.mark.parametrize(
    ("asked", "n_classes"),
    [("recall_b", 2), ("precision_b", 3), ("F1-Score_C_c", 3), ("f1_score_a", 2), ("rmse", 3)],
)
def test_the_best_tree_is_the_last(asked, n_classes):
    """Against scikit-learn's metric of what the first trees say, one tree more each time."""
    engine, rows = Boosting(Problem(n_classes, (False,) * 3, class_names=NAMES[:n_classes])), rows_of(n_classes)
    given = settings(validation_set_metric=asked)
    stopped = engine.train(rows, given)

    marks = folds.partition(None, len(rows), 1 - given["validation_set_rate"], given["random_state"])
    judging = rows.take(marks == folds.VALIDATION)
    whole = engine.train(rows.take(marks == folds.TRAINING), {**given, "validation_set_rate": 0.0})
    found = []
    for trees in range(1, given["n_estimators"] + 1):
        outputs = engine.outputs(whole[:trees], judging.features)
        if asked == "rmse":
            truth = np.eye(n_classes)[judging.target]
            found.append(-np.sqrt(np.mean((1 - (truth * outputs).sum(axis=1)) ** 2)))
            continue
        kind, name = given["validation_set_metric"].rsplit("_", 1) if "C_c" not in asked else ("f1_score", "C_c")
        code = NAMES.index(name)
        found.append(SKLEARN[kind](judging.target == code, outputs.argmax(axis=1) == code, zero_division=0))
    best = 0
    for place, value in enumerate(found):
        if place > best + given["tolerant_iter_num"]:
            break
        best = place if value > found[best] else best
    assert stopped.num_boosted_rounds() == best + 1


def test_a_class_that_decides_must_be_there(sqlite_conn):
    data = DataSets.load_iris_data(sqlite_conn)[0]
    model = UnifiedClassification("HybridGradientBoostingTree", **STOPPING, validation_set_metric="recall_rose")
    with pytest.raises(InvalidArgumentError, match=r"validation_set_metric: recall_rose: 'rose' is not a class"):
        model.fit(data, key="ID")
    for wrong in ("recall", "recall_", "loss_a"):
        with pytest.raises(InvalidArgumentError, match=r"validation_set_metric: .* recall_<class>, precision_<class>"):
            settings(validation_set_metric=wrong)
    rows = rows_of(2)
    rare = Rows(rows.features, (np.arange(len(rows)) == 0).astype(np.intp))
    engine = Boosting(Problem(2, (False,) * 3, class_names=NAMES[:2]))
    with pytest.raises(InvalidArgumentError, match=r"'recall_b' is not defined .* set stratified_validation_set=True"):
        engine.train(rare, settings(validation_set_metric="recall_b"))
