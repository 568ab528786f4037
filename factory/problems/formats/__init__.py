"""The formats of problem sets, one a file. A new format is one file here and one line below.

A format has `sniff(row) -> bool`, which tells from one raw row; `id_of(row) -> str`, the problem's id, also where the
row is refused; and `read(row, oracle) -> Problem`, which raises ValueError naming the field or the reason: a row that
does not say for certain what a right answer is gets refused, not guessed at. The oracle runs the row's reference where
expected answers have to be computed. One whose rows have several solutions has `solutions(row)`, those that may be
taken for the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from factory.problems.formats import (
    apps,
    code_contests,
    evalplus,
    humaneval,
    kodcode,
    leetcode,
    livecodebench,
    mbpp,
    native,
    taco,
)
from factory.problems.oracle import Oracle
from factory.problems.parsing.fields import Row
from factory.records import Problem

__all__ = ["FORMATS", "Format", "WithSolutions"]


class Format(Protocol):
    def sniff(self, row: Row) -> bool: ...

    def id_of(self, row: Row) -> str: ...

    def read(self, row: Row, oracle: Oracle | None = None) -> Problem: ...


@runtime_checkable
class WithSolutions(Protocol):
    """A format whose rows have several programs that are said to be right."""

    def solutions(self, row: Row) -> Sequence[str]: ...


FORMATS: dict[str, Format] = {
    "native": native,
    "evalplus": evalplus,
    "leetcode": leetcode,
    "humaneval": humaneval,
    "mbpp": mbpp,
    "livecodebench": livecodebench,
    "code_contests": code_contests,
    "kodcode": kodcode,
    "taco": taco,
    "apps": apps,
}
"""By name, in the order in which they are tried on the first row. `mapping` is made from its config."""
