"""Populations whose true change is known: what the tables of error rates draw from.

Each draws rows of one column. ``times`` is the true change of the current rows in units of the minimum
effect, PSI 0.1: over all values of a categorical column, over the tenths of the reference's population of a
continuous one, over the mass point and the rest of one with a mass point.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from hanalife.drift import verdict

MINIMUM = verdict.MINIMUM_PSI


@dataclass(frozen=True)
class Population:
    """A named column; ``draw(n_rows, times, random)`` gives its values."""

    name: str
    draw: Callable[[int, float, np.random.Generator], pa.Array]


def psi(p, q):
    """Return the population stability index of two sets of shares; empty shares add nothing."""
    both = (p > 0) & (q > 0)
    return float(((q - p)[both] * np.log(q[both] / p[both])).sum())


def tilted(shares, direction, target):
    """Return the shares moved along a direction until their PSI against the first ones is the target."""
    if not target:
        return shares

    def moved(size):
        weights = shares * np.exp(size * direction)
        return weights / weights.sum()

    return moved(brentq(lambda size: psi(shares, moved(size)) - target, 0, 30))


@functools.cache
def shift(times):
    """Return the shift of a standard normal variable, in deviations, that is so many minimum effects over tenths."""
    if not times:
        return 0.0
    edges, tenths = ndtri(np.linspace(0, 1, 11)), np.full(10, 0.1)
    return brentq(lambda size: psi(tenths, np.diff(ndtr(edges - size))) - MINIMUM * times, 0, 3)


def normal():
    """Return a normal column."""
    return Population("normal", lambda n_rows, times, random: pa.array(random.normal(size=n_rows) + shift(times)))


def lognormal():
    """Return a column of sizes over several powers of ten."""

    def draw(n_rows, times, random):
        return pa.array(np.exp(2 * (random.normal(size=n_rows) + shift(times))))

    return Population("lognormal", draw)


def zero_inflated(share):
    """Return amounts of which only a share is not 0."""

    def draw(n_rows, times, random):
        present = tilted(np.array([share, 1 - share]), np.array([1.0, 0.0]), MINIMUM * times)[0]
        return pa.array(np.where(random.random(n_rows) < present, random.lognormal(3, 1, n_rows), 0.0))

    return Population(f"{share:.1%} not zero", draw)


def categorical(name, shares, direction):
    """Return a column of texts."""
    shares, direction = np.asarray(shares, float), np.asarray(direction, float)
    names = pa.array([f"value {index}" for index in range(len(shares))])

    @functools.cache
    def current(times):
        return tilted(shares, direction, MINIMUM * times)

    def draw(n_rows, times, random):
        counts = random.multinomial(n_rows, current(times))
        return names.take(pa.array(random.permutation(np.repeat(np.arange(len(shares)), counts))))

    return Population(name, draw)


def flag(share):
    """Return a flag that a share of the rows has."""
    return categorical(f"flag {share:.0%}", [share, 1 - share], [1, 0])


def zipf(n_values):
    """Return texts whose shares fall with their rank; the rare ones grow."""
    weights = 1 / np.arange(1, n_values + 1)
    return categorical(f"Zipf {n_values:,}", weights / weights.sum(), np.arange(n_values) / n_values)


def uniform(n_values):
    """Return equally frequent texts; every second one grows."""
    return categorical(f"uniform {n_values}", np.full(n_values, 1 / n_values), np.arange(n_values) % 2)


def integers(n_values):
    """Return a column of few integers."""
    shares, steps = np.full(n_values, 1 / n_values), np.arange(n_values, dtype=float)

    def draw(n_rows, times, random):
        return pa.array(random.choice(n_values, n_rows, p=tilted(shares, steps, MINIMUM * times)))

    return Population(f"{n_values} integers", draw)
