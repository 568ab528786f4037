"""Whether a checker that a row brings decides anything, seen before it grades anybody.

Promises: a checker stands only if it loads, takes each recorded answer that it is shown, and refuses both what is no
answer at all and at least one recorded answer with a small change. Does not promise that it refuses every wrong answer:
nobody but the set's author knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from factory.languages.python.literals import show
from factory.records import Case, Problem, Rejection, Status
from factory.records.values import decode

CASES = 5
"""Cases on which a checker is tried; each costs some milliseconds an answer."""
NO_ANSWER = "~no answer~"
Check = Callable[[Case, Any], Rejection | None]
"""What the problem's own checker says of an answer to a case: None where it takes it."""


def fault(problem: Problem, check: Check) -> str:
    """Why the checkers of a problem cannot be trusted; "" where they can, or where it has none.

    Raises InfrastructureError, WorkerLost.
    """
    tried = [case for case in problem.cases if problem.comparison_of(case).kind == "checker"][:CASES]
    refused_change = changed = False
    for case in tried:
        none: Any = NO_ANSWER if case.stdin is not None else {NO_ANSWER: None}
        said = check(case, none)
        if said is None:
            return f"its checker takes {show(none)} for an answer"
        if said.status is Status.INFRASTRUCTURE_ERROR:
            return said.detail
        right = case.stdout if case.stdin is not None else decode(case.expected)
        if right is None:
            continue
        if said := check(case, right):
            return f"its checker refuses the recorded answer {show(right)}: {said.detail}"
        for other in _changed(right) if not refused_change else ():
            changed = True
            if check(case, other) is not None:
                refused_change = True
                break
    return "its checker takes every change of the recorded answers" if changed and not refused_change else ""


def _changed(value: Any) -> Iterator[Any]:
    """`value` with one small change each: a number more, a part less, a part twice."""
    match value:
        case bool():
            yield not value
        case int() | float():
            yield from (value + 1, -value - 1)
        case str():
            yield from _other_text(value)
        case [first, *rest]:
            kind = type(value)
            yield kind(rest)
            yield kind([first, *value])
            yield from (kind([other, *rest]) for other in _changed(first))
        case dict() if value:
            yield dict(list(value.items())[1:])


def _other_text(text: str) -> Iterator[str]:
    tokens = text.split()
    if not tokens:
        return
    yield " ".join(tokens[:-1])
    yield " ".join([*tokens, tokens[-1]])
    for number, token in enumerate(tokens):
        if token.removeprefix("-").isdecimal() and token.isascii():
            yield " ".join([*tokens[:number], str(int(token) + 1), *tokens[number + 1 :]])
            return
