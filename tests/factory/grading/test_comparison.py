"""Every kind of comparison, and the traps that other harnesses fall into."""

from __future__ import annotations

from array import array
from collections import UserDict, UserList, UserString, deque
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import pytest

from factory.grading.comparison import matcher, rounded
from factory.records import Comparison

NAN, INF = float("nan"), float("inf")


def same(kind: str, got: Any, want: Any, **tolerances: float) -> bool:
    comparison = Comparison.model_validate({"kind": kind, **tolerances})
    return matcher(comparison, stream=False)(got, want)


def same_text(kind: str, got: str, want: str, **tolerances: float) -> bool:
    comparison = Comparison.model_validate({"kind": kind, **tolerances})
    return matcher(comparison, stream=True)(got, want)


@pytest.mark.parametrize(
    ("got", "want", "equal", "exact"),
    [
        (1, 1, True, True),
        (1, 1.0, True, False),
        (1, True, True, False),
        (0, False, True, False),
        (0.0, -0.0, True, True),
        (1, "1", False, False),
        ("1", 1, False, False),
        (None, 0, False, False),
        (None, "None", False, False),
        (None, [], False, False),
        ([], (), False, False),
        ([1, 2], (1, 2), False, False),
        ((1, 2), (1, 2), True, True),
        (["a b"], ["a", "b"], False, False),
        (["a", "b"], ["a", "b"], True, True),
        ([1, 2], [1, 2, 3], False, False),
        ([1, 2, 3], [1, 2], False, False),
        ("abc", "abcd", False, False),
        ("abcd", "abc", False, False),
        ("abc\n", "abc", False, False),
        ([1, [2, (3.0,)]], [1, [2, (3,)]], True, False),
        ({"a": 1}, {"a": 1, "b": 2}, False, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, True),
        ({1: "x"}, {True: "x"}, True, False),
        ({1: 1}, {1: 1.0}, True, False),
        ({1, 2}, {2, 1}, True, True),
        ({1, 2}, {1.0, 2}, True, False),
        ({1}, frozenset({1}), True, False),
        ({1}, [1], False, False),
        (b"a", "a", False, False),
        (b"a", b"a", True, True),
        (1 + 0j, 1, True, False),
        (2**70, float(2**70), True, False),
        (2**70 + 1, 2**70, False, False),
        (INF, INF, True, True),
        (INF, -INF, False, False),
        (NAN, 1.0, False, False),
        (float("nan"), float("nan"), False, True),
        ([float("nan")], [float("nan")], False, True),
        ({"a": float("nan")}, {"a": float("nan")}, False, True),
        ({float("nan")}, {float("nan")}, False, True),
    ],
)
def test_equal_is_pythons_and_exact_asks_for_types_too(got: Any, want: Any, equal: bool, exact: bool) -> None:
    assert (same("equal", got, want), same("exact", got, want)) == (equal, exact)


@pytest.mark.parametrize(
    ("got", "want", "verdict"),
    [
        (0.1 + 0.2, 0.3, True),
        (1.0000005, 1.0, True),
        (1.000002, 1.0, False),
        (1e-10, 0.0, True),
        (1e-8, 0.0, False),
        (3, 3.0000001, True),
        (True, 1.0, True),
        (True, 0.9999999, False),
        (1.0, "1.0", False),
        ("1.0", 1.0, False),
        (None, 0.0, False),
        (0.0, None, False),
        (INF, INF, True),
        (-INF, INF, False),
        (INF, 1e308, False),
        (1e308, INF, False),
        (NAN, NAN, True),
        (NAN, 0.0, False),
        (0.0, NAN, False),
        (10**400, 1.0, False),
        (1.0, 10**400, False),
        (10**400, 10**400, True),
        ([0.30000000000000004, "a"], [0.3, "a"], True),
        ([0.3], (0.3,), False),
        ([0.3], [0.3, 0.3], False),
        ([0.3, 0.3], [0.3], False),
        ({"a": [0.1 + 0.2]}, {"a": [0.3]}, True),
        ({"a": 0.3}, {"b": 0.3}, False),
        ({0.1 + 0.2, 5.0}, {0.3, 5.0}, True),
        ({0.3, "a"}, {"a", 0.1 + 0.2}, False),
        ({0.3, "a"}, {"a", 0.3}, True),
        ({1.0}, {1.0, 2.0}, False),
        (1 + 1e-9j, 1 + 0j, True),
        (1, 1 + 0j, True),
        (1 + 1j, 1 + 2j, False),
        ("ab", "ab", True),
        ("ab", "abc", False),
    ],
)
def test_float_bends_numbers_and_nothing_else(got: Any, want: Any, verdict: bool) -> None:
    assert same("float", got, want) is verdict


def test_float_takes_its_tolerances_from_the_problem() -> None:
    assert same("float", 1.05, 1.0, rel=0.1)
    assert same("float", 0.05, 0.0, abs=0.1)
    assert not same("float", 1.05, 1.0, rel=0.01)
    assert not same("float", 1.0 + 1e-12, 1.0, rel=0, abs=0)


@pytest.mark.parametrize(
    ("got", "want", "verdict"),
    [
        ([3, 1, 2], [1, 2, 3], True),
        ([1, 1, 2], [1, 2, 2], False),
        ([1, 2], [1, 2, 2], False),
        ([1, 2, 2], [1, 2], False),
        ([1, "a", None], [None, 1, "a"], True),
        ([1, "a", None], [None, 1, "b"], False),
        ([{1}, {2}], [{2}, {1}], True),
        ([{1}, {1, 2}, {3}], [{3}, {1, 2}, {1}], True),
        ([{1}, {1}], [{1}, {2}], False),
        ([{"a": 1}, {"b": [2]}], [{"b": [2]}, {"a": 1}], True),
        ([{"a": 1}, {"b": [2]}], [{"b": [3]}, {"a": 1}], False),
        ([[2, 1], [3]], [[3], [2, 1]], True),
        ([[1, 2], [3]], [[3], [2, 1]], False),
        ([(1,)], [[1]], False),
        ([1, 2.0], [2, True], True),
        (["a b"], ["a", "b"], False),
        ((2, 1), (1, 2), True),
        ((2, 1), [1, 2], False),
        ([2, 1], (1, 2), False),
        ({1, 2}, [1, 2], False),
        ({1, 2}, {2, 1}, True),
        ("ab", "ba", False),
        (5, 5, True),
        ([], [], True),
    ],
)
def test_unordered_is_a_multiset_of_the_outermost_sequence(got: Any, want: Any, verdict: bool) -> None:
    assert same("unordered", got, want) is verdict


@pytest.mark.parametrize(
    ("levels", "got", "verdict"),
    [
        ((0,), [[3], [1, 2]], True),
        ((0,), [[3], [2, 1]], False),
        ((1,), [[2, 1], [3]], True),
        ((1,), [[3], [2, 1]], False),
        ((0, 1), [[3], [2, 1]], True),
        ((0, 1), [[3], [2, 1, 1]], False),
        ((0, 1), [[3], [1], [2]], False),
        ((0, 1), [(3,), (2, 1)], False),
    ],
)
def test_the_levels_of_lists_whose_order_is_free(levels: tuple[int, ...], got: Any, verdict: bool) -> None:
    decide = matcher(Comparison(kind="unordered", free_levels=levels), stream=False)
    assert decide(got, [[1, 2], [3]]) is verdict


@pytest.mark.parametrize(
    ("got", "want", "verdict"),
    [
        ("3\n", "3\n", True),
        ("3", "3\n", True),
        ("3\n\n\n", "3\n", True),
        ("3   \n4\t\n", "3\n4\n", True),
        ("3\r\n4\r\n", "3\n4\n", True),
        (" 3\n", "3\n", False),
        ("\n3\n", "3\n", False),
        ("3\n\n4\n", "3\n4\n", False),
        ("3\n4\n", "3\n", False),
        ("3\n", "3\n4\n", False),
        ("", "3\n", False),
        ("3 4\n", "3  4\n", False),
        ("3.0\n", "3\n", False),
        ("", "", True),
        ("\n", "", True),
    ],
)
def test_streams_are_compared_line_by_line_but_for_trailing_space(got: str, want: str, verdict: bool) -> None:
    assert same_text("equal", got, want) is verdict


@pytest.mark.parametrize(
    ("got", "want", "verdict"), [("3\n", "3\n", True), ("3", "3\n", False), ("3 \n", "3\n", False)]
)
def test_exact_streams_are_the_same_to_the_byte(got: str, want: str, verdict: bool) -> None:
    assert same_text("exact", got, want) is verdict


@pytest.mark.parametrize(
    ("got", "want", "verdict"),
    [
        ("1  2\n3", "1 2 3\n", True),
        ("1 2", "1 2 3", False),
        ("1 2 3 junk", "1 2 3", False),
        ("12", "1 2", False),
        ("0.3333333", "0.33333333", True),
        ("0.34", "0.33", False),
        ("3", "3.0", True),
        ("3.0", "3", False),
        ("03", "3", False),
        ("1e3", "1000.0", True),
        ("1_0.5", "10.5", False),
        ("nan", "1.5", False),
        ("nan", "nan", True),
        ("inf", "1e999", False),
        ("yes", "no.", False),
        ("hello", "hello", True),
        ("Hello", "hello", False),
        ("one.5", "1.5", False),
        ("٣.٥", "3.5", False),
        ("", "", True),
        ("", "1.0", False),
    ],
)
def test_tokens_forgive_space_and_rounding_only(got: str, want: str, verdict: bool) -> None:
    assert same_text("tokens", got, want) is verdict


def test_tokens_take_their_tolerances_from_the_problem() -> None:
    assert same_text("tokens", "1.05", "1.0", rel=0.1)
    assert not same_text("tokens", "1.05", "1.0", rel=0.01)


@pytest.mark.parametrize(
    ("got", "want", "verdict"), [(5, 5, True), (5, "5", False), (None, "a", False), ("a  b", "a b", True)]
)
def test_tokens_of_values_that_are_no_texts_are_no_accident(got: Any, want: Any, verdict: bool) -> None:
    assert same("tokens", got, want) is verdict


def test_a_checker_is_never_answered_here() -> None:
    assert same("checker", 1, 1) is False


@pytest.mark.parametrize(
    ("got", "want", "plain", "numbers"),
    [
        ("2.0", "2", False, True),
        ("2.0000001", "2", False, True),
        ("2.1", "2", False, False),
        ("3", "2", False, False),
        ("2", "2.0", True, True),
        ("1e3", "1000", False, True),
        ("1e3x", "1000", False, False),
        ("1000000000000000001", "1000000000000000000", False, False),
    ],
)
def test_an_integer_may_have_a_point_only_where_the_problem_grants_a_tolerance(
    got: str, want: str, plain: bool, numbers: bool
) -> None:
    assert same_text("tokens", got, want) is plain
    assert same_text("tokens", got, want, numbers=True) is numbers


def test_letters_of_either_case_only_where_the_problem_says_so() -> None:
    assert not same_text("tokens", "yes No", "YES NO")
    assert same_text("tokens", "yes No", "YES NO", any_case=True)
    assert not same_text("tokens", "yes", "NO", any_case=True)


def test_a_predicate_looks_at_the_answer_alone() -> None:
    comparison = Comparison(kind="predicate", predicate="set(answer) == {1, 2}")
    decide = matcher(comparison, stream=False)
    assert decide([2, 1, 1], None)
    assert not decide([1], [1])
    assert not decide(5, None)


@pytest.mark.parametrize("kind", ["equal", "float", "unordered"])
def test_tuples_are_lists_only_where_what_is_expected_went_through_json(kind: str) -> None:
    for got, want in (((1, 2), [1, 2]), ([(1,), {"a": ()}], [[1], {"a": []}])):
        assert not same(kind, got, want)
        assert same(kind, got, want, tuples_as_lists=True)
    assert not same(kind, (1, 2), [1, 3], tuples_as_lists=True)
    assert not same(kind, {1, 2}, [1, 2], tuples_as_lists=True)


UNUSUAL: list[Any] = [
    bytearray(b"a"),
    memoryview(b"a"),
    deque([1, [2]]),
    array("i", [1]),
    UserList([[1]]),
    UserDict({1: [2]}),
    MappingProxyType({1: 2}),
    {1: 2}.keys(),
    {1: [2]}.items(),
    Decimal("nan"),
    Decimal(1),
    Fraction(1, 3),
    NAN,
    2j,
    None,
]
WANTED: list[Any] = [[1], (1,), {1}, {1.5, 2.5}, frozenset({1}), {1: 2}, 1.5, 2j, "a", b"a", None, True]


@pytest.mark.parametrize("kind", ["equal", "exact", "float", "unordered", "tokens", "rounded"])
def test_no_answer_breaks_a_comparison(kind: str) -> None:
    decide = rounded if kind == "rounded" else matcher(Comparison.model_validate({"kind": kind}), stream=False)
    for want in WANTED:
        for one in UNUSUAL:
            answers = [one, [one], (one,), {1: one}, [[one]], [{1: one}], [(1, one)]]
            hashable = type(one) not in (bytearray, deque, array, UserList, UserDict, MappingProxyType) and not hasattr(
                one, "mapping"
            )
            if hashable:
                answers += [{one}, frozenset({one}), {one: 1}, {one, 1.5}]
            assert all(type(decide(answer, want)) is bool for answer in answers)


@pytest.mark.parametrize(
    ("got", "want", "verdict"),
    [
        ([bytearray(b"a"), b"b"], [b"b", b"a"], True),
        ([bytearray(b"a"), b"b"], [b"b", b"c"], False),
        ([memoryview(b"a"), 1], [1, b"a"], True),
        ([{2: 0, 1: 0}.keys(), 1], [1, {1, 2}], True),
        ([{1: 2}.items(), 1], [1, {(1, 2)}], True),
        ([deque([1]), 1], [1, [1]], False),
        ([deque([1]), 1], [1, deque([1])], True),
        ([array("i", [1]), 1], [1, array("b", [1])], True),
        ([array("i", [1]), 1], [1, [1]], False),
        ([UserList([1]), 1], [1, [1]], True),
        ([UserList([1]), 1], [1, (1,)], False),
        ([UserDict({1: [2]}), 1], [1, {1: [2]}], True),
        ([MappingProxyType({1: 2}), 1], [1, {1: 2}], True),
        ([UserString("a"), 1], [1, "a"], True),
        ([timedelta(1), 1], [1, timedelta(1)], True),
    ],
)
def test_unordered_holds_equal_what_python_does(got: Any, want: Any, verdict: bool) -> None:
    assert same("unordered", got, want) is verdict


@pytest.mark.parametrize(
    ("got", "want"), [({1: 2}.keys(), {1}), (UserList([0.5]), [0.5]), (UserDict(a=1), {"a": 1}), (UserString("a"), "a")]
)
def test_what_is_equal_is_close(got: Any, want: Any) -> None:
    assert same("float", got, want)
    assert same("float", [got], [want])
    assert not same("float", got, [3, want])
