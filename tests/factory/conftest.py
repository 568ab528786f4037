"""One warm filter chain for all tests, and short ways to problems and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from factory.config import ChainConfig
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Case, Problem, Program, Verdict
from factory.records.values import encode

MakeProblem = Callable[..., Problem]
Grade = Callable[..., list[Verdict]]
LETTERS = {"$": "set", "v": ["y", "x"]}


@pytest.fixture(scope="session")
def make_problem() -> MakeProblem:
    """`make_problem(((1, 2), 3), …, kind="exact", **fields)`: cases are (args, expected), or (stdin, stdout) texts."""

    def make(*cases: tuple[Any, Any], kind: str = "equal", **fields: Any) -> Problem:
        stream = any(isinstance(given, str) for given, _ in cases)
        rows = [
            {"stdin": given, "stdout": expected}
            if stream
            else {"args": [encode(arg) for arg in given], "expected": encode(expected)}
            for given, expected in cases
        ]
        defaults = {
            "id": "t/0",
            "prompt": "Do it.",
            "entry_point": None if stream else "f",
            "cases": rows,
            "comparison": {"kind": kind},
        }
        return Problem.model_validate(defaults | fields)

    return make


@pytest.fixture(scope="session")
def session() -> Iterator[GradingSession]:
    with GradingSession(
        ChainConfig.model_validate({"limits": {"cpu_s": 0.5, "wall_s": 30, "memory_mb": 256}})
    ) as session:
        yield session


@pytest.fixture(scope="session")
def grade(session: GradingSession) -> Grade:
    """`grade(problem, source, …)`: one Python verdict a source."""

    def verdicts(problem: Problem, *sources: str | None) -> list[Verdict]:
        return verify(session, problem, [Program(index, source) for index, source in enumerate(sources)], "python")

    return verdicts


@pytest.fixture
def problem() -> Problem:
    return Problem(
        id="set/1",
        prompt="Add two numbers.",
        entry_point="add_up",
        starter_code="def add_up(a: int, b: int) -> int:\n",
        cases=(
            Case(args=[1, 2], expected=3, public=True),
            Case(args=[70007, 80008], expected=150015),
            Case(args=[{"$": "tuple", "v": [1]}], kwargs={"b": LETTERS}, expected=None, public=True),
        ),
    )


@pytest.fixture
def stdin_problem() -> Problem:
    cases = (Case(stdin="1 2\n", stdout="3\n", public=True), Case(stdin="70007 80008\n", stdout="150015\n"))
    return Problem(id="set/2", prompt="Read numbers, print their sum.", cases=cases)
