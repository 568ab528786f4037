"""The small changes that mutation testing makes, of one node of a Python program at a time.

The operators: arithmetic, relational and logical replacement, and the absolute value, of the sufficient set of Offutt,
Lee, Rothermel, Untch and Zapf (1996, "An experimental determination of sufficient mutant operators"); statement
deletion (Deng, Offutt and Li 2013); constants, conditions, `break` and `continue`, and loops run never or once, as
mutmut and cosmic-ray have them; and what Python adds: ranges, slices, indices, filters and calls of built-ins.

Left out is what is known to change nothing (`x + 0` to `x - 0`, `return None` to itself) or to fail at once for its
type (`"a" + x` to `"a" - x`).
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator
from typing import Any

from factory.languages.python.call_edits import call_edits, call_of
from factory.languages.python.nodes import Edit, callee

_BOUNDS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_CONTRARY = ((ast.Lt, ast.GtE), (ast.Gt, ast.LtE), (ast.Eq, ast.NotEq), (ast.In, ast.NotIn), (ast.Is, ast.IsNot))
_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {a: b for pair in _CONTRARY for a, b in (pair, pair[::-1])}
_SWAPPED = (
    *((ast.Add, ast.Sub), (ast.Sub, ast.Add), (ast.Mult, ast.Add), (ast.Div, ast.Mult), (ast.FloorDiv, ast.Mult)),
    *((ast.Mod, ast.FloorDiv), (ast.Pow, ast.Mult), (ast.LShift, ast.RShift), (ast.RShift, ast.LShift)),
    *((ast.BitOr, ast.BitAnd), (ast.BitAnd, ast.BitOr), (ast.BitXor, ast.BitAnd)),
)
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = dict(_SWAPPED)
_NEUTRAL = {
    0: (ast.Add, ast.Sub, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift),
    1: (ast.Mult, ast.Div, ast.FloorDiv, ast.Pow),
}
"""Operators that do not change what is left of the number."""
_TEXT_CALLS = frozenset("str repr chr join upper lower strip replace format input hex bin".split())
_ENDS = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def edits(node: ast.AST) -> Iterator[Edit]:
    """Every change of `node` itself, not of what it is made of."""
    of = _EDITS.get(type(node))
    if of is not None:
        yield from of(node)


def _negated(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return ast.Compare(test.left, [_OPPOSITES[type(test.ops[0])]()], test.comparators)
    return ast.UnaryOp(ast.Not(), test)


def is_record(node: ast.AST) -> bool:
    """Whether `node` is `if x > best: best = x`, which is the same with `>=`."""
    if not (
        isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and len(node.body) == 1 and not node.orelse
    ):
        return False
    sides = {ast.dump(node.test.left), *map(ast.dump, node.test.comparators)}
    then = node.body[0]
    if not (isinstance(then, ast.Assign) and isinstance(then.targets[0], ast.Name)):
        return False
    return sides == {ast.dump(ast.Name(then.targets[0].id, ast.Load())), ast.dump(then.value)}


def _compare(node: ast.Compare) -> Iterator[Edit]:
    for at, op in enumerate(node.ops):
        if type(op) in _BOUNDS:
            yield "bound", "ops", at, _BOUNDS[type(op)]()
        yield "relation", "ops", at, _OPPOSITES[type(op)]()


def _binary(node: ast.BinOp) -> Iterator[Edit]:
    number = isinstance(node.right, ast.Constant) and node.right.value
    if type(number) is int and number in _NEUTRAL and isinstance(node.op, _NEUTRAL[number]):
        return
    text = _is_text(node.left) or _is_text(node.right)
    if not text and type(node.op) in _ARITHMETIC:
        yield "arithmetic", "op", None, _ARITHMETIC[type(node.op)]()
    if isinstance(node.op, ast.Add | ast.Sub):
        yield "arithmetic", "", None, node.left
    if isinstance(node.op, ast.Add):
        yield "arithmetic", "", None, node.right


def _is_text(node: ast.expr) -> bool:
    """Whether `node` is a text or a sequence for sure."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes)
    if isinstance(node, ast.Call):
        return callee(node) in _TEXT_CALLS
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Slice)
    return isinstance(node, ast.JoinedStr | ast.List | ast.ListComp | ast.Tuple)


def _augmented(node: ast.AugAssign) -> Iterator[Edit]:
    if not _is_text(node.value) and type(node.op) in _ARITHMETIC:
        yield "arithmetic", "op", None, _ARITHMETIC[type(node.op)]()
    yield "assignment", "", None, ast.Assign([node.target], node.value, lineno=node.lineno)


def _logic(node: ast.BoolOp) -> Iterator[Edit]:
    yield "logic", "op", None, ast.Or() if isinstance(node.op, ast.And) else ast.And()
    for at in range(len(node.values)):
        rest = [*node.values[:at], *node.values[at + 1 :]]
        yield "logic", "", None, ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]


def _unary(node: ast.UnaryOp) -> Iterator[Edit]:
    if not isinstance(node.op, ast.UAdd):
        yield "unary", "", None, node.operand


def _constant(node: ast.Constant) -> Iterator[Edit]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", "value", None, not value
    elif isinstance(value, int):
        yield "constant", "value", None, value + 1
        yield "constant", "value", None, value - 1
    elif isinstance(value, float) and math.isfinite(value) and value + 1 != value:
        yield "constant", "value", None, value + 1
    elif isinstance(value, str):
        yield "constant", "value", None, "" if value else "XX"
    elif isinstance(value, bytes):
        yield "constant", "value", None, b"" if value else b"XX"


def _formatted(node: ast.JoinedStr) -> Iterator[Edit]:
    yield "constant", "", None, ast.Constant("")


def _condition(node: ast.If | ast.While | ast.IfExp) -> Iterator[Edit]:
    if not isinstance(node.test, ast.Constant):
        yield "condition", "test", None, _negated(node.test)
    if isinstance(node, ast.If):
        yield "branch", "body", None, [ast.Pass()]
        if node.orelse:
            yield "branch", "orelse", None, []
    elif isinstance(node, ast.While) and not isinstance(node.body[-1], _ENDS):
        yield "loop", "body", None, [*node.body, ast.Break()]


def _for(node: ast.For) -> Iterator[Edit]:
    if not isinstance(node.body[-1], _ENDS):
        yield "loop", "body", None, [*node.body, ast.Break()]
    yield "loop", "iter", None, ast.List([], ast.Load())


def _comprehension(node: ast.comprehension) -> Iterator[Edit]:
    for at, test in enumerate(node.ifs):
        yield "filter", "ifs", None, [*node.ifs[:at], *node.ifs[at + 1 :]]
        yield "condition", "ifs", at, _negated(test)


def _jump(node: ast.Break | ast.Continue) -> Iterator[Edit]:
    yield "jump", "", None, ast.Continue() if isinstance(node, ast.Break) else ast.Break()
    yield "jump", "", None, ast.Pass()


def _return(node: ast.Return) -> Iterator[Edit]:
    value = node.value
    if isinstance(value, ast.Compare | ast.BoolOp) or (
        isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
    ):
        yield "return", "value", None, _negated(value)
    elif value is not None and not (isinstance(value, ast.Constant) and (value.value is None or value.value in (0, 1))):
        yield "return", "value", None, ast.Constant(None)


def _slice(node: ast.Slice) -> Iterator[Edit]:
    if node.step is not None:
        yield "slice", "step", None, None
    if node.lower is not None:
        yield "slice", "lower", None, None
    elif node.step is None:
        yield "slice", "lower", None, ast.Constant(1)
    if node.upper is not None:
        yield "slice", "upper", None, None
    elif node.step is None:
        yield "slice", "upper", None, ast.Constant(-1)


def _collection(node: ast.List | ast.Set | ast.Dict) -> Iterator[Edit]:
    if isinstance(node, ast.Dict):
        if node.keys:
            yield "collection", "", None, ast.Dict([], [])
    elif node.elts and not (isinstance(node, ast.List) and isinstance(node.ctx, ast.Store)):
        empty = ast.List([], ast.Load())
        yield "collection", "", None, empty if isinstance(node, ast.List) else call_of("set", empty)


_EDITS: dict[type[ast.AST], Callable[[Any], Iterator[Edit]]] = {
    ast.Compare: _compare,
    ast.BinOp: _binary,
    ast.AugAssign: _augmented,
    ast.BoolOp: _logic,
    ast.UnaryOp: _unary,
    ast.Constant: _constant,
    ast.JoinedStr: _formatted,
    ast.If: _condition,
    ast.While: _condition,
    ast.IfExp: _condition,
    ast.For: _for,
    ast.comprehension: _comprehension,
    ast.Break: _jump,
    ast.Continue: _jump,
    ast.Return: _return,
    ast.Slice: _slice,
    ast.List: _collection,
    ast.Set: _collection,
    ast.Dict: _collection,
    ast.Call: call_edits,
}
