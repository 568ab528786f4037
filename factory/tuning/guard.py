"""Whether a setting costs pass rate: pass@1 over the same problems, before and after, each with its uncertainty.

Promises: the same counts give the same figures. The problems are taken as given: an interval says what other rollouts
of the same problems could give, not what other problems could.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

Counts = Mapping[str, tuple[int, int]]
"""By problem: rollouts that were graded, and those that passed."""

Z_95 = 1.959963984540054
"""Of a two-sided 95 % interval of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate, or a difference of two, with its 95 % interval."""

    value: float
    low: float
    high: float


def pass_rate(counts: Counts) -> Estimate:
    """pass@1: the mean over problems. Raises ValueError without a graded rollout."""
    rates = [_rate(*pair) for pair in counts.values() if pair[0]]
    if not rates:
        raise ValueError("no rollout was graded")
    return _estimate([rate for rate, _ in rates], [variance for _, variance in rates])


def change(before: Counts, after: Counts) -> Estimate:
    """By how much pass@1 differs after, over the problems that both graded. Raises ValueError where they share none."""
    both = [name for name, (graded, _) in before.items() if graded and after.get(name, (0, 0))[0]]
    if not both:
        raise ValueError("no problem was graded both times")
    pairs = [(_rate(*before[name]), _rate(*after[name])) for name in both]
    return _estimate([new[0] - old[0] for old, new in pairs], [old[1] + new[1] for old, new in pairs])


def _rate(graded: int, passed: int) -> tuple[float, float]:
    """The share that passed, and the variance of that share.

    The variance is the posterior's under Jeffreys' prior, Beta(1/2, 1/2), which is not 0 where all or none passed
    (Brown, Cai & DasGupta 2001, "Interval Estimation for a Binomial Proportion").
    """
    mean = (passed + 0.5) / (graded + 1)
    return passed / graded, mean * (1 - mean) / (graded + 2)


def _estimate(values: list[float], variances: list[float]) -> Estimate:
    mean, error = sum(values) / len(values), sqrt(sum(variances)) / len(values)
    return Estimate(mean, mean - Z_95 * error, mean + Z_95 * error)
