"""What a test asserts of one answer, as an expression in which `answer` is its name.

Promises: deciding one calls Python's own operators on plain values and the few functions listed here;
no text of a test or of a program runs. So an assert that can be written this way decides, for every
possible answer, as it did in the test, in time linear in the answer but for sorting (where too many different members
have one hash, as no honest answer has it, it says no). Does not promise to know every such assert: what could take long
on a hostile answer (`*`, `%`, `**`, `range`, comprehensions) is refused, and so is what accepts every answer.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from factory.records.values import apart

ANSWER = "answer"
MOST_DIGITS = 1000
"""Furthest place that `round` rounds to: rounding an integer takes 10 to that power."""


def _round(number: Any, digits: Any = None) -> Any:
    if isinstance(digits, int) and abs(digits) > MOST_DIGITS:
        raise ValueError(f"rounds to {digits} digits; at most {MOST_DIGITS} are")
    return round(number, digits)


def _sum(values: Iterable[Any], /, start: Any = 0) -> Any:
    """`sum`, but lists and tuples are joined at once: it copies all it has for each that it adds."""
    if type(start) not in (list, tuple):
        return sum(values, start)
    joined = list(start)
    for value in values:
        if type(value) is not type(start):
            raise TypeError(f"adds a {type(value).__name__} to a {type(start).__name__}")
        joined.extend(value)
    return type(start)(joined)


class _Apart(type):
    """A class that replaces a built-in one of hashed members, and makes one of those from what `apart` accepts."""

    kind: type[Any]

    def __call__(cls, values: Any = (), /, **fields: Any) -> Any:
        if not isinstance(values, dict):
            values = list(values)
            apart(key for key, _ in values) if cls.kind is dict else apart(values)
        return cls.kind(values, **fields)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, cls.kind)


FUNCTIONS: dict[str, Any] = {
    **{function.__name__: function for function in (abs, isinstance, len, max, min, sorted)},
    **{kind.__name__: kind for kind in (bool, float, int, list, str, tuple)},
    **{kind.__name__: _Apart(kind.__name__, (), {"kind": kind}) for kind in (dict, frozenset, set)},
    "round": _round,
    "sum": _sum,
}
MATH = frozenset({"ceil", "fabs", "floor", "inf", "isclose", "isinf", "isnan", "nan", "trunc"})
"""Names of `math` that a predicate may use."""
_NODES = (
    ast.Expression,
    ast.Compare,
    ast.cmpop,
    ast.BoolOp,
    ast.boolop,
    ast.UnaryOp,
    ast.unaryop,
    ast.BinOp,
    ast.Add,
    ast.Sub,
    ast.Div,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.Subscript,
    ast.Constant,
    ast.keyword,
    ast.expr_context,
)


def predicate(text: str) -> Callable[[Any], bool]:
    """The function answer -> bool that `text` writes; one that raises says no.

    Raises ValueError naming what is not known, and where it does not decide anything: it does not mention `answer`, or
    accepts whatever is answered, its own constants included.
    """
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"is no expression: {error}") from None
    _check(tree)
    code = compile(tree, "predicate", "eval")
    known = {"__builtins__": {}, "math": math, **FUNCTIONS}

    def decide(answer: Any) -> bool:
        try:
            return bool(eval(code, known, {ANSWER: answer}))
        except (TypeError, ValueError, LookupError, ArithmeticError, RecursionError):
            return False

    if not any(isinstance(node, ast.Name) and node.id == ANSWER for node in ast.walk(tree)):
        raise ValueError(f"does not mention {ANSWER!r}")
    if all(map(decide, [*_PROBES, *_constants(tree.body)])):
        raise ValueError("accepts every answer")
    return decide


_PROBES: tuple[Any, ...] = (None, False, "\0none\0", -987_654_321.5, [], [None], {"\0": None})
"""Answers that no test has in mind."""


def _constants(node: ast.expr) -> Iterator[Any]:
    """The largest literals in an expression, and their items: `answer != 3` and `answer not in [1]` refuse these."""
    try:
        value = ast.literal_eval(node)
        yield value
        if isinstance(value, list | tuple | set | dict):
            yield from value
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _constants(child)


def _check(node: ast.AST) -> None:
    """Raise ValueError unless `node` is made of what is known alone."""
    match node:
        case ast.Name(id=name):
            known = name == ANSWER or name in FUNCTIONS
        case ast.Attribute(value=ast.Name(id="math"), attr=name):
            if name in MATH:
                return
            known = False
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            known = name in FUNCTIONS or name in MATH
        case ast.Compare(ops=ops, comparators=values) if any(isinstance(op, ast.Is | ast.IsNot) for op in ops):
            known = all(isinstance(value, ast.Constant) and value.value in (None, True, False) for value in values)
        case _:
            known = isinstance(node, _NODES)
    if not known:
        raise ValueError(f"knows no {ast.unparse(node)[:60]!r}")
    for child in ast.iter_child_nodes(node):
        _check(child)
