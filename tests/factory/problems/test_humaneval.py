"""HumanEval rows in their original form: what becomes a case, and what has to stay code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from factory.problems.formats import humaneval
from factory.records import Problem, Status, Verdict

Grade = Callable[..., list[Verdict]]
PROMPT = '''from typing import List


def above(xs: List[float], t: float) -> bool:
    """ Is any of xs above t?
    >>> above([1.0, 2.0], 1.5)
    True
    >>> above([], 0.0)
    False
    >>> above(prose)
    whatever
    """
'''
TEST = '''

METADATA = {"author": "x"}


def check(candidate):
    """doc"""
    assert candidate([1.0, 2.0], 1.5) == True
    assert candidate([], 0.0) == False
    assert candidate([3.0], t=-1.0) == True, "a message"
    assert True, "This prints if this assert fails"
'''


def row(**changes: Any) -> dict[str, Any]:
    return {
        "task_id": "HumanEval/0",
        "prompt": PROMPT,
        "entry_point": "above",
        "canonical_solution": "    return any(x > t for x in xs)\n",
        "test": TEST,
    } | changes


def test_asserts_on_literals_become_cases_and_doctests_make_them_public() -> None:
    assert humaneval.sniff(row())
    problem = humaneval.read(row())
    assert (problem.id, problem.entry_point, problem.test_code) == ("HumanEval/0", "above", "")
    assert [(case.args, case.kwargs, case.expected, case.public) for case in problem.cases] == [
        ([[1.0, 2.0], 1.5], {}, True, True),
        ([[], 0.0], {}, False, True),
        ([[3.0]], {"t": -1.0}, True, False),
    ]
    assert problem.starter_code == problem.prompt == PROMPT
    assert problem.reference == PROMPT + row()["canonical_solution"]
    assert problem.meta.license == "MIT"


@pytest.mark.parametrize(
    "statement",
    [
        "assert candidate([1.0] * 3, 0.5) == True",
        "assert candidate(*([1.0], 0.5)) == True",
        "assert candidate(**{'xs': [1.0], 't': 0.5}) == True",
        "assert candidate([1.0], 0.5) == candidate([1.0], 0.5)",
        "assert candidate([1.0], 0.5) * 2 > 1",
        "assert above([1.0], 0.5) == True",
        "assert helper(candidate)",
    ],
)
def test_what_is_not_certain_stays_code_beside_the_cases(grade: Grade, statement: str) -> None:
    prompt = PROMPT.replace("def above", "def helper(f):\n    return f([1.0], 0.5)\n\n\ndef above")
    problem = humaneval.read(row(prompt=prompt, test=f"{TEST}    {statement}\n"))
    assert len(problem.cases) == 3
    assert "This prints" not in problem.test_code
    assert "t=-1.0" not in problem.test_code, "what became a case is not run again"
    wrong = "def above(xs, t):\n    return sum(xs) > t and len(xs) == 2 or t < 0"
    right, failed = grade(problem, problem.reference, wrong)
    assert (right.status, right.cases_passed, right.cases_total) == (Status.PASSED, 4, 4), right.detail
    if "== candidate" not in statement:
        assert failed.status is not Status.PASSED


def test_a_case_may_stand_on_either_side() -> None:
    problem = humaneval.read(row(test=f"{TEST}    assert True == candidate([9.0], 1.0)\n"))
    assert (problem.cases[-1].args, problem.cases[-1].expected) == ([[9.0], 1.0], True)


LOOP = """

import math

def check(candidate):
    offset = 1.0
    for n in range(3):
        assert candidate([n + offset], n) == True
    assert candidate([0.0], 1.0) == False
"""


def test_a_check_that_prepares_something_is_kept_whole(grade: Grade) -> None:
    problem = humaneval.read(row(test=LOOP))
    assert [case.args for case in problem.cases] == [[[0.0], 1.0]]
    assert "offset = 1.0" in problem.test_code
    assert "import math" in problem.test_code
    assert problem.test_code.count("assert") == 2
    right, wrong, half = grade(
        problem,
        problem.reference,
        "def above(xs, t): return True",
        "def above(xs, t): return xs[0] > t and t < 2",
    )
    assert right.status is Status.PASSED
    assert wrong.detail == "case 0: answered True, expected False"
    assert half.status is Status.WRONG_ANSWER
    assert half.detail.startswith("test code: ")


def test_helpers_of_the_prompt_are_there_for_the_test_and_the_answer(grade: Grade) -> None:
    prompt = (
        "import math\n\n\ndef poly(xs: list, x: float):\n"
        "    return sum(c * math.pow(x, i) for i, c in enumerate(xs))\n\n\n"
        'def zero(xs: list):\n    """ A zero of poly.\n    """\n'
    )
    test = "def check(candidate):\n    for c in ([2.0, -1.0], [6.0, 2.0]):\n"
    test += "        assert abs(poly(c, candidate(c))) < 1e-4\n"
    problem = humaneval.read(
        row(prompt=prompt, entry_point="zero", test=test, canonical_solution="    return -xs[0] / xs[1]\n")
    )
    assert problem.cases == ()
    right, wrong, relying = grade(
        problem,
        problem.reference,
        "def zero(xs):\n    return 0.0\n",
        "def zero(xs):\n    x = -xs[0] / xs[1]\n    assert abs(poly(xs, x)) < 1\n    return x\n",
    )
    assert (right.status, wrong.status, relying.status) == (Status.PASSED, Status.WRONG_ANSWER, Status.PASSED)
    assert relying.import_fixes == ("taken from the starter code: math", "taken from the starter code: poly")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test": "def check(:"}, "test: line 1: "),
        ({"test": "x = 1"}, "test: defines no check"),
        ({"test": "def check():\n    pass"}, "test: defines no check"),
        ({"test": "def check(candidate):\n    pass"}, "cases: a problem without cases or test_code decides nothing"),
        ({"prompt": 5}, "prompt: is a JSON int, not a string"),
        ({"test": None}, "test: is a JSON NoneType, not a string"),
    ],
)
def test_a_bad_row_names_the_field(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        humaneval.read(row(**change))


def test_a_row_without_a_solution_has_no_reference() -> None:
    rest = row()
    del rest["canonical_solution"]
    assert humaneval.read(rest).reference is None


def test_the_row_is_told_from_others() -> None:
    assert not humaneval.sniff({"task_id": 1, "prompt": "", "code": "", "test_list": []})
    assert isinstance(humaneval.read(row()), Problem)
