"""Plans: how many rollouts each problem gets. One kind a file."""

from __future__ import annotations

from factory.config import FixedPlan, SamplingConfig
from factory.sampling.plans.adaptive import Adaptive
from factory.sampling.plans.base import Decision, Plan, Why, decisions, none_recorded
from factory.sampling.plans.estimates import Seen
from factory.sampling.plans.fixed import Fixed

__all__ = ["Adaptive", "Decision", "Fixed", "Plan", "Seen", "Why", "decisions", "none_recorded", "plan_of"]


def plan_of(sampling: SamplingConfig) -> Plan:
    """The plan that a config names."""
    return Fixed(sampling.n) if isinstance(sampling.plan, FixedPlan) else Adaptive(sampling.plan)
