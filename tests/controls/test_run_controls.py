"""What a front end may change of runs."""

from __future__ import annotations

import json

import pytest

from hanalife.controls import table
from hanalife.database import runs
from hanalife.errors import DataNotFoundError, InvalidArgumentError, RunNotFoundError
from hanalife.views import answers, experiments
from tests.views import sample


def detail(conn, run_id):
    with conn.database.read() as connection:
        return answers.run(connection, run_id)


def test_tags_and_notes_of_an_ended_run_are_set_changed_and_deleted(conn):
    run_id = sample.record_run(conn, "E", "one")
    before = detail(conn, run_id)["run"]["revision"]
    table.carry_out(conn, "run.set_tag", {"run_id": run_id, "tag_name": "stage", "tag_value": "trial"})
    table.carry_out(conn, "run.set_tag", {"run_id": run_id, "tag_name": "stage", "tag_value": "<b>final</b>"})
    table.carry_out(conn, "run.set_note", {"run_id": run_id, "text": "Fine."})
    found = detail(conn, run_id)
    assert found["tags"] == [{"name": "stage", "value": "<b>final</b>"}]
    assert (found["notes"], found["notes_whole"]) == ("Fine.", True)
    assert found["run"]["revision"] == before + 3  # so that whoever watches reads it again
    table.carry_out(conn, "run.delete_tag", {"run_id": run_id, "tag_name": "stage"})
    assert detail(conn, run_id)["tags"] == []
    with pytest.raises(InvalidArgumentError, match="has no tag 'stage'"):
        table.carry_out(conn, "run.delete_tag", {"run_id": run_id, "tag_name": "stage"})


def test_a_tag_is_set_of_several_runs_all_or_none(conn):
    first, second = (sample.record_run(conn, "E", name) for name in ("one", "two"))
    tag = {"tag_name": "stage", "tag_value": "trial"}
    with pytest.raises(RunNotFoundError, match="nobody"):
        table.carry_out(conn, "run.set_tags", {"run_ids": json.dumps([first, "nobody", second]), **tag})
    assert detail(conn, first)["tags"] == detail(conn, second)["tags"] == []
    table.carry_out(conn, "run.set_tags", {"run_ids": json.dumps([second, first, first]), **tag})
    assert detail(conn, first)["tags"] == detail(conn, second)["tags"] == [{"name": "stage", "value": "trial"}]
    with pytest.raises(InvalidArgumentError, match="PAL_"):
        table.carry_out(conn, "run.set_tags", {"run_ids": json.dumps([first]), "tag_name": "PAL_X", "tag_value": ""})


def test_runs_are_deleted_with_their_earlier_attempts_all_or_none(conn):
    sample.record_run(conn, "E", "one")
    again, other, kept = (sample.record_run(conn, "E", name) for name in ("one", "other", "kept"))
    with pytest.raises(RunNotFoundError, match="nobody"):
        table.carry_out(conn, "run.delete", {"run_ids": json.dumps([other, "nobody"])})
    assert detail(conn, other)["run"]["name"] == "other"
    table.carry_out(conn, "run.delete", {"run_ids": json.dumps([again, other])})
    with conn.database.read() as connection:
        assert [run.run_id for run in runs.attempts(connection, "E")] == [kept]
    with pytest.raises(RunNotFoundError):
        detail(conn, again)


def test_a_run_that_goes_on_is_not_deleted(conn):
    run_id, _ = sample.begin_run(conn, "E", "busy")
    with pytest.raises(InvalidArgumentError, match="'busy' is still ACTIVE"):
        table.carry_out(conn, "run.delete", {"run_ids": json.dumps([run_id])})


@pytest.mark.parametrize(
    ("name", "args", "says"),
    [
        ("run.delete", {"run_ids": "r1"}, "JSON list"),
        ("run.delete", {"run_ids": "[]"}, "JSON list"),
        ("run.delete", {"run_ids": "[1]"}, "JSON list"),
        ("run.set_tag", {"run_id": "none", "tag_name": "SAP_x", "tag_value": ""}, "reserved prefix"),
        ("run.set_tag", {"run_id": "none", "tag_name": "", "tag_value": ""}, "names nothing"),
    ],
)
def test_bad_arguments_are_named(conn, name, args, says):
    with pytest.raises(InvalidArgumentError, match=says):
        table.carry_out(conn, name, args)


@pytest.mark.parametrize("name", ["run.set_note", "run.set_tag", "run.delete_tag"])
def test_a_run_that_is_not_there_is_named(conn, name):
    args = {"run_id": "none", "text": "x", "tag_name": "t", "tag_value": "v"}
    wanted = table.CONTROLS[name].required
    with pytest.raises(RunNotFoundError, match="'none'"):
        table.carry_out(conn, name, {key: args[key] for key in wanted})


def test_the_primary_metric_of_an_experiment_is_chosen_and_given_up_and_training_values_are_refused(conn):
    for name, auc in (("one", 0.7), ("two", 0.8)):
        sample.record_run(conn, "E", name, auc)

    def choose(metric, experiment_id="E"):
        args = {"experiment_id": experiment_id, "metric": metric}
        table.carry_out(conn, "experiment.set_primary_metric", args)
        with conn.database.read() as connection:
            (experiment,) = experiments.read(connection, "label")["experiments"]
        return experiment["primary_metric"]

    assert choose("ACCURACY@validation") == "ACCURACY@validation"
    assert choose("MCC") == "MCC"
    with pytest.raises(InvalidArgumentError, match=r"metric: 'AUC@train' .* give 'AUC'"):
        choose("AUC@train")
    with pytest.raises(InvalidArgumentError, match="'elsewhere' is not a source"):
        choose("AUC@elsewhere")
    with pytest.raises(DataNotFoundError, match="no experiment 'UNBORN'"):
        choose("AUC", "UNBORN")
    assert choose("AUC") == "AUC"  # the remedy
    assert choose("") == ""
