"""How much worse a model predicts when one column is shuffled. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """How columns are shuffled and the damage is measured."""

    metric: str
    repeats: int = 5
    seed: int = 0
    samples: int | None = None  #: use so many of the rows; None: all

    def in_words(self) -> dict[str, Any]:
        """Return it under hana_ml's names."""
        return {
            "permutation_importance": True,
            "permutation_evaluation_metric": self.metric,
            "permutation_n_repeats": self.repeats,
            "permutation_seed": self.seed,
            "permutation_n_samples": self.samples,
        }


def importance(
    score: Callable[[Array, Array], float | None], target: Array, features: Array, settings: Settings
) -> list[tuple[float, float]]:
    """Return for each feature the mean and the standard deviation of what shuffling it costs.

    ``score(target, features)`` is larger for better predictions. A feature whose shuffling changes
    nothing has 0 (Breiman 2001, Machine Learning 45; Fisher, Rudin, Dominici 2019, JMLR 20).
    """
    random = np.random.default_rng(settings.seed)
    if settings.samples is not None and settings.samples < len(target):
        chosen = np.sort(random.choice(len(target), settings.samples, replace=False))
        target, features = target[chosen], features[chosen]
    whole = score(target, features)
    found = []
    for place in range(features.shape[1]):
        costs = []
        for _ in range(settings.repeats):
            shuffled = features.copy()
            shuffled[:, place] = random.permutation(features[:, place])
            after = score(target, shuffled)
            if whole is not None and after is not None:
                costs.append(whole - after)
        spread = float(np.std(costs, ddof=1)) if len(costs) > 1 else 0.0
        found.append((float(np.mean(costs)) if costs else float("nan"), spread))
    return found
