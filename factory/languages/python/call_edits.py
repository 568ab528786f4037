"""The small changes of calls: other built-ins and methods, other ranges, other orders."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from factory.languages.python.nodes import Edit, moved

_PAIRS = (
    *("min max", "any all", "floor ceil", "upper lower", "isupper islower", "isalpha isdigit", "startswith endswith"),
    *("lstrip rstrip", "find rfind", "keys values", "bisect_left bisect_right", "union intersection"),
    *("permutations combinations",),
)
_OTHER = {name: other for pair in _PAIRS for name, other in (pair.split(), pair.split()[::-1])} | {"popleft": "pop"}
_BUILT_IN = frozenset({"min", "max", "any", "all"})
_UNDONE = frozenset({"abs", "round", "reversed"})
_UNDONE_METHODS = frozenset({"strip", "copy", "title", "capitalize"})


def call_edits(node: ast.Call) -> Iterator[Edit]:
    """Every change of a call, not of what it is made of."""
    if isinstance(node.func, ast.Attribute):
        yield from _method(node, node.func)
    elif isinstance(node.func, ast.Name) and node.args:
        yield from _function(node, node.func.id)


def _function(node: ast.Call, name: str) -> Iterator[Edit]:
    if name == "range":
        yield from _range(node)
    elif name == "len":
        yield "call", "", None, moved(node, -1)
    elif name in _BUILT_IN:
        yield "call", "func", None, ast.Name(_OTHER[name], ast.Load())
    elif name in _UNDONE and len(node.args) == 1:
        yield "call", "", None, node.args[0]
    elif name == "set":
        yield "call", "func", None, ast.Name("list", ast.Load())
    elif name == "sorted":
        yield from _order(node)
        yield "call", "", None, call_of("list", node.args[0])


def _method(node: ast.Call, func: ast.Attribute) -> Iterator[Edit]:
    name = func.attr
    if name in _OTHER:
        yield "call", "func", None, ast.Attribute(func.value, _OTHER[name], ast.Load())
    elif name in _UNDONE_METHODS and not node.args:
        yield "call", "", None, func.value
    elif name == "split" and len(node.args) == 1 and not _is_space(node.args[0]):
        yield "call", "args", None, []
    elif name == "sort":
        yield from _order(node)


def _is_space(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == " "


def call_of(name: str, *args: ast.expr) -> ast.Call:
    """The call of a function by its name."""
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def _range(node: ast.Call) -> Iterator[Edit]:
    for at in (1, 0) if len(node.args) > 1 else (0,):
        end = node.args[at]
        # A number, or one added, is changed as the constant it is.
        if not isinstance(end, ast.Constant) and not (
            isinstance(end, ast.BinOp) and isinstance(end.right, ast.Constant)
        ):
            yield "range", "args", at, moved(end, -1)
            yield "range", "args", at, moved(end, 1)
    if len(node.args) == 1:
        yield "range", "args", None, [ast.Constant(1), *node.args]


def _order(node: ast.Call) -> Iterator[Edit]:
    """Of a call that sorts: the other way round, and without its key."""
    given = [keyword.arg for keyword in node.keywords]
    if "reverse" not in given:
        yield "call", "keywords", None, [*node.keywords, ast.keyword("reverse", ast.Constant(True))]
    for name in given:
        yield "call", "keywords", None, [keyword for keyword in node.keywords if keyword.arg != name]
