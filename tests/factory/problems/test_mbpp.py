"""MBPP rows, full and sanitized."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from factory.problems.formats import mbpp
from factory.records import Status, Verdict

Grade = Callable[..., list[Verdict]]
FULL: dict[str, Any] = {
    "task_id": 11,
    "text": "Write a function to halve numbers.",
    "code": "import math\r\ndef helper(x):\r\n  return x / 2\r\n"
    "def halve(xs): \r\n  return tuple(helper(x) for x in xs)",
    "test_list": ["assert halve([2, 4]) == (1.0, 2.0)", "assert halve([]) == ()", "assert halve([3]) == (1.5,)"],
    "test_setup_code": "",
    "challenge_test_list": [],
}


def test_a_full_row() -> None:
    assert mbpp.sniff(FULL)
    problem = mbpp.read(FULL)
    assert (problem.id, problem.entry_point, problem.test_code) == ("mbpp/11", "halve", "")
    assert [case.public for case in problem.cases] == [True, False, False]
    assert problem.cases[0].expected == {"$": "tuple", "v": [1.0, 2.0]}
    assert "Write a function to halve numbers." in problem.prompt
    assert "assert halve([2, 4]) == (1.0, 2.0)" in problem.prompt
    assert "1.5" not in problem.prompt, "the other tests are hidden"
    assert "\r" not in (problem.reference or "")
    assert problem.meta.license == "CC-BY-4.0"


def test_the_reference_passes_and_a_wrong_program_does_not(grade: Grade) -> None:
    problem = mbpp.read(FULL)
    right, wrong = grade(problem, problem.reference, "def halve(xs):\n    return [x / 2 for x in xs]")
    assert right.status is Status.PASSED
    assert wrong.detail == "case 0: answered [1.0, 2.0], expected (1.0, 2.0)"


def test_a_sanitized_row_with_imports_and_a_tolerance(grade: Grade) -> None:
    row = {
        "task_id": 4,
        "prompt": "Write a function to find the area.",
        "code": "import math\ndef area(r):\n    return math.pi * r * r",
        "test_imports": ["import math"],
        "test_list": ["assert math.isclose(area(1), 3.14159, rel_tol=0.001)", "assert area(0) == 0"],
    }
    problem = mbpp.read(row)
    assert [case.args for case in problem.cases] == [[1], [0]]
    assert problem.test_code == ""
    asserted = problem.comparison_of(problem.cases[0]).predicate
    assert asserted == "math.isclose(answer, 3.14159, rel_tol=0.001)"
    right, wrong = grade(problem, problem.reference, "def area(r):\n    return 3 * r * r")
    assert (right.status, right.cases_passed) == (Status.PASSED, 2)
    assert (wrong.status, wrong.cases_passed) == (Status.WRONG_ANSWER, 1)
    assert wrong.detail == f"case 0: answered 3, expected {asserted}"


def test_what_is_no_case_stays_code_with_its_imports(grade: Grade) -> None:
    row = FULL | {"test_list": ["assert halve([2]) == (1.0,)", "assert sum(x * 2 for x in halve([2, 4])) == 6"]}
    problem = mbpp.read(row | {"test_imports": ["import math"]})
    assert [case.args for case in problem.cases] == [[[2]]]
    assert problem.test_code.splitlines()[:2] == ["from typing import *", "import math"]
    assert "(1.0,)" not in problem.test_code
    right, wrong = grade(problem, problem.reference, "def halve(xs):\n    return (1.0,)")
    assert (right.status, right.cases_passed) == (Status.PASSED, 2)
    assert (wrong.status, wrong.cases_passed) == (Status.WRONG_ANSWER, 1)


@pytest.mark.parametrize(("setup", "is_case"), [("LIMIT = 2", True), ("LIMIT = len('ab')", False)])
def test_setup_code_counts_before_the_tests(grade: Grade, setup: str, is_case: bool) -> None:
    problem = mbpp.read(FULL | {"test_setup_code": setup, "test_list": ["assert halve([LIMIT]) == (1.0,)"]})
    assert [case.args for case in problem.cases] == ([[[2]]] if is_case else [])
    assert (problem.test_code == "") is is_case
    right, wrong = grade(problem, problem.reference, "def halve(xs):\n    return (2.0,)")
    assert (right.status, wrong.status) == (Status.PASSED, Status.WRONG_ANSWER)


def test_a_set_is_looked_at_as_the_test_does(grade: Grade) -> None:
    problem = mbpp.read(FULL | {"test_list": ["assert set(halve([2, 4])) == {2.0, 1.0}"]})
    assert problem.test_code == ""
    right, turned, wrong = grade(
        problem, problem.reference, "def halve(xs):\n    return [2, 1, 1.0]", "def halve(xs):\n    return [1.0]"
    )
    assert [right.status, turned.status, wrong.status] == [Status.PASSED, Status.PASSED, Status.WRONG_ANSWER]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test_list": []}, "test_list: is empty"),
        ({"test_list": ["assert ("]}, "test_list: 'assert \\('"),
        ({"test_list": ["assert halve([2]) == [1.0]; a = 1"]}, "no function of code is called by every test"),
        (
            {"test_list": ["assert other(1) == 2"]},
            "no function of code is called by every test; code defines helper, halve",
        ),
        ({"code": "def ("}, "code: line 1: "),
    ],
)
def test_a_bad_row_names_the_field(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mbpp.read(FULL | change)
