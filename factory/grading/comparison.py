"""Whether an answer is what was expected, by each kind of comparison (DESIGN.md §4).

Both sides are plain values of exact built-in types, rebuilt outside the wall: nothing of the
candidate's runs here, so `==` is Python's own. It takes time linear in the answer, but for sorting: what is hashed
here was let through by `factory.records.values.apart`.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter, UserDict, UserList, deque
from collections.abc import Callable, ItemsView, KeysView
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from factory.records import Comparison
from factory.records.predicate import predicate
from factory.records.values import apart, dumps

BLANKS = " \t\r\n\v\f"
"""White space of a standard output, as judges of contests know it: other scripts' blanks are text."""
_BLANK = re.compile(f"[{BLANKS}]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
Matcher = Callable[[Any, Any], bool]


def matcher(comparison: Comparison, stream: bool) -> Matcher:
    """The function (answer, expected) -> bool for values, or for texts when `stream`.

    A `checker` is none of these: it runs behind a wall of its own; asked here, it says no.
    """
    if comparison.tuples_as_lists:
        decide = matcher(comparison.model_copy(update={"tuples_as_lists": False}), stream)
        return lambda got, want: decide(_lists(got), want)
    rel, eps = comparison.rel, comparison.abs
    numbers, any_case = comparison.numbers, comparison.any_case
    match comparison.kind:
        case "exact":
            return exact
        case "float":
            return lambda got, want: close(got, want, rel, eps)
        case "unordered":
            return lambda got, want: unordered(got, want, frozenset(comparison.free_levels))
        case "tokens":
            return lambda got, want: (
                tokens(got, want, rel, eps, numbers=numbers, any_case=any_case)
                if type(got) is type(want) is str
                else equal(got, want)
            )
        case "equal":
            return same_lines if stream else equal
        case "predicate":
            asserted = predicate(comparison.predicate)
            return lambda got, want: asserted(got)
        case "checker":
            return lambda got, want: False


REL, ABS = 1e-9, 1e-12
"""Floats this close differ in rounding: sums in another order, another library's `pow`."""


def rounded(got: Any, want: Any) -> bool:
    """Equal but for floats that are close."""
    if type(want) is float and type(got) in (float, int):
        return close(got, want, REL, ABS)
    if type(got) is not type(want):
        return equal(got, want)
    if isinstance(want, list | tuple):
        return len(got) == len(want) and all(map(rounded, got, want))
    if isinstance(want, dict):
        return got.keys() == want.keys() and all(rounded(got[key], value) for key, value in want.items())
    return equal(got, want)


def _lists(value: Any) -> Any:
    """`value` with lists for tuples, also inside lists and as values of dicts."""
    if isinstance(value, list | tuple):
        return [_lists(item) for item in value]
    return {key: _lists(item) for key, item in value.items()} if isinstance(value, dict) else value


def equal(got: Any, want: Any) -> bool:
    """Python's `==`: 1 == 1.0 == True, but a list is no tuple; where that raises, they are not equal."""
    try:
        return bool(got == want)
    except TypeError:  # items of a dict that holds lists, and a set
        return False


def exact(got: Any, want: Any) -> bool:
    """Equal, and of the same types all the way down; nan is nan."""
    if type(got) is not type(want):
        return False
    if isinstance(want, float):
        return got == want or (math.isnan(got) and math.isnan(want))
    if isinstance(want, list | tuple):
        return len(got) == len(want) and all(map(exact, got, want))
    if isinstance(want, set | frozenset):
        try:
            return sorted(map(dumps, got)) == sorted(map(dumps, want))
        except ValueError:  # nested deeper than what is expected may be
            return False
    if isinstance(want, dict):
        if got.keys() != want.keys():
            return False
        keys = {key: key for key in got}
        return all(exact(keys[key], key) and exact(got[key], value) for key, value in want.items())
    return equal(got, want)


def close(got: Any, want: Any, rel: float, eps: float) -> bool:
    """Numbers within `rel` or `eps` of the expected ones, anywhere in the value; all else equal."""
    if isinstance(want, bool) or isinstance(got, bool):
        return equal(got, want)
    if isinstance(want, float | int) and isinstance(got, float | int | Fraction | Decimal):
        if got == want or (got != got and want != want):
            return True
        try:
            return math.isclose(got, want, rel_tol=rel, abs_tol=eps)
        except OverflowError:
            return False
    if isinstance(want, complex) and isinstance(got, complex | float | int):
        return close(got.real, want.real, rel, eps) and close(got.imag, want.imag, rel, eps)
    if type(got) is not type(want):
        return equal(got, want)
    if isinstance(want, list | tuple):
        return len(got) == len(want) and all(close(a, b, rel, eps) for a, b in zip(got, want, strict=True))
    if isinstance(want, dict):
        return got.keys() == want.keys() and all(close(got[key], value, rel, eps) for key, value in want.items())
    if isinstance(want, set | frozenset) and len(got) == len(want):
        try:
            return all(close(a, b, rel, eps) for a, b in zip(sorted(got), sorted(want), strict=True))
        except (TypeError, ArithmeticError):  # no order among them: complex numbers, a Decimal nan
            return equal(got, want)
    return equal(got, want)


def unordered(got: Any, want: Any, free: frozenset[int] = frozenset({0})) -> bool:
    """The same elements, as often, in any order at the nesting levels of sequences in `free`; 0 is the outermost."""
    if type(got) is not type(want) or not isinstance(want, list | tuple):
        return equal(got, want)
    try:
        return bool(_frozen(got, free, 0) == _frozen(want, free, 0))
    except (TypeError, ValueError):  # what holds the values of a dict's items, or was made to be slow to count
        return False


def _frozen(value: Any, free: frozenset[int], level: int) -> Any:
    """A hashable stand-in: two are equal where their values are, but for the order at the levels in `free`."""
    if isinstance(value, UserList):
        value = list(value)
    if isinstance(value, UserDict | MappingProxyType):
        value = dict(value)
    if isinstance(value, list | tuple):
        items = (_frozen(item, free, level + 1) for item in value)
        if level in free:
            return (type(value), frozenset(apart(Counter(apart(items)).items())))
        return (type(value), *items)
    if isinstance(value, dict):
        return (dict, frozenset(apart((key, _frozen(item, free, level + 1)) for key, item in value.items())))
    if isinstance(value, set | KeysView | ItemsView):
        return frozenset(value)
    if isinstance(value, deque | array):
        return (type(value), *(_frozen(item, free, level + 1) for item in value))
    return bytes(value) if isinstance(value, bytearray) else value


def same_lines(got: str, want: str) -> bool:
    """Equal up to trailing white space of lines and trailing empty lines, as contest judges compare."""
    return _lines(got) == _lines(want)


def _lines(text: str) -> list[str]:
    return [line.rstrip(BLANKS) for line in text.rstrip(BLANKS).split("\n")]


def tokens(got: str, want: str, rel: float, eps: float, *, numbers: bool = False, any_case: bool = False) -> bool:
    """The same tokens between white space; a number with a point or exponent within `rel` or `eps` of its own.

    Where both are 0 nothing but the same token will do: 3.10 is no 3.1, 1e3 no 1000.

    With `numbers` an integer may be written as one with a point, too; with `any_case` the case of letters is nothing.
    """
    if any_case:
        got, want = got.casefold(), want.casefold()
    left, right = (_BLANK.split(text.strip(BLANKS)) for text in (got, want))
    near = bool(rel or eps)
    return len(left) == len(right) and all(
        a == b or (near and _same_number(a, b, rel, eps, numbers)) for a, b in zip(left, right, strict=True)
    )


def _same_number(got: str, want: str, rel: float, eps: float, numbers: bool) -> bool:
    if not (_is_broken(want) or (numbers and _is_broken(got))):
        return False  # an integer is matched to the letter
    if not (_NUMBER.fullmatch(got) and _NUMBER.fullmatch(want)):
        return False  # float() alone takes more: 1_0.5, nan, digits of other scripts
    return math.isclose(float(got), float(want), rel_tol=rel, abs_tol=eps)


def _is_broken(token: str) -> bool:
    return "." in token or "e" in token.lower()
