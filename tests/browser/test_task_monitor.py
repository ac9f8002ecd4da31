"""The task monitor in a notebook of a real JupyterLab: every control, and what it looks like."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from hanalife import ConnectionContext, ScheduledExecution
from hanalife.clock import utc_now
from hanalife.database import tasks as records
from tests.browser import lab as kit
from tests.browser.accessibility import grave_violations
from tests.browser.conftest import SCREENSHOTS
from tests.browser.test_monitors import MONITOR, open_monitor, rows
from tests.views import sample, task_sample

pytestmark = pytest.mark.browser

STOP_WORKER = "from hanalife.controls.table import carry_out\ncarry_out(monitor.connection_context, 'worker.stop', {})"
SLOW = 20_000


def open_tasks(page, lab, name, ids, then="monitor.cancel()"):
    """Show a task monitor of some ids, and give it and the details of the first."""
    view = open_monitor(page, lab, name, "ScheduledTaskMonitor", ids, then)
    first = ids if isinstance(ids, str) else ids[0]
    return view, view.get_by_role("region", name=f"Task {first}", exact=True)


def bar(details, name):
    """Give a button of the bar of controls."""
    return details.get_by_role("button", name=name, exact=True)


def schedule(store, task_id):
    """Give the schedule of a task as it is now."""
    with store.database.read() as connection:
        return records.schedule(connection, task_id)


def test_pause_resume_and_remove_a_schedule(lab, page, store):
    sample.record_task(store, "RESTS")
    _, details = open_tasks(page, lab, "rests", "RESTS")
    bar(details, "Pause").click()
    expect(details).to_contain_text("paused: every Monday")
    assert not schedule(store, "RESTS").enabled
    bar(details, "Resume").click()
    expect(bar(details, "Pause")).to_be_visible()
    expect(details).to_contain_text("next in")
    assert schedule(store, "RESTS").enabled

    bar(details, "Remove schedule").click()
    question = details.get_by_role("alertdialog")
    expect(question).to_contain_text("Remove the schedule?")
    expect(bar(question, "No")).to_be_focused()
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(bar(details, "Remove schedule")).to_be_focused()
    assert schedule(store, "RESTS") is not None
    bar(details, "Remove schedule").click()
    bar(question, "Remove").click()
    expect(details).to_contain_text("only when asked")
    assert schedule(store, "RESTS") is None


def test_alter_cron_with_the_next_due_times_in_sight(lab, page, store):
    sample.record_task(store, "MOVES")
    _, details = open_tasks(page, lab, "moves", "MOVES")
    bar(details, "Change schedule …").click()
    form = details.get_by_role("form", name="Schedule of MOVES")
    cron, zone = form.get_by_label("Cron"), form.get_by_label("Time zone")
    expect(cron).to_be_focused()
    expect(form.get_by_role("table", name="Next due times").locator("tbody tr")).to_have_count(5)
    cron.fill("* * * mon 25 0 0")
    expect(form.get_by_role("alert")).to_contain_text("HOUR has '25'")
    expect(form.locator(".hl-caret")).to_have_text(" " * 10 + "^^", use_inner_text=True)
    details.screenshot(path=SCREENSHOTS / "schedule_wrong.png")
    expect(form.get_by_role("button", name="Change schedule")).to_be_disabled()
    zone.fill("Mars")
    cron.fill("30 9 * * *")
    expect(form.get_by_role("alert")).to_contain_text("'Mars' is not a time zone")
    zone.fill("Europe/Berlin")
    expect(form).to_contain_text("every day at 09:30:00 Europe/Berlin")
    page.keyboard.press("Enter")
    expect(form).to_have_count(0)
    expect(details).to_contain_text("every day at 09:30:00 Europe/Berlin")
    assert (schedule(store, "MOVES").cron, schedule(store, "MOVES").timezone) == ("* * * * 9 30 0", "Europe/Berlin")


def test_start_a_worker_run_with_parameters_and_cancel(lab, page, store):
    scheduled = ScheduledExecution(store)
    gate = lab.root / "gate"
    scheduled.create_task("WAITS", "tests.browser.waiting:until", task_params={"path": str(gate), "note": "first"})
    view, details = open_tasks(page, lab, "waits", "WAITS", STOP_WORKER)
    view.get_by_role("button", name="Start a worker").click()
    expect(view.get_by_text("No worker is running")).to_have_count(0)
    expect(view.get_by_text("1 worker", exact=True)).to_be_visible()

    bar(details, "Run now").click()
    expect(rows(view, "Tasks")).to_contain_text("running", timeout=SLOW)
    bar(details, "Cancel job").click()
    bar(details.get_by_role("alertdialog"), "Stop").click()
    expect(rows(view, "Tasks")).to_contain_text("cancelled", timeout=SLOW)

    bar(details, "Run with …").click()
    form = details.get_by_role("form", name="Run WAITS with other parameters")
    form.get_by_label("note").fill("<b>second</b>")
    expect(form).to_contain_text("changed: note")
    bar(form, "Add a parameter").click()
    form.get_by_label("Name of the parameter").fill("unknown")
    form.get_by_label("unknown").last.fill("1")
    bar(form, "Run now").click()
    expect(form.get_by_role("alert")).to_contain_text("unknown")
    details.screenshot(path=SCREENSHOTS / "run_form_refused.png")
    form.get_by_label("unknown").last.fill("")
    page.keyboard.press("Enter")
    expect(form).to_have_count(0)
    details.get_by_role("tab", name="Log").click()
    expect(details.get_by_role("log")).to_contain_text("waiting for gate <b>second</b>", timeout=SLOW)
    gate.touch()
    expect(rows(view, "Tasks")).to_contain_text("succeeded", timeout=SLOW)
    expect(details.get_by_role("log")).to_contain_text("it is there")
    kit.run_cell(page, 1)
    expect(view.get_by_text("No worker is running")).to_be_visible(timeout=SLOW)


#: How much moves by itself in our views.
MOVING = "() => document.getAnimations().filter(one => one.effect.target.closest('.hl-root')).length"


def test_the_graph_of_a_composite_follows_its_jobs(lab, page, store):
    scheduled = ScheduledExecution(store)
    gates = {name: lab.root / f"gate_{name}" for name in ("LOAD", "LEFT", "RIGHT", "SCORE")}
    for name, gate in gates.items():
        scheduled.create_task(f"G_{name}", "tests.browser.waiting:until", task_params={"path": str(gate)})
    scheduled.create_parallel_composite_task("G_BOTH", ["G_LEFT", "G_RIGHT"], parallel_attribute="ANY")
    scheduled.create_sequential_composite_task("GRAPH", ["G_LOAD", "G_BOTH", "G_SCORE"])
    view, details = open_tasks(page, lab, "graph", "GRAPH", STOP_WORKER)
    view.get_by_role("button", name="Start a worker").click()
    bar(details, "Run now").click()
    details.get_by_role("tab", name="Parts").click()

    def node(name):
        return details.locator(".hl-node", has_text=f"G_{name}")

    expect(node("LOAD")).to_contain_text("running", timeout=SLOW)
    expect(node("SCORE")).to_contain_text("no turn yet")
    expect(details.locator(".hl-gate")).to_have_text("any")
    node("LOAD").focus()
    page.keyboard.press("Enter")
    job = details.get_by_role("region", name="Job of G_LOAD")
    expect(job.get_by_role("log")).to_contain_text("waiting for gate_LOAD", timeout=SLOW)
    gates["LOAD"].touch()
    expect(node("LOAD")).to_contain_text("succeeded", timeout=SLOW)
    expect(node("LEFT")).to_contain_text("running", timeout=SLOW)
    assert page.evaluate(MOVING)
    page.emulate_media(reduced_motion="reduce")
    assert not page.evaluate(MOVING)
    page.emulate_media(reduced_motion="no-preference")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(node("LEFT")).to_be_focused()
    gates["RIGHT"].touch()
    expect(node("RIGHT")).to_contain_text("succeeded", timeout=SLOW)
    expect(node("LEFT")).to_contain_text("cancelled", timeout=SLOW)
    gates["SCORE"].touch()
    expect(node("SCORE")).to_contain_text("succeeded", timeout=SLOW)
    expect(details.locator(".hl-title").first).to_contain_text("succeeded")
    kit.run_cell(page, 1)


@pytest.fixture
def busy(lab):
    """Give a database with tasks of half a year, beside the one that the server shows."""
    file = lab.root / "busy.db"
    file.unlink(missing_ok=True)
    url = f"sqlite:///{file}"
    with ConnectionContext(url) as context:
        task_sample.record_store(context, utc_now())
    return url


def scene(view, look, name, details=None):
    """Keep a picture of what is to be seen, or of a tab of the details; anybody can use it."""
    if details:
        details.get_by_role("tab", name=name).click()
    assert not grave_violations(view.page, ".jp-OutputArea .hl-view")
    view.screenshot(path=SCREENSHOTS / f"tasks_{look}_{name.lower()}.png")


@pytest.mark.parametrize(("theme", "width"), [("Light", 1400), ("Dark", 760)])
def test_what_it_looks_like(lab, page, busy, theme, width):
    look = f"{theme.lower()}_{width}"
    page.set_viewport_size({"width": width, "height": 1250})
    cell = MONITOR.format(kind="ScheduledTaskMonitor", url=busy, ids=None)
    kit.write_notebook(lab, "looks.ipynb", [cell])
    kit.open_notebook(page, "looks.ipynb")
    kit.set_theme(page, f"JupyterLab {theme}")
    try:
        kit.run_cell(page, 0)
        view = page.locator(".jp-OutputArea .hl-view")
        expect(rows(view, "Tasks")).not_to_have_count(0)
        hostile = rows(view, "Tasks").filter(has_text="onerror")
        expect(hostile).to_contain_text("timed out")
        hostile.click()
        shown = view.get_by_role("region", name=f"Task {task_sample.HOSTILE}", exact=True)
        expect(shown).to_contain_text("DROP TABLE")
        assert page.locator("img[src=x]").count() == 0
        scene(view, look, "Log", shown)

        rows(view, "Tasks").filter(has_text="WEEKLY_SCORES").click()
        details = view.get_by_role("region", name="Task WEEKLY_SCORES", exact=True)
        scene(view, look, "List")
        for name in ("Ledger", "Output", "Definition", "Jobs"):
            scene(view, look, name, details)
        bar(details, "Change schedule …").click()
        expect(details.get_by_role("table", name="Next due times").locator("tbody tr")).to_have_count(5)
        scene(view, look, "schedule")
        bar(details, "Run with …").click()
        bar(details, "Remove schedule").click()
        scene(view, look, "run")

        view.get_by_label("State").select_option("Running or waiting")
        rows(view, "Tasks").get_by_text("NIGHTLY", exact=True).click()
        graph = view.get_by_role("region", name="Task NIGHTLY", exact=True)
        graph.locator(".hl-node", has_text="FIT_HGBT").click()
        expect(graph.get_by_role("log")).to_contain_text("round 12")
        scene(view, look, "graph")
    finally:
        kit.set_theme(page, "JupyterLab Light")
        page.set_viewport_size({"width": 1400, "height": 1250})


def test_a_long_log_is_read_back_and_a_long_message_opened(lab, page, store):
    sample.record_task(store, "TALKS")
    long = "".join(f"{i:07d} " for i in range(1_250_000))
    with store.database.write() as connection:
        records.append_log(connection, "TALKS", [("OUT", utc_now(), f"line {i}") for i in range(450)])
        records.append_log(connection, "TALKS", [("ERROR", utc_now(), long)])
    _, details = open_tasks(page, lab, "talks", "TALKS")
    details.get_by_role("tab", name="Log").click()
    log = details.get_by_role("log")
    expect(log.get_by_role("row")).to_have_count(200)
    expect(log.get_by_role("row").last).to_contain_text("0000000 0000001")
    for count in (400, 455):
        bar(log, "Older lines").click()
        expect(log.get_by_role("row")).to_have_count(count)
    expect(bar(log, "Older lines")).to_have_count(0)
    expect(log.get_by_role("row").first).to_contain_text("Task created.")
    bar(log, "Open all 10,000,000 characters").click()
    expect(log).to_contain_text("1 to 50,000 of 10,000,000 characters")
    bar(log, "Later").click()
    expect(log).to_contain_text("50,001 to 100,000 of 10,000,000 characters")
    expect(log.locator(".hl-message-text")).to_contain_text("0006250 0006251")
    details.screenshot(path=SCREENSHOTS / "tasks_long_message.png")
    with store.database.write() as connection:
        records.append_log(connection, "TALKS", [("OUT", utc_now(), "and on it goes")])
    expect(log).to_contain_text("and on it goes")
    expect(log.get_by_role("row")).to_have_count(456)


def test_no_task_yet_and_a_worker_that_is_stopped_again(lab, page, store):
    view = open_monitor(page, lab, "none", "ScheduledTaskMonitor", ["FIRST_OF_ALL"])
    expect(view.get_by_text("No tasks yet")).to_be_visible()
    expect(view.get_by_role("alert")).to_contain_text("No such task yet: FIRST_OF_ALL")
    sample.record_task(store, "FIRST_OF_ALL")
    ScheduledExecution(store).pause_task_schedule("FIRST_OF_ALL")
    view.get_by_role("button", name="Start a worker").click()
    workers = view.locator(".hl-workers summary")
    workers.click()
    expect(view.get_by_role("group", name="Workers that are alive")).to_contain_text("2 jobs at a time")
    view.screenshot(path=SCREENSHOTS / "tasks_workers.png")
    bar(view, "Stop the worker started here").click()
    bar(view.get_by_role("alertdialog"), "Stop").click()
    expect(view.get_by_text("No worker is running")).to_be_visible(timeout=SLOW)
