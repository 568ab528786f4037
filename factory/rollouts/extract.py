"""Finds the program in a model's answer.

Promises: what it returns stood in the rollout, cut but never changed (in completion mode, behind
the starter code). Chat answers may hold reasoning, prose, several fenced blocks, no fence at all,
or end in the middle. Does not promise a program that parses: that is the next filter's matter.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from factory.languages import Language
from factory.records import Problem, Program, Rollout

_FENCE = re.compile(r"^[ \t]*(?:>[ \t]*)?(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^\s`]*)[^`\n]*$", re.MULTILINE)
_THOUGHT = re.compile(r"^.*?</think>", re.DOTALL)
_ATTEMPTS = 200
"""Cuts tried to find a program in unfenced text."""


@dataclass(frozen=True, slots=True)
class Block:
    info: str
    code: str
    closed: bool


def extract(rollout: Rollout, problem: Problem, language: Language) -> Program:
    """The program in `rollout`, or None with the reason there is none."""
    if rollout.mode == "code":
        code: str | None = rollout.text
    elif rollout.mode == "completion":
        code = complete(problem.starter_code, rollout.text)
    else:
        code = find(rollout.text, problem.entry_point, language)
    if code is not None and code.strip():
        return Program(rollout.index, code)
    if not rollout.text.strip():
        return Program(rollout.index, None, "the answer is empty")
    cut = ", and was cut off" if rollout.finish_reason == "length" else ""
    return Program(rollout.index, None, f"no {language.name} program in the answer{cut}")


def complete(starter_code: str, text: str) -> str:
    """`starter_code + text`, cut at the first line that leaves the function.

    A line leaves it when it starts at the margin outside any bracket or string; comments and blank lines stay.
    """
    lines = text.split("\n")
    inside = False
    for number, line in enumerate(lines):
        if number == 0 and not starter_code.endswith("\n"):
            inside = inside or bool(line.strip())
            continue  # it continues the starter's last line
        if line[:1] in ("", " ", "\t", "#", "\r", ")", "]", "}"):
            inside = inside or bool(line.strip() and line[0] in " \t")
            continue
        before = starter_code + "\n".join(lines[:number]) + "\n"
        if not inside or _parses(before):
            return before
    return starter_code + text


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def find(text: str, entry_point: str | None, language: Language) -> str | None:
    """The program in a chat answer; with `entry_point` None a whole program."""
    text = without_reasoning(text)
    blocks = list(fenced(text))
    if not blocks:
        return unfenced(text, language)
    own = [block for block in blocks if block.info in language.fences]
    usable = own or [block for block in blocks if not block.info] or blocks
    defining = [block for block in usable if language.defines(block.code, entry_point)]
    closed = [block for block in defining if block.closed]
    if entry_point is None:
        return max(closed or defining or usable, key=lambda block: len(block.code)).code
    chosen = (closed or defining or usable[:1])[-1]
    return chosen.code if chosen.closed else whole_part(chosen.code, entry_point, language)


def without_reasoning(text: str) -> str:
    """`text` after the thoughts before it; all of it is thought when they never end."""
    if "</think>" in text:
        return _THOUGHT.sub("", text, count=1)
    return text.partition("<think>")[0] if text.lstrip().startswith("<think>") else text


def fenced(text: str) -> Iterator[Block]:
    """The fenced blocks of Markdown, the last one open when the text ends in it."""
    opening: re.Match[str] | None = None
    for match in _FENCE.finditer(text):
        if opening is None:
            opening = match
        elif match["mark"].startswith(opening["mark"]) and not match["info"]:
            yield _block(opening, text[opening.end() + 1 : match.start()], True)
            opening = None
    if opening is not None:
        yield _block(opening, text[opening.end() + 1 :], False)


def _block(opening: re.Match[str], code: str, closed: bool) -> Block:
    margin = re.match(r"[ \t]*", opening.group()).group()  # type: ignore[union-attr]
    if margin:  # a fence inside a list item: its indentation is Markdown's, not the program's
        code = "\n".join(line.removeprefix(margin) for line in code.split("\n"))
    return Block(opening["info"].lower(), code, closed)


def whole_part(code: str, entry_point: str, language: Language) -> str:
    """An answer that ended in the middle, without what it did not finish, if the entry point stands before that."""
    if language.looks_like(code):
        return code
    lines = code.split("\n")
    margins = [number for number, line in enumerate(lines) if line and not line[0].isspace()]
    for number in reversed(margins[-20:]):
        kept = "\n".join(lines[:number])
        if language.looks_like(kept) and language.defines(kept, entry_point):
            return kept
    return code


def unfenced(text: str, language: Language) -> str | None:
    """The longest run of whole lines that is a program, starting and ending at the margin."""
    if language.looks_like(text):
        return text
    lines = text.split("\n")
    margins = [number for number, line in enumerate(lines) if line and not line[0].isspace()]
    attempts = 0
    for start in margins:
        if not re.match(
            r"(from|import|def|class|async|func|package|var|const|type|print|for|if|with)\b|[\w, ]+=|@", lines[start]
        ):
            continue
        for end in (len(lines), *reversed([number for number in margins if number > start])):
            attempts += 1
            part = "\n".join(lines[start:end])
            if language.looks_like(part):
                return part
            if attempts >= _ATTEMPTS:
                return None
    return None
