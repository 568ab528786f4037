"""Any table whose columns the config names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from factory.errors import ProblemError
from factory.problems.formats.mapping import Mapping
from factory.records import Status, Verdict

Grade = Callable[..., list[Verdict]]
CALLS = {"id": "name", "prompt": "task.text", "tests": "checks", "entry_point": "function", "reference": "code"}
ROW: dict[str, Any] = {
    "name": 5,
    "task": {"text": "Double it."},
    "function": "double",
    "code": "def double(x):\n    return 2 * x",
    "checks": ["assert double(2) == 4", "assert double('a') == 'aa'"],
}
STREAMS = {"prompt": "text", "inputs": "tests.in", "outputs": "tests.out", "license": "license"}
STREAM_ROW: dict[str, Any] = {"text": "Echo.", "tests": {"in": ["a", "b"], "out": ["a", "b"]}, "license": "MIT"}


@pytest.mark.parametrize(
    "checks",
    [
        ROW["checks"],
        "\n".join(ROW["checks"]),
        "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate('a') == 'aa'\n",
        "from solution import double\n\ndef test_it():\n    assert double(2) == 4\n    assert double('a') == 'aa'\n",
    ],
)
def test_tests_in_every_form(grade: Grade, checks: Any) -> None:
    problem = Mapping(CALLS).read(ROW | {"checks": checks})
    assert (problem.id, problem.prompt, problem.entry_point) == ("5", "Double it.", "double")
    assert [(case.args, case.expected) for case in problem.cases] == [([2], 4), (["a"], "aa")]
    right, wrong = grade(problem, problem.reference, "def double(x):\n    return x + 2")
    assert (right.status, wrong.status) == (Status.PASSED, Status.RUNTIME_ERROR)


def test_streams_some_of_them_public() -> None:
    columns = STREAMS | {"public_inputs": "shown", "public_outputs": "told"}
    problem = Mapping(columns).read(STREAM_ROW | {"shown": '["x"]', "told": ["x"]})
    assert [(case.stdin, case.public) for case in problem.cases] == [("x", True), ("a", False), ("b", False)]
    assert problem.meta.license == "MIT"
    assert problem.id.startswith("mapping/")


def test_calls_by_inputs_and_outputs() -> None:
    columns = STREAMS | {"entry_point": "f"}
    row = STREAM_ROW | {"f": "f", "tests": {"in": json.dumps([[1, [2]], [3, []]]), "out": "[1, null]"}}
    problem = Mapping(columns).read(row)
    assert [(case.args, case.expected) for case in problem.cases] == [([1, [2]], 1), ([3, []], None)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"promt": "x"}, "problems.mapping.promt: no such field; there are: id, prompt"),
        ({"tests": "x", "entry_point": "y"}, "problems.mapping.prompt: is missing"),
        ({"prompt": "x"}, "problems.mapping.tests: is missing"),
        ({"prompt": "x", "inputs": "y"}, "problems.mapping.outputs: is missing"),
        ({"prompt": "x", "tests": "y", "inputs": "z", "outputs": "z"}, "problems.mapping.tests: goes without inputs"),
    ],
)
def test_columns_that_do_not_describe_a_problem(columns: dict[str, str], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Mapping(columns)


@pytest.mark.parametrize(
    ("columns", "change", "message"),
    [
        (CALLS, {"task": {}}, r"task\.text: no such column \(problems\.mapping\.prompt\)"),
        (CALLS, {"name": [1]}, "name: is a list, not a text"),
        (CALLS, {"function": None}, "tests: call a function, which problems.mapping.entry_point has to name"),
        (CALLS, {"checks": "def ("}, "test: line 1"),
        (STREAMS, {"tests": {"in": ["a"], "out": []}}, "1 inputs and 0 outputs"),
        (STREAMS, {"tests": {"in": "a", "out": []}}, "inputs: is not JSON"),
        (STREAMS, {"tests": {"in": "5", "out": []}}, "inputs and outputs are lists"),
        (STREAMS, {"tests": {"in": [1], "out": ["1"]}}, "a test of type int"),
        (STREAMS | {"entry_point": "f"}, {"f": "f"}, "as many argument lists as outputs"),
        (STREAMS, {"text": "Print any of them."}, "any of several answers"),
    ],
)
def test_a_row_that_does_not_fit_names_the_column(
    columns: dict[str, str], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Mapping(columns).read((ROW if columns is CALLS else STREAM_ROW) | change)
