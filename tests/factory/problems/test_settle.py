"""Test code that a reference turns into cases, and answers that it fills in."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest

from factory.problems import Oracle
from factory.problems.settle import repeatable, settled
from factory.records import Problem, Status, Verdict

Grade = Callable[..., list[Verdict]]
RIGHT = "def f(x):\n    return x * 2"


def problem(test_code: str, reference: str | None = RIGHT, **fields: Any) -> Problem:
    given = {"id": "p", "prompt": "", "entry_point": "f", "test_code": test_code, "reference": reference} | fields
    return Problem.model_validate(given)


LOOPS = [
    "for x in [1, 2, 3]:\n    assert f(x) == x + x",
    "def check(candidate):\n    for x in [1, 2, 3]:\n        assert candidate(x) == 2 * x",
    "def helper(x):\n    return 2 * x\n\ndef test_all():\n    for x in range(1, 4):\n        assert helper(x) == f(x)",
    "import random\nrandom.seed(5)\nfor x in random.sample([1, 2, 3], 3):\n    assert f(x) == 2 * x",
    "xs = [1]\nxs.extend([2, 3])\nfor x in xs:\n    assert f(x) == x + x, 'message'",
]


@pytest.mark.parametrize("test_code", LOOPS)
def test_what_a_repeatable_test_asks_becomes_cases(grade: Grade, oracle: Oracle, test_code: str) -> None:
    done = settled(problem(test_code), oracle)
    assert done.test_code == ""
    assert sorted((case.args, case.expected) for case in done.cases) == [([1], 2), ([2], 4), ([3], 6)]
    wrong = "def f(x):\n    return 4"
    for either in (done, problem(test_code)):
        assert [verdict.status for verdict in grade(either, RIGHT, wrong)] == [Status.PASSED, Status.WRONG_ANSWER]


def test_chance_in_tests_is_the_same_every_time(grade: Grade, oracle: Oracle) -> None:
    test_code = "import random\nfor _ in range(20):\n    x = random.randint(0, 10**9)\n    assert f(x) == x + x"
    first, second = (settled(problem(test_code), oracle) for _ in range(2))
    assert first == second
    assert len({str(case.args) for case in first.cases}) == 20


def test_cases_there_were_are_kept_and_not_asked_twice(oracle: Oracle) -> None:
    cases = [{"args": [2], "expected": 4, "public": True}]
    done = settled(problem(LOOPS[0], cases=cases), oracle)
    assert [(case.args, case.public) for case in done.cases] == [([2], True), ([1], False), ([3], False)]


UNREPEATABLE = [
    "r = f(1)\nassert r == 2",
    "assert f(1) > 1",
    "assert f(f(1)) == 4",
    "assert f(1) == f(1)",
    "assert abs(f(1) - 2) < 1e-6",
    "assert f(1) == 2 and f(2) == 4",
    "assert f(1) == 2, f(1)",
    "assert [f(x) for x in [1]] == [2]",
    "g = f\nassert g(1) == 2",
    "def g(h):\n    assert h(1) == 2\ng(f)",
    "if f(1) == 2:\n    assert f(1) == 2",
    "try:\n    assert f(1) == 2\nexcept AssertionError:\n    pass",
    "class Two:\n    def __eq__(self, other):\n        return True\nassert f(1) == Two()",
    "import time\nassert f(1) == 2 + 0 * time.time()",
    "from os import getpid\nassert f(1) == 2",
    "assert f(1) == eval('2')",
    "assert f(1) == (2).__int__()",
    "def test_a():\n    global f\n    assert f(1) == 2",
    "def f(x):\n    return 2\nassert f(1) == 2",
    "import random\nassert f(1) == 2 + 0 * random.SystemRandom().random()",
]


@pytest.mark.parametrize("test_code", UNREPEATABLE)
def test_what_may_depend_on_an_answer_or_a_run_stays_code(oracle: Oracle, test_code: str) -> None:
    assert not repeatable(ast.parse(test_code), "f")
    given = problem(test_code)
    assert settled(given, oracle) is given


@pytest.mark.parametrize(
    "reference", [None, "def f(x):\n    return 0", "def g(x):\n    return 0", "def f(x):\n    return object()", "def ("]
)
def test_a_reference_that_does_not_pass_tells_nothing(oracle: Oracle, reference: str | None) -> None:
    given = problem(LOOPS[0], reference)
    assert settled(given, oracle) is given


def test_a_nan_or_too_many_calls_are_no_cases(oracle: Oracle) -> None:
    given = problem("for x in range(1001):\n    assert f(x) == x + x")
    assert settled(given, oracle) is given
    assert len(settled(problem("for x in range(1000):\n    assert f(x) == x + x"), oracle).cases) == 1000


def test_another_comparison_is_not_put_upon_test_code(oracle: Oracle) -> None:
    given = problem(LOOPS[0], comparison={"kind": "float"})
    assert settled(given, oracle) is given


def test_open_answers_are_filled_in_and_decide_nothing(grade: Grade, oracle: Oracle) -> None:
    how = {"kind": "predicate", "predicate": "answer in [2, 3]"}
    cases = [{"args": [1], "expected": None, "comparison": how}, {"args": [2], "expected": 4}]
    given = problem("", cases=cases)
    done = settled(given, oracle)
    assert [case.expected for case in done.cases] == [2, 4]
    other = "def f(x):\n    return x + 2"
    assert [verdict.status for verdict in grade(done, RIGHT, other)] == [Status.PASSED, Status.PASSED]


def test_a_reference_that_raises_where_an_answer_is_open_is_a_reason(oracle: Oracle) -> None:
    how = {"kind": "predicate", "predicate": "answer in [2, 3]"}
    given = problem("", "def f(x):\n    return 1 / 0", cases=[{"args": [1], "expected": None, "comparison": how}])
    with pytest.raises(ValueError, match="its reference does not answer: input 0: line 2: ZeroDivisionError"):
        settled(given, oracle)


def test_a_loop_whose_answers_have_an_order_stays_code(grade: Grade, oracle: Oracle) -> None:
    right = "from collections import OrderedDict\ndef f(x):\n    return [OrderedDict(a=x, b=1)]"
    wrong = right.replace("a=x, b=1", "b=1, a=x")
    test_code = "from collections import OrderedDict\nfor x in [1, 2]:\n    assert f(x) == [OrderedDict(a=x, b=1)]"
    done = settled(problem(test_code, right), oracle)
    assert (done.cases, done.test_code) == ((), test_code)
    assert [verdict.status for verdict in grade(done, right, wrong)] == [Status.PASSED, Status.WRONG_ANSWER]
