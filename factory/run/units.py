"""The units of work."""

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
class Task:
    """The unit of work: one problem's chunk of rollouts in one language."""

    problem: Problem
    rollouts: tuple[Rollout, ...]
    language: str
    sources: tuple[Survivor, ...] = ()
    """Of translations: the program they translate, then the other survivors of the problem."""
    inputs: int = 0
    """Of translations: generated inputs on which they are compared with their source, at most."""
    filtered: bool = True
    """Whether the filters that the config names apply; they do not to canaries."""


def verify(session: GradingSession, task: Task) -> list[Verdict]:
    """One verdict a rollout, in order. Runs in one process, which owns the session."""
    target = language(task.language)
    programs = [extract(rollout, task.problem, target) for rollout in task.rollouts]
    chosen = filters.named(session.settings.verify.filters) if task.filtered else ()
    return filters.grade(session, task.problem, programs, task.language, chosen, task.sources, task.inputs)


@dataclass(frozen=True, slots=True)
class Inspection:
    """The unit of the second look: the verdicts on one problem's Python rollouts that it is about."""

    problem: Problem
    verdicts: tuple[Verdict, ...]
    settings: ReviewConfig
    rank: RankConfig
    language: str = "python"


def inspect(session: GradingSession, task: Inspection) -> Review:
    """The second look, in one process, which owns the session."""
    return review_programs(session, task.problem, task.verdicts, task.settings, task.rank)


async def graded(executor: Executor, task: Task, note: Callable[[str], None]) -> list[Verdict]:
    """`verify` by an executor. A chunk that brings workers down is done again one rollout at a time.

    So only the guilty rollout is not graded, and has `infrastructure_error` for a verdict.
    """
    try:
        return await executor.run(verify, task)
    except InfrastructureError as error:
        note(f"one by one after a lost worker: {error}")
    verdicts: list[Verdict] = []
    total = len(task.problem.cases) + bool(task.problem.test_code)
    for rollout in task.rollouts:
        try:
            verdicts += await executor.run(verify, replace(task, rollouts=(rollout,)))
        except InfrastructureError as error:
            status = Status.INFRASTRUCTURE_ERROR
            verdicts.append(
                Verdict(task.problem.id, rollout.index, task.language, status, str(error), cases_total=total)
            )
    return verdicts
