"""Recorded runs are fitted again: what is the same is IDENTICAL, and what was changed is found."""

from __future__ import annotations

import contextlib
import json
import sqlite3

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import hanalife
from hanalife import (
    ConnectionContext,
    MLExperiments,
    UnifiedClassification,
    compare_runs,
    reproduce,
    train_test_val_split,
)
from hanalife.clock import new_id
from hanalife.database import run_values, runs, shared_records, tables
from hanalife.database.snapshots import HASH_VERSION, ROW_DIGESTS
from hanalife.dataframe.transfer.ordered_hashing import ordered_fingerprint
from hanalife.dataframe.transfer.pandas import split
from hanalife.dataframe.transfer.types import declared_fields
from hanalife.errors import DataNotFoundError, InvalidArgumentError, RunNotFoundError
from hanalife.lifecycle.reproduce import Difference, Verdict
from hanalife.tracking.bundle import export_experiment, import_experiment
from hanalife.tracking.maintenance import collect_garbage

STRATIFIED = {"partition_method": "stratified", "stratified_column": "CLASS"}
SEARCH = {"param_search_strategy": "grid", "resampling_method": "cv", "fold_num": 3, "evaluation_metric": "error_rate"}
FITS = {
    "defaults": ({}, {}),
    "drawn seeds": ({"random_state": 0, "subsample": 0.5}, {}),
    "seeded": ({"random_state": 7, "subsample": 0.7, "col_subsample_tree": 0.5}, {}),
    "deep": ({"n_estimators": 5, "max_depth": 9, "learning_rate": 0.05}, {}),
    "exact": ({"split_method": "exact", "lamb": 3.0}, {}),
    "stratified": ({}, STRATIFIED),
    "stratified, seeded": ({}, STRATIFIED | {"partition_random_state": 11, "training_percent": 0.6}),
    "features": ({}, {"features": ["GLUCOSE", "BMI", "AGE"]}),
    "category": ({}, {"categorical_variable": "PREGNANCIES"}),
    "grid": (SEARCH | {"random_state": 3, "param_values": {"learning_rate": [0.1, 0.4], "max_depth": [2, 3]}}, {}),
    "grid, stratified": (SEARCH | {"param_values": {"n_estimators": [2, 3]}}, STRATIFIED),
}


def record(conn, data, name="run", **given):
    constructor, fit = FITS.get(name, ({}, {}))
    model = UnifiedClassification(func="HybridGradientBoostingTree", **{"n_estimators": 3} | constructor)
    MLExperiments(conn, "e").autologging(model, run_name=name, **given)
    model.fit(data, key="ID", label="CLASS", **fit)


@pytest.mark.parametrize("name", FITS)
def test_a_recorded_run_is_identical(conn, diabetes, name):
    record(conn, diabetes, name)
    before = conn.table("hlv_runs").count()
    found = reproduce(conn, "e", name)
    assert (found.verdict, found.differences) == (Verdict.IDENTICAL, ()), str(found)
    assert found.metrics["AUC"] > 0.5
    assert conn.table("hlv_runs").count() == before, "nothing is recorded"


def run_of(connection):
    return runs.newest(connection, "e", "run")


def set_metric(connection, run, value):
    head = tables.run_metric
    name = sa.select(tables.metric_name.c.name_id).where(tables.metric_name.c.name == "AUC").scalar_subquery()
    here = sa.and_(head.c.run_number == run.number, head.c.name_id == name)
    old = connection.execute(sa.select(head.c.value).where(here)).scalar_one()
    connection.execute(head.update().where(here).values(value=value(old)))


def set_environment(connection, run):
    content = dict(shared_records.get(connection, run.environment_id).content)
    content["PACKAGES"] = [lock for lock in content["PACKAGES"] if not lock.startswith("xgboost")] + ["xgboost==0.1"]
    number = shared_records.put(connection, "environment", json.dumps(content))
    connection.execute(tables.run.update().values(environment_id=number))


PLANTED = {
    "a parameter that changes the trees": (
        lambda connection, run: run_values.write(connection, run.number, {"learning_rate": 0.9}, []),
        Verdict.DIFFERS,
        "metric",
    ),
    "a parameter that is unknown": (
        lambda connection, run: run_values.write(connection, run.number, {"no_such": 1}, []),
        Verdict.DIFFERS,
        "parameter",
    ),
    "a metric": (lambda c, run: set_metric(c, run, lambda old: old + 0.01), Verdict.DIFFERS, "metric"),
    "a metric, very little": (
        lambda c, run: set_metric(c, run, lambda old: old + 1e-9),
        Verdict.WITHIN_TOLERANCE,
        "metric",
    ),
    "the environment": (set_environment, Verdict.IDENTICAL, "environment"),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_was_changed_in_the_record_is_caught(conn, diabetes, what):
    record(conn, diabetes)
    change, verdict, first = PLANTED[what]
    with conn.database.write() as connection:
        change(connection, run_of(connection))
    found = reproduce(conn, "e/run")
    assert (found.verdict, found.first_difference.what) == (verdict, first), str(found)


def test_a_fit_is_identical_after_scores_with_other_arguments(conn, diabetes):
    model = UnifiedClassification("HybridGradientBoostingTree", n_estimators=3, random_state=1)
    MLExperiments(conn, "scored").autologging(model, run_name="r")
    features = ["GLUCOSE", "BMI", "AGE"]
    model.fit(diabetes, key="ID", label="CLASS", features=features)
    model.score(diabetes.head(100), key="ID", label="CLASS", attribution_method="tree-shap")
    model.score(diabetes.head(50), key="ID", label="CLASS", top_k_attributions=2)
    assert reproduce(conn, "scored", "r").verdict == "IDENTICAL"


def test_data_that_was_changed_is_caught_before_anything_is_fitted(conn, diabetes):
    record(conn, diabetes)
    conn.execute_sql('UPDATE "PIMA_INDIANS_DIABETES_TBL" SET "GLUCOSE" = "GLUCOSE" + 1 WHERE "ID" = 5')
    found = reproduce(conn, "e", "run")
    assert (found.verdict, found.first_difference.what, found.metrics) == (Verdict.DIFFERS, "data", {})


def test_one_row_less_is_caught(conn, diabetes):
    record(conn, diabetes)
    found = reproduce(conn, "e", "run", data=diabetes.filter("ID <> 5"))
    assert (found.verdict, found.first_difference.what) == (Verdict.DIFFERS, "data")


TABLE = "PIMA_INDIANS_DIABETES_TBL"


def reorder(conn, change):
    """Store the rows of the table in another order, by what a database does of itself or a user does."""
    postgres = conn.dialect.name == "postgresql"
    if change == "vacuum" and postgres:  # not within a transaction
        with conn.database.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.exec_driver_sql(f'VACUUM FULL "{TABLE}"')
    elif change == "vacuum":
        with contextlib.closing(sqlite3.connect(conn.database.url.database)) as alone:
            alone.execute("VACUUM")
    elif change == "update":
        conn.execute_sql(f'UPDATE "{TABLE}" SET "AGE" = "AGE" WHERE "ID" < 100')
    elif change == "cluster" and postgres:
        conn.execute_sql(f'CREATE INDEX by_age ON "{TABLE}" ("AGE"); CLUSTER "{TABLE}" USING by_age')
    else:
        conn.execute_sql(f'CREATE TABLE aside AS SELECT * FROM "{TABLE}" ORDER BY "AGE" DESC')
        conn.execute_sql(f'DELETE FROM "{TABLE}"')
        conn.execute_sql(f'INSERT INTO "{TABLE}" SELECT * FROM aside')


@pytest.mark.parametrize("change", ["vacuum", "update", "cluster", "insert"])
def test_the_order_of_the_rows_does_not_matter(conn, diabetes, change):
    record(conn, diabetes, "stratified")
    before = diabetes.collect()["ID"].tolist()
    reorder(conn, change)
    assert change in ("vacuum", "update") or diabetes.collect()["ID"].tolist() != before
    for data in (None, diabetes, diabetes.sort("GLUCOSE")):
        found = reproduce(conn, "e", "stratified", data=data)
        assert (found.verdict, found.differences) == (Verdict.IDENTICAL, ()), str(found)
    record(conn, diabetes)
    assert compare_runs(conn, "e/run", "e/stratified").data.is_same


def test_a_saved_split_is_identical(conn, diabetes):
    train, *_ = train_test_val_split(
        diabetes, random_seed=23, training_percentage=0.8, testing_percentage=0.2, validation_percentage=0
    )
    train.save("TRAIN")
    record(conn, conn.table("TRAIN"))
    for data in (None, conn.table("TRAIN")):
        assert reproduce(conn, "e", "run", data=data).verdict is Verdict.IDENTICAL


@pytest.mark.parametrize("keys", ["none", "equal"])
def test_rows_that_no_key_tells_apart_are_identical_in_any_order(conn, diabetes, keys):
    rows = diabetes.deselect("ID") if keys == "none" else diabetes.deselect("ID").add_constant("ID", 7)
    rows.save("ROWS")
    given = {"key": "ID"} if keys == "equal" else {}
    model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=3, subsample=0.7, random_state=1)
    MLExperiments(conn, "e").autologging(model, run_name="run")
    model.fit(conn.table("ROWS"), label="CLASS", partition_method="stratified", stratified_column="CLASS", **given)
    conn.table("ROWS").sort("AGE", desc=True).save("TURNED")
    for data in (None, conn.table("TURNED")):
        found = reproduce(conn, "e", "run", data=data)
        assert (found.verdict, found.differences) == (Verdict.IDENTICAL, ()), str(found)
    conn.execute_sql('UPDATE "TURNED" SET "AGE" = 99 WHERE "AGE" = 81')
    first = reproduce(conn, "e", "run", data=conn.table("TURNED")).first_difference
    assert (first.what, first.name) == ("data", "ID 7" if keys == "equal" else "content hash")


CHANGES = {
    "changed": (
        f'UPDATE "{TABLE}" SET "GLUCOSE" = 1 WHERE "ID" IN (700, 41, 300)',
        "ID 41",
        "0 added, 0 removed, 3 ch",
    ),
    "removed": (f'DELETE FROM "{TABLE}" WHERE "ID" IN (767, 12)', "ID 12", "766: 0 added, 2 removed, 0 changed"),
    "added": (
        f'INSERT INTO "{TABLE}" SELECT -1 - "ID", {{others}} FROM "{TABLE}" WHERE "ID" < 3',
        "ID -3",
        "771: 3 added, 0 removed, 0 changed",
    ),
    "all": (f'UPDATE "{TABLE}" SET "AGE" = "AGE" + 1', "ID 0", "768: 0 added, 0 removed, 768 changed"),
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("snapshot", [False, True])
def test_the_first_key_that_changed_is_named(conn, diabetes, what, snapshot):
    record(conn, diabetes, snapshot=snapshot)
    glucose = diabetes.filter("ID = 41").collect()["GLUCOSE"].iloc[0]
    statement, key, counts = CHANGES[what]
    others = ", ".join(f'"{name}"' for name in diabetes.columns if name != "ID")
    conn.execute_sql(statement.format(others=others))
    found = reproduce(conn, "e", "run", data=diabetes if snapshot else None)
    first, second, *_ = found.differences
    assert (found.verdict, first.what, first.name, second.name) == (Verdict.DIFFERS, "data", key, "rows")
    assert counts in str(second.now)
    then = {"added": "no row", "removed": "a row", "changed": "a row", "all": "a row"}[what]
    if snapshot and what == "changed":
        assert (first.recorded, first.now) == (f"GLUCOSE {glucose}", "GLUCOSE 1")
    elif not snapshot:
        assert first.recorded == then


def test_a_column_of_another_type_is_named(conn, diabetes):
    record(conn, diabetes)
    found = reproduce(conn, "e", "run", data=diabetes.cast("AGE", "DOUBLE"))
    assert str(found.first_difference) == "data column AGE: INT then, DOUBLE now"


def test_runs_of_before_whose_hash_depended_on_the_order(conn, diabetes):
    """Their hash was of the rows by key, or as the database gave them where there is no key."""
    record(conn, diabetes)
    rows = diabetes.collect().sort_values("ID", ignore_index=True)
    by_key = ordered_fingerprint(split(rows, declared_fields(diabetes.query)))
    content = tables.record.c.content
    with conn.database.write() as connection:
        text = connection.execute(sa.select(content).where(tables.record.c.kind == "dataset")).scalar_one()
        older = {name: value for name, value in json.loads(text).items() if name not in (HASH_VERSION, ROW_DIGESTS)}
        older["CONTENT_HASH"] = by_key
        connection.execute(
            tables.record.update().where(content == text).values(content=json.dumps(older), sha256="0" * 64)
        )
    reorder(conn, "insert")
    for data in (None, diabetes):
        assert reproduce(conn, "e", "run", data=data).verdict is Verdict.IDENTICAL
    record(conn, diabetes, "defaults")
    assert compare_runs(conn, "e/run", "e/defaults").data.is_same
    conn.execute_sql(f'UPDATE "{TABLE}" SET "AGE" = 1 WHERE "ID" = 5')
    assert reproduce(conn, "e", "run").verdict is Verdict.DIFFERS


def test_digests_go_with_their_run(conn, diabetes, tmp_path):
    record(conn, diabetes)
    assert collect_garbage(conn).blobs == 0, "they are in use"
    export_experiment(conn, "e", tmp_path / "e.zip")
    with ConnectionContext("sqlite://") as other:
        import_experiment(other, tmp_path / "e.zip")
        rows = other.create_from_pandas(diabetes.filter("ID <> 5").collect(), TABLE, dict(types_of(diabetes)))
        assert reproduce(other, "e", "run", data=rows).first_difference.name == "ID 5"
    with conn.database.write() as connection:
        connection.execute(tables.run.update().values(dataset_id=None))
    assert collect_garbage(conn).blobs == 1


def types_of(frame):
    return [(spec.name, spec.type) for spec in frame.specs]


def test_a_snapshot_outlives_its_table(conn, diabetes):
    record(conn, diabetes, snapshot=True)
    conn.execute_sql('DELETE FROM "PIMA_INDIANS_DIABETES_TBL" WHERE "ID" = 5')
    assert reproduce(conn, "e", "run").verdict is Verdict.IDENTICAL
    conn.drop_table("PIMA_INDIANS_DIABETES_TBL")
    assert reproduce(conn, "e", "run").verdict is Verdict.IDENTICAL


def test_data_that_is_gone(conn, diabetes):
    record(conn, diabetes.filter("AGE > 30"))
    with pytest.raises(DataNotFoundError, match="data="):
        reproduce(conn, "e", "run")
    assert reproduce(conn, "e", "run", data=diabetes.filter("AGE > 30")).verdict is Verdict.IDENTICAL


def test_what_is_told(conn, diabetes):
    record(conn, diabetes)
    with conn.database.write() as connection:
        set_metric(connection, run_of(connection), lambda _: 0.125)
    found = reproduce(conn, "e", "run")
    assert str(found).startswith("e/run: DIFFERS\n  metric AUC: 0.125 then, ")
    assert found.to_json()["differences"][0]["recorded"] == 0.125
    assert found.differences == (Difference("metric", "AUC", 0.125, found.metrics["AUC"]),)


def test_bad_input(conn, diabetes):
    record(conn, diabetes)
    with conn.experiment("e").run("by hand"):
        pass
    with pytest.raises(RunNotFoundError, match="e/nothing"):
        reproduce(conn, "e", "nothing")
    with pytest.raises(InvalidArgumentError, match="not the recorded fit"):
        reproduce(conn, "e", "by hand")
    with pytest.raises(InvalidArgumentError, match="tolerance"):
        reproduce(conn, "e", "run", tolerance=-1)


def autologged(conn, estimator, rows, labels, *weights, **given):
    run_id = new_id()
    hanalife.autolog(conn, "auto", ids=lambda: run_id, **given)
    try:
        estimator.fit(rows, labels, *weights)
    finally:
        hanalife.autolog(disable=True)
    return run_id


def sample():
    random = np.random.default_rng(5)
    rows = random.normal(size=(200, 4))
    return rows, (rows[:, 0] + random.normal(size=200) > 0).astype(int)


ESTIMATORS = {
    "scikit-learn": lambda: RandomForestClassifier(n_estimators=5, random_state=3),
    "of a tuple": lambda: MLPClassifier(hidden_layer_sizes=(4,), max_iter=300, random_state=1, solver="lbfgs"),
    "of a dict": lambda: LogisticRegression(class_weight={0: 1.0, 1: 2.5}),
    "XGBoost": lambda: xgboost.XGBClassifier(n_estimators=4, n_jobs=1, subsample=0.7, random_state=2),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_that_was_recorded_by_itself_is_identical(sqlite_conn, name):
    rows, labels = sample()
    run = autologged(sqlite_conn, ESTIMATORS[name](), rows, labels)
    found = reproduce(sqlite_conn, run, data=(rows.copy(), labels))
    assert (found.verdict, found.differences) == (Verdict.IDENTICAL, ()), str(found)
    assert found.metrics["training_accuracy"] > 0.5
    frame = pd.DataFrame(rows, columns=list("abcd"))
    assert reproduce(sqlite_conn, run, data=(frame, labels)).first_difference.what == "data"
    rows[7, 1] += 1
    assert reproduce(sqlite_conn, run, data=(rows, labels)).first_difference.what == "data"


def test_the_weights_of_rows_belong_to_their_data(sqlite_conn):
    rows, labels = sample()
    weights = np.where(labels == 1, 3.0, 1.0)
    run = autologged(sqlite_conn, DecisionTreeClassifier(max_depth=2), rows, labels, weights)
    found = reproduce(sqlite_conn, run, data=(rows, labels, list(weights)))
    assert (found.verdict, found.differences) == (Verdict.IDENTICAL, ()), str(found)
    with pytest.raises(DataNotFoundError, match=r"data=\(X, y, sample_weight\)"):
        reproduce(sqlite_conn, run, data=(rows, labels))
    weights[5] += 1
    found = reproduce(sqlite_conn, run, data=(rows, labels, weights))
    assert (found.verdict, found.metrics) == (Verdict.DIFFERS, {}), str(found)
    assert (found.first_difference.what, found.first_difference.name) == ("data", "sample_weight")
    plain = autologged(sqlite_conn, DecisionTreeClassifier(max_depth=2), rows, labels)
    assert reproduce(sqlite_conn, plain, data=(rows, labels, weights)).first_difference.recorded is None


def test_a_run_that_does_not_say_whether_it_had_weights(sqlite_conn):
    rows, labels = sample()
    run = autologged(sqlite_conn, DecisionTreeClassifier(max_depth=2), rows, labels)
    with sqlite_conn.database.write() as connection:
        said = ', "SAMPLE_WEIGHT_HASH": null'
        content = tables.record.c.content
        shorter = sa.func.replace(content, said, "")
        assert connection.execute(tables.record.update().where(content.contains(said)).values(content=shorter)).rowcount
    found = reproduce(sqlite_conn, run, data=(rows, labels))
    assert (found.verdict, len(found.differences)) == (Verdict.IDENTICAL, 1)
    assert "data sample_weight: not recorded then, none now" in str(found)


def test_a_parameter_of_an_estimator_that_was_changed_is_caught(sqlite_conn):
    rows, labels = sample()
    run = autologged(sqlite_conn, DecisionTreeClassifier(max_depth=5), rows, labels)
    for value, what in ((1, "metric"), ("deep", "parameter")):
        with sqlite_conn.database.write() as connection:
            number = runs.runs(connection)[0].number
            run_values.write(connection, number, {"max_depth": value}, [])
        found = reproduce(sqlite_conn, run, data=(rows, labels))
        assert (found.verdict, found.first_difference.what) == (Verdict.DIFFERS, what), str(found)


def test_estimators_that_cannot_be_fitted_again_say_why(sqlite_conn):
    rows, labels = sample()
    run = autologged(sqlite_conn, DecisionTreeClassifier(), rows, labels)
    with pytest.raises(DataNotFoundError, match=r"data=\(X, y\)"):
        reproduce(sqlite_conn, run)
    with pytest.raises(InvalidArgumentError, match=r"expected \(X, y\)"):
        reproduce(sqlite_conn, run, data=rows)
    run = autologged(sqlite_conn, make_pipeline(StandardScaler(), LogisticRegression()), rows, labels)
    with pytest.raises(InvalidArgumentError, match="holds other estimators"):
        reproduce(sqlite_conn, run, data=(rows, labels))
    run = autologged(sqlite_conn, GaussianNB(), rows, labels, log_metrics=False)
    with pytest.raises(InvalidArgumentError, match="nothing to compare"):
        reproduce(sqlite_conn, run, data=(rows, labels))
    run = autologged(sqlite_conn, GaussianNB(), rows, labels, log_dataset=False)
    with pytest.raises(DataNotFoundError, match="no hash of its data"):
        reproduce(sqlite_conn, run, data=(rows, labels))
