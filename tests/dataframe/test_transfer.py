"""Rows to the database and back: every type, both ways of moving them, any cut into batches."""

# ruff: noqa: DTZ001 - a TIMESTAMP has no zone

from __future__ import annotations

import datetime as dt
import math
import os
import subprocess
import sys
import threading
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanalife import ConnectionContext, DataFrame, errors
from hanalife.dataframe.transfer import hashing, writing
from hanalife.dataframe.transfer import pandas as to_pandas

TYPES = {
    "BIG": (sa.BigInteger(), pa.int64()),
    "WHOLE": (sa.Integer(), pa.int64()),
    "SMALL": (sa.SmallInteger(), pa.int64()),
    "YES": (sa.Boolean(), pa.bool_()),
    "X": (sa.Double(), pa.float64()),
    "PRICE": (sa.Numeric(12, 3), pa.decimal128(12, 3)),
    "NAME": (sa.String(100), pa.large_string()),
    "NOTE": (sa.Text(), pa.large_string()),
    "DAY": (sa.Date(), pa.date32()),
    "AT": (sa.DateTime(), pa.timestamp("us")),
    "CLOCK": (sa.Time(), pa.time64("us")),
    "RAW": (sa.LargeBinary(), pa.large_binary()),
}
SCHEMA = pa.schema([pa.field("ID", pa.int64())] + [pa.field(name, kind) for name, (_, kind) in TYPES.items()])

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
years = {"min_value": dt.datetime(1, 1, 1), "max_value": dt.datetime(9999, 12, 31)}
values = st.fixed_dictionaries(
    {
        "BIG": st.none() | st.integers(-(2**63), 2**63 - 1),
        "WHOLE": st.none() | st.integers(-(2**31), 2**31 - 1),
        "SMALL": st.none() | st.integers(-(2**15), 2**15 - 1),
        "YES": st.none() | st.booleans(),
        "X": st.none() | st.floats(allow_nan=False).map(lambda x: x + 0.0),  # SQLite has no -0.0
        "PRICE": st.none() | st.decimals(-999_999_999, 999_999_999, places=3),
        "NAME": st.none() | texts,
        "NOTE": st.none() | texts,
        "DAY": st.none() | st.dates(),
        "AT": st.none() | st.datetimes(**years),
        "CLOCK": st.none() | st.times(),
        "RAW": st.none() | st.binary(max_size=20),
    }
)
few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Outside a transaction PostgreSQL is written and read in columns; a temporary table never is.
places = pytest.mark.parametrize("place", ["T", "#T"])


def table_of(place):
    columns = [sa.Column(name, kind) for name, (kind, _) in TYPES.items()]
    prefixes = ["TEMPORARY"] if place.startswith("#") else []
    return sa.Table(place, sa.MetaData(), sa.Column("ID", sa.BigInteger()), *columns, prefixes=prefixes)


def batch_of(rows):
    return pa.RecordBatch.from_pylist([{"ID": i} | row for i, row in enumerate(rows)], SCHEMA)


def put(conn, place, *batches):
    writing.write_batches(conn, table_of(place), iter(batches), create=True)
    return conn.table(place).sort("ID")


def rows_of(frame, size=50_000):
    return [row for batch in frame.batches(size) for row in batch.to_pylist()]


@places
@few
@given(rows=st.lists(values, max_size=8), size=st.integers(1, 9))
def test_every_value_comes_back_as_it_was(conn, place, rows, size):
    sent = batch_of(rows)
    frame = put(conn, place, *[sent.slice(start, size) for start in range(0, max(len(rows), 1), size)])
    batches = list(frame.batches(size))
    assert all(batch.schema == SCHEMA and batch.num_rows <= size for batch in batches)
    assert [row for batch in batches for row in batch.to_pylist()] == sent.to_pylist()
    # The same rows, whichever way and in whichever portions they came, have one hash.
    assert hashing.fingerprint(batches) == hashing.fingerprint([sent])
    assert frame.facts(frame.collect()).content_hash == hashing.fingerprint([sent])


@places
def test_pandas_gets_nullable_types_only_where_there_is_a_null(conn, place):
    names = ("BIG", "YES", "X", "PRICE", "NAME", "DAY", "AT", "RAW")
    first = {
        "BIG": 9007199254740993, "YES": True, "X": 0.5, "PRICE": Decimal("1.500"), "NAME": "a",
        "DAY": dt.date(2026, 1, 2), "AT": dt.datetime(2026, 1, 2, 3, 4, 5, 6), "RAW": b"\0\xff",
    }  # fmt: skip
    full = put(conn, place, batch_of([first])).select(*names).collect()
    assert [str(kind) for kind in full.dtypes] == [
        "int64", "bool", "float64", "object", "str", "object", "datetime64[us]", "object",
    ]  # fmt: skip
    gaps = put(conn, place, batch_of([first, dict.fromkeys(first)])).select(*names).collect()
    assert [str(kind) for kind in gaps.dtypes] == [
        "Int64", "boolean", "float64", "object", "str", "object", "datetime64[us]", "object",
    ]  # fmt: skip
    assert gaps.iloc[0].tolist() == list(first.values())
    assert gaps.iloc[1].isna().all()
    gaps.loc[0, "X"] = 7.0  # the arrays are the caller's own


@places
def test_a_null_far_behind_the_first_batch(conn, place):
    numbers = pa.array([*range(120_000), None])
    frame = put(conn, place, *pa.table({"ID": range(120_001), **{n: numbers if n == "BIG" else pa.nulls(120_001, t) for n, (_, t) in TYPES.items()}}, SCHEMA).to_batches(30_000))  # fmt: skip  # noqa: E501
    big = frame.collect()["BIG"]
    assert big.dtype == "Int64"
    assert big[:-1].tolist() == list(range(120_000))
    assert big.isna().sum() == 1


@places
def test_no_row_still_has_its_types(conn, place):
    frame = put(conn, place, batch_of([]))
    (batch,) = frame.batches()
    assert batch.schema == SCHEMA
    assert batch.num_rows == 0
    assert frame.collect().shape == (0, 13)
    assert frame.select("BIG", "X").collect().dtypes.astype(str).tolist() == ["int64", "float64"]


def test_a_size_that_is_none(sqlite_conn):
    frame = put(sqlite_conn, "T", batch_of([]))
    with pytest.raises(errors.InvalidArgumentError, match="size: expected a number of rows of at least 1, got 0"):
        frame.batches(0)


@places
def test_bound_values_of_every_kind(conn, place):
    row = {
        "BIG": 2**62, "WHOLE": 5, "SMALL": 1, "YES": True, "X": 0.1, "PRICE": Decimal("12.345"), "NAME": "it's $1 %s ?",
        "NOTE": "n", "DAY": dt.date(2026, 1, 2), "AT": dt.datetime(2026, 1, 2, 3, 4, 5, 6),
        "CLOCK": dt.time(1, 2, 3), "RAW": b"\0'",
    }  # fmt: skip
    frame = put(conn, place, batch_of([row, dict.fromkeys(row)]))
    known = {column.key: column for column in frame.query.subquery().columns}
    for name, value in row.items():
        for clause in (known[name] == value, known[name].in_([value])):
            assert rows_of(frame.from_query(conn, sa.select(*known.values()).where(clause))) == [{"ID": 0} | row]
    if conn.dialect.name == "postgresql":  # SQLite takes no number of NumPy's
        assert len(rows_of(frame.from_query(conn, sa.select(*known.values()).where(known["BIG"] > np.int64(7))))) == 1


def test_a_nan_counts_as_null_in_the_hash(conn):
    frame = put(conn, "T", batch_of([{"X": math.nan}, {"X": -0.0}]))
    expected = hashing.fingerprint([batch_of([{"X": None}, {"X": 0.0}])])
    assert hashing.fingerprint(frame.batches()) == expected
    assert frame.facts(frame.collect()).content_hash == expected


def test_what_the_hash_tells_apart():
    def digest(*columns, names=("A", "B")):
        return hashing.fingerprint([pa.record_batch(list(columns), names=list(names)[: len(columns)])])

    text = pa.array(["ab", "c"], pa.large_string())
    assert digest(text) != digest(pa.array(["a", "bc"], pa.large_string()))
    assert digest(text) == digest(pa.array(["c", "ab"], pa.large_string())), "rows have no order"
    assert digest(text, pa.array([1, 2])) != digest(text, pa.array([2, 1])), "but a row is one"
    assert digest(text) != digest(pa.array(["ab", "c", "c"], pa.large_string()))
    assert digest(text) != digest(pa.array([b"ab", b"c"], pa.large_binary()))
    assert digest(text) != digest(text, names=("B",))
    assert digest(text, pa.array([1, 2])) != digest(text, pa.array([1.0, 2.0]))
    assert digest(pa.array([0])) != digest(pa.array([None], pa.int64()))
    assert digest(pa.array(["", ""])) != digest(pa.array([None, ""]))
    money = [pa.array([Decimal("1.50")], pa.decimal128(5, scale)) for scale in (2, 3)]
    assert digest(money[0]) == digest(money[1])


def test_texts_of_any_length_are_told_apart_byte_by_byte():
    texts = [chr(0x61 + length % 26) * length for length in (*range(40), *range(250, 262), 5000)]
    rows = pa.record_batch({"T": pa.array(texts, pa.large_string())})
    expected = hashing.fingerprint([rows])
    turned = rows.take(pa.array(np.random.default_rng(1).permutation(len(texts))))
    assert hashing.fingerprint([turned.slice(0, 7), turned.slice(7)]) == expected
    seen = {expected}
    for place, text in enumerate(texts):
        for at in {0, len(text) // 2, len(text) - 1} if text else ():
            changed = [*texts[:place], f"{text[:at]}!{text[at + 1 :]}", *texts[place + 1 :]]
            seen.add(hashing.fingerprint([pa.record_batch({"T": pa.array(changed, pa.large_string())})]))
    assert len(seen) == 1 + sum(len({0, len(text) // 2, len(text) - 1}) for text in texts if text)


def test_texts_that_repeat_hash_as_texts_that_do_not():
    """The hash of many rows takes each text of a batch once."""
    texts = ["b", "a", ""] * 200
    many = hashing.row_hashes(pa.record_batch({"T": pa.array(texts, pa.large_string())}))
    few = hashing.row_hashes(pa.record_batch({"T": pa.array(texts[:3], pa.large_string())}))
    assert (many == np.tile(few, 200)).all()


def test_a_sum_of_decimals_keeps_all_its_digits(postgres_url):
    with ConnectionContext(postgres_url) as conn:
        conn.execute_sql("CREATE TABLE m (a NUMERIC(30, 12)); INSERT INTO m VALUES (0.123456789012), (1e15)")
        frame = conn.table("m")
        total = sa.select(sa.func.sum(frame.query.selected_columns["a"]).label("s"))
        assert frame.from_query(conn, total).collect()["s"].tolist() == [Decimal("1000000000000000.123456789012")]
        assert DataFrame(conn, "SELECT avg(a) * 10 AS x FROM m").collect()["x"].iloc[0] == Decimal(
            "5000000000000000.61728394506"
        )


def test_more_digits_than_sqlite_keeps_are_refused(sqlite_conn):
    target = sa.Table("D", sa.MetaData(), sa.Column("P", sa.Numeric(30, 10)))
    batch = pa.record_batch({"P": pa.array([Decimal("12345678901234567.8901234567")], pa.decimal128(30, 10))})
    with pytest.raises(errors.InvalidArgumentError, match="P: this database keeps 15 digits"):
        writing.write_batches(sqlite_conn, target, iter([batch]), create=True)
    assert not sqlite_conn.has_table("D")


def test_types_that_arrow_does_not_have_travel_as_text(postgres_url):
    with ConnectionContext(postgres_url) as conn:
        conn.execute_sql(
            "CREATE TYPE mood AS ENUM ('good'); CREATE TABLE o (u UUID, j JSONB, m mood, t TIMESTAMPTZ, a INT[]);"
            "INSERT INTO o VALUES ('00000000-0000-0000-0000-000000000001', '{\"a\": 1}', 'good',"
            " '2026-01-02 03:04:05+01', '{1,2}')"
        )
        moment = dt.datetime(2026, 1, 2, 2, 4, 5, tzinfo=dt.UTC)
        expected = {
            "u": "00000000-0000-0000-0000-000000000001", "j": '{"a": 1}', "m": "good", "t": moment, "a": "{1,2}",
        }  # fmt: skip
        assert rows_of(conn.table("o")) == [expected]
        assert rows_of(DataFrame(conn, "SELECT u, j, m, t, a::text AS a FROM o")) == [expected]
        with conn.copy() as other:
            assert rows_of(other.table("o")) == [expected]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("INTEGER", "'x'", "N: the column is declared as int64 but holds 'x'"),
        ("INTEGER", "2.5", "N: the column is declared as int64 but holds '2.5'"),
        ("DOUBLE", "'x'", "N: the column is declared as double but holds 'x'"),
        ("BOOLEAN", "3000", "N: the column is declared as bool but holds '3000'"),
        ("DATE", "'soon'", "N: the column is declared as date32"),
    ],
)
def test_a_value_that_is_not_of_the_declared_type(sqlite_conn, kind, value, words):
    sqlite_conn.execute_sql(f"CREATE TABLE w (N {kind}); INSERT INTO w VALUES (1), ({value})")
    if kind == "DATE":
        sqlite_conn.execute_sql("DELETE FROM w WHERE N = 1")
    with pytest.raises(errors.InvalidArgumentError, match=words):
        sqlite_conn.table("w").collect()


def test_computed_columns_of_a_text_have_the_types_of_their_values(conn):
    conn.execute_sql("CREATE TABLE c (a INTEGER, b DOUBLE PRECISION); INSERT INTO c VALUES (1, 0.5), (NULL, 2)")
    rows = DataFrame(
        conn, "SELECT a, a * 2 AS twice, b + 1 AS more, 'x' || a AS word, COUNT(*) OVER () AS n FROM c"
    ).collect()
    assert rows["twice"].tolist()[0] == 2
    assert [str(kind) for kind in rows.dtypes] == ["Int64", "Int64", "float64", "str", "int64"]
    assert DataFrame(conn, "SELECT a, a * 2 AS twice FROM c WHERE a > 7").collect().shape == (0, 2)


def test_an_open_transaction_is_seen_by_its_own_reader_only(conn, url):
    put(conn, "T", batch_of([{"BIG": 1}]))
    with ConnectionContext(url) as other:
        with conn.session(writes=True) as connection:
            connection.execute(table_of("T").insert().values(ID=1, BIG=2))
            assert conn.table("T").collect().shape[0] == 2
            assert other.table("T").collect().shape[0] == 1
        assert other.table("T").collect().shape[0] == 2


def test_a_stream_sees_one_moment_while_others_write(conn):
    frame = put(conn, "T", batch_of([{"BIG": n} for n in range(6_000)]))
    stream = frame.batches(1_000)
    seen = [next(stream)]
    conn.truncate_table("T") if conn.dialect.name == "sqlite" else conn.execute_sql('UPDATE "T" SET "BIG" = 0')
    seen.extend(stream)
    assert [row["BIG"] for batch in seen for row in batch.to_pylist()] == list(range(6_000))


def test_reading_in_one_thread_while_another_writes(conn):
    put(conn, "T", batch_of([{"BIG": n} for n in range(5_000)]))
    counts, failures = [], []

    def read():
        try:
            counts.extend(len(conn.table("T").collect()) for _ in range(5))
        except BaseException as error:
            failures.append(error)
            raise

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(5):
        writing.write_batches(conn, table_of("T"), iter([batch_of([{}] * 100)]))
    reader.join(60)
    assert failures == []
    assert all(count % 100 == 0 and 5_000 <= count <= 5_500 for count in counts)
    assert len(counts) == 5


@places
def test_a_refused_row_leaves_nothing_behind(conn, place):
    columns = [sa.Column("ID", sa.BigInteger(), primary_key=True, autoincrement=False)]
    target = sa.Table(place, sa.MetaData(), *columns, prefixes=["TEMPORARY"] if place == "#T" else [])
    batches = [pa.record_batch({"ID": pa.array(ids)}) for ids in ([1, 2], [3, 1])]
    writing.write_batches(conn, target, iter(batches[:1]), create=True)
    with pytest.raises(errors.InvalidArgumentError, match=r"(?s)'#?T' refused the rows.*Nothing was written") as caught:
        writing.write_batches(conn, target, iter(batches[1:]))
    assert caught.value.__cause__ is not None
    assert rows_of(conn.table(place).sort("ID")) == [{"ID": 1}, {"ID": 2}]


def test_a_statement_that_fails_while_it_runs(conn):
    frame = put(conn, "T", batch_of([{"NAME": "no number"}]))
    bad = sa.select(sa.cast(frame.query.selected_columns["NAME"], sa.Integer()).label("N"))
    if conn.dialect.name == "postgresql":
        with pytest.raises(sa.exc.DataError, match="no number"):
            frame.from_query(conn, bad).collect()
    assert frame.collect()["NAME"].tolist() == ["no number"]


def test_a_dropped_connection_is_opened_again_for_readers_and_reported_to_writers(postgres_url):
    with ConnectionContext(postgres_url) as conn, ConnectionContext(postgres_url) as other:
        frame = put(conn, "T", batch_of([{"BIG": 1}]))
        frame.collect()

        def drop_all():
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            other.execute_sql(f"{others} AND datname = current_database()")

        drop_all()
        assert frame.collect()["BIG"].tolist() == [1]
        drop_all()
        assert frame.count() == 1
        drop_all()
        with pytest.raises(errors.UnreachableDatabaseError, match="nothing of this call was written"):
            conn.truncate_table("T")
        assert frame.count() == 1
        drop_all()
        with pytest.raises(errors.UnreachableDatabaseError, match="nothing was written"):
            put(conn, "T", batch_of([{"BIG": 2}]))
        assert put(conn, "T", batch_of([{"BIG": 3}])).collect()["BIG"].tolist() == [3]


def test_a_search_path_counts_for_frames(postgres_url):
    with ConnectionContext(postgres_url) as conn:
        put(conn, "T", batch_of([{"BIG": 1}]))
        conn.create_schema("other")
        conn.execute_sql('CREATE TABLE other."T" ("BIG" BIGINT); INSERT INTO other."T" VALUES (2)')
        conn.execute_sql("SET search_path TO other")
        assert conn.sql('SELECT "BIG" FROM "T"').collect()["BIG"].tolist() == [2]


def test_a_pandas_frame_of_every_kind(conn):
    data = pd.DataFrame(
        {
            "WHOLE": pd.array([1, None], dtype="Int64"),
            "SMALL": np.array([1, 2], dtype="int8"),
            "X": np.array([1.5, np.nan], dtype="float32"),
            "YES": pd.array([True, None], dtype="boolean"),
            "KIND": pd.Categorical(["a", None]),
            "AT": pd.to_datetime(["2026-01-02 03:04:05.123456789", None], format="ISO8601"),
            "ZONED": pd.to_datetime(["2026-01-02 03:04:05+01:00", None], utc=False),
            "MIXED": [1, "two"],
            "DAY": [dt.date(2026, 1, 2), None],
            "COUNT": [1.0, np.nan],
        }
    )
    types = {
        "WHOLE": "INT", "SMALL": "INT", "X": "DOUBLE", "YES": "BOOLEAN", "KIND": "NVARCHAR", "AT": "TIMESTAMP",
        "ZONED": "TIMESTAMP", "MIXED": "NVARCHAR", "DAY": "DATE", "COUNT": "INT",
    }  # fmt: skip
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, 123456)
    first = [1, 1, 1.5, True, "a", moment, dt.datetime(2026, 1, 2, 2, 4, 5), "1", dt.date(2026, 1, 2), 1]
    rows = rows_of(conn.create_from_pandas(data, "P", types).sort("SMALL"))
    assert list(rows[0].values()) == first
    assert list(rows[1].values()) == [None, 2, None, None, None, None, None, "two", None, None]


def test_a_value_that_does_not_fit_its_column(conn):
    with pytest.raises(errors.InvalidArgumentError, match=r"A: .*x"):
        conn.create_from_pandas(pd.DataFrame({"A": ["1", "x"]}), "P", {"A": "INT"})
    assert not conn.has_table("P")
    with pytest.raises(errors.InvalidArgumentError, match="A: "):
        conn.create_from_pandas(pd.DataFrame({"A": [1.0, 2.5]}), "P", {"A": "INT"})
    assert not conn.has_table("P")


_FORKING = """
import os
import pandas as pd
from hanalife import ConnectionContext

conn = ConnectionContext("sqlite://")
rows = conn.create_from_pandas(pd.DataFrame({"ID": range(600_000)}), "T", {"ID": "INT"}).collect()
if os.fork() == 0:
    rows.loc[:, "ID"] = -1
    os._exit(0)
os.wait()
assert rows["ID"].tolist() == list(range(600_000)), rows
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_changes_its_own_rows():
    subprocess.run([sys.executable, "-c", _FORKING], check=True)


def test_texts_are_gathered_whatever_their_cut():
    texts = ["", None, "ä€😀", "x" * 40, None, ""] * 50
    whole = pa.array(texts, pa.large_string())
    none = pa.nulls(3, pa.large_string())
    parts = [whole.slice(7, 100), whole.slice(0, 0), none, whole.slice(290)]
    rows = to_pandas.gather([pa.RecordBatch.from_arrays([part], names=["T"]) for part in parts])
    assert str(rows["T"].dtype) == "str"
    assert [None if pd.isna(value) else value for value in rows["T"]] == [
        *texts[7:107], None, None, None, *texts[290:],
    ]  # fmt: skip
