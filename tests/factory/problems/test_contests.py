"""APPS, TACO and CodeContests rows, in the columns of the sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from factory.problems import Oracle
from factory.problems.formats import apps, code_contests, taco
from factory.records import Status, Verdict

Grade = Callable[..., list[Verdict]]
STREAM: dict[str, Any] = {
    "problem_id": 7,
    "question": "Print the sum of two numbers.",
    "solutions": json.dumps(["print input()", "print(sum(map(int, input().split())))"]),
    "input_output": json.dumps({"inputs": ["1 2\n", "3 4"], "outputs": ["3\n", "7"]}),
    "difficulty": "introductory",
    "url": "",
    "starter_code": "",
}
CALL = STREAM | {
    "question": "Give the first so many numbers.",
    "solutions": json.dumps(["def first(n):\n    return list(range(n))"]),
    "input_output": json.dumps({"fn_name": "first", "inputs": [[1], [3]], "outputs": [[0], [0, 1, 2]]}),
    "starter_code": "\ndef first(n):\n\t",
}


def of(row: dict[str, Any], solution: str, outputs: list[Any]) -> dict[str, Any]:
    tests = {"fn_name": "first", "inputs": [[1]] * len(outputs), "outputs": outputs}
    return row | {"solutions": json.dumps([solution]), "input_output": json.dumps(tests)}


def test_apps_streams(grade: Grade) -> None:
    assert apps.sniff(STREAM)
    problem = apps.read(STREAM)
    assert (problem.id, problem.entry_point, problem.meta.difficulty) == ("apps/7", None, "introductory")
    assert problem.reference == "print(sum(map(int, input().split())))", "the first that is Python 3"
    assert [(case.stdin, case.stdout, case.public) for case in problem.cases] == [
        ("1 2\n", "3\n", False),
        ("3 4", "7", False),
    ]
    assert grade(problem, problem.reference)[0].status is Status.PASSED


def test_apps_streams_of_lines() -> None:
    tests = json.dumps({"inputs": [["1", "2"]], "outputs": [["3"]]})
    (case,) = apps.read(STREAM | {"input_output": tests}).cases
    assert (case.stdin, case.stdout) == ("1\n2\n", "3\n")


def test_apps_calls_whose_outputs_are_plainly_not_wrapped() -> None:
    problem = apps.read(CALL)
    assert problem.entry_point == "first"
    assert [(case.args, case.expected) for case in problem.cases] == [([1], [0]), ([3], [0, 1, 2])]


@pytest.mark.parametrize(
    ("solution", "expected"),
    [("def first(n):\n    return n - 1", 0), ("def first(n):\n    return [n - 1]", [0])],
)
def test_apps_wrapped_outputs_are_told_by_the_reference(oracle: Oracle, solution: str, expected: Any) -> None:
    problem = apps.read(of(CALL, solution, [[0], [0]]), oracle)
    assert [case.expected for case in problem.cases] == [expected, expected]


NUMBERED = {"$": "dict", "v": [[1, 2], [-3, 4]]}
TEXTS = {"1": 2, "-3": 4}


@pytest.mark.parametrize(
    ("solution", "outputs", "expected"),
    [
        ("def first(n):\n    return {1: 2, -3: 4}", [TEXTS, TEXTS], NUMBERED),
        ("def first(n):\n    return {'1': 2, '-3': 4}", [TEXTS, TEXTS], TEXTS),
        ("def first(n):\n    return {1: 2, -3: 4}", [[TEXTS], [TEXTS]], NUMBERED),
        ("def first(n):\n    return [{1: 2, -3: 4}]", [[TEXTS], [TEXTS]], [NUMBERED]),
        ("def first(n):\n    return {'a': {1: 2, -3: 4}}", [{"a": TEXTS}], {"a": NUMBERED}),
        ("def first(n):\n    return {'01': 1}", [{"01": 1}], {"01": 1}),
    ],
)
def test_apps_keys_that_are_numbers_are_told_by_the_reference(
    oracle: Oracle, grade: Grade, solution: str, outputs: list[Any], expected: Any
) -> None:
    problem = apps.read(of(CALL, solution, outputs), oracle)
    assert [case.expected for case in problem.cases] == [expected] * len(outputs)
    assert grade(problem, solution)[0].status is Status.PASSED


@pytest.mark.parametrize(
    ("solution", "given"),
    [
        ("def first(n):\n    return sum(n) + 2", NUMBERED),
        ("def first(n):\n    return len(''.join(n)) - 3", TEXTS),
    ],
)
def test_apps_keys_of_arguments_are_told_by_the_reference(oracle: Oracle, solution: str, given: Any) -> None:
    tests = {"fn_name": "first", "inputs": [[TEXTS]], "outputs": [0]}
    row = CALL | {"solutions": json.dumps([solution]), "input_output": json.dumps(tests)}
    assert [case.args for case in apps.read(row, oracle).cases] == [[given]]


def test_apps_keys_that_no_reference_tells_are_refused(oracle: Oracle) -> None:
    row = of(CALL, "def first(n):\n    return 0", [TEXTS])
    with pytest.raises(ValueError, match="keys of dicts may be numbers"):
        apps.read(row, oracle)
    with pytest.raises(ValueError, match="no reference tells"):
        apps.read(row)


def test_apps_a_method_where_the_starter_opens_a_class(grade: Grade, oracle: Oracle) -> None:
    solution = "class Solution:\n    def first(self, n):\n        return n - 1"
    given = of(CALL, solution, [[0]]) | {"starter_code": "class Solution:\n    def first(self, n: int) -> int:\n"}
    problem = apps.read(given, oracle)
    assert problem.entry_point == "Solution.first"
    assert grade(problem, problem.reference)[0].status is Status.PASSED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_output": ""}, "input_output: is not JSON"),
        ({"input_output": "{}"}, "input_output: holds no tests"),
        ({"input_output": json.dumps({"inputs": ["1"], "outputs": []})}, "1 inputs and 0 outputs"),
        ({"input_output": json.dumps({"inputs": [1], "outputs": ["2"]})}, "a test of type int"),
        ({"question": "Print any of them."}, "any of several answers"),
        (of(CALL, "def first(", [[0]]), "no reference tells"),
        (of(CALL, "def first(n):\n    return [7]", [[0]]), "its reference gives neither"),
        (of(CALL, "def first(n):\n    return x", [[0]]), "its reference does not answer: input 0: line 2: NameError"),
        (of(CALL, "while True: pass", [[0]]), "its reference does not answer: used more CPU time"),
        (
            CALL | {"input_output": json.dumps({"fn_name": "first", "inputs": [1], "outputs": [2]})},
            "no list of arguments",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_apps_row_that_cannot_be_decided_is_refused(oracle: Oracle, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        apps.read(STREAM | change, oracle)


def test_taco_is_told_from_apps_and_named_by_its_statement() -> None:
    row = {key: value for key, value in STREAM.items() if key != "problem_id"}
    row |= {"raw_tags": "[]", "skill_types": "[]", "tags": "[]", "source": "codeforces", "difficulty": "EASY"}
    assert taco.sniff(row)
    assert not taco.sniff(STREAM)
    problem = taco.read(row)
    assert problem.id == taco.read(row | {"difficulty": "HARD"}).id
    assert problem.id != taco.read(row | {"question": "Print their difference."}).id
    assert (problem.meta.source, problem.meta.license) == ("BAAI/TACO", "Apache-2.0")


CONTEST: dict[str, Any] = {
    "name": "1_A. Sum",
    "description": "Print the sum, with an absolute or relative error of at most 10^{-4}.",
    "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
    "private_tests": {"input": ["2 2\n"], "output": ["4.0\n"]},
    "generated_tests": {"input": ["9 9\n"], "output": ["18\n"]},
    "source": 2,
    "difficulty": 7,
    "solutions": {
        "language": [2, 1, 3],
        "solution": ["int main() {}", "print 1", "print(sum(map(int, input().split())))"],
    },
    "incorrect_solutions": {"language": [], "solution": []},
    "input_file": "",
    "output_file": "",
}


def test_code_contests(grade: Grade) -> None:
    assert code_contests.sniff(CONTEST)
    problem = code_contests.read(CONTEST)
    assert [(case.stdin, case.public) for case in problem.cases] == [
        ("1 2\n", True),
        ("2 2\n", False),
        ("9 9\n", False),
    ]
    assert (problem.id, problem.meta.difficulty) == ("code_contests/1_A. Sum", "A")
    assert (problem.comparison.rel, problem.comparison.abs, problem.comparison.numbers) == (1e-4, 1e-4, True)
    near = "print(sum(map(float, input().split())) + 1e-5)"
    far = "print(sum(map(float, input().split())) + 1e-2)"
    statuses = [verdict.status for verdict in grade(problem, problem.reference, near, far)]
    assert statuses == [Status.PASSED, Status.PASSED, Status.WRONG_ANSWER]


def test_code_contests_as_passed_on_by_others() -> None:
    tests = [{"input": {"stdin": "1"}, "output": {"stdout": "2"}}]
    row = {"id": 3, "content": "Add one.", "labels": '{"difficulty": "EASY"}', "test": json.dumps(tests)}
    assert code_contests.sniff(row)
    problem = code_contests.read(row)
    assert [(case.stdin, case.stdout, case.public) for case in problem.cases] == [("1", "2", False)]
    assert problem.meta.difficulty == "EASY"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_file": "in.txt"}, "input_file: 'in.txt': its programs use files"),
        ({"private_tests": {"input": ["1"], "output": []}}, "private_tests: 1 inputs and 0 outputs"),
        ({"description": "If there are multiple answers, print any."}, "any of several answers"),
    ],
)
def test_a_contest_that_cannot_be_decided_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        code_contests.read(CONTEST | change)
