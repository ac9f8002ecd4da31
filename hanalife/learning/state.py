"""A fitted model as JSON values beside its estimator, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hanalife.errors import IncompatibleStoreError
from hanalife.learning.encoding import Encoding
from hanalife.learning.fitted import Fitted
from hanalife.learning.functions import Func
from hanalife.learning.missing import Imputation
from hanalife.learning.results.tables import Table
from hanalife.observation import ColumnSpec, Signature
from hanalife.records import ModelState

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
        "parameters": dict(fitted.parameters),
        "chosen": dict(fitted.chosen),
        "imputation": fitted.imputation.to_json() if fitted.imputation else None,
    }


def tables_of(fitted: Fitted) -> dict[str, dict[str, Any]]:
    """Return the result tables that belong to the model."""
    return {name: table.to_json() for name, table in fitted.tables.items() if name != _NOT_KEPT}


def fitted_of(func: Func, state: ModelState) -> Fitted:
    """Make the fitted model of a state.

    Raises
    ------
    IncompatibleStoreError
        A newer hanalife wrote it.
    """
    facts = state.facts
    if facts["facts_version"] > VERSION:
        raise IncompatibleStoreError("The model was saved by a newer hanalife; upgrade this one to load it.")
    encoding = Encoding(
        features=tuple(ColumnSpec(*pair) for pair in facts["features"]),
        label=ColumnSpec(*facts["label"]),
        classes=tuple(facts["classes"]),
        categories={name: tuple(values) for name, values in facts["categories"].items()},
    )
    return Fitted(
        func=func,
        estimator=state.estimator,
        encoding=encoding,
        key=ColumnSpec(*facts["key"]) if facts["key"] else None,
        parameters=facts["parameters"],
        chosen=facts["chosen"],
        tables={name: Table.from_json(table) for name, table in state.tables.items()},
        imputation=Imputation.from_json(facts["imputation"]) if facts.get("imputation") else None,
    )


def signature_of(fitted: Fitted, outputs: Iterable[tuple[str, str]]) -> Signature:
    """Return what the model takes and gives; ``outputs`` are the columns of a prediction."""
    encoding = fitted.encoding
    of_classes = {"CLASSES": list(encoding.classes), "POSITIVE_LABEL": "".join(encoding.class_names[-1:])}
    return Signature(
        properties={
            "FUNCTION": fitted.func.name,
            "TASK": "classification" if encoding.classes else "regression",
            "LABEL": encoding.label.name,
            "LABEL_TYPE": encoding.label.type,
            **(of_classes if encoding.classes else {}),
            "KEY": fitted.key.name if fitted.key else None,
        },
        inputs=encoding.features,
        outputs=tuple(ColumnSpec(name, kind) for name, kind in outputs),
        parameters={
            parameter.name: {
                "TYPE": parameter.kind.__name__,
                "DEFAULT": parameter.default,
                "VALUE": fitted.parameters[parameter.name],
            }
            for parameter in fitted.func.table
            if parameter.name in fitted.parameters
        },
    )


def signature_json(signature: Signature) -> Mapping[str, Any]:
    """Return a signature as JSON values."""
    return {
        "properties": dict(signature.properties),
        "inputs": [_pair(spec) for spec in signature.inputs],
        "outputs": [_pair(spec) for spec in signature.outputs],
        "parameters": {name: dict(value) for name, value in signature.parameters.items()},
    }


def _pair(spec: ColumnSpec) -> list[str]:
    return [spec.name, spec.type]
