"""As many rollouts for every problem, all asked for at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from factory.records import Verdict
from factory.sampling.plans.base import Decision, Why
from factory.sampling.plans.estimates import Seen


@dataclass(frozen=True, slots=True)
class Fixed:
    """`most` rollouts of every problem."""

    most: int

    @property
    def name(self) -> str:
        return str(self.most)

    def first(self) -> int:
        return self.most

    def decide(self, at: int, verdicts: Sequence[Verdict], earlier: Sequence[Verdict] = ()) -> Decision:
        return Decision(at, self.most, Why.N_MAX, Seen.of(verdicts, earlier))
