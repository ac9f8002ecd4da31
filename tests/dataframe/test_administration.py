"""Tables, views, keys and schemas through the connection."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, DataFrame, errors

STRUCTURE = {"ID": "INT", "NAME": "NVARCHAR(20)", "X": "DOUBLE"}


@pytest.fixture
def postgres(postgres_url):
    with ConnectionContext(postgres_url) as conn:
        yield conn


def test_statements_take_effect_together_or_not_at_all(conn, tmp_path):
    conn.execute_sql("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1); -- one; two\nINSERT INTO a VALUES (2)")
    assert conn.table("a").count() == 2
    with pytest.raises(errors.BadSQLError, match="sql: the database refused"):
        conn.execute_sql("INSERT INTO a VALUES (3); INSERT INTO b VALUES (4)")
    assert conn.table("a").count() == 2
    script = tmp_path / "more.sql"
    script.write_text("INSERT INTO a VALUES (5);\n\n;INSERT INTO a\nVALUES (6);", "utf-8")
    conn.execute_sql(str(script))
    assert conn.table("a").count() == 4
    conn.execute_sql("UPDATE a SET x = x % 5 WHERE '100%' = '100%'")
    assert sorted(conn.table("a").collect()["x"]) == [0, 1, 1, 2]


def test_a_trigger_is_one_statement(sqlite_conn):
    sqlite_conn.execute_sql(
        "CREATE TABLE a (x INTEGER); CREATE TABLE b (x INTEGER);"
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (1); INSERT INTO b VALUES (';'); END;"
        "INSERT INTO a VALUES (1)"
    )
    assert sqlite_conn.table("b").count() == 2


def test_tables_are_made_emptied_and_dropped(conn):
    conn.create_table("T", STRUCTURE)
    assert {name: kind for name, kind, *_ in conn.table("T").dtypes()} == {
        "ID": "INT", "NAME": "NVARCHAR", "X": "DOUBLE",
    }  # fmt: skip
    with pytest.raises(errors.InvalidArgumentError, match="'T' exists"):
        conn.create_table("T", STRUCTURE)
    conn.execute_sql("""INSERT INTO "T" VALUES (1, 'a', 0.5)""")
    conn.truncate_table("T")
    assert conn.table("T").count() == 0
    conn.execute_sql('CREATE VIEW "V" AS SELECT * FROM "T"')
    assert conn.has_table("T")
    assert not conn.has_table("V"), "a view is no table"
    assert conn.table("V", save_source=False).source_table is None
    with pytest.raises(errors.NotSupportedError, match=r"use filter\(\)"):
        conn.table("V", view_params=[1])
    conn.drop_view("V")
    conn.drop_view("V")
    with pytest.raises(errors.TableNotFoundError):
        conn.table("V")
    conn.drop_table("T", drop_option="RESTRICT")
    with pytest.raises(errors.TableNotFoundError, match="'T' does not exist"):
        conn.truncate_table("T")
    with pytest.raises(errors.InvalidArgumentError, match="table_type"):
        conn.create_table("T", STRUCTURE, table_type="HEAP")
    with pytest.raises(errors.InvalidArgumentError, match="use '#T'"):
        conn.create_table("T", STRUCTURE, table_type="temporary")
    with pytest.raises(errors.InvalidArgumentError, match="at least one column"):
        conn.create_table("T", {})
    with pytest.raises(errors.InvalidArgumentError, match="drop_option"):
        conn.drop_table("T", drop_option="MAYBE")


def test_what_a_view_needs_is_dropped_with_it_only_when_asked(postgres):
    postgres.create_table("T", STRUCTURE)
    postgres.execute_sql('CREATE VIEW "V" AS SELECT * FROM "T"')
    with pytest.raises(errors.InvalidArgumentError, match="drop_option='CASCADE'"):
        postgres.drop_table("T")
    postgres.drop_table("T", drop_option="CASCADE")
    assert not postgres.has_table("V")


def test_temporary_tables_belong_to_their_session(conn, url):
    conn.create_table("#T", STRUCTURE, table_type="TEMPORARY")
    listed = conn.get_temporary_tables()
    assert listed["TABLE_NAME"].tolist() == ["#T"]
    assert listed["CONNECTION_ID"].tolist() == [conn.get_connection_id()]
    with ConnectionContext(url) as other:
        assert not other.has_table("#T")
        assert other.get_temporary_tables().empty
    with pytest.raises(errors.NotSupportedError, match="other connections"):
        conn.get_temporary_tables(list_other_connections=True)
    conn.clean_up_temporary_tables()
    assert not conn.has_table("#T")


def test_schemas(postgres, sqlite_conn):
    postgres.create_schema("s%1")
    assert postgres.has_schema("s%1")
    assert not postgres.has_schema("s2")
    assert {"public", "s%1"} <= set(postgres.get_schemas()["SCHEMA_NAME"])
    postgres.create_table("T", STRUCTURE, schema="s%1")
    assert postgres.get_tables("s%1")["TABLE_NAME"].tolist() == ["T"]
    assert postgres.table("T", schema="s%1").collect().empty
    assert sqlite_conn.has_schema("main")
    with pytest.raises(errors.NotSupportedError, match="create_schema: not possible on sqlite"):
        sqlite_conn.create_schema("s")


def test_keys(postgres, sqlite_conn):
    postgres.create_table("T", STRUCTURE)
    postgres.execute_sql("""INSERT INTO "T" VALUES (1, 'a', 0.5), (2, 'b', 0.5)""")
    with pytest.raises(errors.InvalidArgumentError, match="cannot be changed"):
        postgres.add_primary_key("T", ["X"])
    with pytest.raises(errors.UnknownColumnError, match="columns: no column 'Y'"):
        postgres.add_primary_key("T", "Y")
    postgres.add_primary_key("T", ["ID", "NAME"])
    with postgres.session() as connection:
        assert sa.inspect(connection).get_pk_constraint("T")["constrained_columns"] == ["ID", "NAME"]
    postgres.drop_primary_key("T")
    postgres.drop_primary_key("T")
    with postgres.session() as connection:
        assert sa.inspect(connection).get_pk_constraint("T")["constrained_columns"] == []
    postgres.add_auto_incremented_key("T", "NR", starting_point=10, auto_increment=5)
    postgres.execute_sql("""INSERT INTO "T" ("ID", "NAME") VALUES (3, 'c')""")
    assert postgres.table("T").sort("NR").collect()["NR"].tolist() == [10, 15, 20]
    for call in (sqlite_conn.add_primary_key, sqlite_conn.add_auto_incremented_key):
        with pytest.raises(errors.NotSupportedError, match=r"primary_key=\.\.\."):
            call("T", "ID")


def test_who_and_what_it_is(conn, sqlite_url):
    assert conn.hana_major_version() == "0"
    assert conn.dialect.name in conn.hana_version()
    assert not conn.is_cloud_version()
    assert isinstance(conn.get_connection_id(), int)
    with conn.to_sqlalchemy().connect() as plain:
        assert plain.execute(sa.select(sa.literal(1))).scalar() == 1
    with ConnectionContext(sqlite_url) as embedded:
        assert embedded.get_connection_id() == os.getpid()
        with pytest.raises(errors.NotSupportedError, match="no server"):
            embedded.cancel_session_process()


def test_procedures_are_listed_and_dropped(conn, postgres):
    assert conn.get_procedures().columns.tolist() == ["PROCEDURE_NAME"]
    assert conn.get_procedures().empty
    conn.drop_procedure("P")
    postgres.execute_sql('CREATE SCHEMA s; CREATE PROCEDURE s."P"() LANGUAGE SQL AS $$ SELECT 1 $$')
    assert postgres.get_procedures("s")["PROCEDURE_NAME"].tolist() == ["P"]
    assert postgres.get_procedures().empty
    postgres.drop_procedure("P", "s", drop_option="RESTRICT")
    assert postgres.get_procedures("s").empty


def test_the_current_schema_is_the_sessions(postgres, sqlite_conn):
    assert sqlite_conn.get_current_schema() == "main"
    assert postgres.get_current_schema() == "public"
    postgres.execute_sql("CREATE SCHEMA s; SET search_path TO s")
    assert postgres.get_current_schema() == "s"


def test_what_only_sap_hana_can_do(sqlite_conn):
    with pytest.raises(errors.NotSupportedError, match=r"copy_to_data_lake: .* use save\(\)"):
        sqlite_conn.copy_to_data_lake("T")
    with pytest.raises(errors.NotSupportedError, match="second ConnectionContext"):
        sqlite_conn.create_virtual_table("T")


def test_a_new_session_has_nothing_of_the_old_one(postgres):
    postgres.create_table("#T", STRUCTURE)
    postgres.execute_sql("SET search_path TO nowhere")
    old = postgres.get_connection_id()
    with pytest.raises(errors.NotSupportedError, match="only this connection's own"):
        postgres.restart_session(old + 1)
    postgres.restart_session()
    assert postgres.get_connection_id() != old
    assert not postgres.has_table("#T")
    assert DataFrame(postgres, "SELECT current_setting('search_path') AS p").collect()["p"][0] != "nowhere"
