"""Curves over the number of rollouts, with what they are worth.

Promises: every value is the unbiased estimate over all draws of k of a problem's n rollouts, so no
curve depends on the order in which rollouts came. Intervals are over problems, seeded, so that equal
counts give equal intervals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from factory.report.funnel import pass_at_k

RESAMPLES = 1000
"""Draws of the bootstrap."""
POINTS_A_DECADE = 8


@dataclass(frozen=True, slots=True)
class Point:
    """pass@k with a 95 % interval; `low` and `high` are None where there is a single problem."""

    k: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Yield:
    """What `rollouts` over all problems, `k` of each, may be expected to give."""

    k: int
    rollouts: int
    programs: float
    """Distinct passing programs."""
    problems: float
    """Problems with a passing program."""


def ks(most: int) -> list[int]:
    """1, …, `most`, evenly on a logarithmic scale."""
    if most < 1:
        return []
    steps = range(int(np.log10(most) * POINTS_A_DECADE) + 1)
    return sorted({1, most, *(round(10 ** (step / POINTS_A_DECADE)) for step in steps)})


def pass_curve(counts: Sequence[tuple[int, int]]) -> list[Point]:
    """pass@k over problems, given (rollouts graded, rollouts passed) of each, for every k that all of them allow.

    Estimator: Chen et al. 2021, equation 1 (`funnel.pass_at_k`). Intervals: percentile bootstrap over problems
    (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).
    """
    if not counts:
        return []
    at = cache(pass_at_k)
    grid = ks(min(n for n, _ in counts))
    values = np.array([[at(n, c, k) for k in grid] for n, c in counts])
    low, high = _interval(values) if len(counts) > 1 else (None, None)
    return [
        Point(
            k,
            float(values[:, at].mean()),
            None if low is None else float(low[at]),
            None if high is None else float(high[at]),
        )
        for at, k in enumerate(grid)
    ]


def _interval(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(0)
    problems = len(values)
    means = np.array([values[random.integers(problems, size=problems)].mean(axis=0) for _ in range(RESAMPLES)])
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    return low, high


def yield_curve(counts: Iterable[tuple[int, int]], forms: Counter[tuple[int, int]]) -> list[Yield]:
    """What more rollouts bring: expected programs and problems when k rollouts of every problem are drawn.

    `counts` as for `pass_curve`; `forms` counts distinct passing programs by (n, m): m of their problem's n rollouts
    come to it. One such program is among k drawn rollouts with the probability that is its pass@k, so their sum
    is the rarefaction curve of Hurlbert, "The Nonconcept of Species Diversity", 1971. A problem with fewer than k
    rollouts gives all it has.
    """
    problems = Counter(counts)
    at = cache(pass_at_k)

    def expected(found: Counter[tuple[int, int]], k: int) -> float:
        return sum(many * at(n, m, min(k, n)) for (n, m), many in found.items())

    return [
        Yield(k, sum(many * min(k, n) for (n, _), many in problems.items()), expected(forms, k), expected(problems, k))
        for k in ks(max((n for n, _ in problems), default=0))
    ]
