"""What further rollouts of a problem may be expected to give, from what came until now.

A rollout passes or not (a Bernoulli trial), and its program, by normal form, is new or there already (a draw of a
species). Promises: every estimate is a function of counts. Does not promise that rollouts are independent, as those of
an engine with temperature are.

Pass rate: the posterior Beta(c + 1/2, n - c + 1/2) under Jeffreys' prior (Gelman et al., "Bayesian Data Analysis", 3rd
ed. 2013, section 2.8). New programs: Good 1953, "The population frequencies of species and the estimation of population
parameters", gives the chance that the next draw is new as f1 / n, where f1 counts the programs that came once: left
out, each of the n rollouts would be new exactly where its program came once. Taken as f1 hits in n trials it has a
posterior as the pass rate has, and so a bound. How many are unseen: Chao 1984, "Nonparametric estimation of the number
of classes in a population", in the form of Chiu et al. 2014 that needs no f2 > 0; how many of these further rollouts
show: Shen, Chao & Lin 2003, "Predicting the number of new species in further taxonomic sampling", equation 8.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from factory.records import Status, Verdict

CERTAINTY = 0.95
"""Of bounds: the quantile of the posterior."""
DIGITS = 6
"""Decimals of rates, so that the last bits of a machine's `lgamma` decide nothing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the first rollouts of a problem have come to."""

    graded: int = 0
    """Rollouts with a verdict of their own making: those that a failure of ours decided are not known yet."""
    passed: int = 0
    distinct: int = 0
    """Programs that passed, by normal form; those that earlier generators gave are among them."""
    once: int = 0
    """Of these, those that one rollout gave, and no earlier generator."""
    twice: int = 0

    @classmethod
    def of(cls, verdicts: Iterable[Verdict], earlier: Iterable[Verdict] = ()) -> Self:
        """What `verdicts` come to, beside those on what `earlier` generators gave: their programs are not new."""
        known = {it.normal_form for it in earlier if it.status is Status.PASSED}
        graded, forms = 0, Counter[str]()
        for verdict in verdicts:
            graded += verdict.status is not Status.INFRASTRUCTURE_ERROR
            if verdict.status is Status.PASSED:
                forms[verdict.normal_form] += 1
        times = Counter(count for form, count in forms.items() if form not in known)
        return cls(graded, forms.total(), len(forms.keys() | known), times[1], times[2])

    @property
    def pass_rate(self) -> float:
        """Posterior mean of the share of rollouts that pass."""
        return round((self.passed + 0.5) / (self.graded + 1), DIGITS)

    @property
    def new_rate(self) -> float:
        """Posterior mean of the chance that the next rollout passes with a program that is not there yet."""
        return round((self.once + 0.5) / (self.graded + 1), DIGITS)

    @property
    def new_at_most(self) -> float:
        """The bound of that chance, which it is under with `CERTAINTY`."""
        return round(beta_quantile(CERTAINTY, self.once + 0.5, self.graded - self.once + 0.5), DIGITS)

    @property
    def unseen(self) -> float:
        """Programs that pass and are not there yet, a lower bound of their expected number."""
        share = (self.graded - 1) / self.graded if self.graded else 0.0
        return round(share * self.once * (self.once - 1) / (2 * (self.twice + 1)), DIGITS)

    def new_in(self, rollouts: int) -> float:
        """New programs that this many further rollouts may be expected to give."""
        if not self.unseen:
            return self.new_rate * rollouts
        rate = self.new_rate / self.unseen
        return self.unseen * (1 - (1 - min(rate, 1.0)) ** rollouts)


@lru_cache(maxsize=4096)
def beta_quantile(p: float, a: float, b: float) -> float:
    """The `p`-quantile of Beta(a, b), by bisection."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_share(middle, a, b) < p else (low, middle)
    return (low + high) / 2


def beta_share(x: float, a: float, b: float) -> float:
    """The share of Beta(a, b) that is below `x`: the regularised incomplete beta function.

    Its continued fraction by Lentz's method: Press et al., "Numerical Recipes", 3rd ed. 2007, section 6.4.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    tiny = 1e-300
    fraction, c, d = 1.0, 1.0, 0.0
    for step in range(2 * _terms(a, b)):
        m = step // 2
        if step == 0:
            term = 1.0
        elif step % 2 == 0:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / ((1 + term * d) or tiny)
        c = (1 + term / c) or tiny
        fraction *= c * d
        if abs(1 - c * d) < 1e-12:
            break
    return front * (fraction - 1)


def _terms(a: float, b: float) -> int:
    """Terms of the continued fraction that are always enough: it converges in the order of sqrt(max(a, b))."""
    return 200 + int(10 * math.sqrt(max(a, b)))
