"""What is to be learnt: one of several classes, or a number. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A target, and the columns to learn it from."""

    n_classes: int | None  #: None: a number is to be predicted
    categorical: tuple[bool, ...]  #: one for each feature
    names: tuple[str, ...] = ()  #: of the features
    categories: tuple[tuple[str, ...], ...] = ()  #: of each feature, as text; none of numbers
    class_names: tuple[str, ...] = ()

    @property
    def classifies(self) -> bool:
        """Whether the target is a class."""
        return self.n_classes is not None

    @property
    def n_features(self) -> int:
        """The number of features."""
        return len(self.categorical)
