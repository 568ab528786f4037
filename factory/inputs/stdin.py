"""Standard inputs like those of a problem's cases: numbers, words and lines changed, the layout kept.

Promises: where a number counts the tokens of the next line, the tokens of all lines that follow, or these lines, in
every case, it does so in every text made; a program that reads by lines and one that reads by tokens then see the same.
What else belongs together (an index and a bound) is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from factory.inputs.spread import EXTREME, EXTREME_INTS, FOREIGN, LARGE_INTS, SMALL_INTS

_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_REAL = re.compile(r"[+-]?[0-9]*\.[0-9]+")
_WORD = re.compile(r"\S+")
LINES_READ = 12
"""Lines at the beginning from which the layout is read; what repeats, repeats there."""
T = TypeVar("T")
Lines = list[list[str]]
Change = Callable[["Layout", Random, Lines, str], None]


def split(text: str) -> Lines:
    return [line.split(" ") for line in text.split("\n")]


class Layout:
    """Which numbers of a problem's standard inputs count something, judged by all of its cases."""

    def __init__(self, seen: Sequence[str]) -> None:
        self._seen = [split(text) for text in seen]
        heads = [(row, at) for row in range(LINES_READ) for at in range(4)]
        self.tokens = [head for head in heads if self._everywhere(_counts_tokens, head)]
        self.lines = [head for head in heads if head not in self.tokens and self._everywhere(_counts_lines, head)]
        self.rest = [head for head in heads if self._everywhere(_counts_rest, head)]

    def _everywhere(self, counts: Callable[[Lines, int, int], bool], head: tuple[int, int]) -> bool:
        row, at = head
        there = [lines for lines in self._seen if row < len(lines) and at < len(lines[row]) and lines[row][at]]
        return bool(there) and all(counts(lines, row, at) for lines in there)

    def holds(self, lines: Lines) -> bool:
        """Whether every number that counts is right."""
        return all(
            counts(lines, row, at)
            for heads, counts in (
                (self.tokens, _counts_tokens),
                (self.lines, _counts_lines),
                (self.rest, _counts_rest),
            )
            for row, at in heads
            if row < len(lines) and at < len(lines[row]) and lines[row][at]
        )

    def changed(self, random: Random, spread: str) -> str:
        """One of the texts seen with one to three changes, or as it was where they broke the layout."""
        base = random.choice(self._seen)
        lines = [list(line) for line in base]
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            random.choice(_CHANGES)(self, random, lines, spread)
        return "\n".join(" ".join(line) for line in (lines if self.holds(lines) else base))

    def number(self, random: Random, lines: Lines, spread: str) -> None:
        """One number that counts nothing becomes another."""
        heads = {*self.tokens, *self.lines, *self.rest}
        whole = [place for place in _places(lines, _WHOLE) if place not in heads]
        real = _places(lines, _REAL)
        if real and (not whole or random.random() < 0.5):
            row, at = random.choice(real)
            value, digits = float(lines[row][at]), len(lines[row][at].partition(".")[2])
            lines[row][at] = f"{random.choice((-value, value + 0.5, value / 3, 0.0, value * 10)):.{digits}f}"
        elif whole:
            row, at = random.choice(whole)
            near = int(lines[row][at])
            nearby = (near + 1, near - 1, -near, near * 2, 0, random.choice(SMALL_INTS), random.choice(LARGE_INTS))
            lines[row][at] = str(random.choice(EXTREME_INTS if spread == EXTREME else nearby))

    def word(self, random: Random, lines: Lines, spread: str) -> None:
        """One word loses, gains or changes a character."""
        words = [(row, at) for row, at in _places(lines, _WORD) if not _kind(lines[row][at])]
        if not words:
            return
        row, at = random.choice(words)
        word = lines[row][at]
        place = random.randrange(len(word))
        foreign = spread == EXTREME or random.random() < 0.25
        letter = random.choice(FOREIGN if foreign else [other for r, a in words for other in lines[r][a]])
        start, end = word[:place], word[place + 1 :]
        changed = (start + letter + end, start + letter + word[place:], start + end or letter, word[::-1])
        lines[row][at] = random.choice((*changed, word.swapcase()))

    def repeat(self, random: Random, lines: Lines, spread: str) -> None:
        """One token of a line takes another's place: repeated elements."""
        rows = _uniform(lines)
        if rows:
            line = random.choice(rows)
            line[random.randrange(len(line))] = random.choice(line)

    def shuffle(self, random: Random, lines: Lines, spread: str) -> None:
        """The tokens of one line in another order."""
        rows = _uniform(lines)
        if rows:
            random.shuffle(random.choice(rows))

    def resize_line(self, random: Random, lines: Lines, spread: str) -> None:
        """A line whose tokens are counted grows or shrinks, and the number with it."""
        heads = [(row, at) for row, at in self.tokens if row + 1 < len(lines) and at < len(lines[row])]
        if heads:
            row, at = random.choice(heads)
            lines[row + 1] = _resized(random, lines[row + 1])
            lines[row][at] = str(len(lines[row + 1]))

    def resize_block(self, random: Random, lines: Lines, spread: str) -> None:
        """Lines that are counted become more or fewer, and the number with them."""
        heads = [(row, at) for row, at in self.lines if row + 1 < len(lines) and at < len(lines[row])]
        if heads:
            row, at = random.choice(heads)
            count = int(lines[row][at])
            block = _resized(random, lines[row + 1 : row + 1 + count])
            lines[row + 1 : row + 1 + count] = [list(line) for line in block]
            lines[row][at] = str(len(block))


def _resized(random: Random, items: list[T]) -> list[T]:
    """Fewer of `items`, or more of their kind."""
    size = max(random.choice((len(items) - 1, len(items) + 1, 1, 2 * len(items), 20)), 1)
    return items[:size] + [random.choice(items) for _ in range(size - len(items))] if items else items


def _uniform(lines: Lines) -> Lines:
    """The lines of several tokens that are all of one kind: whole numbers, others, or words."""
    return [line for line in lines if len(line) > 1 and len(set(map(_kind, line))) == 1]


def _kind(token: str) -> int:
    return bool(_WHOLE.fullmatch(token)) + 2 * bool(_REAL.fullmatch(token))


def _places(lines: Lines, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    return [(row, at) for row, line in enumerate(lines) for at, token in enumerate(line) if pattern.fullmatch(token)]


def _counts_tokens(lines: Lines, row: int, at: int) -> bool:
    """Whether the number at (row, at) is how many tokens the next line has."""
    if not _WHOLE.fullmatch(lines[row][at]) or row + 1 >= len(lines):
        return False
    return int(lines[row][at]) == len([token for token in lines[row + 1] if token])


def _counts_rest(lines: Lines, row: int, at: int) -> bool:
    """Whether the number at (row, at) is how many tokens all lines behind its own have."""
    if not _WHOLE.fullmatch(lines[row][at]):
        return False
    return int(lines[row][at]) == sum(1 for line in lines[row + 1 :] for token in line if token)


def _counts_lines(lines: Lines, row: int, at: int) -> bool:
    """Whether the number at (row, at) is how many lines follow, empty ones at the end left out."""
    if not _WHOLE.fullmatch(lines[row][at]):
        return False
    rest = lines[row + 1 :]
    while rest and rest[-1] == [""]:
        rest.pop()
    return int(lines[row][at]) == len(rest)


_CHANGES: tuple[Change, ...] = (
    *(Layout.number, Layout.number, Layout.number, Layout.word, Layout.repeat, Layout.shuffle),
    *(Layout.resize_line, Layout.resize_line, Layout.resize_block),
)
