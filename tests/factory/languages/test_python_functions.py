"""Functions told apart by what they do in which order, and by none of the names that an author is free in."""

from __future__ import annotations

import pytest

from factory.languages.python.functions import function_keys

ORIGINAL = '''
import math

def helper(n):
    return n * n

def total(values: list[int], limit: int = 10) -> int:
    """Sum of squares up to a limit."""
    found = 0
    for value in values:
        if value < limit:  # small ones
            found += helper(value) + math.floor(value)
    return found
'''


def key(source: str, name: str) -> str:
    return {name: key for key, name in function_keys(source, 1).items()}[name]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("found", "acc"),
        ("value in values", "v in values"),
        ("total", "solve"),
        ("helper", "square"),
        (": list[int]", ""),
        ('    """Sum of squares up to a limit."""\n', ""),
        ("  # small ones", ""),
        ("limit", "bound"),
    ],
)
def test_names_annotations_and_layout_do_not_count(old: str, new: str) -> None:
    changed = ORIGINAL.replace(old, new)
    if old == "value in values":
        changed = changed.replace("value <", "v <").replace("(value)", "(v)")
    assert changed != ORIGINAL
    assert key(changed, "solve" if old == "total" else "total") == key(ORIGINAL, "total")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("value < limit", "value <= limit"),
        ("= 10", "= 11"),
        ("math.floor", "math.ceil"),
        ("helper(value)", "helper(limit)"),
        ("found = 0", "found = value = 0"),
    ],
)
def test_what_is_computed_counts(old: str, new: str) -> None:
    assert key(ORIGINAL.replace(old, new), "total") != key(ORIGINAL, "total")


def test_a_method_is_the_function_that_it_could_be() -> None:
    method = "class Solution:\n    def f(self, a, b):\n        return sorted(a, key=b)\n"
    assert key(method, "f") == key("def g(xs, by):\n    return sorted(xs, key=by)\n", "g")


def test_what_a_program_does_outside_of_functions_is_compared_too() -> None:
    one = key("import sys\nn = int(input())\nprint(n * 2)\n", "the program")
    assert one == key("count = int(input())\nprint(count * 2)", "the program")
    assert one != key("n = int(input())\nprint(n * 3)\n", "the program")


def test_small_functions_and_what_is_no_python_have_no_key() -> None:
    assert set(function_keys(ORIGINAL, 25).values()) == {"total"}
    assert function_keys("func f() {}", 1) == {}
    assert function_keys("x = " + "(" * 5000 + ")" * 5000, 1) == {}
    assert function_keys("def f(x):\n    return x" + ".a" * 20_000, 1) == {}
