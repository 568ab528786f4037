"""Which generated inputs lie in a problem's domain: of the kinds, signs, letters and order that its cases have.

A prompt says in words what inputs there may be ("a list of positive integers", "only brackets"), and nothing here reads
words. The cases show some of it. Promises: an input is outside if it differs from every case in a kind of value, in a
sign (-1 alone is a mark and no negative number), in being 0, 1 or empty, in its alphabet, words, pattern or kinds of
lines where these are few, in being sorted, having its brackets in pairs or being a single character where all are, or
in size by more than double. `Reach` says which of these may differ all the same; kinds and layouts never do, nor what
is few, but for the letters of ordinary words, and in what a model names. Does not promise that what is inside is meant:
bounds between arguments are not seen.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

from factory.inputs.generate import heaviest, weight
from factory.inputs.stdin import Layout, split
from factory.records import Case, Problem
from factory.records.values import decode

SMALL_ALPHABET = 12
"""Different characters up to which the texts at one position may be taken to have no others: brackets, digits, DNA."""
CODE = 4
"""Letters up to which an alphabet of letters alone is taken to have no others: DNA has four. Texts in a larger one are
ordinary words, and which letters these have is chance.
"""
REPEATS = 3
"""Times that each of them is there, on average, where they are. The same holds for words, and for patterns of texts."""
ITEMS = 5
"""Items of several lists that have to be in order for lists to be taken to be sorted, or different for distinct."""
ROOM = 10
"""Numbers may be twice as large as those seen, and texts twice as long, and so much more."""
WIDER_TIMES = 20
"""Outside the domain, numbers and sizes may be this many times those that it holds."""
_MANY = (list, tuple, set, frozenset)
_WORD, _NUMBER = re.compile(r"[^\W\d_]+"), re.compile(r"[0-9]+")
_WHOLE = re.compile(r"-?[0-9]{1,1000}")
_PAIRS = {")": "(", "]": "[", "}": "{"}


class Reach(IntEnum):
    """How far an input may lie from those of the cases."""

    INSIDE = 0
    WIDER = 1
    """Larger, empty, in another order, with repeats, fractions or other letters: what a prompt seldom excludes.
    Blanks too, where all texts are of letters alone.
    """
    SIGNED = 2
    """Also negative where no case is, which prompts exclude more often."""
    NAMED = 3
    """Whatever has the kinds and the layout of the cases, for inputs that a model names: also 0 and 1, and any text."""


class InputDomain:
    """What the inputs of a problem's cases have in common."""

    def __init__(self, problem: Problem, signed_arguments: bool = True) -> None:
        """`signed_arguments`: whether an argument that is a number, and not in a list, is ever `SIGNED`."""
        _, self._longest = heaviest(problem)
        self._signed_arguments = signed_arguments
        self._stream = problem.entry_point is None
        if self._stream:
            seen = [case.stdin or "" for case in problem.cases]
            self._layout = Layout(seen)
            self._tokens = ValueDomain(_numbers(text) for text in seen)
            rows = [_rows(text) for text in seen]
            self._rows = _few(row for text in rows for row in text)
            self._height = {len(text) for text in rows}
            self._heads = [set(at) for at in zip(*rows, strict=False)]
            """The rows seen first, second and so on, as far as every case has them."""
        else:
            self._calls = [(decode(case.args), decode(case.kwargs)) for case in problem.cases]
            self._shapes = {_shape(call) for call in self._calls}
            longest = max(len(args) for args, _ in self._calls)
            self._arguments: dict[int | str, ValueDomain] = {
                at: ValueDomain(args[at] for args, _ in self._calls if at < len(args)) for at in range(longest)
            }
            for name in {name for _, kwargs in self._calls for name in kwargs}:
                self._arguments[name] = ValueDomain(kwargs[name] for _, kwargs in self._calls if name in kwargs)
            self._alike = [
                (a, b)
                for a in range(longest)
                for b in range(a)
                if all(len(args) == longest and _length(args[a]) == _length(args[b]) for args, _ in self._calls)
                and _length(self._calls[0][0][a]) is not None
            ]

    @property
    def has_unseen_signs(self) -> bool:
        """Whether there are numbers at some position, and none of them negative: only then is anything `SIGNED`."""
        if self._stream:
            return self._signed_arguments and self._tokens.has_unseen_signs
        return any(
            it.has_unseen_signs if self._signed_arguments else it.has_unseen_signs_inside
            for it in self._arguments.values()
        )

    def holds(self, case: Case, reach: Reach = Reach.INSIDE) -> bool:
        """Whether the input of `case` lies among the others, or no farther from them than `reach`."""
        if weight(case)[1] > (2 * self._longest + ROOM) * (WIDER_TIMES if reach else 1):
            return False
        if self._stream:
            text = case.stdin or ""
            return (
                self._layout.holds(split(text))
                and self._tokens.holds(_numbers(text), self._reach(text, reach))
                and self._has_rows_of(_rows(text))
            )
        args, kwargs = call = decode(case.args), decode(case.kwargs)
        return (
            _shape(call) in self._shapes
            and all(
                self._arguments[name].holds(value, self._reach(value, reach))
                for name, value in (*enumerate(args), *kwargs.items())
            )
            and all(_length(args[a]) == _length(args[b]) for a, b in self._alike)
        )

    def _reach(self, value: Any, reach: Reach) -> Reach:
        """How far the argument `value` may lie off in an input that may lie as far off as `reach`."""
        if self._signed_arguments or reach is Reach.NAMED or isinstance(value, (*_MANY, dict)):
            return reach
        return min(reach, Reach.WIDER)

    def _has_rows_of(self, rows: list[str]) -> bool:
        """Whether some case has lines of these kinds of tokens in this order."""
        if (len(self._height) == 1 and len(rows) not in self._height) or len(rows) < len(self._heads):
            return False
        if self._rows and not self._rows.issuperset(rows):
            return False
        return all(len(seen) > 1 or row in seen for row, seen in zip(rows, self._heads, strict=False))


class ValueDomain:
    """What the values at one position of all inputs have in common, at any depth."""

    def __init__(self, values: Iterable[Any]) -> None:
        seen = list(values)
        self._kinds = {type(value) for value in seen}
        numbers = [value for value in seen if type(value) in (int, float)]
        negative = {value for value in numbers if value < 0}
        self._numbers = bool(numbers)
        self._least = min((2, *numbers)) if negative <= {-1} else -math.inf  # 0 and 1 are edges, as empty texts are
        self._whole = all(value == value // 1 for value in numbers if abs(value) < 1e300)
        self._most = 2 * max((abs(value) for value in numbers if value == value), default=0) + ROOM
        texts = [value for value in seen if type(value) is str]
        self._single = len(texts) >= REPEATS and {len(text) for text in texts} == {1}
        """Whether they are characters: that a text is exactly one long is a kind, not a size."""
        self._letters = set("".join(texts))
        self._closed = len(self._letters) <= min(SMALL_ALPHABET, sum(map(len, texts)) / REPEATS)
        self._ordinary = len(self._letters) > CODE and all(map(str.isalpha, self._letters))
        self._classes = {_class(letter) for letter in self._letters}
        self._words = _few(word for text in texts for word in _WORD.findall(text))
        self._patterns = _few(map(_pattern, texts))
        self._paired = all(map(_is_paired, texts))
        self._each_paired = all(_is_paired(part) for text in texts for part in text.split())
        filled = [value for value in seen if _length(value)]
        self._empty = len(filled) < sum(_length(value) is not None for value in seen)
        lists = [value for value in seen if type(value) is list and len(value) > 1]
        telling = len(lists) > 1 and sum(map(len, lists)) >= ITEMS
        self._sorted = telling and all(map(_ascends, lists))
        self._distinct = telling and all(map(_is_distinct, lists))
        self._lengths = {len(value) for value in seen if type(value) is tuple}
        inner = {
            "items": [item for value in seen if type(value) in _MANY for item in value],
            "keys": [key for value in seen if type(value) is dict for key in value],
            "values": [item for value in seen if type(value) is dict for item in value.values()],
        }
        self._items = {name: ValueDomain(found) for name, found in inner.items() if found}

    @property
    def has_unseen_signs(self) -> bool:
        """Whether there are numbers here, at some depth, and none of them negative."""
        return (self._numbers and self._least > -math.inf) or self.has_unseen_signs_inside

    @property
    def has_unseen_signs_inside(self) -> bool:
        """The same of what is in the values here."""
        return any(it.has_unseen_signs for it in self._items.values())

    def holds(self, value: Any, reach: Reach = Reach.INSIDE) -> bool:
        kind = type(value)
        if kind not in self._kinds:
            return False
        if kind in (int, float):
            return self._holds_number(value, reach)
        if kind is str and self._single and len(value) != 1:
            return False
        if _length(value) == 0:
            return self._empty or reach is not Reach.INSIDE
        if kind is str:
            return reach is Reach.NAMED or self._holds_text(value, reach)
        if kind is tuple and len(value) not in self._lengths and len(self._lengths) == 1:
            return False
        if kind is list and not reach and not self._has_order(value):
            return False
        if kind in _MANY:
            return "items" in self._items and all(self._items["items"].holds(item, reach) for item in value)
        if kind is dict:
            return "keys" in self._items and all(
                self._items["keys"].holds(key, reach) and self._items["values"].holds(item, reach)
                for key, item in value.items()
            )
        return True

    def _has_order(self, value: list[Any]) -> bool:
        return (not self._sorted or _ascends(value)) and (not self._distinct or _is_distinct(value))

    def _holds_number(self, value: float, reach: Reach) -> bool:
        if not abs(value) <= self._most * (WIDER_TIMES if reach else 1):  # nor nan
            return False
        if not reach and type(value) is float and self._whole and value != value // 1:
            return False
        return value >= self._least or reach is Reach.NAMED or (value < 0 and reach is Reach.SIGNED)

    def _holds_text(self, value: str, reach: Reach) -> bool:
        free = self._ordinary and reach is not Reach.INSIDE
        if self._closed and not free and not set(value) <= self._letters:
            return False
        classes = {_class(letter) for letter in value} - self._classes
        if classes and (not reach or "foreign" in classes):
            return False
        if (self._words and not self._words.issuperset(_WORD.findall(value))) or (
            self._patterns and _pattern("".join(value.split()) if free else value) not in self._patterns
        ):
            return False
        return (not self._paired or _is_paired(value)) and (
            not self._each_paired or all(map(_is_paired, value.split()))
        )


def _shape(call: tuple[list[Any], dict[str, Any]]) -> tuple[int, frozenset[str]]:
    return len(call[0]), frozenset(call[1])


def _class(letter: str) -> str:
    if not letter.isascii():
        return "foreign"
    for name in ("isupper", "islower", "isdigit"):
        if getattr(letter, name)():
            return name
    return letter  # of signs and white space, those that were seen


def _few(values: Iterable[str]) -> set[str]:
    """Those there are, where they are so few that there may be no others; else none."""
    seen = list(values)
    different = set(seen)
    return different if len(different) <= min(SMALL_ALPHABET, len(seen) / REPEATS) else set()


def _pattern(text: str) -> str:
    """`text` with its words and numbers left blank."""
    return _NUMBER.sub("0", _WORD.sub("a", text))


def _is_paired(text: str) -> bool:
    """Whether every bracket of `text` has its other half."""
    unclosed: list[str] = []
    for letter in text:
        if letter in _PAIRS.values():
            unclosed.append(letter)
        elif letter in _PAIRS and (not unclosed or unclosed.pop() != _PAIRS[letter]):
            return False
    return not unclosed


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, str | list | tuple | set | frozenset | dict | bytes) else None


def _ascends(items: Any) -> bool:
    try:
        return all(a <= b for a, b in itertools.pairwise(items))
    except TypeError:
        return False


def _is_distinct(items: Any) -> bool:
    return all(a != b for at, a in enumerate(items[:200]) for b in items[:at])


def _numbers(text: str) -> list[Any]:
    """The tokens of a standard input: whole numbers as such, others as texts."""
    return [int(token) if _WHOLE.fullmatch(token) else token for token in text.split()]


def _rows(text: str) -> list[str]:
    """The lines of a standard input as kinds of tokens: numbers, and others."""
    rows = [["0" if type(token) is int else "a" for token in _numbers(line)] for line in text.split("\n")]
    return [" ".join(row) for row in rows if row]
