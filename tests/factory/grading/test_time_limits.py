"""limits.cpu_s: auto — what right programs needed decides how long others may run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import pytest

from factory.config import UNKNOWN_S, GradingConfig, LimitsConfig, SandboxConfig, VerifyConfig, parse_section
from factory.errors import ConfigError
from factory.grading import time_limits
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import LimitOverrides, Problem, Program, Status
from sandbox import Breach, ExecutionResult, Limits, PythonCalls, PythonStreams, Sandbox, Usage

NEEDS = "# needs {} s\nprint(input()) if __name__ == '__main__' else None\ndef f(n):\n    return n\n"
"""A program that `Pretending` takes to use that much CPU time."""
ENDLESS = NEEDS.format("inf")


class Pretending(Sandbox):
    """Runs every program, at once, and says that it used what it NEEDS: no test burns the CPU time that it is about."""

    given: ClassVar[list[tuple[str, float]]] = []
    """What each run was of, and the CPU seconds that it was given, in order."""

    def run_calls(self, job: PythonCalls) -> ExecutionResult:
        return self._pretended(job.source, job.limits, super().run_calls(job))

    def run_streams(self, job: PythonStreams) -> tuple[ExecutionResult, ...]:
        reports = super().run_streams(job)
        pretended = [self._pretended(job.source, job.limits, report, report.output) for report in reports]
        ends = [at for at, report in enumerate(pretended) if report.breach]
        return tuple(pretended[: ends[0] + 1] if ends else pretended)

    def _pretended(self, source: str, limits: Limits, report: ExecutionResult, scale: bytes = b"1") -> ExecutionResult:
        needs = float(source.split()[2]) * float(scale)
        self.given.append((source, limits.cpu_s))
        if needs > limits.cpu_s:
            return ExecutionResult(None, 9, Breach.CPU, b"", b"", Usage(1000 * limits.cpu_s, report.usage.wall_ms))
        return replace(report, usage=replace(report.usage, cpu_ms=1000 * needs))


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[GradingSession]:
    monkeypatch.setattr("factory.grading.session.Sandbox", Pretending)
    monkeypatch.setattr(Pretending, "given", [])
    walled, alone = SandboxConfig(backend="bubblewrap"), VerifyConfig(dedup=False)
    with GradingSession(GradingConfig(limits=LimitsConfig(cpu_s="auto"), sandbox=walled, verify=alone)) as session:
        yield session


def problem(**fields) -> Problem:
    return Problem.model_validate(
        {"id": f"p/{fields}", "prompt": "", "entry_point": "f", "cases": [{"args": [1], "expected": 1}]} | fields
    )


def statuses(session: GradingSession, problem: Problem, *sources: str) -> list[Status]:
    return [one.status for one in verify(session, problem, [Program(*it) for it in enumerate(sources)], "python")]


def given(source: str) -> list[float]:
    """The CPU seconds that the runs of a program were given, in order."""
    return [seconds for ran, seconds in Pretending.given if ran == source]


def test_the_limit_is_ten_times_the_median_within_bounds() -> None:
    assert time_limits.limit_from_times([0.2, 0.3, 5]) == 3
    assert time_limits.limit_from_times([0.001]) == time_limits.FIRST_LIMIT_S
    assert time_limits.limit_from_times([30]) == time_limits.MAX_S
    assert time_limits.limit_from_times([]) == UNKNOWN_S


def test_a_program_that_never_ends_really_costs_little_where_others_are_quick() -> None:
    """The one live test: no pretending."""
    walled = SandboxConfig(backend="bubblewrap")
    quick, endless = "def f(n):\n    return n\n", "def f(n):\n    while True:\n        pass\n"
    with GradingSession(GradingConfig(limits=LimitsConfig(cpu_s="auto"), sandbox=walled)) as session:
        passed, ended = verify(session, problem(), [Program(0, quick), Program(1, endless)], "python")
    assert (passed.status, ended.status) == (Status.PASSED, Status.TIMEOUT)
    assert 1000 * time_limits.FIRST_LIMIT_S <= ended.cpu_ms < 1000 * UNKNOWN_S


def test_what_never_ends_is_given_the_least_where_others_are_quick(session: GradingSession) -> None:
    assert statuses(session, problem(), NEEDS.format(0.01), ENDLESS) == [Status.PASSED, Status.TIMEOUT]
    assert given(ENDLESS) == [time_limits.FIRST_LIMIT_S]


def test_slow_but_right_is_run_again_with_what_the_others_needed(session: GradingSession) -> None:
    quick, slow = NEEDS.format(0.3), NEEDS.format(1.4)
    assert statuses(session, problem(), quick, slow, ENDLESS) == [Status.PASSED, Status.PASSED, Status.TIMEOUT]
    assert given(quick) == [time_limits.FIRST_LIMIT_S]
    assert given(slow) == given(ENDLESS) == [time_limits.FIRST_LIMIT_S, pytest.approx(3)]  # ten times 0.3


def test_where_nobody_passes_at_first_all_get_more(session: GradingSession) -> None:
    slow = NEEDS.format(1.3)
    assert statuses(session, problem(), slow) == [Status.PASSED]
    assert given(slow) == [time_limits.FIRST_LIMIT_S, UNKNOWN_S]


def test_a_reference_decides_before_anything_runs(session: GradingSession) -> None:
    slow = NEEDS.format(1.5)
    found = statuses(session, problem(reference=NEEDS.format(0.2)), slow, ENDLESS)
    assert found == [Status.PASSED, Status.TIMEOUT]
    assert given(slow) == given(ENDLESS) == [pytest.approx(2)]


def test_a_reference_that_fails_decides_nothing(session: GradingSession) -> None:
    broken = problem(reference=NEEDS.format(0.1) + "f = None\n")
    assert statuses(session, broken, NEEDS.format(1.3)) == [Status.PASSED]


def test_a_problem_may_say_itself(session: GradingSession) -> None:
    assert statuses(session, problem(limits=LimitOverrides(cpu_s=0.2)), ENDLESS) == [Status.TIMEOUT]
    assert given(ENDLESS) == [0.2]


def test_a_sleeper_is_not_run_twice(session: GradingSession) -> None:
    sleeper = NEEDS.format(0) + "import time\ntime.sleep(60)\n"
    assert statuses(session, problem(limits=LimitOverrides(wall_s=0.5)), sleeper) == [Status.TIMEOUT]
    assert len(given(sleeper)) == 1


def test_stdin_programs_are_measured_by_their_slowest_input(session: GradingSession) -> None:
    cases = [{"stdin": f"{seconds}\n", "stdout": f"{seconds}\n"} for seconds in (0.0, 0.0, 0.3)]
    streams = Problem.model_validate({"id": "s", "prompt": "", "cases": cases})
    quick, slow = NEEDS.format(1), NEEDS.format(5)
    assert statuses(session, streams, quick, slow) == [Status.PASSED, Status.PASSED]
    assert sorted(set(given(slow))) == [time_limits.FIRST_LIMIT_S, pytest.approx(3)]


def test_anything_else_is_refused_in_words():
    with pytest.raises(ConfigError) as refused:
        parse_section(GradingConfig, ("limits.cpu_s=soon",))
    assert str(refused.value).startswith('--set limits.cpu_s=soon: limits.cpu_s: "soon" is not allowed:')
    assert "'auto'" in str(refused.value)
