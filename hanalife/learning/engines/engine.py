"""What an algorithm family does: the one contract between training, search and prediction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.problem import Problem
from hanalife.observation import LearningPoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: Is told how good a model is after each round of its training.
Watch = Callable[[LearningPoint], None]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to train on or to judge by."""

    features: Array  #: shape (n_rows, n_features); NaN where missing, categories as codes 0, 1, ...
    target: Array  #: shape (n_rows,): class codes 0, 1, ..., or numbers
    weights: Array | None = None  #: shape (n_rows,); None: all rows count the same

    def __len__(self) -> int:
        return len(self.target)

    def take(self, positions: Array) -> Rows:
        """Return some of the rows, by position or by truth values."""
        weights = None if self.weights is None else self.weights[positions]
        return Rows(self.features[positions], self.target[positions], weights)


@dataclass(frozen=True, slots=True)
class Interval:
    """What bounds of a prediction are to hold."""

    kind: str  #: 'confidence': of the mean of such rows; 'prediction': of one new row
    significance_level: float  #: so often they do not hold
    of_link: bool = False  #: bounds of the margin, not of the number
    ignore_correlation: bool = False  #: as if the coefficients were independent


@dataclass(frozen=True, slots=True)
class Engine(ABC):
    """Training and prediction of one algorithm for one problem.

    Parameters reach an engine as ``in_force``: every parameter of the algorithm under its own
    name, defaults filled in, with a ``random_state`` above 0. Where an engine knows no exact
    importance or contributions it leaves them out of the contract.
    """

    problem: Problem

    #: The type of the features' matrix.
    precision: ClassVar[type[np.floating[Any]]] = np.float64

    def check(self, in_force: Mapping[str, Any]) -> None:  # noqa: B027 - most engines take all
        """Refuse parameters that do not suit the problem, before any row is used.

        Raises
        ------
        InvalidArgumentError, NotSupportedError
            The message names the parameter and the remedy.
        """

    @abstractmethod
    def train(self, rows: Rows, in_force: Mapping[str, Any], watch: Watch | None = None) -> Any:
        """Return a trained estimator: a library's object that storage has a safe format for."""

    @abstractmethod
    def outputs(self, estimator: Any, features: Array) -> Array:
        """Return class probabilities, shape ``(n_rows, n_classes)``, or numbers, shape ``(n_rows,)``; float64."""

    def alike(self, candidates: Sequence[Mapping[str, Any]]) -> list[list[int]]:
        """Return the positions of candidates in groups: one training serves all of a group."""
        return [[position] for position in range(len(candidates))]

    def fold_outputs(
        self, rows: Rows, test: Array, candidates: Sequence[Mapping[str, Any]], n_threads: int = 1
    ) -> Iterator[tuple[int, Array | InvalidArgumentError]]:
        """Train each candidate on one fold; yield its position and its outputs on ``test``, in any order.

        For one that cannot be trained, the reason is yielded; the others go on.

        Parameters
        ----------
        rows : Rows
            The fold's training rows.
        test : array, shape (n_test, n_features)
        candidates : sequence of dict
            All parameters in force of each.
        n_threads : int, default 1
            At most so many threads; the calling thread is one of its own.
        """
        del n_threads  # one thread trains, as the folds have theirs
        for position, candidate in enumerate(candidates):
            try:
                found = self.outputs(self.train(rows, candidate), test)
            except InvalidArgumentError as error:
                yield position, error
            else:
                yield position, found

    def coarser(self, in_force: Mapping[str, Any]) -> dict[str, Any]:
        """Return what to change in the parameters where a quick, rough training is enough to compare."""
        del in_force
        return {}

    def contributions(self, estimator: Any, features: Array, *, exact: bool = True) -> Array | None:
        """Return what each feature adds, shape ``(n_rows, n_outputs, n_features + 1)``; None: not known exactly.

        The last column is the base value. A row's numbers sum to its margin (the model's docstring
        says in which unit). Two classes may have one output, that of the second class.
        """
        del estimator, features, exact
        return None

    def contributions_to(
        self, estimator: Any, features: Array, codes: Array | None, *, exact: bool = True
    ) -> Array | None:
        """Return what each feature adds to the outputs that are asked for, and to no other.

        Parameters
        ----------
        estimator : object
        features : array, shape (n_rows, n_features)
        codes : array, shape (n_rows, n_wanted), optional
            Classes by row. None: a number is predicted.
        exact : bool, default True

        Returns
        -------
        array, shape (n_rows, n_wanted or 1, n_features + 1), or None
            As of :meth:`contributions`.
        """
        found = self.contributions(estimator, features, exact=exact)
        return None if found is None else of_outputs(found, codes)

    def importance(self, estimator: Any) -> Array | None:
        """Return each feature's share, shape ``(n_features,)``, sum 1 (0 if nothing was learnt); None: not known."""
        del estimator
        return None

    def statistics(self, estimator: Any, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, float | str]:
        """Return what else is known of a training, beside how good it is; ``rows`` are those of the training."""
        del estimator, rows, in_force
        return {}

    def margins(self, estimator: Any, features: Array) -> Array | None:
        """Return the link function of the predicted numbers, shape ``(n_rows,)``; None: there is no link."""
        del estimator, features
        return None

    def bounds(self, estimator: Any, features: Array, interval: Interval) -> tuple[Array, Array] | None:
        """Return lower and upper bound of each predicted number, NaN where undefined; None: not known.

        Raises
        ------
        InvalidArgumentError
            This model was fitted in a way that leaves no bounds.
        """
        del estimator, features, interval
        return None

    @abstractmethod
    def describe(self, estimator: Any) -> list[str]:
        """Return JSON texts that a person can read: a header, then the parts such as trees."""


def of_outputs(found: Array, codes: Array | None) -> Array:
    """Choose contributions ``(n_rows, n_outputs, n_features + 1)`` by classes ``(n_rows, n_wanted)``.

    The one output of two classes is that of the second; what speaks for it speaks against the first.
    """
    if codes is None:
        return found
    if found.shape[1] == 1:
        return np.where(codes[:, :, None] == 1, found, -found)
    return np.take_along_axis(found, codes[:, :, None], axis=1)
