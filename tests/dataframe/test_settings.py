"""What notebooks call around their connection: settings, options, the trace of statements."""

from __future__ import annotations

import logging

import pytest

from hanalife import ConnectionContext, errors
from hanalife.dataframe import creation
from hanalife.dataframe.settings import Settings


@pytest.fixture
def ini(tmp_path):
    """Give the path of a file with two sections."""
    path = tmp_path / "life.ini"
    path.write_text(
        f"[hana]\nurl=sqlite:///{tmp_path / 'life.db'}\n[other]\nurl=host\nport=30015\nuser=u\npasswd=50%\n"
    )
    return path


def test_a_file_says_where_to_connect(ini):
    assert Settings.load_config(str(ini), "other") == ("host", 30015, "u", "50%")
    url, port, user, password = Settings.load_config(str(ini))
    with ConnectionContext(url, port, user, password) as conn:
        assert (conn.address, conn.port, conn.userkey) == (url, 0, None)
        assert conn.database.url.database.endswith("life.db")


def test_a_file_that_says_nothing(ini, tmp_path):
    with pytest.raises(ValueError, match=r"tag: no section 'none' in .*; it has: hana, other"):
        Settings.load_config(str(ini), "none")
    with pytest.raises(ValueError, match=r"config_file: cannot read 'nowhere.ini'"):
        Settings.load_config("nowhere.ini")
    bad = tmp_path / "bad.ini"
    bad.write_text("passwd=secret\n")
    with pytest.raises(ValueError, match="is not an ini file") as caught:
        Settings.load_config(str(bad))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["hanalife", "hanalife.dataframe.tracing"])
def test_the_level_of_the_logs(sqlite_conn, name):
    log = logging.getLogger(name)
    set_level = Settings.set_log_level if name == "hanalife" else sqlite_conn.sql_tracer.set_log_level
    before = log.level
    try:
        set_level("warn")
        assert log.level == logging.WARNING
        with pytest.raises(ValueError, match="level: 'loud' is not one of 'debug', 'info'"):
            set_level("loud")
    finally:
        log.setLevel(before)


def test_tuning_of_saps_driver_is_ignored(caplog):
    with caplog.at_level("DEBUG"), ConnectionContext("sqlite://", encrypt="true", sslValidateCertificate=False) as conn:
        assert conn.properties == {"encrypt": "true", "sslValidateCertificate": False}
    assert "encrypt, sslValidateCertificate: tuning of SAP HANA, ignored" in caplog.text


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"userkey": "KEY"}, NotImplementedError, "SAP HANA is not supported"),
        ({"port": 443, "user": "u", "password": "p"}, NotImplementedError, "SAP HANA is not supported"),
        ({"autocommit": False}, NotImplementedError, r"one execute_sql\(\) call"),
        ({"use_credentialstore": True}, ValueError, "needs credentialstore_namespace"),
        ({"adress": "sqlite://"}, TypeError, "unknown argument 'adress'"),
    ],
)
def test_options_that_mean_another_database(options, error, message):
    with pytest.raises(error, match=message):
        ConnectionContext(**options)


def test_the_statements_that_were_sent(conn, caplog):
    conn.create_table("T", {"ID": "INT"})
    tracer = conn.sql_tracer
    assert tracer.get_sql_trace() == []
    tracer.enable_trace_history(enable=True)
    tracer.enable_sql_trace(enable=True)
    with caplog.at_level("INFO"):
        conn.table("T").filter("ID > 7").collect()
    assert 'FROM "T"' in conn.last_execute_statement
    assert conn.last_execute_statement == conn.execute_statement == tracer.get_sql_trace()[-1]
    assert conn.last_execute_statement in caplog.text
    assert "7" not in conn.last_execute_statement, "values are not written down"
    tracer.set_sql_trace("ignored")
    tracer.clean_trace_history()
    tracer.enable_trace_history(enable=False)
    conn.table("T").count()
    assert tracer.get_sql_trace() == []


@pytest.mark.parametrize(
    "function",
    [
        creation.create_dataframe_from_spark,
        creation.create_dataframe_from_shapefile,
        creation.export_into,
        creation.import_from,
        creation.data_manipulation,
    ],
)
def test_functions_of_saps_server_name_the_way_here(function):
    with pytest.raises(errors.NotSupportedError, match=f"{function.__name__}: not supported; "):
        function(None, "T")
