"""HumanEval+ and MBPP+ rows: right answers come from the reference, arguments get their types back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from factory.problems import Oracle
from factory.problems.formats import evalplus, humaneval, mbpp
from factory.problems.formats.evalplus import typed
from factory.records import Problem, Status, Verdict
from factory.records.values import decode

Grade = Callable[..., list[Verdict]]
HUMANEVAL: dict[str, Any] = {
    "task_id": "HumanEval/2",
    "prompt": 'def part(x: float) -> float:\n    """ The part behind the point.\n    >>> part(3.5)\n    0.5\n    """\n',
    "entry_point": "part",
    "canonical_solution": "    return x % 1.0\n",
    "contract": "    assert x > 0\n",
    "base_input": [[3.5]],
    "plus_input": [[0.1], [1e9]],
    "atol": 0,
}
MBPP: dict[str, Any] = {
    "task_id": "Mbpp/2",
    "prompt": '"""\nWrite a function to find the shared elements.\nassert shared((3, 4),(5, 4)) == (4,)\n"""\n',
    "entry_point": "shared",
    "canonical_solution": "\ndef shared(a, b):\n  return tuple(set(a) & set(b))\n",
    "base_input": [[[3, 4], [5, 4]]],
    "plus_input": [[[1, 2, 3], [3, 2]], [[], []]],
    "atol": 0,
    "contract": "",
    "assertion": "assert set(shared((3, 4),(5, 4))) == set((4,))\nassert set(shared((1,), (1,))) == set((1,))",
}


def test_the_right_answers_are_the_references(grade: Grade, oracle: Oracle) -> None:
    assert evalplus.sniff(HUMANEVAL)
    problem = evalplus.read(HUMANEVAL, oracle)
    assert problem.id == "HumanEval+/2"
    assert [(case.args, case.expected, case.public) for case in problem.cases] == [
        ([3.5], 0.5, True),
        ([0.1], 0.1, False),
        ([1e9], 0.0, False),
    ]
    assert {(case.comparison.kind, case.comparison.abs) for case in problem.cases if case.comparison} == {
        ("float", 1e-6)
    }
    near, far = "def part(x):\n    return x % 1 + 1e-8", "def part(x):\n    return x % 1 + 1e-5"
    statuses = [verdict.status for verdict in grade(problem, problem.reference, near, far)]
    assert statuses == [Status.PASSED, Status.PASSED, Status.WRONG_ANSWER]


def test_arguments_are_of_the_types_and_answers_looked_at_as_the_asserts_show(grade: Grade, oracle: Oracle) -> None:
    problem = evalplus.read(MBPP, oracle)
    assert problem.id == "MBPP+/2"
    assert [decode(case.args) for case in problem.cases] == [
        [(3, 4), (5, 4)],
        [(1, 2, 3), (3, 2)],
        [(), ()],
        [(1,), (1,)],
    ]
    assert {case.comparison.predicate for case in problem.cases if case.comparison} == {
        "set(answer) == set((4,))",
        "set(answer) == set((2, 3))",
        "set(answer) == set(())",
        "set(answer) == set((1,))",
    }
    assert [case.public for case in problem.cases] == [True, False, False, False]
    turned = "def shared(a, b):\n    return sorted(set(a) & set(b), reverse=True)"
    half = "def shared(a, b):\n    return [x for x in a if x in b][:1]"
    statuses = [verdict.status for verdict in grade(problem, problem.reference, turned, half)]
    assert statuses == [Status.PASSED, Status.PASSED, Status.WRONG_ANSWER]


def test_what_the_row_asserts_itself_is_tested_too(grade: Grade, oracle: Oracle) -> None:
    loop = "import math\nassert shared((3,), (3,)) == (3,)\nfor x in (7, 8):\n    assert shared((x,), (x,)) == (x,)\n"
    problem = evalplus.read(MBPP | {"assertion": loop}, oracle)
    assert (problem.cases[-1].args, problem.cases[-1].expected) == (
        [{"$": "tuple", "v": [3]}, {"$": "tuple", "v": [3]}],
        {"$": "tuple", "v": [3]},
    )
    assert "for x in (7, 8)" in problem.test_code
    seven = "def shared(a, b):\n    return (1,) if a == (7,) else tuple(set(a) & set(b))"
    assert [it.status for it in grade(problem, problem.reference, seven)] == [Status.PASSED, Status.WRONG_ANSWER]


def test_the_sets_tolerance_is_that_of_its_asserts_too(grade: Grade, oracle: Oracle) -> None:
    row = MBPP | {
        "entry_point": "third",
        "canonical_solution": "def third(x):\n    return x / 3\n",
        "base_input": [[1]],
        "plus_input": [],
        "assertion": "assert third(1) == 0.3333333",
    }
    problem = evalplus.read(row, oracle)
    assert grade(problem, "def third(x):\n    return x * (1 / 3)")[0].status is Status.PASSED


def test_any_zero_of_the_polynomial_will_do(grade: Grade, oracle: Oracle) -> None:
    row = HUMANEVAL | {
        "prompt": "def find_zero(xs: list):\n",
        "entry_point": "find_zero",
        "canonical_solution": "    return -1.0\n",
        "base_input": [[[-1, 0, 1]]],
        "plus_input": [],
        "atol": 1e-4,
    }
    problem = evalplus.read(row, oracle)
    assert problem.comparison.kind == "checker"
    source = "def find_zero(xs):\n    return {}"
    statuses = [verdict.status for verdict in grade(problem, *(source.format(x) for x in (-1.0, 1.0, 0.5)))]
    assert statuses == [Status.PASSED, Status.PASSED, Status.WRONG_ANSWER]


def hub(got: str, want: str) -> str:
    return (
        "def assertion(out, exp, atol):\n    assert out == exp\n\n\n"
        "def check(candidate):\n    inputs = [[(3, 4), (5, 4)], [(), ()]]\n    results = [(4,), ()]\n"
        "    for i, (inp, exp) in enumerate(zip(inputs, results)):\n"
        f"        assertion({got}, {want}, 0)\n"
    )


def of_hub(row: dict[str, Any], test: str) -> Problem:
    kept = {key: value for key, value in row.items() if key not in ("base_input", "plus_input", "atol", "assertion")}
    return evalplus.read(kept | {"test": test})


def test_the_hubs_form_of_humaneval_plus_needs_no_reference(grade: Grade) -> None:
    row = HUMANEVAL | {
        "prompt": "def part(a, b):\n",
        "canonical_solution": "    return tuple(x for x in a if x in b)\n",
    }
    assert evalplus.sniff(row | {"test": hub("candidate(*inp)", "exp")})
    problem = of_hub(row, hub("candidate(*inp)", "exp"))
    assert [(decode(case.args), decode(case.expected)) for case in problem.cases] == [
        ([(3, 4), (5, 4)], (4,)),
        ([(), ()], ()),
    ]
    assert grade(problem, problem.reference)[0].status is Status.PASSED


def test_the_hub_computes_some_right_answers_too(oracle: Oracle) -> None:
    reference = "def ref_func(a, b):\n    for x in a:\n        pass\n    return ()\n\n\n"
    test = reference + hub("candidate(*inp)", "ref_func(*inp)").replace("    results = [(4,), ()]\n", "")
    row = {key: value for key, value in HUMANEVAL.items() if "_input" not in key}
    body = "    return tuple(x for x in a if x in b)\n"
    row |= {"prompt": "def part(a, b):\n", "canonical_solution": body, "test": test}
    assert evalplus.sniff(row)
    assert [decode(case.expected) for case in evalplus.read(row, oracle).cases] == [(4,), ()]


def test_the_hubs_form_of_mbpp_plus() -> None:
    test = "inputs = [[(3, 4), (5, 4)]]\nresults = [(4,)]\nfor i, (inp, exp) in enumerate(zip(inputs, results)):\n"
    row = {
        "task_id": 2,
        "code": "def shared(a, b):\n    return tuple(set(a) & set(b))\n",
        "prompt": "Write a function to find the shared elements.",
        "test_imports": [],
        "test_list": ["assert set(shared((3, 4),(5, 4))) == set((4,))"],
        "test": test + "    assertion(set(shared(*inp)), set(exp), 0)\n",
    }
    assert evalplus.sniff(row)
    problem = evalplus.read(row)
    assert problem.entry_point == "shared"
    assert [case.comparison.predicate for case in problem.cases if case.comparison] == ["set(answer) == set((4,))"]
    assert "called `shared`" in problem.prompt
    assert problem.cases[0].public


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("results = [", "test: line 1"),
        ("inputs = [[1]]\nresults = [1]", "is no loop"),
        (hub("set(candidate(*inp))", "exp"), "looks at an answer as set\\(answer\\), and in another way"),
        (hub("candidate(inp)", "exp"), "does not give each input to one call"),
        (hub("candidate(*inp)", "exp").replace("[(4,), ()]", "[(4,)]"), "2 inputs and 1 results"),
        (hub("candidate(*inp)", "exp").replace("[(4,), ()]", "[(4,)] * 2"), "no literal"),
    ],
)
def test_a_hub_row_that_is_otherwise_is_refused(test: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        of_hub(HUMANEVAL, test)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"canonical_solution": "    return x.y\n"}, "its reference does not answer: input 0: .*AttributeError"),
        ({"canonical_solution": "    return object()\n"}, "input 0: returned object, which is no plain value"),
        ({"canonical_solution": "    while True: pass\n"}, "its reference does not answer: used more CPU time"),
        ({"entry_point": "other"}, "its reference does not answer: defines no function other"),
    ],
)
def test_a_reference_that_does_not_answer(oracle: Oracle, change: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evalplus.read(HUMANEVAL | change, oracle)


def test_without_an_oracle_nothing_is_made_up() -> None:
    with pytest.raises(ValueError, match="its right answers have to be computed"):
        evalplus.read(HUMANEVAL)


def test_asserts_that_look_in_several_ways_are_refused(oracle: Oracle) -> None:
    row = MBPP | {"assertion": "assert set(shared((1,), (1,))) == {1}\nassert shared((), ()) == ()"}
    with pytest.raises(ValueError, match="looks at answers in several ways"):
        evalplus.read(row, oracle)


@pytest.mark.parametrize(
    ("value", "samples", "expected"),
    [
        ([1, 2], [], [1, 2]),
        ([1, 2], [(5,)], (1, 2)),
        ([[1], [2, 3]], [[(4, 5)]], [(1,), (2, 3)]),
        ([[1], [2]], [([3], (4,))], ([1], (2,))),
        ([1, 1], [{2}], {1}),
        ({"a": [1]}, [{"b": (2,)}], {"a": (1,)}),
        ("1j", [2j], 1j),
        ("1j", ["a"], "1j"),
    ],
)
def test_types_are_taken_from_the_same_place(value: Any, samples: list[Any], expected: Any) -> None:
    made = typed(value, samples)
    assert made == expected
    assert type(made) is type(expected)


def test_samples_that_disagree_are_no_help() -> None:
    with pytest.raises(ValueError, match="shows lists and other collections at the same place"):
        typed([1], [[2], (3,)])


def test_the_rows_are_told_from_the_sets_without_plus() -> None:
    for row in (HUMANEVAL | {"test": "def check(candidate):\n    assert candidate(1.5) == 0.5"},):
        plain = {key: value for key, value in row.items() if "input" not in key}
        assert humaneval.sniff(plain)
        assert not evalplus.sniff(plain)
    assert not mbpp.sniff(MBPP)
