"""The widgets that draw reasons hold the numbers of the predictions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hanalife import ShapleyExplainer
from hanalife.errors import InvalidArgumentError, UnknownColumnError
from tests.learning.models import flowers, make_model
from tests.learning.test_regression import houses
from tests.learning.test_regression import make_model as regression_model


@pytest.fixture
def explained(sqlite_conn):
    data = flowers(sqlite_conn)
    model = make_model().fit(data, key="NAME", label="KIND")
    return model.predict(data, key="NAME"), data


def test_a_summary_has_a_row_of_points_for_each_feature(explained):
    predicted, data = explained
    plot = ShapleyExplainer(predicted, data, label="KIND").summary_plot()
    figure = plot.children[0]
    _, *points = figure.marks
    names = list(figure.axes[1].tick_labels.values())
    reasons = [{one["attr"]: one["val"] for one in json.loads(text)} for text in predicted.collect()["REASON_CODE"]]
    sizes = {name: np.mean([abs(row.get(name, 0)) for row in reasons]) for name in names}
    assert names == sorted(names, key=lambda name: -sizes[name])
    assert sorted(points[0].x) == pytest.approx(sorted(row.get(names[0], 0) for row in reasons))
    assert figure.title
    assert figure.axes[0].label == "Contribution to the prediction"


def test_a_force_plot_follows_the_choice_of_the_row(sqlite_conn):
    data = houses(sqlite_conn)
    model = regression_model().fit(data, key="ID", label="PRICE")
    predicted = model.predict(data, key="ID")
    choice, figure = ShapleyExplainer(predicted, data, label="PRICE").force_plot().children
    choice.value = 7
    row = predicted.collect().iloc[7]
    reasons = {one["attr"]: one["val"] for one in json.loads(row["REASON"])}
    assert figure.title == f"What made the prediction of row {row['ID']}"
    drawn = dict(zip((label.split(" =")[0] for label in figure.marks[0].x), figure.marks[0].y, strict=True))
    assert drawn == pytest.approx(reasons)


def test_bad_input(explained):
    predicted, data = explained
    with pytest.raises(UnknownColumnError, match="no column 'REASONS'"):
        ShapleyExplainer(predicted, data, "REASONS")
    with pytest.raises(UnknownColumnError, match="no column 'NAME'"):
        ShapleyExplainer(predicted, data.deselect("NAME"))
    empty = predicted.select("NAME", ("NULL", "REASON_CODE"))
    with pytest.raises(InvalidArgumentError, match="no row of 'REASON_CODE' holds a reason"):
        ShapleyExplainer(empty, data)
