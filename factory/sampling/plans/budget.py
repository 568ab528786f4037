"""Who gets the next rounds of a budget: the problems that are expected to give most for it.

What a round is worth is the number of new programs that it may be expected to give (`Seen.new_in`, and no more than the
problem still lacks) for what it is expected to cost, at what the problem's rollouts have cost until now (`Charge`).
Rounds are given out in waves: those of the better half of the problems that wait, best first, until one would take more
than is left, with which the budget is spent. Promises: a wave is a function of what the rollouts before it came to; a
larger budget gives all rounds that a smaller one gives. Does not promise to keep to the budget exactly: answers may be
longer than expected, and every problem gets its first round.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from factory.config import BudgetConfig, Generator, PriceConfig
from factory.records import Rollout
from factory.sampling.plans.base import Decision

BYTES_A_TOKEN = 4
"""Of an answer whose tokens nobody counted, as recorded ones may be; about that of English and code."""


UNITS_A_DOLLAR = 10**9
"""A budget in dollars is counted in billionths of one, so that sums are whole numbers, and the same in any order."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What rollouts cost, in a budget's units: tokens of answers, or billionths of a dollar."""

    rates: Mapping[str, tuple[int, int]]
    """By generator, for a token of the prompt and for one of the answer."""
    otherwise: tuple[int, int] = (0, 1)

    def of(self, rollout: Rollout) -> int:
        """Of one rollout. A prompt whose tokens nobody counted costs nothing."""
        prompt, completion = self.rates.get(rollout.generator, self.otherwise)
        return prompt * (rollout.prompt_tokens or 0) + completion * tokens_of(rollout)

    def total(self, rollouts: Iterable[Rollout]) -> int:
        return sum(map(self.of, rollouts))


def charge_of(budget: BudgetConfig | None, asked: Sequence[Generator]) -> Charge:
    """What rollouts of the generators `asked`, which have prices where a budget is in dollars, cost in its units."""
    if budget is None or budget.usd is None:
        return Charge({})
    each = UNITS_A_DOLLAR / 10**6
    prices = {it.name: it.engine.price or PriceConfig() for it in asked}
    rates = {name: (round(it.prompt * each), round(it.completion * each)) for name, it in prices.items()}
    return Charge(rates, rates[asked[0].name])


@dataclass(frozen=True, slots=True)
class Ask:
    """A problem that waits for its next round; `order` is its place among the others."""

    order: int
    cost: int
    """Units that the round is expected to take."""
    records: float
    """New programs that it is expected to give."""

    @property
    def worth(self) -> float:
        return round(self.records / self.cost, 12)


def ask(order: int, decision: Decision, cost: int, enough: int) -> Ask:
    """What a problem asks for that goes on by `decision`, has cost so much, and is done with `enough` programs."""
    further, seen = decision.until - decision.at, decision.seen
    each = cost / max(seen.graded, 1)
    return Ask(order, max(math.ceil(further * each), 1), min(seen.new_in(further), max(enough - seen.distinct, 0)))


def next_wave(waiting: Iterable[Ask], left: int) -> tuple[list[Ask], bool]:
    """Who gets a round next, of all that wait, with `left` units; and whether the budget is spent with these."""
    ranked = sorted(waiting, key=lambda it: (-it.worth, it.order))
    wave: list[Ask] = []
    for one in ranked[: -(-len(ranked) // 2)]:
        if one.cost > left:
            return wave, True
        left -= one.cost
        wave.append(one)
    return wave, False


def tokens_of(rollout: Rollout) -> int:
    """Tokens of an answer, guessed from its bytes where they were not counted."""
    if rollout.completion_tokens is None:
        return -(-len(rollout.text.encode("utf-8", "replace")) // BYTES_A_TOKEN)
    return rollout.completion_tokens
