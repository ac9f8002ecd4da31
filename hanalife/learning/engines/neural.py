"""Multi-layer perceptrons on scikit-learn."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.engines.engine import Rows, Watch
from hanalife.learning.engines.prepared import Prepared
from hanalife.observation import LearningPoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

_ACTIVATIONS = {"tanh": "tanh", "linear": "identity", "sigmoid_asymmetric": "logistic", "relu": "relu"}


@dataclass(frozen=True, slots=True)
class Network(Prepared):
    """A network of layers for classes or numbers.

    'stochastic' trains with batches and momentum, 'batch' with all rows at once (L-BFGS, which has
    no learning rate). With a ``normalization`` the label of a regression is standardised too.
    """

    takes_one_class: ClassVar[bool] = False

    def scaler(self, in_force: Mapping[str, Any]) -> Any:
        """Return what scales the numbers; None: they stay as they are."""
        from sklearn.preprocessing import MinMaxScaler, StandardScaler

        made = {"z-transform": StandardScaler, "scalar": MinMaxScaler, "no": lambda: None}
        return made[in_force["normalization"]]()

    def model(self, in_force: Mapping[str, Any], rows: Rows) -> Any:
        """Return the network, not yet trained."""
        from sklearn.compose import TransformedTargetRegressor
        from sklearn.neural_network import MLPClassifier, MLPRegressor
        from sklearn.preprocessing import StandardScaler

        settings = {
            "hidden_layer_sizes": tuple(in_force["hidden_layer_size"]),
            "activation": _ACTIVATIONS[in_force["activation"]],
            "solver": "lbfgs" if in_force["training_style"] == "batch" else "sgd",
            "learning_rate_init": in_force["learning_rate"],
            "momentum": in_force["momentum"],
            "batch_size": min(in_force["batch_size"], len(rows)),
            "max_iter": in_force["max_iter"],
            "random_state": in_force["random_state"],
        }
        if self.problem.classifies:
            return MLPClassifier(**settings)
        network = MLPRegressor(**settings)
        if in_force["normalization"] == "no":
            return network
        return TransformedTargetRegressor(network, transformer=StandardScaler())

    def train(self, rows: Rows, in_force: Mapping[str, Any], watch: Watch | None = None) -> Any:
        """Return a trained pipeline; ``watch`` is told of the loss after each pass over the rows.

        Raises
        ------
        InvalidArgumentError
            The weights grew beyond all bounds.
        """
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                pipeline = Prepared.train(self, rows, in_force)
        except ValueError as error:
            if "non-finite" not in str(error):
                raise
            raise _out_of_bounds(in_force) from error
        network = _network(pipeline)
        if not np.isfinite(getattr(network, "loss_", 0)):
            raise _out_of_bounds(in_force)
        for step, loss in enumerate(getattr(network, "loss_curve_", ()), 1):
            if watch is not None:
                watch(LearningPoint("loss", "training", step, float(loss)))
        if getattr(network, "n_iter_", 0) >= in_force["max_iter"]:
            logger.warning(
                "max_iter: training was still gaining after %d rounds; raise it%s.",
                in_force["max_iter"],
                _or_scale(in_force),
            )
        return pipeline


def _out_of_bounds(in_force: Mapping[str, Any]) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"learning_rate: the weights grew beyond all bounds with {in_force['learning_rate']}; "
        f"lower it{_or_scale(in_force)}."
    )


def _or_scale(in_force: Mapping[str, Any]) -> str:
    return ", or use normalization='z-transform'" if in_force["normalization"] == "no" else ""


def _network(pipeline: Any) -> Any:
    model = pipeline.named_steps["model"]
    return getattr(model, "regressor_", model)
