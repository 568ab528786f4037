"""Chunks of programs dealt out to several workers: the verdicts are those of the whole chunk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from factory.config import GradingConfig
from factory.errors import InfrastructureError
from factory.grading.session import GradingSession
from factory.records import Problem, Rollout, Status, Verdict
from factory.run.canaries import EVERY, Canaries
from factory.run.units import SHARE, GradeUnit, grade, graded, shares

MakeProblem = Callable[..., Problem]
BODIES = ("return n + 1", "return n", "raise ValueError(n)", "return n +", "return 1 + n")


@pytest.fixture(scope="module")
def session() -> Iterator[GradingSession]:
    with GradingSession(settings()) as session:
        yield session


def settings(**more: Any) -> GradingConfig:
    return GradingConfig.model_validate({"sandbox": {"backend": "bubblewrap"}} | more)


class Workers:
    """Two workers, which are this process; keeps what it was given. Fails on units with `bad` in a text."""

    workers = 2

    def __init__(self, session: Any) -> None:
        self.session = session
        self.given: list[GradeUnit] = []

    async def run(self, work: Any, unit: Any) -> Any:
        self.given.append(unit)
        if any("bad" in rollout.text for rollout in unit.rollouts):
            raise InfrastructureError("lost")
        return work(self.session, unit)


def chunk(problem: Problem, count: int = 3 * SHARE) -> GradeUnit:
    """Programs that pass, fail and do not parse; texts come again, and programs in other texts."""

    def text(index: int) -> str:
        code = f"def f(n: int) -> List[int]:\n    {BODIES[index % len(BODIES)]}\n"
        return f"{'Sure. ' * (index // 7 % 4)}Here:\n\n```python\n{code}```\n"

    rollouts = (
        Rollout(problem_id=problem.id, index=2 * index, text=text(index), mode="chat") for index in range(count)
    )
    return GradeUnit(problem, tuple(rollouts), "python")


def decided(verdicts: list[Verdict]) -> list[Verdict]:
    """`verdicts` without what is measured."""
    return [replace(verdict, cpu_ms=0.0, wall_ms=0.0, peak_mb=0.0) for verdict in verdicts]


@pytest.mark.parametrize("dedup", [True, False])
def test_the_verdicts_are_those_of_the_whole_chunk(make_problem: MakeProblem, dedup: bool) -> None:
    unit = chunk(make_problem(((1,), 2), ((5,), 6)))
    with GradingSession(settings(verify={"dedup": dedup})) as session:
        workers = Workers(session)
        verdicts, lost = asyncio.run(graded(workers, unit, pytest.fail))
        assert decided(verdicts) == decided(grade(session, unit))
    assert len(workers.given) == 3
    assert not lost
    assert any(verdict.duplicate_of is not None for verdict in verdicts) is dedup
    assert {verdict.status for verdict in verdicts} > {Status.PASSED, Status.SYNTAX_ERROR}


def test_equal_texts_are_in_one_share(make_problem: MakeProblem) -> None:
    dealt = shares(chunk(make_problem(((1,), 2))))
    homes: dict[str, set[int]] = {}
    for number, share in enumerate(dealt):
        for rollout in share.rollouts:
            homes.setdefault(rollout.text, set()).add(number)
    assert len(dealt) == 3
    assert all(len(numbers) == 1 for numbers in homes.values())
    assert sum(len(share.rollouts) for share in dealt) == 3 * SHARE


@pytest.mark.parametrize(
    "more", [{"limits": {"cpu_s": "auto"}}, {"verify": {"filters": ["debug_output"]}}], ids=["measured", "filters"]
)
def test_a_chunk_whose_programs_decide_for_each_other_stays_whole(make_problem: MakeProblem, more: Any) -> None:
    unit = chunk(make_problem(((1,), 2)))
    with GradingSession(settings(**more)) as session:
        workers = Workers(session)
        verdicts, lost = asyncio.run(graded(workers, unit, pytest.fail))
        assert decided(verdicts) == decided(grade(session, unit))
    assert workers.given[-1] is unit
    assert not lost


def test_what_brings_a_worker_down_costs_its_share_alone(make_problem: MakeProblem, session: GradingSession) -> None:
    problem = make_problem(((1,), 2))
    unit = chunk(problem)
    bad = Rollout(problem_id=problem.id, index=1, text="bad", mode="code")
    unit = replace(unit, rollouts=(bad, *unit.rollouts))
    workers = Workers(session)
    notes: list[str] = []
    verdicts, lost = asyncio.run(graded(workers, unit, notes.append))
    assert lost
    assert len(notes) == 1
    assert verdicts[0].status is Status.INFRASTRUCTURE_ERROR
    assert Status.INFRASTRUCTURE_ERROR not in {verdict.status for verdict in verdicts[1:]}
    assert [it.status for it in verdicts[1:]] == [it.status for it in grade(session, chunk(problem))]
    assert len(workers.given) < 2 * SHARE + 3


def test_canaries_count_chunks_and_no_shares(make_problem: MakeProblem, session: GradingSession) -> None:
    rounds: list[str] = []
    unit = replace(chunk(make_problem(((1,), 2)), 1), counted=False)

    async def work() -> None:
        canaries = Canaries(Workers(session), lambda event, **facts: rounds.append(event))
        for _ in range(EVERY + 1):
            await canaries.run(grade, unit)

    asyncio.run(work())
    assert len(rounds) == 1
