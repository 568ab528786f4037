"""Finds the program in a model's answer.

Promises: what it returns stood in the rollout, cut but never changed (in completion mode, behind
the starter code). Chat answers may hold reasoning, prose, several fenced blocks, no fence at all,
or end in the middle. It takes time in proportion to the text, whatever that is. Does not promise a program that
parses: that is the next filter's matter.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from factory.languages import Language
from factory.records import Problem, Program, Rollout
from factory.records.bounds import MAX_SOURCE, MAX_TEXT, MAX_TRIED

_FENCE = re.compile(
    r"^(?P<margin>[ \t>]*+)(?P<mark>`{3,}+|~{3,}+)[ \t]*+\{?+\.?+(?P<info>[\w+#.-]*+)[^`\n]*+$", re.MULTILINE
)
_THINKS = re.compile(r"\s*<think>")
_ATTEMPTS = 200
"""Cuts tried to find a program in unfenced text, as far as `MAX_TRIED` reaches."""


@dataclass(frozen=True, slots=True)
class Block:
    info: str
    code: str
    closed: bool


def extract(rollout: Rollout, problem: Problem, language: Language) -> Program:
    """The program in `rollout`, or None with the reason there is none."""
    if len(rollout.text) > MAX_TEXT:
        return Program(rollout.index, None, f"an answer of {len(rollout.text)} characters; at most {MAX_TEXT} are read")
    if rollout.mode == "code":
        code: str | None = rollout.text
    elif rollout.mode == "completion":
        code = complete(problem.starter_code, rollout.text, problem.entry_point, language)
    else:
        code = find(rollout.text, problem.entry_point, language)
    if code is not None and code.strip():
        return Program(rollout.index, code)
    if not rollout.text.strip():
        return Program(rollout.index, None, "the answer is empty")
    cut = ", and was cut off" if rollout.finish_reason == "length" else ""
    return Program(rollout.index, None, f"no {language.name} program in the answer{cut}")


def complete(starter_code: str, text: str, entry_point: str | None, language: Language) -> str:
    """`starter_code + text`, cut at the first line that leaves the function.

    A line leaves it when it starts at the margin outside any bracket or string; comments and blank lines stay.
    A starter that does not open the function leaves that to the text; a whole program is not cut.
    """
    if entry_point is None:
        return starter_code + text
    lines, tries = text.split("\n"), _Tries()
    entered, inside = language.defines(starter_code, entry_point), False
    for number, line in enumerate(lines):
        if number == 0 and starter_code and not starter_code.endswith("\n"):
            inside = bool(line.strip())
            continue  # it continues the starter's last line
        if line[:1] in ("", " ", "\t", "#", "\r", ")", "]", "}"):
            inside = inside or (entered and bool(line.strip() and line[0] in " \t"))
            continue
        if not entered:
            entered = language.defines(line, entry_point)
            continue
        if re.match(rf"{re.escape(entry_point)}\.\w+\s*=[^=]", line):
            continue  # an attribute of the function, which it may rely on
        before = starter_code + "\n".join(lines[:number]) + "\n"
        if not inside or (tries.afford(before) and _parses(before)):
            return before
    return starter_code + text


class _Tries:
    """What is left of the characters that may be parsed in search of one program."""

    def __init__(self) -> None:
        self._left = MAX_TRIED

    def afford(self, code: str) -> bool:
        """Whether `code` may still be parsed, which it then counts as."""
        if len(code) > min(MAX_SOURCE, self._left):
            return False
        self._left -= len(code)
        return True


def _parses(code: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def find(text: str, entry_point: str | None, language: Language) -> str | None:
    """The program in a chat answer; with `entry_point` None a whole program."""
    text = without_reasoning(text)
    blocks = list(fenced(text))
    own = [block for block in blocks if block.info in language.fences]
    untagged = [block for block in blocks if not block.info]
    for usable in (own, untagged, blocks):
        defining = [block for block in usable if language.defines(block.code, entry_point)]
        if defining:
            return _best(defining, entry_point, language)
    loose = unfenced(text, entry_point, language)
    if loose is not None and (not blocks or language.defines(loose, entry_point)):
        return loose
    usable = own or untagged
    if not usable:
        return None
    return _best(usable if entry_point is None else usable[:1], entry_point, language)


def _best(blocks: list[Block], entry_point: str | None, language: Language) -> str:
    """Of several programs the longest; of several functions the last, which corrects those before it."""
    blocks = [block for block in blocks if block.closed] or blocks
    if entry_point is None:
        return max(blocks, key=lambda block: len(block.code)).code
    return blocks[-1].code if blocks[-1].closed else whole_part(blocks[-1].code, entry_point, language)


def without_reasoning(text: str) -> str:
    """`text` after the thoughts before it; nothing where they never end."""
    start = 0
    while (end := text.find("</think>", start)) >= 0:
        start = end + len("</think>")
        if not _THINKS.match(text, start):
            return text[start:]
    return "" if _THINKS.match(text, start) else text[start:]


def fenced(text: str) -> Iterator[Block]:
    """The fenced blocks of Markdown, the last one open when the text ends in it.

    A fence with an info string ends an open block, too: models forget to close one before they start the next.
    """
    opening: re.Match[str] | None = None
    column = 0
    for match in _FENCE.finditer(text):
        indent = len(match["margin"].expandtabs(4))
        if opening is not None:
            # One that is indented four columns or more beyond the block's own is text to Markdown.
            if not match["mark"].startswith(opening["mark"]) or indent >= column + 4:
                continue  # it is part of the block, as in a docstring
            yield _block(opening, text[opening.end() + 1 : match.start()], not match["info"])
        opening, column = (match, indent) if opening is None or match["info"] else (None, 0)
    if opening is not None:
        yield _block(opening, text[opening.end() + 1 :], False)


def _block(opening: re.Match[str], code: str, closed: bool) -> Block:
    margin = opening["margin"]
    if ">" in margin:
        code = "\n".join(line.removeprefix(_shared(margin, line)) for line in code.split("\n"))
    elif margin:  # in a list item: its indentation is Markdown's, as far as the whole program has it
        lines = [line for line in code.split("\n") if line.strip()]
        code = re.sub(f"^{_shared(margin, *lines)}", "", code, flags=re.MULTILINE)
    return Block(opening["info"].lower(), code, closed)


def _shared(*texts: str) -> str:
    """What all of them begin with."""
    return "".join(column[0] for column in takewhile(lambda column: len(set(column)) == 1, zip(*texts, strict=False)))


def whole_part(code: str, entry_point: str, language: Language) -> str:
    """An answer that ended in the middle, without what it did not finish, if the entry point comes before that."""
    tries = _Tries()
    if not tries.afford(code) or language.looks_like(code):
        return code
    lines = code.split("\n")
    margins = [number for number, line in enumerate(lines) if line and not line[0].isspace()]
    for number in reversed(margins[-20:]):
        kept = "\n".join(lines[:number])
        if not tries.afford(kept):
            break
        if language.looks_like(kept) and language.defines(kept, entry_point):
            return kept
    return code


def unfenced(text: str, entry_point: str | None, language: Language) -> str | None:
    """The longest run of whole lines that is a program with the entry point, starting and ending at the margin.

    Without the entry point, the first that is a program at all.
    """
    tries = _Tries()
    if tries.afford(text) and language.looks_like(text):
        return text
    lines = text.split("\n")
    margins = [number for number, line in enumerate(lines) if line and not line[0].isspace()]
    attempts = 0
    other: str | None = None
    for at, start in enumerate(margins):
        if not language.opening.match(lines[start]):
            continue
        for place in range(len(margins), at, -1):
            attempts += 1
            if attempts > _ATTEMPTS:
                return other
            part = "\n".join(lines[start : margins[place] if place < len(margins) else len(lines)])
            if tries.afford(part) and language.looks_like(part):
                if language.defines(part, entry_point):
                    return part
                other = other or part
                break
    return other
