"""Which statements of a Python program its entry point can reach, as far as names tell.

Does not promise to be exact: a method counts as used wherever its name is an attribute, and what is found by
`globals()` or `getattr` is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def reached(tree: ast.Module, entry_point: str | None) -> set[ast.stmt]:
    """Statements of the module and of its classes that run, or define what runs, when `entry_point` is called.

    None, or one that is not there: all of them. Imports and `if __name__ == "__main__"` are reached by nothing.
    """
    units = list(_units(tree))
    wanted = set((entry_point or "").split("."))
    if entry_point is None or not any(wanted & names for _, names in units):
        return {node for node, _ in units}
    by_name: dict[str, list[ast.stmt]] = {}
    for node, names in units:
        for name in names:
            by_name.setdefault(name, []).append(node)
    found: set[ast.stmt] = set()
    waiting = list(wanted)
    while waiting:
        for node in by_name.pop(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting += _asked(node)
    return found


def stored(node: ast.AST) -> set[str]:
    """Names that `node` binds, or whose objects it changes by assignment or by a method called."""
    names = set()
    for part in ast.walk(node):
        if isinstance(part, _DEFINITIONS):
            names.add(part.name)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            names.add(_base(part.func))
        elif isinstance(part, ast.Name | ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            names.add(_base(part))
    return names


def loaded(node: ast.AST) -> set[str]:
    """Names and attributes that `node` reads."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
    return names | {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def is_main(node: ast.AST) -> bool:
    """Whether `node` is `if __name__ == ...`."""
    return isinstance(node, ast.If) and any(
        isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test)
    )


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _units(tree: ast.Module) -> Iterator[tuple[ast.stmt, set[str]]]:
    """Statements with the names by which they are reached. Of functions of one name the last is meant."""
    last = {node.name: node for node in tree.body if isinstance(node, _DEFINITIONS)}
    for node in tree.body:
        if isinstance(node, _DEFINITIONS):
            yield node, {node.name} if last[node.name] is node else set()
        elif isinstance(node, ast.Import | ast.ImportFrom) or is_main(node):
            yield node, set()
        else:
            yield node, stored(node) - {""}
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                called = isinstance(inner, _DEFINITIONS) and not inner.name.startswith("__") and inner.name
                yield inner, {called or node.name}


def _asked(node: ast.stmt) -> set[str]:
    """Names that a reached statement asks for, of those that are not its own."""
    if isinstance(node, ast.ClassDef):
        return set().union(*map(loaded, node.bases))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = [part for part in ast.walk(node) if isinstance(part, ast.arg)]
        shared = {name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names}
        own = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
        return (loaded(node) - ((own | {part.arg for part in arguments}) - shared)) | shared
    return loaded(node)
