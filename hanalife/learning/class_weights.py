"""How much the rows of each class count in training. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: Keywords of ``fit`` that say which share of the training rows a class shall have.
SHARES = ("priors", "strata")


@dataclass(frozen=True, slots=True)
class ClassWeights:
    """Numbers for some of the classes: factors of their rows, or the shares that they shall have."""

    argument: str  #: that names the classes
    by_name: Mapping[str, float]
    are_shares: bool = False

    @classmethod
    def asked_for(cls, own: Mapping[str, Any]) -> ClassWeights | None:
        """Return what the keywords of a ``fit`` ask for; None: all rows count the same.

        Raises
        ------
        InvalidArgumentError
            Keywords that do not go together, or shares above 1 in all.
        """
        if "scale_weight" in own:
            if "scale_weight_target" not in own:
                raise InvalidArgumentError("scale_weight: say of which class in scale_weight_target.")
            return cls("scale_weight_target", {str(own["scale_weight_target"]): own["scale_weight"]})
        asked = [name for name in SHARES if name in own]
        if len(asked) > 1:
            raise InvalidArgumentError("priors, strata: both set the share of each class; give one.")
        if not asked:
            return None
        total = math.fsum(own[asked[0]].values())
        if total > 1 + 1e-9:
            raise InvalidArgumentError(f"{asked[0]}: the shares of all classes sum to {total}, more than 1.")
        return cls(asked[0], own[asked[0]], are_shares=True)

    def of_rows(self, codes: Array, class_names: Sequence[str]) -> Array:
        """Return the weight of each row, shape ``(n_rows,)``; weights that make shares have a mean of 1.

        What the given shares leave of 1 goes in equal parts to the classes not named, or to all
        if all are.

        Raises
        ------
        InvalidArgumentError
            A name is no class, or a class is left without a share.

        Examples
        --------
        >>> ClassWeights("priors", {"a": 0.5}, are_shares=True).of_rows(np.array([0, 1, 1, 1]), ["a", "b"])
        array([2.        , 0.66666667, 0.66666667, 0.66666667])
        """
        unknown = [name for name in self.by_name if name not in class_names]
        if unknown:
            raise InvalidArgumentError(
                f"{self.argument}: {', '.join(unknown)} is no class; the classes are: {', '.join(class_names)}."
            )
        if not self.are_shares:
            return np.asarray(np.array([self.by_name.get(name, 1.0) for name in class_names])[codes])
        counts = np.bincount(codes, minlength=len(class_names))
        return np.asarray((self._shares(class_names) * len(codes) / np.maximum(counts, 1))[codes])

    def _shares(self, class_names: Sequence[str]) -> Array:
        shares = np.array([self.by_name.get(name, 0.0) for name in class_names])
        rest = max(0.0, 1 - math.fsum(shares))
        heirs = np.array([name not in self.by_name for name in class_names])
        shares[heirs if heirs.any() else slice(None)] += rest / (heirs.sum() or len(shares))
        if shares.min() < 1e-9:
            left_out = ", ".join(name for name, share in zip(class_names, shares, strict=True) if share < 1e-9)
            raise InvalidArgumentError(f"{self.argument}: nothing is left for {left_out}; name each class.")
        return shares
