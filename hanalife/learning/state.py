"""A fitted model as JSON values beside its estimator, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import IncompatibleStoreError
from hanalife.learning.encoding import Encoding
from hanalife.learning.evaluation.calibration import Calibration
from hanalife.learning.fitted import Fitted
from hanalife.learning.functions import Func
from hanalife.learning.missing import Imputation
from hanalife.learning.results.tables import Table
from hanalife.observation import ColumnSpec
from hanalife.training_keys import TrainingKeys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

VERSION = 1  #: of the facts below

#: Says which row trained, so it is of the data, not of the model.
_NOT_KEPT = "partition_"


def facts_of(fitted: Fitted) -> dict[str, Any]:
    """Return what is known of a fitted model, without tables and estimator."""
    encoding = fitted.encoding
    return {
        "facts_version": VERSION,
        "features": [_pair(spec) for spec in encoding.features],
        "label": _pair(encoding.label),
        "key": _pair(fitted.key) if fitted.key else None,
        "classes": list(encoding.classes),
        "categories": {name: list(values) for name, values in encoding.categories.items()},
        "ranges": {name: list(bounds) for name, bounds in encoding.ranges.items()},
        "parameters": dict(fitted.parameters),
        "chosen": dict(fitted.chosen),
        "seeds": dict(fitted.seeds),
        "imputation": fitted.imputation.to_json() if fitted.imputation else None,
        "background": None if fitted.background is None else _rows(fitted.background),
        "calibration": fitted.calibration.to_json() if fitted.calibration else None,
        "training_rows": None if fitted.training_keys is None else fitted.training_keys.rows,
    }


def tables_of(fitted: Fitted) -> dict[str, dict[str, Any]]:
    """Return the result tables that belong to the model."""
    return {name: table.to_json() for name, table in fitted.tables.items() if name != _NOT_KEPT}


def group_facts(fitted: Fitted) -> dict[str, Any]:
    """Return what is known of one fitted model of many, with its tables."""
    return facts_of(fitted) | {"tables": tables_of(fitted)}


def fitted_of(
    func: Func,
    facts: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, Any]],
    estimator: Any,
    training_keys: TrainingKeys | None,
) -> Fitted:
    """Make the fitted model of a state's parts.

    Raises
    ------
    IncompatibleStoreError
        A newer hanalife wrote it.
    """
    if facts["facts_version"] > VERSION:
        raise IncompatibleStoreError("The model was saved by a newer hanalife; upgrade this one to load it.")
    encoding = Encoding(
        features=tuple(ColumnSpec(*pair) for pair in facts["features"]),
        label=ColumnSpec(*facts["label"]),
        classes=tuple(facts["classes"]),
        categories={name: tuple(values) for name, values in facts["categories"].items()},
        ranges={name: (low, high) for name, (low, high) in facts.get("ranges", {}).items()},
    )
    return Fitted(
        func=func,
        estimator=estimator,
        encoding=encoding,
        key=ColumnSpec(*facts["key"]) if facts["key"] else None,
        parameters=facts["parameters"],
        chosen=facts["chosen"],
        seeds=facts.get("seeds", {}),  # models of older versions keep that of the algorithm only
        tables={name: Table.from_json(table) for name, table in tables.items()},
        imputation=Imputation.from_json(facts["imputation"]) if facts.get("imputation") else None,
        background=_matrix(facts.get("background"), func, encoding),
        calibration=Calibration.from_json(facts["calibration"]) if facts.get("calibration") else None,
        training_keys=training_keys,
    )


def _rows(features: Array) -> list[list[float | None]]:
    return [[None if math.isnan(value) else value for value in row] for row in features.tolist()]


def _matrix(rows: Any, func: Func, encoding: Encoding) -> Array | None:
    if rows is None:
        return None
    precision = func.engine_for(encoding.problem).precision
    return np.array(rows, dtype=np.float64).astype(precision).reshape(-1, len(encoding.features))


def _pair(spec: ColumnSpec) -> list[str]:
    return [spec.name, spec.type]
