"""The split: disjoint, complete, of the right size, the same everywhere, and random."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from scipy.stats import chisquare

from hanalife import ConnectionContext, DataSets, errors, train_test_val_split


def ids(frame):
    return frame.collect().iloc[:, 0].tolist()


def test_parts_are_disjoint_and_complete(diabetes):
    parts = train_test_val_split(diabetes, random_seed=7)
    sets = [set(ids(part)) for part in parts]
    assert [len(part) for part in sets] == [614, 77, 77]
    assert set.union(*sets) == set(range(768))
    assert all(part.columns == diabetes.columns for part in parts)


def test_the_reference_call(diabetes):
    train, test, validation = train_test_val_split(
        data=diabetes,
        partition_method="random",
        random_seed=23,
        training_percentage=0.8,
        testing_percentage=0.2,
        validation_percentage=0.0,
        id_column="ID",
    )
    assert (train.shape, test.shape, validation.shape) == ((614, 10), (154, 10), (0, 10))


def test_a_seed_gives_the_same_rows_on_every_database(sqlite_url, postgres_url):
    found = []
    for url in (sqlite_url, postgres_url):
        with ConnectionContext(url) as conn:
            frame = DataSets.load_diabetes_data(conn)[0]
            found.append([set(ids(part)) for part in train_test_val_split(frame, random_seed=5)])
            found.append([set(ids(part)) for part in train_test_val_split(frame, random_seed=5)])
    assert all(parts == found[0] for parts in found)


def test_text_ids_are_split_the_same_on_every_database(sqlite_url, postgres_url):
    data = pd.DataFrame({"KEY": [f"k{number:03d}" for number in range(100)], "X": range(100)})
    found = []
    for url in (sqlite_url, postgres_url):
        with ConnectionContext(url) as conn:
            frame = conn.create_from_pandas(data, "T", {"KEY": "NVARCHAR(10)", "X": "INT"})
            found.append([set(ids(part)) for part in train_test_val_split(frame, random_seed=5)])
    assert found[0] == found[1]
    assert [len(part) for part in found[0]] == [80, 10, 10]


def test_adding_a_row_moves_few_others(sqlite_conn):
    data = pd.DataFrame({"ID": range(-500, 500)})
    before = train_test_val_split(sqlite_conn.create_from_pandas(data, "T", {"ID": "INT"}), random_seed=3)
    old = set(ids(before[0]))
    more = pd.DataFrame({"ID": range(-500, 501)})
    after = train_test_val_split(sqlite_conn.create_from_pandas(more, "U", {"ID": "INT"}), random_seed=3)
    assert len(old ^ set(ids(after[0]))) <= 3


def test_other_seeds_give_other_rows(sqlite_conn):
    frame = DataSets.load_diabetes_data(sqlite_conn)[0]
    parts = [frozenset(ids(train_test_val_split(frame, random_seed=seed)[1])) for seed in range(1, 9)]
    assert len(set(parts)) == 8
    # Two tests of 77 of 768 rows share 7.7 rows on average; 25 would be beyond six standard deviations.
    assert max(len(one & other) for one, other in itertools.combinations(parts, 2)) < 25
    assert ids(train_test_val_split(frame)[1]) != ids(train_test_val_split(frame)[1]), "no seed: a new split"


def test_every_tenth_of_the_ids_is_drawn_alike(sqlite_conn):
    data = pd.DataFrame({"ID": range(0, 200_000, 10)})
    frame = sqlite_conn.create_from_pandas(data, "T", {"ID": "INT"})
    train = ids(
        train_test_val_split(
            frame, random_seed=11, training_percentage=0.5, testing_percentage=0.5, validation_percentage=0
        )[0]
    )
    tenths = pd.Series(train).floordiv(20_000).value_counts()
    assert len(train) == 10_000
    assert chisquare(tenths).pvalue > 1e-6
    neighbours = pd.Series(sorted(train)).diff().eq(10).mean()
    assert neighbours == pytest.approx(0.5, abs=0.03), "whether a row is drawn does not hang on its neighbour"


def test_stratified_keeps_the_shares_of_each_value(diabetes):
    parts = train_test_val_split(diabetes, random_seed=1, partition_method="Stratified", stratified_column="CLASS")
    counts = [part.collect()["CLASS"].value_counts().to_dict() for part in parts]
    assert counts == [{0: 400, 1: 214}, {0: 50, 1: 27}, {0: 50, 1: 27}]


def test_the_id_column_comes_first(diabetes):
    assert train_test_val_split(diabetes, id_column="AGE")[0].columns[:2] == ["AGE", "ID"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"training_percentage": 1.2}, "training_percentage: expected a share"),
        (
            {"training_percentage": 0.5, "testing_percentage": 0.2, "validation_percentage": 0.2},
            "must sum to 1, got 0.9",
        ),
        ({"training_percentage": 0.95}, "sum to 1.15"),
        ({"partition_method": "sideways"}, "'random' or 'stratified'"),
        ({"partition_method": "stratified"}, "stratified_column"),
        ({"stratified_column": "CLASS"}, "stratified_column"),
        ({"partition_method": "stratified", "stratified_column": "Q"}, "no column 'Q'"),
        ({"id_column": "Q"}, "id_column: no column 'Q'"),
    ],
)
def test_bad_arguments(sqlite_conn, options, words):
    frame = DataSets.load_diabetes_data(sqlite_conn)[0]
    with pytest.raises(ValueError, match=words) as caught:
        train_test_val_split(frame, **options)
    assert isinstance(caught.value, errors.Error)


def test_sizes_are_numbers_of_rows_on_every_database(sqlite_url, postgres_url):
    found = []
    for url in (sqlite_url, postgres_url):
        with ConnectionContext(url) as conn:
            frame = DataSets.load_diabetes_data(conn)[0]
            sizes = {"training_size": 300, "testing_size": 101, "validation_size": 7}
            found.append([set(ids(part)) for part in train_test_val_split(frame, random_seed=5, **sizes)])
    assert found[0] == found[1]
    assert [len(part) for part in found[0]] == [300, 101, 7]
    assert len(set.union(*found[0])) == 408, "disjoint"


def test_a_size_counts_only_without_its_share_and_defaults_take_what_is_left(diabetes):
    parts = train_test_val_split(diabetes, random_seed=5, training_size=700, testing_percentage=0.05, testing_size=9)
    assert [part.count() for part in parts] == [700, 38, 30]
    parts = train_test_val_split(diabetes, random_seed=5, validation_size=100)
    assert [part.count() for part in parts] == [614, 54, 100]


def test_stratified_sizes_hold_each_class_in_its_share_to_the_nearest_row(conn):
    data = pd.DataFrame({"ID": range(1000), "KIND": ["a"] * 700 + ["b"] * 290 + ["c"] * 10})
    frame = conn.create_from_pandas(data, "T", {"ID": "INT", "KIND": "NVARCHAR(1)"})
    parts = train_test_val_split(
        frame,
        random_seed=5,
        partition_method="stratified",
        stratified_column="KIND",
        training_size=505,
        testing_size=100,
        validation_size=0,
        validation_percentage=0.0,
    )
    counts = [part.collect()["KIND"].value_counts().to_dict() for part in parts]
    assert [sum(count.values()) for count in counts] == [505, 100, 0]
    for kind, rows in (("a", 700), ("b", 290), ("c", 10)):
        assert abs(counts[0][kind] - 505 * rows / 1000) <= 1
        assert abs(counts[1][kind] - 100 * rows / 1000) <= 1


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ({"training_size": 769}, ValueError, "training_size.*769 rows are asked for and there are 768"),
        ({"training_size": 700, "testing_percentage": 0.1}, ValueError, "777 rows"),
        ({"testing_size": -1}, ValueError, "testing_size: expected a number of at least 0, got -1"),
        ({"validation_size": 2.5}, TypeError, "validation_size: expected a whole number, got 2.5"),
    ],
)
def test_sizes_that_cannot_be(diabetes, sizes, error, message):
    with pytest.raises(error, match=message):
        train_test_val_split(diabetes, random_seed=1, **sizes)
