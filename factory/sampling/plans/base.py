"""What every plan is: it says, from the verdicts on a problem's first rollouts, how many the problem shall have.

Promises: a decision is a function of the config and of these verdicts, so that the same rollouts give the same
decisions, whenever and wherever they were sampled. A problem never gets fewer than an earlier decision said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from factory.records import Verdict
from factory.sampling.plans.estimates import Seen


class Why(StrEnum):
    """Why a problem gets no more rollouts; `GOES_ON` where it gets more."""

    GOES_ON = "goes on"
    ENOUGH = "enough survivors"
    LOW_YIELD = "low yield"
    N_MAX = "n_max"
    RECORDED = "no more recorded"
    BUDGET = "budget spent"


@dataclass(frozen=True, slots=True)
class Decision:
    """How many rollouts a problem shall have: `until`, decided from those of the indices below `at`."""

    at: int
    until: int
    why: Why
    seen: Seen

    def as_facts(self) -> dict[str, Any]:
        """For the ledger."""
        seen = self.seen
        return {
            "rollouts": self.at,
            "until": self.until,
            "why": str(self.why),
            "graded": seen.graded,
            "passed": seen.passed,
            "distinct": seen.distinct,
            "pass_rate": seen.pass_rate,
            "new_rate": seen.new_rate,
            "new_at_most": seen.new_at_most,
        }


def none_recorded(at: int, verdicts: Sequence[Verdict]) -> Decision:
    """What ends a problem that was to have `at` rollouts, of which only those with `verdicts` are recorded."""
    return Decision(at, at, Why.RECORDED, Seen.of(verdicts))


def budget_spent(decision: Decision) -> Decision:
    """What becomes of a problem that is to go on, by `decision`, when the budget has nothing left for it."""
    return Decision(decision.at, decision.at, Why.BUDGET, decision.seen)


class Plan(Protocol):
    """One kind of plan, with its settings."""

    @property
    def most(self) -> int:
        """Rollouts that no problem gets more of."""

    @property
    def name(self) -> str:
        """What, in the name of a part that is made of all rollouts of a problem, says how many these may be."""

    def first(self) -> int:
        """Rollouts that every problem gets."""

    def decide(self, at: int, verdicts: Sequence[Verdict], earlier: Sequence[Verdict] = ()) -> Decision:
        """What follows from the `verdicts` on the first `at` rollouts, beside those on `earlier` generators' ones."""


def decisions(plan: Plan, verdicts: Sequence[Verdict]) -> Iterator[Decision]:
    """The decisions of `plan` on a problem, one after the other, as far as all of `verdicts` are of its rollouts.

    `verdicts` are in the order of indices. The last one ends the problem, or asks for more than there is.
    """
    at = plan.first()
    while True:
        decision = plan.decide(at, [verdict for verdict in verdicts if verdict.index < at])
        yield decision
        if decision.until <= at or not any(verdict.index >= at for verdict in verdicts):
            return
        at = decision.until
