"""The widgets as Python sees them: answers, saved state, a checkout without built JavaScript."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from hanalife import ExperimentMonitor
from hanalife.errors import RunNotFoundError
from hanalife.evidence import MetricKey
from hanalife.monitors import charts, widgets
from hanalife.observation import MetricSource
from hanalife.views import answers, searches
from tests.views import crowd, sample


class Sent(widgets.MonitorTable):
    """Keeps what it sends."""

    _esm = "export default {\n};\n"

    def __init__(self, methods):
        super().__init__(methods)
        self.sent = []

    def send(self, content, **_):
        self.sent.append(json.loads(json.dumps(content)))


def ask(methods, method="run", **args):
    table = Sent(methods)
    table._answer(table, {"id": "1", "method": method, "args": args}, [])
    return table.sent


def test_an_answer_carries_the_id_of_its_question():
    assert ask({"run": lambda args: args["run_id"] + "!"}, run_id="a") == [{"id": "1", "ok": "a!"}]


def test_an_error_of_the_store_is_an_answer():
    def refuse(_args):
        raise RunNotFoundError("run_id: there is no run 'a'.")

    expected = {"code": "run_not_found", "message": "run_id: there is no run 'a'.", "hint": ""}
    assert ask({"run": refuse}) == [{"id": "1", "error": expected}]


def test_an_error_of_the_database_shows_no_statement():
    def fail(_args):
        raise sa.exc.OperationalError("SELECT secret", {"password": "hunter2"}, Exception("server closed"))

    message = ask({"run": fail})[0]["error"]["message"]
    assert "server closed" in message
    assert "secret" not in message
    assert "hunter2" not in message


def test_an_unknown_method_is_answered_and_raised():
    table = Sent({})
    with pytest.raises(KeyError):
        table._answer(table, {"id": "1", "method": "drop", "args": {}}, [])
    assert table.sent[0]["error"]["code"] == "internal"


def test_the_state_for_a_reloaded_page_is_the_latest():
    table = Sent({})
    table.show({"seq": 0, "runs": []})
    table.change({"seq": 1, "runs": ["new"]}, {"seq": 1})
    assert table.get_state("snapshot")["snapshot"] == {"seq": 1, "runs": ["new"]}
    assert table.sent == [{"delta": {"seq": 1}}]


def test_runs_that_a_saved_notebook_has_no_room_for_are_sent_after_the_others(conn):
    crowd.fill(conn, 150, 40)
    payload = ExperimentMonitor(conn).snapshot()
    table = widgets.ExperimentTable({})
    sent = []
    table.send = sent.append
    table.show(payload)
    assert sent[0]["older"]["runs"] + table.get_state("snapshot")["snapshot"]["runs"] == payload["runs"]
    table.show({**payload, "runs": payload["runs"][-5:]})
    assert len(sent) == 1


def test_a_checkout_without_built_javascript_imports_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(widgets, "_STATIC", tmp_path)
    module = widgets.bundle("experiment_monitor.js")
    assert "pip install" in module

    class Unbuilt(widgets.MonitorTable):
        _esm = module
        _css = widgets.bundle("experiment_monitor.css")

    assert Unbuilt({})._esm == module


def test_the_box_has_a_picture_for_where_nothing_runs():
    box = widgets.MonitorBox(Sent({}), lambda: "<table></table>")
    data = box._repr_mimebundle_()
    assert data["text/html"] == "<table></table>"
    assert "application/vnd.jupyter.widget-view+json" in data


def test_charts_have_axes_titles_and_the_runs_data(sqlite_conn):
    run_id = sample.record_run(sqlite_conn, "A", "one", 0.8)
    with sqlite_conn.database.read() as connection:
        detail = answers.run(connection, run_id)
    shown = charts.RunCharts()
    shown.show(detail)
    figures = dict(zip(shown.widget.titles, shown.widget.children, strict=True))
    roc = figures["ROC"]
    assert roc.title == "ROC Curve (validation)"
    assert [axis.label for axis in roc.axes] == ["False Positive Rate (FPR)", "True Positive Rate (TPR)"]
    assert roc.marks[0].y[10] == pytest.approx(0.5**0.25)
    assert list(roc.marks[1].x) == [0, 1]
    assert roc.marks[2].display_legend is False
    assert figures["Confusion matrix"].marks[0].color.tolist() == [[84, 16], [21, 33]]
    assert list(figures["Importance"].marks[0].x)[-1] == "GLUCOSE"

    shown.show(None)
    assert len(roc.marks[0].y) == 0
    assert figures["Confusion matrix"].marks == []


def test_another_run_is_not_met_with_an_empty_chart(sqlite_conn):
    run_id = sample.record_run(sqlite_conn, "A", "one", 0.8)
    with sqlite_conn.database.read() as connection:
        detail = answers.run(connection, run_id)

    def other(name, **changes):
        return {**detail, "run": {**detail["run"], "run_id": name}, **changes}

    drawn = charts.RunCharts()
    tabs = drawn.widget

    def chosen():
        return tabs.titles[tabs.selected_index]

    drawn.show(detail)
    assert chosen() == "ROC"
    drawn.show(other("b", curves=[], confusion=None, importance=[], learning=[]))
    assert chosen() == "Compare runs"
    drawn.show(other("a"))
    assert chosen() == "ROC"
    drawn.show(other("b", curves=[], confusion=None, importance=[], learning=[]))
    tabs.selected_index = tabs.titles.index("Importance")
    drawn.show(other("b", curves=[], confusion=None, importance=[], learning=[]))
    assert chosen() == "Importance"  # the same run: whoever looks at an empty chart wants to
    drawn.show(other("c", curves=[]))
    assert chosen() == "Importance"
    drawn.show(other("d", curves=[], importance=[]))
    assert chosen() == "Confusion matrix"


def test_learning_curves_keep_the_chosen_metric_while_they_grow():
    def curve(title, *values):
        points = list(enumerate(values))
        series = [{"name": title, "points": points}]
        return {"title": title, "x_label": "Step", "y_label": title, "series": series, "summary": f"last {values[-1]}"}

    chart = charts.LearningChart()
    chart.show([])
    assert chart.choice.value is None
    chart.show([curve("LOSS", 0.9, 0.5), curve("AUC", 0.6, 0.7)])
    line = chart.widget.children[1].marks[0]
    assert list(line.y) == [0.9, 0.5]
    assert chart.widget.children[2].value == "last 0.5"
    chart.choice.value = "AUC"
    assert list(line.y) == [0.6, 0.7]
    chart.show([curve("LOSS", 0.9, 0.5, 0.4), curve("AUC", 0.6, 0.7, 0.75)])
    assert chart.choice.value == "AUC"
    assert list(line.y) == [0.6, 0.7, 0.75]
    chart.show([curve("OTHER", 1.0, 2.0)])
    assert chart.choice.value == "OTHER"
    assert list(line.y) == [1.0, 2.0]


def test_a_search_names_the_parameters_of_its_best_candidate():
    rows = [
        {"CANDIDATE": candidate, "PARAMETERS": {"<b>depth</b>": candidate}, "METRIC": "error_rate", "SCORE": score}
        for candidate, score in ((1, 0.3), (2, 0.2), (3, 0.4))
    ]
    chart = charts.SearchChart()
    chart.show(searches.from_rows(rows))
    label, drawn = chart.widget.children
    assert label.value == "Best of 3: 0.2 (mean error_rate, cv, lower is better) with <b>depth</b> 2"
    assert type(label).__name__ == "Label"  # which shows text as text
    assert [list(mark.y) for mark in drawn.marks[:2]] == [[0.3, 0.2, 0.2], [0.3, 0.2, 0.4]]
    chart.show([])
    assert (label.value, drawn.title) == ("", "Search: not recorded")


def test_the_comparison_orders_runs_by_time_and_keeps_the_chosen_metric():
    def row(name, **metrics):
        return {"name": name, "metrics": {"test": metrics, "train": {"AUC": 1.0}}, "search_metric": ""}

    auc, mcc = (MetricKey(name, MetricSource.TEST) for name in ("AUC", "MCC"))
    chart = charts.CompareChart()
    chart.show([row("one", AUC=0.7, MCC=0.1), row("two", AUC=0.8, MCC="nan"), row("three", MCC=0.3)])
    line = chart.widget.children[1].marks[0]
    assert chart.choice.value == auc
    assert list(line.x) == ["1 one", "2 two"]
    assert chart.widget.children[1].title == "AUC (test) across 2 runs"
    assert chart.widget.children[1].axes[1].label == "AUC (test)"
    chart.choice.value = mcc
    chart.show([row("one", AUC=0.7, MCC=0.1), row("two", MCC="nan"), row("three", MCC=0.3, KAPPA=1.0)])
    assert chart.choice.value == mcc
    assert list(line.x) == ["1 one", "3 three"]
    assert list(line.y) == [0.1, 0.3]


def test_the_comparison_begins_with_the_metric_that_ranks_the_runs():
    chief = MetricKey("RMSE", MetricSource.CV)
    chart = charts.CompareChart()
    metrics = {"test": {"AUC": 0.7}, "cv": {"RMSE": 2.0}}
    chart.show([{"name": "one", "metrics": metrics, "search_metric": ""}], chief)
    assert chart.choice.value == chief
