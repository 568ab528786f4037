"""The charts of the page, as Vega-Lite drawings."""

from factory.report.charts.problems import by_difficulty, by_problem, marginal, pass_at
from factory.report.charts.rollouts import TIERS, funnel, spent, verdicts
from factory.report.charts.translations import speed_up, translated

__all__ = [
    "TIERS",
    "by_difficulty",
    "by_problem",
    "funnel",
    "marginal",
    "pass_at",
    "speed_up",
    "spent",
    "translated",
    "verdicts",
]
