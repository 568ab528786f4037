"""How much is read of what a model, a program or a problem file wrote: all that is beyond has a verdict, or is refused.

Promises: within these bounds the work of this process is linear in what it reads. Each bound is far above what honest
texts need: the longest answers of reasoning models have half a million characters, programs of contests 60,000.
"""

from __future__ import annotations

MAX_ROW = 256_000_000
"""Bytes of a line, or characters of a table's row. The tests of one contest problem have some ten million."""
MAX_STATEMENT = 1_000_000
"""Characters of each text of a problem that a prompt or a card shows."""
MAX_NAME = 1000
"""Characters of a problem's id, and of the name of its function."""
MAX_RECORDED = 16_000_000
"""Characters of each text of a recorded rollout. A row with more is no rollout; up to there it has a verdict."""
MAX_TEXT = 2_000_000
"""Characters of a rollout in which a program is looked for."""
MAX_SOURCE = 200_000
"""Characters of a program; the memory of parsers grows with it."""
MAX_LEXED = 10_000
"""Characters of a program that Pygments reads; its lexers take quadratic time for some texts, here 1 s."""
MAX_TRIED = 5 * MAX_SOURCE
"""Characters parsed in search of where a program in a rollout begins and ends, all attempts together: less than 1 s."""
LEAST_TRIED = 100
"""Characters that an attempt counts for, however short it is: that long takes what there is to do beside parsing."""
MAX_ANSWER = 1_000_000
"""Characters of one answer, as JSON, where it is not known what is expected."""
TIMES_EXPECTED, BESIDE_EXPECTED = 16, 4096
"""An answer may have this many times the characters of what is expected, and this many more."""
MAX_NESTING = 64
"""Levels of a case's values: arguments, and what is expected."""
MAX_NODES = 500_000
"""Syntax nodes that the names in one row's test code mean, each counted wherever its name is used."""


def refusal(what: str, size: int, most: int, remedy: str, unit: str = "characters") -> str:
    """Why a text of `size` units is not taken, in one line; "" where it is."""
    return f"{what} {size:,} {unit}, and may hold {most:,}: {remedy}" if size > most else ""


def characters(data: object) -> int:
    """Characters of all texts in a row."""
    found, waiting = 0, [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str | bytes):
            found += len(one)
        elif isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
    return found


def too_long(source: str) -> str | None:
    """Why a program is not parsed for its length alone, in one line; None where it is."""
    return f"program of {len(source)} characters; at most {MAX_SOURCE} are parsed" if len(source) > MAX_SOURCE else None


def longest_answer(expected: int) -> int:
    """Characters of an answer that may be right where `expected` characters are expected."""
    return TIMES_EXPECTED * expected + BESIDE_EXPECTED


class Tries:
    """What is left of the characters that may be parsed in search of one program."""

    def __init__(self) -> None:
        self._left = MAX_TRIED

    def afford(self, code: str) -> bool:
        """Whether `code` may still be parsed, which it then counts as."""
        cost = max(len(code), LEAST_TRIED)
        if cost > self._left or len(code) > MAX_SOURCE:
            return False
        self._left -= cost
        return True
