"""What a prompt states in words of its inputs: numbers that none exceeds, a size that none falls short of.

Promises: reads the text in linear time. A limit holds only where every case keeps it; of several the loosest does. What
it states of one argument is held against all, which excludes too much rather than too little.
"""

from __future__ import annotations

import math
import re
from typing import Any

from factory.records import Case, Problem
from factory.records.values import decode

_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "a": 1, "an": 1}
_NUMBER = r"(\d{1,18}(?:[,_]\d{3}){0,5}(?:(?:\^|\*\*)\d{1,2})?)"
_SIZE = r"(?:elements?|items?|numbers?|integers?|values?|characters?|letters?|words?|strings?|digits?|points?|entries)"
_STRICT = re.compile(rf"(?:\b(?:less|smaller|lower|fewer) th[ae]n|\bbelow|<) ?{_NUMBER}", re.IGNORECASE)
_MOST = re.compile(
    rf"(?:\b(?:at most|up to|no (?:more|greater|larger) than|not (?:exceed|exceeding)|maximum of)|<=|≤) ?{_NUMBER}"
    rf"|\b(?:between|from) \S{{1,20}} (?:and|to) {_NUMBER}",
    re.IGNORECASE,
)
_LEAST_SIZE = re.compile(
    rf"\b(?:length|size) (?:is |of )?(?:at least|>=|≥) ?(\w{{1,9}})|\bat least (\w{{1,9}}) {_SIZE}\b"
    rf"|\b(two|three|four|2|3|4) or more {_SIZE}\b|\b(non-?empty|not empty)\b",
    re.IGNORECASE,
)


class Stated:
    """The limits that the prompt of `problem` states and its cases keep."""

    def __init__(self, problem: Problem) -> None:
        text = f"{problem.prompt}\n{problem.starter_code}"
        most = [_read(found[1]) - 1 for found in _STRICT.finditer(text)]
        most += [_read(found[1] or found[2]) for found in _MOST.finditer(text)]
        sizes = [_size(next(filter(None, found.groups()))) for found in _LEAST_SIZE.finditer(text)]
        self._most: float = max(most, default=math.inf)
        self._least_size = min(filter(None, sizes), default=0)
        if any(_greatest(_values(case)) > self._most for case in problem.cases):
            self._most = math.inf
        if any(_smallest(case) < self._least_size for case in problem.cases):
            self._least_size = 0

    def admit(self, case: Case) -> bool:
        """Whether no number and no size is greater than stated, and no argument smaller."""
        if self._most < math.inf and _greatest(_values(case)) > self._most:
            return False
        return self._least_size == 0 or _smallest(case) >= self._least_size


def _read(text: str) -> int:
    """The number that `text` spells: 100, 1,000 or 10^5."""
    base, _, power = re.sub("[,_]", "", text).replace("**", "^").partition("^")
    value: int = int(base) ** int(power or 1)
    return value


def _size(text: str) -> int:
    if text.isdecimal():
        return int(text)
    return 1 if "empty" in text.lower() else _WORDS.get(text.lower(), 0)


def _values(case: Case) -> list[Any]:
    if case.stdin is not None:
        return [int(token) for token in case.stdin.split() if token.lstrip("-").isdecimal() and len(token) < 20]
    return [*map(decode, case.args or []), *map(decode, case.kwargs.values())]


def _greatest(value: Any) -> float:
    """The greatest number in `value`, sizes of what is in it included."""
    if isinstance(value, int | float):
        return -math.inf if value != value else value
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, dict):
        return max(len(value), _greatest([*value, *value.values()]))
    if isinstance(value, list | tuple | set | frozenset):
        return max(len(value), *map(_greatest, value)) if value else 0
    return -math.inf


def _smallest(case: Case) -> float:
    """The size of the smallest text or collection among the arguments."""
    sizes = [] if case.stdin is not None else [len(it) for it in _values(case) if hasattr(it, "__len__")]
    return min(sizes, default=math.inf)
