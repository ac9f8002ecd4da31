"""How much the rows of a class count, by factors and by shares."""

from __future__ import annotations

import numpy as np
import pytest

from hanalife.errors import InvalidArgumentError
from hanalife.learning.class_weights import ClassWeights

NAMES = ["a", "b", "c"]
CODES = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])


@pytest.mark.parametrize("keyword", ["priors", "strata"])
@pytest.mark.parametrize(
    ("given", "shares"),
    [
        ({"a": 0.2, "b": 0.3, "c": 0.5}, [0.2, 0.3, 0.5]),
        ({"a": 0.2}, [0.2, 0.4, 0.4]),
        ({"b": 0.6, "c": 0.1}, [0.3, 0.6, 0.1]),
        ({"a": 0.1, "b": 0.1, "c": 0.2}, [0.3, 0.3, 0.4]),
    ],
)
def test_classes_get_their_shares(keyword, given, shares):
    weights = ClassWeights.asked_for({keyword: given}).of_rows(CODES, NAMES)
    assert weights.sum() == pytest.approx(len(CODES))
    assert np.bincount(CODES, weights) / len(CODES) == pytest.approx(shares)


def test_a_factor_is_of_one_class():
    weights = ClassWeights.asked_for({"scale_weight": 3.0, "scale_weight_target": "b"}).of_rows(CODES, NAMES)
    assert weights.tolist() == [1.0] * 5 + [3.0] * 3 + [1.0] * 2


def test_nothing_asked_for():
    assert ClassWeights.asked_for({"bins": {"A": 3.0}}) is None


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"priors": {"a": 0.7, "d": 0.1}}, "priors: d is no class; the classes are: a, b, c"),
        ({"strata": {"a": 0.5, "b": 0.5}}, "strata: nothing is left for c"),
        ({"strata": {"a": 0.6, "b": 0.6}}, "strata: the shares of all classes sum to 1.2, more than 1"),
        ({"scale_weight": 2.0, "scale_weight_target": 0}, "scale_weight_target: 0 is no class"),
        ({"scale_weight": 2.0}, "scale_weight: say of which class"),
    ],
)
def test_what_cannot_be(own, said):
    with pytest.raises(InvalidArgumentError, match=said):
        ClassWeights.asked_for(own).of_rows(CODES, NAMES)
