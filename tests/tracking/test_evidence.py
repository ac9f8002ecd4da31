"""Which values of a metric count as evidence."""

from __future__ import annotations

import pytest

from hanalife import evidence
from hanalife.errors import InvalidArgumentError
from hanalife.evidence import Direction, MetricKey
from hanalife.learning.evaluation import by_name
from hanalife.observation import MetricSource

_, VALIDATION, *_, USER = MetricSource


def test_what_was_logged_by_hand_has_its_own_name():
    assert MetricKey("SCORE_AUC", USER).metric == "SCORE_AUC"
    assert str(MetricKey("VALIDATION_LOSS", VALIDATION)) == "LOSS@validation"


@pytest.mark.parametrize("classifies", [True, False])
def test_directions_are_those_of_a_search(classifies):
    named = ("error_rate nll rmse mae accuracy kappa mcc auc auc_1vsrest auc_pairwise f1_score recall_error "
             "precision_loss" if classifies else "rmse mae mape error_rate r2").split()  # fmt: skip
    for name in named:
        metric = by_name.check_metric(name, "metric", classifies=classifies)
        expected = Direction.LOWER if by_name.lower_is_better(metric) else Direction.HIGHER
        assert evidence.direction(metric) is expected, name
        assert evidence.direction(f"SCORE_{by_name.spelt(metric)}") is expected, name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("validation_0_logloss", Direction.LOWER),
        ("valid_0_l2", Direction.LOWER),
        ("neg_root_mean_squared_error", Direction.HIGHER),
        ("mean_test_score", Direction.HIGHER),
        ("val_loss", Direction.LOWER),
        ("learning_rate", None),
        ("rows", None),
    ],
)
def test_directions_of_other_names(name, expected):
    assert evidence.direction(name) is expected


@pytest.mark.parametrize("given", ["tset", "", None, 3])
def test_an_unknown_source_is_refused(given, sqlite_conn):
    with sqlite_conn.experiment("e").run("r") as run:
        for log in (lambda: run.log_metric("a", 1, source=given), lambda: run.log_metrics({"a": 1}, source=given)):
            with pytest.raises(InvalidArgumentError, match="test, validation, cv, train, production, user"):
                log()
    assert run.metrics == {}


def test_sources_have_series_of_their_own(conn):
    with conn.experiment("e").run("r") as run:
        for step, (train, validation) in enumerate([(0.5, 0.6), (0.25, 0.7)]):
            run.log_metric("loss", train, step=step, source="train")
            run.log_metric("loss", validation, step=step, source="validation")
    assert run.measured == {("loss", "validation"): 0.7, ("loss", "train"): 0.25}
    assert run.metrics == {"loss": 0.7, "loss@train": 0.25}
    assert [point.value for point in run.series("loss")] == [0.6, 0.7]
    assert [point.value for point in run.series("loss", "train")] == [0.5, 0.25]
