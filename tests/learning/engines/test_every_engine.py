"""What holds for every algorithm: it fits, predicts, is restored, and takes its parameters."""

from __future__ import annotations

import json
import logging

import numpy as np
import pandas as pd
import pytest

from hanalife import ConnectionContext, UnifiedClassification, UnifiedRegression
from hanalife.errors import Error, InvalidArgumentError, NotSupportedError, UnknownParameterError
from hanalife.learning.functions import CLASSIFICATION, REGRESSION
from hanalife.learning.parameters.parameter import LISTS_OF_WHOLE_NUMBERS, WHOLE_NUMBERS, Effect
from tests.learning.engines.models import (
    CLASSIFIERS,
    NEEDED,
    REGRESSORS,
    classifier,
    diabetes,
    frame_of,
    predicted,
    regressor,
)
from tests.learning.models import flowers

#: Enough to hold what is held here of every algorithm.
SMALL = {"RandomDecisionTree": {"n_estimators": 10}}
KINDS = [*((classifier, func) for func in CLASSIFIERS), *((regressor, func) for func in REGRESSORS)]


def name_of(value):
    return getattr(value, "__name__", value)


def label_of(make):
    return "CLASS" if make is classifier else "BMI"


@pytest.fixture(scope="module")
def data(shared_conn):
    return diabetes(shared_conn)[0]


@pytest.mark.parametrize(("make", "func"), KINDS, ids=name_of)
def test_fit_score_predict_and_restore(shared_conn, data, make, func):
    label = label_of(make)
    model = make(func, **SMALL.get(func, {})).fit(data.filter("ID < 500"), key="ID", label=label)
    later = data.filter("ID >= 500")
    predictions, statistics, *_ = model.score(later, key="ID", label=label)
    found = predictions.collect().sort_values("ID", ignore_index=True)
    pd.testing.assert_frame_equal(found, predicted(model, later))
    actual = later.collect().sort_values("ID")[label].to_numpy()
    said = dict(statistics.collect().iloc[:, :2].itertuples(index=False))
    if make is classifier:
        accuracy = np.mean(found["SCORE"].to_numpy(int) == actual)
        assert float(said["ACCURACY"]) == pytest.approx(accuracy)
        assert accuracy > max(actual.mean(), 1 - actual.mean()) - 0.02
        assert found["CONFIDENCE"].between(0.5, 1).all()
    else:
        assert float(said["RMSE"]) == pytest.approx(np.sqrt(np.mean((found["SCORE"] - actual) ** 2)))
    state = model.to_state()
    json.dumps([state.constructor, state.facts, state.tables], allow_nan=False)
    again = type(model).from_state(shared_conn, state)
    pd.testing.assert_frame_equal(predicted(again, later), found)
    assert again.hanaml_parameters == model.hanaml_parameters
    header, *_ = model.model_[0].collect().sort_values("ROW_INDEX")["MODEL_CONTENT"]
    assert json.loads(header)


@pytest.mark.parametrize("func", CLASSIFIERS)
def test_text_missing_values_and_three_classes_on_both_databases(request, url, func):
    with ConnectionContext(url) as conn:
        data = flowers(conn)
        model = classifier(func, **SMALL.get(func, {})).fit(data, key="NAME")
        found = predicted(model, data, key="NAME")
        right = data.collect().sort_values("NAME")["KIND"].to_numpy() == found["SCORE"].to_numpy()
        assert right.mean() > 0.5
        assert found["CONFIDENCE"].between(1 / 3, 1 + 1e-9).all()


@pytest.mark.parametrize(
    ("case", "make", "func"),
    [
        (case, make, func)
        for case in ("constant", "missing", "one column of text", "many columns", "any text")
        for make, func in KINDS
        if case != "many columns" or make is classifier  # prepared for numbers as for classes
    ],
    ids=name_of,
)
def test_degenerate_columns(shared_conn, case, make, func):
    random = np.random.default_rng(3)
    rows = 24
    columns = {
        "constant": {"A": np.full(rows, 7.0), "B": np.full(rows, -1.5)},
        "missing": {"A": np.full(rows, np.nan), "B": np.where(np.arange(rows) < 3, np.nan, 1.0 * np.arange(rows))},
        "one column of text": {"A": np.array([None, "x"], dtype=object)[np.arange(rows) // 6 % 2]},
        "many columns": {f"C{place:04}": random.normal(size=rows) for place in range(1000)},
        "any text": {"A": [chr(int(code)) * 3 for code in random.integers(0x20, 0xD7FF, rows)]},
    }[case]
    target = np.arange(rows) % 2 if make is classifier else np.arange(rows) / 3
    data = frame_of(shared_conn, {**columns, "TARGET": target})
    gently = {"learning_rate": 0.001} if func == "MLP" else {}
    found = predicted(make(func, **SMALL.get(func, {}), **gently).fit(data, key="ID", label="TARGET"), data)
    column = "CONFIDENCE" if make is classifier else "SCORE"
    assert np.isfinite(found[column].to_numpy(float)).all()


@pytest.mark.parametrize(("make", "func"), KINDS, ids=name_of)
def test_next_to_no_rows(shared_conn, make, func):
    rows = 2 if make is classifier else 1
    data = frame_of(shared_conn, {"A": np.arange(rows) * 1.0, "TARGET": np.arange(rows)})
    found = predicted(make(func).fit(data, key="ID", label="TARGET"), data)
    assert len(found) == rows
    if make is regressor:
        assert found["SCORE"].tolist() == pytest.approx([0], abs=1)


@pytest.mark.parametrize("func", CLASSIFIERS)
def test_folds_that_lack_a_class(shared_conn, func):
    data = frame_of(shared_conn, {"A": np.arange(40.0), "TARGET": (np.arange(40) == 7).astype(int)})
    model = classifier(func, resampling_method="cv", fold_num=4).fit(data, key="ID", label="TARGET")
    said = dict(model.statistics_.collect().iloc[:, :2].itertuples(index=False))
    assert 0 <= float(said["TEST_ERROR_RATE.MEAN"]) <= 0.5


@pytest.mark.parametrize(("make", "func"), KINDS, ids=name_of)
def test_the_same_seed_gives_the_same_bits_however_many_threads(data, make, func, monkeypatch):
    monkeypatch.setattr("hanalife.learning.engines.threads.CELLS_PER_THREAD", 500)
    label = label_of(make)
    rows, found = data.filter("ID < 300"), []
    for ratio, processors in ((0.0, 1), (1.0, 4)):
        monkeypatch.setattr("os.cpu_count", lambda processors=processors: processors)
        model = make(func, **SMALL.get(func, {}), thread_ratio=ratio).fit(rows, key="ID", label=label)
        found.append(predicted(model, rows))
    pd.testing.assert_frame_equal(*found, check_exact=True)


@pytest.mark.parametrize(
    ("make", "func", "values"),
    [
        (classifier, "DecisionTree", {"algorithm": ["cart", "c45"], "max_depth": [1, 4]}),
        (classifier, "RandomForest", {"n_estimators": [3, 12], "max_features": [1, 8]}),
        (classifier, "NaiveBayes", {"discretization": ["no", "supervised"], "alpha": [0.0, 1.0]}),
        (classifier, "SVM", {"kernel": ["linear", "rbf"], "c": [0.1, 1.0]}),
        (classifier, "MLP", {"hidden_layer_size": [(2,), [4, 2]]}),
        (regressor, "DecisionTree", {"min_records_of_leaf": [1, 30]}),
        (regressor, "RandomDecisionTree", {"n_estimators": [2, 10]}),
        (regressor, "SVM", {"regression_eps": [0.1, 0.5]}),
        (regressor, "MLP", {"activation": ["tanh", "relu"]}),
    ],
    ids=name_of,
)
def test_a_search_is_as_good_as_each_candidate_alone(data, make, func, values):
    keywords = {"resampling_method": "cv", "fold_num": 3, **({"max_iter": 8} if func == "MLP" else {})}
    label = label_of(make)
    rows = data.filter("ID < 240")
    model = make(func, **keywords, param_search_strategy="grid", param_values=values).fit(rows, key="ID", label=label)
    tried = model.search_results_.collect()
    for parameters, scores in tried.groupby("PARAMETERS")["SCORE"]:
        alone = make(func, **keywords, **json.loads(parameters)).fit(rows, key="ID", label=label)
        assert alone.search_results_.collect()["SCORE"].tolist() == scores.tolist()
    chosen = model.get_optimal_parameters().set_index("PARAM_NAME")
    assert set(chosen.index) == set(values)


# --- parameters ---------------------------------------------------------------------------------

TABLES = [
    *(
        (UnifiedClassification, func, one)
        for func in CLASSIFICATION
        if func.code in ("DT", "RDT", "NB", "SVM", "MLP")
        for one in func.parameters
    ),
    *(
        (UnifiedRegression, func, one)
        for func in REGRESSION
        if func.code in ("DT", "RDT", "SVM", "MLP")
        for one in func.parameters
    ),
]


def good_values(parameter):
    special = {
        bool: [True, False],
        str: list(parameter.choices),
        list: [list(parameter.choices[:2]), *parameter.choices[:1]],
        WHOLE_NUMBERS: [[3], (4, 2)],
        LISTS_OF_WHOLE_NUMBERS: [[(3,), (4, 2)]],
    }
    if parameter.kind in special:
        return special[parameter.kind]
    low = parameter.minimum if parameter.minimum is not None else parameter.above or 0
    usual = low + 0.5 if parameter.kind is float else low + 1
    return [parameter.kind(usual), np.float64(usual) if parameter.kind is float else np.int64(usual)]


def bad_values(parameter):
    special = {
        bool: [1, "yes"],
        str: [3, "nonsense", *parameter.elsewhere],
        list: [3, [3], ["nonsense"]],
        WHOLE_NUMBERS: [3, [], [0], [2.5], ["3"], [True]],
        LISTS_OF_WHOLE_NUMBERS: [3, [3], [[0]]],
    }
    if parameter.kind in special:
        return special[parameter.kind]
    below = [] if parameter.minimum is None and parameter.above is None else [-1]
    return ["3", None.__class__, True, float("nan"), *below, *([1e9] if parameter.maximum is not None else [])]


@pytest.mark.parametrize(("made", "func", "one"), TABLES, ids=lambda value: getattr(value, "name", ""))
def test_every_parameter_of_the_tables(made, func, one, caplog):
    needed = {name: value for name, value in NEEDED.get(func.code, {}).items() if name != one.name}
    searching = {"resampling_method": "cv", "param_search_strategy": "grid"} if one.options_of else {}
    needed = {name: value for name, value in needed.items() if name != one.options_of}
    for value in good_values(one):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            model = made(func.name, **{**needed, **searching, one.name: value})
        assert one.name in model.hanaml_parameters["kwargs"]
        changed = model.hanaml_parameters["kwargs"][one.name] != one.default
        assert ("has no effect" in caplog.text) == (one.effect is Effect.NONE and changed)
    for value in bad_values(one):
        with pytest.raises(Error, match=one.name) as caught:
            made(func.name, **{**needed, **searching, one.name: value})
        assert isinstance(caught.value, (TypeError, ValueError, NotSupportedError))


@pytest.mark.parametrize(("make", "func"), KINDS, ids=name_of)
def test_an_unknown_parameter_names_the_nearest(make, func):
    with pytest.raises(UnknownParameterError, match=r"random_stat.*did you mean random_state"):
        make(func, random_stat=3)


@pytest.mark.parametrize("func", ["DecisionTree", "RandomDecisionTree"])
def test_rows_without_a_label_are_left_out_or_refused(shared_conn, data, func):
    small = SMALL.get(func, {})
    rows = data.collect()
    kinds = {spec.name: spec.type for spec in data.specs}
    rows["CLASS"] = rows["CLASS"].astype("Int64").where(rows["ID"] >= 300)
    holes = shared_conn.create_from_pandas(rows, f"HOLES_{func}", kinds)
    found = predicted(classifier(func, **small).fit(holes, key="ID", label="CLASS"), data)
    expected = predicted(classifier(func, **small).fit(data.filter("ID >= 300"), key="ID", label="CLASS"), data)
    pd.testing.assert_frame_equal(found, expected)
    with pytest.raises(InvalidArgumentError, match="'CLASS' is NULL in 300 rows"):
        classifier(func, allow_missing_dependent=False).fit(holes, key="ID", label="CLASS")
    with pytest.raises(InvalidArgumentError, match="'CLASS' is NULL in all rows"):
        classifier(func).fit(holes.filter("ID < 300"), key="ID", label="CLASS")


@pytest.mark.parametrize(("func", "name"), [("SVM", "kernel"), ("MLP", "hidden_layer_size")])
def test_a_range_is_one_of_numbers(func, name):
    with pytest.raises(InvalidArgumentError, match=rf"param_range\['{name}'\]: a range is one of numbers"):
        classifier(
            func, resampling_method="cv", param_search_strategy="grid", param_range={name: ["linear", "x", "rbf"]}
        )
