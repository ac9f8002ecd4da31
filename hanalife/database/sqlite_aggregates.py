"""Aggregates that SQLite has not; each but ``StringAgg`` also slides along with a window.

One pass over the values, stable where a sum of squares is not.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_left, insort
from typing import Any


class _Moments(ABC):
    """Mean and squared deviations of the values so far (Welford 1962); a value can be taken out again."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def step(self, value: float | None) -> None:
        if value is not None:
            self.count += 1
            change = value - self.mean
            self.mean += change / self.count
            self.squares += change * (value - self.mean)

    def inverse(self, value: float | None) -> None:
        if value is None:
            return
        self.count -= 1
        if self.count == 0:
            self.mean = self.squares = 0.0
            return
        change = value - self.mean
        self.mean -= change / self.count
        self.squares -= change * (value - self.mean)

    def variance(self, lost: int) -> float | None:
        return max(self.squares, 0.0) / (self.count - lost) if self.count > lost else None

    def finalize(self) -> float | None:
        return self.value()

    @abstractmethod
    def value(self) -> float | None: ...


class _Var(_Moments):
    def value(self) -> float | None:
        return self.variance(1)


class _VarPop(_Moments):
    def value(self) -> float | None:
        return self.variance(0)


class _Stddev(_Moments):
    def value(self) -> float | None:
        variance = self.variance(1)
        return None if variance is None else math.sqrt(variance)


class _StddevPop(_Moments):
    def value(self) -> float | None:
        variance = self.variance(0)
        return None if variance is None else math.sqrt(variance)


class _Median:
    """The values in order."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.sorted = False

    def step(self, value: float | None) -> None:
        if value is None:
            return
        if self.sorted:
            insort(self.values, value)
        else:
            self.values.append(value)

    def inverse(self, value: float | None) -> None:
        if value is not None:
            self._sort()
            del self.values[bisect_left(self.values, value)]

    def _sort(self) -> None:
        if not self.sorted:
            self.values.sort()
            self.sorted = True

    def value(self) -> float | None:
        if not self.values:
            return None
        self._sort()
        half = len(self.values) // 2
        return (self.values[half] + self.values[~half]) / 2

    finalize = value


class _Corr:
    """Pearson's correlation of the pairs without NULL, in one pass."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.count, self.mean_x, self.mean_y = 0, 0.0, 0.0
        self.xx = self.yy = self.xy = 0.0

    def step(self, x: float | None, y: float | None) -> None:
        if x is None or y is None:
            return
        self.count += 1
        dx, dy = x - self.mean_x, y - self.mean_y
        self.mean_x += dx / self.count
        self.mean_y += dy / self.count
        self.xx += dx * (x - self.mean_x)
        self.yy += dy * (y - self.mean_y)
        self.xy += dx * (y - self.mean_y)

    def inverse(self, x: float | None, y: float | None) -> None:
        if x is None or y is None:
            return
        self.count -= 1
        if self.count == 0:
            self._clear()
            return
        dx, dy = x - self.mean_x, y - self.mean_y
        self.mean_x -= dx / self.count
        self.mean_y -= dy / self.count
        self.xx -= dx * (x - self.mean_x)
        self.yy -= dy * (y - self.mean_y)
        self.xy -= dx * (y - self.mean_y)

    def value(self) -> float | None:
        return None if self.xx <= 0 or self.yy <= 0 else max(-1.0, min(1.0, self.xy / math.sqrt(self.xx * self.yy)))

    finalize = value


class StringAgg:
    """Text joined in the order of keys; NULL is the smallest key."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, tuple[Any, ...]]] = []
        self.separator, self.directions = "", ""

    def step(self, text: str | None, separator: str, directions: str, *keys: Any) -> None:
        """Take one row."""
        self.separator, self.directions = separator, directions
        if text is not None:
            self.rows.append((text, keys))

    def finalize(self) -> str | None:
        """Return the joined text; NULL without rows."""
        for place, direction in reversed(list(enumerate(self.directions))):
            self.rows.sort(key=lambda row, at=place: _orderable(row[1][at]), reverse=direction == "d")  # type: ignore[misc]
        return self.separator.join(text for text, _ in self.rows) if self.rows else None


def _orderable(key: Any) -> tuple[bool, Any]:
    return (key is not None, key.encode() if isinstance(key, str) else 0 if key is None else key)


#: Name in SQL -> number of arguments and class.
WINDOW_AGGREGATES: dict[str, tuple[int, type[Any]]] = {
    "hl_var": (1, _Var),
    "hl_var_pop": (1, _VarPop),
    "hl_stddev": (1, _Stddev),
    "hl_stddev_pop": (1, _StddevPop),
    "hl_median": (1, _Median),
    "hl_corr": (2, _Corr),
}
