"""What a person does with runs in the experiment monitor: choose, compare, tag, delete, download."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from hanalife.clock import utc_now
from hanalife.database import run_tags
from hanalife.database import runs as store_of_runs
from tests.browser import lab as kit
from tests.browser.accessibility import grave_violations
from tests.browser.conftest import SCREENSHOTS
from tests.browser.test_monitors import open_monitor, rows
from tests.views import sample

pytestmark = pytest.mark.browser

VIEW = ".jp-OutputArea .hl-view"


def tick(view, *names):
    """Tick runs by name."""
    for name in names:
        rows(view, "Runs").filter(has_text=name).get_by_role("checkbox").check()


def heads(view):
    """Give the headings of the table of runs from left to right."""
    buttons = view.get_by_role("grid", name="Runs", exact=True).locator("[role=columnheader] > button")
    return [button.get_attribute("title").removeprefix("Sort by ") for button in buttons.all()]


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_runs_are_compared_and_nothing_grave_bars_the_way(lab, page, store, theme):
    experiment = f"COMPARE {theme}"
    for name, train, test in (("week 1", 0.84, 0.74), ("week 2", 0.88, 0.81), ("week 3", 0.99, 0.78)):
        sample.record_scored_run(store, experiment, name, train, test)
    _, observer = sample.begin_run(store, experiment, "searched")
    observer.call_progressed(sample.searching(30))
    observer.call_finished(sample.outcome(0.8))
    view = open_monitor(page, lab, f"compare_{theme}", "ExperimentMonitor", experiment)
    kit.set_theme(page, f"JupyterLab {theme}")
    try:
        best = view.get_by_role("grid", name="Runs", exact=True).get_by_role("img")
        expect(best).to_have_accessible_name("highest AUC (test) of 3 runs; 1 without it not compared")
        expect(rows(view, "Runs").filter(has=page.get_by_role("img"))).to_contain_text("week 2")
        details = view.get_by_role("region", name="Run searched")
        details.get_by_role("tab", name="Search").click()
        lines = details.get_by_role("group", name="Parameters of the candidates")
        lines.focus()
        page.keyboard.press("ArrowDown")
        expect(details.locator("figcaption")).to_contain_text("No. 2: candidate 1, error_rate 0.2500")
        assert grave_violations(page, VIEW) == []
        tick(view, "week 1", "week 2", "week 3")
        view.get_by_role("button", name="Compare").click()
        compared = view.get_by_role("region", name="Comparison of 3 runs")
        expect(compared.get_by_role("row", name="AUC (test)")).to_contain_text("★0.8100")
        expect(compared.get_by_role("img")).to_have_accessible_name("highest AUC (test) of 3 runs")
        expect(rows(view, "Runs").filter(has=page.get_by_role("img"))).to_contain_text("week 2")  # ticked or not
        tick(view, "searched")
        mixed = view.get_by_role("region", name="Comparison of 4 runs").get_by_role("row", name="AUC different sources")
        expect(mixed).to_contain_text("0.8000 validation")
        rows(view, "Runs").filter(has_text="searched").get_by_role("checkbox").uncheck()
        for tab, says in (
            ("Across runs", "Metric"),
            ("Curves", ""),
            ("Parameters", "Only what differs: 0 of"),
            ("Data", "≠"),
        ):
            compared.get_by_role("tab", name=tab).click()
            if says and says != "≠":
                expect(compared.get_by_role("tabpanel")).to_contain_text(says)
            view.screenshot(path=SCREENSHOTS / f"compare_{tab.split()[0].lower()}_{theme.lower()}.png")
        compared.get_by_role("tab", name="Across runs").click()
        expect(compared.get_by_role("img", name="AUC (test) across 3 runs").locator("circle")).to_have_count(3)
        compared.get_by_role("tab", name="Curves").click()
        expect(compared.get_by_role("img", name="ROC Curve").locator("polyline")).to_have_count(3)
        assert grave_violations(page, VIEW) == []
    finally:
        kit.set_theme(page, "JupyterLab Light")


def test_notes_and_tags_are_changed_and_artifacts_downloaded(lab, page, store):
    with store.experiment("REMARKS").run("by hand") as run:
        run.log_artifact(b"0123456789" * 10, "folder/data.txt")
    view = open_monitor(page, lab, "remarks", "ExperimentMonitor", "REMARKS")
    details = view.get_by_role("region", name="Run by hand")
    panel = details.get_by_role("tabpanel")
    panel.get_by_role("button", name="Edit notes").click()
    panel.get_by_label("Notes").fill("Looks <b>fine</b>.")
    panel.get_by_role("button", name="Save").click()
    expect(panel.locator(".hl-notes")).to_have_text("Looks <b>fine</b>.")
    panel.get_by_label("Tag", exact=True).fill("stage")
    panel.get_by_label("Value", exact=True).fill("trial")
    panel.get_by_role("button", name="Set tag").click()
    expect(panel.get_by_role("row", name="stage")).to_contain_text("trial")
    page.screenshot(path=SCREENSHOTS / "remarks.png")
    panel.get_by_role("row", name="stage").get_by_role("button", name="Delete").click()
    panel.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(panel.get_by_role("row", name="stage")).to_have_count(0)
    details.get_by_role("tab", name="Artifacts").click()
    with page.expect_download() as downloading:
        panel.get_by_role("button", name="Download").click()
    assert downloading.value.suggested_filename == "data.txt"
    assert downloading.value.path().read_bytes() == b"0123456789" * 10


def test_many_runs_are_tagged_and_deleted_after_a_question_and_one_that_is_open_says_so(lab, page, store):
    ids = [sample.record_run(store, "DELETE", name) for name in ("one", "two", "three", "four")]
    view = open_monitor(page, lab, "delete", "ExperimentMonitor", "DELETE")
    expect(view.get_by_role("region", name="Run four")).to_be_visible()
    tick(view, "one", "two")
    bar = view.get_by_role("group", name="Ticked runs")
    bar.get_by_role("button", name="Tag").click()
    form = view.get_by_role("form", name="Tag 2 runs")
    form.get_by_label("Tag", exact=True).fill("stage")
    form.get_by_label("Value").fill("<b>trial</b>")
    page.screenshot(path=SCREENSHOTS / "tag_many.png")
    form.get_by_role("button", name="Set tag of 2 runs").click()
    expect(form.get_by_role("alertdialog")).to_contain_text("Set tag stage of 2 runs?")
    assert grave_violations(page, VIEW) == []
    form.get_by_role("button", name="Set tag", exact=True).click()
    expect(form).to_have_count(0)
    with store.database.read() as connection:
        tags = [run_tags.of_run(connection, run_id) for run_id in ids]
    assert tags == [{"stage": "<b>trial</b>"}] * 2 + [{}] * 2
    bar.get_by_role("button", name="Delete").click()
    page.keyboard.press("Escape")
    expect(rows(view, "Runs")).to_have_count(4)
    bar.get_by_role("button", name="Delete").click()
    bar.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(rows(view, "Runs")).to_have_count(2)
    expect(view.get_by_role("group", name="Ticked runs")).to_have_count(0)
    with store.database.write() as connection:
        store_of_runs.forget_runs(connection, [ids[3]])
    expect(view.get_by_text("it was deleted")).to_be_visible()


def test_columns_views_and_widths_are_kept(lab, page, store):
    for name, auc in (("alpha", 0.9), ("beta", 0.7)):
        sample.record_run(store, "VIEWS", name, auc)
    view = open_monitor(page, lab, "views", "ExperimentMonitor", "VIEWS")
    view.locator("summary", has_text="Columns").click()
    for column in ("KAPPA validation", "ACCURACY validation", "Duration"):
        view.get_by_role("checkbox", name=column).uncheck()
    page.keyboard.press("Escape")
    handle = view.get_by_role("separator", name="Width of AUC validation", exact=True)
    before = int(handle.get_attribute("aria-valuenow"))
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", str(before + 10))
    view.get_by_title("Sort by AUC validation").click()
    view.get_by_title("Sort by AUC validation").press("Shift+ArrowRight")
    assert heads(view) == ["Run", "Status", "Created (UTC)", "AUC validation"]
    view.locator("summary", has_text="Columns").click()
    view.get_by_role("button", name="Move AUC validation up").click()
    assert heads(view) == ["Run", "Status", "AUC validation", "Created (UTC)"]
    expect(view.get_by_role("button", name="Move AUC validation up")).to_be_focused()
    page.screenshot(path=SCREENSHOTS / "columns_moved.png")
    page.keyboard.press("Escape")
    view.get_by_title("Sort by Status").drag_to(view.get_by_title("Sort by Created"))
    assert heads(view) == ["Run", "AUC validation", "Created (UTC)", "Status"]
    expect(view.get_by_role("columnheader", name="AUC")).to_have_attribute("aria-sort", "ascending")
    view.locator("summary", has_text="Views").click()
    view.get_by_label("Name of the view").fill("weekly")
    view.get_by_role("button", name="Keep").click()
    view.get_by_role("button", name="As at first").click()
    expect(view.get_by_role("columnheader", name="KAPPA")).to_be_visible()
    view.get_by_role("button", name="weekly", exact=True).click()
    page.screenshot(path=SCREENSHOTS / "views.png")
    expect(view.get_by_role("columnheader", name="KAPPA")).to_have_count(0)
    assert heads(view) == ["Run", "AUC validation", "Created (UTC)", "Status"]
    expect(rows(view, "Runs").first).to_contain_text("beta")
    expect(handle).to_have_attribute("aria-valuenow", str(before + 10))


def test_a_long_log_and_a_long_message_are_read_by_the_page(lab, page, store):
    run_id = sample.record_run(store, "LOG", "long")
    with store.database.write() as connection:
        notes = [("NOTE", f"entry {number}") for number in range(600)]
        store_of_runs.append(connection, run_id, [*notes, ("NOTE", "x" * 10_000_000)], utc_now())
    view = open_monitor(page, lab, "log", "ExperimentMonitor", "LOG")
    details = view.get_by_role("region", name="Run long")
    details.get_by_role("tab", name="Log").click()
    panel = details.get_by_role("tabpanel")
    panel.get_by_role("button", name="Read on").click()
    expect(panel.get_by_role("button", name="More (1 % shown)")).to_be_visible()
    panel.get_by_role("button", name="Earlier entries").click()
    expect(panel.get_by_role("button", name="Earlier entries")).to_have_count(0)
    expect(panel.get_by_role("row").first).to_contain_text("PARAMETER")


def test_two_monitors_on_one_kernel_each_show_their_own(lab, page, store):
    for experiment in ("LEFT", "RIGHT"):
        sample.record_run(store, experiment, f"run of {experiment}")
    imports = "from hanalife import ConnectionContext, ExperimentMonitor"
    both = "for name in ('LEFT', 'RIGHT'):\n    ExperimentMonitor(ConnectionContext(url), name).start()"
    kit.write_notebook(lab, "two.ipynb", [f"{imports}\nurl = '{lab.database}'\n{both}"])
    kit.open_notebook(page, "two.ipynb")
    kit.run_cell(page, 0)
    views = page.locator(VIEW)
    expect(views).to_have_count(2)
    sample.record_run(store, "RIGHT", "later")
    expect(rows(views.nth(1), "Runs")).to_have_count(2)
    expect(rows(views.nth(0), "Runs")).to_have_count(1)
    assert grave_violations(page, VIEW) == []


def test_numbers_that_are_none_and_many_metrics(lab, page, store):
    with store.experiment("ODD").run("many") as run:
        run.log_metrics({f"metric_{number:03}": number / 7 for number in range(300)})
        run.log_metrics({"AUC": float("nan"), "RMSE": float("inf")})
    view = open_monitor(page, lab, "odd", "ExperimentMonitor", "ODD")
    expect(rows(view, "Runs")).to_contain_text("NaN")
    expect(rows(view, "Runs")).to_contain_text("∞")
    view.locator("summary", has_text="Columns").click()
    view.get_by_label("Find a column").fill("metric_29")
    view.get_by_role("button", name="Show found").click()
    expect(view.locator("summary", has_text="Columns")).to_contain_text("of 309")
    page.screenshot(path=SCREENSHOTS / "columns.png")
    assert grave_violations(page, VIEW) == []


def test_the_exported_page_sorts_and_filters_and_asks_nobody(lab, page, store, tmp_path):
    for name, auc in (("alpha", 0.9), ("beta", 0.7), ("gamma", 0.8)):
        sample.record_run(store, "EXPORT", name, auc)
    from hanalife import ExperimentMonitor

    path = ExperimentMonitor(store, "EXPORT").export_html(tmp_path / "page.html")
    exported = page.context.new_page()
    errors = []
    exported.on("pageerror", lambda error: errors.append(str(error)))
    exported.on("request", lambda request: errors.extend([] if request.url.startswith("file:") else [request.url]))
    exported.goto(path.as_uri())
    lines = exported.locator("table.sortable tbody tr:visible")
    exported.get_by_role("button", name="AUC validation").click()
    expect(lines.first).to_contain_text("beta")
    exported.get_by_role("button", name="AUC validation").click()
    expect(lines.first).to_contain_text("alpha")
    expect(exported.get_by_role("table").get_by_role("img")).to_have_accessible_name(
        "highest AUC (validation) of 3 runs"
    )
    expect(lines.filter(has=exported.get_by_role("img"))).to_contain_text("alpha")
    exported.get_by_label("Filter rows").fill("gam")
    expect(lines).to_have_count(1)
    exported.screenshot(path=SCREENSHOTS / "exported.png")
    exported.close()
    assert errors == []


def test_without_a_kernel_nbconvert_shows_tables_and_charts(lab, page, store):
    import nbconvert

    sample.record_run(store, "CONVERT", "kept", 0.83)
    open_monitor(page, lab, "convert", "ExperimentMonitor", "CONVERT")
    kit.save(page)
    html, _ = nbconvert.HTMLExporter().from_filename(str(lab.root / "convert.ipynb"))
    shown = BeautifulSoup(html, "html.parser").select_one(".jp-OutputArea")
    assert "1 run of 1 experiment" in shown.get_text(" ")
    assert len(shown.select("svg")) == 6
