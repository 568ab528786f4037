"""Generated inputs: of the cases' types, with the edges in them, the same in every process."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from factory.inputs.generate import inputs, weight
from factory.inputs.spread import FLOAT_EXACT, STABLE_UP_TO
from factory.inputs.stdin import Layout
from factory.records import Case, Problem
from factory.records.values import decode

MakeProblem = Callable[..., Problem]


def first_arguments(problem: Problem, count: int = 128) -> list[Any]:
    return [decode(case.args)[0] for case in inputs(problem, count)]


TYPES: list[tuple[str, list[Any]]] = [
    ("int", [3, 12]),
    ("float", [1.5, -2.0]),
    ("bool", [True]),
    ("str", ["abc", "hello"]),
    ("bytes", [b"ab", b"c"]),
    ("list_of_int", [[1, 2], [3]]),
    ("list_of_str", [["a"], ["b", "cd"]]),
    ("list_of_list", [[[1], [2, 3]], [[4]]]),
    ("list_of_pairs", [[("a", 1)], [("b", 2), ("c", 3)]]),
    ("pair", [("a", 1), ("b", 2)]),
    ("set", [{1, 2}, {3}]),
    ("frozenset", [frozenset({"a"}), frozenset({"b", "c"})]),
    ("dict", [{"a": 1}, {"b": 2, "c": 3}]),
    ("dict_of_lists", [{1: [2]}, {3: [4, 5]}]),
    ("record", [{"name": "a", "age": 1}, {"name": "b", "age": 2}]),
]


OTHERS = (
    date(2020, 1, 2),
    Decimal("0.5"),
    Fraction(1, 3),
    deque([1]),
    bytearray(b"a"),
    {1: 2}.keys(),
    {1: [2]}.items(),
)


@pytest.mark.parametrize("value", OTHERS)
@pytest.mark.parametrize("within", [False, True])
def test_what_is_not_made_anew_is_one_of_those_seen(make_problem: MakeProblem, value: Any, within: bool) -> None:
    given = [value] if within else value
    found = list(inputs(make_problem(((given, 3), None), ((given, 7), None)), 32))
    kinds = {type(one) for case in found for one in (decode(case.args)[0] if within else decode(case.args)[:1])}
    assert kinds == {type(value)}


@pytest.mark.parametrize("values", [it[1] for it in TYPES], ids=[it[0] for it in TYPES])
def test_types_stay_what_they_are(make_problem: MakeProblem, values: list[Any]) -> None:
    def fits(got: Any, like: list[Any]) -> bool:
        if isinstance(got, list | set | frozenset):
            return all(fits(item, [inner for value in like for inner in value]) for item in got)
        if isinstance(got, tuple):
            return len(got) == len(like[0]) and all(map(fits, got, [list(part) for part in zip(*like, strict=True)]))
        if isinstance(got, dict):
            keys, items = [key for value in like for key in value], [it for value in like for it in value.values()]
            return all(fits(key, keys) and fits(item, items) for key, item in got.items())
        return type(got) in set(map(type, like))

    found = first_arguments(make_problem(*(((value,), None) for value in values)))
    assert found if type(values[0]) is bool else len(found) >= 60
    assert all(type(value) is type(values[0]) and fits(value, values) for value in found)


def test_whole_numbers_reach_every_range(make_problem: MakeProblem) -> None:
    found = first_arguments(make_problem(((3,), None), ((12,), None)))
    assert {0, 1, -1, 13, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**20} <= set(found[:64])
    assert sum(-1000 < value < 1000 for value in found) >= 16


def test_whole_numbers_among_floats_are_those_a_float_holds(make_problem: MakeProblem) -> None:
    found = first_arguments(make_problem(((3,), None), ((1.5,), None)))
    assert {type(value) for value in found} == {int, float}
    assert all(abs(value) <= FLOAT_EXACT for value in found if type(value) is int)


def test_floats_reach_their_edges(make_problem: MakeProblem) -> None:
    found = first_arguments(make_problem(((1.5,), None)))[:64]
    assert any(math.isnan(value) for value in found)
    assert {math.inf, -math.inf, 5e-324, 2.5, 1e16} <= set(found)
    assert any(value == 0 and math.copysign(1, value) < 0 for value in found)


def test_texts_reach_other_scripts_and_empty_ones(make_problem: MakeProblem) -> None:
    found = first_arguments(make_problem((("abc",), None), (("hello",), None)))[:64]
    assert "" in found
    assert "olleh" in found
    assert any("\u0301" in value for value in found)
    assert any(len(value.encode()) > 2 * len(value) for value in found)
    assert sum(value.isascii() for value in found) >= 24
    assert not any("\ud800" <= character <= "\udfff" for value in found for character in value)


def test_lists_are_empty_single_repeated_reversed_sorted_and_long(make_problem: MakeProblem) -> None:
    found = first_arguments(make_problem((([3, 1, 2],), None), (([5, 4],), None)))[:64]
    assert [] in found
    assert [2, 1, 3] in found
    assert [1, 2, 3] in found
    assert any(len(value) == 1 for value in found)
    assert any(len(set(value)) < len(value) for value in found)
    assert any(len(value) > STABLE_UP_TO and len(set(value)) > 1 for value in found)
    assert any(abs(number) >= 2**31 for value in found for number in value)


def test_long_lists_of_pairs_have_ties_that_differ(make_problem: MakeProblem) -> None:
    found = first_arguments(make_problem((([("a", 2), ("b", 1)],), None), (([("z", 1), ("y", 3)],), None)))[:64]

    def ties(pairs: list[tuple[str, int]]) -> bool:
        return len(pairs) > STABLE_UP_TO and len({n for _, n in pairs}) < len(set(pairs))

    assert sum(map(ties, found)) >= 2


def test_what_nests_is_nested_deeper(make_problem: MakeProblem) -> None:
    def depth(value: Any) -> int:
        return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0

    found = first_arguments(make_problem((([1, [2]],), None)))
    assert max(map(depth, found)) > 20
    flat = first_arguments(make_problem((([[1], [2]],), None)))
    assert {depth(value) for value in flat} <= {1, 2}


def test_none_comes_only_where_it_was_seen(make_problem: MakeProblem) -> None:
    problem = make_problem(((1, None), None), ((2, "x"), None))
    found = [decode(case.args) for case in inputs(problem, 128)]
    assert all(a is not None for a, _ in found)
    assert any(b is None for _, b in found)
    assert any(b is not None for _, b in found)


def test_records_keep_their_keys(make_problem: MakeProblem) -> None:
    rows = ({"name": "a", "age": 1}, {"name": "b", "age": 2})
    found = first_arguments(make_problem(*(((row,), None) for row in rows)))
    assert all(list(value) == ["name", "age"] for value in found)
    assert any(value["age"] < 0 for value in found)


def test_calls_keep_their_way_of_calling() -> None:
    cases = [
        {"args": [1, 2], "kwargs": {"k": "x"}, "expected": 0},
        {"args": [3], "kwargs": {}, "expected": 0},
    ]
    problem = Problem.model_validate({"id": "t", "prompt": "", "entry_point": "f", "cases": cases})
    ways = {(len(case.args or ()), tuple(case.kwargs)) for case in inputs(problem, 64)}
    assert ways == {(2, ("k",)), (1, ())}


def test_arguments_are_equal_now_and_then(make_problem: MakeProblem) -> None:
    problem = make_problem((("abc", "xyz"), None), (("hello", "world"), None))
    assert any(case.args and case.args[0] == case.args[1] != "" for case in inputs(problem, 64))


def test_no_input_is_a_case_or_comes_twice_or_expects_anything(make_problem: MakeProblem) -> None:
    problem = make_problem((([1, 2], "a"), 1), (([3], "b"), 2))
    texts = [json.dumps([case.args, case.kwargs]) for case in inputs(problem, 256)]
    assert len(texts) == 256 == len(set(texts))
    assert not {json.dumps([case.args, case.kwargs]) for case in problem.cases} & set(texts)
    assert all(case.expected is None for case in inputs(problem, 256))


def test_fewer_come_where_there_are_no_more(make_problem: MakeProblem) -> None:
    assert inputs(make_problem(((True,), None)), 64) == (Case(args=[False], expected=None, public=True),)
    assert inputs(make_problem(((), None)), 64) == ()


def test_a_beginning_is_the_beginning_of_more(make_problem: MakeProblem) -> None:
    problem = make_problem((([1, 2], "a"), 1), (([3], "b"), 2))
    assert inputs(problem, 256)[:64] == inputs(problem, 64)


def test_other_problems_have_other_inputs(make_problem: MakeProblem) -> None:
    cases = ((([1, 2],), 1), (([3],), 2))
    assert inputs(make_problem(*cases), 64) != inputs(make_problem(*cases, id="t/1"), 64)
    expecting = ((([1, 2],), 7), (([3],), 8))
    assert inputs(make_problem(*cases), 64) == inputs(make_problem(*expecting), 64)


def test_every_process_makes_the_same(make_problem: MakeProblem) -> None:
    """Sets and dicts of texts, whose order hashing decides, under two hash seeds."""
    problem = make_problem((({"a", "bc", "d"}, {"x": "y", "z": "w"}), None), (({"q"}, {"k": "v"}), None))
    program = (
        "import sys\nfrom factory.inputs.generate import inputs\nfrom factory.records import Problem\n"
        "for case in inputs(Problem.model_validate_json(sys.argv[1]), 64): print(case.model_dump_json())"
    )
    command = [sys.executable, "-c", program, problem.model_dump_json(exclude_unset=True)]
    told = [
        subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0].splitlines() == [case.model_dump_json() for case in inputs(problem, 64)]


def test_weight_is_of_digits_and_length() -> None:
    assert weight(Case(args=[7, [123456]], expected=None)) == (6, len("[[7, [123456]], {}]"))
    assert weight(Case(stdin="a 12\n", stdout="")) == (2, 5)


# ---- standard input ----


def texts(make_problem: MakeProblem, *seen: str, count: int = 128) -> list[str]:
    return [case.stdin or "" for case in inputs(make_problem(*((text, "") for text in seen)), count)]


def test_a_number_that_counts_tokens_stays_right(make_problem: MakeProblem) -> None:
    found = texts(make_problem, "3\n1 2 3\n", "2\n5 6\n")
    assert len(found) >= 64
    for text in found:
        first, second, end = text.split("\n")
        assert int(first) == len(second.split())
        assert all(abs(int(token)) <= 10**20 for token in second.split())
        assert end == ""
    assert len({text.partition("\n")[0] for text in found}) > 3
    assert any("-" in text for text in found)
    assert any(len(token) > 10 for text in found for token in text.split())


def test_a_number_that_counts_lines_stays_right(make_problem: MakeProblem) -> None:
    found = texts(make_problem, "2\nab 1\ncd 2\n", "3\nx 1\ny 2\nz 3\n")
    for text in found:
        first, *lines = text.rstrip("\n").split("\n")
        assert int(first) == len(lines)
    assert len({text.partition("\n")[0] for text in found}) > 2
    assert any(not text.isascii() for text in found)


def test_a_number_that_counts_the_tokens_of_all_lines_stays_right(make_problem: MakeProblem) -> None:
    found = texts(make_problem, "3\n1 2\n3\n", "2\n5 6\n", "2\n7\n8\n")
    assert len(set(found)) >= 32
    for text in found:
        first, *rest = text.split()
        assert int(first) == len(rest)


def test_real_numbers_keep_their_digits(make_problem: MakeProblem) -> None:
    found = texts(make_problem, "1.50 2\n", "3.25 4\n")
    assert all(len(text.split()[0].partition(".")[2]) == 2 for text in found)


@pytest.mark.parametrize("text", ["", "\n", "   \n\n", "a", "7"])
def test_the_poorest_texts_do_no_harm(make_problem: MakeProblem, text: str) -> None:
    assert text not in texts(make_problem, text)


def test_a_layout_is_what_all_texts_share() -> None:
    assert Layout(["3\n1 2 3\n", "2\n5 6\n"]).tokens == [(0, 0)]
    assert Layout(["3\n1 2 3\n", "2\n5 6 7\n"]).tokens == []
    assert Layout(["2\nab 1\ncd 2\n", "1\nx 1\n"]).lines == [(0, 0)]
    assert Layout(["2 9\nab 1\ncd 2\n", "1 9\nx 1\n"]).lines == [(0, 0)]
    assert Layout(["3\n1\n2 3\n", "2\n5 6\n"]).rest == [(0, 0)]
    assert Layout(["3\n1\n2 3\n", "2\n5 6 7\n"]).rest == []
