"""Rounds of growing size, until a problem has enough distinct programs or is unlikely to give another one.

Where nothing has passed yet it goes on to `n_max`: the first program of a problem is worth more than one more of
another, and a problem that is solved once in a thousand times is solved. Promises: where a round ends depends on
`first` and `growth` alone, so that a run whose `stop` or `n_max` is extended decides as one that began with these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from factory.config import AdaptivePlan
from factory.records import Verdict
from factory.sampling.plans.base import Decision, Why
from factory.sampling.plans.estimates import Seen


@dataclass(frozen=True, slots=True)
class Adaptive:
    """The plan of `config`, and what names the run's budget, where there is one."""

    config: AdaptivePlan
    budget: str = ""

    @property
    def most(self) -> int:
        return self.config.n_max

    @property
    def name(self) -> str:
        stop = self.config.stop
        return f"{self.most}-{stop.survivors}-{stop.least_yield!r}" + (f"-{self.budget}" if self.budget else "")

    def first(self) -> int:
        return min(self.config.first, self.most)

    def decide(self, at: int, verdicts: Sequence[Verdict], earlier: Sequence[Verdict] = ()) -> Decision:
        seen = Seen.of(verdicts, earlier)
        why = self._why(at, seen)
        further = math.ceil(round(at * self.config.growth, 6)) if why is Why.GOES_ON else 0
        return Decision(at, max(at, min(at + further, self.most)), why, seen)

    def _why(self, at: int, seen: Seen) -> Why:
        stop = self.config.stop
        if seen.distinct >= stop.survivors:
            return Why.ENOUGH
        if seen.distinct and seen.new_at_most < stop.least_yield:
            return Why.LOW_YIELD
        return Why.N_MAX if at >= self.most else Why.GOES_ON
