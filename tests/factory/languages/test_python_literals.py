"""Values as Python source: in one order, and readable back or short enough to show."""

from __future__ import annotations

from collections import UserDict, UserList
from typing import Any

import pytest

from factory.languages.python.literals import arguments, literal, show, show_input
from factory.records import Case


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"b", "a", "c"}, "{'a', 'b', 'c'}"),
        (frozenset({2, 1}), "frozenset({1, 2})"),
        (set(), "set()"),
        ((1,), "(1,)"),
        ([(), {"k": [None, True]}], "[(), {'k': [None, True]}]"),
        (float("-inf"), 'float("-inf")'),
        (float("nan"), 'float("nan")'),
        (b"\x00a", "b'\\x00a'"),
    ],
)
def test_values_are_shown_in_python_syntax(value: object, shown: str) -> None:
    assert literal(value) == shown


def test_what_has_no_order_is_shown_in_one() -> None:
    """A Go map comes in another order each time, a set of texts in every process: a verdict must not tell of it."""
    assert show({"b": {3, 1}, "a": frozenset({"y", "x"})}) == "{'a': frozenset({'x', 'y'}), 'b': {1, 3}}"
    assert show([UserDict(a={3, 1}), UserList([{"y", "x"}])]) == "[UserDict({'a': {1, 3}}), UserList([{'x', 'y'}])]"
    assert show({6: ["z"], 2: []}) == show({2: [], 6: ["z"]}) == "{2: [], 6: ['z']}"
    plains: tuple[Any, ...] = ([], (), {}, set(), frozenset(), (1,), (1, [2.5, None]), [(), {"k": (True, b"x")}], "x")
    for plain in plains:
        assert show(plain) == repr(plain)


def test_what_cannot_be_shown_is_named() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert show(deep) == "a list too large to show"
    assert show(10**200_000) == "a int too large to show"
    assert show_input(Case(stdin="a\n", stdout="")) == "'a\\n'"


def test_arguments_are_written_as_in_a_call() -> None:
    case = Case(args=[1, {"$": "tuple", "v": [2]}], kwargs={"key": {"$": "float", "v": "nan"}}, expected=None)
    assert arguments(case, literal) == '1, (2,), key=float("nan")'
    assert show_input(case) == "1, (2,), key=nan"
    assert show_input(Case(args=["x" * 999], expected=None)) == "'" + "x" * 158 + "…"
