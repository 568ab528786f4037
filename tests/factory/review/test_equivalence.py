"""When two answers are one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from factory.grading.judge import Judge
from factory.records import Case, Comparison, Problem, Run, Status
from factory.records.values import encode
from factory.review.equivalence import equivalence


def problem(*comparisons: Comparison, **fields: object) -> Problem:
    cases = tuple(Case(args=[1], expected=None, comparison=it) for it in comparisons)
    return Problem.model_validate({"id": "t/0", "prompt": "", "entry_point": "f", "cases": cases} | fields)


def asserted(*texts: str) -> Problem:
    return problem(*(Comparison(kind="predicate", predicate=text) for text in texts))


NAN = [Decimal("nan"), Decimal(1)]
WITHIN = [Comparison(kind="predicate", predicate="abs(answer - 2.0) < 1e-3")]


@pytest.mark.parametrize(
    ("given", "same", "other"),
    [
        (problem(Comparison()), [(1, 1.0), (1, True), (0.1 + 0.2, 0.3), (float("nan"),) * 2], [(1, 2), ([1], (1,))]),
        (problem(Comparison(kind="unordered")), [([1, 2], [2, 1])], [([1, 2], [2, 2])]),
        (problem(Comparison(kind="float", rel=0.1)), [(10.0, 10.5)], [(10.0, 12.0)]),
        (asserted("answer", "not answer"), [([1], True), (0, None)], [(0, 1)]),
        (asserted("set(answer) == {1, 2}", "set(answer) == {3}"), [([1, 2, 2], (2, 1))], [([1], [2])]),
        (asserted("sorted(answer) == [1, 2]"), [([2, 1], [1, 2])], [([1, 2], [1, 2, 2])]),
        (asserted("sorted(answer) == [1]"), [(NAN, NAN)], [(NAN, [1, 2])]),
        (asserted("set(answer) == {1}"), [], [({1: [2]}.items(), {1}), ({1: [2]}.items(), [1])]),
        (asserted("abs(answer - 2.0) < 1e-3"), [(2.0, 2.0005)], [(2.0, 2.1)]),
        (problem(Comparison(), *WITHIN), [(2.0, 2.0005), ("a", "a")], [(2.0, 2.1), ("a", "b")]),
    ],
)
def test_as_the_problem_has_it(given, same, other):
    found = equivalence(given)
    assert found is not None
    assert all(found.same(a, b) for a, b in same)
    assert not any(found.same(a, b) for a, b in other)


@pytest.mark.parametrize(
    "given",
    [
        problem(Comparison(kind="checker", checker="def check(i, o): return True")),
        asserted("len(answer) == 3"),
        asserted("set(answer) == {1}", "len(answer) == 3"),
        asserted("set(answer) == {1} and len(answer) == 2"),
        problem(Comparison(), Comparison(kind="predicate", predicate="len(answer) == 3")),
        problem(Comparison(kind="predicate", predicate="answer"), Comparison(kind="checker", checker="check = print")),
    ],
)
def test_several_right_answers_are_not_guessed_about(given):
    assert equivalence(given) is None


@pytest.mark.parametrize(
    ("given", "answer", "right", "wrong"),
    [
        (problem(Comparison()), [1, 2], [1, 2], [2, 1]),
        (problem(Comparison()), [0.1 + 0.2], [0.3], [0.31]),
        (asserted("answer"), True, [5], []),
        (asserted("set(answer) == {1, 2}"), [3, 4], (4, 3, 3), [3]),
        (asserted("abs(answer - 2.0) < 1e-3"), 7.0, 7.0001, 7.1),
    ],
)
def test_a_case_of_an_answer_takes_what_is_the_same(given, answer, right, wrong):
    found = equivalence(given)
    assert found is not None
    case = Case(args=[1], expected=encode(answer), comparison=found.comparison(answer))
    whole = given.model_copy(update={"cases": (case,)})
    judge = Judge(whole, lambda got, _: got, lambda *_: None)
    assert judge.judge(Run(outputs=(right,))).status is Status.PASSED
    assert judge.judge(Run(outputs=(wrong,))).status is Status.WRONG_ANSWER
