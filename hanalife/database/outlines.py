"""The outline of a long series: few points that show its shape and keep its extremes. Pure.

A series is cut into stretches of equally many points, and each keeps its lowest and its highest
point. Once there are :data:`MOST_STRETCHES`, neighbours are joined in pairs. An outline is thus
of bounded size however long the series grows, and points are added to it without the series.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

MOST_STRETCHES = 128

#: Step and value.
Point = tuple[int, float]


@dataclass(slots=True)
class Outline:
    """Lowest and highest point of each stretch; ``filled`` counts the points of the last."""

    width: int = 1  #: points of a stretch
    filled: int = 0
    lows: list[Point] = field(default_factory=list)
    highs: list[Point] = field(default_factory=list)

    def add(self, points: Iterable[tuple[int, float | str]]) -> None:
        """Add later points in the order of their steps; what is not finite leaves no trace."""
        for step, value in points:
            if isinstance(value, str) or not math.isfinite(value):
                continue
            if not self.lows or self.filled == self.width:
                self._begin((step, value))
            elif value < self.lows[-1][1]:
                self.lows[-1] = (step, value)
            elif value > self.highs[-1][1]:
                self.highs[-1] = (step, value)
            self.filled += 1

    def _begin(self, point: Point) -> None:
        if len(self.lows) == MOST_STRETCHES:
            self.lows = [min(pair, key=_value) for pair in zip(self.lows[::2], self.lows[1::2], strict=True)]
            self.highs = [max(pair, key=_value) for pair in zip(self.highs[::2], self.highs[1::2], strict=True)]
            self.width *= 2
        self.lows.append(point)
        self.highs.append(point)
        self.filled = 0

    def points(self) -> list[Point]:
        """Return the points in the order of their steps."""
        found: list[Point] = []
        for low, high in zip(self.lows, self.highs, strict=True):
            if low[0] == high[0]:
                found.append(low)
            else:
                found.extend((low, high) if low[0] < high[0] else (high, low))
        return found

    def to_bytes(self) -> bytes:
        """Return the outline as little-endian doubles: width, filled, then step and value of each low and high."""
        flat = [number for pair in zip(self.lows, self.highs, strict=True) for point in pair for number in point]
        return struct.pack(f"<{2 + len(flat)}d", self.width, self.filled, *flat)


def from_bytes(data: bytes) -> Outline:
    """Read what :meth:`Outline.to_bytes` wrote.

    >>> outline = Outline()
    >>> outline.add([(0, 1.5), (1, 0.5)])
    >>> from_bytes(outline.to_bytes()).points()
    [(0, 1.5), (1, 0.5)]
    """
    width, filled, *flat = struct.unpack(f"<{len(data) // 8}d", data)
    pairs = list(zip(map(int, flat[::2]), flat[1::2], strict=True))
    return Outline(int(width), int(filled), pairs[::2], pairs[1::2])


def _value(point: Point) -> float:
    return point[1]
