"""What an older store holds tells the sources of its metrics."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, search_runs
from hanalife.database import dialects, migrations, outlines, run_values
from tests.database.test_migrations import old_url

__all__ = ["old_url"]

MODEL = "UNIFIED_CLASSIFICATION"
SERIES = [(0, 0.5), (1, 0.25)]

#: By run id: procedure, methods of the calls, parameters, and of each metric its value and its source.
RUNS = {
    "held out": (
        MODEL,
        ("fit", "score"),
        {},
        {
            "PARTITION": ("validation", "validation"),
            "AUC": (0.8, "validation"),
            "RECALL_yes": (0.7, "validation"),
            "ITERATIONS": (12.0, "train"),
            "TEST_AUC": ("0.7, 0.8", "cv"),
            "TEST_AUC.MEAN": (0.75, "cv"),
            "SEARCH_AUC": (0.74, "cv"),
            "TRAINING_LOGLOSS": (0.1, "train"),
            "VALIDATION_LOGLOSS": (0.25, "validation"),
            "SCORE_AUC": (0.6, "test"),
        },
    ),
    "of all rows": (MODEL, ("fit",), {}, {"PARTITION": ("training", "train"), "AUC": (0.9, "train")}),
    "groups": (MODEL, ("fit",), {"PARTITION_METHOD": "stratified"}, {"AUC": (0.8, "validation")}),
    "groups without": (MODEL, ("fit",), {"PARTITION_METHOD": "no"}, {"AUC": (0.8, "train")}),
    "only scored": ("UNIFIED_REGRESSION", ("score",), {}, {"RMSE": (2.0, "test")}),
    "only predicted": (MODEL, ("predict",), {}, {"MEAN_CONFIDENCE": (0.9, "user")}),
    "by hand": ("", ("run",), {}, {"AUC": (0.7, "user"), "SCORE_AUC": (0.6, "user"), "nan": ("nan", "user")}),
    "a search of scikit-learn": (
        "GridSearchCV",
        ("fit",),
        {},
        {"training_accuracy": (0.9, "train"), "best_score": (0.8, "cv"), "mean_test_score": (0.7, "cv")},
    ),
    "XGBoost": ("XGBClassifier", ("fit",), {}, {"validation_0_logloss": (0.4, "validation")}),
}


@pytest.fixture
def filled_url(old_url):
    """Give a store of version 11 with such runs, which began as a store of version 1."""
    engine = dialects.create_engine(sa.make_url(old_url))
    with engine.begin() as connection:
        for run_id, (procedure, methods, params, metrics) in RUNS.items():
            add_run(connection, run_id, procedure, methods, params, metrics)
        for step in migrations.STEPS[:10]:
            step(connection)
        version = sa.table("hl_schema", sa.column("version"), sa.column("applied_at"))
        moment = connection.execute(sa.select(version.c.applied_at)).scalar_one()
        for number in range(2, 12):
            connection.execute(version.insert().values(version=number, applied_at=moment))
        add_series(connection, "held out", "VALIDATION_LOGLOSS")
    engine.dispose()
    return old_url


def add_run(connection, run_id, procedure, methods, params, metrics):
    tables = {name: reflected(connection, name) for name in ("hl_run", "hl_run_log", "hl_run_metric")}
    known = connection.execute(sa.select(tables["hl_run"]).where(tables["hl_run"].c.name == "run")).one()._mapping
    row = {**known, "run_id": run_id, "name": run_id, "procedure": procedure}
    connection.execute(tables["hl_run"].insert().values(**row))
    entries = [("PARAMETER", [{name: value} for name, value in params.items()])]
    entries += [("END_OF_TRACK", {"STATUS": "FINISHED", "METHOD": method}) for method in methods]
    for seq, (key, content) in enumerate(entries):
        entry = {"seq": seq, "event_key": key, "event_time": known["created_at"], "message": json.dumps(content)}
        connection.execute(tables["hl_run_log"].insert().values(run_id=run_id, **entry))
    for name, (value, _) in metrics.items():
        as_text = isinstance(value, str)
        values = {"value": None if as_text else value, "text": value if as_text else None}
        connection.execute(tables["hl_run_metric"].insert().values(run_id=run_id, name=name, **values))


def add_series(connection, run_id, name):
    run, names, metric = (reflected(connection, each) for each in ("hl_run", "hl_value_name", "hl_run_metric"))
    number = sa.select(run.c.number).where(run.c.run_id == run_id).scalar_subquery()
    name_id = sa.select(names.c.name_id).where(names.c.name == name).scalar_subquery()
    key = {"run_number": number, "name_id": name_id}
    point, outline = reflected(connection, "hl_run_point"), reflected(connection, "hl_run_outline")
    for step, value in SERIES:
        connection.execute(point.insert().values(**key, step=step, value=value, offset_ms=7))
    drawn = outlines.Outline()
    drawn.add(SERIES)
    connection.execute(outline.insert().values(**key, data=drawn.to_bytes()))
    here = sa.and_(metric.c.run_number == number, metric.c.name_id == name_id)
    connection.execute(metric.update().where(here).values(points=2, step=1))


def reflected(connection, name):
    return sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)


def test_names_calls_and_partitions_tell_the_sources(filled_url):
    expected = {
        run_id: {(name, source): pytest.approx(value, nan_ok=True) for name, (value, source) in metrics.items()}
        for run_id, (*_, metrics) in RUNS.items()
    }
    expected["by hand"]["nan", "user"] = pytest.approx(float("nan"), nan_ok=True)
    with ConnectionContext(filled_url) as conn:
        conn.database.migrate()
        with conn.database.read() as connection:
            assert run_values.metrics(connection, list(RUNS)) == expected
            points = run_values.points(connection, "held out", "VALIDATION_LOGLOSS")
            series = run_values.series(connection, ["held out"])["held out"]
        assert [(point.step, point.value) for point in points] == SERIES
        assert series == {("VALIDATION_LOGLOSS", "validation"): SERIES}
        best = search_runs(conn, "metrics.AUC > 0 order by metrics.AUC desc", columns=["name", "metrics.AUC"]).collect()
        assert dict(best.values.tolist())["held out"] == 0.6, "its test counts more than its validation"
        assert search_runs(conn, "metrics.AUC@cv = 0.75").count() == 1


def test_the_run_of_a_store_of_version_1_keeps_its_values(old_url):
    with ConnectionContext(old_url) as conn:
        conn.database.migrate()
        (row,) = search_runs(conn, columns=["metrics.AUC@train", "metrics.AUC@test"]).collect().values.tolist()
    assert row == [0.9051627384960719] * 2
