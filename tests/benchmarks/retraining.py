"""How often retraining pipelines err: ``python -m tests.benchmarks.retraining [pipelines]``.

The table of ``retraining_errors.md``. In each simulated pipeline the data have drifted, so that it all
depends on the comparison: champion and challenger answer for the same held-out rows, with errors that
are correlated as those of two models of the same data are. The rows held out are those whose key's hash
is below the share, so that their number differs by pipeline. The challenger's true gain is known. And
the watch: a champion that is as good as the one before is looked at in four windows. Nothing is asserted.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.special import ndtr, ndtri

from hanalife.lifecycle import holdout, judging
from hanalife.lifecycle.judging import Answers
from hanalife.lifecycle.promotion import Budget

ERROR_RATE = 0.05
SIZES = (60, 200, 1_000, 5_000)
WINDOWS = 4
CYCLES = 50
HOLDOUT = 0.3
CORRELATION = 0.8
AREA, HITS, POSITIVE = 0.80, 0.85, 0.4


def areas(random, pipelines, rows, gain):
    """Return truth and chances of both models, whose areas under the curve are 0.8 and 0.8 + gain."""
    truth = random.random((pipelines, rows)) < POSITIVE
    return truth, *(
        ndtr(np.sqrt(2) * ndtri(area) * truth + noise)
        for area, noise in zip((AREA, AREA + gain), _noise(random, truth.shape), strict=True)
    )


def hits(random, pipelines, rows, gain):
    """Return classes; the models are right with chances 0.85 and 0.85 + gain, mostly on the same rows."""
    truth = np.ones((pipelines, rows), int)
    noise = _noise(random, truth.shape)
    return truth, *((one < ndtri(share)).astype(int) for one, share in zip(noise, (HITS, HITS + gain), strict=True))


def errors(random, pipelines, rows, gain):
    """Return numbers about a truth of 0, with mean absolute errors of 1 and 1 - gain and some that are far off."""
    truth = np.zeros((pipelines, rows))
    far = np.sqrt(3 / random.chisquare(3, truth.shape))  # Student's t of 3 degrees: heavy tails
    mean = 2 * np.sqrt(3) / np.pi
    return truth, *(
        one * far / mean * size for one, size in zip(_noise(random, truth.shape), (1.0, 1.0 - gain), strict=True)
    )


def _noise(random, shape):
    shared = np.sqrt(CORRELATION) * random.normal(size=shape)
    return [shared + np.sqrt(1 - CORRELATION) * random.normal(size=shape) for _ in range(2)]


SIMULATIONS = {"AUC": areas, "ACCURACY": hits, "MAE": errors}


def held(pipelines, rows):
    """Return the numbers of rows that pipelines with about so many hold out, each with a seed of its own."""
    keys = range(round(rows / HOLDOUT))
    return [sum(holdout.draw(key, seed) < HOLDOUT for key in keys) for seed in range(pipelines)]


def promoted(metric, sizes, gain, margin=0.0, seed=1, batch=100):
    """Return the share of simulated pipelines, each with its own number of held-out rows, that promote."""
    random = np.random.default_rng(seed)
    count = 0
    for begin in range(0, len(sizes), batch):
        several = sizes[begin : begin + batch]
        drawn = SIMULATIONS[metric](random, len(several), max(several), gain)
        for rows, *answers in zip(several, *drawn, strict=True):
            found = judging.gain(metric, Answers(*(one[:rows] for one in answers)), ERROR_RATE)
            count += judging.judge(found, margin, ERROR_RATE)[0] == judging.BETTER
    return count / len(sizes)


def lifetimes(metric, lives, rows, gains, seed=3):
    """Return promotions by life and cycle, with the gains that were shown, measured again, and true.

    Each of the 50 cycles has a challenger with a true gain of its own; ``gains`` draws them. What a
    challenger was promoted for is measured again on as many rows labeled after the promotion.
    """
    random = np.random.default_rng(seed)
    budget = Budget(ERROR_RATE, CYCLES)
    promoted = np.zeros((lives, CYCLES), bool)
    shown = []
    for life in range(lives):
        for cycle, gain in enumerate(gains(random)):
            promoted[life, cycle], first = judged(metric, random, rows, gain, budget.level)
            if promoted[life, cycle]:
                again = judged(metric, random, rows, gain, budget.level)[1]
                shown.append((first.value, again.value, gain))
    return promoted, np.array(shown).reshape(-1, 3)


def judged(metric, random, rows, gain, level, margin=0.0):
    """Return whether a challenger of a true gain is promoted on so many new rows, and the measured gain."""
    answers = (one[0] for one in SIMULATIONS[metric](random, 1, rows, gain))
    found = judging.gain(metric, Answers(*answers), level)
    return judging.judge(found, margin, level)[0] == judging.BETTER, found


def rolled_back(metric, pipelines, rows, gain, seed=2):
    """Return the share of promotions that are rolled back within the windows watched."""
    random = np.random.default_rng(seed)
    back = np.zeros(pipelines, bool)
    for _ in range(WINDOWS):
        for place, answers in enumerate(zip(*SIMULATIONS[metric](random, pipelines, rows, gain), strict=True)):
            truth, before, after = answers
            found = judging.gain(metric, Answers(truth, after, before), ERROR_RATE / WINDOWS)
            back[place] |= judging.judge(found, 0.0, ERROR_RATE / WINDOWS)[0] == judging.BETTER
    return back.mean()


def main(pipelines=2_000):
    sizes_of = {rows: held(pipelines if rows < 5_000 else pipelines // 4, rows) for rows in SIZES}
    for metric in SIMULATIONS:
        for rows, sizes in sizes_of.items():
            few = len(sizes)
            shares = [promoted(metric, sizes, gain) for gain in (-0.02, 0.0, 0.05)]
            shares.append(promoted(metric, sizes, 0.02, margin=0.02))
            shares += [rolled_back(metric, few // 4, rows, gain) for gain in (0.0, -0.05)]
            cells = [metric, f"{rows:,}", f"{min(sizes):,} to {max(sizes):,}", f"{few:,}"]
            print("|", " | ".join([*cells, *(f"{share:.4f}" for share in shares)]), "|", flush=True)
    _print_lives(pipelines // 10)


def _print_lives(lives):
    random = np.random.default_rng(5)
    for metric in SIMULATIONS:
        promotions, _ = lifetimes(metric, lives, 250, lambda _: np.zeros(CYCLES))
        print(metric, "any false promotion in a life:", promotions.any(axis=1).mean(), flush=True)
        _, gains = lifetimes(metric, 2 * lives, 250, lambda drawn: drawn.normal(0, 0.04, CYCLES), seed=7)
        errors = gains[:, :2] - gains[:, 2:]
        print(metric, len(gains), "promotions: bias", errors.mean(axis=0), errors.std(axis=0) / len(gains) ** 0.5)
    for rows in (100, 150, 180, 250, 500):
        powers = [
            np.mean([judged("AUC", random, rows, 0.1, ERROR_RATE / CYCLES, margin)[0] for _ in range(2 * lives)])
            for margin in (0.0, 0.01)
        ]
        print("power of a gain of 0.1 AUC on", rows, "of", 2 * rows, "rows, margin 0 and 0.01:", powers, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
