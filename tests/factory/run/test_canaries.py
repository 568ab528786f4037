"""Canaries: each has the verdict it must have, and one that has not stops the work."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

import factory.run.canaries as canaries
from factory.config import GradingConfig, SandboxConfig
from factory.errors import CanaryError
from factory.grading.session import GradingSession
from factory.languages import LANGUAGES
from factory.records import Rollout, Status
from factory.run.canaries import PROBLEMS, Canaries, as_rollout, by_kind
from factory.run.units import GradeUnit, grade
from sandbox import WallUnavailable

TASK = GradeUnit(PROBLEMS["calls"], (Rollout(problem_id="canary/calls", index=0, text="", mode="code"),), "python")


class Recorder:
    """Runs units here; keeps what it was given. `spoil` changes verdicts on the way."""

    workers = 1

    def __init__(self, session: GradingSession, spoil: Any = None) -> None:
        self.session, self.spoil = session, spoil or (lambda verdict: verdict)
        self.given: list[Any] = []

    async def run(self, work: Any, task: Any) -> Any:
        self.given.append(task)
        return [self.spoil(verdict) for verdict in work(self.session, task)]


@pytest.fixture(scope="module")
def session():
    with GradingSession(GradingConfig(sandbox=SandboxConfig(backend="bubblewrap"))) as session:
        yield session


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_each_has_the_verdict_it_must_have(session, name):
    try:
        LANGUAGES[name].mounts()
    except WallUnavailable as error:
        pytest.skip(str(error))
    good = bad = 0
    for kind, programs in by_kind(name):
        task = GradeUnit(PROBLEMS[kind], tuple(as_rollout(c, kind, at, name) for at, c in enumerate(programs)), name)
        for canary, verdict in zip(programs, grade(session, task), strict=True):
            assert (verdict.status is Status.PASSED) is canary.good, (canary.name, verdict)
            assert canary.good or verdict.status is not Status.NO_CODE
            good, bad = good + canary.good, bad + (not canary.good)
    assert good >= 3
    assert bad >= 6


def work(executor: Any, units: int) -> None:
    async def run() -> None:
        async with executor:
            await asyncio.gather(*(executor.run(grade, TASK) for _ in range(units)))

    asyncio.run(run())


def test_rounds_come_first_now_and_then_and_last(session, monkeypatch):
    monkeypatch.setattr(canaries, "EVERY", 2)
    inner, rounds = Recorder(session), []
    work(Canaries(inner, lambda event, **facts: rounds.append((event, facts))), 5)
    kinds = len(list(by_kind("python")))
    known = sum(len(programs) for _, programs in by_kind("python"))
    assert rounds == [("canaries", {"language": "python", "as_expected": known})] * 4  # first, after 2, after 4, last
    assert [task.problem.id for task in inner.given[:kinds]] == [PROBLEMS[kind].id for kind, _ in by_kind("python")]
    assert inner.given[-1] is not TASK
    assert inner.given.count(TASK) == 5


@pytest.mark.parametrize("status", [Status.PASSED, Status.WRONG_ANSWER])
def test_a_wrong_verdict_stops_the_work_before_it_begins(session, status):
    inner = Recorder(session, lambda verdict: replace(verdict, status=status))
    with pytest.raises(CanaryError, match=r"canary of python, calls, .*delete the verdicts"):
        work(Canaries(inner), 3)
    assert TASK not in inner.given


def test_what_goes_wrong_on_the_way_is_noticed_at_the_end(session):
    inner = Recorder(session)
    inner.spoil = lambda verdict: replace(verdict, status=Status.PASSED) if TASK in inner.given else verdict
    with pytest.raises(CanaryError, match="a wrong program has passed"):
        work(Canaries(inner), 1)


def test_canary_error_ends_a_command_with_exit_1():
    assert CanaryError("").exit_code == 1
