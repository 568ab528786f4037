"""Plans: how many rollouts each problem gets. One kind a file."""

from __future__ import annotations

from factory.sampling.plans.adaptive import Adaptive
from factory.sampling.plans.base import Decision, Plan, Why, budget_spent, decisions, none_recorded
from factory.sampling.plans.budget import UNITS_A_DOLLAR, Ask, Charge, ask, charge_of, next_wave, tokens_of
from factory.sampling.plans.estimates import Seen
from factory.sampling.plans.fixed import Fixed
from factory.sampling.plans.groups import Group, groups_of, plan_name, plan_of

__all__ = [
    "UNITS_A_DOLLAR",
    "Adaptive",
    "Ask",
    "Charge",
    "Decision",
    "Fixed",
    "Group",
    "Plan",
    "Seen",
    "Why",
    "ask",
    "budget_spent",
    "charge_of",
    "decisions",
    "groups_of",
    "next_wave",
    "none_recorded",
    "plan_name",
    "plan_of",
    "tokens_of",
]
