"""Preconditions that a model suggests: run behind the wall on inputs, and believed only as far as they can do no harm.

Promises: one that is believed accepts every case of the problem, and all but a small share of the inputs that are
generated among those of the cases; then it removes the inputs that it does not accept, and does nothing else. One that
gives no answer removes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from factory.grading.session import GradingSession
from factory.inputs.declared import parameters
from factory.inputs.run_on_inputs import plain, run_on_inputs
from factory.records import Case, Problem
from factory.review.agreement import TOLERATED
from factory.review.generated import GeneratedInputs
from factory.review.time_for_inputs import RUNS

_PROGRAM = """\
import collections, math, re, string
{class_}
{margin}def {name}({parameters}):
{margin}    try:
{margin}        return bool({condition})
{margin}    except Exception:
{margin}        return False
"""
CPU_S = 1.0
"""CPU seconds of a precondition on all inputs."""


def without_invalid(
    session: GradingSession,
    problem: Problem,
    conditions: Sequence[str],
    known: Sequence[Case],
    like: Sequence[Case],
    made: GeneratedInputs,
) -> tuple[GeneratedInputs, tuple[str, ...]]:
    """`made` without the inputs that a believed one of `conditions` does not accept, and those that are believed.

    `known` are the problem's own inputs, and `like` those generated among them. Raises InfrastructureError.
    """
    names = parameters(problem)
    inputs = [(reach, case) for reach, cases in made.items() for case in cases]
    if not (conditions and names and inputs):
        return made, ()
    sources = [_program(problem, names, condition) for condition in conditions]
    asked = [*known, *like, *(case for _, case in inputs)]
    limits = session.limits(problem)
    limits = replace(limits, cpu_s=min(limits.cpu_s, CPU_S))
    outputs = run_on_inputs(session, problem, sources, asked, limits, second_worker=True, most_runs=RUNS)
    believed = []
    invalid: set[int] = set()
    for condition, found in zip(conditions, outputs, strict=True):
        answers = [plain(output) for output in found]
        accepts = all(answer is True for answer in answers[: len(known)])
        refused = sum(answer is False for answer in answers[len(known) : -len(inputs)])
        if accepts and refused <= max(TOLERATED * len(like), 1):
            believed.append(condition)
            invalid |= {at for at, answer in enumerate(answers[-len(inputs) :]) if answer is False}
    left = [pair for at, pair in enumerate(inputs) if at not in invalid]
    return {reach: tuple(case for its, case in left if its is reach) for reach in made}, tuple(believed)


def _program(problem: Problem, names: Sequence[str], condition: str) -> str:
    """A program that answers whether `condition` holds of its arguments, for the problem's own calls."""
    owner, _, name = (problem.entry_point or "").rpartition(".")
    given = ", ".join([*(["self"] if owner else []), *(f"{it}=None" for it in names)])
    return _PROGRAM.format(
        class_=f"class {owner}:" if owner else "",
        margin=" " * 4 if owner else "",
        name=name,
        parameters=given,
        condition=condition,
    )
