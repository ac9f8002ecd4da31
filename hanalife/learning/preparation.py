"""What training learns of rows before an engine sees them, learned anew in each fold. Pure.

A fold's score estimates what a model fitted on its training rows does on rows that it has not seen. So whatever is
learned from rows (what fills missing values, which categories there are, how rare each class is) is learned from
the fold's training rows alone; learned before the folds are cut, it carries the rows that judge into training
(Hastie, Tibshirani & Friedman 2009, "The Elements of Statistical Learning", section 7.10.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.learning.class_weights import ClassWeights
from hanalife.learning.encoding import Encoding
from hanalife.learning.engines.engine import Rows
from hanalife.learning.missing import Imputation, Strategy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hanalife.learning.folds import Fold

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Preparation:
    """How rows are made ready for an engine, given the rows that train."""

    encoding: Encoding
    strategy: Strategy | None  #: of missing values; None: they are left to the algorithm
    class_weights: ClassWeights | None  #: None: all rows count the same

    def imputation(self, training: Rows) -> Imputation | None:
        """Learn what fills missing values; None: they are left to the algorithm."""
        return None if self.strategy is None else Imputation.learn(self.strategy, self.encoding, training.features)

    def weighted(self, training: Rows) -> Rows:
        """Return training rows with the weights of their classes."""
        if self.class_weights is None:
            return training
        return replace(training, weights=self.class_weights.of_rows(training.target, self.encoding.class_names))

    def fold(self, rows: Rows, fold: Fold) -> tuple[Rows, Array]:
        """Return a fold's training rows, and the features of the rows that judge, as a fit on the former makes them.

        Parameters
        ----------
        rows : Rows
            As they were read: missing values are NaN, categories are codes of the encoding.
        fold : (train, test)
        """
        training, test = rows.take(fold[0]), rows.features[fold[1]]
        codes = self._codes(training.features)
        for column, seen in codes.items():  # A category that training did not see counts as missing.
            test[~np.isin(test[:, column], seen), column] = np.nan
        imputation = self._needed(training.features, test)
        if imputation is not None:
            training = replace(training, features=imputation.filled(training.features, self.encoding))
            test = imputation.filled(test, self.encoding)
            codes = self._codes(training.features)
        self._renumber(codes, training.features, test)
        return self.weighted(training), test

    def _needed(self, training: Array, test: Array) -> Imputation | None:
        """Learn what fills missing values if there are any."""
        if self.strategy is None or not (np.isnan(training).any() or np.isnan(test).any()):
            return None
        return Imputation.learn(self.strategy, self.encoding, training)

    def _codes(self, training: Array) -> dict[int, Array]:
        """Return the codes that occur in training, ascending, by column; only of columns that lack some."""
        codes_by_column = {}
        for column, name in enumerate(self.encoding.feature_names):
            if name not in self.encoding.categories:
                continue
            codes = np.unique(training[:, column])
            codes = codes[~np.isnan(codes)]
            if len(codes) < len(self.encoding.categories[name]):
                codes_by_column[column] = codes
        return codes_by_column

    def _renumber(self, codes: dict[int, Array], *features: Array) -> None:
        """Give the categories of training the codes 0, 1, ... in place; any other becomes missing."""
        for column, seen in codes.items():
            numbers = np.full(len(self.encoding.categories[self.encoding.feature_names[column]]), np.nan)
            numbers[seen.astype(np.intp)] = np.arange(len(seen))
            for matrix in features:
                present = ~np.isnan(matrix[:, column])
                matrix[present, column] = numbers[matrix[present, column].astype(np.intp)]
