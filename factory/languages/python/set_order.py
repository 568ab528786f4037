"""A Python program that does the same but for the order in which it meets the items of its sets.

The language promises no order of a set. It looks like one: small whole numbers come sorted, and no hash seed changes
that. Promises: no line of the program runs here; the new one meets every set in reverse wherever its own text iterates
it, and where it takes one item out. Does not promise to find a set that is iterated elsewhere, in a library.
"""

from __future__ import annotations

import ast

from factory.languages.python.nodes import callee
from factory.languages.python.parse import parse

_ORDERED = frozenset(
    "list tuple iter enumerate map filter zip sorted min max join extend chain Counter fromkeys deque reduce islice"
    " cycle product permutations combinations accumulate groupby".split()
)
"""Calls whose result may depend on the order of what they are given."""
_NO_SET = (ast.Constant, ast.JoinedStr, ast.List, ast.ListComp, ast.Tuple, ast.Dict, ast.DictComp, ast.GeneratorExp)
_ITEMS, _ITEM = "_items_in_reverse", "_item_in_reverse"
_HELPERS = f"""
def {_ITEMS}(items, sets=(set, frozenset)):
    return [*items][::-1] if isinstance(items, sets) else items
def {_ITEM}(items, sets=set):
    if not isinstance(items, sets):
        return items.pop()
    last = [*items][-1]
    items.remove(last)
    return last
"""


def sets_in_reverse(code: str) -> str | None:
    """`code` with every set met in reverse; None where it makes no set, or cannot be parsed or written anew."""
    tree = parse(code)
    if not isinstance(tree, ast.Module) or not any(map(_makes_a_set, ast.walk(tree))):
        return None
    try:
        visitor = _Reverse()
        visitor.visit(tree)
        start = next((at for at, node in enumerate(tree.body) if not _comes_first(node)), len(tree.body))
        tree.body[start:start] = ast.parse(_HELPERS).body
        return ast.unparse(ast.fix_missing_locations(tree)) if visitor.changed else None
    except (ValueError, RecursionError):  # an f-string that has no other spelling; a tree too deep to walk
        return None


def _makes_a_set(node: ast.AST) -> bool:
    return isinstance(node, ast.Set | ast.SetComp) or (isinstance(node, ast.Name) and node.id in ("set", "frozenset"))


def _comes_first(node: ast.stmt) -> bool:
    """Whether nothing may stand before `node`: a docstring, an import from the future."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class _Reverse(ast.NodeTransformer):
    """Puts a call of a helper around everything that may be a set and whose order counts."""

    def __init__(self) -> None:
        self.changed = False

    def _reversed(self, node: ast.expr) -> ast.expr:
        if isinstance(node, _NO_SET) or (isinstance(node, ast.Call) and callee(node) == "range"):
            return node
        return self._call(_ITEMS, node)

    def _call(self, helper: str, node: ast.expr) -> ast.expr:
        self.changed = True
        return ast.Call(ast.Name(helper, ast.Load()), [node], [])

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.iter = self._reversed(node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.iter = node.iter if node.is_async else self._reversed(node.iter)
        return node

    def visit_Starred(self, node: ast.Starred) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.value = self._reversed(node.value)
        return node

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.AST:
        self.generic_visit(node)
        node.value = self._reversed(node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        if any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            node.value = self._reversed(node.value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if callee(node) in _ORDERED:
            node.args = [it if isinstance(it, ast.Starred) else self._reversed(it) for it in node.args]
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "pop" and not (node.args or node.keywords):
            return self._call(_ITEM, node.func.value)
        return node
