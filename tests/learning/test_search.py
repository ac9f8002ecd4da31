"""What a search tries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import ParameterGrid

from hanalife.errors import InvalidArgumentError
from hanalife.learning import search, selection
from hanalife.learning.parameters.boosting import CLASSIFICATION as BOOSTING
from hanalife.learning.parameters.parameter import check
from hanalife.learning.parameters.selection import SELECTION

axes = st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(), min_size=1, max_size=4, unique=True), min_size=1)


def candidates(**given):
    table = BOOSTING + SELECTION
    found = selection.selection(
        table, check(table, {"resampling_method": "cv", **given}, "func"), "func", classifies=True
    )
    return found.candidates(table, seed=7)


@given(axes)
def test_a_grid_holds_what_scikit_learns_does(values):
    def key(candidate):
        return sorted(candidate.items())

    assert sorted(search.grid(values), key=key) == sorted(ParameterGrid(values), key=key)


@given(axes, st.integers(1, 100), st.integers(1, 1000))
def test_random_candidates_come_from_the_grid_each_once(values, times, seed):
    every = search.grid(values)
    found = search.sample(values, {}, times, seed)
    assert len(found) == min(times, len(every))
    assert all(candidate in every for candidate in found)
    assert len({tuple(candidate.items()) for candidate in found}) == len(found)
    assert found == search.sample(values, {}, times, seed)


@given(st.integers(-50, 50), st.integers(1, 10), st.integers(0, 60))
def test_whole_steps_are_a_range(start, step, width):
    assert search.steps(start, step, start + width, int) == list(range(start, start + width + 1, step))


def test_ranges_of_a_grid_step_to_their_end():
    found = candidates(
        param_search_strategy="grid",
        param_values={"max_depth": [2]},
        param_range={"learning_rate": [0.1, 0.1, 0.5], "n_estimators": [5, 5, 14]},
    )
    assert sorted({one["learning_rate"] for one in found}) == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert sorted({one["n_estimators"] for one in found}) == [5, 10]
    assert len(found) == 10


def test_random_ranges_hold_their_ends():
    found = candidates(
        param_search_strategy="random",
        random_search_times=200,
        param_range={"learning_rate": [0.1, 0.2], "n_estimators": [3, 5]},
    )
    assert len(found) == 200
    assert {one["n_estimators"] for one in found} == {3, 4, 5}
    assert all(type(one["n_estimators"]) is int and 0.1 <= one["learning_rate"] <= 0.2 for one in found)
    assert len({one["learning_rate"] for one in found}) == 200


def test_a_grid_too_fine_is_refused():
    with pytest.raises(InvalidArgumentError, match="larger step"):
        candidates(param_search_strategy="grid", param_range={"learning_rate": [0.1, 1e-9, 1.0]})
    with pytest.raises(InvalidArgumentError, match="param_search_strategy='random'"):
        search.grid({"a": list(range(1000)), "b": list(range(1000))})
