"""A Python program that also tells whether it met whole numbers outside a range while it ran.

Python's ints have no end; those of other languages do. Where a translation differs, this tells a difference in
number range (a product that fits no int64 on the way) from a wrong program. Promises: the program does what it
did, on a little more time. Does not promise to see every number: results of operators, of calls and of augmented
assignments are looked at, those inside a built-in (`pow(a, b, m)`) are not.
"""

from __future__ import annotations

import ast

from factory.languages.python.parse import parse
from factory.records import Rejection

ENTRY = "watched_entry__"
"""The entry point of a watched program with one: returns (what the program's own returns, whether it met any)."""
MARK = "\0out of range\n"
"""What a watched program without an entry point writes at the end of its standard output, if it met any."""
_LOOK, _MET = "watched_look__", "watched_met__"


def watched(code: str, entry_point: str | None, integers: range | None) -> str:
    """`code` so changed that it watches for ints not in `integers` (None: all are).

    A program that cannot be written anew (it is nested too deep) is only given the entry point, and meets none.
    """
    outside = f"not {integers[0]} <= value <= {integers[-1]}" if integers else "False"
    prelude = (
        f"{_MET} = []\n"
        f"def {_LOOK}(value):\n"
        f"    if type(value) is int and {outside}: {_MET}[:] = (True,)\n"
        "    return value\n"
    )
    if entry_point is None:
        prelude += (
            "import atexit as watched_atexit__, sys as watched_sys__\n"
            "def watched_end__():\n"
            "    watched_sys__.stdout.flush()\n"
            f"    if {_MET}: watched_sys__.__stdout__.write({MARK!r})\n"
            "watched_atexit__.register(watched_end__)\n"
        )
        epilogue = ""
    else:
        epilogue = (
            f"\ndef {ENTRY}(*args, **kwargs):\n"
            f"    {_MET}.clear()\n"
            f"    result = {entry_point}(*args, **kwargs)\n"
            f"    return result, bool({_MET})\n"
        )
    tree = parse(code)
    try:
        if isinstance(tree, Rejection):
            raise ValueError(tree.detail)
        tree = ast.fix_missing_locations(_Watch().visit(tree))
        at = _first_statement(tree)
        tree.body[at:at] = ast.parse(prelude).body
        return f"{ast.unparse(tree)}\n{epilogue}"
    except (ValueError, RecursionError):  # a backslash in an f-string; a tree too deep
        return f"{code}\n{_MET} = []\n{epilogue}"


def _first_statement(tree: ast.Module) -> int:
    """Where statements may be put: behind the docstring and `from __future__`."""
    at = 0
    for node in tree.body:
        docstring = at == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not docstring and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            break
        at += 1
    return at


class _Watch(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return _looked_at(node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return _looked_at(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        self.generic_visit(node)
        again = [node.target, *ast.walk(node.target)]
        if any(isinstance(part, ast.Call | ast.NamedExpr) for part in again):
            return [node]  # to read the target once more would run it once more
        loaded: ast.expr = ast.parse(ast.unparse(node.target), mode="eval").body
        return [node, ast.Expr(_looked_at(loaded))]


def _looked_at(node: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(_LOOK, ast.Load()), [node], [])
