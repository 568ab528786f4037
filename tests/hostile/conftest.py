"""One chain for all attacks: what an attack left behind would show in those after it.

After every test the same session has to pass an honest program and to refuse a wrong one.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from factory.config import GradingConfig, LimitsConfig, SandboxConfig, VerifyConfig
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Case, LimitOverrides, Problem, Program, Status, Verdict
from sandbox import Sandbox, WallUnavailable
from sandbox.boundary import WALLS

DOUBLE = Problem(
    id="hostile/double",
    prompt="Double a number.",
    entry_point="f",
    cases=tuple(Case(args=[n], expected=2 * n) for n in (3, 10, 4711)),
)
ECHO = Problem(
    id="hostile/echo",
    prompt="Print the double of each number read.",
    cases=(Case(stdin="21\n4\n", stdout="42\n8\n"), Case(stdin="5\n6\n", stdout="10\n12\n")),
)
CHECK = """
def check(candidate):
    assert candidate(3) == 6
    assert all(map(lambda n: candidate(n) == 2 * n, [10, 4711]))
"""
TESTED = Problem(id="hostile/tested", prompt="Double a number.", entry_point="f", test_code=CHECK)
LIMITS = LimitsConfig(cpu_s=1, wall_s=30, memory_mb=256)
IDLE = LimitOverrides(wall_s=1.5)
"""For programs that sleep: they are to meet the clock, and soon."""

HONEST = "def f(n):\n    return 2 * n\n"
WRONG = "def f(n):\n    return n + 3\n"


@pytest.fixture(scope="session", params=sorted(WALLS))
def backend(request: pytest.FixtureRequest) -> str:
    try:
        Sandbox(request.param).__enter__().close()
    except WallUnavailable as error:
        pytest.skip(f"{request.param}: {error}")
    return str(request.param)


@pytest.fixture(scope="session")
def shared_session(backend: str) -> Iterator[GradingSession]:
    walled = SandboxConfig(backend=backend)
    with GradingSession(GradingConfig(limits=LIMITS, sandbox=walled, verify=VerifyConfig(dedup=False))) as session:
        yield session


@pytest.fixture
def session(shared_session: GradingSession) -> Iterator[GradingSession]:
    """The session, held to be unharmed after the test."""
    yield shared_session
    honest, wrong = verify(shared_session, DOUBLE, [Program(0, HONEST), Program(1, WRONG)], "python")
    assert (honest.status, honest.cases_passed) == (Status.PASSED, 3), honest
    assert (wrong.status, wrong.cases_passed) == (Status.WRONG_ANSWER, 1), wrong


@pytest.fixture
def verdict(session: GradingSession) -> Callable[..., Verdict]:
    """The verdict of one program (indentation is taken off) on a problem."""

    def verdict(code: str, problem: Problem) -> Verdict:
        (verdict,) = verify(session, problem, [Program(0, textwrap.dedent(code))], "python")
        return verdict

    return verdict


@pytest.fixture
def attack(verdict: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """`attack(code, status)`: a program for `f(n) == 2 * n` that does not earn its pass, and what it gets."""

    def attack(code: str, status: str, problem: Problem = DOUBLE, idle: bool = False) -> Verdict:
        got = verdict(code, problem.model_copy(update={"limits": IDLE}) if idle else problem)
        assert got.status is not Status.PASSED, got
        assert got.status == status, got
        return got

    return attack


@pytest.fixture
def attack_stdin(attack: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """The same for a program that reads numbers and prints their doubles."""
    return lambda code, status, **how: attack(code, status, problem=ECHO, **how)


@pytest.fixture
def attack_tests(attack: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """The same for a function that test code decides on."""
    return lambda code, status, **how: attack(code, status, problem=TESTED, **how)


@pytest.fixture
def passes(verdict: Callable[..., Verdict]) -> Callable[..., None]:
    """`passes(code, cases)`: an honest program that must pass; cases are (arguments, expected), or (stdin, stdout)."""

    def passes(code: str, *cases: tuple[Any, Any], **settings: Any) -> None:
        stream = bool(cases) and isinstance(cases[0][0], str)
        problem = Problem(
            id="honest",
            prompt="",
            entry_point=None if stream else "f",
            cases=tuple(
                Case(stdin=given, stdout=wanted) if stream else Case(args=given, expected=wanted)
                for given, wanted in cases
            ),
            **settings,
        )
        got = verdict(code, problem)
        assert got.status is Status.PASSED, got

    return passes


@pytest.fixture
def reveals(verdict: Callable[..., Verdict]) -> Callable[[str], str]:
    """What `probe()` of a program returns, behind the wall, as text: for asking what can be done in there."""

    def reveals(code: str) -> str:
        problem = Problem(id="probe", prompt="", entry_point="probe", cases=(Case(args=[], expected="?" * 4000),))
        got = verdict(code, problem)
        assert got.status is Status.WRONG_ANSWER, got
        return got.detail.removeprefix("case 0: answered ").partition(", expected ")[0].strip("'")

    return reveals
