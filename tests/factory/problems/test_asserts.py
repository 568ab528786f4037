"""What becomes a case decides as the assert did, for every answer; what is not certain stays."""

from __future__ import annotations

import ast
import itertools
import math
from typing import Any

import pytest

from factory.grading.comparison import matcher
from factory.problems.parsing.asserts import Split, split
from factory.records import Comparison
from factory.records.values import decode

ANSWERS: list[Any] = [
    None, True, False, 0, 1, 2, 3, -1, 2**70, 0.0, 0.5, 1.0, 1.0000001, 2.0, math.nan, math.inf, 1j, "", "a", "ab", "1",
    b"a", [], [1], [1, 2], [2, 1], [2, 1, 1], ["a"], [[1], [2]], [1, "a"], (), (1, 2), (2, 1), set(), {1, 2}, {1: 2},
    {"a": [1]}, frozenset({1, 2}),
]  # fmt: skip
CERTAIN = [
    "assert f(1) == [1, 2]",
    "assert [1, 2] == f(1)",
    "assert f(1) == 1, 'a message'",
    "assert f(1)",
    "assert not f(1)",
    "assert f(1) is True",
    "assert f(1) is not None",
    "assert f(1) != 2",
    "assert f(1) > 1",
    "assert 0 < f(1) <= 2",
    "assert f(1) in [1, 'a', [1, 2]]",
    "assert f(1) in (1, None)",
    "assert f(1) not in {1: 2}",
    "assert 'a' in f(1)",
    "assert 1 in f(1)",
    "assert len(f(1)) == 2",
    "assert set(f(1)) == {1, 2}",
    "assert set(f(1)) == set([2, 1, 2])",
    "assert sorted(f(1)) == [1, 2]",
    "assert sorted(f(1)) == sorted((2, 1))",
    "assert tuple(f(1)) == (1, 2)",
    "assert list(f(1)) == [1, 2]",
    "assert sum(f(1)) == 3",
    "assert f(1)[0] == 1",
    "assert f(1)['a'] == [1]",
    "assert round(f(1), 2) == 1.0",
    "assert abs(f(1) - 1) < 1e-6",
    "assert 1e-6 > abs(1 - f(1))",
    "assert abs(f(1) - 2.0 / 2) <= 1e-6",
    "assert math.isclose(f(1), 1.0, rel_tol=1e-6)",
    "assert math.isnan(f(1))",
    "assert isinstance(f(1), (int, str))",
    "assert (f(1) or 5) == 5",
    "assert f(1) == True == 1",
    "assert -f(1) == -1",
    "r = f(1)\nassert r == 1 or r == 2",
    "r = f(1)\nassert r == [1, 2]\nassert len(r) == 2",
    "x = 1\nwant = [1, 2]\nassert f(x) == want",
    "answer = f(1)\nassert answer == 1",
    "assert f(1) == 1 and f(2) == 1",
    "assert all([f(1) == 1, f(2) == 1])",
]


def parts(text: str, function: str = "f") -> Split:
    return split(ast.parse(text).body, function)


def passes(text: str, answer: Any) -> bool:
    """Whether the test, run as it stands, is content with a function that always answers `answer`."""
    try:
        exec(text, {"f": lambda *_: answer, "math": math})
    except (AssertionError, TypeError, ValueError, LookupError, ArithmeticError):
        return False
    return True


@pytest.mark.parametrize("text", CERTAIN)
def test_a_case_decides_as_its_assert_for_every_answer(text: str) -> None:
    found = parts(text)
    assert found.cases
    assert not found.rest
    for answer in ANSWERS:
        decided = all(
            matcher(case.comparison or Comparison(), stream=False)(answer, decode(case.expected))
            for case in found.cases
        )
        assert decided is passes(text, answer), (text, answer)


def test_every_kind_of_assert_is_passed_and_failed_by_some_answer() -> None:
    for text, verdict in itertools.product(CERTAIN, (True, False)):
        assert any(passes(text, answer) is verdict for answer in ANSWERS), (text, verdict)


@pytest.mark.parametrize(
    "text",
    [
        "assert f(1) == f(1)",
        "assert f(1) == 1 or f(1) == 2",
        "assert f(g(1)) == 1",
        "assert g(f(1)) == 1",
        "assert f(x) == 1",
        "assert f(*[1]) == 1",
        "assert f(**{'a': 1}) == 1",
        "assert f(1).lower() == 'a'",
        "assert all(x > 0 for x in f(1))",
        "assert [x for x in f(1)] == []",
        "assert f(1) % 2 == 0",
        "assert f(1) * 2 == 2",
        "assert f(1) is 1000",
        "assert f(1) == 1 and g(2)",
        "assert answer == f(1) + answer",
        "assert f(1) == 1 if f else 2",
        "assert (lambda: f(1))() == 1",
        "f(1)",
        "for x in [1, 2]:\n    assert f(x) == x",
        "x = [1]\nx.append(2)\nassert f(x) == 1",
        "x = g()\nassert f(x) == 1",
        "try:\n    assert f(1) == 1\nexcept ValueError:\n    pass",
    ],
)
def test_what_is_not_certain_stays(text: str) -> None:
    found = parts(text)
    assert found.cases == ()
    assert found.rest


@pytest.mark.parametrize(
    "around",
    [
        "def set(x): return 1",
        "sorted = list",
        "from numpy import *",
        "import numpy as math",
        "class f: pass",
        "abs: int = 1",
    ],
)
def test_names_with_another_meaning_are_left_alone(around: str) -> None:
    assert split(ast.parse("assert f(1) == 1").body, "f", ast.parse(around).body).cases == ()


def test_a_name_given_anew_stands_for_its_last_value() -> None:
    found = parts("x = 1\nassert f(x) == 2\nx = 3\nr = f(x)\nx = 5\nassert r == 4")
    assert [(case.args, case.expected) for case in found.cases] == [([1], 2), ([3], 4)]


def test_beside_what_stays_single_asserts_are_cases() -> None:
    found = parts("assert f(1) == 2\nfor x in [1]:\n    assert f(x)\nassert True\nimport math")
    assert [case.args for case in found.cases] == [[1]]
    assert [type(node) for node in found.rest] == [ast.For, ast.Import]
