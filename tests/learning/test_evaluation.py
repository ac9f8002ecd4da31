"""Metrics against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from hanalife.errors import InvalidArgumentError
from hanalife.learning.evaluation import by_name
from hanalife.learning.evaluation import classification as evaluation


@st.composite
def predictions(draw, fewest=2, most=4):
    """Draw classes that all occur, and probabilities with ties."""
    k = draw(st.integers(fewest, most))
    rows = draw(st.integers(k, 60))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    actual = np.concatenate([np.arange(k), random.integers(k, size=rows - k)])
    weights = random.integers(1, draw(st.integers(2, 50)), size=(rows, k)).astype(float)
    return actual, weights / weights.sum(axis=1, keepdims=True)


@given(predictions())
@settings(max_examples=30)
def test_numbers_equal_those_of_scikit_learn(drawn):
    actual, probabilities = drawn
    k = probabilities.shape[1]
    found = evaluation.evaluate(actual, probabilities, positive=k - 1)
    predicted = probabilities.argmax(axis=1)
    labels = list(range(k))
    per_class = sk.precision_recall_fscore_support(actual, predicted, labels=labels, zero_division=np.nan)
    precision, recall, f1, support = (column.tolist() for column in per_class)

    assert (found.confusion == sk.confusion_matrix(actual, predicted, labels=labels)).all()
    assert [one.recall for one in found.classes] == pytest.approx(recall)
    assert [one.support for one in found.classes] == support
    assert [one.f1_score for one in found.classes] == pytest.approx(f1)
    for one, expected in zip(found.classes, precision, strict=True):
        assert one.precision is None if np.isnan(expected) else one.precision == pytest.approx(expected)
    assert found.accuracy == pytest.approx(sk.accuracy_score(actual, predicted))
    assert found.kappa == pytest.approx(sk.cohen_kappa_score(actual, predicted))
    if len(set(predicted)) > 1:
        assert found.mcc == pytest.approx(sk.matthews_corrcoef(actual, predicted))
    else:
        assert found.mcc is None
    assert evaluation.nll(actual, probabilities) == pytest.approx(sk.log_loss(actual, probabilities, labels=labels))
    assert evaluation.error_rate(actual, probabilities) == pytest.approx(sk.zero_one_loss(actual, predicted))


@given(predictions(most=2), st.integers(0, 1))
def test_auc_of_two_classes_refers_to_the_positive_one(drawn, positive):
    actual, probabilities = drawn
    found = evaluation.auc(*evaluation.one_vs_rest(actual, probabilities, positive))
    assert found == pytest.approx(sk.roc_auc_score(actual == positive, probabilities[:, positive]))


@given(predictions(fewest=3, most=5))
def test_auc_of_many_classes_is_the_micro_average(drawn):
    actual, probabilities = drawn
    found = evaluation.auc(*evaluation.one_vs_rest(actual, probabilities, 0))
    one_hot = np.eye(probabilities.shape[1])[actual]
    assert found == pytest.approx(sk.roc_auc_score(one_hot, probabilities, average="micro"))


@given(predictions(most=2))
def test_errors_of_two_classes_are_those_of_the_probability(drawn):
    actual, probabilities = drawn
    second = probabilities[:, 1]
    assert evaluation.rmse(actual, probabilities) == pytest.approx(sk.root_mean_squared_error(actual, second))
    assert evaluation.mae(actual, probabilities) == pytest.approx(sk.mean_absolute_error(actual, second))


def test_what_one_class_does_not_define_is_none():
    found = evaluation.evaluate(np.array([1, 1, 1]), np.array([[0.2, 0.8], [0.9, 0.1], [0.3, 0.7]]), positive=1)
    assert (found.auc, found.mcc, found.classes[0].recall) == (None, None, None)
    assert (found.accuracy, found.classes[1].recall) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    certain = evaluation.evaluate(np.array([1, 1]), np.array([[0.2, 0.8], [0.1, 0.9]]), positive=1)
    assert certain.kappa is None


def test_large_counts_do_not_overflow():
    counts = np.array([[10**9, 1], [2, 10**9]])
    assert evaluation.mcc(counts) == pytest.approx(1, abs=1e-8)
    assert evaluation.kappa(counts) == pytest.approx(1, abs=1e-8)


def test_metrics_of_a_class_are_found_by_its_name():
    actual, probabilities = np.array([0, 0, 1, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.8, 0.2]])
    for name, expected in (("recall_Yes", 0.5), ("precision_Yes", 0.5), ("F1-score_Yes", 0.5)):
        metric = by_name.metric(by_name.check_metric(name, "ref_metric", classifies=True), ["No", "Yes"])
        assert metric(actual, probabilities) == expected
    with pytest.raises(InvalidArgumentError, match=r"recall_yes.*'yes' is not a class; the classes are: No, Yes"):
        by_name.metric("recall_yes", ["No", "Yes"])


@given(predictions())
@settings(max_examples=30)
def test_metrics_of_all_classes_equal_those_of_scikit_learn(drawn):
    actual, probabilities = drawn
    names = [str(code) for code in range(probabilities.shape[1])]
    predicted = probabilities.argmax(axis=1)

    def found(name):
        return by_name.metric(by_name.check_metric(name, "metric", classifies=True), names)(actual, probabilities)

    if len(names) == 2:
        area = sk.roc_auc_score(actual, probabilities[:, 1])
        expected = {"auc_1vsrest": area, "auc_pairwise": area, "F1-SCORE": sk.f1_score(actual, predicted)}
    else:
        expected = {
            "auc_1vsrest": sk.roc_auc_score(actual, probabilities, multi_class="ovr"),
            "auc_pairwise": sk.roc_auc_score(actual, probabilities, multi_class="ovo"),
            "F1_score": sk.f1_score(actual, predicted, average="macro"),
        }
    expected |= {
        "accuracy": sk.accuracy_score(actual, predicted),
        "kappa": sk.cohen_kappa_score(actual, predicted),
    }
    assert {name: found(name) for name in expected} == pytest.approx(expected)
    assert found("mcc") in (None, pytest.approx(sk.matthews_corrcoef(actual, predicted)))


def test_areas_of_a_class_without_rows_are_not_defined():
    actual, probabilities = np.array([0, 1, 0]), np.full((3, 3), 1 / 3)
    for name in ("auc_1vsrest", "auc_pairwise"):
        assert by_name.metric(name, ["a", "b", "c"])(actual, probabilities) is None


@given(st.lists(st.tuples(st.floats(1, 9), st.floats(-9, 9)), min_size=2, max_size=30, unique_by=lambda pair: pair[0]))
def test_metrics_of_numbers_equal_those_of_scikit_learn(pairs):
    actual, predicted = np.array(pairs).T
    expected = {
        "rmse": sk.root_mean_squared_error(actual, predicted),
        "mae": sk.mean_absolute_error(actual, predicted),
        "mape": sk.mean_absolute_percentage_error(actual, predicted),
        "r2": sk.r2_score(actual, predicted),
    }
    found = {name: by_name.metric(name, [])(actual, predicted) for name in expected}
    assert found == pytest.approx(expected)
    with pytest.raises(InvalidArgumentError, match="'auc' is not a metric; use one of rmse, mae, mape, error_rate, r2"):
        by_name.check_metric("auc", "metric", classifies=False)


def test_never_to_predict_a_class_is_not_precise():
    metric = by_name.metric("precision_b", ["a", "b"])
    assert metric(np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]])) == 0


def test_the_larger_metric_is_better_except_for_errors():
    lower = [
        name
        for name in ("auc", "accuracy", "recall_1", "nll", "error_rate", "rmse", "mae", "mape", "r2", "mcc", "f1_score")
        if by_name.lower_is_better(name)
    ]
    assert lower == ["nll", "error_rate", "rmse", "mae", "mape"]
