"""How long programs under review may run on generated inputs, on which right ones may take for ever."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from factory.grading.session import GradingSession
from factory.records import Problem, Verdict
from sandbox import Limits

RUNS = 2
"""Runs of one program on the inputs, the second behind the input that ended the first."""
LEAST_CPU_S, TIMES = 0.1, 20.0
"""CPU seconds of a program for all inputs: at least the first, and at least `TIMES` what the cases took the median
program."""


def time_for_inputs(session: GradingSession, problem: Problem, programs: Sequence[Verdict]) -> Limits:
    """The problem's limits with the CPU time that each of `programs`, one at least, has for all inputs together."""
    limits = session.limits(problem)
    median_s = statistics.median(program.cpu_ms for program in programs) / 1000
    return replace(limits, cpu_s=min(limits.cpu_s, max(LEAST_CPU_S, TIMES * median_s)))
