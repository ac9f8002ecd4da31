"""Two versions answer for the same rows, none of which either was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hanalife import training_keys
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.drift.verdict import FEWEST_ROWS
from hanalife.errors import InvalidArgumentError
from hanalife.lifecycle import judging
from hanalife.lifecycle.judging import Answers, Gain
from hanalife.lifecycle.pipelines import Pipeline
from hanalife.storage.storage import ModelStorage
from hanalife.training_keys import TrainingKeys

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEWEST_CLASSES = 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """By how much the second of two versions is better, and which rows say so."""

    gain: Gain
    keys: TrainingKeys  #: of the rows that both answered for
    left_out: str  #: how many rows were left out, and why; empty: none

    def describe(self, text: str) -> str:
        """Return a text on the gain, with the rows that were left out."""
        return f"{text}. {self.left_out}" if self.left_out else text


def compare(
    context: ConnectionContext,
    pipeline: Pipeline,
    data: DataFrame,
    versions: Mapping[str, int],
    error_rate: float,
    selected_by: TrainingKeys | None = None,
) -> Comparison:
    """Let two versions answer for the rows that neither was trained on.

    Parameters
    ----------
    versions : mapping of str to int
        Two versions by what they are called; the gain is that of the second.
    selected_by : TrainingKeys, optional
        Further rows to leave out: those that one of the versions was selected by.

    Raises
    ------
    InvalidArgumentError
        Two rows have the same key.
    """
    rows = data.collect()
    if not rows[pipeline.key].is_unique:
        raise InvalidArgumentError(f"key: {pipeline.key} does not tell all rows apart; name a column that does.")
    models = {name: ModelStorage(context).load_model(pipeline.model, version) for name, version in versions.items()}
    trained = {name: _trained(model, rows) for name, model in models.items()}
    unknown = [name for name, mask in trained.items() if mask is None]
    if unknown and not pipeline.assume_unseen:
        which = f"version {versions[unknown[0]]} ({unknown[0]})"
        return Comparison(judging.nothing(len(rows), _unknown_rows(which)), TrainingKeys.of(_no_hashes()), "")
    reasons = {f"the {name} was trained on them": mask for name, mask in trained.items() if mask is not None}
    if selected_by is not None:
        hashes = training_keys.hashes_of(rows[pipeline.key])
        reasons["the challenger was selected by them"] = selected_by.contains(hashes)
    judges = rows[_outside([*reasons.values()], len(rows))]
    left_out = _left_out(reasons, len(rows), len(judges), unknown)
    keys = TrainingKeys.of(training_keys.hashes_of(judges[pipeline.key]))
    return Comparison(_gain(pipeline, data, judges, [*models.values()], error_rate), keys, left_out)


def _trained(model: Any, rows: pd.DataFrame) -> NDArray[np.bool_] | None:
    # Estimators that were fitted elsewhere know nothing of their rows.
    asked = getattr(model, "is_trained_on", None)
    mask: NDArray[np.bool_] | None = None if asked is None else asked(rows)
    return mask


def _no_hashes() -> Any:
    return training_keys.hashes_of_bytes([])


def _outside(masks: Sequence[Any], rows: int) -> Any:
    left_out = np.zeros(rows, dtype=bool)
    for mask in masks:
        left_out = left_out | mask
    return ~left_out


def _left_out(reasons: Mapping[str, Any], total: int, judging_rows: int, unknown: Sequence[str]) -> str:
    """Return how many rows were left out, and why."""
    causes = [cause for cause, mask in reasons.items() if mask.any()]
    texts = []
    if causes:
        texts.append(f"{total - judging_rows:,} of {total:,} rows left out: {_joined(causes)}")
    if unknown:
        texts.append(f"The rows that the {_joined(unknown)} was trained on are unknown and taken as other rows")
    return ". ".join(texts)


def _joined(texts: Sequence[str]) -> str:
    return " or ".join(texts)


def _unknown_rows(which: str) -> str:
    return (
        f"it is unknown which rows {which} was trained on, so they cannot be left out; fit and save it again, or "
        "create the pipeline with assume_unseen=True if none of these rows trained it"
    )


def _gain(pipeline: Pipeline, data: DataFrame, rows: pd.DataFrame, models: Sequence[Any], error_rate: float) -> Gain:
    truth = rows.set_index(pipeline.key)[pipeline.label]
    if len(truth) < FEWEST_ROWS:
        return judging.nothing(len(truth), judging.too_few(len(truth)))
    if pipeline.metric == "AUC" and truth.nunique() > _FEWEST_CLASSES:
        return judging.nothing(len(truth), f"AUC needs two classes, and {pipeline.label} has {truth.nunique()}")
    predicted = [_predicted(pipeline, data, model).loc[truth.index] for model in models]
    if pipeline.metric == "MAE":
        return judging.gain("MAE", Answers(truth, *(each["SCORE"] for each in predicted)), error_rate)
    classes = truth.map(_text)
    if pipeline.metric == "ACCURACY":
        return judging.gain("ACCURACY", Answers(classes, *(each["SCORE"] for each in predicted)), error_rate)
    positive = classes.max()
    chances = (_chances(each, positive) for each in predicted)
    return judging.gain("AUC", Answers(classes == positive, *chances), error_rate)


def _predicted(pipeline: Pipeline, data: DataFrame, model: Any) -> pd.DataFrame:
    options = {} if pipeline.metric == "MAE" else {"top_k_attributions": 0}
    predicted = model.predict(data.deselect(pipeline.label), key=pipeline.key, **options)
    rows: pd.DataFrame = predicted.collect()
    return rows.set_index(pipeline.key)


def _chances(predicted: pd.DataFrame, positive: str) -> Any:
    confidence = predicted["CONFIDENCE"].astype(float)
    return confidence.where(predicted["SCORE"] == positive, 1 - confidence)


def _text(value: Any) -> str:
    """Return a class as models write it."""
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
