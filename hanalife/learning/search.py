"""The candidates of a search: from lists of values and from ranges. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from hanalife.errors import InvalidArgumentError

#: One point of the search: parameter name to value.
Candidate = dict[str, Any]

#: A grid finer than this is a mistake of its step.
MOST_CANDIDATES = 100_000


def steps(start: Any, step: Any, end: Any, kind: type) -> list[Any]:
    """Return start, start + step, ... up to and including the end.

    >>> steps(0.1, 0.1, 0.3, float)
    [0.1, 0.2, 0.3]
    """
    count = math.floor((end - start) / step + 1e-9) + 1
    return [kind(round(start + turn * step, 12)) for turn in range(count)]


def grid(axes: Mapping[str, list[Any]]) -> list[Candidate]:
    """Return every combination; the last name varies fastest.

    >>> grid({"a": [1, 2], "b": [3]})
    [{'a': 1, 'b': 3}, {'a': 2, 'b': 3}]

    Raises
    ------
    InvalidArgumentError
        There would be too many.
    """
    count = math.prod(len(values) for values in axes.values())
    if count > MOST_CANDIDATES:
        raise InvalidArgumentError(
            f"param_values, param_range: {count} combinations, more than {MOST_CANDIDATES}; "
            "use param_search_strategy='random'."
        )
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def sample(
    values: Mapping[str, list[Any]], bounds: Mapping[str, tuple[Any, Any]], times: int, seed: int
) -> list[Candidate]:
    """Return ``times`` random candidates: uniform over values and over ranges (ends included).

    Without a range there are finitely many combinations; then none is drawn twice, and there
    are at most as many as exist.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    if not bounds and math.prod(len(items) for items in values.values()) <= MOST_CANDIDATES:
        every = grid(values)
        chosen = random.permutation(len(every))[:times]
        return [every[int(position)] for position in chosen]
    found = []
    for _ in range(times):
        candidate: Candidate = {name: items[int(random.integers(len(items)))] for name, items in values.items()}
        for name, (low, high) in bounds.items():
            whole = isinstance(low, int)
            candidate[name] = int(random.integers(low, high + 1)) if whole else float(random.uniform(low, high))
        found.append(candidate)
    return found
