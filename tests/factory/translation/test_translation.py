"""What a model is asked for, and what it is told after a failure."""

import pytest

from factory.languages import language
from factory.records import Case, Failure, Problem, Status, Survivor, Verdict
from factory.translation import complaint, specify

PROBLEM = Problem(
    id="p",
    prompt="Add.",
    entry_point="add_all",
    cases=(Case(args=[[1, 2], 0.5], expected=[3, "x"]), Case(args=[[], 1], expected=[0, "y"])),
)


def verdict(status: Status, detail: str, failure: Failure | None = None) -> Verdict:
    return Verdict("p", 0, "go", status, detail, first_failure=failure, code="package x")


def failed(public: bool) -> Failure:
    return Failure(1, public, "[41], 1", "42", "43")


def test_a_public_case_is_told_with_its_values() -> None:
    told = complaint(verdict(Status.WRONG_ANSWER, "case 1: answered 42, expected 43", failed(True)))
    assert told == "For the input [41], 1 it gives 42 but should give 43."


@pytest.mark.parametrize("status", [Status.WRONG_ANSWER, Status.RUNTIME_ERROR])
def test_of_a_hidden_case_no_value_is_told(status: Status) -> None:
    told = complaint(verdict(status, "case 1: answered 42, expected 43", failed(False)))
    assert "not shown here" in told
    assert not any(number in told for number in ("41", "42", "43"))


def test_the_compilers_message_is_told() -> None:
    assert complaint(verdict(Status.COMPILE_ERROR, "line 7: undefined: foo")).endswith("line 7: undefined: foo")


def test_a_specification_names_the_entry_point_and_its_types() -> None:
    survivor = Survivor(
        "p", 3, "python", 0, "def add_all(xs, by):\n    return [sum(xs), 'x']\n", "sha", "normal_form", 2, 2, 1.0, 9.0
    )
    wanted = specify(PROBLEM, survivor, language("go"))
    assert (wanted.entry_name, wanted.parent, wanted.language) == ("addAll", "sha", "go")
    assert wanted.signature == "", "a list of mixed types has no one Go type: the choice is left to the model"
    plain = PROBLEM.model_copy(update={"cases": (Case(args=[[1], 0.5], expected=3),)})
    assert specify(plain, survivor, language("go")).signature == "func addAll(xs []int, by float64) int"


def test_a_method_becomes_a_function_and_open_answers_tell_no_type() -> None:
    how = {"kind": "predicate", "predicate": "answer > 0"}
    cases = [
        {"args": [[1], 2], "expected": 3},
        {"args": [[4], 5], "expected": None, "comparison": how},
    ]
    given = Problem.model_validate({"id": "p", "prompt": "", "entry_point": "Solution.addAll", "cases": cases})
    code = "class Solution:\n    def addAll(self, xs, by):\n        return sum(xs) + by"
    wanted = specify(given, Survivor("p", 3, "python", 0, code, "sha", "normal_form", 2, 2, 1.0, 9.0), language("go"))
    assert (wanted.entry_name, wanted.signature) == ("addAll", "func addAll(xs []int, by int) int")
