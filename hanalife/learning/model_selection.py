"""Searches as objects around a model, as hana_ml has them beside the model's own keywords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from hanalife.errors import ArgumentTypeError, UnknownParameterError
from hanalife.learning.unified import UnifiedModel

if TYPE_CHECKING:
    from hanalife.dataframe.frame import DataFrame

_STRATEGY = "param_search_strategy"
_METHOD = "resampling_method"


class ParamSearchCV:
    """A search over the parameters of a model.

    Parameters
    ----------
    estimator : UnifiedClassification or UnifiedRegression
        Is given the search's keywords; everything else of it stays.
    search_strategy : {'grid', 'random'}
    param_grid : dict
        Parameter name to values: a list, a range, an array, or one value.
    train_control : dict
        Other keywords of evaluation and search, such as ``resampling_method``, ``fold_num`` and
        ``random_search_times``, and ``random_state``.
    scoring : str, optional
        The metric that decides.

    Attributes
    ----------
    estimator : UnifiedClassification or UnifiedRegression
        The model, fitted with the best parameters after :meth:`fit`.

    Raises
    ------
    ArgumentTypeError, InvalidArgumentError, UnknownParameterError
        What cannot be is refused as the model's constructor would.
    """

    def __init__(
        self,
        estimator: UnifiedModel,
        search_strategy: str,
        param_grid: Mapping[str, Any],
        train_control: Mapping[str, Any],
        scoring: str | None = None,
    ) -> None:
        if not isinstance(estimator, UnifiedModel):
            raise ArgumentTypeError(
                f"estimator: expected a UnifiedClassification or UnifiedRegression, got {estimator!r}."
            )
        for name, given in (("param_grid", param_grid), ("train_control", train_control)):
            if not isinstance(given, Mapping):
                raise ArgumentTypeError(f"{name}: expected a dict, got {given!r}.")
        self.estimator = estimator
        self._keywords: dict[str, Any] = {
            _STRATEGY: search_strategy,
            "param_values": {name: _listed(values) for name, values in param_grid.items()},
            "evaluation_metric": scoring,
            **train_control,
        }
        self._take({})

    def fit(self, data: DataFrame, **kwargs: Any) -> None:
        """Search, then fit the model with the best parameters; ``kwargs`` are those of the model's ``fit``.

        Raises
        ------
        UnknownParameterError
            No resampling method was given.
        """
        if self._keywords.get(_METHOD) is None:
            raise UnknownParameterError(
                f"train_control: a search needs {_METHOD!r}, such as 'cv'; add it, or call set_resampling_method()."
            )
        self.estimator.fit(data, **kwargs)

    def predict(self, data: DataFrame, **kwargs: Any) -> DataFrame:
        """Predict with the fitted model; ``kwargs`` are those of the model's ``predict``."""
        return self.estimator.predict(data, **kwargs)

    def set_timeout(self, timeout: int) -> None:
        """Begin no training after so many seconds; 0: no limit."""
        self._take({"timeout": timeout})

    def set_seed(self, seed: int, seed_name: str | None = None) -> None:
        """Set the seed of the search and of training; hana_ml's ``seed_name`` is ``random_state`` throughout."""
        self._take({seed_name or "random_state": seed})

    def set_resampling_method(self, method: str) -> None:
        """Set how rows that train and rows that judge are told apart."""
        self._take({_METHOD: method})

    def set_scoring_metric(self, metric: str) -> None:
        """Set the metric that decides."""
        self._take({"evaluation_metric": metric})

    def _take(self, changes: Mapping[str, Any]) -> None:
        """Give the model the keywords; without a resampling method they are not yet complete."""
        keywords = {**self._keywords, **changes}
        if keywords.get(_METHOD) is not None:
            self.estimator.update_search(keywords)
        self._keywords = keywords


class _Search(ParamSearchCV):
    strategy: ClassVar[str]

    def __init__(
        self,
        estimator: UnifiedModel,
        param_grid: Mapping[str, Any],
        train_control: Mapping[str, Any],
        scoring: str | None = None,
    ) -> None:
        super().__init__(estimator, self.strategy, param_grid, train_control, scoring)


class GridSearchCV(_Search):
    """Tries every combination of values; arguments as in :class:`ParamSearchCV`, without ``search_strategy``.

    Examples
    --------
    >>> from hanalife import UnifiedClassification
    >>> search = GridSearchCV(
    ...     UnifiedClassification("HybridGradientBoostingTree", random_state=1),
    ...     param_grid={"max_depth": [2, 4], "n_estimators": range(5, 15, 5)},
    ...     train_control={"resampling_method": "stratified_cv", "fold_num": 3},
    ...     scoring="auc",
    ... )
    >>> search.set_timeout(60)
    """

    strategy = "grid"


class RandomSearchCV(_Search):
    """Tries ``random_search_times`` combinations; arguments as in :class:`GridSearchCV`."""

    strategy = "random"


def _listed(values: Any) -> list[Any]:
    if hasattr(values, "tolist"):
        values = values.tolist()
    return list(values) if isinstance(values, (list, tuple, range)) else [values]
