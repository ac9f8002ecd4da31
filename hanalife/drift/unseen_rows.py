"""Labeled rows of score runs without those that the models were trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hanalife.dataframe.frame import DataFrame
from hanalife.drift import verdict
from hanalife.drift.performance import Difference, Scored
from hanalife.errors import ArgumentTypeError, InvalidArgumentError

_UNNAMED = "no model was named, so rows that it was trained on were not left out; pass model= to leave them out"


def read(
    reference: DataFrame, current: DataFrame, key: str | None, model: Any, scored: Callable[[DataFrame], Scored]
) -> tuple[Scored, Scored, tuple[str, ...]]:
    """Return both sides without rows that the models were trained on, and notes on what was left out.

    Parameters
    ----------
    key : str, optional
        Rows are compared in pairs by it; then a row is left out if either model was trained on it.
    model : model or pair of models, optional
        What scored the reference and the current rows; None: nothing is left out, and a note says so.
    scored : callable
        Reads labels and scores of a frame, in the order of the key if there is one.
    """
    models = _models_of(model)
    if not models:
        return scored(reference), scored(current), (_UNNAMED,)
    asked = (models, models) if key is not None else (models[:1], models[1:])
    first, left_out = _unseen(reference, scored(reference), key, asked[0])
    second, also_left_out = _unseen(current, scored(current), key, asked[1])
    notes = {"reference": left_out, "current": also_left_out}
    return first, second, tuple(f"{name}: {text}" for name, text in notes.items() if text)


def too_few(rows: Sequence[Scored], margin: float, *, paired: bool) -> Difference | None:
    """Return the verdict ``unknown`` if too few rows are left to judge by, else None."""
    least = min(len(each.positive) for each in rows)
    if least >= verdict.FEWEST_ROWS:
        return None
    reason = (
        f"{least} rows that the model was not trained on are too few: at least {verdict.FEWEST_ROWS - least} more "
        "are needed"
    )
    nothing = (float("nan"),) * 3
    return Difference(verdict.UNKNOWN, nothing, nothing, (float("nan"),) * 2, paired, margin, reason)


def _models_of(model: Any) -> tuple[Any, ...]:
    """Return the models of the reference and of the current rows; none if none is named.

    Raises
    ------
    ArgumentTypeError
        Something is not a model that knows its training rows.
    """
    if model is None:
        return ()
    pair = tuple(model) if isinstance(model, tuple | list) else (model, model)
    if len(pair) != 2 or not all(callable(getattr(each, "is_trained_on", None)) for each in pair):
        raise ArgumentTypeError(
            f"model: expected a model of hanalife, or a pair of them for reference and current rows, got {model!r}; "
            "load one with ModelStorage.load_model."
        )
    return pair


def _unseen(data: DataFrame, rows: Scored, key: str | None, models: Sequence[Any]) -> tuple[Scored, str]:
    """Return the rows that trained none of the models, and how many were left out; an empty text for none.

    Raises
    ------
    InvalidArgumentError
        It is unknown which rows a model was trained on.
    """
    frame = (data if key is None else data.sort(key)).collect()
    trained = np.zeros(len(frame), dtype=bool)
    for model in models:
        is_trained = model.is_trained_on(frame)
        if is_trained is None:
            raise InvalidArgumentError(
                "model: it is unknown which rows it was trained on. The frame must hold the key column of its fit; "
                "a model that was stored before training rows were kept must be fitted and saved again."
            )
        trained |= is_trained
    unseen = replace(rows, positive=rows.positive[~trained], score=rows.score[~trained])
    count = int(trained.sum())
    return unseen, f"{count:,} of {len(frame):,} rows left out: a model was trained on them" if count else ""
