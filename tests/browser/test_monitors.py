"""The monitors in a notebook of a real JupyterLab, in a real browser."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import time

import pytest
from playwright.sync_api import expect

from hanalife.clock import utc_now
from hanalife.database import runs as store_of_runs
from hanalife.observation import CallProgress
from tests.browser import lab as kit
from tests.browser.conftest import SCREENSHOTS, nothing_open
from tests.views import sample

pytestmark = pytest.mark.browser

MONITOR = """from hanalife import ConnectionContext, {kind}
monitor = {kind}(ConnectionContext('{url}'), {ids!r})
monitor.start()"""


def open_monitor(page, lab, name, kind, ids, then="monitor.cancel()", seconds=5):
    """Run the first cell of a notebook, which shows a monitor, and give what it shows."""
    cells = [MONITOR.format(kind=kind, url=lab.database, ids=ids), then]
    kit.write_notebook(lab, f"{name}.ipynb", cells)
    kit.open_notebook(page, f"{name}.ipynb")
    kit.run_cell(page, 0)
    view = page.locator(".jp-OutputArea .hl-view")
    expect(view.get_by_role("status").first).to_have_text("Live", timeout=seconds * 1_000)
    return view


def rows(view, table):
    """Give the rows of a table by its name."""
    return view.get_by_role("grid", name=table, exact=True).locator(".hl-body [role=row]")


def open_chart(page, name):
    """Select a tab of charts."""
    page.locator(".jp-OutputArea .lm-TabBar-tab", has_text=re.compile(f"^{name}$")).click()


def test_run_of_another_process_appears_live_with_details_and_charts(lab, page, store):
    for number, auc in enumerate((0.74, 0.78, 0.81)):
        sample.record_run(store, "LIVE", f"week_{number}", auc)
    view = open_monitor(page, lab, "live", "ExperimentMonitor", ["LIVE"])
    expect(rows(view, "Runs")).to_have_count(3)
    command = [sys.executable, "-m", "tests.views.sample", lab.database, "LIVE", "from elsewhere", "0.9"]
    subprocess.run(command, check=True, cwd=kit.ROOT, capture_output=True)
    written = time.monotonic()
    new = rows(view, "Runs").filter(has_text="from elsewhere")
    expect(new).to_be_visible(timeout=2_000)
    expect(new).to_contain_text("0.9000")
    print(f"seen after {time.monotonic() - written:.2f} s")

    new.click()
    details = view.get_by_role("region", name="Run from elsewhere")
    details.get_by_role("tab", name="Parameters").click()
    expect(details.get_by_role("tabpanel")).to_contain_text("HybridGradientBoostingTree")
    details.get_by_role("tab", name="Dataset").click()
    expect(details.get_by_role("tabpanel")).to_contain_text("DIABETES_TRAIN")
    roc = page.locator(".bqplot.figure:visible")
    expect(roc).to_contain_text("ROC Curve")
    expect(roc.locator("path.line").first).to_be_visible()
    open_chart(page, "Confusion matrix")
    expect(page.locator(".bqplot.figure:visible .heatmapcell")).to_have_count(4)
    open_chart(page, "Importance")
    expect(page.locator(".bqplot.figure:visible .bargroup rect")).to_have_count(5)
    open_chart(page, "Compare runs")
    expect(page.locator(".bqplot.figure:visible")).to_contain_text("AUC (validation) across 4 runs")


#: What anywidget does on a page that takes longer than two seconds to start a module, at once.
GIVE_UP = """() => {
  window.timeoutSignal = AbortSignal.timeout;
  AbortSignal.timeout = () => {
    const controller = new AbortController();
    queueMicrotask(() => controller.abort());
    return controller.signal;
  };
}"""


def test_a_page_that_was_slow_to_start_comes_alive_all_the_same(lab, lab_page, store):
    sample.record_run(store, "SLOW", "before")
    with nothing_open(lab_page, "slow_to_start", "[anywidget] Failed to initialize model.") as page:
        page.evaluate(GIVE_UP)
        try:
            view = open_monitor(page, lab, "slow", "ExperimentMonitor", "SLOW", seconds=15)
        finally:
            page.evaluate("() => { AbortSignal.timeout = window.timeoutSignal; }")
        expect(rows(view, "Runs")).to_contain_text("before")
        sample.record_run(store, "SLOW", "after")
        expect(rows(view, "Runs").filter(has_text="after")).to_be_visible()
        kit.run_cell(page, 1)
        expect(view.get_by_role("status").first).to_contain_text("Cancelled")


def test_updates_arrive_while_a_cell_is_busy(lab, page, store):
    sample.record_run(store, "BUSY", "before")
    view = open_monitor(page, lab, "busy", "ExperimentMonitor", "BUSY", "import time; time.sleep(8)")
    kit.start_cell(page, 1)
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
    )
    sample.record_run(store, "BUSY", "meanwhile")
    expect(rows(view, "Runs").filter(has_text="meanwhile")).to_be_visible(timeout=3_000)
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status") == "busy"


def test_run_in_progress_shows_how_far_it_is(lab, page, store):
    _, observer = sample.begin_run(store, "PROGRESS", "searching")
    view = open_monitor(page, lab, "progress", "ExperimentMonitor", "PROGRESS")
    expect(rows(view, "Runs")).to_contain_text("active")
    observer.call_progressed(CallProgress(10, 40, "10 of 40 candidate folds"))
    expect(rows(view, "Runs").get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
    observer.call_finished(sample.outcome(0.8))
    expect(rows(view, "Runs")).to_contain_text("finished")


def test_unknown_experiment_is_named_and_appears_once_recorded(lab, page, store):
    view = open_monitor(page, lab, "absent", "ExperimentMonitor", ["NOT_YET"])
    expect(view.get_by_role("alert")).to_contain_text("NOT_YET")
    sample.record_run(store, "NOT_YET", "first")
    expect(rows(view, "Runs")).to_have_count(1)
    expect(view.get_by_role("alert")).to_have_count(0)


def test_search_sort_metrics_and_ticks(lab, page, store):
    for name, auc in (("alpha", 0.9), ("beta", 0.7), ("gamma", 0.8)):
        sample.record_run(store, "CHOOSE", name, auc)
    view = open_monitor(page, lab, "choose", "ExperimentMonitor", "CHOOSE")
    runs = rows(view, "Runs")
    expect(runs.first).to_contain_text("gamma")

    best = view.get_by_role("grid", name="Runs", exact=True).get_by_role("img")
    expect(best).to_have_accessible_name("highest AUC (validation) of 3 runs")
    view.get_by_role("button", name="KAPPA validation", exact=True).click()
    expect(runs.first).to_contain_text("beta")
    expect(best).to_have_accessible_name("highest KAPPA (validation) of 3 runs")  # sorting moves it
    view.get_by_text("Columns", exact=False).first.click()
    view.get_by_role("checkbox", name="RECALL_1 validation").check()
    page.keyboard.press("Escape")
    expect(view.get_by_role("checkbox", name="RECALL_1")).to_be_hidden()
    expect(view.get_by_role("columnheader", name="RECALL_1")).to_be_visible()
    view.get_by_label("Primary metric").select_option("ACCURACY (validation)")
    view.get_by_role("button", name="Run", exact=True).click()
    expect(best).to_have_accessible_name("highest ACCURACY (validation) of 3 runs")
    with store.database.read() as connection:
        assert store_of_runs.experiments(connection, ["CHOOSE"])[0].primary_metric == "ACCURACY@validation"
    view.get_by_label("Search runs").fill("ALPHA")
    expect(runs).to_have_count(1)
    view.get_by_label("Search runs").fill("")

    for name in ("alpha", "gamma"):
        runs.filter(has_text=name).get_by_role("checkbox").check()
    open_chart(page, "Compare runs")
    expect(page.locator(".bqplot.figure:visible")).to_contain_text("AUC (validation) across 2 runs")


def test_a_search_in_words_finds_runs_and_says_what_is_wrong_with_it(lab, page, store):
    for name, auc in (("alpha", 0.9), ("beta", 0.7), ("gamma", 0.8)):
        sample.record_run(store, "WORDS", name, auc)
    view = open_monitor(page, lab, "words", "ExperimentMonitor", "WORDS")
    box = view.get_by_label("Search runs")
    box.fill("metrics.AUC > 0.75 order by metrics.AUC")
    expect(rows(view, "Runs")).to_have_count(2)
    expect(rows(view, "Runs").first).to_contain_text("gamma")
    box.fill("metrics.AUC > 0.75 adn owner = 'me'")
    problem = view.get_by_role("alert")
    expect(problem).to_contain_text("expected 'and', 'or', 'order by', 'limit' or the end")
    expect(problem).to_contain_text(f"\n{' ' * 19}^", use_inner_text=True)
    expect(box).to_have_attribute("aria-invalid", "true")
    page.screenshot(path=SCREENSHOTS / "search_problem.png")
    sample.record_run(store, "WORDS", "delta", 0.95)
    box.fill("metrics.AUC > 0.85")
    expect(rows(view, "Runs")).to_have_count(2)
    box.fill("ALPHA")
    expect(problem).to_have_count(0)
    expect(rows(view, "Runs")).to_have_count(1)


FITTING = """
import time
from tests.views import sample
_, observer = sample.begin_run(ConnectionContext('{url}'), 'FITTING', 'fitting')
for rounds in range(2, 11):
    observer.call_progressed(sample.searching(rounds))
    time.sleep(1)
observer.call_finished(sample.outcome(0.8))
"""


def test_curves_and_candidates_move_while_a_cell_fits(lab, page, store):
    store.experiment("FITTING")
    fitting = FITTING.format(url=lab.database)
    view = open_monitor(page, lab, "fitting", "ExperimentMonitor", "FITTING", fitting)
    kit.start_cell(page, 1)
    details = view.get_by_role("region", name="Run fitting")
    details.get_by_role("tab", name="Search").click()
    expect(details.get_by_role("tabpanel")).to_contain_text("Best so far of 3: 0.23 (mean error_rate, cv")
    expect(details.get_by_role("tabpanel")).to_contain_text("learning_rate 0.1, n_estimators 40")
    details.get_by_role("tab", name="Learning curves").click()
    dots = details.get_by_role("img", name="LOGLOSS").locator("circle.hl-dot-0")
    open_chart(page, "Learning curves")
    expect(page.locator(".bqplot.figure:visible path.line").first).to_be_visible()
    seen = set()
    while page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status") == "busy":
        seen.add(dots.count())
        page.wait_for_timeout(100)
    print(f"numbers of points seen while the cell was busy: {sorted(seen)}")
    assert len(seen) >= 3
    expect(dots).to_have_count(10)
    expect(rows(view, "Runs")).to_contain_text("finished")


DETAIL_TABS = ("Metrics", "Learning curves", "Search", "Parameters", "Environment and code", "Signature", "Artifacts")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_details_of_a_search_in_both_themes(lab, page, store, theme):
    experiment = f"DETAILS {theme}"
    _, observer = sample.begin_run(store, experiment, "searched")
    observer.call_progressed(sample.searching(30))
    observer.call_finished(sample.outcome(0.8))
    with store.experiment(experiment).run("by hand", tags={"stage": "trial"}) as run:
        run.set_notes("Looks fine <b>so far</b>.")
        run.log_artifact(b"x" * 20_480, "report.html")
        with run.child("fold 1") as fold:
            fold.log_metric("AUC", 0.8)
    view = open_monitor(page, lab, f"details_{theme}", "ExperimentMonitor", experiment)
    kit.set_theme(page, f"JupyterLab {theme}")
    try:
        rows(view, "Runs").filter(has_text="searched").click()
        details = view.get_by_role("region", name="Run searched")
        for tab in DETAIL_TABS:
            details.get_by_role("tab", name=tab).click()
            view.screenshot(path=SCREENSHOTS / f"run_{tab.split()[0].lower()}_{theme.lower()}.png")
        for chart in ("Learning curves", "Search"):
            open_chart(page, chart)
            expect(page.locator(".bqplot.figure:visible path.line").first).to_be_visible()
            page.screenshot(path=SCREENSHOTS / f"chart_{chart.split()[0].lower()}_{theme.lower()}.png")
        rows(view, "Runs").filter(has_text="by hand").last.click()
        details = view.get_by_role("region", name="Run by hand")
        details.get_by_role("tab", name="Overview").click()
        expect(details.get_by_role("tabpanel")).to_contain_text("Looks fine <b>so far</b>.")
        details.get_by_role("tabpanel").evaluate("panel => panel.scrollTo(0, panel.scrollHeight)")
        view.screenshot(path=SCREENSHOTS / f"run_overview_{theme.lower()}.png")
        details.get_by_role("button", name="by hand/fold 1").click()
        expect(view.get_by_role("region", name="Run by hand/fold 1")).to_be_visible()
    finally:
        kit.set_theme(page, "JupyterLab Light")


def test_keyboard_moves_the_selection(lab, page, store):
    for name in ("one", "two", "three"):
        sample.record_run(store, "KEYS", name)
    view = open_monitor(page, lab, "keys", "ExperimentMonitor", "KEYS")
    expect(view.get_by_role("region", name="Run three")).to_be_visible()
    view.get_by_role("grid", name="Runs", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(view.get_by_role("region", name="Run two")).to_be_visible()
    page.keyboard.press("End")
    expect(view.get_by_role("region", name="Run one")).to_be_visible()
    page.keyboard.press("Space")
    expect(view.get_by_text("1 ticked")).to_be_visible()


def test_cancel_says_when_and_stops(lab, page, store):
    sample.record_run(store, "CANCEL", "before")
    view = open_monitor(page, lab, "cancel", "ExperimentMonitor", "CANCEL")
    outputs = kit.run_cell(page, 1)
    said = re.compile(r"^Cancelled at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$")
    assert said.match(outputs[0]["text"].strip())
    expect(view.get_by_role("status").first).to_have_text(said)
    expect(view.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)


def test_cancel_button_stops_too(lab, page, store):
    sample.record_run(store, "BUTTON", "before")
    view = open_monitor(page, lab, "button", "ExperimentMonitor", "BUTTON")
    view.get_by_role("button", name="Cancel", exact=True).click()
    expect(view.get_by_role("status").first).to_have_text(re.compile("^Cancelled at "))


def test_text_of_the_store_is_shown_as_text(lab, page, store):
    sample.record_failed_run(store, "HOSTILE <script>alert(1)</script>", "<img src=x onerror=alert(2)>")
    view = open_monitor(page, lab, "hostile", "ExperimentMonitor", None)
    expect(rows(view, "Runs").filter(has_text="<img src=x onerror=alert(2)>")).to_be_visible()
    expect(view.get_by_role("tabpanel")).to_contain_text("ValueError: data: <b>no rows</b> left")
    assert view.locator("script, img, b b").count() == 0


def test_dark_theme(lab, page, store):
    sample.record_run(store, "DARK", "at night", 0.83)
    sample.record_failed_run(store, "DARK", "broken")
    sample.begin_run(store, "DARK", "searching")[1].call_progressed(CallProgress(3, 8, "3 of 8"))
    view = open_monitor(page, lab, "dark", "ExperimentMonitor", "DARK")
    rows(view, "Runs").filter(has_text="at night").click()
    expect(page.locator(".bqplot.figure:visible path.line").first).to_be_visible()
    light = view.evaluate("element => getComputedStyle(element).color")
    kit.set_theme(page, "JupyterLab Dark")
    try:
        expect(view).not_to_have_css("color", light)
        page.screenshot(path=SCREENSHOTS / "dark.png")
        open_chart(page, "Confusion matrix")
        expect(page.locator(".bqplot.figure:visible .heatmapcell")).to_have_count(4)
        page.screenshot(path=SCREENSHOTS / "dark_confusion.png")
    finally:
        kit.set_theme(page, "JupyterLab Light")


def test_charts_are_as_wide_as_the_cell(lab, page, store):
    for number in range(12):
        sample.record_run(store, "WIDE", f"a run with a long name {number}", 0.8 + number / 100)
    open_monitor(page, lab, "wide", "ExperimentMonitor", "WIDE")
    open_chart(page, "Compare runs")
    chart = page.locator(".bqplot.figure:visible")
    names = chart.locator(".axis").filter(has_text="Run, oldest first").locator(".tick text:visible")
    expect(names).to_have_count(4)
    boxes = [names.nth(place).bounding_box() for place in range(4)]
    assert all(one["x"] + one["width"] < next_one["x"] for one, next_one in itertools.pairwise(boxes))
    size = page.viewport_size
    wide = chart.bounding_box()["width"]
    try:
        page.set_viewport_size({"width": 760, "height": size["height"]})
        page.wait_for_function(
            "chart => { const [inner, outer] = [chart.querySelector('svg'), chart.closest('.jp-OutputArea-output')]"
            ".map(element => element.getBoundingClientRect()); return inner.right <= outer.right; }",
            arg=chart.element_handle(),
        )
        assert chart.bounding_box()["width"] < wide
        page.screenshot(path=SCREENSHOTS / "charts_narrow.png")
    finally:
        page.set_viewport_size(size)


def test_saved_notebook_shows_runs_and_charts_without_a_kernel(lab, page, store):
    sample.record_run(store, "SAVED", "kept", 0.83)
    open_monitor(page, lab, "saved", "ExperimentMonitor", "SAVED")
    kit.save(page)
    saved = json.loads((lab.root / "saved.ipynb").read_text())
    html = "".join(saved["cells"][0]["outputs"][0]["data"]["text/html"])
    assert "kept" in html
    assert html.count("<svg") == 6
    assert len(html) < 100_000


def test_task_monitor(lab, page, store):
    sample.record_task(store, "WEEKLY_PREDICT")
    view = open_monitor(page, lab, "tasks", "ScheduledTaskMonitor", ["WEEKLY_PREDICT", "UNBORN"])
    expect(rows(view, "Tasks")).to_contain_text("every Monday at 08:00:00 UTC")
    expect(view.get_by_text("No worker is running")).to_be_visible()
    expect(view.get_by_text("UNBORN")).to_be_visible()
    details = view.get_by_role("region", name="Task WEEKLY_PREDICT")
    expect(details.get_by_role("tabpanel")).to_contain_text("succeeded")
    details.get_by_role("tab", name="Ledger").click()
    expect(details.get_by_role("tabpanel")).to_contain_text("ran")
    details.get_by_role("tab", name="Definition").click()
    expect(details.get_by_role("tabpanel")).to_contain_text("DIABETES, version 2")

    sample.record_task(store, "UNBORN")
    expect(rows(view, "Tasks")).to_have_count(2)
    sample.sign_of_life(store, utc_now())
    expect(view.get_by_text("No worker is running")).to_have_count(0)
    expect(view.get_by_text("1 worker", exact=True)).to_be_visible()
