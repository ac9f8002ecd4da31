"""Models as ONNX, for runtimes without Python; needs ``pip install 'hanalife[onnx]'``."""

from __future__ import annotations

import copy
import functools
import os
from pathlib import Path
from typing import Any

from hanalife.errors import NotSupportedError
from hanalife.storage.base import StorageBase, file_name
from hanalife.storage.estimators import StoredEstimator, is_text

#: The newest operators that the converters of XGBoost's trees know.
_OPERATORS = {"": 15, "ai.onnx.ml": 3}


class Onnx(StorageBase):
    """The method of a model storage that writes ONNX."""

    def export_onnx(self, name: str, version: int | None = None, path: str | os.PathLike[str] | None = None) -> Path:
        """Write an estimator that was stored with :meth:`save_model` as an ONNX file and return its path.

        Parameters
        ----------
        name : str
            Exact name.
        version : int, optional
            Default: the highest.
        path : str or path, optional
            Default: ``<name>_<version>.onnx`` in the working directory.

        Notes
        -----
        With features of numbers alone the input is one matrix ``X`` of float32, in the order of
        the signature; with text among them, one column each, under its name. Float32 is coarser
        than what scikit-learn calculates with, so values next to a split can fall on its other side.

        Raises
        ------
        NotSupportedError
            The converters are not installed, or do not know this kind of model.
        ModelStorageError
            There is no such version.
        """
        model = self.load_model(name, version)
        if not isinstance(model, StoredEstimator) or not hasattr(model.estimator, "get_params"):
            raise NotSupportedError(
                f"export_onnx: a {type(model).__name__} prepares its rows in Python; store an estimator of "
                "scikit-learn, an XGBClassifier or an XGBRegressor instead."
            )
        target = Path(path or f"{file_name(name)}_{model.version}.onnx")
        target.write_bytes(convert(model))
        return target


def convert(model: StoredEstimator) -> bytes:
    """Return a model in ONNX's format.

    Raises
    ------
    NotSupportedError
        The converters are not installed, or do not know this kind of model.
    """
    try:
        import skl2onnx
    except ModuleNotFoundError as error:
        raise NotSupportedError("export_onnx: needs the converters; pip install 'hanalife[onnx]'.") from error
    _register_xgboost()
    estimator = _with_plain_names(model.estimator)
    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "classes_") else None
    try:
        made = skl2onnx.convert_sklearn(
            estimator, initial_types=_inputs(model), options=options, target_opset=_OPERATORS
        )
    except Exception as error:  # the converters raise of every kind
        raise NotSupportedError(f"export_onnx: {type(estimator).__name__} cannot be converted; {error}") from error
    data: bytes = made.SerializeToString()
    return data


def _inputs(model: StoredEstimator) -> list[tuple[str, Any]]:
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    if not any(is_text(kind) for kind in model.inputs.values()):
        return [("X", FloatTensorType([None, len(model.inputs)]))]
    return [
        (name, StringTensorType([None, 1]) if is_text(kind) else FloatTensorType([None, 1]))
        for name, kind in model.inputs.items()
    ]


def _with_plain_names(estimator: Any) -> Any:
    """Return an estimator whose trees call their features by number, as the converter wants them."""
    if not hasattr(estimator, "get_booster"):
        return estimator
    plain = copy.deepcopy(estimator)
    plain.get_booster().feature_names = None
    return plain


@functools.cache
def _register_xgboost() -> None:
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
    from skl2onnx import update_registered_converter
    from skl2onnx.common import shape_calculator
    from xgboost import XGBClassifier, XGBRegressor

    classes = (
        (XGBClassifier, shape_calculator.calculate_linear_classifier_output_shapes),
        (XGBRegressor, shape_calculator.calculate_linear_regressor_output_shapes),
    )
    for kind, shapes in classes:
        options = {"nocl": [True, False], "zipmap": [True, False, "columns"]} if kind is XGBClassifier else None
        update_registered_converter(kind, f"XGBoost{kind.__name__}", shapes, convert_xgboost, options=options)
