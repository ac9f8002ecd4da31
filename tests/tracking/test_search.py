"""Searching runs: the databases answer as the reference does, and rows collect as the frame says."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanalife import ConnectionContext, search_runs
from hanalife import conditions as c
from hanalife.database import run_tags, run_values, runs, shared_records
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, SearchError
from hanalife.observation import MetricSource
from hanalife.records import Run, RunStatus
from hanalife.tracking import grammar
from tests.tracking import searches

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
TEXTS = [
    "",
    "ann",
    "Ann",
    "bob",
    "b%b",
    "b_b",
    "it's",
    'a "b"',
    "é",
    "Ωmega",
    "日本",
    "10",
    "10.0",
    "-0.5",
    "1e-3",
    "1e999",
]
TEXTS += [
    "nan",
    "inf",
    "-inf",
    "NaN",
    "true",
    "True",
    "null",
    "a\\b",
    "line\nbreak",
    "[x]",
    "<script>",
    "'; drop table x",
]
NUMBERS = [0.0, -0.5, 0.1, 0.8, 1.0, 10.0, 0.001, 1e300, -1e-300, 123456789.25]
METRICS = [*NUMBERS, math.nan, math.inf, -math.inf, "0.7, 0.8", "much"]
PARAMS = [*TEXTS, *NUMBERS, 10, -3, 2**60, True, False, None, math.nan, math.inf]
NAMES = ["AUC", "F1_SCORE_a b", 'x"y', "depth", "Größe", "TEST_AUC.MEAN"]


def make_runs(seed, count):
    """Return runs as the reference sees them, newest first."""
    source = random.Random(seed)
    made = []
    for number in range(count):
        ended = source.choice([None, 0.0, 1.5, 60.0, 3600.25])
        made.append(
            {
                "run_id": f"{seed:04x}{number:04x}",
                "experiment": source.choice(["first", "second é"]),
                "name": f"run {number}" if number % 3 else source.choice(TEXTS[1:]) + str(number),
                "attempt": 1,
                "status": source.choice(list(RunStatus)[:4]).value,
                "owner": source.choice(["ann", "bob", "Ωmega"]),
                "host": "host",
                "created": START + timedelta(hours=6 * (number // 2)),  # two at the same moment
                "ended": None if ended is None else START + timedelta(hours=6 * (number // 2), seconds=ended),
                "duration": ended,
                "procedure": source.choice(["", "UNIFIED"]),
                "description": source.choice(TEXTS),
                "dataset": source.choice(["", "PIMA"]),
                "dataset_source": "",
                "dataset_hash": source.choice([None, "ab" * 32, "cd" * 32]),
                "metrics": some_metrics(source),
                "params": some(source, PARAMS),
                "tags": some(source, TEXTS),
            }
        )
    return made[::-1]


def some(source, values):
    return {name: source.choice(values) for name in NAMES if source.random() < 0.6}


def some_metrics(source):
    """Return metrics that several sources have measured, under the names that calls give them."""
    keys = [(name, "user") for name in NAMES]
    keys += [("AUC", origin) for origin in ("test", "validation", "train")] + [("SCORE_AUC", "train")]
    keys += [("SCORE_AUC", "test"), ("TEST_AUC.MEAN", "cv"), ("depth", "production"), ("F1_SCORE_a b", "test")]
    return {key: source.choice(METRICS) for key in keys if source.random() < 0.4}


def store(conn, made):
    with conn.database.write() as connection:
        for run in reversed(made):
            given = {"description": run["description"], "owner": run["owner"], "host": run["host"], "pid": 1}
            given |= {"procedure": run["procedure"], "dataset_name": run["dataset"], "dataset_source": ""}
            given |= {"progress_done": 0, "progress_total": 0, "progress_text": "", "next_seq": 0, "revision": 0}
            if run["dataset_hash"]:
                content = f'{{"CONTENT_HASH": "{run["dataset_hash"]}"}}'
                given["dataset_id"] = shared_records.put(connection, "dataset", content)
            draft = Run(
                run_id=run["run_id"],
                experiment_id=run["experiment"],
                name=run["name"],
                attempt=0,
                status=RunStatus(run["status"]),
                created_at=run["created"],
                heartbeat_at=run["created"],
                ended_at=run["ended"],
                **given,
            )
            begun = runs.begin(connection, draft, "")
            points = [
                run_values.NewPoint(name, None, value, 0, MetricSource(origin))
                for (name, origin), value in run["metrics"].items()
            ]
            run_values.write(connection, begun.number, run["params"], points)
            for name, value in run["tags"].items():
                run_tags.add(connection, run["run_id"], 3, name, value)
                run_tags.add(connection, run["run_id"], 5, name, "of a later entry")
    for run in made:  # a parameter that is None is missing
        run["params"] = {name: value for name, value in run["params"].items() if value is not None}


class Filled(NamedTuple):
    """Stores with the same runs, one a database, and those runs, newest first."""

    conns: list
    made: list

    def __repr__(self):
        return "filled"


@pytest.fixture(scope="module")
def filled(tmp_path_factory, postgres_server):
    """Give stores with the same runs on both databases."""
    import sqlalchemy as sa

    made = make_runs(7, 60)
    admin = sa.create_engine(postgres_server.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE searches"))
    urls = [f"sqlite:///{tmp_path_factory.mktemp('searches') / 'life.db'}"]
    urls.append(sa.make_url(postgres_server.url).set(database="searches").render_as_string(hide_password=False))
    conns = [ConnectionContext(url) for url in urls]
    for conn in conns:
        store(conn, [dict(run) for run in made])
    for run in made:
        run["params"] = {name: value for name, value in run["params"].items() if value is not None}
    yield Filled(conns, made)
    for conn in conns:
        conn.close()
    with admin.connect() as connection:
        connection.execute(sa.text("DROP DATABASE searches WITH (FORCE)"))
    admin.dispose()


# --- random searches --------------------------------------------------------------------------

texts = st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
finite = st.sampled_from(NUMBERS) | st.floats(allow_nan=False, allow_infinity=False)
numbers = finite | st.sampled_from([math.inf, -math.inf])
any_number = numbers | st.just(math.nan)
moments = st.integers(-10, 500).map(lambda hours: START + timedelta(hours=hours))
kinds = st.sampled_from([c.Kind.METRIC, c.Kind.PARAM, c.Kind.TAG])
value_fields = st.builds(c.Field, kinds, st.sampled_from([*NAMES, "absent"]))
metric_fields = st.builds(
    c.Field, st.just(c.Kind.METRIC), st.sampled_from([*NAMES, "SCORE_AUC"]), st.none() | st.sampled_from(MetricSource)
)
attribute_fields = st.sampled_from([c.Field(c.Kind.ATTRIBUTE, name) for name in c.ATTRIBUTES])
all_fields = value_fields | metric_fields | attribute_fields


def values_for(field, *, bound):
    if field == c.Field(c.Kind.ATTRIBUTE, "status"):
        return st.sampled_from(list(RunStatus)).map(str)
    by_type = {
        c.ValueType.TEXT: texts | st.sampled_from(["first", "ann", "PIMA", "ab" * 32]),
        c.ValueType.NUMBER: numbers | st.sampled_from([0.0, 1.5, 3600.25]),
        c.ValueType.MOMENT: moments,
        c.ValueType.ANY: numbers | texts if bound else any_number | texts | st.booleans(),
    }
    return by_type[field.type]


@st.composite
def leaves(draw):
    field = draw(all_fields)
    form = draw(st.sampled_from(["equal", "bound", "in", "between", "like", "null"]))
    if form == "like" and field.type not in (c.ValueType.TEXT, c.ValueType.ANY):
        form = "null"
    free, bound, negated = values_for(field, bound=False), values_for(field, bound=True), draw(st.booleans())
    if form == "equal":
        return c.Comparison(field, draw(st.sampled_from([c.Operator.EQUAL, c.Operator.UNEQUAL])), draw(free))
    if form == "bound":
        return c.Comparison(field, draw(st.sampled_from(list(c.Operator)[2:])), draw(bound))
    if form == "in":
        return c.Membership(field, tuple(draw(st.lists(free, min_size=1, max_size=4))), negated)
    if form == "between":
        return c.Range(field, draw(bound), draw(bound), negated)
    if form == "like":
        pattern = draw(st.sampled_from(["%", "a%", "%b", "b_b", "_", "%[x]%", "", "%é", "A%", "%\\%"]) | texts)
        return c.Likeness(field, pattern, negated)
    return c.Presence(field, negated)


def joined(parts):
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return st.builds(c.Conjunction, several) | st.builds(c.Disjunction, several) | st.builds(c.Negation, parts)


conditions = st.recursive(leaves(), joined, max_leaves=8)
all_searches = st.builds(
    c.Search,
    st.none() | conditions,
    st.lists(st.builds(c.Order, all_fields, st.booleans()), max_size=3).map(tuple),
    st.none() | st.integers(0, 70),
)


@given(all_searches)
@settings(max_examples=300)
def test_what_is_written_is_read_again(search):
    read = grammar.parse(searches.write(search))
    assert searches.write(read) == searches.write(search)
    assert same(read.condition, search.condition)
    assert (read.order, read.limit) == (search.order, search.limit)


def same(left, right):
    return repr(left) == repr(right)  # NaN differs from itself


@given(all_searches)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_the_databases_find_what_the_reference_finds(filled, search):
    conns, made = filled
    expected = [run["run_id"] for run in searches.find(made, search)]
    for conn in conns:
        found = search_runs(conn, searches.write(search), columns="run_id").collect()["run_id"].tolist()
        assert found == expected, (conn, searches.write(search))


# --- columns ----------------------------------------------------------------------------------

SOURCED = ["metrics.AUC", "metrics.AUC@test", "metrics.SCORE_AUC@train", "metrics.*"]


@pytest.mark.parametrize("text", ["", "metrics.AUC > 0 order by params.depth limit 7", "status is null"])
@pytest.mark.parametrize(
    "columns", [None, "*", ["name", "metrics.*"], ['params."x""y"', "tags.*", "metrics.absent"], SOURCED]
)
def test_collecting_in_bulk_gives_the_rows_of_the_frame(filled, text, columns):
    for conn in filled[0]:
        found = search_runs(conn, text, columns=columns)
        plain = found.select(*found.columns).collect()
        bulk = found.collect()
        assert list(bulk.columns) == found.columns
        pd.testing.assert_frame_equal(bulk, plain)


def test_the_same_rows_on_every_database(filled):
    (first, second), _ = filled
    tables = [search_runs(conn, "order by created, name", columns="*").collect() for conn in (first, second)]
    pd.testing.assert_frame_equal(*tables)
    assert len(tables[0]) == 60


def test_values_are_where_they_belong(filled):
    conns, made = filled
    for conn in conns:
        table = search_runs(conn, columns="*").collect().set_index("run_id")
        for run in made:
            row = table.loc[run["run_id"]]
            for name, value in run["tags"].items():
                assert row[str(c.Field(c.Kind.TAG, name))] == value
            assert row["status"] == run["status"]
            assert row["created"] == pd.Timestamp(run["created"]).tz_localize(None)


def test_columns_of_numbers_are_numbers(conn):
    made = make_runs(1, 3)
    for run, rate in zip(made, ["0.10", 0.5, 3], strict=True):
        run |= {
            "params": {"rate": rate, "solver": rate if rate == 3 else "sgd"},
            "metrics": {("AUC", "user"): math.inf},
            "tags": {},
        }
    store(conn, made)
    table = search_runs(conn, columns=["params.*", "metrics.*"]).collect()
    assert table["params.rate"].tolist() == [0.1, 0.5, 3.0]
    assert table["params.solver"].tolist() == ["sgd", "sgd", "3"]
    assert table["metrics.AUC"].tolist() == [math.inf] * 3


def test_a_metric_is_that_of_the_source_that_counts_most(conn):
    made = make_runs(1, 4)
    measured = [
        {("AUC", "train"): 0.99, ("TEST_AUC.MEAN", "cv"): 0.7},
        {("AUC", "validation"): 0.8, ("SCORE_AUC", "train"): 0.98},
        {("AUC", "train"): 0.97, ("SCORE_AUC", "test"): 0.6},
        {("AUC", "user"): 0.5, ("loss", "user"): 2.0},
    ]
    for run, metrics in zip(made, measured, strict=True):
        run |= {"params": {}, "metrics": metrics, "tags": {}}
    store(conn, made)
    found = search_runs(conn, "metrics.AUC > 0 order by metrics.AUC desc", columns="metrics.AUC").collect()
    assert found["metrics.AUC"].tolist() == [0.8, 0.7, 0.6, 0.5]
    columns = search_runs(conn, columns="metrics.*").columns
    sources = ("test", "validation", "cv", "train", "user")
    assert columns == [*(f"metrics.AUC@{source}" for source in sources), "metrics.loss"]
    assert search_runs(conn, "metrics.AUC@train > 0.9").count() == 3
    assert search_runs(conn, "metrics.SCORE_AUC > 0.9").count() == 1
    assert search_runs(conn, "metrics.AUC@production is not null").count() == 0


def test_only_runs_of_experiments_and_newest_attempts(conn):
    made = make_runs(2, 4)
    for run, (experiment, name) in zip(made, [("a", "x"), ("a", "x"), ("b", "x"), ("a", "y")], strict=True):
        run |= {"experiment": experiment, "name": name}
    store(conn, made)
    assert len(search_runs(conn).collect()) == 3
    assert len(search_runs(conn, all_attempts=True).collect()) == 4
    assert search_runs(conn, "attempt = 2").count() == 1
    assert search_runs(conn, experiment_ids="b").collect()["experiment"].tolist() == ["b"]
    assert search_runs(conn, experiment_ids=["a", "b"]).count() == 3
    assert search_runs(conn, experiment_ids=[]).count() == 0


def test_a_found_frame_is_a_frame(conn):
    store(conn, make_runs(3, 5))
    found = search_runs(conn, "order by name desc limit 3", columns=["name", "status"])
    assert found.shape == (3, 2)
    assert len(found.head(2).collect()) == 2
    assert found.sort("name").collect()["name"].tolist() == sorted(found.collect()["name"])
    assert found.distinct("status").count() <= 3


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "character", "words"),
    [
        ("metrics.AUC >", 14, "expected a value"),
        ("metrics.AUC > 0.8 adn x = 1", 19, "'and', 'or', 'order by'"),
        ("AUC > 0.8", 1, "write metrics.AUC, params.AUC or tags.AUC"),
        ("status = FAILED", 10, "text in single quotes"),
        ("status = 'DONE'", 10, "ACTIVE, FINISHED, FAILED, LOST"),
        ("created > 'yesterday'", 11, "2026-03-01"),
        ("duration > 'long'", 12, "duration is a number"),
        ("name = 3", 8, "name is text"),
        ("duration like '1%'", 15, "'like' compares text"),
        ("metrics. > 3", 9, "double quotes"),
        ("metrics.AUC@tset > 3", 13, "test, validation, cv, train, production, user"),
        ("status = 'FAILED' order by metrics.AUC@ desc", 40, "source of a metric"),
        ("params.depth@test > 3", 13, "expected ="),
        ("metrics.a = 'open", 13, "no closing quote"),
        ("(metrics.a = 1", 15, "')'"),
        ("metrics.a = 1)", 14, "the end"),
        ("metrics.a in ()", 15, "expected a value"),
        ("metrics.a in (1 2)", 17, "',' or ')'"),
        ("metrics.a between 1", 20, "'and'"),
        ("metrics.a is 3", 14, "'null'"),
        ("metrics.a not 3", 15, "'in', 'like' or 'between'"),
        ("metrics.a < nan", 13, "compare it with ="),
        ("metrics.a < true", 13, "compare it with ="),
        ("duration in (1, nan)", 17, "never nan"),
        ("order by", 9, "expected a field"),
        ("order metrics.a", 7, "'by'"),
        ("order by metrics.a up", 20, "',', 'limit'"),
        ("limit 1.5", 7, "whole number"),
        ("limit -1", 7, "whole number"),
        ("limit 99999999999", 7, "whole number"),
        ("limit 3 order by name", 9, "the end"),
        ("and metrics.a = 1", 1, "expected a field"),
        ("metrics.a = 1.2.3", 13, "expected a value"),
        ("metrics.a = 1; drop table hl_run", 14, "expected 'and'"),
        ("(" * 101 + "name is null" + ")" * 101, 101, "flatter"),
        (" and ".join(["name is null"] * 201), 3401, "more than 200"),
    ],
)
def test_errors_point_at_the_character(sqlite_conn, text, character, words):
    with pytest.raises(SearchError) as error:
        search_runs(sqlite_conn, text)
    message = str(error.value)
    assert message.startswith(f"text: character {character}: ")
    assert words in message
    assert error.value.position == character - 1
    _, line, caret = message.split("\n")
    place = caret.index("^")
    assert line[place : place + 1] == text[character - 1 : character]


def test_the_caret_stands_under_the_line_of_the_error(sqlite_conn):
    with pytest.raises(SearchError, match="character 25") as error:
        search_runs(sqlite_conn, "name = 'a'\n  and status ! 'b'\nlimit 3")
    assert str(error.value).split("\n")[1:] == ["  and status ! 'b'", "             ^"]


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"text": None}, ArgumentTypeError),
        ({"text": "name = 'a\0b'"}, InvalidArgumentError),
        ({"text": "x" * 100_001}, SearchError),
        ({"columns": []}, InvalidArgumentError),
        ({"columns": ["AUC"]}, SearchError),
        ({"columns": ["metrics.a, b"]}, SearchError),
        ({"columns": [3]}, ArgumentTypeError),
        ({"experiment_ids": [""]}, InvalidArgumentError),
    ],
)
def test_bad_arguments(sqlite_conn, arguments, kind):
    with pytest.raises(kind):
        search_runs(sqlite_conn, **arguments)


def test_many_conditions_and_values(conn):
    store(conn, make_runs(4, 3))
    text = " or ".join(f"not (metrics.AUC = {number} and tags.a = 'x')" for number in range(100))
    assert search_runs(conn, text).count() == 3
    assert search_runs(conn, f"name in ({', '.join(['1e5'.join(chr(39) * 2)] * 5000)})").count() == 0
    assert search_runs(conn, f"params.depth in ({', '.join(map(str, range(1000)))})").count() <= 3


def test_a_search_of_more_fields_than_a_database_joins(conn):
    names = [f"m{number}" for number in range(40)]
    with conn.experiment("E").run("found") as run:
        run.log_metrics({name: float(place) for place, name in enumerate(names)})
    with conn.experiment("E").run("other") as run:
        run.log_metrics({name: float(place) for place, name in enumerate(names[:-1])})
    text = " and ".join(f"metrics.{name} = {place}" for place, name in enumerate(names))
    order = ", ".join(f"metrics.{name} desc" for name in names)
    assert search_runs(conn, f"{text} order by {order}").collect()["name"].tolist() == ["found"]
    assert search_runs(conn, f"not ({text}) order by {order}").collect()["name"].tolist() == ["other"]
