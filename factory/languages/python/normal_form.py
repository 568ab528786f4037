"""A text that programs share which differ in layout, comments, docstrings and names of local variables only.

It tells programs apart where some are chosen: what is kept, reviewed or shown as a near miss is distinct by it. Two
programs of one normal form may still behave differently (one may read its own names, lines or docstrings), so each is
run, and no verdict follows from it.

The renaming is one injective mapping over the whole program, onto names that no program can contain. A name is renamed
only where the compiler's own symbol table says that every use of it, anywhere, is local to a function: never a name
that is also global, built-in, or bound at module or class level.
"""

from __future__ import annotations

import ast
import hashlib
import symtable
import warnings
from collections.abc import Iterator

from factory.languages.python.parse import nodes_of


def key(source: str, tree: ast.Module) -> str:
    """sha256 of the normal form of `tree`, which is `source` parsed, and is changed on the way."""
    try:
        text = _normal(source, tree)
    except (RecursionError, MemoryError, ValueError):  # too deep to walk, or an integer too long to write: itself alone
        text = source
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _normal(source: str, tree: ast.Module) -> str:
    nodes = nodes_of(tree)
    uses = list(_uses(source))
    names = {name for name, is_local in uses if is_local} - {name for name, is_local in uses if not is_local}
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            drop_docstring(node)
    _rename(nodes, names)
    return ast.dump(tree)


def drop_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body[:1] = [] if len(node.body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]


def _uses(source: str) -> Iterator[tuple[str, bool]]:
    """Every (name, whether it is a function's own or an enclosing function's) of every scope of the program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tables = [symtable.symtable(source.lstrip("\ufeff"), "solution.py", "exec")]
        except SyntaxError:
            return  # it does not compile; there is nothing to tell apart
    while tables:
        table = tables.pop()
        tables += table.get_children()
        function = table.get_type() == "function"
        for symbol in table.get_symbols():
            yield symbol.get_name(), symbol.is_free() or (function and not symbol.is_global())


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)


_NAMING = (ast.Name, ast.arg, *_NAMED, ast.MatchMapping, ast.Nonlocal, ast.alias)


def _rename(nodes: list[ast.AST], names: set[str]) -> None:
    mapping: dict[str, str] = {}

    def new(name: str) -> str:
        return mapping.setdefault(name, f"<{len(mapping)}>") if name in names else name

    for node in nodes:
        if not isinstance(node, _NAMING):
            continue
        if isinstance(node, ast.Name):
            node.id = new(node.id)
        elif isinstance(node, ast.arg):
            node.arg = new(node.arg)
        elif isinstance(node, _NAMED) and node.name:
            node.name = new(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            node.rest = new(node.rest)
        elif isinstance(node, ast.Nonlocal):
            node.names = [new(name) for name in node.names]
        elif isinstance(node, ast.alias) and (node.asname or node.name) in names:
            node.asname = new(node.asname or node.name)
