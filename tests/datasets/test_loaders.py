"""Example data: what travels in the package, what is read from an address."""

from __future__ import annotations

import http.server
import logging
import threading

import pandas as pd
import pytest

from hanalife import ConnectionContext, DataSets, errors


@pytest.fixture
def site(tmp_path):
    """Give the address of a server of the files in a folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


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


def test_iris_has_its_published_figures(conn):
    full, train, valid, test = DataSets.load_iris_data(conn)
    rows = full.collect()
    assert full.columns == ["ID", "SEPALLENGTHCM", "SEPALWIDTHCM", "PETALLENGTHCM", "PETALWIDTHCM", "SPECIES"]
    assert rows["SPECIES"].value_counts().to_dict() == dict.fromkeys(
        ("Iris-setosa", "Iris-versicolor", "Iris-virginica"), 50
    )
    # Fisher (1936), table II: means of each species.
    means = rows.drop(columns="ID").groupby("SPECIES").mean().round(3)
    assert means.to_numpy().tolist() == [
        [5.006, 3.428, 1.462, 0.246],
        [5.936, 2.770, 4.260, 1.326],
        [6.588, 2.974, 5.552, 2.026],
    ]
    assert rows["ID"].tolist() == list(range(150))
    assert sum(frame.count() for frame in (train, valid, test)) == 150


def test_shampoo_sales(conn):
    rows = DataSets.load_shampoo_data(conn).sort("ID").collect()
    assert rows.columns.tolist() == ["ID", "SALES"]
    assert rows["ID"].tolist() == list(range(1, 37))
    # Mean, deviation, quartiles as published with the series.
    assert rows["SALES"].describe().round(6).tolist()[1:] == [
        312.6, 148.937164, 119.3, 192.45, 280.15, 411.1, 682.0,
    ]  # fmt: skip


def test_a_table_that_exists_is_used_unless_forced(conn, caplog):
    full = DataSets.load_diabetes_data(conn)[0]
    full.head(10).save("PIMA_INDIANS_DIABETES_TBL", force=True)
    with caplog.at_level(logging.INFO):
        assert DataSets.load_diabetes_data(conn)[0].count() == 10
    assert "'PIMA_INDIANS_DIABETES_TBL' exists and is used as it is" in caplog.text
    assert DataSets.load_diabetes_data(conn, force=True)[0].count() == 768


TITANIC = [
    "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked",
    *(f'{n},{n % 2},3,"Doe, Mr. N.A. {n}",male,{"" if n == 3 else n / 2},0,0,A/5 21171,7.25,,S' for n in range(1, 21)),
]


def test_a_file_with_a_header_is_read_by_the_columns_names(conn, tmp_path, site):
    path = tmp_path / "titanic.csv"
    path.write_text("\n".join(TITANIC), "utf-8")
    full, train, valid, test = DataSets.load_titanic_data(conn, url=str(path))
    assert full.columns[:4] == ["PASSENGER_ID", "PCLASS", "NAME", "SEX"]
    rows = full.sort("PASSENGER_ID").collect()
    assert rows.iloc[1].tolist()[:5] == [2, 3, "Doe, Mr. N.A. 2", "male", 1.0]
    assert rows["SURVIVED"].tolist() == [1, 0] * 10
    assert pd.isna(rows["AGE"][2])
    assert rows["CABIN"].isna().all()
    assert [train.count(), valid.count(), test.count()] == [10, 8, 2]
    again = DataSets.load_titanic_data(conn, url=f"{site}/titanic.csv", full_tbl="OTHER")[0]
    assert again.sort("PASSENGER_ID").collect().equals(rows)


def test_a_file_without_a_header_is_read_by_the_columns_order(conn, tmp_path):
    path = tmp_path / "adult.data"
    line = "39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, 2174, 0, 40, United-States, <=50K"  # noqa: E501
    path.write_text("\n".join([line] * 10), "utf-8")
    rows = DataSets.load_adult_data(conn, url=path.as_uri())[0].sort("ID").collect()
    assert rows["ID"].tolist() == list(range(10))
    assert rows.iloc[0].tolist()[1:4] == [39, "State-gov", 77516]


def test_names_of_other_spelling_stand_where_they_belong(sqlite_conn, tmp_path):
    path = tmp_path / "bank.csv"
    header = (
        '"age";"job";"marital";"education";"default";"housing";"loan";"contact";"month";"day_of_week";"duration";'
        '"campaign";"pdays";"previous";"poutcome";"emp.var.rate";"cons.price.idx";"cons.conf.idx";"euribor3m";'
        '"nr.employed";"y"'
    )
    line = '56;"housemaid";"married";"basic.4y";"no";"no";"no";"telephone";"may";"mon";261;1;999;0;"nonexistent";1.1;93.994;-36.4;4.857;5191;"no"'  # noqa: E501
    path.write_text("\n".join([header] + [line] * 10), "utf-8")
    row = DataSets.load_bank_data(sqlite_conn, url=str(path))[0].collect().iloc[0]
    assert (row["DBM_DEFAULT"], row["DBM_MONTH"], row["LABEL"], row["NREMPLOYED"]) == ("no", "may", "no", 5191.0)


def test_flights_are_split_by_an_id_that_is_not_shown(sqlite_conn, tmp_path):
    from hanalife.datasets.sources import FLIGHT

    path = tmp_path / "flights.csv"
    line = ",".join("AA" if kind != "INT" else "1" for kind in FLIGHT.types.values())
    path.write_text("\n".join([",".join(FLIGHT.types)] + [line] * 10), "utf-8")
    frames = DataSets.load_flight_data(sqlite_conn, url=str(path))
    assert all(frame.columns == list(FLIGHT.types) for frame in frames)
    assert [frame.count() for frame in frames] == [10, 5, 4, 1]


def test_columns_of_the_files_own(sqlite_conn, tmp_path):
    path = tmp_path / "bike.csv"
    path.write_text("season,yr,temp,cnt\nSPRING,2011,8.175849,985\nSPRING,2011,9.083466,801\n", "utf-8")
    frame = DataSets.load_bike_data(sqlite_conn, url=str(path))
    assert frame.dtypes()[1][:2] == ("yr", "INT")
    assert frame.collect()["cnt"].tolist() == [985, 801]


def test_data_that_cannot_be_had(sqlite_conn, tmp_path):
    with pytest.raises(errors.InvalidArgumentError, match="url: the bank marketing data do not travel"):
        DataSets.load_bank_data(sqlite_conn)
    with pytest.raises(errors.UnreachableFileError, match=r"url: cannot read 'http://127.0.0.1:1/x.csv'.*network"):
        DataSets.load_bank_data(sqlite_conn, url="http://127.0.0.1:1/x.csv")
    with pytest.raises(errors.UnreachableFileError, match="give its path"):
        DataSets.load_bank_data(sqlite_conn, url=str(tmp_path / "none.csv"))
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(errors.InvalidArgumentError, match="is not the bank marketing data: expected the columns AGE"):
        DataSets.load_bank_data(sqlite_conn, url=str(other))
    assert sqlite_conn.get_tables().empty


def test_the_same_content_on_every_database(sqlite_url, postgres_url):
    hashes = set()
    for url in (sqlite_url, postgres_url):
        with ConnectionContext(url) as conn:
            full = DataSets.load_iris_data(conn)[0].sort("ID")
            hashes.add(full.facts(full.collect()).content_hash)
    assert len(hashes) == 1
