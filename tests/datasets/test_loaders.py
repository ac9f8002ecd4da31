"""The data that travel in the package."""

from __future__ import annotations

from hanalife import DataSets


def test_diabetes_has_its_published_figures(conn):
    full, train, valid, test = DataSets.load_diabetes_data(conn)
    rows = full.collect()
    assert full.shape == (768, 10)
    assert full.columns == [
        "ID", "PREGNANCIES", "GLUCOSE", "BLOODPRESSURE", "SKINTHICKNESS", "INSULIN", "BMI", "PEDIGREE", "AGE", "CLASS",
    ]  # fmt: skip
    assert rows["CLASS"].value_counts().to_dict() == {0: 500, 1: 268}
    # Means of the data set's own description at the UCI repository.
    published = [3.8, 120.9, 69.1, 20.5, 79.8, 32.0, 0.5, 33.2]
    assert rows.iloc[:, 1:9].mean().round(1).tolist() == published
    assert [frame.count() for frame in (train, valid, test)] == [384, 307, 77]


def test_a_table_that_exists_is_used_unless_forced(conn):
    full = DataSets.load_diabetes_data(conn)[0]
    full.head(10).save("PIMA_INDIANS_DIABETES_TBL", force=True)
    assert DataSets.load_diabetes_data(conn)[0].count() == 10
    assert DataSets.load_diabetes_data(conn, force=True)[0].count() == 768
