"""When a setting is taken: it samples faster than the best before it, and its pass rate holds."""

from __future__ import annotations

from dataclasses import replace

from factory.tuning.trial import Trial

GAIN = 1.05
"""How many times as many tokens a second a setting has to give before it is taken: less may be noise."""


def decided(trial: Trial, best: Trial) -> Trial:
    """`trial` with what becomes of it; `best` is the best before it."""
    if trial.measured is None or best.measured is None:
        return replace(trial, decision=f"cannot run: {trial.fault}")
    times = trial.measured.tokens_per_s / best.measured.tokens_per_s
    change = trial.change()
    if trial.loses() and change is not None:
        points = f"pass@1 {change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f})"
        return replace(trial, decision=f"refused: it loses pass rate beyond chance: {points}")
    if times < GAIN:
        return replace(trial, decision=f"not taken: {times:.2f} times the tokens a second of the best so far")
    return replace(trial, taken=True, decision=f"taken: {times:.2f} times the tokens a second of the best so far")
