"""Estimators of scikit-learn or XGBoost that were fitted elsewhere, as models that predict on frames."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from hanalife.dataframe.frame import DataFrame
from hanalife.dataframe.transfer.pandas import gather
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError, UnknownColumnError
from hanalife.records import ModelState

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext

SCORE, CONFIDENCE = "SCORE", "CONFIDENCE"

_NUMBERS = frozenset(
    {"TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "REAL", "DOUBLE", "FLOAT", "DECIMAL", "BOOLEAN"}
)
_TEXTS = frozenset({"VARCHAR", "NVARCHAR", "CHAR", "NCHAR", "CLOB", "NCLOB", "ALPHANUM", "SHORTTEXT", "STRING"})

#: What may stand for a signature: a frame with the features in order, or their names and SQL types.
SignatureLike = Any


class StoredEstimator:
    """A fitted estimator with the columns it takes; its predictions are frames.

    Parameters
    ----------
    estimator : estimator
        Of scikit-learn, of XGBoost's interface for it, or an ``xgboost.Booster``; fitted.
    signature : DataFrame, pandas.DataFrame or mapping, optional
        The features: a frame of just them in the order of the fit, or their names and SQL types,
        such as ``{"AGE": "INT", "BMI": "DOUBLE"}``. Default: the names that the estimator saw in
        its fit, as DOUBLE.

    Attributes
    ----------
    estimator : estimator
        The estimator itself.
    inputs : dict
        Feature -> SQL type, in order.
    name, version, run_id, stored_as
        As of any stored model.

    Raises
    ------
    ArgumentTypeError
        The signature is missing or of no use.
    """

    def __init__(self, estimator: Any, signature: SignatureLike = None) -> None:
        self.estimator = estimator
        self.inputs = _inputs(estimator, signature)
        self.name: str | None = None
        self.version = 1
        self.run_id: str | None = None
        self.stored_as: tuple[str, int] | None = None
        self._connection: ConnectionContext | None = None

    def __repr__(self) -> str:
        return f"StoredEstimator({self.estimator!r}, signature={self.inputs!r})"

    def predict(self, data: DataFrame, key: str, features: list[str] | None = None) -> DataFrame:
        """Predict each row of a frame.

        Parameters
        ----------
        data : DataFrame
            Must hold the features of the signature, numbers where it says numbers and text where
            it says text; other columns are ignored.
        key : str
            Column that identifies a row.
        features : list of str, optional
            Must be those of the signature, if given.

        Returns
        -------
        DataFrame
            The key column; ``SCORE``: the class or cluster as text, or a number (DOUBLE) from a
            regression; ``CONFIDENCE``: the probability of the class, where the estimator gives it.

        Raises
        ------
        ArgumentTypeError, UnknownColumnError, InvalidArgumentError
            The frame is not what the signature says.
        NotSupportedError
            The estimator cannot predict.
        """
        if not isinstance(data, DataFrame):
            raise ArgumentTypeError(f"data: expected a hanalife DataFrame, got {type(data).__name__}.")
        if not callable(getattr(self.estimator, "predict", None)):
            raise NotSupportedError(
                f"predict: {type(self.estimator).__name__} has no predict; use .estimator.transform."
            )
        key_type = self._check(data, key, features)
        columns = {key: key_type, **self._outputs()}
        parts = self._parts(data, key)
        context = data.connection_context
        # One connection cannot read and write at once: what the session alone can read is read before.
        begun = list(parts) if context.needs_session(data.query) else itertools.chain([next(parts)], parts)
        return context.create_from_parts(begun, f"#PREDICTIONS_{uuid.uuid4().hex[:12].upper()}", columns)

    def to_state(self) -> ModelState:
        """Return all that makes the model."""
        kind = type(self.estimator)
        return ModelState(
            class_path=f"{type(self).__module__}.{type(self).__qualname__}",
            constructor={"estimator": f"{kind.__module__}.{kind.__qualname__}"},
            fit_parameters={},
            facts={
                "signature": {
                    "inputs": [list(pair) for pair in self.inputs.items()],
                    "outputs": [list(pair) for pair in self._outputs().items()],
                },
                "parameters": _parameters(self.estimator),
            },
            tables={},
            estimator=self.estimator,
        )

    @classmethod
    def from_state(cls, _connection_context: ConnectionContext, found: ModelState) -> Self:
        """Make the model that :meth:`to_state` described."""
        return cls(found.estimator, dict(found.facts["signature"]["inputs"]))

    # --- inside -------------------------------------------------------------------------------

    def _check(self, data: DataFrame, key: str, features: list[str] | None) -> str:
        types = {spec.name: spec.type for spec in data.specs}
        missing = [name for name in (key, *self.inputs) if name not in types]
        if missing:
            raise UnknownColumnError(missing, types, "data")
        if key in (SCORE, CONFIDENCE):
            raise InvalidArgumentError(f"key: {key!r} is also a column of the result; rename it with select().")
        if features is not None and [*features] != [*self.inputs]:
            raise InvalidArgumentError(f"features: the model takes {', '.join(self.inputs)}, got {features!r}.")
        for name, kind in self.inputs.items():
            if _family(types[name]) != _family(kind):
                raise InvalidArgumentError(f"data: column {name!r} is {types[name]}, the signature says {kind}.")
        return types[key]

    def _outputs(self) -> dict[str, str]:
        number = _gives_numbers(self.estimator)
        outputs = {SCORE: "DOUBLE" if number else "NVARCHAR"}
        return outputs | ({CONFIDENCE: "DOUBLE"} if hasattr(self.estimator, "predict_proba") and not number else {})

    def _parts(self, data: DataFrame, key: str) -> Iterator[pd.DataFrame]:
        import pandas as pd

        for batch in data.batches():
            rows = gather([batch])
            if rows.empty:
                raise InvalidArgumentError("data: the frame has no rows; check its filter.")
            yield pd.DataFrame({key: rows[key], **self._predictions(rows[[*self.inputs]])})

    def _predictions(self, features: pd.DataFrame) -> dict[str, Any]:
        import numpy as np

        rows = _as_fitted(self.estimator, features)
        predicted = np.asarray(self.estimator.predict(rows))
        if predicted.ndim != 1:
            raise NotSupportedError(f"predict: one value for each row can be kept, not {predicted.shape[1:]}.")
        outputs = self._outputs()
        if outputs[SCORE] == "DOUBLE":
            return {SCORE: predicted.astype(float)}
        found: dict[str, Any] = {SCORE: np.array([str(label) for label in predicted], dtype=object)}
        if CONFIDENCE in outputs:
            found[CONFIDENCE] = self.estimator.predict_proba(rows).max(axis=1).astype(float)
        return found


def _inputs(estimator: Any, signature: SignatureLike) -> dict[str, str]:
    import pandas as pd

    if isinstance(signature, DataFrame):
        return {spec.name: spec.type for spec in signature.specs}
    if isinstance(signature, pd.DataFrame):
        kinds = {name: "DOUBLE" if kind.kind in "biuf" else "NVARCHAR" for name, kind in signature.dtypes.items()}
        return {str(name): kind for name, kind in kinds.items()}
    if isinstance(signature, Mapping):
        return {str(name): str(kind).upper() for name, kind in signature.items()}
    if signature is not None:
        raise ArgumentTypeError(f"signature: expected a frame or a dict of columns and SQL types, got {signature!r}.")
    names = getattr(estimator, "feature_names_in_", None)
    names = getattr(estimator, "feature_names", None) if names is None else names
    if names is None:
        raise ArgumentTypeError(
            "signature: the estimator does not know the names of its features; give a frame of just them, or a dict "
            "such as {'AGE': 'INT', 'BMI': 'DOUBLE'}, in the order of the fit."
        )
    return {str(name): "DOUBLE" for name in names}


def _family(kind: str) -> str:
    word = kind.partition("(")[0].strip().upper()
    return "number" if word in _NUMBERS else "text" if word in _TEXTS else word


def is_text(kind: str) -> bool:
    """Say whether an SQL type holds text."""
    return _family(kind) == "text"


def _gives_numbers(estimator: Any) -> bool:
    import xgboost
    from sklearn.base import is_regressor

    return isinstance(estimator, xgboost.Booster) or bool(is_regressor(estimator))


def _as_fitted(estimator: Any, features: pd.DataFrame) -> Any:
    import xgboost

    if isinstance(estimator, xgboost.Booster):
        return xgboost.DMatrix(features if estimator.feature_names else features.to_numpy())
    if getattr(estimator, "feature_names_in_", None) is None:
        return features.to_numpy()
    return features.set_axis(estimator.feature_names_in_, axis="columns")


def _parameters(estimator: Any) -> dict[str, Any]:
    given = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    plain = {name: value for name, value in given.items() if isinstance(value, str | int | bool)}
    return plain | {name: repr(value) for name, value in given.items() if name not in plain and value is not None}
