"""What part a block of JavaScript plays in an answer: whether it is the program asked for, and what it needs of others.

Promises: each question takes linear time and is answered by the tokens. Does not promise that the program compiles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.languages.javascript import normal_form
from factory.languages.javascript.names import declares, defined, names_in
from factory.languages.source import ODD_SPACE, balanced

READS = re.compile(r"\bstdin\b|readFileSync\(\s*0\b|\breadline\b|\breadSync\(\s*0\b")
_ENDS = (";", "}", ")")
_WRITES = frozenset({"console", "stdout", "writeSync", "writeFileSync"})


def solves(code: str, entry_point: str | None) -> bool:
    """Whether it can be read and defines the entry point with a body, or reads standard input and writes."""
    tokens = normal_form.tokens(code)
    if tokens is None:  # a `/` may be anything: the text alone decides
        whole = balanced(code) and code.rstrip().endswith(_ENDS) and not ODD_SPACE.search(code)
        return whole and _by_text(code, entry_point)
    if entry_point is None:
        return READS.search(code) is not None and not _WRITES.isdisjoint(tokens)
    return declares(code, entry_point) and not _is_stub(tokens, set(names_in(code, entry_point)))


def _by_text(code: str, entry_point: str | None) -> bool:
    return READS.search(code) is not None if entry_point is None else declares(code, entry_point)


def joined(code: str, others: Sequence[str]) -> str:
    """`code` behind those of `others` that declare what it uses and does not declare."""
    known, used = set(defined(code)), _words(code)
    for other in others:
        names = set(defined(other))
        if names & used - known and not names & known:
            code = f"{other.rstrip()}\n\n{code}"
            known |= names
            used |= _words(other)
    return code


def _words(code: str) -> set[str]:
    return {token for token in normal_form.tokens(code) or () if token[0].isalpha() or token[0] in "_$"}


def _is_stub(tokens: list[str], names: set[str]) -> bool:
    """Whether the last function of one of `names` has an empty body, or one that only throws "not implemented"."""
    places = [at for at, token in enumerate(tokens) if token in names and tokens[max(at - 1, 0)] in ("function", "*")]
    if not places:
        return False
    body = [token for token in tokens[places[-1] :] if token.strip()]
    depth, opens = 0, len(body)
    for at, token in enumerate(body):
        depth += (token in "([") - (token in ")]")
        if token == "{" and depth == 0:
            opens = at
            break
    inside = body[opens + 1 : opens + 9]
    refuses = inside[:3] == ["throw", "new", "Error"] and any("implement" in token.lower() for token in inside[3:5])
    return inside[:1] == ["}"] or refuses
