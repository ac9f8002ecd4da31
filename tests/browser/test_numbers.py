"""How fast the experiment monitor is with many runs: what is measured is printed, what no clock tells is tested."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import expect

from hanalife import ConnectionContext
from hanalife.clock import utc_now
from hanalife.database import runs as store_of_runs
from tests.browser import lab as kit
from tests.browser.accessibility import grave_violations
from tests.browser.conftest import SCREENSHOTS
from tests.browser.test_monitors import MONITOR
from tests.views import crowd

pytestmark = pytest.mark.browser

RUNS, METRICS = 10_000, 40

#: Frames drawn and the longest pause between two, while the table is scrolled for a second.
SCROLL = """async ([axis, plain]) => {
  let body = document.querySelector('.jp-OutputArea [aria-label="Runs"]');
  const step = axis === 'scrollTop' ? 130 : 12;
  let at = body[axis];
  if (plain) body = document.body.appendChild(plainTable(body));
  const times = [];
  const end = performance.now() + 1000;
  while (performance.now() < end) {
    body[axis] = at += step;
    times.push(await new Promise(requestAnimationFrame));
  }
  if (plain) body.remove();
  const gaps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
  return { frames: 1000 * (times.length - 1) / (times.at(-1) - times[0]), longest: gaps.at(-1) };

  // As large as the other, with text that is there already: what this machine does at best.
  function plainTable(like) {
    const { left, top, width, height } = like.getBoundingClientRect();
    const box = document.createElement('div');
    box.style.cssText = 'position:fixed;z-index:9;overflow:auto;background:#fff';
    for (const [name, size] of Object.entries({ left, top, width, height })) box.style[name] = `${size}px`;
    for (let i = 0; i < 2000; i++) {
      const line = box.appendChild(document.createElement('div'));
      line.style.cssText = 'height:26px;white-space:pre';
      line.textContent = Array.from({ length: 9 }, (_, j) => String(i * j)).join('    ');
    }
    return box;
  }
}"""

#: Milliseconds from an action until the next frame in which a condition holds.
UNTIL = """async ([action, condition]) => {
  const view = document.querySelector('.jp-OutputArea .hl-view');
  const act = new Function('view', action), holds = new Function('view', 'return ' + condition);
  const start = performance.now();
  act(view);
  do await new Promise(requestAnimationFrame); while (!holds(view) && performance.now() - start < 20000);
  return performance.now() - start;
}"""

#: When the first run is seen after a cell was started.
FIRST_RUN = """async () => {
  const start = performance.now();
  while (!document.querySelector('.jp-OutputArea [aria-label="Runs"] .hl-body [role=row]')) {
    await new Promise(requestAnimationFrame);
    if (performance.now() - start > 20000) return NaN;
  }
  return performance.now() - start;
}"""

CPU = """import time
cpu, start = time.process_time(), time.monotonic()
time.sleep(10)
print((time.process_time() - cpu) / (time.monotonic() - start))"""


@pytest.fixture(scope="module")
def crowded(lab):
    """Give the URL of a store of many runs."""
    url = f"sqlite:///{lab.root / 'crowd.db'}"
    with ConnectionContext(url) as context:
        crowd.fill(context, RUNS, METRICS)
        crowd.fill(context, 3, METRICS, "OTHER")
    return url


def until(page, action, condition):
    """Give the milliseconds from an action until a condition holds."""
    return page.evaluate(UNTIL, [action, condition])


def scroll(page, what, axis):
    """Print how smoothly the table scrolls, and a plain box of text in turn."""
    for name, plain in ((what, False), ("plain box", True)) * 2:
        found = page.evaluate(SCROLL, [axis, plain])
        print(f"{name}, {axis}: {found['frames']:.0f} frames/s, the longest pause {found['longest']:.0f} ms")


def first_row(text):
    """Give the condition that the first row has a text."""
    return f"view.querySelector('[aria-label=\"Runs\"] .hl-body [role=row]')?.textContent.includes({json.dumps(text)})"


def test_ten_thousand_runs_of_forty_metrics(lab, page, crowded):
    cells = [
        "from hanalife import ExperimentMonitor",
        MONITOR.format(kind="ExperimentMonitor", url=crowded, ids=None),
        "import time; time.sleep(5)",
        CPU,
        "import json, ipywidgets.embed as e; print(len(json.dumps(e.dependency_state([monitor._box]), default=repr)))",
        "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)",
    ]
    kit.write_notebook(lab, "numbers.ipynb", cells)
    kit.open_notebook(page, "numbers.ipynb")
    kit.save(page)
    empty = (lab.root / "numbers.ipynb").stat().st_size
    kit.run_cell(page, 0)
    kit.start_cell(page, 1)
    print(f"\nfirst run seen {page.evaluate(FIRST_RUN):.0f} ms after start()")
    view = page.locator(".jp-OutputArea .hl-view")
    began = time.monotonic()
    expect(view.locator(".hl-count")).to_have_text("10003 runs", timeout=60_000)
    print(f"all {RUNS} runs {time.monotonic() - began:.1f} s later")

    sort = "view.querySelector('[title=\"Sort by METRIC_00 user\"]').click()"
    numbers = [until(page, sort, f"view.querySelector('[aria-sort={way}]')") for way in ("ascending", "descending") * 2]
    print(f"sorted in {', '.join(f'{each:.0f}' for each in numbers)} ms")
    name = "view.querySelector('[title=\"Sort by Run\"]').click()"
    print(f"sorted by name in {until(page, name, first_row('run_0')):.0f} ms")
    type_in = "const box = view.querySelector('input[type=search]'); box.value = {}; "
    type_in += "box.dispatchEvent(new Event('input', {{bubbles: true}}))"
    few = "view.querySelector('.hl-count').textContent.startsWith({})"
    print(f"filtered in {until(page, type_in.format(repr('run_77')), few.format(repr('111 of'))):.0f} ms")
    print(f"all again in {until(page, type_in.format(repr('')), few.format(repr('10003 runs'))):.0f} ms")
    scroll(page, "scrolled", "scrollTop")
    view.get_by_text("Columns", exact=False).first.click()
    view.get_by_role("button", name="Show all").click()
    page.keyboard.press("Escape")
    scroll(page, "all columns", "scrollTop")
    scroll(page, "all columns", "scrollLeft")
    page.evaluate("() => { document.querySelector('.jp-OutputArea [aria-label=Runs]').scrollLeft = 0; }")
    expect(view.get_by_title("Sort by METRIC_00 user")).to_be_visible()
    milliseconds = until(page, sort, "view.querySelector('[aria-sort=ascending]')")
    print(f"sorted, all columns, in {milliseconds:.0f} ms")
    for _ in range(3):
        select = "view.old = view.querySelector('.hl-title h3')?.textContent; "
        select += "view.querySelectorAll('[aria-label=Runs] .hl-body [aria-selected=false]')[2].click()"
        shown = "view.querySelector('.hl-title h3')?.textContent !== view.old && view.querySelector('.hl-facts')"
        print(f"details in {until(page, select, shown):.0f} ms")

    kit.run_cell(page, 2)
    idle = kit.run_cell(page, 3)[0]["text"]
    print(f"idle: {float(idle):.2%} of a core")
    print(f"kernel: {kit.run_cell(page, 5)[0]['text'].strip()} MiB at most")
    kit.save(page)
    grown = (lab.root / "numbers.ipynb").stat().st_size - empty
    saved = json.loads((lab.root / "numbers.ipynb").read_text())
    state = int(kit.run_cell(page, 4)[0]["text"])
    print(f"the notebook grew by {grown / 1000:.0f} kB, by {state / 1000:.0f} kB more if widget state is saved")
    assert grown + state <= 300_000
    assert len(saved["cells"][1]["outputs"]) == 1
    assert view.locator("[aria-label='Runs'] .hl-body [role=row]").count() < 60


#: When the first run is seen in the panel after a database was chosen.
FIRST_IN_PANEL = """async () => {
  const start = performance.now();
  void window.jupyterapp.commands.execute('hanalife:choose-connection', {name: 'Crowd'});
  void window.jupyterapp.commands.execute('hanalife:show-panel');
  while (!document.querySelector('#hanalife-sidebar [aria-label="Runs"] .hl-body [role=row]')) {
    await new Promise(requestAnimationFrame);
    if (performance.now() - start > 20000) return NaN;
  }
  return performance.now() - start;
}"""


def test_the_panel_shows_the_newest_of_many_runs_and_older_ones_when_asked(page, crowded):
    panel = page.locator("#hanalife-sidebar")
    print(f"\nfirst run seen in the panel {page.evaluate(FIRST_IN_PANEL):.0f} ms after the database was chosen")
    runs = panel.get_by_role("region", name="Runs", exact=True)
    expect(runs.get_by_role("button", name="Runs 200 of 10,003")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "panel_crowd.png")
    assert grave_violations(page, "#hanalife-sidebar") == []
    runs.get_by_role("button", name="Show older runs").click()
    expect(runs.get_by_role("button", name="Runs 1,200 of 10,003")).to_be_visible()
    panel.get_by_label("Search").fill("run_8123")  # among those that were not read yet
    began = time.monotonic()
    expect(runs.locator(".hl-body [role=row]")).to_have_count(1, timeout=60_000)
    print(f"one of the older runs was found {time.monotonic() - began:.1f} s after it was looked for")
    panel.get_by_label("Search").fill("")
    page.evaluate("() => void window.jupyterapp.commands.execute('hanalife:choose-connection', {name: ''})")
    expect(panel.locator(".hl-foot")).to_contain_text("hanalife.db")


def test_memory_after_a_thousand_updates(lab, page, crowded):
    hurry = "from hanalife.monitors import base\nbase.POLL_SECONDS = 0.01\n"  # faster than anybody looks
    memory = "import resource, gc; gc.collect(); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    cells = [hurry + MONITOR.format(kind="ExperimentMonitor", url=crowded, ids="OTHER"), memory]
    cells.append("print(monitor._latest['seq'])")
    kit.write_notebook(lab, "updates.ipynb", cells)
    kit.open_notebook(page, "updates.ipynb")
    kit.run_cell(page, 0)
    view = page.locator(".jp-OutputArea .hl-view")
    rows = view.get_by_role("grid", name="Runs", exact=True).locator(".hl-body [role=row]")
    expect(rows).to_have_count(3)
    session = page.context.new_cdp_session(page)
    counts = "() => document.querySelectorAll('.jp-OutputArea *').length"
    seen = []
    with ConnectionContext(crowded) as context:
        for _part in range(3):
            for number in range(500):
                with context.database.write() as connection:
                    note = [("NOTE", f"update {number}")]
                    store_of_runs.append(connection, f"OTHER{2:025x}", note, utc_now(), {"progress_done": number})
                page.wait_for_timeout(5)
            page.wait_for_timeout(500)
            kernel = float(kit.run_cell(page, 1)[0]["text"])
            session.send("HeapProfiler.collectGarbage")
            heap = session.send("Runtime.getHeapUsage")["usedSize"] / 2**20
            seen.append((int(kit.run_cell(page, 2)[0]["text"]), kernel, heap, page.evaluate(counts)))
            print(f"\nafter {seen[-1][0]} updates: kernel {kernel:.0f} MiB, page {seen[-1][2]:.0f} MiB")
    assert seen[-1][0] > 100
    assert seen[-1][2] < seen[0][2] + 10
    assert seen[-1][3] < 2 * seen[0][3] + 500
