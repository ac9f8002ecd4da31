"""Reports: what they say, that nothing from the data is HTML, and that they need nothing else."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from hanalife import UnifiedReport
from hanalife.errors import ArgumentTypeError, FitIncompleteError, InvalidArgumentError, UnknownColumnError
from hanalife.learning.explanation.tables import json2tab_for_reason_code
from tests.learning.models import ON_EVERY_DATABASE, flowers, make_model, searching_model
from tests.learning.test_massive import FEATURES as OF_SHOPS
from tests.learning.test_massive import make_model as massive_model
from tests.learning.test_massive import shops
from tests.learning.test_regression import houses
from tests.learning.test_regression import make_model as regression_model

GRID = {"learning_rate": [0.1, 0.4], "n_estimators": [4, 8]}


def self_contained(html):
    return "<script" not in html and "http://" not in html.replace("http://www.w3.org", "") and "https://" not in html


def test_a_report_on_a_classifier(diabetes, tmp_path):
    model = searching_model(param_values=GRID, fold_num=3)
    given = {"partition_method": "stratified", "stratified_column": "CLASS", "partition_random_state": 2}
    model.fit(diabetes, key="ID", label="CLASS", **given, permutation_importance=True, build_report=True)
    model.score(diabetes, key="ID", label="CLASS")
    html = UnifiedReport(model).build().html
    assert self_contained(html)
    for text in ("ROC Curve", "Confusion Matrix", "Variable Importance", "Permutation Importance", "Candidates"):
        assert text in html
    assert html.count("ROC Curve</text>") == 2, "of the fit and of the score"
    assert "<summary>SELECT " in html, "the long text of the data is folded"
    statistics = model.statistics_.collect().set_index("STAT_NAME")["STAT_VALUE"]
    low, high = (f"{float(statistics[f'AUC.{side}']):.4g}" for side in ("LOW", "HIGH"))
    assert f"{low} to {high}" in html
    model.generate_html_report(str(tmp_path / "report"))
    assert (tmp_path / "report.html").read_text() == model.report
    UnifiedReport(model).build().display(save_html=tmp_path / "other.html")
    assert (tmp_path / "other.html").exists()


def test_reports_on_other_models(sqlite_conn):
    model = regression_model().fit(houses(sqlite_conn), key="ID", label="PRICE", build_report=True)
    assert "TEST_RMSE" in model.report
    many = massive_model().fit(shops(sqlite_conn), key="ID", features=OF_SHOPS, label="CLASS", group_key="SHOP")
    assert "Köln" in many.build_report().report
    with pytest.raises(FitIncompleteError):
        make_model().build_report()


def test_nothing_from_the_data_is_html(sqlite_conn):
    evil = "<script>alert(1)</script>"
    data = flowers(sqlite_conn).select("NAME", "SIZE", (f"CASE WHEN WILD THEN '{evil}' ELSE 'b' END", f"K {evil}"))
    model = make_model().fit(data, key="NAME", label=f"K {evil}", build_report=True)
    assert evil not in model.report
    assert "&lt;script&gt;" in model.report
    assert evil not in UnifiedReport(data).build(key="NAME").html


@ON_EVERY_DATABASE
def test_a_report_on_a_frame(conn):
    html = UnifiedReport(flowers(conn)).build(key="NAME").html
    assert self_contained(html)
    for text in ("90 rows, 6 columns", "COLOUR", "röt", "SIZE", "NVARCHAR"):
        assert text in html


def test_a_report_in_the_cell_is_kept_apart(sqlite_conn, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    UnifiedReport(flowers(sqlite_conn)).build().display()
    assert shown[0]["text/html"].startswith("<iframe sandbox srcdoc=")


def test_bad_input(sqlite_conn):
    with pytest.raises(ArgumentTypeError, match="obj: expected a fitted unified model or a DataFrame, got int"):
        UnifiedReport(3)
    with pytest.raises(InvalidArgumentError, match="call build"):
        UnifiedReport(flowers(sqlite_conn)).display()


@ON_EVERY_DATABASE
def test_reasons_as_a_table(conn):
    data = flowers(conn)
    model = make_model().fit(data, key="NAME", label="KIND")
    predicted = model.predict(data, key="NAME", top_k_attributions=2)
    found = json2tab_for_reason_code(predicted, key="NAME").collect()
    assert list(found) == ["NAME", "attr", "pct", "val"]
    assert len(found) == 180
    first = predicted.collect().iloc[0]
    own = found[found["NAME"] == first["NAME"]].drop(columns="NAME").to_dict("records")
    assert own == json.loads(first["REASON_CODE"])
    without = model.predict(data, key="NAME", attribution_method="no")
    assert json2tab_for_reason_code(without, key="NAME").count() == 0
    with pytest.raises(UnknownColumnError, match="reason_code_col: no column 'REASON'"):
        json2tab_for_reason_code(predicted, key="NAME", reason_code_col="REASON")
    assert isinstance(found, pd.DataFrame)
