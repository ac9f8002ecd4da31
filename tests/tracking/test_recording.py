"""Arming a model records its calls: what, in which order, in which shape."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, MLExperiments, evidence
from hanalife.database import run_values, runs, shared_records
from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.observation import CallProgress, FoldScore, LearningPoint
from hanalife.records import RunStatus
from hanalife.tracking import log
from tests.tracking.reporting import BARE, FACTS, FULL, SCORE, Model, entries, until

SPLITTER = "_<EXPERIMENT_SPLITTER>_"
HOSTILE = [
    "'; DROP TABLE hl_run; --",
    '" OR ""="',
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "a\nb\tc",
    "%_%",
    "Größe 測定 🧪 \u202eabc",
    ":name %(x)s ?",
    "x" * 256,
]


@pytest.fixture
def tracker(conn):
    return MLExperiments(conn, "E", "about diabetes")


@pytest.fixture
def model():
    return Model()


def store(conn, read, *args):
    with conn.database.read() as connection:
        return read(connection, *args)


def test_every_kind_of_entry_in_order_and_shape(tracker, model):
    tracker.autologging(model, run_name="r", dataset_name="Pima", dataset_source="UCI")
    model.fit(parameters={"n_estimators": 100, "learning_rate": 0.1})
    assert entries(tracker.get_tracking_log_for_current_run()) == [
        ("PARAMETER", [{"n_estimators": 100}, {"learning_rate": 0.1}]),
        (
            "DATASET",
            {
                "NAME": "Pima",
                "SOURCE": "UCI",
                "ROWS": 3,
                "COLUMNS": 2,
                "CONTENT_HASH": "ab12",
                "SQL": 'SELECT "ID", "BMI" FROM "T"',
                "COLUMN_SPEC": [
                    {"COLUMN_NAME": "ID", "COLUMN_TYPE": "INT"},
                    {"COLUMN_NAME": "BMI", "COLUMN_TYPE": "DOUBLE"},
                ],
            },
        ),
        ("OPTIMAL_PARAMETER", [{"learning_rate": 0.1}]),
        ("METRIC", [{"AUC": 0.75}, {"TEST_AUC": "0.7,0.8"}]),
        ("VARIABLE_IMPORTANCE", [{"BMI": 0.6}, {"AGE": 0.4}]),
        ("DISCRETE_FIGURE", {"CONFUSION_MATRIX": [["0", "0", 7], ["0", "1", 2], ["1", "0", 1], ["1", "1", 5]]}),
        ("CONTINUOUS_FIGURE", {"ROC_FPR": [[0, 0], [1, 1]], "ROC_TPR": [[0, 0], [1, 1]]}),
        ("MODEL_SIGNATURE_PROPERTY", {"CLASS": "UnifiedClassification", "LABEL": "CLASS"}),
        (
            "MODEL_SIGNATURE_INPUT_SCHEMA",
            {
                "0": {"COLUMN_NAME": "ID", "COLUMN_TYPE": "INT"},
                "1": {"COLUMN_NAME": "BMI", "COLUMN_TYPE": "DOUBLE"},
            },
        ),
        ("MODEL_SIGNATURE_OUTPUT_SCHEMA", {"0": {"COLUMN_NAME": "SCORE", "COLUMN_TYPE": "NVARCHAR"}}),
        ("MODEL_SIGNATURE_PARAM_SPEC", {"max_depth": {"TYPE": "INT", "DEFAULT": 6}}),
        ("END_OF_TRACK", {"STATUS": "FINISHED", "METHOD": "fit", "SECONDS": 1.5}),
    ]


def test_log_and_metadata_frames_have_the_columns_of_the_tracking_tables(conn, model):
    moments = iter(datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC) for second in range(60))
    tracker = MLExperiments(conn, "E", "about", clock=lambda: next(moments), ids=lambda: "id-1")
    tracker.autologging(model, run_name="r")
    assert model.fit() == "id-1"
    rows = tracker.get_tracking_log_for_current_run().collect()
    assert list(rows) == ["EXECUTION_ID", "SEQ", "EVENT_KEY", "EVENT_TIMESTAMP", "EVENT_MESSAGE"]
    assert rows["SEQ"].tolist() == list(range(12))
    assert set(rows["EXECUTION_ID"]) == {f"E{SPLITTER}r"}
    (row,) = tracker.get_tracking_metadata_for_current_run().collect().to_dict("records")
    assert row["TRACK_ID"] == tracker.get_current_tracking_id() == f"E{SPLITTER}r"
    assert (row["STATUS"], row["PROC_NAME"], row["DESCRIPTION"]) == ("FINISHED", "UNIFIED_CLASSIFICATION", "about")
    assert (row["DATASET_NAME"], row["DATASET_SOURCE"]) == ("T", "T")
    assert row["OWNER"]
    assert rows["EVENT_TIMESTAMP"].iloc[0] == row["CREATED_AT"] < row["ENDED_AT"]
    assert row["CREATED_AT"].isoformat().startswith("2026-01-02T03:04:")


def test_one_kind_of_entry_and_the_first_rows(conn, tracker, model):
    tracker.autologging(model, run_name="r")
    model.fit()
    frame = log.get_tracking_log_by_run(conn, "E", "r", event_key="METRIC")
    assert entries(frame) == [("METRIC", [{"AUC": 0.75}, {"TEST_AUC": "0.7,0.8"}])]
    with pytest.warns(DeprecationWarning, match="get_tracking_log_by_run"):
        first = log.get_tracking_log(conn, tracker.get_current_tracking_id()).head(2)
    assert [key for key, _ in entries(first)] == ["PARAMETER", "DATASET"]
    with pytest.warns(DeprecationWarning, match="get_tracking_metadata_by_run"):
        assert log.get_tracking_metadata(conn, tracker.get_current_tracking_id()).count() == 1


def test_what_a_call_does_not_have_is_not_in_its_log(tracker, model):
    tracker.autologging(model)
    model.fit(BARE)
    assert [key for key, _ in entries(tracker.get_tracking_log_for_current_run())] == [
        "PARAMETER",
        "DATASET",
        "END_OF_TRACK",
    ]


def test_a_score_after_a_fit_adds_to_the_run_and_leaves_the_fits_metrics(conn, tracker, model):
    tracker.autologging(model, run_name="r")
    run_id = model.fit()
    assert model.score() == run_id
    found = entries(tracker.get_tracking_log_for_current_run())
    assert [content for key, content in found if key == "METRIC"] == [
        [{"AUC": 0.75}, {"TEST_AUC": "0.7,0.8"}],
        [{"SCORE_AUC": 0.5}, {"SCORE_KAPPA": 0.25}],
    ]
    assert [content["METHOD"] for key, content in found if key == "END_OF_TRACK"] == ["fit", "score"]
    assert store(conn, run_values.metrics, [run_id])[run_id] == {
        ("AUC", "validation"): 0.75,
        ("SCORE_AUC", "test"): 0.5,
        ("SCORE_KAPPA", "test"): 0.25,
        ("TEST_AUC", "cv"): "0.7,0.8",
    }
    run = store(conn, runs.run, run_id)
    assert (run.attempt, run.status, run.next_seq) == (1, RunStatus.FINISHED, len(found))


def test_a_run_that_only_scores_has_plain_names_and_the_latest_values(conn, tracker, model):
    tracker.autologging(model, run_name="week 1")
    run_id = model.score()
    assert model.score(replace(SCORE, metrics={"AUC": 0.875})) == run_id
    assert store(conn, run_values.metrics, [run_id])[run_id] == {
        ("AUC", "test"): 0.875,
        ("KAPPA", "test"): 0.25,
    }


def test_the_dataset_of_the_run_is_that_of_its_first_kind_of_call(conn, tracker, model):
    tracker.autologging(model, run_name="r")
    run_id = model.fit()
    model.score(replace(SCORE, dataset=replace(FACTS, source_table="HOLD_OUT")))
    assert store(conn, runs.run, run_id).dataset_name == "T"
    names = [
        content["NAME"] for key, content in entries(tracker.get_tracking_log_for_current_run()) if key == "DATASET"
    ]
    assert names == ["T", "HOLD_OUT"]


def test_a_further_fit_and_a_new_arming_are_new_attempts(conn, tracker, model):
    tracker.autologging(model, run_name="r")
    first = model.fit(parameters={"depth": 1})
    second = model.fit(parameters={"depth": 2})
    tracker.autologging(model, run_name="r")
    third = model.score(parameters={"depth": 3})
    assert [(run.run_id, run.attempt) for run in store(conn, runs.attempts, "E", "r")] == [
        (first, 1),
        (second, 2),
        (third, 3),
    ]
    assert entries(tracker.get_tracking_log_for_current_run())[0] == ("PARAMETER", [{"depth": 3}])
    assert tracker.get_tracking_metadata_for_current_run().collect()["ATTEMPT"].tolist() == [3]
    assert store(conn, runs.log, first)[0].message == '[{"depth": 1}]'


def test_a_failed_call_leaves_its_traceback(conn, tracker, model):
    def explode():
        raise ValueError("no such column: <b>BMI</b>")

    tracker.autologging(model, run_name="r")
    with pytest.raises(ValueError, match="no such column"):
        model.fit(during=explode)
    found = entries(tracker.get_tracking_log_for_current_run())
    assert [key for key, _ in found] == ["PARAMETER", "ERROR", "END_OF_TRACK"]
    error = found[1][1]
    assert (error["TYPE"], error["MESSAGE"]) == ("ValueError", "no such column: <b>BMI</b>")
    assert "in explode" in error["TRACEBACK"]
    assert found[2][1]["STATUS"] == "FAILED"
    run = store(conn, runs.newest, "E", "r")
    assert run.status is RunStatus.FAILED
    assert run.ended_at is not None


def test_an_interrupted_call_is_failed_too(conn, tracker, model):
    def interrupt():
        raise KeyboardInterrupt

    tracker.autologging(model, run_name="r")
    with pytest.raises(KeyboardInterrupt):
        model.fit(during=interrupt)
    assert store(conn, runs.newest, "E", "r").status is RunStatus.FAILED


def test_after_a_failed_score_the_fit_is_kept_and_the_score_can_be_repeated(conn, tracker, model):
    tracker.autologging(model, run_name="r")
    run_id = model.fit()
    with pytest.raises(ZeroDivisionError):
        model.score(during=lambda: 1 / 0)
    assert store(conn, runs.run, run_id).status is RunStatus.FAILED
    assert model.score() == run_id
    assert store(conn, runs.run, run_id).status is RunStatus.FINISHED
    assert store(conn, run_values.metrics, [run_id])[run_id]["AUC", "validation"] == 0.75


def test_a_run_is_active_while_its_call_goes_on(conn, tracker, model):
    seen = []
    tracker.autologging(model, run_name="r")
    model.fit(during=lambda: seen.append(store(conn, runs.newest, "E", "r")))
    (during,) = seen
    assert (during.status, during.ended_at, during.next_seq) == (RunStatus.ACTIVE, None, 1)
    after = store(conn, runs.newest, "E", "r")
    assert after.revision > during.revision


def test_every_change_raises_the_revision(conn, tracker, model):
    tracker.autologging(model, run_name="r")
    run_id = model.fit()
    seen = [store(conn, runs.revisions)[run_id]]
    model.score()
    seen.append(store(conn, runs.revisions)[run_id])
    tracker.add_tag_for_current_run("owner", "ann", 0)
    seen.append(store(conn, runs.revisions)[run_id])
    assert seen == sorted(set(seen))


def test_a_run_costs_two_commits(conn, tracker, model):
    tracker.autologging(model)
    model.fit()  # makes the tables
    commits = []
    sa.event.listen(conn.database.engine, "commit", commits.append)
    model.fit()
    assert len(commits) == 2


def test_progress_is_on_the_run_when_the_call_has_ended(conn, tracker, model):
    tracker.autologging(model)
    run_id = model.fit(during=lambda: model.progress(12, 40, "fold \0 3"))
    run = store(conn, runs.run, run_id)
    assert (run.progress_done, run.progress_total, run.progress_text) == (12, 40, "fold \\x00 3")
    model.score()
    run = store(conn, runs.run, run_id)
    assert (run.progress_done, run.progress_total, run.progress_text) == (0, 0, "")


def test_numbers_that_json_has_no_word_for(conn, tracker, model):
    import numpy as np

    metrics = {"A": math.nan, "B": math.inf, "C": -math.inf, "D": np.float32(0.5), "E": np.float64("nan")}
    tracker.autologging(model)
    parameters = {"x": [math.nan, {"y": math.inf}], "n": np.int64(3), "flag": np.True_, "f": np.longdouble(2)}
    run_id = model.fit(replace(BARE, metrics=metrics), parameters=parameters)
    found = dict(entries(tracker.get_tracking_log_for_current_run()))
    assert found["METRIC"] == [{"A": "nan"}, {"B": "inf"}, {"C": "-inf"}, {"D": 0.5}, {"E": "nan"}]
    assert found["PARAMETER"] == [{"x": ["nan", {"y": "inf"}]}, {"n": 3}, {"flag": True}, {"f": 2.0}]
    stored = evidence.by_label(store(conn, run_values.metrics, [run_id])[run_id])
    assert math.isnan(stored["A"])
    assert math.isnan(stored["E"])
    assert (stored["B"], stored["C"], stored["D"]) == (math.inf, -math.inf, 0.5)


def test_a_long_message_is_kept_whole(tracker, model):
    curve = tuple((i / 7, i / 3) for i in range(200_000))
    tracker.autologging(model)
    model.fit(replace(BARE, curves={"ROC_TPR": curve}))
    found = dict(entries(tracker.get_tracking_log_for_current_run()))
    assert found["CONTINUOUS_FIGURE"] == {"ROC_TPR": [list(point) for point in curve]}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_text(sqlite_conn, name):
    check_names(sqlite_conn, name)


def test_hostile_names_are_only_text_on_postgresql(postgres_url):
    with ConnectionContext(postgres_url) as conn:
        for name in HOSTILE:
            check_names(conn, name)


def check_names(conn, name):
    tracker, model = MLExperiments(conn, name, name), Model()
    tracker.autologging(model, run_name=name, dataset_name=name, dataset_source=name, track_description=name)
    long_label = name + "\0\ud800" + "y" * 300
    run_id = model.fit(
        replace(FULL, metrics={f"RECALL_{long_label}": 1.0, f"F1_{long_label}": "a\0b"}, confusion=((name, name, 1),)),
        parameters={name: name, long_label: long_label},
    )
    found = dict(entries(tracker.get_tracking_log_for_current_run()))
    assert found["PARAMETER"] == [{name: name}, {long_label: long_label}]
    assert found["DATASET"]["NAME"] == name
    assert found["DISCRETE_FIGURE"] == {"CONFUSION_MATRIX": [[name, name, 1]]}
    (row,) = tracker.get_tracking_metadata_for_current_run().collect().to_dict("records")
    assert row["TRACK_ID"] == f"{name}{SPLITTER}{name}"
    assert row["DATASET_NAME"] == row["DESCRIPTION"] == name
    assert [run.name for run in store(conn, runs.runs, [name])] == [name]
    assert sorted(store(conn, run_values.metrics, [run_id])[run_id].values(), key=str) == [1.0, "a\\x00b"]


def test_metrics_whose_long_names_differ_only_at_the_end_stay_apart(conn, tracker, model):
    tracker.autologging(model)
    names = ["x" * 400 + end for end in "ab"]
    run_id = model.fit(replace(BARE, metrics=dict(zip(names, (1.0, 2.0), strict=True))))
    assert sorted(store(conn, run_values.metrics, [run_id])[run_id].values()) == [1.0, 2.0]


# --- arming -----------------------------------------------------------------------------------


def test_nothing_is_written_before_the_first_call(bare_url, model):
    with ConnectionContext(bare_url) as conn:
        MLExperiments(conn, "E").autologging(model)
        assert conn.get_tables()["TABLE_NAME"].tolist() == []


def test_a_model_stays_armed_until_it_is_disarmed(conn, tracker, model):
    armed = tracker.autologging(model, run_name="a")
    assert f"'E{SPLITTER}a'" in repr(armed)
    model.fit()
    tracker.stop_autologging(model)
    model.fit()
    with tracker.autologging(model, run_name="b"):
        model.fit()
    model.fit()
    assert [(run.name, run.attempt) for run in store(conn, runs.runs)] == [("a", 1), ("b", 1)]


def test_the_end_of_a_block_disarms_only_what_it_armed(conn, tracker, model):
    with tracker.autologging(model, run_name="a"):
        tracker.autologging(model, run_name="b")
    model.fit()
    assert [run.name for run in store(conn, runs.runs)] == ["b"]


def test_runs_without_a_name_are_numbered_per_tracker(conn, tracker, model):
    assert (tracker.count, tracker.current_run_name) == (0, None)
    tracker.autologging(model)
    tracker.autologging(model, run_name="named")
    tracker.autologging(model)
    assert (tracker.count, tracker.current_run_name) == (2, "run_1")
    assert tracker.EXPERIMENT_SPLITTER == SPLITTER


def test_the_deprecated_track_id_names_the_run(tracker, model):
    with pytest.warns(DeprecationWarning, match="run_name"):
        tracker.autologging(model, track_id=f"E{SPLITTER}r")
    assert (tracker.current_run_name, tracker.count) == ("r", 0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("run_name", "track_id"),
    [(None, "no splitter"), (None, f"other{SPLITTER}r"), ("q", f"E{SPLITTER}r"), (None, f"E{SPLITTER}"), (None, "")],
)
def test_a_track_id_that_is_not_of_this_run_is_refused(tracker, model, run_name, track_id):
    with pytest.raises(InvalidArgumentError, match="track_id"):
        tracker.autologging(model, run_name=run_name, track_id=track_id)
    assert model.observer is None
    assert tracker.current_run_name is None


@pytest.mark.parametrize("experiment_id", ["", None, "x" * 257, f"a{SPLITTER}b", "a\0b", "a\ud800b"])
def test_an_experiment_id_that_cannot_be_used_is_refused(sqlite_conn, experiment_id):
    with pytest.raises(InvalidArgumentError, match="experiment_id"):
        MLExperiments(sqlite_conn, experiment_id)
    for read in (log.get_tracking_log_by_run, log.get_tracking_metadata_by_run, log.get_tracking_log_header_by_run):
        with pytest.raises(ValueError, match="experiment_id"):
            read(sqlite_conn, experiment_id, "r")


def test_names_that_are_no_text_are_refused(sqlite_conn, model):
    with pytest.raises(ArgumentTypeError, match="experiment_id"):
        MLExperiments(sqlite_conn, 7)
    tracker = MLExperiments(sqlite_conn, "E")
    for argument in ("run_name", "dataset_name", "dataset_source", "track_description"):
        with pytest.raises(ArgumentTypeError, match=argument):
            tracker.autologging(model, **{argument: 7})
    assert (model.observer, tracker.count) == (None, 0)


@pytest.mark.parametrize("run_name", ["", "x" * 257, "a\0b"])
def test_a_run_name_that_cannot_be_used_is_refused(sqlite_conn, model, run_name):
    tracker = MLExperiments(sqlite_conn, "E")
    with pytest.raises(InvalidArgumentError, match="run_name"):
        tracker.autologging(model, run_name=run_name)
    assert model.observer is None
    with pytest.raises(InvalidArgumentError, match="run_id"):
        log.get_tracking_log_by_run(sqlite_conn, "E", run_name)


def test_a_model_that_does_not_report_is_refused(sqlite_conn):
    with pytest.raises(ArgumentTypeError, match="dict"):
        MLExperiments(sqlite_conn, "E").autologging({})


def test_an_unknown_run_has_no_rows(conn, tracker):
    assert log.get_tracking_log_by_run(conn, "E", "none").collect().empty
    assert log.get_tracking_metadata_by_run(conn, "E", "none").collect().empty
    assert log.get_tracking_log_header_by_run(conn, "E", "none").collect().empty


def test_there_is_no_current_run_before_the_first_arming(tracker):
    for ask in (
        tracker.get_current_tracking_id,
        tracker.get_tracking_log_for_current_run,
        tracker.get_tracking_metadata_for_current_run,
        lambda: tracker.get_tags_for_current_run(0),
        lambda: tracker.add_tag_for_current_run("a", "b", 0),
    ):
        with pytest.raises(InvalidArgumentError, match="autologging"):
            ask()


def test_a_database_in_memory_records_too(model):
    from hanalife import ConnectionContext

    with ConnectionContext("sqlite://") as conn:
        tracker = MLExperiments(conn, "E")
        tracker.autologging(model)
        model.fit(during=lambda: model.progress(1, 2))
        assert len(entries(tracker.get_tracking_log_for_current_run())) == 12
        assert store(conn, runs.newest, "E", "run_0").progress_done == 1


def test_a_silent_run_is_lost_when_its_metadata_are_read(conn, tracker, model):
    tracker.autologging(model, run_name="r")
    now = datetime.now(UTC)
    statuses = []

    def look():
        for later in (0, 61):
            frame = log.get_tracking_metadata_by_run(conn, "E", "r", clock=lambda: now + timedelta(seconds=later))  # noqa: B023
            statuses.append(frame.collect()["STATUS"].iloc[0])

    model.fit(during=look)
    assert statuses == ["ACTIVE", "LOST"]
    # The process lived after all, so the end of its call counts.
    assert store(conn, runs.newest, "E", "r").status is RunStatus.FINISHED


# --- switches, search, learning curves --------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "missing"),
    [
        ("log_parameters", {"PARAMETER", "OPTIMAL_PARAMETER"}),
        ("log_dataset", {"DATASET"}),
        ("log_figures", {"DISCRETE_FIGURE", "CONTINUOUS_FIGURE"}),
        ("log_importance", {"VARIABLE_IMPORTANCE"}),
        (
            "log_signature",
            {f"MODEL_SIGNATURE_{part}" for part in ("PROPERTY", "INPUT_SCHEMA", "OUTPUT_SCHEMA", "PARAM_SPEC")},
        ),
    ],
)
def test_each_kind_of_entry_can_be_switched_off(sqlite_conn, model, switch, missing):
    tracker = MLExperiments(sqlite_conn, "E")
    keys = {}
    for name, options in (("all", {}), ("some", {switch: False})):
        tracker.autologging(model, run_name=name, **options)
        model.fit()
        keys[name] = {key for key, _ in entries(tracker.get_tracking_log_for_current_run())}
    assert keys["all"] - keys["some"] == missing
    run = store(sqlite_conn, runs.newest, "E", "some")
    assert (run.dataset_id is None) == (switch == "log_dataset")
    params = store(sqlite_conn, run_values.params, [run.run_id])[run.run_id]
    assert params == ({} if switch == "log_parameters" else {"depth": 6})


@pytest.mark.parametrize(("code", "environment"), [(True, False), (False, True)])
def test_code_and_environment_can_be_switched_off(sqlite_conn, model, code, environment):
    tracker = MLExperiments(sqlite_conn, "E")
    tracker.autologging(model, run_name="r", log_code=code, log_environment=environment)
    model.fit()
    run = store(sqlite_conn, runs.newest, "E", "r")
    assert (run.code_id is not None, run.environment_id is not None) == (code, environment)


def test_equal_facts_of_many_runs_are_stored_once(conn, tracker, model):
    for name in ("a", "b"):
        tracker.autologging(model, run_name=name)
        model.fit()
    first, second = store(conn, runs.runs)
    assert first.environment_id == second.environment_id
    assert first.dataset_id == second.dataset_id
    dataset = store(conn, shared_records.get, first.dataset_id)
    assert (dataset.kind, dataset.content["CONTENT_HASH"], dataset.content["ROWS"]) == ("dataset", "ab12", 3)


def test_a_search_and_learning_curves_are_recorded_while_they_go_on(conn, tracker, model):
    tracker.autologging(model, run_name="r")

    def work():
        tried = [(0, 0, 0.5), (0, 1, 0.75), (1, 0, 0.5), (1, 1, 0.25), (2, 0, 0.875)]
        for candidate, fold, score in tried:
            scores = (FoldScore(candidate, {"depth": candidate}, "auc", fold, score, folds=2),)
            points = (LearningPoint("logloss", "validation", fold, score),)
            model.observer.call_progressed(CallProgress(fold, 4, "folds", scores, points))
        until(lambda: len(curve("SEARCH_AUC")) == 2)
        assert store(conn, runs.newest, "E", "r").status is RunStatus.ACTIVE

    def curve(name):
        run_id = store(conn, runs.newest, "E", "r").run_id
        return [(point.step, point.value) for point in store(conn, run_values.points, run_id, name)]

    model.fit(during=work)
    assert curve("SEARCH_AUC") == [(0, 0.625), (1, 0.375)]  # means over all folds; the third has one only
    assert curve("VALIDATION_LOGLOSS") == [(0, 0.875), (1, 0.25)]
    measured = store(conn, run_values.metrics, [store(conn, runs.newest, "E", "r").run_id]).popitem()[1]
    assert measured["SEARCH_AUC", "cv"] == 0.625, "the best candidate's, not the last one's"
    assert measured["VALIDATION_LOGLOSS", "validation"] == 0.25
    found = [
        row for key, rows in entries(tracker.get_tracking_log_for_current_run()) if key == "SEARCH" for row in rows
    ]
    assert found[1] == {
        "CANDIDATE": 0,
        "PARAMETERS": {"depth": 0},
        "METRIC": "auc",
        "FOLD": 1,
        "SCORE": 0.75,
        "RUNG": 1,
        "FOLDS": 2,
    }
    assert len(found) == 5


def test_all_parameters_are_values_too(conn, tracker, model):
    tracker.autologging(model, run_name="r")
    model.fit(parameters={"depth": 6, "rate": 0.1, "names": ["a", None], "x" * 300: True})
    run_id = store(conn, runs.newest, "E", "r").run_id
    params = store(conn, run_values.params, [run_id])[run_id]
    assert {name: value for name, value in params.items() if len(name) < 256} == {
        "depth": 6,
        "rate": 0.1,
        "names": ["a", None],
    }
    assert len(params) == 4
