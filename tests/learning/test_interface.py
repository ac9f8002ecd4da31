"""hana_ml's interface, keyword by keyword: taken, refused in words, or said to have no effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hanalife import ConnectionContext, UnifiedClassification, UnifiedRegression
from hanalife.errors import Error, InvalidArgumentError, NotSupportedError, UnknownParameterError
from tests.learning import interface

KINDS = {UnifiedClassification: interface.CLASSIFICATION, UnifiedRegression: interface.REGRESSION}
FUNCS = [(kind, func) for kind, funcs in KINDS.items() for func in funcs]
SEARCHED = [(kind, func) for kind, func in FUNCS if func not in interface.WITHOUT_SEARCH]

#: What an algorithm cannot do without, and what a keyword needs beside it.
NEEDED = {"MLP": {"hidden_layer_size": [3]}}
_GRID = {"resampling_method": "cv", "param_search_strategy": "grid"}
BESIDE = {
    **dict.fromkeys(("activation_options", "hidden_layer_size_options", "degree_values", "degree_range"), _GRID),
    "resampling_method": {},
    "param_search_strategy": {"resampling_method": "cv", "random_search_times": 2},
}
WRONG_TYPE = {
    "int": ("much", 2.5),
    "float": ("much",),
    "bool": ("yes", 3),
    "str": (3,),
    "text": (3,),
    "metric": (3,),
    "metrics": (3, ["auc", 3]),
    "dict": ([("max_depth", [1])], "grid"),
    "texts": (3, [3]),
    "sizes": (3, ["3"]),
    "lists of sizes": (3, [3]),
    "values": (3, [None]),
}


def name_of(value):
    return "" if isinstance(value, dict) else getattr(value, "__name__", str(value))


def made(kind, func, **given):
    needed = dict(NEEDED.get(func, {}))
    if "hidden_layer_size_options" in given:
        needed = {}
    beside = [BESIDE.get(name, {}) for name in given]
    return kind(func, **{**needed, **{key: value for one in beside for key, value in one.items()}, **given})


def values_of(row):
    """Return values that a row allows, the default among them."""
    sort, default, more = row
    if "good" in more:
        return [more["good"]]
    if sort in ("int", "float"):
        low = more.get("least", more.get("above", 0))
        high = min(more.get("most", low + 1), low + 1)
        found = [low + 1, np.int64(low + 1)] if sort == "int" else [low + (high - low) * 0.75, np.float32(low + 0.25)]
    else:
        found = {"bool": [True, False], "text": ["night"], "metric": [], "metrics": [], "dict": []}.get(
            sort, list(more.get("choices", ()))
        )
    return found if default is None else [*found, default]


def values_out_of(row):
    """Return values of the right type that a row does not allow."""
    sort, _, more = row
    found = []
    if "choices" in more:
        found.append("nothing of this kind")
    if "least" in more:
        found.append(more["least"] - 1)
    if "above" in more:
        found.append(more["above"])
    if "most" in more:
        found.append(more["most"] + 1)
    return found + ([float("nan"), float("inf")] if sort == "float" else [])


@pytest.mark.parametrize(("kind", "func"), FUNCS, ids=name_of)
def test_func_has_its_name_and_code(kind, func):
    for spelling in (func, func.lower(), func.upper()):
        model = made(kind, func).__class__(spelling, **NEEDED.get(func, {}))
        assert (model.func, model.real_func) == (KINDS[kind][func][0], func)


def test_forms_of_a_func():
    assert UnifiedClassification("LogisticRegression", multi_class=True).func == "M_LOGR"
    assert UnifiedClassification("LogisticRegression", multi_class=False).func == "LOGR"
    for kind in KINDS:
        with pytest.raises(NotSupportedError, match=r"MLP_MultiTask.*use one model a label"):
            kind("MLP_MultiTask", hidden_layer_size=[3])
        with pytest.raises(ValueError, match=r"'DecisionTrees' is not an algorithm for .*; use DecisionTree"):
            kind("DecisionTrees")


@pytest.mark.parametrize(("kind", "func"), FUNCS, ids=name_of)
def test_parameters_take_what_they_should_and_say_if_nothing_comes_of_it(kind, func, caplog):
    for name, row in KINDS[kind][func][1].items():
        check_taken(kind, func, name, row, caplog)


def check_taken(kind, func, name, row, caplog):
    useless = name in interface.NO_EFFECT[func]
    for value in values_of(row):
        caplog.clear()
        if value in interface.ELSEWHERE.get(name, ()):
            with pytest.raises(NotSupportedError, match=f"{name}: '{value}'"):
                made(kind, func, **{name: value})
            continue
        model = made(kind, func, **{name: value})
        assert model.params[name] == value
        said = f"{name}={model.hanaml_parameters['kwargs'].get(name)!r} has no effect here" in caplog.text
        if useless and value != row[1] and name not in interface.OTHER_DEFAULTS:
            assert said, value
        if not useless:
            assert not said, value


@pytest.mark.parametrize(("kind", "func"), FUNCS, ids=name_of)
def test_each_useless_parameter_says_so(kind, func, caplog):
    for name in interface.NO_EFFECT[func]:
        if name not in KINDS[kind][func][1]:
            continue  # of the other kind
        caplog.clear()
        for value in values_of(KINDS[kind][func][1][name]):
            made(kind, func, **{name: value})
        assert f"{name}=" in caplog.text
        assert "has no effect here" in caplog.text


@pytest.mark.parametrize(("kind", "func"), FUNCS, ids=name_of)
def test_parameters_refuse_what_they_should(kind, func):
    for name, row in KINDS[kind][func][1].items():
        check_refused(kind, func, name, row)


def check_refused(kind, func, name, row):
    for value in WRONG_TYPE[row[0]]:
        with pytest.raises(TypeError, match=name if name not in ("alpha", "lamb") else "enet_|alpha|lamb"):
            made(kind, func, **{name: value})
    for value in values_out_of(row):
        with pytest.raises(ValueError, match=r"expected|must|choose") as caught:
            made(kind, func, **{name: value})
        assert repr(value) in str(caught.value) or str(value) in str(caught.value)
        for one in row[2].get("choices", ()):
            if one not in interface.ELSEWHERE.get(name, ()):
                assert one.replace("_1", "_<class>") in str(caught.value), "the valid names are told"


@pytest.mark.parametrize(("kind", "func"), FUNCS, ids=name_of)
def test_a_misspelt_parameter_is_refused_with_the_nearest(kind, func):
    for name in KINDS[kind][func][1]:
        with pytest.raises(KeyError, match=rf"'{name}_x' is not a parameter of {func}; .*\b{name}\b") as caught:
            made(kind, func, **{f"{name}_x": 1})
        assert isinstance(caught.value, UnknownParameterError)


@pytest.mark.parametrize(("kind", "func"), FUNCS, ids=name_of)
def test_defaults_are_those_of_hana(kind, func):
    """What is given with its default changes nothing: the parameters in force are the same."""
    rows = KINDS[kind][func][1]
    model = made(kind, func)
    known = {one.name: one.default for one in model._function.parameters}
    for name, (_, default, _) in rows.items():
        if name in known and name not in interface.OTHER_DEFAULTS and default is not None:
            assert known[name] == default, name


# --- evaluation and search ----------------------------------------------------------------------


def test_parameters_that_a_search_may_vary():
    for kind in KINDS:
        for name in interface.TUNABLE:
            value = values_of(KINDS[kind]["HybridGradientBoostingTree"][1][name])[0]
            kind("HybridGradientBoostingTree", **_GRID, param_values={name: [value]})


@pytest.mark.parametrize(("kind", "func"), SEARCHED, ids=name_of)
def test_evaluation_keywords(kind, func, caplog):
    for name, row in interface.SELECTION.items():
        for value in values_of(row):
            caplog.clear()
            if value == row[1] or name in ("random_state", "resource"):
                made(kind, func, **{name: value})
                assert "without resampling_method" not in caplog.text
            elif name not in ("resampling_method", "param_search_strategy"):
                model = made(kind, func, **{name: value})
                plain = model.hanaml_parameters["kwargs"][name]
                assert f"{name}={plain!r} has no effect without resampling_method" in caplog.text
        for value in WRONG_TYPE[row[0]]:
            with pytest.raises(TypeError, match=f"{name}: expected"):
                made(kind, func, **{name: value})
        for value in values_out_of(row):
            with pytest.raises(ValueError, match=f"{name}: expected"):
                made(kind, func, **{name: value})
        with pytest.raises(UnknownParameterError, match=f"'{name}_x'.*did you mean .*{name}"):
            made(kind, func, **{f"{name}_x": 1})


@pytest.mark.parametrize("func", interface.WITHOUT_SEARCH)
def test_a_formula_without_a_choice_takes_none_of_them(func):
    for name in interface.SELECTION:
        if name != "random_state":
            with pytest.raises(KeyError, match=f"'{name}' is not a parameter of {func}"):
                UnifiedRegression(func, **{name: 1})


#: A parameter that a search may vary.
_SEARCHED = {
    "HybridGradientBoostingTree": "alpha",
    "DecisionTree": "max_depth",
    "RandomDecisionTree": "max_depth",
    "RandomForest": "max_depth",
    "LogisticRegression": "enet_alpha",
    "MLP": "momentum",
    "NaiveBayes": "alpha",
    "SVM": "gamma",
    "LinearRegression": "enet_lambda",
    "GLM": "enet_lambda",
    "PolynomialRegression": "degree",
}


@pytest.mark.parametrize(("kind", "func"), SEARCHED, ids=name_of)
def test_resampling_methods(kind, func):
    families = ["cv", "bootstrap"]
    stratified = ["stratified_cv", "stratified_bootstrap"]
    name = _SEARCHED[func]
    value = values_of(KINDS[kind][func][1][name])[0]
    space = {"param_values": {name: [value]}}
    for family in families + stratified:
        for suffix in ("", "_sha", "_hyperband"):
            strategy = "random" if suffix == "_hyperband" else "grid"
            given = {"resampling_method": family + suffix, "param_search_strategy": strategy, **space}
            if family in stratified and kind is UnifiedRegression:
                with pytest.raises(ValueError, match=f"resampling_method: '{family + suffix}' needs classes"):
                    made(kind, func, **given)
            else:
                assert made(kind, func, **given).params["resampling_method"] == family + suffix
    with pytest.raises(ValueError, match=r"resampling_method: expected one of .*stratified_cv_hyperband.*; got 'loo'"):
        made(kind, func, resampling_method="loo")


@pytest.mark.parametrize(
    ("kind", "metrics"),
    [(UnifiedClassification, interface.METRICS), (UnifiedRegression, interface.METRICS_OF_NUMBERS)],
    ids=name_of,
)
def test_metrics(kind, metrics):
    for func, names in metrics.items():
        for name in names:
            model = made(kind, func, resampling_method="cv", evaluation_metric=name)
            assert model._selection.metric.lower() == name.lower().replace("f1-score", "f1_score")
        for keyword, value in {"evaluation_metric": "aucc", "ref_metric": ["rmse", "aucc"]}.items():
            with pytest.raises(ValueError, match=rf"{keyword}: 'aucc' is not a metric; use one of .*rmse"):
                made(kind, func, **{keyword: value})
    assert made(kind, "DecisionTree", resampling_method="cv", metric="rmse")._selection.metric == "rmse"


@pytest.mark.parametrize("func", interface.RESOURCES)
def test_resources_of_a_race(func):
    kind = UnifiedRegression if func == "LinearRegression" else UnifiedClassification
    space = {"param_values": {"learning_rate" if "Boosting" in func else "enet_lambda": [0.1, 0.2]}}
    race = {"resampling_method": "cv_sha", "param_search_strategy": "grid", **space}
    made(kind, func, **race, resource="data_size")
    for resource in interface.RESOURCES[func]:
        made(kind, func, **race, resource=resource, max_resource=20)
        with pytest.raises((TypeError, ValueError), match=r"max_resource: .*needs it"):
            made(kind, func, **race, resource=resource)
    with pytest.raises(ValueError, match=r"resource: 'epochs'|resource: expected one of"):
        made(kind, func, **race, resource="epochs", max_resource=20)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"multi_class": "yes"}, "multi_class"),
        ({"massive": 3}, "massive"),
        ({"massive": True, "group_params": [("a", {})]}, "group_params"),
        ({"massive": True, "group_params": {"a": 3}}, "group_params"),
        ({"pivoted": "no"}, "pivoted"),
    ],
)
def test_other_keywords_of_the_constructor(given, name):
    with pytest.raises(TypeError, match=rf"{name}.*: expected"):
        UnifiedClassification("DecisionTree", **given)
    if name != "multi_class":
        with pytest.raises(TypeError, match=rf"{name}.*: expected"):
            UnifiedRegression("DecisionTree", **given)


def test_a_group_is_refused_what_all_are():
    with pytest.raises(InvalidArgumentError, match="evaluation_metric: 'aucc'"):
        UnifiedClassification("DecisionTree", massive=True, group_params={"a": {"evaluation_metric": "aucc"}})


# --- calls --------------------------------------------------------------------------------------

LABELS = {UnifiedClassification: "SOLD", UnifiedRegression: "PRICE"}
_STRATIFIED = ("stratified_column", "training_size", "training_percent", "partition_random_state")
_SPLIT = {"partition_method": "predefined", "purpose": "PART"}
#: What a keyword of a call needs beside it.
_BESIDE_OF_CALLS = {
    "partition_method": {"purpose": "PART"},
    "purpose": _SPLIT,
    "output_partition_result": _SPLIT,
    "background_random_state": {"background_size": 10},
    "scale_weight": {"scale_weight_target": "1"},
    "scale_weight_target": {"scale_weight": 2.0},
    "class_map0": {"class_map1": "0"},
    "class_map1": {"class_map0": "0"},
    "verbose_top_n": {"verbose": True},
}


def beside(kind, name):
    if name in _STRATIFIED:
        method = "stratified" if kind is UnifiedClassification else "random"
        found = {"partition_method": method}
        return found | ({"stratified_column": "SOLD"} if method == "stratified" else {})
    if name.startswith("permutation_"):
        return _SPLIT | {"permutation_importance": True}
    if name.startswith(("als_", "strategy")):
        return {"impute": True}
    return _BESIDE_OF_CALLS.get(name, {})


@pytest.fixture(scope="module")
def houses():
    random = np.random.default_rng(8)
    size, age = random.uniform(1, 9, 60), random.integers(0, 5, 60)
    data = pd.DataFrame({"ID": range(60), "SIZE": size, "AGE": age, "PART": 1 + (np.arange(60) % 3 == 0)})
    data["SOLD"] = (size + random.normal(size=60) > 5).astype(int)
    data["PRICE"] = 3 * size + age + random.normal(size=60)
    types = {"ID": "INT", "SIZE": "DOUBLE", "AGE": "INT", "PART": "INT", "SOLD": "INT", "PRICE": "DOUBLE"}
    with ConnectionContext("sqlite://") as conn:
        yield conn.create_from_pandas(data, "HOUSES", types)


def called(model, method, data, /, **given):
    fixed = {"key": "ID", "features": ["SIZE", "AGE"]}
    if method == "fit":
        fixed["label"] = LABELS[type(model)]
    return getattr(model, method)(data, **{**fixed, **given})


def check_call(make, kind, method, data, keywords, caplog):
    """Check that each keyword of a call takes a good value and refuses two kinds of bad ones."""
    for name, (good, wrong, outside) in keywords.items():
        caplog.clear()
        called(make(), method, data, **{**beside(kind, name), name: good})
        assert (f"{name}=" in caplog.text and "has no effect" in caplog.text) == (name in interface.NO_EFFECT_OF_CALLS)
        for value, error in ((wrong, TypeError), (outside, ValueError)):
            if value is not None:
                with pytest.raises(error) as caught:
                    called(make(), method, data, **{**beside(kind, name), name: value})
                assert isinstance(caught.value, Error)
                assert name in str(caught.value), "the argument is named"
        if method != "fit" or name not in ("key", "label"):
            with pytest.raises(UnknownParameterError, match=f"'{name}_x' is not a parameter of {method}"):
                called(make(), method, data, **{f"{name}_x": good})


def small(kind, func):
    trees = {"n_estimators": 3} if func in ("HybridGradientBoostingTree", "RandomDecisionTree") else {}
    return kind(func, **trees, random_state=3)


@pytest.mark.parametrize(
    ("kind", "keywords"),
    [(UnifiedClassification, interface.FIT), (UnifiedRegression, interface.FIT_OF_NUMBERS)],
    ids=name_of,
)
def test_keywords_of_fit(houses, kind, keywords, caplog):
    check_call(lambda: small(kind, "HybridGradientBoostingTree"), kind, "fit", houses, keywords, caplog)


@pytest.mark.parametrize(
    ("kind", "func", "keywords"),
    [
        *((UnifiedClassification, func, keywords) for func, keywords in interface.OWN_FIT.items()),
        *((UnifiedRegression, func, keywords) for func, keywords in interface.OWN_FIT_OF_NUMBERS.items()),
    ],
    ids=name_of,
)
def test_keywords_of_fit_that_an_algorithm_has(houses, kind, func, keywords, caplog):
    check_call(lambda: small(kind, func), kind, "fit", houses, keywords, caplog)


@pytest.fixture(scope="module")
def fitted(houses):
    return {kind: called(small(kind, "HybridGradientBoostingTree"), "fit", houses) for kind in KINDS}


@pytest.mark.parametrize(
    ("kind", "method", "keywords"),
    [
        (UnifiedClassification, "predict", interface.PREDICT),
        (UnifiedClassification, "score", interface.SCORE),
        (UnifiedRegression, "predict", interface.PREDICT_OF_NUMBERS),
        (UnifiedRegression, "score", interface.SCORE_OF_NUMBERS),
    ],
    ids=name_of,
)
def test_keywords_of_predict_and_score(houses, fitted, kind, method, keywords, caplog):
    check_call(lambda: fitted[kind], kind, method, houses, keywords, caplog)


@pytest.mark.parametrize("func", ["LinearRegression", "GLM"])
def test_keywords_of_predict_and_score_that_an_algorithm_has(houses, func, caplog):
    model = called(UnifiedRegression(func), "fit", houses)
    for method in ("predict", "score"):
        check_call(lambda: model, UnifiedRegression, method, houses, interface.OWN_READ, caplog)


def test_keywords_that_are_refused_say_what_to_use(houses, fitted):
    for kind, refused in (
        (UnifiedClassification, interface.REFUSED),
        (UnifiedRegression, interface.REFUSED_OF_NUMBERS),
    ):
        for method, keywords in refused.items():
            for name, value in keywords.items():
                with pytest.raises(NotSupportedError, match=rf"{name}: .* is not supported; \w+"):
                    called(fitted[kind], method, houses, **{name: value})


def test_keywords_of_other_algorithms_may_say_what_happens_anyway(houses, fitted):
    model = fitted[UnifiedRegression]
    anyway = {"prediction_type": "response", "interval_type": "no", "ignore_correlation": False}
    found = called(model, "predict", houses, **anyway).collect()
    assert found.equals(called(model, "predict", houses).collect())


def test_keywords_that_need_another_say_so(houses, fitted, caplog):
    useless = {
        "training_percent": 0.5,
        "training_size": 20,
        "partition_random_state": 3,
        "stratified_column": "SOLD",
        "output_partition_result": True,
        "permutation_seed": 3,
        "permutation_evaluation_metric": "kappa",
    }
    for name, value in useless.items():
        caplog.clear()
        called(small(UnifiedClassification, "DecisionTree"), "fit", houses, **{name: value})
        assert f"{name}={value!r} has no effect without" in caplog.text
    caplog.clear()
    called(fitted[UnifiedClassification], "predict", houses, verbose_top_n=1)
    assert "verbose_top_n=1 has no effect without verbose=True" in caplog.text


# --- what calls leave ---------------------------------------------------------------------------


def columns_of(frame):
    return [(name, kind) for name, kind, *_ in frame.dtypes()]


def split_fit(kind, func, houses):
    method = {"partition_method": "predefined", "purpose": "PART", "output_partition_result": True}
    return called(small(kind, func), "fit", houses, **method)


@pytest.mark.parametrize("func", ["HybridGradientBoostingTree", "DecisionTree", "LogisticRegression", "NaiveBayes"])
def test_frames_of_a_classifier(houses, func):
    model = split_fit(UnifiedClassification, func, houses)
    for name, columns in interface.TABLES.items():
        assert columns_of(getattr(model, name)) == columns, name
    first, *others = model.model_
    assert columns_of(first) == interface.MODEL
    assert [columns_of(one) for one in others] == [interface.TABLES[name] for name in interface.PARTS_OF_MODEL]
    assert (model.scoring_list_, model.error_msg_) == (None, None)
    names = model.statistics_.collect()["STAT_NAME"].tolist()
    assert [name for name in names if name in interface.STATISTICS] == interface.STATISTICS
    assert model.metrics_.collect()["NAME"].drop_duplicates().tolist() == interface.CURVES
    frames = called(model, "score", houses, label="SOLD")
    expected = ["statistics_", "confusion_matrix_", "metrics_"]
    assert [columns_of(one) for one in frames] == [
        interface.PREDICTIONS,
        *(interface.TABLES[name] for name in expected),
    ]
    assert model.scoring_list_ == list(frames)
    assert columns_of(called(model, "predict", houses)) == interface.PREDICTIONS
    if func == "HybridGradientBoostingTree":
        assert model.importance_.collect()["IMPORTANCE"].sum() == pytest.approx(1)


@pytest.mark.parametrize("func", ["HybridGradientBoostingTree", "LinearRegression"])
def test_frames_of_a_regression(houses, func):
    model = split_fit(UnifiedRegression, func, houses)
    for name, columns in interface.TABLES_OF_NUMBERS.items():
        assert columns_of(getattr(model, name)) == columns, name
    assert len(model.model_) == 3
    names = model.statistics_.collect()["STAT_NAME"].tolist()
    expected = [f"TEST_{name}" for name in interface.STATISTICS_OF_NUMBERS]
    assert [name for name in names if name in expected] == expected
    predictions, statistics = called(model, "score", houses, label="PRICE")
    assert columns_of(predictions) == interface.PREDICTIONS_OF_NUMBERS
    assert columns_of(statistics) == interface.TABLES_OF_NUMBERS["statistics_"]
    assert statistics.collect()["STAT_NAME"].tolist()[:8] == interface.STATISTICS_OF_NUMBERS
    assert set(interface.STATISTICS_OF_NUMBERS) <= set(model.get_performance_metrics())


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_attributes_and_helpers(houses, kind):
    model = split_fit(kind, "HybridGradientBoostingTree", houses)
    predicted = called(model, "predict", houses)
    frames = called(model, "score", houses, label=LABELS[kind])
    assert not [name for name in interface.ATTRIBUTES if not hasattr(model, name)]
    assert (model.label, model.fit_data, model.training_data) == (LABELS[kind], houses, houses)
    for name, kind_of_answer in interface.HELPERS.items():
        found = getattr(model, name)()
        assert found is None if kind_of_answer is None else isinstance(found, kind_of_answer), name
    assert model.get_predict_output_table_names() == [predicted.source_table["TABLE_NAME"]]
    assert model.get_score_output_table_names() == [one.source_table["TABLE_NAME"] for one in frames]
    for name in interface.TUNING:
        getattr(model, name)()
    for name in interface.SERVER:
        with pytest.raises(NotSupportedError, match=name):
            getattr(model, name)()
    given = {"massive": False, "group_params": None, "pivoted": False, "func": "HybridGradientBoostingTree"}
    assert given.items() <= model.hanaml_parameters.items()
