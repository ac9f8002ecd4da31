"""MLP, the multi-layer perceptron.

Defaults are SAP HANA's but for ``batch_size`` (its 1 is a hundred times slower here) and
``weight_init`` (its zeros stay alike for ever). It has none for ``learning_rate`` and ``momentum``.
"""

from __future__ import annotations

from hanalife.learning.parameters.parameter import (
    LISTS_OF_WHOLE_NUMBERS,
    RANDOM_STATE,
    WHOLE_NUMBERS,
    Effect,
    Parameter,
)

ACTIVATIONS = ("tanh", "linear", "sigmoid_asymmetric", "relu")
_ELSEWHERE = (
    "sigmoid_symmetric",
    "gaussian_asymmetric",
    "gaussian_symmetric",
    "elliot_asymmetric",
    "elliot_symmetric",
    "sin_asymmetric",
    "sin_symmetric",
    "cos_asymmetric",
    "cos_symmetric",
)
_INITIAL = ("all-zeros", "normal", "uniform", "variance-scale-normal", "variance-scale-uniform")


def _table(output_activation: str) -> tuple[Parameter, ...]:
    every = ACTIVATIONS + _ELSEWHERE
    return (
        Parameter("activation", str, "relu", choices=ACTIVATIONS, elsewhere=_ELSEWHERE, tunable=True),
        Parameter(
            "activation_options",
            list,
            effect=Effect.SELECTION,
            choices=ACTIVATIONS,
            elsewhere=_ELSEWHERE,
            options_of="activation",
        ),
        Parameter("hidden_layer_size", WHOLE_NUMBERS, minimum=1, tunable=True, required=True),
        Parameter(
            "hidden_layer_size_options",
            LISTS_OF_WHOLE_NUMBERS,
            effect=Effect.SELECTION,
            minimum=1,
            options_of="hidden_layer_size",
        ),
        # The output suits the target: the likelihood of classes, or a number as it is.
        Parameter("output_activation", str, output_activation, Effect.NONE, choices=every),
        Parameter("output_activation_options", list, effect=Effect.NONE, choices=every),
        Parameter("max_iter", int, 100, minimum=1, tunable=True, pal="MAX_ITERATION"),
        Parameter("training_style", str, "stochastic", choices=("batch", "stochastic")),
        Parameter("learning_rate", float, 0.01, above=0, tunable=True),
        Parameter("momentum", float, 0.9, minimum=0, maximum=1, tunable=True, pal="MOMENTUM_FACTOR"),
        Parameter("batch_size", int, 32, minimum=1, tunable=True, pal="MINI_BATCH_SIZE"),
        Parameter("normalization", str, "no", choices=("no", "z-transform", "scalar")),
        # Glorot and Bengio's.
        Parameter("weight_init", str, "variance-scale-uniform", Effect.NONE, choices=_INITIAL),
        Parameter("thread_ratio", float, 0.0, Effect.NONE, maximum=1),
        RANDOM_STATE,
    )


CLASSIFICATION = _table("sigmoid_asymmetric")
REGRESSION = _table("linear")
