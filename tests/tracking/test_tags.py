"""Tags on entries of a run's log."""

from __future__ import annotations

import pytest

from hanalife import MLExperiments
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, RunNotFoundError
from hanalife.tracking import log, tags
from tests.tracking.reporting import Model


@pytest.fixture
def tracker(conn):
    tracker, model = MLExperiments(conn, "E"), Model()
    tracker.autologging(model, run_name="r")
    model.fit()
    return tracker


@pytest.fixture
def sqlite_tracker(sqlite_conn):
    tracker, model = MLExperiments(sqlite_conn, "E"), Model()
    tracker.autologging(model, run_name="r")
    model.fit()
    return tracker


def rows(frame):
    return [tuple(row[1:]) for row in frame.collect().itertuples(index=False)]


def test_a_tag_is_added_changed_and_removed(tracker):
    added = tracker.add_tag_for_current_run("owner", "ann", 3)
    assert added.columns == ["EXECUTION_ID", "SEQ", "HEADER_KEY", "HEADER_VALUE"]
    assert rows(added) == [(3, "owner", "ann")]
    assert added.collect()["EXECUTION_ID"].tolist() == [tracker.get_current_tracking_id()]
    assert rows(tracker.modify_tag_for_current_run("owner", "ann", "bob", 3)) == [(3, "owner", "bob")]
    assert rows(tracker.remove_tag_for_current_run("owner", "bob", 3)) == []


def test_tags_are_ordered_and_can_be_picked(conn, tracker):
    for seq, name in [(1, "b"), (0, "z"), (1, "a")]:
        tags.add_tag_by_run(conn, "E", "r", name, f"{name}!", seq)
    assert rows(tags.get_tags_by_run(conn, "E", "r", 1)) == [(1, "a", "a!"), (1, "b", "b!")]
    assert rows(tracker.get_tags_for_current_run(1, tag_name="b")) == [(1, "b", "b!")]
    assert rows(log.get_tracking_log_header_by_run(conn, "E", "r")) == [(0, "z", "z!"), (1, "a", "a!"), (1, "b", "b!")]
    assert rows(log.get_tracking_log_header_by_run(conn, "E", "r", event_key="z")) == [(0, "z", "z!")]


def test_tags_hold_any_text(tracker):
    name, value = "'; DROP TABLE hl_run_tag; --", "<script>🧪</script>\n" * 200
    assert rows(tracker.add_tag_for_current_run(name, value, 0)) == [(0, name, value)]
    assert rows(tracker.add_tag_for_current_run("n" * 256, "v" * 5000, 1)) == [(1, "n" * 256, "v" * 5000)]
    assert rows(tracker.add_tag_for_current_run("empty", "", 2)) == [(2, "empty", "")]


def test_a_tag_is_not_overwritten_by_mistake(tracker):
    tracker.add_tag_for_current_run("owner", "ann", 0)
    with pytest.raises(InvalidArgumentError, match="modify_tag_by_run"):
        tracker.add_tag_for_current_run("owner", "bob", 0)
    with pytest.raises(InvalidArgumentError, match="is 'ann'"):
        tracker.modify_tag_for_current_run("owner", "eve", "bob", 0)
    with pytest.raises(InvalidArgumentError, match="is 'ann'"):
        tracker.remove_tag_for_current_run("owner", "eve", 0)
    with pytest.raises(InvalidArgumentError, match="there is no tag 'owner'"):
        tracker.remove_tag_for_current_run("owner", "ann", 1)
    assert rows(tracker.get_tags_for_current_run(0)) == [(0, "owner", "ann")]


def test_tags_belong_to_the_newest_attempt(conn, tracker):
    tracker.add_tag_for_current_run("owner", "ann", 0)
    model = Model()
    tracker.autologging(model, run_name="r")
    model.fit()
    assert rows(tracker.get_tags_for_current_run(0)) == []


@pytest.mark.parametrize("name", ["", None, "x" * 257, "PAL_X", "pal_x", "AFLPAL_x", "Sap_Y", "a\0"])
def test_tag_names_that_are_refused(sqlite_tracker, name):
    with pytest.raises(InvalidArgumentError, match="tag_name"):
        sqlite_tracker.add_tag_for_current_run(name, "v", 0)
    with pytest.raises(InvalidArgumentError, match="tag_name"):
        sqlite_tracker.modify_tag_for_current_run(name, "v", "w", 0)
    with pytest.raises(InvalidArgumentError, match="tag_name"):
        sqlite_tracker.remove_tag_for_current_run(name, "v", 0)


@pytest.mark.parametrize("value", [None, "x" * 5001, "a\0"])
def test_tag_values_that_are_refused(sqlite_tracker, value):
    with pytest.raises(InvalidArgumentError, match="tag_value"):
        sqlite_tracker.add_tag_for_current_run("n", value, 0)
    with pytest.raises(InvalidArgumentError, match="original_tag_value"):
        sqlite_tracker.modify_tag_for_current_run("n", value, "w", 0)
    with pytest.raises(InvalidArgumentError, match="current_tag_value"):
        sqlite_tracker.modify_tag_for_current_run("n", "w", value, 0)


@pytest.mark.parametrize("seq", [None, "x", -1, 12, 10**9])
def test_entries_that_are_refused(sqlite_tracker, seq):
    with pytest.raises(InvalidArgumentError, match="track_entity_seq"):
        sqlite_tracker.add_tag_for_current_run("n", "v", seq)


def test_a_sequence_number_may_be_text_and_a_value_may_not_be_a_number(sqlite_tracker):
    assert rows(sqlite_tracker.add_tag_for_current_run("n", "v", "3")) == [(3, "n", "v")]
    with pytest.raises(ArgumentTypeError, match="tag_value"):
        sqlite_tracker.add_tag_for_current_run("m", 5, 3)


def test_an_unknown_or_deleted_run_has_no_tags(conn, tracker):
    with pytest.raises(RunNotFoundError, match="'none'"):
        tags.add_tag_by_run(conn, "E", "none", "n", "v", 0)
    assert rows(tags.get_tags_by_run(conn, "E", "none", 0)) == []
    log.delete_run_log(conn, "E", "r")
    with pytest.raises(RunNotFoundError, match="'r'"):
        tracker.add_tag_for_current_run("n", "v", 0)


@pytest.mark.parametrize(("experiment_id", "run_id"), [("", "r"), ("E", ""), (None, "r"), ("E", None)])
def test_empty_ids_are_refused(sqlite_conn, experiment_id, run_id):
    with pytest.raises(ValueError, match=r"experiment_id|run_id"):
        tags.add_tag_by_run(sqlite_conn, experiment_id, run_id, "n", "v", 0)
    with pytest.raises(ValueError, match=r"experiment_id|run_id"):
        tags.get_tags_by_run(sqlite_conn, experiment_id, run_id, 0)
