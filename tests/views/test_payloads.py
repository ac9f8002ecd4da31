"""Store records as payloads, read from real databases."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace

import pytest

from hanalife import ScheduledExecution
from hanalife.database import runs as store
from hanalife.database import tasks as store_tasks
from hanalife.drawing import figures as drawn_figures
from hanalife.errors import RunNotFoundError, SearchError, TaskNotFoundError
from hanalife.evidence import MetricKey
from hanalife.observation import MetricSource
from hanalife.records import LogEntry
from hanalife.views import answers, changes, composites, encoding, experiments, figures, learning, models, runs, tasks
from hanalife.views.answers import error_info
from hanalife.views.run_log import RunLog
from tests.views import golden, sample


def strict(payload):
    """Write and read as the wire does: NaN is no word of JSON."""
    return json.loads(json.dumps(payload, allow_nan=False))


def until_searched(context, run_id):
    """Give the details of a run once what a search reported is written; a thread of its own writes it."""
    deadline = time.monotonic() + 10
    while True:
        with context.database.read() as connection:
            detail = strict(answers.run(connection, run_id))
        if detail["searches"] and detail["learning"]:
            return detail
        assert time.monotonic() < deadline
        time.sleep(0.02)


def facts(found):
    return {fact["name"]: fact["value"] for fact in found}


def test_runs_in_the_order_of_time_with_their_metrics(conn):
    first = sample.record_run(conn, "A", "one", 0.75)
    second = sample.record_failed_run(conn, "B", "two")
    with conn.database.read() as connection:
        payload = strict(experiments.read(connection, "label"))
    assert [row["run_id"] for row in payload["runs"]] == [first, second]
    assert payload["runs"][0]["metrics"]["validation"]["AUC"] == 0.75
    assert payload["runs"][0]["status"] == "FINISHED"
    assert payload["runs"][0]["duration_seconds"] >= 0
    assert payload["runs"][1]["status"] == "FAILED"
    assert [row["experiment_id"] for row in payload["experiments"]] == ["A", "B"]


def test_only_the_experiments_asked_for_and_those_that_are_absent(conn):
    sample.record_run(conn, "A", "one")
    sample.record_run(conn, "B", "two")
    with conn.database.read() as connection:
        payload = experiments.read(connection, "label", ["B", "UNBORN"])
    assert {row["experiment_id"] for row in payload["runs"]} == {"B"}
    assert payload["absent"] == ["UNBORN"]


def test_unchanged_rows_are_taken_from_the_payload_before(conn):
    kept = sample.record_run(conn, "A", "one")
    run_id, observer = sample.begin_run(conn, "A", "two")
    with conn.database.read() as connection:
        before = experiments.read(connection, "label")
    observer.call_finished(sample.outcome(0.9))
    with conn.database.read() as connection:
        after = experiments.read(connection, "label", previous=before)
    assert after["runs"][0] is before["runs"][0]
    assert after["runs"][0]["run_id"] == kept
    assert after["runs"][1]["run_id"] == run_id
    assert after["runs"][1]["metrics"]["validation"]["AUC"] == 0.9
    delta = changes.between_experiments(before, after)
    assert [row["run_id"] for row in delta["runs"]["changed"]] == [run_id]


def test_a_deleted_run_is_in_the_delta_and_nothing_makes_none(conn):
    gone = sample.record_run(conn, "A", "one")
    with conn.database.read() as connection:
        before = experiments.read(connection, "label")
        assert changes.between_experiments(before, experiments.read(connection, "label", previous=before)) is None
    with conn.database.write() as connection:
        store.forget_runs(connection, [gone])
    with conn.database.read() as connection:
        after = experiments.read(connection, "label", previous=before)
    assert changes.between_experiments(before, after)["runs"]["removed"] == [gone]


def test_the_detail_of_a_run_reads_its_whole_log(conn):
    run_id = sample.record_run(conn, "A", "one", 0.8)
    with conn.database.read() as connection:
        detail = strict(answers.run(connection, run_id))
    assert facts(detail["parameters"])["fold_num"] == "5"
    assert facts(detail["parameters"])["learning_rate"] == "[0.1, 0.3]"
    assert facts(detail["optimal"]) == {"learning_rate": "0.1", "n_estimators": "40"}
    assert {row["name"]: (row["low"], row["high"]) for row in detail["metrics"]}["AUC"] == pytest.approx((0.76, 0.83))
    assert [row["low"] for row in detail["metrics"] if row["name"] != "AUC"] == [None] * 6
    assert facts(detail["dataset"])["ROWS"] == "614"
    assert detail["columns"]["columns"] == ["COLUMN_NAME", "COLUMN_TYPE"]
    assert ["BMI", "DOUBLE"] in detail["columns"]["rows"]
    assert [item["name"] for item in detail["importance"][:2]] == ["GLUCOSE", "BMI"]
    assert detail["confusion"]["counts"] == [[84, 16], [21, 33]]
    assert facts(detail["signature"]["properties"])["LABEL"] == "CLASS"
    assert detail["signature"]["parameters"]["rows"] == [["max_depth", "INT", "6"]]
    assert detail["log_total"] == len(detail["log"])


def test_a_later_call_adds_its_dataset_and_brings_its_curves(conn):
    run_id, observer = sample.begin_run(conn, "A", "one")
    observer.call_finished(sample.outcome(0.8))
    observer.call_started(sample.CallStart("score", "UNIFIED_CLASSIFICATION", {"key": "ID"}))
    observer.call_finished(sample.outcome(0.6, MetricSource.TEST))
    with conn.database.read() as connection:
        detail = strict(answers.run(connection, run_id))
    assert facts(detail["overview"])["Calls"] == "fit, score"
    assert facts(detail["parameters"])["fold_num"] == "5"
    measured = [row for row in detail["metrics"] if row["name"] == "AUC"]
    assert [(row["source"], row["value"], row["rows"]) for row in measured] == [
        ("test", "0.6", 614),
        ("validation", "0.8", None),
    ]
    assert [(row["low"], row["high"]) for row in measured] == [
        pytest.approx((0.56, 0.63)),
        pytest.approx((0.76, 0.83)),
    ]
    assert detail["primary_metric"] == "AUC"
    assert detail["curves"][0]["title"] == "ROC Curve (test)"
    assert detail["confusion"]["source"] == "test"


def test_rows_of_which_some_were_trained_on_say_how_many_and_count_as_training_rows(conn):
    run_id, observer = sample.begin_run(conn, "A", "one")
    observer.call_finished(sample.outcome(0.8))
    for auc, source, note in (
        (0.9, MetricSource.TRAIN, "120 of 614 rows were trained on"),
        (0.6, MetricSource.TEST, ""),
    ):
        observer.call_started(sample.CallStart("score", "UNIFIED_CLASSIFICATION", {"key": "ID"}))
        observer.call_finished(replace(sample.outcome(auc, source), source_note=note))
    with conn.database.read() as connection:
        detail = strict(answers.run(connection, run_id))
    measured = {row["source"]: row for row in detail["metrics"] if row["name"] == "AUC"}
    assert {source: (row["value"], row["note"]) for source, row in measured.items()} == {
        "test": ("0.6", ""),
        "validation": ("0.8", ""),
        "train": ("0.9", "120 of 614 rows were trained on"),
    }
    assert (measured["train"]["low"], measured["test"]["low"]) == (pytest.approx(0.86), pytest.approx(0.56))
    # TPR = FPR ** k at FPR = 0.5 tells which of the two curves it is.
    assert detail["curves"][0]["series"][0]["points"][10] == [0.5, pytest.approx(0.5 ** (0.4 / 0.6))]


def test_a_run_by_hand_shows_its_parameters_and_notes(conn):
    with conn.experiment("A").run("by hand") as run:
        run.log_params({"depth": 6, "rate": 0.1})
        run.log_metric("loss", 0.5)
        run.set_notes("looks fine")
    with conn.database.read() as connection:
        detail = strict(answers.run(connection, run.run_id))
    assert facts(detail["parameters"]) == {"depth": "6", "rate": "0.1"}
    assert facts(detail["metrics"]) == {"loss": "0.5"}
    assert detail["notes"] == "looks fine"


def test_a_run_tells_its_tags_relatives_artifacts_and_where_it_comes_from(conn):
    with conn.experiment("A").run("outer") as outer:
        outer.set_tags({"stage": "trial"})
        with outer.child("inner") as inner:
            inner.log_metric("loss", 0.5)
        outer.log_artifact(b"hello", "greeting.txt")
    with conn.database.read() as connection:
        detail = strict(answers.run(connection, outer.run_id))
        child = strict(answers.run(connection, inner.run_id))
    assert facts(detail["tags"]) == {"stage": "trial"}
    assert [(link["run_id"], link["name"], link["status"]) for link in detail["children"]] == [
        (inner.run_id, "outer/inner", "FINISHED")
    ]
    assert child["parent"]["run_id"] == outer.run_id
    assert [(one["name"], one["kind"], one["size_bytes"]) for one in detail["artifacts"]] == [
        ("greeting.txt", "file", 5)
    ]
    assert facts(detail["environment"])["Python"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")
    assert int(facts(detail["environment"])["Packages"]) > 10
    assert facts(detail["overview"])["Recording took"].endswith(" s")


def test_a_search_shows_its_candidates_while_it_goes_on(conn):
    run_id, observer = sample.begin_run(conn, "A", "searching")
    observer.call_progressed(sample.searching())
    detail = until_searched(conn, run_id)
    (search,) = detail["searches"]
    assert search["metric"] == "error_rate"
    assert search["summary"] == (
        "Best so far of 3: 0.23 (mean error_rate, cv, lower is better) with learning_rate 0.1, n_estimators 40"
    )
    assert [one["candidate"] for one in search["candidates"]] == [2, 1, 3]
    assert [one["score"] for one in search["candidates"]] == pytest.approx([0.23, 0.25, 0.45])
    assert search["candidates"][0]["parameters"] == "learning_rate 0.1, n_estimators 40"
    best, scores = ([y for _, y in line["points"]] for line in search["chart"]["series"])
    assert scores == pytest.approx([0.25, 0.23, 0.45])
    assert best == pytest.approx([0.25, 0.23, 0.23])
    (chart,) = detail["learning"]  # the series of the search has its own chart
    assert chart["title"] == "LOGLOSS"
    assert {line["name"]: line["points"][-1] for line in chart["series"]} == {
        "train": [3.0, pytest.approx(0.7 / 3)],
        "validation": [3.0, pytest.approx(0.7 / 3 + 0.05)],
    }
    observer.call_finished(sample.outcome(0.8))


def test_a_long_series_comes_thinned_with_its_extremes(conn):
    with conn.experiment("A").run("long") as run:
        run.log_metrics({"loss": [9.0 if step == 7_777 else 1 / (1 + step) for step in range(10_000)]})
    with conn.database.read() as connection:
        (chart,) = answers.run(connection, run.run_id)["learning"]
    points = chart["series"][0]["points"]
    assert len(points) <= drawn_figures.MOST_POINTS
    assert (7_777.0, 9.0) in points
    assert points[-1][0] == 9_999


def test_only_so_many_learning_curves_are_sent():
    series = {MetricKey(f"metric {number}", MetricSource.USER): [(0, 1.0), (1, 2.0)] for number in range(300)}
    around = runs.Surroundings(series=series)
    detail = runs.detail(golden._run("a", golden.RunStatus.ACTIVE), {}, RunLog(), around)
    assert (len(detail["learning"]), detail["learning_total"]) == (learning.MOST_CHARTS, 300)


def test_the_input_schema_says_what_training_saw(conn):
    run_id = sample.record_run(conn, "A", "one", 0.8)
    with conn.database.read() as connection:
        inputs = answers.run(connection, run_id)["signature"]["inputs"]
    assert inputs["columns"] == ["COLUMN_NAME", "COLUMN_TYPE", "CATEGORIES", "MINIMUM", "MAXIMUM"]
    assert ["CLASS", "INT", "0, 1", "", ""] in inputs["rows"]
    assert ["BMI", "DOUBLE", "", "18.2", "67.1"] in inputs["rows"]


def test_a_search_in_words_finds_runs_in_its_order(conn):
    low, high = sample.record_run(conn, "A", "low", 0.7), sample.record_run(conn, "B", "high", 0.9)
    sample.record_failed_run(conn, "A", "failed")
    with conn.database.read() as connection:
        every = answers.search(connection, "metrics.AUC > 0.5 order by metrics.AUC")
        some = answers.search(connection, "status = 'FINISHED'", ["A"])
        with pytest.raises(SearchError) as caught:
            answers.search(connection, "metrics.AUC > 0.8 adn owner = 'me'")
    assert (every["run_ids"], every["ordered"]) == ([low, high], True)
    assert (some["run_ids"], some["ordered"]) == ([low], False)
    info = error_info(caught.value)
    assert info["code"] == "search"
    assert info["message"].splitlines()[1:] == ["metrics.AUC > 0.8 adn owner = 'me'", " " * 18 + "^"]


def test_a_failed_run_tells_its_error_as_text(conn):
    run_id = sample.record_failed_run(conn, "A", "broken")
    with conn.database.read() as connection:
        detail = answers.run(connection, run_id)
    assert facts(detail["overview"])["Error"] == "ValueError: data: <b>no rows</b> left"
    assert detail["curves"] == []
    assert detail["confusion"] is None


@pytest.mark.parametrize("message", ["not JSON", "[1, 2]", '"text"', "null", "{}", '[{"a": [1]}]'])
def test_a_log_of_another_program_is_shown_as_far_as_it_can_be(message):
    keys = ["PARAMETER", "METRIC", "DATASET", "VARIABLE_IMPORTANCE", "DISCRETE_FIGURE", "CONTINUOUS_FIGURE"]
    keys += ["MODEL_SIGNATURE_PROPERTY", "MODEL_SIGNATURE_INPUT_SCHEMA", "MODEL_SIGNATURE_PARAM_SPEC"]
    keys += ["METRIC_INTERVAL", "METRIC_INTERVAL_NOTE", "SEARCH", "OPTIMAL_PARAMETER", "ARTIFACT"]
    log = [LogEntry("a", seq, key, golden.START, message) for seq, key in enumerate([*keys, "END_OF_TRACK"])]
    detail = strict(runs.detail(golden._run("a", golden.RunStatus.FINISHED), {}, RunLog.of(log)))
    assert [row["message"] for row in detail["log"]] == [message] * len(log)


def test_a_metric_without_an_interval_says_why_and_the_last_call_counts():
    """The same metric of two calls: first with an interval, then without one, then with one again."""

    def read(*calls):
        measured, end = ("METRIC", '[{"AUC": 0.8}]'), ("END_OF_TRACK", '{"METHOD": "score"}')
        entries = [event for bounds in calls for event in (measured, bounds, end)]
        log = [LogEntry("a", seq, key, golden.START, message) for seq, (key, message) in enumerate(entries)]
        metrics = {MetricKey("AUC", MetricSource.TEST): 0.8}
        detail = strict(runs.detail(golden._run("a", golden.RunStatus.FINISHED), metrics, RunLog.of(log)))
        return tuple(detail["metrics"][0][key] for key in ("low", "high", "no_interval"))

    interval = ("METRIC_INTERVAL", '{"AUC": [0.7, 0.9]}')
    note = ("METRIC_INTERVAL_NOTE", '{"AUC": "one class has 3 rows"}')
    assert read(interval) == (0.7, 0.9, "")
    assert read(interval, note) == (None, None, "one class has 3 rows")
    assert read(interval, note, interval) == (0.7, 0.9, "")


def test_long_messages_are_cut_and_long_logs_end_with_their_last_entries():
    log = [LogEntry("a", seq, "NOTE", golden.START, "x" * 100_000) for seq in range(600)]
    detail = runs.detail(golden._run("a", golden.RunStatus.FINISHED), {}, RunLog.of(log))
    assert detail["log_total"] == 600
    assert [detail["log"][0]["seq"], detail["log"][-1]["seq"]] == [100, 599]
    assert detail["log"][0]["message"].endswith("(100,000 characters)")
    assert len(json.dumps(detail)) < 1_500_000


def test_unknown_ids_are_errors_that_name_them(conn):
    with conn.database.read() as connection:
        with pytest.raises(RunNotFoundError, match="'nowhere'"):
            answers.run(connection, "nowhere")
        with pytest.raises(TaskNotFoundError, match="'nothing'") as caught:
            answers.task(connection, "nothing")
    assert error_info(caught.value)["code"] == "task_not_found"


def test_tasks_with_schedule_in_words_last_job_and_workers(conn):
    job_id = sample.record_task(conn, "WEEKLY")
    sample.sign_of_life(conn, sample.NOW)
    with conn.database.read() as connection:
        payload = strict(tasks.read(connection, "label", sample.NOW, ["WEEKLY", "UNBORN"]))
        later = tasks.read(connection, "label", sample.NOW + 2 * tasks.ALIVE)
        detail = strict(answers.task(connection, "WEEKLY"))
    row = payload["tasks"][0]
    assert row["schedule_text"] == "every Monday at 08:00:00 UTC"
    assert row["next_due"] == "2026-03-02T08:00:00.000000Z"
    assert row["last_job"]["job_id"] == str(job_id)
    assert row["last_job"]["status"] == "SUCCEEDED"
    assert row["last_job"]["duration_seconds"] == 4
    assert payload["absent"] == ["UNBORN"]
    assert [worker["worker_id"] for worker in payload["workers"]] == ["worker-1"]
    assert later["workers"] == []
    assert facts(detail["definition"])["Model"] == "DIABETES, version 2"
    assert facts(detail["parameters"]) == {"data": 'SELECT * FROM "NEW"', "key": "ID"}
    assert [tick["status"] for tick in detail["ledger"]] == ["RAN"]
    assert detail["log"][0]["message"] == "Task created."
    assert facts(detail["policy"])["Retries"] == "none"
    assert detail["trigger"] == []
    assert detail["parts"] == []


def test_a_task_tells_its_policy_and_trigger_in_words(conn):
    scheduled = ScheduledExecution(conn)
    conn.create_table("FRESH", {"ID": "INT"})
    sample.record_task(conn, "WATCHING")
    scheduled.set_task_policy("WATCHING", retries=2, time_limit_seconds=90, misfire="all")
    scheduled.create_data_trigger("WATCHING", "FRESH", key="ID")
    with conn.database.read() as connection:
        detail = strict(answers.task(connection, "WATCHING"))
    assert facts(detail["policy"]) == {
        "Retries": "2, the first after 10 s, then twice as long each time",
        "Time limit": "90 s for each attempt",
        "Misfire": "all: each due time that was missed gets a job of its own",
        "Late after": "60 s",
        "Concurrency": "one job at a time",
        "Priority": "0, the usual",
    }
    assert facts(detail["trigger"])["Due on"] == "new data"
    assert facts(detail["trigger"])["Watches"] == "table FRESH, key ID"


def test_a_composite_shows_its_parts_with_their_jobs_of_its_last_execution(conn):
    sample.record_composite(conn, "NIGHTLY")
    with conn.database.read() as connection:
        parts = strict(answers.task(connection, "NIGHTLY"))["parts"]
    assert [(part["task_id"], part["job"] and part["job"]["status"]) for part in parts] == [
        ("NIGHTLY_LOAD", "SUCCEEDED"),
        ("NIGHTLY_FIT", "FAILED"),
        ("NIGHTLY_SCORE", "SKIPPED"),
    ]
    # Before its first execution the last jobs of the parts themselves are shown.
    with conn.database.read() as connection:
        inner = composites.parts(connection, store_tasks.task(connection, "NIGHTLY"), None)
    assert [part["job"]["status"] for part in inner] == ["SUCCEEDED", "FAILED", "SKIPPED"]


def test_models_come_with_their_aliases(conn):
    sample.record_models(conn)
    with conn.database.read() as connection:
        found = strict(models.read(connection, conn.database.label))["models"]
    assert {(row["name"], row["version"]): row["aliases"] for row in found} == {
        ("DIABETES", 1): [],
        ("DIABETES", 2): ["challenger", "champion"],
    }


def test_no_models(conn):
    with conn.database.read() as connection:
        assert models.read(connection, conn.database.label)["models"] == []


def test_thinning_keeps_the_ends_and_the_bound():
    points = [(x, x * x) for x in range(10_007)]
    thinned = drawn_figures.thin(points)
    assert len(thinned) == drawn_figures.MOST_POINTS
    assert [thinned[0], thinned[-1]] == [points[0], points[-1]]
    assert list(thinned) == sorted(set(thinned))


def test_classes_are_ordered_as_numbers_where_they_are():
    triples = [(str(label), str(label), 1) for label in (10, 9, 1)]
    assert figures.confusion(triples)["labels"] == ["1", "9", "10"]


def test_numbers_of_all_kinds_can_be_sent():
    assert [encoding.number(value) for value in (1, 0.5, float("nan"), float("inf"), "nan", None)] == [
        1.0,
        0.5,
        "nan",
        "inf",
        "nan",
        "nan",
    ]
