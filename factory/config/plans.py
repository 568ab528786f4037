"""How many rollouts each problem gets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from factory.config.base import Section
from factory.config.marks import Resume


class FixedPlan(Section):
    """As many rollouts for every problem: `sampling.n`."""

    kind: Literal["fixed"] = "fixed"


class StopConfig(Section):
    """When a problem has had enough rollouts."""

    survivors: Annotated[int, Resume.EXTENDS] = Field(8, ge=1)
    """Distinct programs that pass, after which a problem is done. The review comes later and may reject some of them,
    so that this is best a little more than `rank.keep`."""
    least_yield: Annotated[float, Resume.SHRINKS] = Field(0.01, ge=0, lt=1)
    """A problem that has a program that passes is done when, with 95 % certainty, fewer than this share of further
    rollouts would pass with a program that is not there yet. 0 never ends a problem for that."""


class AdaptivePlan(Section):
    """Rounds of rollouts, each larger than the one before, until a problem has what it can be expected to give."""

    kind: Literal["adaptive"] = "adaptive"
    n_max: Annotated[int, Resume.EXTENDS] = Field(1024, ge=1)
    """Most rollouts of a problem."""
    first: int = Field(8, ge=1)
    """Rollouts of the first round."""
    growth: float = Field(0.5, gt=0, le=10)
    """Rollouts of a further round, as a share of those that the problem has had; rounded up."""
    stop: StopConfig = StopConfig()
    """When a problem has had enough rollouts."""


class BudgetConfig(Section):
    """What a whole run may spend on rollouts; needs an adaptive plan."""

    tokens: Annotated[int, Resume.EXTENDS] = Field(ge=1)
    """Tokens of answers. Every problem gets its first round; the others go to the problems that are expected to give
    most new programs for them, until the budget is spent. Tokens of prompts, and translations, are not counted."""


PlanConfig = Annotated[FixedPlan | AdaptivePlan, Field(discriminator="kind")]
