"""Gradient-boosted trees on XGBoost."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from hanalife.errors import InvalidArgumentError, NotSupportedError
from hanalife.learning import parameters as tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

R = TypeVar("R")

# 'sampling' has no equivalent; binning by histogram is the nearest.
_TREE_METHODS = {"exact": "exact", "sketch": "approx", "histogram": "hist", "sampling": "hist"}
TREES = "n_estimators"
CELLS_PER_THREAD = 50_000


@dataclass(frozen=True, slots=True)
class Boosting:
    """Training and prediction for one set of columns and classes.

    Features have shape ``(n_rows, n_features)``, NaN where missing; a categorical column holds
    codes ``0, 1, ...``. Labels are class codes of shape ``(n_rows,)``.
    """

    n_classes: int
    categorical: tuple[bool, ...]  #: one for each feature

    def check(self, in_force: Mapping[str, Any]) -> None:
        """Refuse parameters that do not suit the data.

        Raises
        ------
        InvalidArgumentError
            ``obj_func='logistic'`` with more than two classes, or text columns with 'exact'.
        NotSupportedError
            ``obj_func='hinge'``.
        """
        if in_force["obj_func"] == "hinge":
            raise NotSupportedError("obj_func: 'hinge' gives no probabilities; use 'logistic' or 'softmax'.")
        if in_force["obj_func"] == "logistic" and self.n_classes > 2:
            raise InvalidArgumentError(
                f"obj_func: 'logistic' is for two classes, the label has {self.n_classes}; use 'softmax'."
            )
        if in_force["split_method"] == "exact" and any(self.categorical):
            raise InvalidArgumentError(
                "split_method: 'exact' cannot split categorical columns; use 'histogram', or deselect them."
            )

    def train(self, features: Array, codes: Array, in_force: Mapping[str, Any]) -> Any:
        """Return a booster trained with parameters under their own names, all of them in force."""
        n_threads = threads(in_force["thread_ratio"], features.size)
        settings = self._settings(in_force, n_threads)

        def work() -> Any:
            return self._boost(self._binned(features, codes, settings), settings, in_force[TREES])

        return apart(n_threads, work)

    def probabilities(self, booster: Any, features: Array) -> Array:
        """Return class probabilities, shape ``(n_rows, n_classes)``."""
        return apart(threads(-1, features.size), lambda: self._probabilities(booster, features, 0))

    def _probabilities(self, booster: Any, features: Array, trees: int) -> Array:
        found: Array = booster.inplace_predict(features, iteration_range=(0, trees), missing=np.nan).astype(np.float64)
        return found if found.ndim == 2 else np.column_stack([1 - found, found])

    def fold_probabilities(
        self,
        train: tuple[Array, Array],
        test: Array,
        candidates: Sequence[Mapping[str, Any]],
        n_threads: int = 1,
    ) -> Iterator[tuple[int, Array]]:
        """Train each candidate on one fold; yield its position and its probabilities on ``test``.

        The rows are binned once for all candidates. Of candidates that differ only in their
        number of trees, the one with the most is trained; its first rounds are the others. Both
        leave every bit as it would be if each candidate were trained alone.

        Parameters
        ----------
        train : (features, codes)
        test : array, shape (n_test, n_features)
        candidates : sequence of dict
            All parameters in force of each.
        n_threads : int, default 1
            At most so many; the setting stays with the calling thread, which should be one of
            its own.
        """
        import xgboost

        n_threads = min(n_threads, useful_threads(train[0].size))
        xgboost.set_config(nthread=n_threads)
        binned: dict[tuple[Any, ...], Any] = {}
        for group in _alike_but_for_trees(candidates):
            settings = self._settings(candidates[group[0]], n_threads)
            kind = (settings["tree_method"], settings["max_bin"])
            if kind not in binned:
                binned[kind] = self._binned(*train, settings)
            booster = self._boost(binned[kind], settings, max(candidates[position][TREES] for position in group))
            for position in group:
                yield position, self._probabilities(booster, test, candidates[position][TREES])

    def contributions(self, booster: Any, features: Array, *, exact: bool = True) -> Array:
        """Return what each feature adds to the margin, shape ``(n_rows, n_classes or 1, n_features + 1)``.

        The last column is the base value; a row's numbers sum to its margin (log-odds). Two
        classes have one margin, that of the second class. ``exact``: Shapley values of the
        trees (Lundberg et al. 2020, Nature Machine Intelligence 2), else Saabas' approximation.
        """

        def work() -> Array:
            found: Array = booster.predict(self._matrix(features), pred_contribs=True, approx_contribs=not exact)
            return found

        found = apart(threads(-1, features.size), work)
        return found if found.ndim == 3 else found[:, None, :]

    def importance(self, booster: Any) -> Array:
        """Return each feature's share of the gain of all splits, shape ``(n_features,)``; 0 without splits."""
        gains = np.zeros(len(self.categorical))
        for name, gain in booster.get_score(importance_type="total_gain").items():
            gains[int(name.removeprefix("f"))] = gain
        total = gains.sum()
        return gains / total if total > 0 else gains

    def describe(self, booster: Any) -> list[str]:
        """Return JSON texts: a header with the engine's settings, then one for each tree."""
        learner = json.loads(booster.save_config())["learner"]
        header = {key: learner[key] for key in ("learner_model_param", "objective")}
        return [json.dumps(header), *booster.get_dump(dump_format="json")]

    def _settings(self, in_force: Mapping[str, Any], n_threads: int) -> dict[str, Any]:
        settings = {row.engine: in_force[row.name] for row in tables.BOOSTING if row.engine}
        many = self.n_classes > 2 or in_force["obj_func"] == "softmax"
        settings |= {"objective": "multi:softprob", "num_class": self.n_classes} if many else {}
        settings |= {} if many else {"objective": "binary:logistic"}
        settings |= {} if in_force["adopt_prior"] else {"base_score": in_force["base_score"]}
        sketch_bins = max(2, math.ceil(1 / in_force["sketch_eps"]))
        return settings | {
            "tree_method": _TREE_METHODS[in_force["split_method"]],
            "max_bin": sketch_bins if in_force["split_method"] == "sketch" else in_force["max_bin_num"],
            "seed": in_force["random_state"],
            "nthread": n_threads,
        }

    def _binned(self, features: Array, codes: Array, settings: Mapping[str, Any]) -> Any:
        import xgboost

        if settings["tree_method"] != "hist":
            return self._matrix(features, codes, settings["nthread"])
        return xgboost.QuantileDMatrix(
            features,
            codes,
            feature_types=self._feature_types(),
            max_bin=settings["max_bin"],
            nthread=settings["nthread"],
        )

    def _matrix(self, features: Array, codes: Array | None = None, n_threads: int | None = None) -> Any:
        import xgboost

        return xgboost.DMatrix(features, codes, feature_types=self._feature_types(), nthread=n_threads)

    def _feature_types(self) -> list[str]:
        return ["c" if categorical else "q" for categorical in self.categorical]

    def _boost(self, data: Any, settings: Mapping[str, Any], trees: int) -> Any:
        import xgboost

        exact = settings["tree_method"] == "exact"
        used = {name: value for name, value in settings.items() if not (exact and name == "max_bin")}
        return xgboost.train(used, data, num_boost_round=trees)


def apart(n_threads: int, work: Callable[[], R]) -> R:
    """Do work in a thread of its own, in which XGBoost uses ``n_threads``.

    Threads of OpenMP spin while they wait for each other, which on a busy machine can make
    little data a hundred times slower. How many there are is a setting of the calling thread:
    set here, it does not touch what else the process does with XGBoost.
    """
    import xgboost

    def configured() -> R:
        xgboost.set_config(nthread=n_threads)
        return work()

    with ThreadPoolExecutor(1, thread_name_prefix="hanalife-engine") as pool:
        return pool.submit(configured).result()


def threads(ratio: float, cells: int) -> int:
    """Return the number of threads of a ``thread_ratio``; below 0: as many as the data can use."""
    processors = os.cpu_count() or 1
    return min(processors, useful_threads(cells)) if ratio < 0 else max(1, round(ratio * processors))


def useful_threads(cells: int) -> int:
    """Return how many threads can share data of so many cells; on little, they wait for each other."""
    return 1 + cells // CELLS_PER_THREAD


def _alike_but_for_trees(candidates: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    groups: dict[tuple[Any, ...], list[int]] = {}
    for position, candidate in enumerate(candidates):
        rest = tuple(sorted((name, repr(value)) for name, value in candidate.items() if name != TREES))
        groups.setdefault(rest, []).append(position)
    return list(groups.values())
