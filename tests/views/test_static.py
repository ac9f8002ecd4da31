"""Pages and pictures that need nothing that runs."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree as ET

from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from hanalife.database import runs as store
from hanalife.drawing import charts as svg
from hanalife.drawing.page_script import SCRIPT
from hanalife.views import answers, pages, static
from tests.views import sample

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)
VALUES = st.one_of(st.floats(width=32).map(float), st.sampled_from(["nan", "inf", "-inf"]))
SVG = "{http://www.w3.org/2000/svg}"


class Tags:
    """The names of all tags of a page, and all their attributes."""

    def __init__(self, text):
        tags = BeautifulSoup(text, "html.parser").select("*")
        self.names = [tag.name for tag in tags]
        self.attributes = [pair for tag in tags for pair in tag.attrs.items()]


@given(NAMES, NAMES, st.lists(st.tuples(NAMES, st.lists(st.tuples(VALUES, VALUES), max_size=8)), max_size=4))
def test_any_lines_make_well_formed_svg_within_its_frame(title, label, lines):
    series = [{"name": name, "points": [tuple(_word(v) for v in point) for point in points]} for name, points in lines]
    chart = ET.fromstring(svg.line_chart(title, label, label, series))
    assert chart.get("aria-label") == title
    width, height = float(chart.get("width")), float(chart.get("height"))
    for line in chart.iter(f"{SVG}polyline"):
        for point in line.get("points").split():
            x, y = (float(part) for part in point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


def _word(value):
    return value if isinstance(value, str) or math.isfinite(value) else str(value)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_any_bars_make_well_formed_svg(items):
    chart = ET.fromstring(svg.bars("Importance", [{"name": name, "value": _word(value)} for name, value in items]))
    assert len(list(chart.iter(f"{SVG}rect"))) == len(items)


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), st.integers(0, 10**9))
def test_any_matrix_makes_well_formed_svg(labels, count):
    counts = [[count] * len(labels) for _ in labels]
    chart = ET.fromstring(svg.heat_map("Confusion Matrix", {"labels": labels, "counts": counts}))
    assert len(list(chart.iter(f"{SVG}rect"))) == len(labels) ** 2


def test_the_longest_bar_is_the_largest_value():
    items = [{"name": name, "value": value} for name, value in (("A", 0.2), ("B", 0.8), ("C", -0.4))]
    bars = [float(bar.get("width")) for bar in ET.fromstring(svg.bars("t", items)).iter(f"{SVG}rect")]
    assert [round(bar / bars[1], 2) for bar in bars] == [0.25, 1, 0.5]


def test_the_page_has_everything_and_needs_nothing(conn, tmp_path):
    sample.record_run(conn, "DIABETES", "one", 0.8)
    sample.record_failed_run(conn, "DIABETES", "two")
    sample.record_task(conn, "WEEKLY")
    path = pages.write_page(conn, tmp_path / "page.html", clock=lambda: sample.NOW)
    text = path.read_text()
    tags = Tags(text)
    assert tags.names.count("script") == 1
    assert f"<script>{SCRIPT}</script>" in text
    assert not [value for name, value in tags.attributes if name in {"src", "href"} or name.startswith("on")]
    assert not re.search(r"url\(|@import", text)
    assert tags.names.count("details") == 3
    assert tags.names.count("svg") == 6
    for part in ("ROC Curve", "Confusion Matrix", "614", "every Monday at 08:00:00 UTC", "no worker", "2026-03-02"):
        assert part in text


def test_the_page_shows_intervals_searches_curves_and_parts(conn, tmp_path):
    _, observer = sample.begin_run(conn, "DIABETES", "searched")
    observer.call_progressed(sample.searching())
    observer.call_finished(sample.outcome(0.8))
    sample.record_ledger(conn, "NIGHTLY", sample.record_composite(conn, "NIGHTLY"))
    text = pages.write_page(conn, tmp_path / "page.html", clock=lambda: sample.NOW).read_text()
    words = BeautifulSoup(text, "html.parser").get_text(" ")
    for part in (
        "0.76 to 0.83",
        "no interval: 12 rows, fewer than 20",
        "LOGLOSS",
        "Search by error_rate",
        "learning_rate 0.1, n_estimators 40",
        "128.0 MiB",
    ):
        assert part in words
    for part in ("3. NIGHTLY_SCORE", "» skipped", "! late", "✕ missed", "one job at a time"):
        assert part in words


def test_the_page_can_be_about_some_only(conn, tmp_path):
    sample.record_run(conn, "A", "first of A")
    sample.record_run(conn, "B", "first of B")
    text = pages.write_page(conn, tmp_path / "page.html", experiment_ids=["A"], task_ids=["UNBORN"]).read_text()
    assert "first of A" in text
    assert "first of B" not in text
    assert "Not recorded yet: UNBORN" in text


def test_hostile_names_are_text(sqlite_conn, tmp_path):
    hostile = "</title><script>alert(1)</script><img src=x onerror='x'>\"&"
    run_id = sample.record_run(sqlite_conn, hostile, hostile)
    sample.record_task(sqlite_conn, hostile)
    tags = Tags(pages.write_page(sqlite_conn, tmp_path / "page.html").read_text())
    with sqlite_conn.database.read() as connection:
        charts = static.run_charts(answers.run(connection, run_id))
    assert tags.names.count("script") == 1  # the page's own
    assert not {"script", "img"} & {*Tags("".join(charts)).names}
    assert "img" not in tags.names
    assert not [name for name, _ in tags.attributes if name.startswith("on")]


def test_the_page_has_a_bounded_size(sqlite_conn, tmp_path):
    """Sixty runs, of which fifty get details; then a log entry of two megabytes changes next to nothing."""
    ids = [sample.record_run(sqlite_conn, "MANY", f"run {number}") for number in range(60)]
    path = pages.write_page(sqlite_conn, tmp_path / "page.html")
    size = path.stat().st_size
    assert path.read_text().count("<details>") == pages.MOST_DETAILS
    assert size < 3_000_000
    with sqlite_conn.database.write() as connection:
        store.append(connection, ids[-1], [("DATASET", '{"SQL": "' + "x" * 2_000_000 + '"}')], sample.NOW)
    assert pages.write_page(sqlite_conn, path).stat().st_size < size + 10_000
