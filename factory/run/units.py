"""The units of work: what one worker process does at a time, and how a unit that brings workers down ends.

Promises: a unit is a function of its fields. `graded` gives one verdict a rollout whatever happens to the workers;
only the rollout that brings them down has `infrastructure_error`. Everything that grades rollouts goes through here:
runs, `factory verify`, audits and canaries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from factory import filters
from factory.config import RankConfig, ReviewConfig
from factory.errors import InfrastructureError
from factory.executors.base import Executor
from factory.grading.extract import extract
from factory.grading.session import GradingSession
from factory.languages import language
from factory.records import Problem, Review, Rollout, Status, Survivor, Verdict
from factory.review.review import review_programs


@dataclass(frozen=True, slots=True)
class GradeUnit:
    """One problem's chunk of rollouts in one language."""

    problem: Problem
    rollouts: tuple[Rollout, ...]
    language: str
    source: Survivor | None = None
    """Of translations: the program they translate."""
    inputs: int = 0
    """Of translations: generated inputs on which they are compared with their source, at most."""
    filtered: bool = True
    """Whether the filters that the config names apply; they do not to canaries."""


@dataclass(frozen=True, slots=True)
class ReviewUnit:
    """The verdicts on one problem's Python rollouts that a review needs."""

    problem: Problem
    verdicts: tuple[Verdict, ...]
    settings: ReviewConfig
    rank: RankConfig
    language: str = "python"


Unit = GradeUnit | ReviewUnit
_FAILURES = (InfrastructureError, RecursionError, MemoryError)
"""What may keep us from a verdict. The last two come from a text that is too much for this process, unforeseen."""


def grade(session: GradingSession, unit: GradeUnit) -> list[Verdict]:
    """One verdict a rollout, in order. Raises InfrastructureError."""
    target = language(unit.language)
    programs = [extract(rollout, unit.problem, target) for rollout in unit.rollouts]
    chosen = filters.named(session.settings.verify.filters) if unit.filtered else ()
    return filters.grade(session, unit.problem, programs, unit.language, chosen, unit.source, unit.inputs)


def review(session: GradingSession, unit: ReviewUnit) -> Review:
    """The review of one problem's passing programs. Raises InfrastructureError."""
    return review_programs(session, unit.problem, unit.verdicts, unit.settings, unit.rank)


async def graded(executor: Executor, unit: GradeUnit, note: Callable[[str], None]) -> tuple[list[Verdict], bool]:
    """`grade` by an executor, and whether we failed in it: the unit is then done again, one rollout at a time."""
    try:
        return await executor.run(grade, unit), False
    except _FAILURES as error:
        note(f"one by one after a failure of ours: {error or type(error).__name__}")
    verdicts: list[Verdict] = []
    total = len(unit.problem.cases) + bool(unit.problem.test_code)
    for rollout in unit.rollouts:
        try:
            verdicts += await executor.run(grade, replace(unit, rollouts=(rollout,)))
        except _FAILURES as error:
            status, detail = Status.INFRASTRUCTURE_ERROR, str(error) or type(error).__name__
            verdicts.append(Verdict(unit.problem.id, rollout.index, unit.language, status, detail, cases_total=total))
    return verdicts, True
