"""Fit, score and predict through the public interface, on both databases."""

from __future__ import annotations

import json
import logging

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn import metrics as sk

from hanalife import ConnectionContext, DataSets, train_test_val_split
from hanalife.errors import InvalidArgumentError, NotSupportedError
from tests.learning.models import FEATURES, GRID, ON_EVERY_DATABASE, flowers, make_model, searching_model

STRATIFIED = {
    "key": "ID",
    "label": "CLASS",
    "partition_method": "stratified",
    "partition_random_state": 5,
    "stratified_column": "CLASS",
}
CURVES = [
    "RANDOM_CUMGAINS",
    "RANDOM_LIFT",
    "RANDOM_CUMLIFT",
    "PERF_CUMGAINS",
    "PERF_LIFT",
    "PERF_CUMLIFT",
    "ROC_FPR",
    "ROC_TPR",
    "CUMGAINS",
    "LIFT",
    "CUMLIFT",
]


def bits(model):
    return bytes(model.to_state().estimator.save_raw("ubj"))


def types(frame):
    return [(spec.name, spec.type) for spec in frame.specs]


def named(statistics):
    rows = statistics.collect().astype(object)
    return {
        name if pd.isna(of) else f"{name}_{of}": value
        for name, value, of in rows[["STAT_NAME", "STAT_VALUE", "CLASS_NAME"]].itertuples(index=False)
    }


@pytest.fixture
def halves(diabetes):
    """Give training and test rows."""
    train, test, _ = train_test_val_split(
        diabetes, random_seed=23, training_percentage=0.8, testing_percentage=0.2, validation_percentage=0
    )
    return train, test


@pytest.fixture
def fitted(halves):
    """Give a small model, fitted."""
    return make_model().fit(halves[0], key="ID", label="CLASS")


@ON_EVERY_DATABASE
def test_the_reference_search(halves):
    train, _ = halves
    model = searching_model()
    assert model.fit(data=train, **STRATIFIED) is model

    found = named(model.statistics_)
    assert list(found)[:13] == [
        "AUC",
        *(f"{name}_{code}" for code in (0, 1) for name in ("RECALL", "PRECISION", "F1_SCORE", "SUPPORT")),
        "ACCURACY",
        "KAPPA",
        "MCC",
        "CALIBRATION_ERROR",
    ]
    assert float(found["AUC.LOW"]) < float(found["AUC"]) < float(found["AUC.HIGH"])
    assert found["PARTITION"] == "validation"
    labels = train.collect()["CLASS"]
    assert int(found["SUPPORT_0"]) + int(found["SUPPORT_1"]) == pytest.approx(0.2 * len(labels), abs=1)
    assert int(found["SUPPORT_1"]) == pytest.approx(0.2 * labels.sum(), abs=0.5)
    for name in ("TEST_ERROR_RATE", "TEST_AUC"):
        folds = [float(score) for score in found[name].split(", ")]
        assert len(folds) == 5
        assert float(found[f"{name}.MEAN"]) == pytest.approx(np.mean(folds))
        assert float(found[f"{name}.VAR"]) == pytest.approx(np.var(folds, ddof=1))

    tried = model.search_results_.collect()
    assert len(tried) == 64 * 5 * 2
    means = tried[tried["METRIC"] == "ERROR_RATE"].groupby("CANDIDATE")["SCORE"].mean()
    best = json.loads(tried[tried["CANDIDATE"] == means.idxmin()]["PARAMETERS"].iloc[0])
    chosen = model.get_optimal_parameters().set_index("PARAM_NAME")
    assert chosen["INT_VALUE"]["n_estimators"] == best["n_estimators"]
    assert chosen["DOUBLE_VALUE"].drop("n_estimators").to_dict() == {
        name: best[name] for name in ("learning_rate", "split_threshold")
    }
    assert model.to_state().estimator.num_boosted_rounds() == best["n_estimators"]
    assert all(best[name] in GRID[name] for name in GRID)


@ON_EVERY_DATABASE
def test_frames_of_a_fit_have_their_columns_and_types(fitted):
    model, statistics, optimal, confusion, importance, metrics = fitted.model_
    assert types(model) == [("ROW_INDEX", "INT"), ("PART_INDEX", "INT"), ("MODEL_CONTENT", "NCLOB")]
    assert types(statistics) == [(name, "NVARCHAR") for name in ("STAT_NAME", "STAT_VALUE", "CLASS_NAME")]
    assert types(optimal) == [
        ("PARAM_NAME", "NVARCHAR"),
        ("INT_VALUE", "INT"),
        ("DOUBLE_VALUE", "DOUBLE"),
        ("STRING_VALUE", "NVARCHAR"),
    ]
    assert types(confusion) == [("ACTUAL_CLASS", "NVARCHAR"), ("PREDICTED_CLASS", "NVARCHAR"), ("COUNT", "INT")]
    assert types(importance) == [("VARIABLE_NAME", "NVARCHAR"), ("IMPORTANCE", "DOUBLE")]
    assert types(metrics) == [("NAME", "NVARCHAR"), ("X", "DOUBLE"), ("Y", "DOUBLE")]
    assert optimal.count() == 0
    content = model.collect()
    assert content["PART_INDEX"].tolist() == [-1, 0, 1, 2, 3, 4]
    assert all(json.loads(text) for text in content["MODEL_CONTENT"])
    assert importance.collect()["IMPORTANCE"].sum() == pytest.approx(1)
    assert sorted(importance.collect()["VARIABLE_NAME"]) == sorted(FEATURES)
    assert fitted.get_feature_importances() == dict(importance.collect().itertuples(index=False))
    drawn = metrics.collect()
    assert list(drawn["NAME"].drop_duplicates()) == CURVES
    roc = drawn[drawn["NAME"].str.startswith("ROC")]
    assert roc["NAME"].head(4).tolist() == ["ROC_FPR", "ROC_TPR", "ROC_FPR", "ROC_TPR"]
    assert fitted.statistics_ is statistics, "made once"


def test_statistics_without_a_partition_say_that_they_are_of_the_training_rows(fitted, halves):
    found = named(fitted.statistics_)
    assert found["PARTITION"] == "training"
    again = named(fitted.score(halves[0], key="ID")[1])
    assert {name: value for name, value in found.items() if name != "PARTITION"} == again


@ON_EVERY_DATABASE
def test_score_agrees_with_scikit_learn(fitted, halves):
    predictions, statistics, confusion, metrics = fitted.score(halves[1], key="ID", label="CLASS")
    rows = halves[1].collect().sort_values("ID")
    found = predictions.collect()
    assert types(predictions) == [
        ("ID", "INT"),
        ("SCORE", "NVARCHAR"),
        ("CONFIDENCE", "DOUBLE"),
        ("REASON_CODE", "NCLOB"),
    ]
    assert found["ID"].tolist() == rows["ID"].tolist()
    predicted = found["SCORE"].astype(int)
    probability = np.where(predicted == 1, found["CONFIDENCE"], 1 - found["CONFIDENCE"])
    numbers = named(statistics)
    assert float(numbers["AUC"]) == pytest.approx(sk.roc_auc_score(rows["CLASS"], probability))
    assert float(numbers["ACCURACY"]) == pytest.approx(sk.accuracy_score(rows["CLASS"], predicted))
    assert float(numbers["MCC"]) == pytest.approx(sk.matthews_corrcoef(rows["CLASS"], predicted))
    counts = confusion.collect()["COUNT"].to_numpy().reshape(2, 2)
    assert (counts == sk.confusion_matrix(rows["CLASS"], predicted)).all()
    assert (found["CONFIDENCE"] >= 0.5).all()
    assert metrics.collect()["NAME"].nunique() == len(CURVES)
    assert fitted.scoring_list_ == [predictions, statistics, confusion, metrics]
    assert fitted.testing_data is halves[1]


@ON_EVERY_DATABASE
def test_predict_agrees_with_the_engine(fitted, halves):
    rows = halves[1].collect().sort_values("ID")
    found = fitted.predict(halves[1].deselect("CLASS"), key="ID", top_k_attributions=8).sort("ID").collect()
    booster = fitted.to_state().estimator
    matrix = xgboost.DMatrix(rows[FEATURES].to_numpy(dtype=np.float32))
    probability = booster.predict(matrix)
    assert found["CONFIDENCE"].to_numpy() == pytest.approx(np.maximum(probability, 1 - probability))
    shapley = pd.DataFrame(booster.predict(matrix, pred_contribs=True)[:, :-1], columns=FEATURES)
    for position, text in enumerate(found["REASON_CODE"]):
        reasons = json.loads(text)
        assert {one["attr"]: one["val"] for one in reasons} == pytest.approx(shapley.iloc[position].to_dict())
        sizes = [abs(one["val"]) for one in reasons]
        assert sizes == sorted(sizes, reverse=True)
        assert [one["pct"] for one in reasons] == pytest.approx([100 * size / sum(sizes) for size in sizes])


def test_reasons_can_be_fewer_other_or_none(fitted, halves):
    test = halves[1].head(5)

    def reasons(**given):
        return fitted.predict(test, key="ID", **given).collect()["REASON_CODE"]

    three = [json.loads(text) for text in reasons(top_k_attributions=3)]
    assert {len(one) for one in three} == {3}
    assert reasons(attribution_method="no").isna().all()
    rough = [json.loads(text) for text in reasons(attribution_method="saabas")]
    assert all(sum(part["pct"] for part in one) == pytest.approx(100) for one in rough)
    assert rough != [json.loads(text) for text in reasons()]


def test_a_positive_label_turns_auc_curves_and_reasons(fitted, halves):
    test = halves[1]
    one, zero = (fitted.score(test, key="ID", positive_label=label) for label in (None, 0))
    first, second = (scored[3].collect().set_index("NAME") for scored in (one, zero))
    share = test.collect()["CLASS"].mean()
    assert first.loc["PERF_LIFT", "Y"].iloc[0] == pytest.approx(1 / share)
    assert second.loc["PERF_LIFT", "Y"].iloc[0] == pytest.approx(1 / (1 - share))
    assert float(named(one[1])["AUC"]) == pytest.approx(float(named(zero[1])["AUC"]))
    left, right = (json.loads(scored[0].collect()["REASON_CODE"].iloc[0]) for scored in (one, zero))
    assert [part["val"] for part in left] == [-part["val"] for part in right]


@ON_EVERY_DATABASE
def test_predictions_can_be_cut_while_statistics_count_all(fitted, halves):
    predictions, statistics, *_ = fitted.score(halves[1], key="ID", max_result_num=3, ntiles=4)
    assert predictions.count() == 3
    found = named(statistics)
    assert int(found["SUPPORT_0"]) + int(found["SUPPORT_1"]) == halves[1].count()
    drawn = fitted.scoring_list_[3].collect()
    assert drawn[drawn["NAME"] == "LIFT"]["X"].tolist() == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("label", [0, 1])
def test_a_batch_of_one_class_scores_what_is_defined(fitted, halves, label, caplog):
    with caplog.at_level(logging.INFO, "hanalife"):
        predictions, statistics, confusion, metrics = fitted.score(
            halves[1].filter(f"CLASS = {label}"), key="ID", label="CLASS"
        )
    found = named(statistics)
    assert "AUC" not in found
    assert {"ACCURACY", f"RECALL_{label}", f"F1_SCORE_{label}"} <= set(found)
    right = (predictions.collect()["SCORE"] == str(label)).mean()
    assert float(found["ACCURACY"]) == float(found[f"RECALL_{label}"]) == pytest.approx(right)
    assert not metrics.collect()["NAME"].str.startswith("ROC").any()
    assert confusion.collect()["COUNT"].sum() == predictions.count()
    assert "AUC" in caplog.text
    assert f"classes {label}" in caplog.text


def test_the_same_rows_and_seeds_give_the_same_bits_on_every_database(sqlite_url, postgres_url):
    models = []
    for address in (sqlite_url, postgres_url):
        with ConnectionContext(address) as conn:
            data = DataSets.load_diabetes_data(conn)[0]
            ordered = [data.sort("AGE"), data.sort("BMI", desc=True)]
            changes = {"subsample": 0.7, "param_values": {"n_estimators": [3, 9]}, "fold_num": 3}
            for frame in ordered:
                model = searching_model(**changes).fit(frame, **STRATIFIED)
                models.append((bits(model), model.statistics_.collect().to_csv()))
    assert len(set(models)) == 1


def test_without_a_seed_each_fit_draws_one(sqlite_conn):
    data = DataSets.load_diabetes_data(sqlite_conn)[0]
    one, other = (make_model(random_state=seed, subsample=0.5).fit(data, key="ID") for seed in (None, 0))
    assert bits(one) != bits(other)
    seed = one.to_state().facts["parameters"]["random_state"]
    assert bits(make_model(random_state=seed, subsample=0.5).fit(data, key="ID")) == bits(one), "but can be repeated"


def test_the_last_column_is_the_label_and_the_rest_are_features(diabetes):
    model = make_model().fit(diabetes)
    assert model.label == "CLASS"
    assert list(model.get_feature_importances())[:1] != ["ID"]
    assert "ID" in model.get_feature_importances(), "without a key every column is learnt from"
    assert make_model().fit(diabetes, key="ID", features="GLUCOSE", label="CLASS").get_feature_importances() == {
        "GLUCOSE": 1.0
    }


def test_a_predefined_partition(diabetes):
    marked = diabetes.select("*", ("CASE WHEN ID < 600 THEN 1 ELSE 2 END", "PART"))
    model = make_model().fit(
        marked, key="ID", label="CLASS", purpose="PART", partition_method="predefined", output_partition_result=True
    )
    assert "PART" not in model.get_feature_importances()
    training = diabetes.filter("ID < 600")
    assert bits(model) == bits(make_model().fit(training, key="ID", label="CLASS"))
    parts = model.partition_.collect()
    assert parts.columns.tolist() == ["ID", "TYPE"]
    assert (parts["TYPE"] == np.where(parts["ID"] < 600, 1, 2)).all()
    numbers, scored = named(model.statistics_), named(model.score(diabetes.filter("ID >= 600"), key="ID")[1])
    assert {name: numbers[name] for name in scored} == scored


def test_parameters_are_evaluated_without_a_search(diabetes):
    model = make_model(resampling_method="stratified_cv", fold_num=4, evaluation_metric="recall_1")
    model.fit(diabetes, key="ID", label="CLASS")
    assert len(named(model.statistics_)["TEST_RECALL_1"].split(", ")) == 4
    assert model.optimal_param_.count() == 0


def test_a_random_search(diabetes):
    model = searching_model(
        param_search_strategy="random",
        random_search_times=4,
        param_values={"max_depth": [2, 3]},
        param_range={"learning_rate": [0.1, 0.5]},
        evaluation_metric="auc",
        fold_num=2,
    ).fit(diabetes, key="ID", label="CLASS")
    tried = model.search_results_.collect()
    means = tried.groupby("CANDIDATE")["SCORE"].mean()
    assert len(means) == 4
    assert float(named(model.statistics_)["TEST_AUC.MEAN"]) == pytest.approx(means.max())


@ON_EVERY_DATABASE
def test_text_nulls_truth_and_three_classes(conn):
    frame = flowers(conn)
    model = make_model(obj_func="softmax").fit(
        frame,
        key="NAME",
        label="KIND",
        categorical_variable="ZONE",
        partition_method="stratified",
        stratified_column="KIND",
        partition_random_state=1,
    )
    assert model.get_confusion_matrix()["ACTUAL_CLASS"].unique().tolist() == ["B", "a", "ç"]
    assert {"RECALL_ç", "AUC"} <= set(model.get_performance_metrics())
    drawn = model.metrics_.collect().set_index("NAME")
    assert drawn.loc["CUMLIFT", "Y"].iloc[0] == pytest.approx(3)

    scored = model.score(frame, key="NAME")[0].collect()
    assert scored["NAME"].tolist() == sorted(scored["NAME"])
    assert (scored["SCORE"] == frame.collect()["KIND"]).mean() > 0.6
    rows, kinds = frame.collect(), {spec.name: spec.type for spec in frame.specs}
    strange = conn.create_from_pandas(rows.assign(COLOUR="green", ZONE=99), "STRANGE", kinds)
    missing = conn.create_from_pandas(rows.assign(COLOUR=None, ZONE=None), "MISSING", kinds)
    one, other = (model.predict(part, key="NAME").collect() for part in (strange, missing))
    pd.testing.assert_frame_equal(one, other, obj="a category that training did not see is a missing value")

    predicted = model.predict(frame.head(1), key="NAME").collect().iloc[0]
    named_class = model.predict(frame.head(1), key="NAME", positive_label=predicted["SCORE"]).collect().iloc[0]
    assert predicted["REASON_CODE"] == named_class["REASON_CODE"], "reasons are of the predicted class"


@ON_EVERY_DATABASE
def test_a_column_without_any_value_changes_nothing(conn, diabetes):
    rows = diabetes.collect().assign(NOTHING=None, NO_NUMBER=np.nan, SAME=1)
    kinds = {spec.name: spec.type for spec in diabetes.specs}
    kinds |= {"NOTHING": "NVARCHAR", "NO_NUMBER": "DOUBLE", "SAME": "INT"}
    empty = conn.create_from_pandas(rows, "EMPTY", kinds)
    one, other = (make_model().fit(frame, key="ID", label="CLASS") for frame in (diabetes, empty))
    assert named(one.statistics_) == named(other.statistics_)
    assert other.get_feature_importances()["NOTHING"] == 0


def test_performance_metrics_are_numbers_by_unique_names(fitted):
    found = fitted.get_performance_metrics()
    assert {"AUC", "ACCURACY", "RECALL_0", "RECALL_1", "SUPPORT_1"} <= set(found)
    assert "PARTITION" not in found
    assert found["SUPPORT_0"] + found["SUPPORT_1"] == fitted.training_data.count()


def test_fit_parameters_bear_hanas_names(fitted):
    assert fitted.get_fit_parameters() == [
        ("FUNCTION", "HGBT"),
        ("N_ESTIMATORS", 5),
        ("MAX_DEPTH", 3),
        ("SEED", 7),
        ("KEY", "ID"),
        ("LABEL", "CLASS"),
    ]


def test_before_a_fit_there_is_nothing():
    model = make_model()
    assert not model.is_fitted()
    attributes = ("model_", "statistics_", "importance_", "partition_", "scoring_list_", "label", "fit_data", "name")
    assert [getattr(model, name) for name in attributes] == [None] * len(attributes)
    assert model.version == 1
    assert "max_depth=3" in repr(model)


def test_a_row_for_each_class(conn):
    data = flowers(conn)
    model = make_model().fit(data, key="NAME", label="KIND")
    single = model.predict(data, key="NAME").collect().set_index("NAME")
    every = model.predict(data, key="NAME", verbose=True).collect()
    assert len(every) == 3 * len(single)
    assert every.groupby("NAME")["CONFIDENCE"].sum().to_numpy() == pytest.approx(np.ones(len(single)), rel=1e-6)
    first = every.groupby("NAME").first()
    assert first["SCORE"].equals(single["SCORE"].sort_index())
    assert first["REASON_CODE"].equals(single["REASON_CODE"].sort_index())
    top = model.predict(data, key="NAME", verbose=True, verbose_top_n=2).collect()
    assert top.equals(every.groupby("NAME", sort=False).head(2).reset_index(drop=True))


def test_reasons_may_refer_to_the_predicted_of_two_classes(diabetes):
    model = make_model().fit(diabetes, key="ID", label="CLASS")
    positive = model.predict(diabetes, key="ID").collect().set_index("ID").sort_index()
    predicted = (
        model.predict(diabetes, key="ID", shap_value_for_positive_only=False).collect().set_index("ID").sort_index()
    )
    for one, other, score in zip(positive["REASON_CODE"], predicted["REASON_CODE"], positive["SCORE"], strict=True):
        turn = 1 if score == "1" else -1
        assert [turn * reason["val"] for reason in json.loads(one)] == [reason["val"] for reason in json.loads(other)]


def test_a_partition_of_a_given_size(diabetes):
    model = make_model().fit(
        diabetes,
        key="ID",
        label="CLASS",
        partition_method="stratified",
        stratified_column="CLASS",
        training_size=500,
        output_partition_result=True,
    )
    parts = model.partition_.collect()
    assert abs((parts["TYPE"] == 1).sum() - 500) <= 1
    with pytest.raises(InvalidArgumentError, match="training_size: 769 of 768 rows"):
        make_model().fit(
            diabetes,
            key="ID",
            label="CLASS",
            partition_method="stratified",
            stratified_column="CLASS",
            training_size=769,
        )


def test_class_weights_are_those_of_xgboost(diabetes):
    model = make_model().fit(diabetes, key="ID", label="CLASS", scale_weight=3.0, scale_weight_target=1)
    rows = diabetes.collect().sort_values("ID")
    features, target = rows[FEATURES].to_numpy(np.float32), rows["CLASS"].to_numpy()
    matrix = xgboost.QuantileDMatrix(features, target, weight=np.where(target == 1, 3.0, 1.0))
    settings = {"max_depth": 3, "reg_alpha": 1.0, "base_score": 0.5, "seed": 7, "objective": "binary:logistic"}
    expected = xgboost.train(settings, matrix, 5).predict(matrix)
    found = model.predict(diabetes, key="ID", verbose=True).collect()
    assert found[found["SCORE"] == "1"].sort_values("ID")["CONFIDENCE"].to_numpy() == pytest.approx(expected, rel=1e-6)
    with pytest.raises(InvalidArgumentError, match="scale_weight_target: 2 is no class; the classes are: 0, 1"):
        make_model().fit(diabetes, key="ID", label="CLASS", scale_weight=3.0, scale_weight_target=2)


def test_unknown_categories_and_those_of_the_fit(sqlite_conn, caplog):
    data = flowers(sqlite_conn)
    model = make_model().fit(data, key="NAME", label="KIND", categorical_variable="ZONE")
    strange = data.select("NAME", ("'green'", "COLOUR"), "SIZE", "ZONE", "WILD")
    model.predict(strange, key="NAME", ignore_unknown_category=True, categorical_variable="ZONE")
    assert not caplog.records
    with pytest.raises(InvalidArgumentError, match="'green'"):
        model.predict(strange, key="NAME", ignore_unknown_category=False)
    with pytest.raises(InvalidArgumentError, match="SIZE was no category at fit; those are: COLOUR, ZONE"):
        model.predict(data, key="NAME", categorical_variable=["SIZE"])


def test_what_a_notebook_asks_of_a_model(diabetes):
    model = make_model().fit(diabetes, key="ID", label="CLASS")
    model.predict(diabetes, key="ID", top_k_attributions=2)
    assert model.get_parameters()["fit"]["label"] == "CLASS"
    assert model.get_predict_parameters() == [("KEY", "ID"), ("TOP_K_ATTRIBUTIONS", 2)]
    assert model.get_score_parameters() == []
    assert ("SEED", 7) in model.get_fit_parameters()
    assert model.get_model_metrics() is model.statistics_
    assert model.get_pal_function() == "UNIFIED_CLASSIFICATION"
    assert model.get_fit_execute_statement() is model.get_predict_execute_statement() is None
    assert model.enable_workload_class("w").apply_with_hint("h") is model
    with pytest.raises(
        NotSupportedError, match=r"load_model: works inside SAP HANA only; use ModelStorage.load_model\(\)"
    ):
        model.load_model(None)
