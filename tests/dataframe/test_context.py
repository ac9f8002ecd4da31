"""Opening a database, and what is said when that fails."""

from __future__ import annotations

import logging

import pytest

from hanalife import ConnectionContext, DataSets, errors


def test_without_an_address_the_environment_or_the_working_directory_decides(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HANALIFE_URL", raising=False)
    with ConnectionContext() as conn:
        conn.get_tables()
    assert (tmp_path / "hanalife.db").exists()
    monkeypatch.setenv("HANALIFE_URL", "sqlite:///other.db")
    with ConnectionContext() as conn:
        conn.get_tables()
    assert (tmp_path / "other.db").exists()


@pytest.mark.parametrize(
    ("address", "error", "words"),
    [
        ("no url", errors.InvalidArgumentError, "sqlite:///file.db"),
        ("mysql://u:secret@h/d", errors.InvalidArgumentError, "'mysql' is not a supported database"),
        ("sqlite:////no/such/folder/x.db", errors.UnreachableDatabaseError, "folder exists"),
        ("postgresql://u:secret@127.0.0.1:1/d", errors.UnreachableDatabaseError, "server runs"),
    ],
)
def test_a_database_that_cannot_be_opened(address, error, words):
    with pytest.raises(error, match=words) as caught:
        ConnectionContext(address)
    assert "secret" not in str(caught.value)


def test_the_form_of_sap_hana_says_what_to_use():
    with pytest.raises(errors.NotSupportedError, match="sqlite:///"):
        ConnectionContext("host", 443, "user", "secret")


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "x.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(errors.UnreachableDatabaseError, match="not a database"):
        ConnectionContext(f"sqlite:///{path}")


def test_a_missing_table_lists_the_tables(conn, diabetes):
    with pytest.raises(errors.TableNotFoundError, match="'NOPE' does not exist; the tables are: PIMA"):
        conn.table("NOPE")


def test_dropping_a_table_twice_is_only_logged(bare_url, caplog):
    with ConnectionContext(bare_url) as conn:
        DataSets.load_diabetes_data(conn)
        assert conn.get_tables()["TABLE_NAME"].tolist() == ["PIMA_INDIANS_DIABETES_TBL"]
        conn.drop_table("PIMA_INDIANS_DIABETES_TBL")
        assert conn.get_tables().empty
        with caplog.at_level(logging.INFO):
            conn.drop_table("PIMA_INDIANS_DIABETES_TBL")
        assert "does not exist" in caplog.text


def test_no_password_is_shown(bare_postgres_url):
    address = bare_postgres_url.replace("postgres@", "postgres:secret@")
    with ConnectionContext(address) as conn:
        assert "secret" not in repr(conn)
        assert "secret" not in repr(conn.database)
        with conn.copy() as other:
            assert other.get_tables().empty


def test_a_closed_connection_says_so(conn):
    conn.close()
    with pytest.raises(errors.InvalidArgumentError, match="closed"):
        conn.get_tables()


def test_several_calls_share_one_transaction(conn, diabetes):
    def write_two_tables_and_fail():
        with conn.session(writes=True):
            diabetes.head(5).save("A")
            diabetes.head(5).save("B")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_two_tables_and_fail()
    assert not conn.has_table("A")
    assert not conn.has_table("B")
