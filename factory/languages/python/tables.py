"""Literals that stand together in a Python program as question and answer.

Looked for: entries of dicts, `if x == QUESTION: return ANSWER` and its kin (`in`, `and`, nested, `match`, conditional
expressions, assignments to `table[QUESTION]`), rows of a list whose last item is the answer, and two lists of equal
length. Only where the entry point reaches: a program's own tests beneath it answer nobody.

Does not promise to see a question that is not spelled out: one that is hashed, pieced together or known by its length.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import islice, permutations, product
from typing import Any

from factory.languages.python.nodes import callee
from factory.languages.python.parse import parse
from factory.languages.python.reach import reached

Pair = tuple[tuple[Any, ...], Any]
"""Values that the input is compared with, one or several, and what is answered then."""
MOST_LISTS = 16
"""Lists of one length that are held against each other."""
MOST_QUESTIONS = 64
"""Questions of one condition, and of conditions inside one another together."""
_ABSENT = object()
_COPIES = frozenset({"tuple", "list", "set", "frozenset", "dict"})
_MEASURES = frozenset({"len", "sum", "count", "max", "min", "abs", "type", "ord", "index", "find"})
"""Calls that tell something of an input, and not which it is."""


def pairs(code: str, entry_point: str | None) -> list[Pair]:
    """Every question with its answer, in the order of the program; none where `code` cannot be parsed."""
    tree = parse(code)
    if not isinstance(tree, ast.Module):
        return []
    try:
        live = reached(tree, entry_point)
        units = [unit for node in tree.body for unit in (node.body if isinstance(node, ast.ClassDef) else [node])]
        nodes = [node for unit in units if unit in live for node in ast.walk(unit)]
        return [pair for node in nodes for pair in _of(node)] + list(_parallel(nodes))
    except RecursionError:
        return []


def _of(node: ast.AST) -> Iterator[Pair]:
    if isinstance(node, ast.Dict):
        yield from _entries(_literal(node))
    elif isinstance(node, ast.If):
        yield from _answers(node.body, _questions(node.test))
    elif isinstance(node, ast.IfExp):
        answer = _literal(node.body)
        yield from ((question, answer) for question in _questions(node.test) if answer is not _ABSENT)
    elif isinstance(node, ast.match_case):
        yield from _answers(node.body, [*_matched(node.pattern), *(_questions(node.guard) if node.guard else ())])
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        yield from ((question, isinstance(node.ops[0], ast.In)) for question in _questions(node))
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        key, answer = _literal(node.targets[0].slice), _literal(node.value)
        if key is not _ABSENT and answer is not _ABSENT:
            yield (key,), answer
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        yield from _rows(_literal(node))


def _literal(node: ast.AST | None) -> Any:
    """The value that `node` spells out, else `_ABSENT`."""
    while isinstance(node, ast.Call) and callee(node) in _COPIES and len(node.args) == 1:
        node = node.args[0]
    if not isinstance(node, ast.expr):
        return _ABSENT
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError):
        return _ABSENT


def _entries(table: Any, *outer: Any) -> Iterator[Pair]:
    """Those of a dict, and of dicts inside it."""
    if isinstance(table, dict):
        for key, value in table.items():
            yield (*outer, key), value
            yield from _entries(value, *outer, key)


def _rows(values: Any) -> Iterator[Pair]:
    if values is _ABSENT or not all(isinstance(row, list | tuple) and len(row) > 1 for row in values):
        return
    for row in values:
        yield tuple(row[:-1]), row[-1]


def _parallel(nodes: Sequence[ast.AST]) -> Iterator[Pair]:
    lists = [node for node in nodes if isinstance(node, ast.List | ast.Tuple) and len(node.elts) > 1]
    inner = {item for node in lists for item in node.elts}
    by_length: dict[int, list[Any]] = {}
    for node in lists:
        values: Any = _ABSENT if node in inner else _literal(node)
        if values is not _ABSENT:
            by_length.setdefault(len(values), []).append(values)
    for some in by_length.values():
        for questions, answers in permutations(some[:MOST_LISTS], 2):
            yield from (((question,), answer) for question, answer in zip(questions, answers, strict=True))


# ---- conditions ----


def _questions(test: ast.expr) -> list[tuple[Any, ...]]:
    """The inputs for which `test` holds, as far as it spells them out."""
    if isinstance(test, ast.BoolOp):
        parts = [found for found in map(_questions, test.values) if found]
        if isinstance(test.op, ast.Or):
            return [question for part in parts for question in part][:MOST_QUESTIONS]
        together = islice(product(*parts), MOST_QUESTIONS)
        return [tuple(value for part in question for value in part) for question in together if question]
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return []
    left, right = test.left, test.comparators[0]
    if isinstance(test.ops[0], ast.Eq):
        sides = [(left, _literal(right)), (right, _literal(left))]
        return [(value,) for asked, value in sides if value is not _ABSENT and _is_input(asked)]
    values = _literal(right)
    if (
        isinstance(test.ops[0], ast.In | ast.NotIn)
        and isinstance(values, list | tuple | set | dict)
        and _is_input(left)
    ):
        return [(value,) for value in values][:MOST_QUESTIONS]
    return []


def _is_input(node: ast.expr) -> bool:
    """Whether `node` may be an input as a whole, in whatever form, and not something measured of it."""
    return not isinstance(node, ast.BinOp | ast.UnaryOp) and not (
        isinstance(node, ast.Call) and callee(node) in _MEASURES
    )


def _matched(pattern: ast.pattern) -> list[tuple[Any, ...]]:
    if isinstance(pattern, ast.MatchOr):
        return [question for one in pattern.patterns for question in _matched(one)]
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        return _matched(pattern.pattern)
    if isinstance(pattern, ast.MatchValue):
        value = _literal(pattern.value)
        return [] if value is _ABSENT else [(value,)]
    if isinstance(pattern, ast.MatchSequence):
        parts = [found[0][0] for found in map(_matched, pattern.patterns) if found]
        return [(parts,)] if len(parts) == len(pattern.patterns) else []
    return []


def _answers(body: Sequence[ast.stmt], asked: Sequence[tuple[Any, ...]]) -> Iterator[Pair]:
    """What `body` answers to those `asked`: what it returns, assigns or prints, also under further conditions."""
    printed: list[str] = []
    for node in body:
        if isinstance(node, ast.If):
            together = islice(product(asked, _questions(node.test)), MOST_QUESTIONS)
            if inner := [(*question, *further) for question, further in together]:
                yield from _answers(node.body, inner)
        elif isinstance(node, ast.Return | ast.Assign):
            answer = _literal(node.value)
            if answer is not _ABSENT:
                yield from ((question, answer) for question in asked)
        elif (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and callee(node.value) in ("print", "write")
        ):
            printed += [text for text in map(_printed, node.value.args) if text is not None]
    if printed:
        yield from ((question, " ".join(printed)) for question in asked)


def _printed(node: ast.expr) -> str | None:
    """What printing the literal `node` writes; None where it is no literal, or a number too long to write."""
    value = _literal(node)
    try:
        return None if value is _ABSENT else str(value)
    except ValueError:
        return None
