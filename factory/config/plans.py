"""How many rollouts each problem gets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

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
    """What a whole run may spend on rollouts, in one of three units; needs an adaptive plan.

    Every problem gets its first round; the others go to the problems that are expected to give most new programs for
    what they take, until the budget is spent. Translations are not counted.
    """

    tokens: Annotated[int | None, Resume.EXTENDS] = Field(None, ge=1)
    """Tokens of answers; those of prompts are not counted."""
    usd: Annotated[float | None, Resume.EXTENDS] = Field(None, gt=0)
    """Dollars for tokens of prompts and answers, by `engine.price`. Each rollout is charged for its whole prompt."""
    gpu_hours: Annotated[float | None, Resume.EXTENDS] = Field(None, gt=0)
    """Hours for which GPUs are held, as the tokens of answers that the first rounds show to fit in them; that rate is
    kept in the ledger. For `engine.kind: vllm`."""

    @property
    def name(self) -> str:
        """What names it among the budgets that a run may have."""
        if self.tokens is not None:
            return f"{self.tokens}"
        return f"{self.usd!r}usd" if self.usd is not None else f"{self.gpu_hours!r}gpuh"

    @model_validator(mode="after")
    def _has_one_unit(self) -> BudgetConfig:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            said = f"{' and '.join(given)} are given" if given else "none is given"
            raise ValueError(f"a budget is in one unit of tokens, usd and gpu_hours; {said}")
        return self


PlanConfig = Annotated[FixedPlan | AdaptivePlan, Field(discriminator="kind")]
