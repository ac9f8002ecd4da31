"""The panel in the sidebar of a real JupyterLab, in a real browser; no kernel is needed for it."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from hanalife import ConnectionContext, DataSets, ModelStorage, UnifiedClassification
from hanalife.clock import utc_now
from hanalife.database import leases, migrations, tables, tasks
from tests.browser import lab as kit
from tests.browser.accessibility import grave_violations
from tests.browser.conftest import SCREENSHOTS, nothing_open
from tests.browser.test_monitors import MONITOR, rows
from tests.views import sample

pytestmark = pytest.mark.browser

THEMES = ("JupyterLab Light", "JupyterLab Dark")
HOSTILE = "x\"]); open('pwned', 'w'); (\"<b>"

#: JupyterLab keeps its layout a moment after it has changed; ends once it is kept with a detail of each kind.
LAYOUT_IS_KEPT = """async () => {
  for (let look = 0; look < 200; look++) {
    const kept = await (await fetch('/lab/api/workspaces')).json();
    const layouts = kept.workspaces.values.map(one => JSON.stringify(one.data['layout-restorer:data'] ?? ''));
    const isWhole = layout => ['run', 'task', 'model'].every(kind => layout.includes(`hanalife-${kind}:`));
    if (layouts.some(isWhole)) return true;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  return false;
}"""

#: Each test that counts things has a database of its own.
NAMES = ("Empty", "Looks", "Controls", "Worker", "Insert", "Hostile", "Drift", "Busy", "Models", "Newer")
SETTINGS = {
    "pollSeconds": 0.5,
    "connections": [
        *({"name": name, "url": f"sqlite:///{name}.db"} for name in NAMES),
        {"name": "Secret", "url": "postgresql://me:hunter2@127.0.0.1:1/none"},
        {"name": "Unset", "url": "postgresql://me@127.0.0.1:1/none", "passwordVariable": "HANALIFE_NOT_SET"},
    ],
}


@pytest.fixture(scope="module")
def own_lab(tmp_path_factory):
    """Give a running JupyterLab with connections in its settings."""
    with kit.running(tmp_path_factory.mktemp("panel"), settings=SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def own_page(chromium, own_lab):
    """Give a page with that JupyterLab, loaded once."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(20_000)
    kit.load(page, own_lab)
    yield page
    context.close()


@pytest.fixture
def page(own_page, request):
    """Give JupyterLab with nothing open; an error in the page fails the test; its last sight is kept."""
    with nothing_open(own_page, request.node.name) as page:
        yield page


@pytest.fixture
def open_panel(own_lab, page):
    """Open the panel on a database; give the panel and a connection to the database."""
    opened = []

    def open_on(name):
        store = ConnectionContext(f"sqlite:///{own_lab.root / name}.db")
        opened.append(store)
        with store.database.read():
            pass  # it is there from now on
        execute(page, "hanalife:choose-connection", {"name": name})
        execute(page, "hanalife:show-panel")
        panel = page.locator("#hanalife-sidebar")
        expect(panel.locator(".hl-foot")).to_contain_text(f"{name}.db")
        return panel, store

    yield open_on
    for store in opened:
        store.close()


def execute(page, command, args=None):
    """Run a command of JupyterLab without waiting for it."""
    page.evaluate("([command, args]) => void window.jupyterapp.commands.execute(command, args)", [command, args or {}])


def part(panel, name):
    """Give a part of the panel by its title."""
    return panel.get_by_role("region", name=name, exact=True)


def fill(store):
    """Record a bit of everything."""
    now = utc_now()
    for number in range(12):
        name = "DIABETES" if number % 3 else "CHURN"
        sample.record_run(store, name, f"weekly retraining {number}", 0.75 + number / 100)
    sample.record_failed_run(store, "CHURN", "no rows left")
    _, observer = sample.begin_run(store, "DIABETES", "search")
    observer.call_progressed(sample.searching())
    sample.record_models(store, "DIABETES")
    sample.record_models(store, "CHURN")
    sample.record_task(store, "DIABETES_WEEKLY_PREDICT", now + timedelta(days=2, hours=1, minutes=30))
    sample.record_composite(store, "NIGHTLY", now - timedelta(hours=3))
    sample.record_alert(store, "1" * 32, ["GLUCOSE", "BMI", "AGE", "INSULIN"], now - timedelta(hours=2))
    sample.record_alert(store, "2" * 32, ["AGE"], now - timedelta(days=2), segment="SEX=Male")


def widen(page, width):
    """Drag the edge of the sidebar."""
    handle = page.locator("#jp-main-split-panel > .lm-SplitPanel-handle:not(.lm-mod-hidden)").first
    box = handle.bounding_box()
    page.mouse.move(box["x"] + 1, 500)
    page.mouse.down()
    page.mouse.move(page.locator("#jp-left-stack").bounding_box()["x"] + width, 500, steps=5)
    page.mouse.up()


# --- what it shows -------------------------------------------------------------------------------


def test_panel_lists_everything_and_opens_details(own_lab, open_panel, page):
    panel, store = open_panel("Looks")
    fill(store)
    panel.get_by_label("Experiment", exact=True).select_option("CHURN")
    expect(rows(panel, "Runs")).to_have_count(5)
    expect(rows(panel, "Models").filter(has_text="champion 2")).to_have_count(2)
    expect(rows(panel, "Tasks").filter(has_text="DIABETES_WEEKLY_PREDICT")).to_contain_text("in 2 d 1 h")
    expect(part(panel, "Drift alerts").get_by_role("listitem").first).to_contain_text("GLUCOSE, BMI, AGE and 1 more")

    rows(panel, "Runs").filter(has_text="weekly retraining 9").click()
    details = page.get_by_role("region", name="Run weekly retraining 9")
    details.get_by_role("tab", name="Charts").click()
    expect(details.get_by_role("img", name="ROC Curve")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "panel_run.png")
    rows(panel, "Tasks").filter(has_text="DIABETES_WEEKLY_PREDICT").click()
    expect(page.get_by_role("region", name="Task DIABETES_WEEKLY_PREDICT")).to_contain_text("every Monday")
    rows(panel, "Models").filter(has_text="DIABETES").click()
    expect(page.get_by_role("region", name="Model DIABETES")).to_contain_text("champion")

    assert page.evaluate(LAYOUT_IS_KEPT)
    page.reload()
    page.wait_for_function("() => !!window.jupyterapp")
    page.evaluate("async () => { await window.jupyterapp.restored; }")
    expect(page.get_by_role("tab", name="weekly retraining 9")).to_be_visible()
    expect(page.get_by_role("region", name="Model DIABETES")).to_contain_text("champion")


@pytest.mark.parametrize("width", [250, 460])
@pytest.mark.parametrize("theme", THEMES)
def test_panel_looks_well_and_has_no_grave_barrier(open_panel, page, theme, width):
    panel, store = open_panel("Looks")
    if not store.sql('SELECT COUNT(*) AS "N" FROM "hl_run"').collect().iat[0, 0]:
        fill(store)
    kit.set_theme(page, theme)
    try:
        widen(page, width)
        boxes = panel.get_by_role("checkbox")
        boxes.nth(2).check()
        boxes.nth(3).check()
        rows(panel, "Models").first.click()
        rows(panel, "Tasks").first.click()
        expect(panel.get_by_role("button", name="Run now")).to_be_visible()
        page.screenshot(path=SCREENSHOTS / f"panel_{theme.split()[-1].lower()}_{width}.png")
        assert grave_violations(page, "#hanalife-sidebar") == []
        assert grave_violations(page, ".hl-status-item") == []
        assert grave_violations(page, "#jp-main-dock-panel .hl-root") == []
        boxes.nth(2).uncheck()
        boxes.nth(3).uncheck()
    finally:
        widen(page, 250)
        kit.set_theme(page, "JupyterLab Light")


def test_panel_shows_a_new_run_by_itself_and_searches_everything(open_panel, page):
    panel, store = open_panel("Looks")
    panel.get_by_label("Search").fill("comes later")
    expect(panel.get_by_text("No run matches.")).to_be_visible()
    found = sample.record_run(store, "LATER", "comes later", 0.97)
    expect(rows(panel, "Runs")).to_have_count(1)
    expect(rows(panel, "Models")).to_have_count(0)
    panel.get_by_label("Search").fill("glucose")
    expect(part(panel, "Drift alerts").get_by_role("listitem")).to_have_count(1)
    expect(rows(panel, "Runs")).to_have_count(0)
    panel.get_by_label("Search").fill("metrics.AUC > 0.96")
    expect(rows(panel, "Runs")).to_have_count(1)
    assert rows(panel, "Runs").get_attribute("data-key") == found
    expect(rows(panel, "Models")).to_have_count(2)  # a search in words is about runs
    panel.get_by_label("Search").fill("metrics.AUC >")
    expect(panel.locator(".hl-problem")).to_contain_text("expected a value")
    page.screenshot(path=SCREENSHOTS / "panel_search.png")
    panel.get_by_label("Search").fill("")


def test_empty_states_say_what_to_do(open_panel, page):
    panel, _ = open_panel("Empty")
    for text in ("No runs yet.", "No stored models.", "No tasks yet."):
        expect(panel.get_by_text(text)).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "panel_empty.png")
    panel.get_by_role("button", name="Drift alerts 0").click()
    expect(panel.get_by_text("No open alerts.")).to_be_visible()
    execute(page, "hanalife:choose-connection", {"name": ""})
    expect(panel.get_by_role("alert").filter(has_text="There is no database at")).to_be_visible()
    assert grave_violations(page, "#hanalife-sidebar") == []
    page.screenshot(path=SCREENSHOTS / "panel_no_database.png")


def test_a_store_newer_than_the_code_is_told_of_in_panel_and_cell(own_lab, page):
    url = f"sqlite:///{own_lab.root / 'Newer.db'}"
    with ConnectionContext(url) as store, store.database.write() as connection:
        newer = {"version": migrations.VERSION + 1, "applied_at": utc_now()}
        connection.execute(tables.schema_version.insert().values(**newer))
    execute(page, "hanalife:choose-connection", {"name": "Newer"})
    execute(page, "hanalife:show-panel")
    told = f"The store has version {migrations.VERSION + 1}"
    panel = page.locator("#hanalife-sidebar")
    expect(panel.get_by_role("alert").filter(has_text=told)).to_contain_text("pip install --upgrade hanalife")
    assert grave_violations(page, "#hanalife-sidebar") == []
    kit.write_notebook(own_lab, "newer.ipynb", [MONITOR.format(kind="ScheduledTaskMonitor", url=url, ids=None)])
    kit.open_notebook(page, "newer.ipynb")
    kit.run_cell(page, 0)
    view = page.locator(".jp-OutputArea .hl-view")
    expect(view.get_by_role("alert").filter(has_text=told)).to_be_visible()
    expect(view).to_contain_text("Nothing was read yet.")
    expect(page.locator(".jp-OutputArea")).not_to_contain_text("Traceback")
    page.screenshot(path=SCREENSHOTS / "newer.png")
    assert grave_violations(page, ".jp-OutputArea .hl-view") == []


def test_connections_are_chosen_and_a_password_in_the_settings_is_refused(open_panel, page):
    panel, _ = open_panel("Empty")
    panel.get_by_text("Secret cannot be used").click()
    expect(panel.get_by_text("name an environment variable of the Jupyter server as passwordVariable")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "panel_refused.png")
    panel.get_by_text("Secret cannot be used").click()
    assert "hunter2" not in page.content()
    choice = panel.get_by_label("Database")
    expect(choice.locator("option", has_text="Secret")).to_be_disabled()
    choice.select_option("Unset")
    expect(panel.get_by_role("alert").filter(has_text="HANALIFE_NOT_SET")).to_be_visible()
    choice.select_option("Looks")
    expect(panel.locator(".hl-foot")).to_contain_text("Looks.db")
    panel.get_by_role("button", name="Edit connections").click()
    expect(page.locator(".jp-SettingsForm, .jp-SettingsPanel").first).to_contain_text("URL without a password")
    page.screenshot(path=SCREENSHOTS / "panel_settings.png")


def test_drift_is_a_badge_until_it_was_looked_at(open_panel, page):
    _, store = open_panel("Drift")
    execute(page, "application:toggle-left-area")
    icon = page.locator(".jp-SideBar .lm-TabBar-tab[data-id='hanalife-sidebar']")
    sample.record_alert(store, "1" * 32, ["BMI"], utc_now())
    expect(icon).to_have_attribute("data-hl-badge", "1", timeout=10_000)
    expect(icon).to_have_attribute("title", re.compile("1 new drift alert"))
    page.screenshot(path=SCREENSHOTS / "panel_badge.png")
    execute(page, "hanalife:show-drift")
    alert = page.locator("#hanalife-sidebar").get_by_role("listitem")
    expect(alert).to_contain_text("DIABETES_NEW against")
    expect(page.get_by_role("button", name="Drift alerts 1")).to_be_focused()
    expect(icon).not_to_have_attribute("data-hl-badge", "1")
    alert.get_by_role("button").click()
    details = page.get_by_role("region", name="Drift from Drift of BMI")
    details.get_by_role("tab", name="Alerts").click()
    page.screenshot(path=SCREENSHOTS / "panel_drift.png")
    details.get_by_role("button", name="Acknowledge").click()
    expect(alert).to_have_count(0)


# --- what it changes -----------------------------------------------------------------------------


def test_tasks_are_run_paused_resumed_and_cancelled(open_panel, page):
    panel, store = open_panel("Controls")
    sample.record_task(store, "WEEKLY", utc_now() + timedelta(days=1, hours=1))
    task = rows(panel, "Tasks").filter(has_text="WEEKLY")
    task.click()
    controls = panel.get_by_role("group", name="Controls of WEEKLY")
    controls.get_by_role("button", name="Pause").click()
    expect(task).to_contain_text("paused")
    controls.get_by_role("button", name="Resume").click()
    expect(task).to_contain_text("in ")
    controls.get_by_role("button", name="Run now").click()
    expect(task.get_by_role("img", name="queued")).to_be_visible()
    controls.get_by_role("button", name="Cancel").click()
    page.screenshot(path=SCREENSHOTS / "panel_controls.png")
    controls.get_by_role("button", name="Stop").click()
    expect(task.get_by_role("img", name="cancelled")).to_be_visible()


def test_the_status_bar_counts_jobs_and_opens_the_tasks(open_panel, page):
    panel, store = open_panel("Controls")
    execute(page, "application:toggle-left-area")
    now = utc_now()
    for task_id in ("FIRST", "SECOND"):
        sample.record_task(store, task_id, now + timedelta(days=1))
        with store.database.write() as connection:
            job_id = leases.queue(connection, task_id, now, now)
            leases.claim(connection, tasks.job(connection, job_id), "worker-1", now, now + timedelta(hours=1))
    item = page.locator(".hl-status-item")
    expect(item).to_contain_text("2 jobs running", timeout=10_000)
    sample.record_composite(store, "NIGHTLY", now)
    expect(item).to_contain_text("2 failed", timeout=10_000)
    page.screenshot(path=SCREENSHOTS / "panel_status_bar.png")
    item.get_by_role("button").click()
    expect(panel.get_by_role("button", name=re.compile("^Tasks"))).to_be_focused()
    expect(item).not_to_contain_text("failed")


def test_a_worker_is_started_in_the_server(open_panel, page):
    panel, store = open_panel("Worker")
    sample.record_task(store, "LATER", utc_now() + timedelta(days=1))
    warning = panel.get_by_role("alert").filter(has_text="No worker is running")
    warning.get_by_role("button", name="Start a worker").click()
    expect(warning).to_have_count(0)
    rows(panel, "Tasks").first.click()
    page.evaluate("() => document.activeElement.blur()")
    with store.database.read() as connection:
        assert len(tasks.workers(connection, utc_now() - timedelta(minutes=1))) == 1


def test_menus_and_palette_reach_the_controls(open_panel, page):
    panel, store = open_panel("Controls")
    sample.record_task(store, "MENU", utc_now() + timedelta(days=1, hours=1))
    task = rows(panel, "Tasks").filter(has_text="MENU")
    task.click(button="right")
    page.locator(".lm-Menu-item", has_text="Pause Schedule").click()
    expect(task).to_contain_text("paused")
    execute(page, "apputils:activate-command-palette")
    page.keyboard.type("hanalife resume")
    page.locator(".lm-CommandPalette-item", has_text="Resume a Task").click()
    page.get_by_role("dialog").get_by_role("combobox").select_option("MENU")
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(task).to_contain_text("in ")


# --- with a notebook -----------------------------------------------------------------------------


def active_cell(page):
    """Give the number and text of the active cell."""
    return page.evaluate(
        """() => {
          const { content } = window.jupyterapp.shell.currentWidget;
          return [content.activeCellIndex, content.activeCell.model.sharedModel.getSource()];
        }"""
    )


def run_inserted(page, index):
    """Wait for a cell that was inserted, run it and give its outputs."""
    page.wait_for_function(
        "index => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource() "
        "&& window.jupyterapp.shell.currentWidget.content.activeCellIndex === index",
        arg=index,
    )
    return kit.run_cell(page, index)


def test_code_is_inserted_below_the_active_cell_and_runs(own_lab, open_panel, page):
    panel, store = open_panel("Insert")
    data, *_ = DataSets.load_diabetes_data(store)
    model = UnifiedClassification(func="DecisionTree")
    model.fit(data.head(200), key="ID", label="CLASS")
    model.name = "TREE"
    ModelStorage(store).save_model(model)
    for auc in (0.7, 0.8):
        sample.record_run(store, "INSERT", f"run {auc}", auc)
    kit.write_notebook(own_lab, "insert.ipynb", ["1", "2"])
    kit.open_notebook(page, "insert.ipynb")

    expect(rows(panel, "Runs")).to_have_count(2)
    for box in panel.get_by_role("checkbox").all():
        box.check()
    panel.get_by_role("button", name="Compare 2").click()
    outputs = run_inserted(page, 1)
    assert "AUC" in json.dumps(outputs)

    rows(panel, "Models").filter(has_text="TREE").click(button="right")
    page.locator(".lm-Menu-item", has_text="Insert Code That Loads It").click()
    outputs = run_inserted(page, 2)
    assert active_cell(page)[1].count("ConnectionContext") == 0  # the notebook is connected already
    assert "UnifiedClassification" in json.dumps(outputs)

    panel.get_by_role("button", name="Insert an experiment monitor").click()
    run_inserted(page, 3)
    expect(page.locator(".jp-OutputArea .hl-view").first).to_contain_text("run 0.8")
    page.screenshot(path=SCREENSHOTS / "panel_inserted.png")


def test_hostile_names_are_shown_and_inserted_as_text(own_lab, open_panel, page):
    panel, store = open_panel("Hostile")
    sample.record_run(store, HOSTILE, "<img src=x onerror=alert(1)>")
    sample.record_run(store, "OTHER", "plain")
    kit.write_notebook(own_lab, "hostile.ipynb", ["1"])
    kit.open_notebook(page, "hostile.ipynb")
    panel.get_by_label("Experiment", exact=True).select_option(HOSTILE)
    expect(rows(panel, "Runs")).to_have_text(re.compile("<img src=x"))
    panel.get_by_role("button", name="Insert a monitor of").click()
    run_inserted(page, 1)
    expect(page.locator(".jp-OutputArea .hl-view").first).to_contain_text("<img src=x")
    assert not (own_lab.root / "pwned").exists()


def test_panel_goes_on_while_the_kernel_is_busy_and_when_it_is_gone(own_lab, open_panel, page):
    panel, store = open_panel("Busy")
    kit.write_notebook(own_lab, "busy.ipynb", ["import time; time.sleep(60)"])
    kit.open_notebook(page, "busy.ipynb")
    kit.start_cell(page, 0)
    kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel"
    page.wait_for_function(f"() => {kernel}?.status === 'busy'")
    sample.record_run(store, "BUSY", "while it was busy")
    expect(rows(panel, "Runs")).to_have_count(1)
    rows(panel, "Runs").click()
    expect(page.get_by_role("region", name="Run while it was busy")).to_contain_text("Overview")
    page.evaluate("() => void window.jupyterapp.serviceManager.sessions.shutdownAll()")
    page.wait_for_function("() => ![...window.jupyterapp.serviceManager.sessions.running()].length")
    sample.record_run(store, "BUSY", "when it was gone")
    expect(rows(panel, "Runs")).to_have_count(2)


def test_without_a_notebook_code_goes_to_the_clipboard(open_panel, page):
    panel, _ = open_panel("Empty")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel.get_by_role("button", name="Insert a task monitor").click()
    expect(page.get_by_text("The code is on the clipboard")).to_be_visible()
    assert "ScheduledTaskMonitor(conn)" in page.evaluate("() => navigator.clipboard.readText()")
