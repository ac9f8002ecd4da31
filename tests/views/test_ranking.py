"""Which run is best and which metrics are shown first, on pages without script; browsers share the golden file."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from hanalife.evidence import MetricKey
from hanalife.observation import MetricSource
from hanalife.views import experiments, pages, ranking, static
from tests.views import golden, sample

AUC = MetricKey("AUC", MetricSource.TEST)


def rows(*metrics):
    """Give rows of runs with these metrics by source, each a second after the one before."""
    return [
        experiments.run_row(golden._run(f"r{place}", golden.RunStatus.FINISHED), {})
        | {"metrics": each, "created_at": f"2026-01-02T00:00:0{place}Z"}
        for place, each in enumerate(metrics)
    ]


def test_the_best_has_the_highest_value_of_one_source_and_the_text_says_of_which_set():
    found = rows({"test": {"AUC": 0.7}}, {"test": {"AUC": 0.8}, "train": {"AUC": 0.81}}, {"train": {"AUC": 0.99}})
    best = ranking.best(found, AUC)
    assert best == ("r1", "highest AUC (test) of 2 runs; 1 without it not compared")


def test_of_equals_the_oldest_is_best_in_any_order():
    found = rows({"cv": {"RMSE": 2.0}}, {"cv": {"RMSE": 1.0}}, {"cv": {"RMSE": 1.0}})
    key = MetricKey("RMSE", MetricSource.CV)
    assert ranking.best(found[::-1], key) == ("r1", "lowest RMSE (cv) of 3 runs, the oldest of 2 with this value")


@pytest.mark.parametrize(
    ("key", "metrics"),
    [
        (MetricKey("AUC", MetricSource.TRAIN), [{"train": {"AUC": 0.8}}, {"train": {"AUC": 0.9}}]),
        (AUC, [{"test": {"AUC": 0.8}}]),
        (AUC, [{"test": {"AUC": 0.8}}, {"test": {"AUC": 0.8}}, {"test": {"AUC": "nan"}}]),
        (MetricKey("seconds", MetricSource.USER), [{"user": {"seconds": 1.0}}, {"user": {"seconds": 2.0}}]),
    ],
)
def test_nothing_is_best_of_training_of_one_of_equals_or_without_a_direction(key, metrics):
    assert ranking.best(rows(*metrics), key) is None


def test_a_page_marks_the_held_out_best_once_and_puts_training_values_away(conn, tmp_path):
    for name, train, test in (("shallow", 0.84, 0.80), ("deep", 0.99, 0.70)):
        sample.record_scored_run(conn, "A", name, train, test)
    page = BeautifulSoup(pages.write_page(conn, tmp_path / "page.html").read_text(), "html.parser")
    table = page.select_one("table.sortable")
    heads = [head.text for head in table.select("thead th")]
    assert "AUC test" in heads
    assert not [head for head in heads if head.endswith(" train")]
    (star,) = table.select("[role=img]")
    assert star["title"] == "highest AUC (test) of 2 runs"
    assert star.find_parent("tr").select_one("td").text == "shallow"
    metrics = next(part for part in page.select("details h3") if part.text == "Metrics").find_next("table")
    assert [cell.text for cell in metrics.select("tbody tr")[0].select("td")][:2] == ["AUC", "test, 614 rows"]
    assert metrics.select("tbody tr")[-1].select("td")[1].text == "train"


def test_where_there_are_training_values_only_they_are_labeled_dimmed_and_not_ranked(conn):
    for name, auc in (("shallow", 0.84), ("deep", 0.99)):
        _, observer = sample.begin_run(conn, "A", name)
        observer.call_finished(sample.outcome(auc, MetricSource.TRAIN))
    with conn.database.read() as connection:
        table = BeautifulSoup(static.runs_table(experiments.read(connection, "label")), "html.parser")
    assert "AUC train" in [head.text for head in table.select("thead th")]
    assert not table.select("[role=img]")
    assert "opacity" in next(cell for cell in table.select("td.number") if cell.text == "0.99")["style"]
