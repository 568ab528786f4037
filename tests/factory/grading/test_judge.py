"""How a run becomes a verdict: every case answered, every answer right, or the reason why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from factory.grading.judge import Judge, Judgement
from factory.languages.base import Unfit
from factory.languages.python.literals import SHOWN
from factory.records import Case, Failure, Problem, Rejection, Run, Status

CRASH = Rejection(Status.RUNTIME_ERROR, "line 1: ValueError: no")
SLOW = Rejection(Status.TIMEOUT, "used more CPU time than allowed")
HEAVY = Rejection(Status.MEMORY_LIMIT, "used more memory than allowed")


def judged(problem: Problem, *outputs: Any, failure: Rejection | None = None, **hooks: Any) -> Judgement:
    judge = Judge(problem, hooks.get("fit", lambda answer, expected: answer), hooks.get("check", refuse_to_check))
    return judge.judge(Run(tuple(outputs), failure))


def refuse_to_check(case: Case, answer: Any) -> Rejection | None:
    raise AssertionError("only a checker problem is checked")


@pytest.fixture
def three(make_problem: Callable[..., Problem]) -> Problem:
    return make_problem(((1,), 10), ((2,), 20), ((3,), 30))


def test_every_case_right_is_a_pass(three: Problem) -> None:
    assert judged(three, 10, 20, 30) == Judgement(Status.PASSED, "", 3, None)


def failure_of(judgement: Judgement) -> Failure:
    assert judgement.first_failure is not None
    return judgement.first_failure


@pytest.mark.parametrize(
    ("outputs", "passed"), [((), 0), ((10,), 1), ((10, 20), 2), ((99,), 0), ((10, 99), 1)], ids=str
)
def test_a_missing_output_is_never_a_pass(three: Problem, outputs: tuple[int, ...], passed: int) -> None:
    judgement = judged(three, *outputs)
    assert judgement.status is not Status.PASSED
    assert judgement.cases_passed == passed
    assert judgement.first_failure is not None


def test_a_missing_output_is_a_runtime_error_that_says_so(three: Problem) -> None:
    judgement = judged(three, 10, 20)
    assert (judgement.status, judgement.detail) == (Status.RUNTIME_ERROR, "case 2: ended before it had answered")
    assert judgement.first_failure == Failure(2, False, "3", "ended before it had answered", "30")


@pytest.mark.parametrize("outputs", [(), (10,), (10, 20), (11, 20), (10, SLOW)], ids=str)
def test_a_timeout_is_the_same_however_far_the_machine_came(three: Problem, outputs: tuple[Any, ...]) -> None:
    assert judged(three, *outputs, failure=SLOW) == Judgement(Status.TIMEOUT, SLOW.detail, 0, None)


def test_a_failure_of_the_whole_outranks_right_answers(three: Problem) -> None:
    assert judged(three, 10, 20, 30, failure=HEAVY) == Judgement(Status.MEMORY_LIMIT, HEAVY.detail, 3, None)


def test_a_failure_of_the_whole_outranks_a_wrong_answer_before_it(three: Problem) -> None:
    judgement = judged(three, 11, failure=HEAVY)
    assert (judgement.status, judgement.detail, judgement.cases_passed) == (Status.MEMORY_LIMIT, HEAVY.detail, 0)
    assert failure_of(judgement).case == 0


def test_a_failure_before_the_first_answer_names_the_first_case(three: Problem) -> None:
    judgement = judged(three, failure=HEAVY)
    assert failure_of(judgement).got == HEAVY.detail


def test_the_first_failed_case_decides_and_later_ones_still_count(three: Problem) -> None:
    judgement = judged(three, 10, CRASH, 31)
    assert (judgement.status, judgement.detail) == (Status.RUNTIME_ERROR, f"case 1: {CRASH.detail}")
    judgement = judged(three, 11, CRASH, 30)
    assert (judgement.status, judgement.detail) == (Status.WRONG_ANSWER, "case 0: answered 11, expected 10")
    assert judgement.cases_passed == 1


def test_a_failed_case_tells_whether_it_is_public() -> None:
    rows = [{"args": [n], "expected": n, "public": n == 1} for n in (1, 2)]
    problem = Problem.model_validate({"id": "t", "prompt": "", "entry_point": "f", "cases": rows})
    assert failure_of(judged(problem, 0, 2)).public is True
    assert failure_of(judged(problem, 1, 0)).public is False


def test_a_failed_case_shows_input_answer_and_expectation(make_problem: Callable[..., Problem]) -> None:
    problem = make_problem(
        cases=[{"args": ["a", {"$": "tuple", "v": [1]}], "kwargs": {"k": None}, "expected": {"$": "set", "v": [1]}}]
    )
    assert judged(problem, [1]).first_failure == Failure(0, False, "'a', (1,), k=None", "[1]", "{1}")


def test_streams_are_judged_as_texts(make_problem: Callable[..., Problem]) -> None:
    problem = make_problem(("1\n", "2\n"), ("3\n", "4\n"))
    assert judged(problem, "2", "4 \n").status is Status.PASSED
    judgement = judged(problem, "2", "5\n")
    assert judgement.detail == "case 1: answered '5\\n', expected '4\\n'"
    assert failure_of(judgement).input == "'3\\n'"


def test_an_answer_that_cannot_be_is_wrong_and_names_the_type(three: Problem) -> None:
    def fit(answer: Any, expected: Any) -> Any:
        raise Unfit("returned chan int")

    judgement = judged(three, 10, 20, 30, fit=fit)
    assert (judgement.status, judgement.detail) == (Status.WRONG_ANSWER, "case 0: returned chan int")


def test_the_form_of_what_is_expected_reaches_fit(three: Problem) -> None:
    asked = []
    judged(three, 10, 20, 30, fit=lambda answer, expected: asked.append((answer, expected)) or answer)
    assert asked == [(10, 10), (20, 20), (30, 30)]


def test_a_checker_decides_alone(make_problem: Callable[..., Problem]) -> None:
    problem = make_problem(((1,), 10), ((2,), 20), kind="checker")
    assert judged(problem, "x", "y", check=lambda case, answer: None).status is Status.PASSED
    no = Rejection(Status.WRONG_ANSWER, "the checker refused its answer")
    judgement = judged(problem, 10, 20, check=lambda case, answer: no if case.args == [2] else None)
    assert (judgement.status, judgement.detail) == (Status.WRONG_ANSWER, "case 1: the checker refused its answer")


def test_a_value_too_deep_to_compare_is_a_wrong_answer(make_problem: Callable[..., Problem]) -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    problem = make_problem(((1,), []), kind="unordered")
    judgement = judged(problem.model_copy(update={"cases": problem.cases}), deep)
    assert judgement.status is Status.WRONG_ANSWER
    assert "\n" not in judgement.detail


def test_long_values_are_cut_where_they_are_shown(make_problem: Callable[..., Problem]) -> None:
    judgement = judged(make_problem((("x" * 9999,), "y" * 9999)), "z" * 9999)
    assert len(judgement.detail) < 3 * SHOWN
    assert {len(getattr(failure_of(judgement), key)) for key in ("input", "got", "expected")} == {SHOWN}


def test_a_judge_knows_nothing_a_rejection_could_pass_for(three: Problem) -> None:
    passing = Rejection(Status.PASSED, "")
    assert judged(three, 10, 20, 30, failure=passing).cases_passed == 3
    assert judged(three, passing, passing, passing).cases_passed == 0


def test_each_case_is_compared_in_its_own_way(make_problem: Any) -> None:
    near = {"kind": "float", "abs": 0.1}
    asserted = {"kind": "predicate", "predicate": "answer > 5"}
    problem = make_problem(
        cases=[
            {"args": [1], "expected": 1.0},
            {"args": [2], "expected": 1.0, "comparison": near},
            {"args": [3], "expected": None, "comparison": asserted},
        ]
    )
    assert judged(problem, 1.0, 1.05, 6).status is Status.PASSED
    assert judged(problem, 1.05, 1.0, 6).detail == "case 0: answered 1.05, expected 1.0"
    wrong = judged(problem, 1.0, 1.05, 5)
    assert wrong.detail == "case 2: answered 5, expected answer > 5"
    assert failure_of(wrong).expected == "answer > 5"
    assert [json.loads(problem.model_dump_json())["cases"][n]["comparison"] is None for n in range(3)] == [
        True,
        False,
        False,
    ]
    assert [case.as_json().get("comparison") for case in problem.cases] == [None, near, asserted]
