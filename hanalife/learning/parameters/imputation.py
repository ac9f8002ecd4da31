"""What ``fit`` takes to deal with missing values."""

from __future__ import annotations

from hanalife.learning.parameters.parameter import Effect, Parameter

_MIXED = tuple(f"most_frequent-{of_numbers}" for of_numbers in ("mean", "median", "zero", "als"))

IMPUTE = Parameter("impute", bool, default=False)

#: Not given: most_frequent-mean.
STRATEGY_OF_CLASSES = Parameter("strategy", str, choices=("non", "delete", *_MIXED))
STRATEGY_OF_NUMBERS = Parameter("strategy", str, choices=("non", "delete", *_MIXED, "mean", "median", "zero", "als"))

ALS: tuple[Parameter, ...] = (
    Parameter("als_factors", int, 3, minimum=1),
    Parameter("als_lambda", float, 0.01, above=0),
    Parameter("als_maxit", int, 20, minimum=1),
    Parameter("als_randomstate", int, 0, minimum=0, maximum=2**31 - 1),
    Parameter("als_exit_threshold", float, 0.0, minimum=0),
    Parameter("als_exit_interval", int, 5, minimum=1),
    # The systems are small, and solved directly.
    Parameter("als_linsolver", str, "cholesky", Effect.NONE, choices=("cholesky", "cg")),
    Parameter("als_cg_maxit", int, 3, Effect.NONE, minimum=1),
    Parameter("als_centering", bool, default=True),
    Parameter("als_scaling", bool, default=True),
)

#: Every keyword of the table, for those who only need to know the names.
NAMES = ("impute", "strategy", "strategy_by_col", *(row.name for row in ALS))
