"""Which rows a model was trained on, and what a score on some of them counts as."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanalife import (
    ConnectionContext,
    ModelStorage,
    ScheduledExecution,
    UnifiedClassification,
    UnifiedRegression,
    training_keys,
)
from hanalife.database import tables
from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.errors import CorruptModelError
from hanalife.lifecycle import calls
from hanalife.observation import MetricSource
from hanalife.training_keys import TrainingKeys
from tests.learning.models import ON_EVERY_DATABASE, searching_model

COUNT = 120


class Outcomes:
    """Observes calls and keeps how they ended."""

    def __init__(self):
        self.ended = []

    def call_started(self, _start):
        return "run"

    def call_progressed(self, _progress):
        pass

    def call_finished(self, outcome):
        self.ended.append(outcome)

    def call_failed(self, error):
        raise error

    @property
    def last(self):
        return self.ended[-1].source, self.ended[-1].source_note


def rows(count=COUNT, seed=1):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(count, 2)), columns=["A", "B"]).assign(ID=range(count))
    return frame.assign(
        Y=(frame["A"] + random.normal(size=count) > 0).astype(int), G=np.where(frame["ID"] % 2, "x", "y")
    )


def put(conn, name, frame, types=None):
    return create_dataframe_from_pandas(conn, frame, name, force=True, table_structure=types, disable_progressbar=True)


def fitted(data, observer=None, *, massive=False, **options):
    model = UnifiedClassification("DecisionTree", max_depth=3, massive=massive)
    model.observer, model.name = observer, "trees"
    return model.fit(data, label="Y", features=["A", "B"], **options)


# --- keys -------------------------------------------------------------------------------------

MOMENTS = pd.date_range("2026-01-01", periods=COUNT, freq="37min")
KEYS = {
    "INT": list(range(COUNT)),
    "BIGINT": [2**60 + number for number in range(COUNT)],
    "NVARCHAR(20)": [f"клиент {number}" for number in range(COUNT)],
    "DECIMAL(12, 3)": [Decimal(number) / 8 for number in range(COUNT)],
    "DOUBLE": [number / 10 for number in range(COUNT)],
    "TIMESTAMP": MOMENTS.tolist(),
    "DATE": [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(COUNT)],
}
HASHES: dict[str, np.ndarray] = {}


@pytest.mark.parametrize("key_type", KEYS)
@ON_EVERY_DATABASE
def test_a_key_of_any_type_has_the_same_hash_on_every_database(conn, key_type):
    frame = rows().assign(ID=KEYS[key_type])
    data = put(conn, "ALL_ROWS", frame, {"ID": key_type, "A": "DOUBLE", "B": "DOUBLE", "Y": "INT", "G": "NVARCHAR(5)"})
    model = fitted(data.head(80).sort("ID") if key_type == "INT" else data.filter("A < 0.3"), key="ID")
    collected = data.collect()
    trained = model.is_trained_on(collected)
    expected = collected["ID"] < 80 if key_type == "INT" else collected["A"] < 0.3
    assert trained.tolist() == expected.tolist()
    keys = np.sort(training_keys.hashes_of(collected["ID"]))
    assert np.array_equal(keys, HASHES.setdefault(key_type, keys)), "as on the other database"


def test_a_truth_value_and_a_missing_key_have_a_hash():
    keys = pd.Series([True, False, None], dtype="boolean")
    found = training_keys.hashes_of(keys)
    digest = hashlib.blake2b(b"True", digest_size=8).digest()
    assert found[0] == int.from_bytes(digest, "big")
    assert len(set(found.tolist())) == 3
    assert training_keys.hashes_of(pd.Series([np.nan]))[0] == found[2]


def test_the_text_of_a_key_is_that_of_its_value_whatever_its_type():
    equals = [
        [7, 7.0, Decimal("7.00"), "7"],
        [0, -0.0],
        [0.1, np.float64(0.1), Decimal("0.100"), "0.1"],
        [10**17, 1e17, Decimal(10**17)],
        [dt.date(2026, 1, 1), MOMENTS[0]],
        [np.datetime64("2026-01-01T05:00", "s").item(), MOMENTS[0] + dt.timedelta(hours=5)],
    ]
    for same in equals:
        assert len({training_keys.text_of(key) for key in same}) == 1
    long = [Decimal(1234567890123456789012345678901), Decimal(1234567890123456789012345678902)]
    assert len({training_keys.text_of(key) for key in long}) == 2


GROUPS = st.dictionaries(st.text(max_size=5), st.lists(st.integers(0, 2**64 - 1), max_size=40), max_size=4)


@given(GROUPS)
def test_what_is_packed_is_unpacked(groups):
    made = {name: TrainingKeys.of(np.array(hashes, dtype=np.uint64)) for name, hashes in groups.items()}
    again = training_keys.unpack(training_keys.pack(made))
    assert {name: (keys.rows, keys.hashes.tolist()) for name, keys in again.items()} == {
        name: (len(hashes), sorted(set(hashes))) for name, hashes in groups.items()
    }


def test_a_row_takes_less_than_eight_bytes():
    hashes = training_keys.hashes_of(pd.Series(range(1_000_000)))
    packed = {count: len(training_keys.pack({"": TrainingKeys.of(hashes[:count])})) for count in (1_000, 1_000_000)}
    assert packed[1_000] < 8 * 1_000
    assert packed[1_000_000] < 6 * 1_000_000
    asked = training_keys.hashes_of(pd.Series([5, 999_999, 1_000_000, -1]))
    assert TrainingKeys.of(hashes).contains(asked).tolist() == [True, True, False, False]


@given(st.integers(0), st.binary(min_size=1, max_size=3))
def test_bytes_that_are_cut_off_or_added_to_are_named(cut, added):
    content = training_keys.pack({"": TrainingKeys.of(np.arange(50, dtype=np.uint64) * 10**16)})
    for damaged in (content[: cut % len(content)], content + added):
        with pytest.raises(CorruptModelError, match="training keys are damaged"):
            training_keys.unpack(damaged)


def test_bytes_that_would_fill_the_memory_are_refused():
    bomb = zlib.compress(bytes(10**7))
    header = zlib.compress(f'[["",1,{10**6},{len(bomb)}]]'.encode())
    with pytest.raises(CorruptModelError, match="training keys are damaged"):
        training_keys.unpack(b"HLK1" + len(header).to_bytes(4, "big") + header + bomb)


# --- the source of a score --------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ID", None])
@pytest.mark.parametrize("massive", [False, True])
@ON_EVERY_DATABASE
def test_a_score_counts_as_test_only_on_rows_that_did_not_train(conn, key, massive):
    data, group = put(conn, "ALL_ROWS", rows()), {"group_key": "G"} if massive else {}
    observer = Outcomes()
    model = fitted(data.filter("ID < 80"), observer, key=key, massive=massive, **group)
    assert observer.last == (MetricSource.TRAIN, "")

    def source(condition, scorer=model):
        scorer.observer = observer
        scorer.score(data.filter(condition), key="ID", label="Y", **group)
        return observer.last

    assert source("ID >= 80") == (MetricSource.TEST, "")
    assert source("ID < 60") == (MetricSource.TRAIN, "all 60 rows were trained on")
    assert source("ID >= 60") == (MetricSource.TRAIN, "20 of 60 rows were trained on")
    storage = ModelStorage(conn)
    loaded = storage.load_model("trees", storage.save_model(model))
    assert source("ID >= 60", loaded) == (MetricSource.TRAIN, "20 of 60 rows were trained on")
    assert source("ID >= 80", loaded) == (MetricSource.TEST, "")


def test_rows_that_the_fit_held_out_are_test_rows_and_its_own_metrics_are_of_validation(conn):
    data, observer = put(conn, "ALL_ROWS", rows()), Outcomes()
    options = {"partition_method": "stratified", "stratified_column": "Y", "output_partition_result": True}
    model = fitted(data, observer, key="ID", **options)
    assert observer.last == (MetricSource.VALIDATION, "")
    partition = model.partition_.collect()
    held_out = partition["TYPE"] == 2
    keys = partition["ID"].astype(int)
    assert 0 < held_out.sum() < COUNT
    trained = model.is_trained_on(pd.DataFrame({"ID": keys}))
    assert trained.tolist() == (~held_out).tolist()
    model.score(data.filter(f"ID IN ({', '.join(map(str, keys[held_out]))})"), key="ID", label="Y")
    assert observer.last == (MetricSource.TEST, "")


def test_rows_of_search_and_early_stopping_count_as_trained(conn):
    data = put(conn, "ALL_ROWS", rows())
    options = {"validation_set_rate": 0.3, "n_estimators": 20, "param_values": {"max_depth": [2, 3]}, "fold_num": 2}
    model = searching_model(**options)
    model.fit(data.filter("ID < 100"), key="ID", label="Y", features=["A", "B"], calibrate=True)
    assert model.is_trained_on(data.collect()[["ID"]]).sum() == 100


def test_rows_that_are_left_out_of_a_fit_or_score_do_not_count(conn):
    frame = rows().assign(Z=lambda made: made["A"] * 2)
    frame.loc[frame["ID"] < 10, "A"] = None
    data, observer = put(conn, "GAPS", frame), Outcomes()
    model = UnifiedRegression("LinearRegression")
    model.observer = observer
    model.fit(data.filter("ID < 80"), key="ID", label="Z", features=["A", "B"], impute=True, strategy="delete")
    assert model.is_trained_on(pd.DataFrame({"ID": range(COUNT)})).nonzero()[0].tolist() == [*range(10, 80)]


def test_what_cannot_be_told_does_not_count_as_test(conn):
    data, observer = put(conn, "ALL_ROWS", rows()), Outcomes()
    model = fitted(data.filter("ID < 80"), key="ID")
    renamed = data.filter("ID >= 80").rename_columns({"ID": "NUMBER"})
    model.observer = observer
    model.score(renamed, key="NUMBER", label="Y")
    source, note = observer.last
    assert source == MetricSource.TRAIN
    assert "unknown which of the 40 rows" in note
    storage = ModelStorage(conn)
    number = storage.save_model(model)
    with conn.database.write() as connection:  # as a store of before training keys were kept
        connection.execute(tables.model_version.update().values(training_keys=None))
    loaded = storage.load_model("trees", number)
    loaded.observer = observer
    loaded.score(data.filter("ID >= 80"), key="ID", label="Y")
    assert observer.last == (MetricSource.TRAIN, note)
    assert loaded.is_trained_on(data.collect()) is None
    assert "| training rows | unknown |" in storage.get_model_card("trees", number)


# --- in store and bundle ----------------------------------------------------------------------


@pytest.mark.parametrize("massive", [False, True])
def test_a_bundle_and_a_card_carry_the_training_rows(conn, tmp_path, massive):
    data, group = put(conn, "ALL_ROWS", rows()), {"group_key": "G"} if massive else {}
    storage = ModelStorage(conn)
    number = storage.save_model(fitted(data.filter("ID < 80"), key="ID", massive=massive, **group))
    assert "| training rows | trained on 80 rows, their keys kept |" in storage.get_model_card("trees", number)
    bundle = storage.export_bundle("trees", number, tmp_path / "trees.hanalife")
    folder = storage.export_model("trees", number, tmp_path, is_print=False)
    with ConnectionContext(f"sqlite:///{tmp_path / 'other.db'}") as other:
        elsewhere = ModelStorage(other)
        for path in (bundle, folder):
            elsewhere.import_model(path, force=True)
            assert elsewhere.load_model("trees").is_trained_on(data.collect()).sum() == 80
        assert elsewhere.load_model_from_files(bundle).is_trained_on(data.collect()).sum() == 80
        assert elsewhere.export_bundle("trees", number, tmp_path / "again").read_bytes() == bundle.read_bytes()
    keys = folder / "training_keys.bin"
    keys.write_bytes(keys.read_bytes()[:-1])
    with pytest.raises(CorruptModelError, match=r"training_keys\.bin: expected bytes of SHA-256"):
        storage.load_model_from_files(folder)


def test_a_task_keeps_the_training_rows_of_its_own_model(conn):
    data = put(conn, "ALL_ROWS", rows())
    model = fitted(data.filter("ID < 80"), key="ID")
    scheduler = ScheduledExecution(conn)
    given = {"data": data, "key": "ID", "label": "Y"}
    scheduler.create_score_task(model, given, task_id="SCORE", experiment_id="SCORES")
    with conn.database.read() as connection:
        kept = connection.execute(tables.task.select()).one()
        blobs = set(connection.execute(tables.blob.select()).scalars())
    assert {kept.content_hash, kept.training_keys} == blobs
    assert kept.definition["model"]["kept"]["training_keys"] == kept.training_keys
    calls.execute(conn, calls.Call(**kept.definition), "SCORE", "job")
    recorded = conn.table("hlv_metrics").collect()
    assert set(recorded["source"]) == {"train"}, "80 of 120 rows were trained on"
    scheduler.remove_task("SCORE", force=True)
    with conn.database.read() as connection:
        assert not blobs & set(connection.execute(tables.blob.select()).scalars()), "and they go with it"
