"""What part a block of Go plays in an answer: whether it is the program asked for, and what it needs of others.

Promises: each question takes linear time and is answered by the text, with comments and literals left out. Does not
promise that the program compiles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.languages.go.names import accepted_names, declares
from factory.languages.source import ODD_SPACE, balanced, plain

_PART = re.compile(
    r"""(?P<left_out>//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)|"(?:[^"\\\n]|\\.)*+"?|`[^`]*+`?|'(?:[^'\\\n]|\\.)*+'?"""
)
_FUNCTION = re.compile(
    r"^func[ \t]++(\w++)[^\n]*?\{(?P<body>[^\n]*\}[^\S\n]*+$|[^\n]*+(?:\n(?!\})[^\n]*+)*+)", re.MULTILINE
)
_REFUSAL = re.compile(r"\s*+(?:panic\([^\n]*\)[ \t;]*+)?\s*+\}?\s*+")
_READS = re.compile(r"\bos\.Stdin\b|\bfmt\.Scan|\bsyscall\.Read\b|\bos\.(?:Open|ReadFile)\(\"/dev/stdin")
_WRITES = re.compile(r"\bfmt\.Print|\bfmt\.Fprint|\bos\.Stdout\b|\bprintln\b|\.Write")
_MAIN = re.compile(r"^[^\S\n]*+func\s++main\s*+\(", re.MULTILINE)
_HEAD = re.compile(r"^(?:package[ \t]+\w++[^\n]*+\n?|import[ \t]*+(?:\([^()]*+\)|[^\n]*+)\n?)", re.MULTILINE)
_DECLARED = re.compile(r"^(?:func|type|var|const)[ \t]++(\w++)", re.MULTILINE)


def bare(code: str) -> str:
    """`code` without comments, and with its literals as "\"\""."""
    return _PART.sub(lambda part: "" if part["left_out"] is not None else '""', code)


def solves(code: str, entry_point: str | None) -> bool:
    """Whether brackets match and it defines the entry point with a body, or reads and writes in `main`."""
    text = bare(code)
    if ODD_SPACE.search(text) or not balanced(text):
        return False
    if entry_point is None:
        return bool(_MAIN.search(text) and _READS.search(code) and _WRITES.search(text))
    names = {plain(name) for name in accepted_names(entry_point)}
    bodies = [found["body"] for found in _FUNCTION.finditer(text) if plain(found[1]) in names]
    return declares(text, entry_point) and not (bodies and all(map(_REFUSAL.fullmatch, bodies)))


def joined(code: str, others: Sequence[str]) -> str:
    """`code`, and behind it those of `others` that declare what it uses and does not declare, without their heads.

    The imports they need are added where they are missing, as in any Go program.
    """
    text = bare(code)
    known, used = set(_DECLARED.findall(text)), set(re.findall(r"\w++", text))
    for other in others:
        names = set(_DECLARED.findall(bare(other)))
        if names & used - known and not names & known:
            code = f"{code.rstrip()}\n\n{_HEAD.sub('', other).strip()}\n"
            known |= names
            used |= set(re.findall(r"\w++", bare(other)))
    return code
