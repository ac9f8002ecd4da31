"""Retraining pipelines by real workers: only what is better becomes champion, once, whatever dies."""

from __future__ import annotations

import math
from datetime import timedelta

import pandas as pd
import pytest
import sqlalchemy as sa
from sklearn.metrics import roc_auc_score

from hanalife import ModelStorage, UnifiedRegression
from hanalife.database import tables, tasks
from hanalife.errors import (
    ArgumentTypeError,
    InvalidArgumentError,
    ModelStorageError,
    TaskExistsError,
    UnknownColumnError,
)
from hanalife.lifecycle import challengers, holdout, pipelines
from hanalife.lifecycle.job import PRELOAD
from hanalife.lifecycle.pipelines import STEPS
from hanalife.scheduling.launchers import WarmLauncher
from hanalife.scheduling.runner import Limits, Runner
from tests.lifecycle.pipeline import MODEL, champion, rows, table
from tests.lifecycle.workers import on_sqlite, run
from tests.scheduling.engine import until


@pytest.fixture
def old(conn):
    """Give the rows that the champion has learned."""
    frame = table(conn, "OLD", rows(600, 1))
    champion(conn, frame)
    return frame


@pytest.fixture
def turned(conn):
    """Give newer rows, which have moved and follow another rule."""
    return table(conn, "NEW", rows(800, 2, turned=True, shift=2.0, start=1000))


def champion_of(conn):
    aliases = ModelStorage(conn).list_aliases(MODEL).set_index("ALIAS")["VERSION"]
    return aliases["champion"]


def verdicts(conn, task_id="RETRAIN"):
    """Return what each step of the last execution has said, or its status."""
    with conn.database.read() as connection:
        parts = [tasks.last_job(connection, f"{task_id}_{name}") for name in STEPS]
    return [part.verdict or part.status for part in parts if part is not None]


def conn_tags(conn, version):
    return ModelStorage(conn).get_lineage(MODEL, version)["tags"]


# --- the whole of it --------------------------------------------------------------------------


def test_drift_retrains_and_a_better_challenger_becomes_champion(conn, scheduler, old, turned):
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned)
    job = run(scheduler, "RETRAIN")
    assert (job.status, job.verdict) == ("SUCCEEDED", "promoted")
    assert job.message == "Promoted version 2 of 'scores' to champion"
    assert verdicts(conn) == ["idle", "drift", "fitted", "better", "promoted"]
    assert champion_of(conn) == 2
    tree = scheduler.query_schedule_job("RETRAIN")[0].collect()
    assert tree["TASK_ID"].tolist() == ["RETRAIN", *(f"RETRAIN_{name}" for name in STEPS)]
    drift = conn.table("out_RETRAIN_drift0").collect().set_index("COLUMN_NAME")["VERDICT"]
    assert drift["A"] == "drift"
    assert drift["B"] == "no_drift"
    with conn.database.read() as connection:
        jobs = [tasks.last_job(connection, f"RETRAIN_{name}") for name in STEPS]
    runs = [conn.experiment("RETRAIN").run(f"{job.task_id} job {job.job_id}") for job in jobs]
    assert [job.run_id for job in jobs] == [one.run_id for one in runs]
    assert runs[0].tags == {"verdict": "idle", "reason": "no promotion of this pipeline is to be watched"}
    compared = runs[3]
    assert compared.metrics["gain"] > compared.metrics["gain_low"] > 0
    assert compared.params["challenger"] == 2
    assert compared.tags["gain_note"].startswith("too high: it was selected by this number. Given the selection, ")
    message = jobs[3].message
    assert message.startswith("AUC gain of version 2 over 1: ")
    assert "a gain above 0 is required. The gain is too high: it was selected by this number" in message
    assert message.endswith("(attempt 1 of 50)")
    assert "too high: it was selected by this number" in conn_tags(conn, 2)["gain"]
    # Who retrains at once again must wait, and says until when.
    job = run(scheduler, "RETRAIN")
    assert (job.status, job.verdict) == ("SUCCEEDED", "resting")
    assert "retrained too recently" in job.message
    with conn.database.read() as connection:
        rested = tasks.last_job(connection, "RETRAIN_challenge")
    assert conn.experiment("RETRAIN").run(f"RETRAIN_challenge job {rested.job_id}").tags["verdict"] == "resting"
    assert champion_of(conn) == 2


def test_no_drift_starts_nothing(conn, scheduler, old):
    same = table(conn, "SAME", rows(4000, 3, start=1000))
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, same, old, same)
    job = run(scheduler, "RETRAIN")
    assert (job.status, job.verdict) == ("SUCCEEDED", "no_drift")
    assert verdicts(conn) == ["idle", "no_drift", "SKIPPED", "SKIPPED", "SKIPPED"]
    assert ModelStorage(conn).list_models(MODEL)["VERSION"].tolist() == [1]


@on_sqlite
def test_unknown_starts_nothing_and_says_how_many_rows_it_needs(conn, scheduler, old, turned):
    few = table(conn, "FEW", rows(30, 4, shift=0.2, start=1000))
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, few)
    job = run(scheduler, "RETRAIN")
    assert (job.status, job.verdict) == ("SUCCEEDED", "unknown")
    assert "Inconclusive with 30 rows." in job.message
    assert "more rows, if the effect is what was measured" in job.message
    assert verdicts(conn)[2:] == ["SKIPPED"] * 3
    assert champion_of(conn) == 1


@on_sqlite
def test_a_worse_challenger_is_not_promoted(conn, scheduler, old, turned):
    # It learns from rows that are turned, and the hold-out of the old rule judges: most rows are of the old rule.
    mixed = pd.concat([rows(900, 5, start=5000), rows(100, 6, turned=True, start=6000)])
    mixed = table(conn, "MIXED", mixed)
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, mixed, old, turned, margin=0.05)
    job = run(scheduler, "RETRAIN")
    assert job.status == "SUCCEEDED"
    assert job.verdict in ("not_better", "unknown")
    assert verdicts(conn)[-1] == "SKIPPED"
    assert champion_of(conn) == 1


@on_sqlite
def test_too_few_labelled_rows_to_judge_by_promote_nothing(conn, scheduler, old, turned):
    few = table(conn, "FEW", rows(60, 7, turned=True, start=5000))
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, few, old, turned)
    job = run(scheduler, "RETRAIN")
    assert (job.status, job.verdict) == ("SUCCEEDED", "unknown")
    assert "at least" in job.message
    assert champion_of(conn) == 1


@on_sqlite
def test_rows_without_labels_do_not_count(conn, scheduler, old, turned):
    bare = rows(300, 8, turned=True, start=5000).assign(Y=None).astype({"Y": "Int64"})
    bare.loc[:10, "Y"] = 1
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, table(conn, "BARE", bare), old, turned)
    job = run(scheduler, "RETRAIN")
    assert job.verdict == "unknown"
    assert "labeled rows are too few" in job.message


@on_sqlite
def test_a_regression_is_compared_by_its_errors(conn, scheduler):
    before, after = rows(400, 1).drop(columns="Y"), rows(500, 2, shift=3.0, start=1000).drop(columns="Y")
    before["Z"], after["Z"] = 2.0 * before["A"], -2.0 * after["A"]
    first, second = table(conn, "OLD", before), table(conn, "NEW", after)
    model = UnifiedRegression(func="HybridGradientBoostingTree", n_estimators=10, random_state=1)
    model.fit(first, key="ID", label="Z")
    model.name = MODEL
    ModelStorage(conn).promote(MODEL, ModelStorage(conn).save_model(model))
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, second, first, second)
    assert run(scheduler, "RETRAIN").verdict == "promoted"


# --- rows that a model was trained on ---------------------------------------------------------


@on_sqlite
def test_no_model_is_judged_on_its_own_training_rows(conn, scheduler, old, turned):
    """The first champion has learned most of the rows that are held out by heart."""
    both = table(conn, "BOTH", pd.concat([old.collect(), turned.collect()]))
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, both, old, turned)
    run(scheduler, "RETRAIN")
    keys = range(600), range(1000, 1800)
    learned, others = (sum(holdout.draw(key, 1) < 0.3 for key in some) for some in keys)
    compared = scheduler.get_comparisons("RETRAIN").iloc[0]
    assert compared["ROWS"] == others
    with conn.database.read() as connection:
        message = tasks.last_job(connection, "RETRAIN_compare").message
    assert f"{learned} of {learned + others} rows left out: the champion was trained on them" in message


@on_sqlite
def test_too_few_rows_that_are_new_to_both_decide_nothing_and_spend_nothing(conn, scheduler, old, turned):
    few = table(conn, "BOTH", pd.concat([old.collect(), rows(40, 2, turned=True, start=5000)]))
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, few, old, turned)
    job = run(scheduler, "RETRAIN")
    assert job.verdict == "unknown"
    assert job.message.startswith("Not promoted: comparison inconclusive. ")
    assert "labeled rows are too few" in job.message
    assert "rows left out: the champion was trained on them" in job.message
    compared = scheduler.get_comparisons("RETRAIN").iloc[0]
    assert compared["VERDICT"] == "unknown"
    assert compared["ATTEMPT"] is pd.NA


@on_sqlite
def test_a_champion_whose_training_rows_are_unknown_is_not_judged_silently(conn, scheduler, old, turned):
    with conn.database.write() as connection:  # as stored before training keys were kept
        connection.execute(tables.model_version.update().values(training_keys=None))
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, cooldown=timedelta(0))
    job = run(scheduler, "RETRAIN")
    assert (job.verdict, champion_of(conn)) == ("unknown", 1)
    assert "it is unknown which rows version 1 (champion) was trained on" in job.message.replace("It is", "it is")
    assert "fit and save it again, or create the pipeline with assume_unseen=True" in job.message
    options = {"cooldown": timedelta(0), "assume_unseen": True, "force": True}
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, **options)
    assert run(scheduler, "RETRAIN").verdict == "promoted"
    with conn.database.read() as connection:
        message = tasks.last_job(connection, "RETRAIN_compare").message
    assert "The rows that the champion was trained on are unknown and taken as other rows" in message


@on_sqlite
def test_the_other_remedy_works_too(conn, scheduler, old, turned):
    with conn.database.write() as connection:
        connection.execute(tables.model_version.update().values(training_keys=None))
    champion(conn, old)
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned)
    assert run(scheduler, "RETRAIN").verdict == "promoted"


# --- the budget -------------------------------------------------------------------------------


@on_sqlite
def test_a_spent_budget_lets_the_pipeline_rest_until_there_is_another(conn, scheduler, old, turned):
    options = {"cooldown": timedelta(0), "attempts": 1, "dry_run": True}
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, **options)
    assert run(scheduler, "RETRAIN").verdict == "dry_run"
    job = run(scheduler, "RETRAIN")
    assert job.verdict == "resting"
    assert "all 1 attempts that share the error rate of 0.05 are spent" in job.message
    assert "Create the pipeline again with force=True" in job.message
    assert scheduler.get_comparisons("RETRAIN")["ATTEMPT"].tolist() == [1]
    options |= {"attempts_per": "year", "force": True}
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, **options)
    assert scheduler.get_comparisons("RETRAIN").empty, "a pipeline that is created again begins anew"
    assert run(scheduler, "RETRAIN").verdict == "dry_run"
    with conn.database.write() as connection:
        assert "(attempt 1 of 1 in 365 days)" in tasks.last_job(connection, "RETRAIN_compare").message
    assert "are spent; the next comes back on " in run(scheduler, "RETRAIN").message
    with conn.database.write() as connection:
        then = tables.job.c.created_at, tables.task.c.created_at
        for column in then:
            moments = sa.select(column).limit(1)
            long_ago = connection.execute(moments).scalar() - timedelta(days=366)
            connection.execute(column.table.update().values(created_at=long_ago))
    assert run(scheduler, "RETRAIN").verdict == "dry_run"


@on_sqlite
def test_a_pipeline_of_before_gets_the_default_budget(conn, scheduler, old, turned):
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned)
    with conn.database.read() as connection:
        definition = tasks.task(connection, "RETRAIN_compare").definition
    before = {name: value for name, value in definition["pipeline"].items() if "attempt" not in name}
    del before["assume_unseen"]
    pipeline = pipelines.of_definition({"pipeline": before})
    assert (pipeline.budget.level, pipeline.attempts_per) == (0.05 / 50, "life")
    with conn.database.read() as connection:
        log = [entry.message for entry in tasks.task_log(connection, "RETRAIN")]
    assert log[-1].endswith("Its error rate of 0.05 is shared by 50 attempts.")
    with pytest.raises(InvalidArgumentError, match="no retraining pipeline"):
        scheduler.get_comparisons("RETRAIN_drift")


# --- limits, approval, dry run ----------------------------------------------------------------


@on_sqlite
def test_so_many_retrainings_a_period_and_no_more(conn, scheduler, old, turned):
    limits = {"cooldown": timedelta(0), "most": 2, "period": timedelta(days=7)}
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, **limits)
    assert [run(scheduler, "RETRAIN").verdict for _ in range(3)][-1] == "resting"
    assert ModelStorage(conn).list_models(MODEL)["VERSION"].tolist() == [1, 2, 3]


@on_sqlite
def test_a_dry_run_says_what_would_happen(conn, scheduler, old, turned):
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, dry_run=True)
    job = run(scheduler, "RETRAIN")
    assert (job.status, job.verdict, job.message) == (
        "SUCCEEDED",
        "dry_run",
        "Dry run: version 2 of 'scores' would become champion",
    )
    assert champion_of(conn) == 1


def test_a_promotion_may_wait_for_approval(conn, scheduler, old, turned):
    ModelStorage(conn).set_alias(MODEL, "champion", 1, protected=True, note="in use")
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, approval=True)
    with pytest.raises(InvalidArgumentError, match="no challenger of pipeline 'RETRAIN' waits"):
        scheduler.approve_promotion("RETRAIN")
    assert run(scheduler, "RETRAIN").verdict == "waiting"
    assert champion_of(conn) == 1
    with pytest.raises(ModelStorageError, match="say why it moves"):
        scheduler.approve_promotion("RETRAIN")
    assert verdicts(conn)[-1] == "waiting"
    assert scheduler.approve_promotion("RETRAIN", note="looked at it") == 2
    assert champion_of(conn) == 2
    assert verdicts(conn)[-1] == "promoted"
    with pytest.raises(InvalidArgumentError, match="waits for approval"):
        scheduler.approve_promotion("RETRAIN", note="again")


@on_sqlite
def test_approval_comes_too_late_if_the_champion_has_moved(conn, scheduler, old, turned):
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, approval=True)
    run(scheduler, "RETRAIN")
    champion(conn, old)
    with pytest.raises(ModelStorageError, match="no longer version 1"):
        scheduler.approve_promotion("RETRAIN")
    assert champion_of(conn) == 3
    assert verdicts(conn)[-1] == "waiting"


# --- watch ------------------------------------------------------------------------------------


def test_a_promotion_is_rolled_back_if_the_next_window_is_worse(conn, scheduler, old, turned):
    window = table(conn, "WINDOW", rows(600, 9, turned=True, shift=2.0, start=2000))
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, window)
    assert run(scheduler, "RETRAIN").verdict == "promoted"
    table(conn, "WINDOW", rows(600, 10, start=3000))  # the old rule is back
    run(scheduler, "RETRAIN")
    assert verdicts(conn)[0] == "rolled_back"
    assert champion_of(conn) == 1
    history = ModelStorage(conn).get_history(MODEL, "champion")
    assert history["EVENT"].tolist() == ["MOVED", "MOVED", "ROLLED_BACK"]
    assert "worse than the version before. AUC gain of version 2 over 1: -0." in history["NOTE"].iloc[-1]
    run(scheduler, "RETRAIN")
    assert verdicts(conn)[0] == "idle"


@on_sqlite
def test_a_good_promotion_is_kept_and_watched_only_so_long(conn, scheduler, old, turned):
    window = table(conn, "WINDOW", rows(500, 9, turned=True, shift=2.0, start=5000))
    options = {"watch_windows": 2, "watch_data": window}
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, **options)
    said = []
    for _ in range(4):
        run(scheduler, "RETRAIN")
        said.append(verdicts(conn)[0])
    assert said == ["idle", "kept", "kept", "idle"]
    assert champion_of(conn) == 2


@on_sqlite
def test_a_promotion_is_measured_again_on_rows_labeled_since(conn, scheduler, old, turned):
    """Neither the rows that trained a model nor those that selected it say how much better it is."""
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned)
    run(scheduler, "RETRAIN")
    selected = scheduler.get_comparisons("RETRAIN").iloc[0]
    assert selected["NOTE"].startswith("too high: it was selected by this number")
    assert math.isnan(selected["REMEASURED_GAIN"])
    run(scheduler, "RETRAIN")  # no row is new
    with conn.database.read() as connection:
        watched = tasks.last_job(connection, "RETRAIN_watch")
    assert watched.verdict == "unknown"
    assert watched.message == (
        "0 labeled rows are too few: at least 20 more are needed. 800 of 800 rows left out: "
        "the challenger was trained on them or the challenger was selected by them"
    )
    new = rows(300, 12, turned=True, shift=2.0, start=5000)
    table(conn, "NEW", pd.concat([turned.collect(), new]))
    run(scheduler, "RETRAIN")
    with conn.database.read() as connection:
        watched = tasks.last_job(connection, "RETRAIN_watch")
    assert watched.verdict == "kept"
    assert "800 of 1,100 rows left out" in watched.message
    tracked = conn.experiment("RETRAIN").run(f"RETRAIN_watch job {watched.job_id}")
    assert tracked.metrics["rows"] == 300
    recorded = conn.table("hlv_metrics").filter(f"\"run_id\" = '{tracked.run_id}'").collect()
    assert set(recorded["source"]) == {"production"}
    again = scheduler.get_comparisons("RETRAIN").iloc[0]
    assert (again["NOTE"], again["REMEASURED_ROWS"], again["REMEASURED_LEVEL"]) == ("", 300, 0.975)
    storage = ModelStorage(conn)
    fresh = table(conn, "FRESH", new)
    areas = []
    for version in (1, 2):
        predicted = storage.load_model(MODEL, version).predict(fresh.deselect("Y"), key="ID").collect().set_index("ID")
        chance = predicted["CONFIDENCE"].where(predicted["SCORE"] == "1", 1 - predicted["CONFIDENCE"])
        areas.append(roc_auc_score(new["Y"], chance.loc[new["ID"]]))
    assert again["REMEASURED_GAIN"] == pytest.approx(areas[1] - areas[0])
    assert conn_tags(conn, 2)["gain"].endswith("300 rows), on rows labeled after the promotion")


@on_sqlite
def test_rows_without_labels_cannot_be_watched(conn, scheduler, old, turned):
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned.deselect("Y"))
    assert run(scheduler, "RETRAIN").verdict == "promoted"
    run(scheduler, "RETRAIN")
    assert verdicts(conn)[0] == "unknown"
    assert champion_of(conn) == 2


# --- what is left behind ----------------------------------------------------------------------


@on_sqlite
def test_old_challengers_go_and_what_was_ever_in_use_stays(conn, scheduler, old, turned):
    options = {"cooldown": timedelta(0), "keep_challengers": 1, "dry_run": True}
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, **options)
    for _ in range(2):
        run(scheduler, "RETRAIN")
    storage = ModelStorage(conn)
    assert storage.list_models(MODEL)["VERSION"].tolist() == [1, 3], "2 was never in use"
    storage.set_alias(MODEL, "trial", 3)
    storage.delete_alias(MODEL, "trial")
    champion(conn, old)
    for _ in range(2):
        run(scheduler, "RETRAIN")
    assert storage.list_models(MODEL)["VERSION"].tolist() == [1, 3, 4, 6]
    assert champion_of(conn) == 4
    aliases = storage.list_aliases(MODEL).set_index("ALIAS")["VERSION"]
    assert aliases["challenger"] == 6
    assert storage.get_history(MODEL).query("EVENT == 'DELETED'")["VERSION"].tolist() == [2, 5]


@on_sqlite
def test_a_challenger_that_waits_for_approval_stays(conn, scheduler, old, turned):
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, approval=True, keep_challengers=1)
    assert run(scheduler, "RETRAIN").verdict == "waiting"
    storage = ModelStorage(conn)
    model = storage.load_model(MODEL, 2)
    model.version = None
    assert storage.save_model(model, tags={pipelines.TAG: "RETRAIN"}) == 3
    with conn.database.read() as connection:
        pipeline = pipelines.of_definition(tasks.task(connection, "RETRAIN_challenge").definition)
        assert challengers.superfluous(connection, pipeline) == []
    assert scheduler.approve_promotion("RETRAIN") == 2


# --- what dies, and what comes in between -----------------------------------------------------


def test_each_step_is_killed_before_while_and_after_it_ends_and_has_its_effect_once(conn, scheduler, old, turned):
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned)
    job_id = scheduler.create_one_off_task_schedule("RETRAIN")
    launcher = WarmLauncher("tests.lifecycle.killed_job", PRELOAD)
    runner = Runner(conn.database, launcher, Limits(lease=timedelta(seconds=3), max_deaths=10))
    runner.start()

    def ended():
        runner.step()
        with conn.database.read() as connection:
            return tasks.job(connection, job_id).ended_at

    until(ended, seconds=120)
    runner.stop()
    with conn.database.read() as connection:
        parts = [tasks.jobs(connection, [f"RETRAIN_{name}"]) for name in STEPS]
        checks = connection.execute(tables.drift_check.select()).all()
        whole = tasks.job(connection, job_id)
    assert [(job.status, job.attempt) for jobs in parts for job in jobs] == [("SUCCEEDED", 3)] * 5
    assert (whole.status, whole.verdict) == ("SUCCEEDED", "promoted")
    assert ModelStorage(conn).list_models(MODEL)["VERSION"].tolist() == [1, 2]
    history = ModelStorage(conn).get_history(MODEL)
    assert history.groupby("EVENT").size().to_dict() == {"MOVED": 3, "SAVED": 2}  # champion twice, challenger once
    assert len(checks) == 1
    assert champion_of(conn) == 2
    assert scheduler.get_comparisons("RETRAIN")["ATTEMPT"].tolist() == [1]


def test_of_two_pipelines_at_once_only_one_moves_the_champion(conn, scheduler, old, turned):
    """Both compare with version 1; whoever comes second finds another champion and moves nothing."""
    for name in ("FIRST", "SECOND"):
        scheduler.create_retrain_pipeline(name, MODEL, turned, old, turned)
    jobs = {name: scheduler.create_one_off_task_schedule(name) for name in ("FIRST", "SECOND")}
    # Let no promotion begin before both have compared.
    promotions = [f"{name}_promote" for name in jobs]
    held = tables.task.update().where(tables.task.c.task_id.in_(promotions))
    with conn.database.write() as connection:
        connection.execute(held.values(concurrency=0))
    scheduler.start_worker()

    def compared():
        with conn.database.read() as connection:
            waiting = [tasks.last_job(connection, name) for name in promotions]
        return all(job is not None and job.status == "QUEUED" for job in waiting)

    until(compared, seconds=60)
    with conn.database.write() as connection:
        connection.execute(held.values(concurrency=1))

    def ended():
        with conn.database.read() as connection:
            found = [tasks.job(connection, job_id) for job_id in jobs.values()]
        return found if all(job.ended_at for job in found) else None

    found = until(ended, seconds=60)
    assert sorted(job.verdict for job in found) == ["overtaken", "promoted"]
    moves = ModelStorage(conn).get_history(MODEL, "champion")
    assert len(moves) == 2
    winner = next(job for job in found if job.verdict == "promoted")
    assert f"version {champion_of(conn)} of" in winner.message


def test_a_step_alone_says_what_it_belongs_to(conn, scheduler, old, turned):
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned)
    job = run(scheduler, "RETRAIN_compare")
    assert job.status == "FAILED"
    assert "is a step of pipeline 'RETRAIN'" in job.message


# --- bad input --------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"model": "nobody"}, ModelStorageError, "nobody"),
        ({"model": 3}, ArgumentTypeError, "model"),
        ({"champion": "king"}, ModelStorageError, "king"),
        ({"label": "W"}, UnknownColumnError, "W"),
        ({"key": "K"}, UnknownColumnError, "K"),
        ({"metric": "F1"}, InvalidArgumentError, "metric"),
        ({"margin": -0.1}, InvalidArgumentError, "margin"),
        ({"margin": float("nan")}, InvalidArgumentError, "margin"),
        ({"error_rate": 0.5}, InvalidArgumentError, "error_rate"),
        ({"holdout": 1}, InvalidArgumentError, "holdout"),
        ({"cooldown": 3600}, ArgumentTypeError, "cooldown"),
        ({"cooldown": timedelta(-1)}, InvalidArgumentError, "cooldown"),
        ({"period": timedelta(0)}, InvalidArgumentError, "period"),
        ({"most": 0}, InvalidArgumentError, "most"),
        ({"watch_windows": -1}, InvalidArgumentError, "watch_windows"),
        ({"keep_challengers": 0}, InvalidArgumentError, "keep_challengers"),
        ({"attempts": 0}, InvalidArgumentError, "attempts"),
        ({"attempts": None}, InvalidArgumentError, "attempts"),
        ({"attempts_per": "month"}, InvalidArgumentError, "attempts_per"),
        ({"assume_unseen": 1}, InvalidArgumentError, "assume_unseen"),
        ({"drift_params": {"minimum_effect": 0}}, InvalidArgumentError, "minimum_effect"),
        ({"drift_params": {"colour": "red"}}, ArgumentTypeError, "colour"),
        ({"drift_params": {"time_column": "A"}}, InvalidArgumentError, "time_column"),
        ({"task_id": ""}, InvalidArgumentError, "task_id"),
        ({"reference": 5}, ArgumentTypeError, "reference"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_written(conn, scheduler, old, turned, changes, error, words):
    given = {"task_id": "RETRAIN", "model": MODEL, "data": turned, "reference": old, "current": turned}
    with pytest.raises(error, match=words):
        scheduler.create_retrain_pipeline(**given | changes)
    with conn.database.read() as connection:
        assert tasks.tasks(connection) == []
        assert connection.execute(tables.drift_reference.select()).all() == []


@on_sqlite
def test_columns_that_are_missing_or_retyped_are_named(conn, scheduler, old, turned):
    with pytest.raises(UnknownColumnError, match=r"data.*B"):
        scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned.deselect("B"), old, turned)
    with pytest.raises(UnknownColumnError, match=r"current.*B"):
        scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned.deselect("B"))
    text = turned.cast("A", "NVARCHAR(20)")
    with pytest.raises(InvalidArgumentError, match="A is"):
        scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, text)


@on_sqlite
def test_a_pipeline_takes_the_place_of_another_only_if_that_is_meant(conn, scheduler, old, turned):
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned)
    with pytest.raises(TaskExistsError):
        scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned)
    scheduler.create_retrain_pipeline("RETRAIN", MODEL, turned, old, turned, force=True, margin=0.1)
    scheduler.remove_task("RETRAIN", with_hierarchy=True)
    with conn.database.read() as connection:
        assert tasks.tasks(connection) == []
