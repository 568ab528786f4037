"""Classes to be designed, whose tests are lists of methods' names and of their arguments."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from factory.grading.extract import find
from factory.languages import language
from factory.problems.formats import apps, livecodebench
from factory.problems.formats.mapping import Mapping
from factory.records import Calling, Case, Problem, Status, Verdict
from factory.review.generated import generated_inputs
from factory.sampling.prompts import examples
from factory.translation.tests import translatable

Grade = Callable[..., list[Verdict]]
STARTER = (
    "class Counter:\n    def __init__(self, start: int):\n        \n    def add(self, by: int) -> None:\n        \n"
    "    def total(self) -> int:\n        \n"
)
NAMES, ARGUMENTS, ANSWERS = ["Counter", "add", "total", "total"], [[2], [5], [], []], [None, None, 7, 7]
RIGHT = """class Counter:
    def __init__(self, start):
        self.sum = start
    def add(self, by):
        self.sum += by
    def total(self):
        return self.sum
"""
MAPPING = {"prompt": "q", "starter_code": "s", "entry_point": "e", "inputs": "i", "outputs": "o"}


def in_mapping(question: str, starter: str, names: Any, arguments: Any, answers: Any) -> Problem:
    row = {"q": question, "s": starter, "e": "Counter", "i": [[names, arguments]], "o": [answers]}
    return Mapping(MAPPING).read(row)


def in_livecodebench(question: str, starter: str, names: Any, arguments: Any, answers: Any) -> Problem:
    texts = {"input": f"{json.dumps(names)}\n{json.dumps(arguments)}", "output": json.dumps(answers)}
    test = [texts | {"testtype": "functional"}]
    return livecodebench.read(
        {
            "question_id": "1",
            "question_content": question,
            "starter_code": starter,
            "public_test_cases": json.dumps(test),
            "private_test_cases": "[]",
            "metadata": json.dumps({"func_name": "Counter"}),
        }
    )


def in_apps(question: str, starter: str, names: Any, arguments: Any, answers: Any) -> Problem:
    tests = {"fn_name": "Counter", "inputs": [[names, arguments]], "outputs": [answers]}
    return apps.read(
        {"question": question, "starter_code": starter, "solutions": "", "input_output": json.dumps(tests)}
    )


FORMATS = pytest.mark.parametrize("read", [in_mapping, in_livecodebench, in_apps])


@FORMATS
def test_the_answer_is_what_each_method_returns(read: Callable[..., Problem], grade: Grade) -> None:
    problem = read("Design a counter.", STARTER, NAMES, ARGUMENTS, ANSWERS)
    assert (problem.entry_point, problem.calling) == ("Counter", Calling(operations=True))
    programs = {
        RIGHT: Status.PASSED,
        RIGHT.replace("self.sum += by", "self.sum = by"): Status.WRONG_ANSWER,
        RIGHT.replace("self.sum += by", "self.sum += by; return self"): Status.WRONG_ANSWER,
        RIGHT.replace("return self.sum", "pass"): Status.WRONG_ANSWER,
        RIGHT.replace("def total", "def amount"): Status.RUNTIME_ERROR,
        RIGHT.replace("class Counter", "class Other"): Status.MISSING_ENTRY_POINT,
        "def Counter(start):\n    return 7\n": Status.RUNTIME_ERROR,
    }
    assert [verdict.status for verdict in grade(problem, *programs)] == list(programs.values())


@FORMATS
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"names": ["Other", "add", "total", "total"]}, "Counter is a class; a test of one has"),
        ({"names": NAMES[:3]}, "Counter is a class; a test of one has"),
        ({"names": ["Counter", "add", "total", 3]}, "Counter is a class; a test of one has"),
        ({"arguments": [[2], 5, [], []]}, "Counter is a class; a test of one has"),
        ({"answers": ANSWERS[:3]}, "Counter is a class; a test of one has"),
        ({"answers": [0, None, 7, 7]}, "Counter is a class; a test of one has"),
        ({"starter": STARTER.replace("start: int", "root: TreeNode")}, "take or give objects"),
        ({"starter": STARTER.replace("by: int", "by: NestedInteger")}, "objects, which are no plain values"),
        ({"question": "total() returns a random one of the numbers."}, "answer at random"),
        ({"question": "total() returns the numbers. Return them in any order."}, "leaves an order free"),
    ],
)
def test_other_forms_are_refused(read: Callable[..., Problem], changes: dict[str, Any], said: str) -> None:
    row = {"question": "Design it.", "starter": STARTER, "names": NAMES, "arguments": ARGUMENTS, "answers": ANSWERS}
    if said == "leaves an order free":
        changes = changes | {"answers": [None, None, [1, 2], [2, 1]]}
    with pytest.raises(ValueError, match=said):
        read(**(row | changes))


def test_a_class_solution_is_designed_where_its_cases_say_so() -> None:
    starter = "class Solution:\n    def __init__(self):\n        \n    def f(self, x: int) -> int:\n        "
    row = {"q": "Design it.", "s": starter, "e": "Solution", "i": [[["Solution", "f"], [[], [1]]]], "o": [[None, 2]]}
    assert Mapping(MAPPING).read(row).entry_point == "Solution"
    function = row | {"e": "f", "i": [[["f", "g"], [[1], [2]]]], "o": [[None, 2]]}
    assert Mapping(MAPPING).read(function).calling == Calling(either=True)


def test_lists_of_methods_are_no_values_to_show_translate_or_vary() -> None:
    problem = in_mapping("Design a counter.", STARTER, NAMES, ARGUMENTS, ANSWERS)
    shown = problem.model_copy(update={"cases": (problem.cases[0].model_copy(update={"public": True}),)})
    assert examples(shown) == []
    assert not translatable(problem, "go")
    assert generated_inputs(problem, (), 8) == {}


def test_the_class_is_found_in_a_chat() -> None:
    text = f"Here it is.\n```python\n{RIGHT}```\nUse it:\n```python\nc = Counter(1)\nprint(c.total())\n```\n"
    assert find(text, "Counter", language("python")) == RIGHT


def test_a_case_says_how_it_is_called() -> None:
    given = Case(args=[NAMES, ARGUMENTS], expected=ANSWERS)
    problem = Problem(id="a", prompt="p", entry_point="Counter", cases=(given,), calling=Calling(operations=True))
    assert Problem.model_validate_json(problem.model_dump_json()) == problem
