"""Stored models: versions, safety, damage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, ModelStorage, UnifiedClassification, errors
from hanalife.database import tables
from tests.crowd import crowd

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def model(diabetes):
    """Give a small fitted model with a name."""
    made = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=3, random_state=1)
    made.fit(diabetes.filter("ID < 300"), key="ID", label="CLASS")
    made.name = "churn"
    return made


@pytest.fixture
def storage(conn):
    """Give a storage whose clock moves on by a day with each version."""
    days = iter(range(99))
    return ModelStorage(conn, clock=lambda: START + timedelta(days=next(days)))


def count(conn, table):
    with conn.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()


def test_a_loaded_model_predicts_as_it_did(storage, model, diabetes):
    rows = diabetes.filter("ID >= 300").deselect("CLASS")
    before = model.predict(rows, key="ID").sort("ID").collect()
    storage.save_model(model)
    loaded = storage.load_model("churn")
    pd.testing.assert_frame_equal(loaded.predict(rows, key="ID").sort("ID").collect(), before)
    assert (loaded.name, loaded.version, loaded.stored_as) == ("churn", 1, ("churn", 1))
    pd.testing.assert_frame_equal(loaded.statistics_.collect(), model.statistics_.collect())
    pd.testing.assert_frame_equal(loaded.importance_.collect(), model.importance_.collect())


def child_predicts(url, told):
    with ConnectionContext(url) as conn:
        rows = conn.table("PIMA_INDIANS_DIABETES_TBL")
        told.put(ModelStorage(conn).load_model("churn").predict(rows, key="ID").count())


def test_another_process_loads_it(storage, model, url):
    storage.save_model(model)
    told = crowd.Queue()
    child = crowd.Process(target=child_predicts, args=(url, told))
    child.start()
    assert told.get(timeout=120) == 768
    child.join(120)
    assert child.exitcode == 0


def test_what_happens_if_the_version_exists(storage, model):
    storage.save_model(model, if_exists="fail")
    with pytest.raises(errors.ModelStorageError, match="'churn' version 1 exists; use if_exists='upgrade'"):
        storage.save_model(model, if_exists="fail")
    storage.save_model(model, if_exists="upgrade")
    assert model.version == 2
    model.version = 1
    storage.save_model(model, if_exists="replace")
    listed = storage.list_models("churn")
    assert listed["VERSION"].tolist() == [1, 2]
    # Version 1 was written anew, a day after version 2.
    assert listed["TIMESTAMP"].diff().dt.days.tolist()[1] == -1


def test_the_list(storage, model):
    assert storage.list_models().empty
    for name in ("churn", "Churn", "churn_old", "churnXold", "100%"):
        model.name, model.version = name, 1
        storage.save_model(model)
    columns = [
        "NAME", "VERSION", "LIBRARY", "CLASS", "JSON", "TIMESTAMP", "STORAGE_TYPE", "MODEL_STORAGE_VER", "SCHEDULE",
        "MODEL_REPORT",
    ]  # fmt: skip
    assert storage.list_models().columns.tolist() == columns
    assert storage.list_models(display_type="simple").columns.tolist() == [
        name for name in columns if name not in ("JSON", "MODEL_REPORT")
    ]
    assert storage.list_models("churn_old")["NAME"].tolist() == ["churn_old"], "_ stands for itself"
    assert storage.list_models("churn%")["NAME"].tolist() == sorted(["churn", "churnXold", "churn_old"])
    assert storage.list_models("%old")["NAME"].tolist() == sorted(["churnXold", "churn_old"])
    assert storage.list_models("c%u%d")["NAME"].tolist() == sorted(["churnXold", "churn_old"])
    assert storage.list_models("nobody").empty
    assert storage.list_models(version=2).empty


def test_deleting_frees_the_bytes_that_nobody_uses(storage, model, conn):
    storage.save_model(model)
    storage.save_model(model)
    assert count(conn, tables.blob) == 2, "equal bytes are kept once: the estimator and the keys of its training rows"
    assert storage.delete_model("churn", 1) == 1
    assert storage.load_model("churn").version == 2
    assert not storage.model_already_exists("churn", 1)
    assert storage.model_already_exists("churn", 2)
    assert storage.delete_models("ch%") == 1
    assert storage.delete_models("ch%") == 0
    assert count(conn, tables.blob) == count(conn, tables.blob_chunk) == count(conn, tables.chunk) == 0


def test_deleting_within_bounds_of_time(storage, model):
    for _ in range(3):
        storage.save_model(model)
    assert storage.delete_models("churn", start_time="2026-01-02 12:00:00", end_time="2026-01-02T13:00:00+01:00") == 1
    assert storage.list_models()["VERSION"].tolist() == [1, 3]
    with pytest.raises(errors.InvalidArgumentError, match="end_time"):
        storage.delete_models("churn", end_time="yesterday")


@pytest.mark.parametrize("name", [None, "", "  ", "a;b", "a'b", "a\nb", "x" * 256, 7])
def test_a_name_that_cannot_be_used(storage, model, name):
    model.name = name
    with pytest.raises(errors.ModelStorageError, match=r"model\.name"):
        storage.save_model(model)
    assert storage.list_models().empty


def test_bad_input(storage, model):
    for version in (0, -1, "1", 1.5, True):
        model.version = version
        with pytest.raises(errors.ModelStorageError, match=r"model\.version"):
            storage.save_model(model)
    model.version = 1
    with pytest.raises(errors.InvalidArgumentError, match="if_exists"):
        storage.save_model(model, if_exists="maybe")
    with pytest.raises(errors.InvalidArgumentError, match="display_type"):
        storage.list_models(display_type="fancy")
    with pytest.raises(errors.ModelStorageError, match="no model 'nobody'; stored names are: none"):
        storage.load_model("nobody")
    storage.save_model(model)
    with pytest.raises(errors.ModelStorageError, match="'churn' version 9; its versions are: 1"):
        storage.load_model("churn", 9)
    with pytest.raises(errors.ModelStorageError, match="'churn' version 9"):
        storage.delete_model("churn", 9)
    with pytest.raises(errors.InvalidArgumentError, match="name, version"):
        storage.delete_model("", 1)


def test_an_unfitted_model_is_not_stored(storage):
    unfitted = UnifiedClassification(func="HybridGradientBoostingTree")
    unfitted.name = "x"
    with pytest.raises(errors.FitIncompleteError):
        storage.save_model(unfitted)
    assert storage.list_models().empty


def test_damaged_bytes_do_not_load(storage, model, conn):
    storage.save_model(model)
    with conn.database.write() as connection:
        connection.execute(tables.chunk.update().values(data=b"\x80\x04cos\nsystem\n(S'true'\ntR."))
    with pytest.raises(errors.CorruptModelError, match="damaged"):
        storage.load_model("churn")


def test_a_class_from_the_database_is_never_imported(storage, model, conn):
    storage.save_model(model)
    version = tables.model_version
    with conn.database.write() as connection:
        (state,) = connection.execute(sa.select(version.c.state)).one()
        connection.execute(version.update().values(state=state | {"class_path": "subprocess.Popen"}))
    with pytest.raises(errors.ModelStorageError, match=r"'subprocess\.Popen' cannot be stored or loaded"):
        storage.load_model("churn")
