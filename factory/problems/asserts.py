"""Turns assert statements into cases where that is certain.

Promises: an assert that becomes a case decides exactly as before; every other one is left to be
run as test code. What counts as certain here: `assert f(LITERALS) == LITERAL`, `is` with None or
a bool, and a bare `assert f(LITERALS)` or `assert not f(LITERALS)` stays code, since truth is
not equality.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from factory.records import Case
from factory.values import Unencodable, encode


@dataclass(frozen=True, slots=True)
class Split:
    """`cases` from the asserts that are certain; `rest`, the statements still to be run, in order."""

    cases: tuple[Case, ...]
    rest: tuple[ast.stmt, ...]


def split(statements: Sequence[ast.stmt], function: str) -> Split:
    """Split test statements that call `function`.

    Asserts become cases only where all statements are asserts: others may prepare what an assert relies on.
    """
    cases, rest = [], []
    for statement in statements:
        case = _case(statement, function)
        if case is not None:
            cases.append(case)
        elif not _says_nothing(statement):
            rest.append(statement)
    return Split(tuple(cases), tuple(rest))


def _case(statement: ast.stmt, function: str) -> Case | None:
    if not isinstance(statement, ast.Assert) or not isinstance(statement.test, ast.Compare):
        return None
    test = statement.test
    if len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return None
    call, expected = test.left, test.comparators[0]
    if _is_call(expected, function):
        call, expected = expected, call
    if not (isinstance(call, ast.Call) and _is_call(call, function)):
        return None
    if any(isinstance(arg, ast.Starred) for arg in call.args) or any(word.arg is None for word in call.keywords):
        return None
    try:
        return Case(
            args=[encode(literal(arg)) for arg in call.args],
            kwargs={str(word.arg): encode(literal(word.value)) for word in call.keywords},
            expected=encode(literal(expected)),
        )
    except (ValueError, Unencodable):
        return None


def _is_call(node: ast.expr, function: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function


def _says_nothing(statement: ast.stmt) -> bool:
    """`assert True, "…"`, `pass`, a docstring."""
    if isinstance(statement, ast.Assert):
        return isinstance(statement.test, ast.Constant) and bool(statement.test.value)
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def literal(node: ast.expr) -> Any:
    """The value of a literal expression. Raises ValueError for any other."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"no literal: {ast.unparse(node)[:60]}") from None
