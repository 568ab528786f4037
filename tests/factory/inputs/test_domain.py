"""Which inputs lie among those of the cases."""

from __future__ import annotations

import pytest

from factory.inputs.domain import InputDomain, Reach
from factory.inputs.generate import inputs
from factory.records import Case, Problem
from factory.records.values import encode


def holds(seen: list[tuple], *asked: object) -> bool:
    """Whether a call with `asked` lies among calls with the tuples of `seen`."""
    cases = tuple(Case(args=[encode(value) for value in args], expected=None) for args in seen)
    domain = InputDomain(Problem(id="t/0", prompt="", entry_point="f", cases=cases))
    return domain.holds(Case(args=[encode(value) for value in asked], expected=None))


@pytest.mark.parametrize(
    ("seen", "inside", "outside"),
    [
        ([(3,), (5,)], [2, 17], [0, 1, -1, 10**6, "3", 3.0, None, [3]]),
        ([(3,), (0,)], [0, 2], [-1]),
        ([(3,), (-4,)], [0, -1, 18], [19, -19]),
        ([([3, -1],), ([7, -1],)], [[-1, 9]], [[-2, 9]]),
        ([(0.5,), (2.25,)], [1.5, 3.0], [-1.0, 0.0, float("nan"), float("inf"), 1e9]),
        ([(1.0,), (2.0,)], [3.0], [1.5]),
        ([("abc",), ("xyz",)], ["zebra", "a"], ["", "A", "a b", "é", "7", "abc" * 40]),
        ([("Ab 1",), ("the quick brown fox 2",)], ["Dog 3"], ["Dog-3", "日本"]),
        ([("(())",), ("()(",)], ["((", "))()"], ["", "[]", "(a)"]),
        ([("(()) ()",), ("([])",)], ["() [()]"], ["((", ") (", "(() ())", "([)]"]),
        ([("f(a b)",), ("g(c)",)], ["g(a c)"], ["g(a", "a)"]),
        (
            [(f"{n} apples and {n + 3} pears",) for n in range(4)],
            ["7 apples and 7 pears"],
            ["7 apples", "7 apes and 7 pears"],
        ),
        ([("2024-01-31",), ("1999-12-01",), ("2000-02-29",)], ["2001-10-10"], ["2001-10", "2001--10", "2001-10-10-3"]),
        ([("",), ("abbaab",)], ["", "ba"], ["c"]),
        ([("a",), ("x",), (" ",)], ["b"], ["ab", "  ", ""]),
        ([("a",), ("x",)], ["ab"], [""]),
        ([([3, 1],), ([2],)], [[1], [9, 1, 1, 1]], [[], [-3], ["1"], (3, 1), [[1]]]),
        ([([1, 2, 5],), ([2, 7],)], [[3], [1, 2]], [[2, 1], [2, 2]]),
        ([([1, 2, 2],), ([2, 7],)], [[3, 3]], [[2, 1]]),
        ([((1, 2),), ((3, 4),)], [(9, 9)], [(1, 2, 3), (1,)]),
        ([({"a": 1},), ({"b": 2, "c": 3},)], [{"a": 3}], [{}, {"a": -1}, {"a": "x"}, {1: 1}]),
        ([(None,), (3,)], [None, 4], ["None"]),
        ([(True,), (False,)], [True], [1]),
        ([([[1, 2], [3, 4]],)], [[[2, 3]]], [[[2], ["3"]], [[]], [2]]),
    ],
)
def test_kinds_signs_letters_and_sizes(seen, inside, outside):
    assert all(holds(seen, value) for value in inside), [value for value in inside if not holds(seen, value)]
    assert not any(holds(seen, value) for value in outside), [value for value in outside if holds(seen, value)]


def test_what_is_no_number_is_no_number():
    cases = tuple(Case(stdin=text, stdout="") for text in ("--5\n", f"{'7' * 200_000}\n"))
    assert InputDomain(Problem(id="t/0", prompt="", entry_point=None, cases=cases)).holds(
        Case(stdin="--7\n", stdout="")
    )


def test_arguments_that_are_always_as_long_stay_so():
    seen = [([1, 2], [3, 4]), ([5], [6])]
    assert holds(seen, [9, 9], [4, 4])
    assert not holds(seen, [9, 9], [4])
    assert holds([([1, 2], [3]), ([5], [6])], [9, 9], [4])


@pytest.mark.parametrize(
    ("seen", "wider", "signed", "beyond"),
    [
        ([(3,), (5,)], [300], [-1, -300], [0, 1, 1000, "3"]),
        ([(3,), (0,)], [300], [-1], [10**6]),
        ([(1.0,), (2.0,)], [1.5, 200.0], [-1.5], [float("nan"), float("inf"), 0.5]),
        ([([3, 5],), ([7],)], [[], [3] * 50], [[-3], [3, -5]], [[0], [1], ["3"]]),
        ([([1, 2, 5],), ([2, 7],)], [[2, 1], [2, 2]], [[-1]], [[0]]),
        ([("abc",), ("xyz",)], ["", "A", "a b", "7", "abc" * 40], [], ["é", "abc" * 1000]),
        ([("(())",), ("()(",)], ["", "(" * 40], [], ["[]", "(a)"]),
        ([("a",), ("x",), ("b",)], ["A"], [], ["", "ab", "  "]),
        ([("0110",), ("1010",)], ["", "01" * 20], [], ["2", "a", "0 1"]),
        ([("GATTACA",), ("CCGTA",)], ["GAT" * 20], [], ["gat", "GAU", "GA T"]),
        (
            [(word,) for word in ("aba", "aaaaa", "zbcd", "xywyx", "xywyz", "xywzx")],
            ["Aba", "moon", "aba zbcd"],
            [],
            ["aba7", "a-b", "é"],
        ),
        ([(word,) for word in ("red", "blue", "red", "blue", "red", "blue")], ["red red"], [], ["green", "Red"]),
        ([({"a": 1},), ({"b": 2},)], [{}, {"A": 30}], [{"a": -1}], [{"a": "x"}]),
    ],
)
def test_what_lies_farther_off(seen, wider, signed, beyond):
    def reach(value: object) -> Reach | None:
        cases = tuple(Case(args=[encode(item) for item in args], expected=None) for args in seen)
        domain = InputDomain(Problem(id="t/0", prompt="", entry_point="f", cases=cases))
        asked = Case(args=[encode(value)], expected=None)
        return next((it for it in Reach if it is not Reach.NAMED and domain.holds(asked, it)), None)

    assert [reach(value) for value in wider] == [Reach.WIDER] * len(wider)
    assert [reach(value) for value in signed] == [Reach.SIGNED] * len(signed)
    assert [reach(value) for value in beyond] == [None] * len(beyond)


@pytest.mark.parametrize(
    ("seen", "named", "beyond"),
    [
        ([(3,), (5,)], [0, 1, 4, -7, 200], [10**6, "3", None, 3.0, [3]]),
        ([(1.0,), (2.0,)], [0.5, -0.0], [float("nan"), float("inf"), 1]),
        ([([3, 5],), ([7],)], [[0], [1, -1], []], [["3"], [[3]], (3,), 3]),
        ([("abc",), ("xyz",)], ["é", "", "(1)"], ["abc" * 1000, b"abc"]),
        ([("a",), ("x",), ("b",)], ["é", " "], ["", "ab"]),
        ([("GATTACA",), ("CCGTA",)], ["gat", "u"], [["G"]]),
        ([({"a": 1},), ({"b": 2},)], [{"c": 0}], [{"a": "x"}, {1: 1}]),
        ([((1, 2),), ((3, 4),)], [(0, 0)], [(1, 2, 3), [1, 2]]),
    ],
)
def test_what_a_model_may_name_keeps_kinds_and_layout(seen, named, beyond):
    cases = tuple(Case(args=[encode(item) for item in args], expected=None) for args in seen)
    domain = InputDomain(Problem(id="t/0", prompt="", entry_point="f", cases=cases))
    for values, held in ((named, True), (beyond, False)):
        asked = [Case(args=[encode(value)], expected=None) for value in values]
        assert [domain.holds(it, Reach.NAMED) for it in asked] == [held] * len(values)


def test_the_way_of_calling_stays():
    cases = (Case(args=[1], expected=None), Case(args=[1], kwargs={"b": 2}, expected=None))
    domain = InputDomain(Problem(id="t/0", prompt="", entry_point="f", cases=cases))
    assert domain.holds(Case(args=[2], kwargs={"b": 3}, expected=None))
    assert not domain.holds(Case(args=[2], kwargs={"c": 3}, expected=None))
    assert not domain.holds(Case(args=[2, 3], expected=None))
    assert not domain.holds(Case(args=[2], kwargs={"b": -3}, expected=None))


def test_standard_inputs_keep_layout_sign_and_alphabet():
    cases = tuple(Case(stdin=text, stdout="") for text in ("3\n1 2 3\n", "2\n5 6\n"))
    domain = InputDomain(Problem(id="t/0", prompt="", cases=cases))
    for text, inside in (
        ("2\n7 1\n", True), ("2\n7 1 1\n", False), ("2\n-7 1\n", False), ("2\n7 x\n", False), ("2\n7 999\n", False),
    ):  # fmt: skip
        assert domain.holds(Case(stdin=text, stdout="")) is inside, text


def test_every_case_lies_among_the_cases():
    seen = [([3, -1, 2], "ab c", 1.5), ([], "", -2.25), ([10**12], "Zé", 0.0)]
    assert all(holds(seen, *args) for args in seen)


def test_many_generated_inputs_lie_inside():
    cases = tuple(Case(args=[encode(value)], expected=None) for value in ([3, 1, 2], [5, 8], [7, 7, 1, 4]))
    problem = Problem(id="t/0", prompt="", entry_point="f", cases=cases)
    domain = InputDomain(problem)
    made = inputs(problem, 256)
    assert sum(map(domain.holds, made)) >= 32


@pytest.mark.parametrize(
    ("seen", "inside", "outside"),
    [
        (["1 2\n", "3 4\n"], ["5 5\n"], ["5\n", "5 5 5\n", "5 5\n5 5\n"]),
        (
            ["2\n< 4 Yes\n> 1 No\n", "3\n= 4 Yes\n> 1 No\n= 3 No\n"],
            ["2\n> 4 No\n= 1 No\n"],
            ["1\n> 4 No No\n", "1\n4 > No\n"],
        ),
        (["2\n1.5 2\n", "3\n1\n2 3\n", "0\n"], ["2\n7\n1.5\n", "1\n2\n"], ["1\n1.5 2\n", "3\n1\n2\n", "1\n"]),
        (["5\nadd 1\n", "7\nadd 1\nadd 2\n"], ["9\nadd 2\n"], ["9\nadd 2 2\n", "9\n2 add\n", "9\n"]),
    ],
)
def test_lines_of_a_standard_input_keep_their_kinds(seen, inside, outside):
    cases = tuple(Case(stdin=text, stdout="") for text in seen)
    domain = InputDomain(Problem(id="t/0", prompt="", entry_point=None, cases=cases))
    assert all(domain.holds(Case(stdin=text, stdout="")) for text in inside)
    assert not any(domain.holds(Case(stdin=text, stdout="")) for text in outside)
