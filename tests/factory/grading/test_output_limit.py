"""The output limit is that of one call: a well-tested problem is not refused for the sum over its cases."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from factory.config import GradingConfig
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Problem, Program, Status
from sandbox import Limits

PYTHON = "def f(n):\n    return 'x' * n\n"
GO = 'package x\nimport "strings"\nfunc F(n int) string { return strings.Repeat("x", n) }\n'
JAVASCRIPT = "function f(n) { return 'x'.repeat(n); }\n"
SETTINGS = GradingConfig.model_validate({"limits": {"output_kb": 64}})


@pytest.mark.parametrize(("name", "source"), [("python", PYTHON), ("go", GO), ("javascript", JAVASCRIPT)])
def test_many_answers_may_be_longer_together(make_problem: Callable[..., Problem], name: str, source: str) -> None:
    problem = make_problem(*(((n,), "x" * n) for n in range(40_000, 40_008)))
    with GradingSession(SETTINGS) as session:
        (verdict,) = verify(session, problem, [Program(0, source)], name)
    assert (verdict.status, verdict.cases_passed) == (Status.PASSED, 8)


def test_one_answer_may_not_nor_may_all_together(make_problem: Callable[..., Problem]) -> None:
    one = make_problem(*(((n,), "x" * n) for n in (1, 70_000, 2)))
    flood = make_problem(*(((n,), "x" * n) for n in range(60_000, 60_040)))
    with GradingSession(SETTINGS) as session:
        (first,) = verify(session, one, [Program(0, PYTHON)], "python")
        (second,) = verify(session, flood, [Program(0, PYTHON)], "python")
    assert (first.status, first.cases_passed, first.detail) == (
        Status.OUTPUT_LIMIT,
        2,
        "case 1: wrote more output than allowed",
    )
    assert second.status is Status.OUTPUT_LIMIT


def test_the_host_holds_a_bounded_number_of_full_answers() -> None:
    limits = Limits(output_kb=100)
    assert [limits.for_calls(n).output_kb for n in (0, 1, 3, 16, 5000)] == [100, 100, 300, 1600, 1600]
