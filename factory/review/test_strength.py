"""Test strength: how many wrong programs a problem's tests catch, measured with mutants of right ones.

A mutant is a verified program with one small fault (Jia and Harman, "An Analysis and Survey of the Development of
Mutation Testing", 2011); see `factory.languages.python.mutants` for the faults. One that the tests do not catch is
alive if it differs from its origin on another input, and otherwise taken for equivalent, which nothing can decide in
general. Without other inputs, all that are not caught count as alive: the lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain as joined

from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.languages.python.mutants import mutants
from factory.records import LimitOverrides, Problem, Program, Status, Verdict

ORIGINS = 2
"""Programs that are mutated."""
LEAST_CPU_S, TIMES = 0.05, 20.0
"""A mutant's CPU seconds: at least the first, and at least `TIMES` what its origin took. Many are endless loops."""


@dataclass(frozen=True, slots=True)
class MutantCounts:
    """Mutants by what became of them: caught by the tests, missed, or no different from their origin."""

    killed: int = 0
    alive: int = 0
    alike: int = 0


def try_mutants(
    session: GradingSession, problem: Problem, programs: Sequence[Verdict], more: Problem | None, count: int
) -> MutantCounts:
    """What became of at most `count` mutants of the best of `programs`, which are right, under the problem's tests.

    `more` holds cases that were no tests, on which a mutant that lives may differ from its origin.
    Raises InfrastructureError.
    """
    origins = programs[:ORIGINS]
    if not origins:
        return MutantCounts()
    share = -(-count // len(origins))
    made = [mutants(origin.code, problem.entry_point, share) for origin in origins]
    codes = list(dict.fromkeys(joined.from_iterable(_in_turn(made))))[:count]
    needed_s = max(origin.cpu_ms for origin in origins) / 1000
    tight = min(session.limits(problem).cpu_s, max(LEAST_CPU_S, TIMES * needed_s))
    verdicts = verify(session, _limited(problem, tight), [Program(at, code) for at, code in enumerate(codes)], "python")
    ran = [verdict for verdict in verdicts if verdict.status is not Status.INFRASTRUCTURE_ERROR]
    passed = [verdict for verdict in ran if verdict.status is Status.PASSED]
    other = len(passed) if more is None else 0
    if passed and more is not None:
        again = verify(session, _limited(more, tight), [Program(it.index, it.code) for it in passed], "python")
        other = sum(verdict.status not in (Status.PASSED, Status.INFRASTRUCTURE_ERROR) for verdict in again)
    return MutantCounts(len(ran) - len(passed), other, len(passed) - other)


def _in_turn(several: Sequence[Sequence[str]]) -> list[list[str]]:
    """The first of each, the second of each, and so on, as far as there are any."""
    return [[one[at] for one in several if at < len(one)] for at in range(max(map(len, several), default=0))]


def _limited(problem: Problem, cpu_s: float) -> Problem:
    limits = problem.limits.model_dump(exclude_none=True) | {"cpu_s": cpu_s}
    return problem.model_copy(update={"limits": LimitOverrides(**limits)})
