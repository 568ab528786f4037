"""Tests that look at more than the value returned: the argument afterwards, identity, what calls share, exceptions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from factory.problems import Oracle
from factory.problems.formats import kodcode
from factory.problems.settle import settled
from factory.records import Problem, Status, Verdict

Grade = Callable[..., list[Verdict]]


def problem_of(test: str, solution: str, oracle: Oracle) -> Problem:
    body = "".join(f"    {line}\n" for line in test.split("\n"))
    text = f"import copy\nimport pytest\nfrom solution import f\n\ndef test_a():\n{body}"
    return settled(kodcode.read({"question": "f", "solution": solution, "test": text}), oracle)


SORTED, SORTS = "def f(a):\n    return sorted(a)", "def f(a):\n    a.sort()\n    return a"
RAISES = "def f(x):\n    if x < 0:\n        raise {}('neg')\n    return x"
TWO = {
    "unchanged": ("a = [3, 1]\nassert f(a) == [1, 3]\nassert a == [3, 1]", SORTED, SORTS),
    "unchanged, by another name": ("a = [3, 1]\nb = a\nassert f(a) == [1, 3]\nassert b == [3, 1]", SORTED, SORTS),
    "unchanged, by keyword": ("a = [3, 1]\nassert f(a=a) == [1, 3]\nassert a == [3, 1]", SORTED, SORTS),
    "unchanged, within a tuple": (
        "t = ([1], [2])\nassert f(t) == 3\nassert t == ([1], [2])",
        "def f(t):\n    return t[0][0] + t[1][0]",
        "def f(t):\n    return t[0].pop() + t[1].pop()",
    ),
    "unchanged, of another class": (
        "import collections\nc = collections.Counter('aab')\nassert f(c) == 2\nassert c['a'] == 2",
        "def f(c):\n    return c['a']",
        "def f(c):\n    return c.pop('a')",
    ),
    "unchanged copy": (
        "m = [[2, 1], [3]]\nbefore = copy.deepcopy(m)\nassert f(m) == [2, 3]\nassert m == before",
        "def f(m):\n    return [max(r) for r in m]",
        "def f(m):\n    m[0].sort()\n    return [r[-1] for r in m]",
    ),
    "asked again": (
        "a = [3, 1]\nassert f(a) == 1\nassert f(a) == 1",
        "def f(a):\n    return min(a)",
        "def f(a):\n    a.sort()\n    return a.pop(0)",
    ),
    "compared with itself": (
        "a = [1, 2]\nassert f(a) == a",
        "def f(a):\n    return list(a)",
        "def f(a):\n    return [a.pop(0), 2]",
    ),
    "changed when it raises": (
        "a = [-1]\nwith pytest.raises(ValueError):\n    f(a)\nassert a == [-1]",
        "def f(a):\n    raise ValueError",
        "def f(a):\n    a.clear()\n    raise ValueError",
    ),
    "another object": (
        "a = [1]\nassert f(a) is not a\nassert f(a) == [1]",
        "def f(a):\n    return list(a)",
        "def f(a):\n    return a",
    ),
    "the same object": (
        "a = [1]\nassert f(a) is a\nassert f(a) == [1]",
        "def f(a):\n    return a",
        "def f(a):\n    return list(a)",
    ),
    "deep copy": (
        "m = [[1], [2]]\nc = f(m)\nc[0][0] = 9\nassert m == [[1], [2]] and c == [[9], [2]]",
        "def f(m):\n    return [list(r) for r in m]",
        "def f(m):\n    return list(m)",
    ),
    "a cached result": (
        "r = f(3)\nr.append(9)\nassert f(3) == [3]",
        "def f(x):\n    return [x]",
        "from functools import lru_cache\n@lru_cache(None)\ndef f(x):\n    return [x]",
    ),
    "a default that is kept": (
        "assert f(1) == [1]\nassert f(2) == [2]",
        "def f(x):\n    return [x]",
        "def f(x, acc=[]):\n    acc.append(x)\n    return acc",
    ),
    "a buffer that is used again": (
        "for a in ([3, 1], [1, 3]):\n    assert f(a) == [1, 3]",
        "C = []\ndef f(a):\n    C[:] = sorted(a)\n    return C",
        "C = []\ndef f(a):\n    C[:] = sorted(a) if not C else []\n    return C",
    ),
    "a buffer that is looked at": (
        "a = [2, 1]\nr = f(a)\nassert f([4, 3]) == [3, 4]\nassert r == [1, 2] and a == [2, 1]",
        SORTED,
        "C = []\ndef f(a):\n    C[:] = sorted(a)\n    return C",
    ),
    "objects of subclasses beside a cached one": (
        "for x in (1, 2):\n    r = f(x)\n    assert r == ([x], [0])\n    r[0].append(3)",
        "class L(list): pass\nC = [0]\ndef f(x):\n    return L([x]), C",
        "class L(list): pass\nC = [0]\ndef f(x):\n    return L([1]), C",
    ),
    "no plain value is no exception": (
        "assert f(1) == 1\nwith pytest.raises(TypeError):\n    f(-1)",
        RAISES.format("TypeError"),
        "def f(x):\n    return object() if x < 0 else x",
    ),
    "no plain value, and every exception taken": (
        "assert f(1) == 1\ntry:\n    f(-1)\nexcept:\n    return\nassert False",
        RAISES.format("TypeError"),
        "def f(x):\n    return object() if x < 0 else x",
    ),
    "the kind of exception": (
        "assert f(1) == 1\nwith pytest.raises(ValueError):\n    f(-1)",
        RAISES.format("ValueError"),
        "class ValueError(Exception): pass\n" + RAISES.format("ValueError"),
    ),
    "a kind that says it is built in": (
        "assert f(1) == 1\nwith pytest.raises(ValueError):\n    f(-1)",
        RAISES.format("ValueError"),
        "class ValueError(Exception): __module__ = 'builtins'\n" + RAISES.format("ValueError"),
    ),
    "a kind of its own": (
        "assert f(1) == 1\nwith pytest.raises(ValueError):\n    f(-1)",
        "class Negative(ValueError): pass\n" + RAISES.format("Negative"),
        RAISES.format("KeyError"),
    ),
}


@pytest.mark.parametrize("name", TWO)
def test_it_decides_as_in_one_process(grade: Grade, oracle: Oracle, name: str) -> None:
    test, right, wrong = TWO[name]
    problem = problem_of(test, right, oracle)
    first, second = grade(problem, right, wrong)
    assert first.status is Status.PASSED, first.detail
    assert second.status in (Status.WRONG_ANSWER, Status.RUNTIME_ERROR), problem.test_code


def test_a_constant_of_two_tests_may_be_changed_in_the_first(grade: Grade, oracle: Oracle) -> None:
    test = (
        "from solution import f\nA = [3, 1]\ndef test_a():\n    assert f(A) == 1\ndef test_b():\n    assert f(A) == 1\n"
    )
    right, wrong = "def f(a):\n    return min(a)", "def f(a):\n    a.sort()\n    return a.pop(0)"
    problem = settled(kodcode.read({"question": "f", "solution": right, "test": test}), oracle)
    first, second = grade(problem, right, wrong)
    assert (first.status, second.status) == (Status.PASSED, Status.WRONG_ANSWER), problem.test_code


@pytest.mark.parametrize(
    "test", ["a = [3, 1]\nr = f(a)\nassert r == [1, 3]", "assert f([3, 1]) == [1, 3]\na = [2]\nassert f(a) == [2]"]
)
def test_an_argument_that_nobody_looks_at_again_may_be_changed(grade: Grade, oracle: Oracle, test: str) -> None:
    problem = problem_of(test, SORTED, oracle)
    assert problem.test_code == ""
    assert [it.status for it in grade(problem, SORTED, SORTS)] == [Status.PASSED, Status.PASSED]


@pytest.mark.parametrize(
    "test",
    [
        "for a in ([3, 1], [5, 2]):\n    assert f(a) == sorted(a)",
        "for a in ([3, 1], [5, 2]):\n    r = f(a)\n    assert r is not test_a and r == sorted(a)",
    ],
    ids=["by value", "by identity too"],
)
def test_an_argument_changed_into_what_is_expected_is_no_answer(grade: Grade, oracle: Oracle, test: str) -> None:
    """In one process it passes: `sorted(a)` is asked of what the program left. By value it does not."""
    emptied = "def f(a):\n    a.clear()\n    return []"
    statuses = [it.status for it in grade(problem_of(test, SORTED, oracle), SORTED, SORTS, emptied)]
    assert statuses == [Status.PASSED, Status.PASSED, Status.WRONG_ANSWER]


def test_an_argument_returned_as_it_is_becomes_no_answer_by_what_the_tests_do(grade: Grade, oracle: Oracle) -> None:
    """In one process it passes: the test itself sorts what the program returned. By value it does not."""
    problem = problem_of("a = [3, 1]\nr = f(a)\na.sort()\nassert r is not None and r == a", SORTED, oracle)
    first, second = grade(problem, SORTED, "def f(a):\n    return a")
    assert (first.status, second.status) == (Status.PASSED, Status.WRONG_ANSWER), second


def test_a_call_that_cannot_be_asked_is_no_exception_of_the_program(grade: Grade, oracle: Oracle) -> None:
    test = "assert f(1) == 1\nwith pytest.raises(ValueError):\n    f(object())"
    problem = problem_of(test, "def f(x):\n    return x", oracle)
    (verdict,) = grade(problem, "def f(x):\n    return x")
    assert verdict.status is Status.WRONG_ANSWER
    assert "the tests call it with object" in verdict.detail


def test_a_loop_over_what_cannot_change_still_becomes_cases(oracle: Oracle) -> None:
    problem = problem_of("for x in (1, 2):\n    assert f(x) == x", "def f(x):\n    return x", oracle)
    assert (len(problem.cases), problem.test_code) == (2, "")
