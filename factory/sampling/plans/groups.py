"""Generators that share a plan, and the problems that they are asked for.

A run's groups are asked one after the other: first those that are asked for every problem, then those to which a
problem climbs. Promises: whether a problem climbs, and who of a group makes which of its rollouts, follows from the
config and the verdicts on the rollouts of the groups before, whenever these came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from factory.config import AdaptivePlan, Config, FixedPlan, Generator, SamplingConfig
from factory.records import PER_GENERATOR, Verdict, sha256
from factory.sampling.plans.adaptive import Adaptive
from factory.sampling.plans.base import Plan
from factory.sampling.plans.estimates import Seen
from factory.sampling.plans.fixed import Fixed


def plan_of(sampling: SamplingConfig) -> Plan:
    """The plan that a config names."""
    if isinstance(sampling.plan, FixedPlan):
        return Fixed(sampling.n)
    return Adaptive(sampling.plan, sampling.budget.name if sampling.budget else "")


@dataclass(frozen=True, slots=True)
class Group:
    """Generators that share the rollouts of one plan by their weights."""

    generators: tuple[Generator, ...]
    plan: Plan
    few: int
    """Distinct programs that pass, under which a problem has too few."""
    alone: bool
    """Whether the run has no other generator: its rollouts may then be any number."""

    @property
    def name(self) -> str:
        """What the ledger calls it; the one of a run that has no other needs no name."""
        return "" if self.alone else ", ".join(it.name for it in self.generators)

    @property
    def settings(self) -> SamplingConfig:
        """What its plan is of."""
        return self.generators[0].sampling

    def is_asked(self, verdicts: Iterable[Verdict]) -> bool:
        """Whether it is asked for a problem of which earlier groups gave the programs of `verdicts`."""
        when = self.generators[0].when
        return when == "always" or Seen.of(verdicts).distinct < (1 if when == "unsolved" else self.few)

    def shares(self, total: int) -> tuple[int, ...]:
        """How many of the first `total` rollouts each of its generators makes."""
        return _shares(tuple(it.weight for it in self.generators), total)

    def covers(self, index: int, total: int) -> bool:
        """Whether the rollout with that index is among the first `total`."""
        if self.alone:
            return index < total
        shares = zip(self.generators, self.shares(total), strict=True)
        return any(it.first <= index < it.first + share for it, share in shares)

    def has(self, index: int) -> bool:
        """Whether the rollout with that index is made by one of its generators."""
        return self.alone or any(it.place == index // PER_GENERATOR for it in self.generators)


@lru_cache(maxsize=4096)
def _shares(weights: tuple[float, ...], total: int) -> tuple[int, ...]:
    """Each rollout goes to the one that is farthest behind its part, so that a larger total takes none from anyone."""
    if len(weights) == 1:
        return (total,)
    parts = [Fraction(weight).limit_denominator(10**6) for weight in weights]
    whole, made = sum(parts), [0] * len(parts)
    for number in range(1, total + 1):
        behind = [part * number / whole - has for part, has in zip(parts, made, strict=True)]
        made[behind.index(max(behind))] += 1
    return tuple(made)


def groups_of(config: Config) -> tuple[Group, ...]:
    """The groups of a run, in the order in which they are asked."""
    asked = config.asked
    together = [it for it in asked if it.tier == 1 and it.shares]
    others = [it for it in asked if it.tier and it not in together]
    several = [together] if together else []
    several += [[it] for it in sorted(others, key=lambda it: (it.tier, it.place))]
    return tuple(_group(config, group) for group in several)


def _group(config: Config, generators: Sequence[Generator]) -> Group:
    sampling = generators[0].sampling
    few = sampling.plan.stop.survivors if isinstance(sampling.plan, AdaptivePlan) else config.rank.keep
    return Group(tuple(generators), plan_of(sampling), few, len(config.asked) == 1)


def plan_name(config: Config) -> str:
    """What, in the name of a part that is made of all rollouts of a problem, says how many these may be."""
    first, *others = groups_of(config)
    if not others and len(first.generators) == 1:
        return first.plan.name
    said = [
        [[it.name, it.when, it.weight] for it in group.generators] + [group.plan.name] for group in (first, *others)
    ]
    return f"{first.plan.name}-{sha256(json.dumps(said))[:8]}"
