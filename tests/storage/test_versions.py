"""Versions: numbers, replacement, history, lineage, comparison, cards, plans, and what a crash leaves."""

from __future__ import annotations

import logging
import os
import signal
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from hanalife import (
    ConnectionContext,
    MLExperiments,
    ModelStorage,
    ScheduledExecution,
    UnifiedClassification,
    UnifiedRegression,
    errors,
)
from hanalife.database import blobs, models, tables
from hanalife.storage.cards import create_model_card
from tests.crowd import crowd

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROWS, LABELS = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]


def estimator(strength):
    return LogisticRegression(C=strength).fit(ROWS, LABELS)


@pytest.fixture
def storage(conn):
    """Give a storage whose clock moves on by a day with each look."""
    days = iter(range(999))
    return ModelStorage(conn, clock=lambda: START + timedelta(days=next(days)))


def save(storage, strength=1.0, **options):
    return storage.save_model(estimator(strength), name="churn", signature={"X": "DOUBLE"}, **options)


def garbage(conn):
    with conn.database.read() as connection:
        return blobs.garbage(connection)


def save_shared(conn, seed):
    return ModelStorage(conn).save_model(estimator(1.0 + seed), name="shared", signature={"X": "DOUBLE"})


def child_saves(url, seed, together, given):
    together.wait(120)
    with ConnectionContext(url) as conn:
        for place in range(seed * 5, seed * 5 + 5):
            given[place] = save_shared(conn, seed)


def test_eight_writers_never_get_one_version(url):
    with ConnectionContext(url) as conn:
        conn.database.migrate()
        together, numbers = crowd.Barrier(8), crowd.Array("i", 40)
        writers = [crowd.Process(target=child_saves, args=(url, seed, together, numbers)) for seed in range(8)]
        for each in writers:
            each.start()
        for each in writers:
            each.join(120)
        assert [each.exitcode for each in writers] == [0] * 8
        given = {seed: numbers[seed * 5 : seed * 5 + 5] for seed in range(8)}
        assert sorted(numbers) == [*range(1, 41)]
        storage = ModelStorage(conn)
        assert storage.list_models()["VERSION"].tolist() == [*range(1, 41)]
        for seed, own in given.items():
            assert 1.0 + seed == storage.load_model("shared", own[-1]).estimator.C
        with conn.database.read() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(tables.blob)).scalar() == 8
        assert storage.delete_models("shared") == 40
        assert garbage(conn) == (0, 0)


def child_dies(url, place):
    def die(*_args, **_options):
        os.kill(os.getpid(), signal.SIGKILL)

    blobs.CHUNK_BYTES = 1000
    if place == "chunks":
        pieces, turns = blobs._pieces, iter(range(10**9))
        blobs._pieces = lambda file: (die() if next(turns) > 60 else piece for piece in pieces(file))
    else:
        setattr(models, place, die)
    points = np.random.default_rng(1).random((2000, 2))
    model = KNeighborsClassifier(3).fit(points, points[:, 0] > 0.5)
    with ConnectionContext(url) as conn:
        ModelStorage(conn).save_model(model, name="churn", signature={"X": "DOUBLE", "Y": "DOUBLE"})


@pytest.mark.parametrize("place", ["chunks", "reserve", "insert", "note_event"])
def test_a_killed_save_leaves_nothing(url, place):
    with ConnectionContext(url) as conn:
        conn.database.migrate()
        storage = ModelStorage(conn)
        save(storage)
        child = crowd.Process(target=child_dies, args=(url, place))
        child.start()
        child.join(120)
        assert child.exitcode == -signal.SIGKILL
        assert storage.list_models()["VERSION"].tolist() == [1]
        with conn.database.write() as connection:
            blobs.collect_garbage(connection)
            for table in (tables.blob, tables.blob_chunk, tables.chunk):
                assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 1
        assert storage.load_model("churn").version == 1
        assert save(storage) == 2


def test_no_number_comes_twice(storage):
    assert [save(storage) for _ in range(3)] == [1, 2, 3]
    storage.delete_model("churn", 3)
    assert save(storage) == 4
    assert save(storage, version=9) == 9
    assert save(storage) == 10


def test_what_is_replaced_is_told_of(storage, conn):
    save(storage, 1.0, notes="kept", tags={"a": "b"})
    before = storage.get_lineage("churn", 1)
    save(storage, 2.0, if_exists="replace")
    after = storage.get_lineage("churn", 1)
    assert storage.load_model("churn").estimator.C == 2.0
    assert after["content_hash"] != before["content_hash"]
    assert (after["notes"], after["tags"]) == ("kept", {"a": "b"})
    assert garbage(conn) == (0, 0)
    save(storage, 2.0, if_exists="replace_meta", notes="better known")
    assert storage.get_lineage("churn", 1)["notes"] == "better known"
    with pytest.raises(errors.ModelStorageError, match="holds another fit, and 'replace_meta' keeps its bytes"):
        save(storage, 3.0, if_exists="replace_meta")
    history = storage.get_history("churn")
    assert history["EVENT"].tolist() == ["SAVED", "REPLACED", "META_REPLACED"]
    assert history["DETAILS"][1]["before"]["content_hash"] == before["content_hash"]


def test_tags_and_notes(storage):
    save(storage)
    storage.set_tag("churn", 1, "stage", "trial")
    storage.set_tag("churn", 1, "stage", "production")
    storage.set_tag("churn", 1, "team", "risk")
    storage.set_tag("churn", 1, "team", None)
    storage.set_notes("churn", 1, "Ünïcode")
    lineage = storage.get_lineage("churn")
    assert (lineage["tags"], lineage["notes"]) == ({"stage": "production"}, "Ünïcode")
    with pytest.raises(errors.ModelStorageError, match="version 2"):
        storage.set_tag("churn", 2, "stage", "trial")
    with pytest.raises(errors.ModelStorageError, match="version 2"):
        storage.set_notes("churn", 2, "x")


def test_cleaning_up_is_confirmed(storage, conn):
    save(storage)
    storage.promote("churn", 1)
    with pytest.raises(errors.InvalidArgumentError, match="confirm=True"):
        storage.clean_up()
    assert storage.clean_up(confirm=True) == 1
    assert storage.list_models().empty
    assert storage.list_aliases().empty
    assert garbage(conn) == (0, 0)


@pytest.fixture
def tracked(conn, diabetes):
    """Give a storage with two versions of one model, the first of them tracked."""
    storage = ModelStorage(conn, clock=lambda: START)
    tracker = MLExperiments(conn, "churn")
    for trees in (2, 4):
        model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=trees, random_state=1)
        if trees == 2:
            tracker.autologging(model, run_name="first")
        rows = diabetes.filter("ID < 300")
        model.fit(rows, key="ID", label="CLASS")
        model.name = "churn"
        if trees == 4:
            create_model_card(model, license="apache-2.0", tags=["tabular"])
            model.report = "<p>A report.</p>"
        storage.save_model(model, save_report=trees == 4)
    return storage, rows.facts(rows.sort("ID").collect()).content_hash


def test_a_version_knows_where_it_comes_from(tracked):
    storage, content_hash = tracked
    lineage = storage.get_lineage("churn", 1)
    assert lineage["run_id"] == storage.load_model("churn", 1).run_id is not None
    assert lineage["dataset_hash"] == content_hash
    assert ["GLUCOSE", "INT"] in lineage["signature"]["inputs"]
    assert lineage["environment"]["hanalife"]
    assert 0.5 < lineage["metrics"]["AUC"]["value"] <= 1
    assert lineage["created_at"] == START
    assert lineage["created_by"]
    assert storage.get_lineage("churn", 2)["run_id"] is None


def test_versions_side_by_side(tracked):
    storage, _ = tracked
    storage.promote("churn", 2)
    table = storage.compare_versions("churn", [1, "champion"]).set_index(["SECTION", "NAME"])
    assert table.columns.tolist() == ["1", "champion", "DIFFERENT"]
    assert table.loc[("PARAMETER", "n_estimators")].tolist() == ["2", "4", True]
    assert table.loc[("PARAMETER", "func")].tolist() == ["HybridGradientBoostingTree"] * 2 + [False]
    first, second, different = table.loc[("METRIC", "AUC@train")]
    assert float(first.split(" [")[0]) < float(second.split(" [")[0]), "with its interval behind it"
    assert different
    assert table.loc[("DATA", "content hash"), "1"]
    with pytest.raises(errors.ModelStorageError, match="version 3"):
        storage.compare_versions("churn", [1, 3])


def test_cards(tracked, tmp_path):
    storage, content_hash = tracked
    card = storage.get_model_card("churn", 1)
    for said in ("# churn, version 1", "## Parameters", "| n_estimators | 2 |", "## Metrics", "| AUC@train |",
                 "## Importance", "| GLUCOSE |", content_hash, "## Limits", "95 % interval"):  # fmt: skip
        assert said in card, said
    card.save(tmp_path / "card.md")
    assert (tmp_path / "card.md").read_text() == card.content == card._repr_markdown_()
    written = storage.get_model_card("churn", 2)
    assert written.startswith('---\nlicense: "apache-2.0"\nlibrary_name: "hanalife"\ntags: ["tabular"]\n')
    assert "A report." in storage.display_model_report("churn", 2).data
    with pytest.raises(errors.ModelStorageError, match="no report"):
        storage.display_model_report("churn", 1)


def test_intervals_are_shown_where_they_are_known(storage):
    save(storage)
    with storage.connection_context.database.write() as connection:
        metrics = {"AUC": {"value": 0.8, "low": 0.75, "high": 0.85}}
        connection.execute(tables.model_version.update().values(metrics=metrics))
    assert "| AUC@train | 0.8 [0.75, 0.85] |" in storage.get_model_card("churn")
    assert "without intervals" not in storage.get_model_card("churn")
    assert storage.compare_versions("churn", [1]).set_index("NAME").loc["AUC@train", "1"] == "0.8 [0.75, 0.85]"
    assert storage.get_lineage("churn")["metrics"]["AUC"]["source"] == "train", "as its partition says"


def test_what_is_of_sap_hana_only(storage, caplog):
    save(storage)
    for refused in (
        lambda: storage.change_storage_type("churn", 1, "HDL"),
        lambda: storage.set_data_lake_container("x"),
        lambda: ModelStorage.load_mlflow_model(storage.connection_context, "models:/x"),
        lambda: storage.set_logfile("x.log"),
        lambda: save(storage, storage_type="HDL"),
        lambda: save(storage, for_mlflow=True),
        lambda: ModelStorage(storage.connection_context, meta="MINE"),
    ):
        with pytest.raises(errors.NotSupportedError):
            refused()
    with caplog.at_level(logging.INFO):
        storage.enable_persistent_memory("churn", 1)
        storage.disable_persistent_memory("churn", 1)
        storage.load_into_memory("churn", 1)
        storage.unload_from_memory("churn", 1)
    assert caplog.text.count("has no effect") == 4
    storage.upgrade_meta()
    assert storage.display_config_dict("churn") is None
    with pytest.raises(errors.InvalidArgumentError, match="storage_type"):
        save(storage, storage_type="x")


PLAN = {
    "schedule_time": "* * * mon 8 0 0",
    "training_dataset_select_statement": 'SELECT * FROM "PIMA_INDIANS_DIABETES_TBL" WHERE "ID" < 200',
    "job_name": "RETRAIN",
}


def test_a_plan_is_kept_with_its_version(tracked):
    storage, _ = tracked
    storage.set_schedule("churn", 1, **PLAN, init_params={"n_estimators": 3}, job_end_time="2030-01-01 00:00:00")
    listed = storage.list_models("churn")["SCHEDULE"]
    assert '"status": "inactive"' in listed[0]
    assert listed[1] == "{}"
    with pytest.raises(errors.ModelStorageError, match="no plan"):
        storage.start_schedule("churn", 2)
    for change, error, named in (
        ({"schedule_time": "* * * xyz 8 0 0"}, errors.CronError, "xyz"),
        ({"job_name": None}, errors.InvalidArgumentError, "job_name"),
        ({"server_side_scheduler": False}, errors.NotSupportedError, "server_side_scheduler"),
        ({"init_params": {"n_estimators": -1}}, errors.InvalidArgumentError, "n_estimators"),
        ({"fit_params": {"nobody": 1}}, errors.InvalidArgumentError, "nobody"),
        ({"fit_params": {"key": object()}}, errors.ArgumentTypeError, "fit_params"),
        ({"training_dataset_select_statement": "DROP TABLE X"}, errors.BadSQLError, None),
    ):
        with pytest.raises(error, match=named):
            storage.set_schedule("churn", 2, **PLAN | change)
    assert storage.list_models("churn")["SCHEDULE"][1] == "{}"


def test_what_was_fitted_elsewhere_is_not_fitted_again(storage, diabetes):
    save(storage)
    with pytest.raises(errors.NotSupportedError, match="fitted elsewhere"):
        storage.set_schedule("churn", 1, **PLAN)


@pytest.mark.skipif(not hasattr(ScheduledExecution, "create_fit_schedule"), reason="fit tasks are not there yet")
def test_a_plan_becomes_a_task(tracked):
    storage, _ = tracked
    storage.set_schedule("churn", 1, **PLAN)
    storage.start_schedule("churn", 1)
    assert '"status": "active"' in storage.list_models("churn")["SCHEDULE"][0]
    assert storage.display_hana_schedule("churn", 1)["SCHEDULE_NAME"].tolist() == ["RETRAIN"]
    storage.terminate_schedule("churn", 1)
    assert '"status": "inactive"' in storage.list_models("churn")["SCHEDULE"][0]
    with pytest.raises(errors.TaskNotFoundError):
        ScheduledExecution(storage.connection_context).query_task_schedule("RETRAIN")


def test_a_version_keeps_what_each_source_measured(conn, diabetes):
    tracker = MLExperiments(conn, "e")
    storage = ModelStorage(conn)
    model = UnifiedClassification("HybridGradientBoostingTree", n_estimators=3, random_state=1)
    model.name = "churn"
    tracker.autologging(model, "r")
    rows, held_out = diabetes.filter("ID < 500"), diabetes.filter("ID >= 500")
    model.fit(rows, key="ID", label="CLASS")
    model.score(held_out, key="ID", label="CLASS")
    model.score(rows, key="ID", label="CLASS")
    storage.save_model(model)
    metrics = storage.get_lineage("churn")["metrics"]
    assert metrics["AUC"]["source"] == metrics["SCORE_AUC@train"]["source"] == "train"
    assert metrics["SCORE_AUC"]["source"] == "test", "a later score on training rows does not replace it"
    assert metrics["SCORE_AUC"]["value"] < metrics["SCORE_AUC@train"]["value"] == pytest.approx(metrics["AUC"]["value"])
    assert metrics["SCORE_AUC"]["low"] < metrics["SCORE_AUC"]["value"] < metrics["SCORE_AUC"]["high"]
    names = storage.compare_versions("churn", [1]).query("SECTION == 'METRIC'")["NAME"].tolist()
    assert names.index("AUC@test") + 1 == names.index("AUC@train")
    assert "| AUC@test |" in storage.get_model_card("churn")
    assert "trained on; score it" not in storage.get_model_card("churn")


def test_statistics_of_a_regression_with_a_partition_are_validation(conn, diabetes):
    model = UnifiedRegression("HybridGradientBoostingTree", n_estimators=3, random_state=1)
    model.name = "age"
    model.fit(diabetes, key="ID", label="AGE", partition_method="random", partition_random_state=1)
    storage = ModelStorage(conn)
    storage.save_model(model)
    assert storage.get_lineage("age")["metrics"]["TEST_RMSE"]["source"] == "validation"
    assert "| RMSE@validation |" in storage.get_model_card("age")
    assert "not scored on a test set" in storage.get_model_card("age")
