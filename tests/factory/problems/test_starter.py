"""The problems that come along: each is decided by its own reference, and together they show every kind of value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factory.config import GradingConfig, ProblemsConfig
from factory.records import Problem, Status, Verdict
from factory.records.values import decode
from factory.run.load_problems import load_problems

FILE = Path(__file__).parents[3] / "configs" / "problems" / "starter.jsonl"
PROBLEMS = load_problems(ProblemsConfig(path=FILE, check_reference=False), GradingConfig()).problems


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.id)
def test_the_reference_passes(problem: Problem, grade: Callable[..., list[Verdict]]) -> None:
    (verdict,) = grade(problem, problem.reference)
    assert verdict.status is Status.PASSED, verdict.detail
    assert verdict.cases_passed == verdict.cases_total == len(problem.cases)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.id)
def test_a_program_that_answers_one_thing_does_not_pass(problem: Problem, grade: Callable[..., list[Verdict]]) -> None:
    first = problem.cases[0]
    if problem.entry_point is None:
        source = f"import sys\nsys.stdout.write({first.stdout!r})\n"
    else:
        source = f"def {problem.entry_point}(*args, **kwargs):\n    return {decode(first.expected)!r}\n"
    (verdict,) = grade(problem, source)
    assert verdict.status is Status.WRONG_ANSWER, verdict.detail


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.id)
def test_enough_cases_of_which_two_are_shown(problem: Problem) -> None:
    assert len(problem.cases) >= 10
    assert len(problem.public_cases) == 2
    inputs = [case.stdin if case.stdin is not None else repr((case.args, case.kwargs)) for case in problem.cases]
    assert len(set(inputs)) == len(inputs), "a case stands twice"
    assert problem.meta.license == "Apache-2.0"
    assert problem.prompt.strip()


def test_the_set_holds_every_kind_of_value_and_comparison() -> None:
    kinds = {kind for problem in PROBLEMS for case in problem.cases for kind in kinds_of(decode(values(case)))}
    assert kinds >= {"int", "float", "str", "bool", "NoneType", "list", "tuple", "dict", "set", "bytes"}
    assert {problem.comparison.kind for problem in PROBLEMS} >= {"equal", "exact", "float", "unordered", "tokens"}
    assert {problem.entry_point is None for problem in PROBLEMS} == {True, False}
    assert len(PROBLEMS) == 40


def values(case: Any) -> list[Any]:
    return [] if case.stdin is not None else [case.args, case.kwargs, case.expected]


def kinds_of(value: Any) -> set[str]:
    kinds = {type(value).__name__}
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        kinds = kinds.union(*(kinds_of(item) for item in value))
    return kinds
