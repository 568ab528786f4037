"""Which statements of a Python program its entry point can reach, as far as names tell.

Does not promise to be exact: a method counts as used wherever its name is an attribute, and what is found by
`globals()` or `getattr` is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_UNCHANGING = frozenset(
    "print repr str len sorted list tuple set dict sum min max any all isinstance type id hash callable".split()
)
"""Built-in functions that change none of their arguments."""


def reached(tree: ast.Module, entry_point: str | None) -> set[ast.stmt]:
    """Statements of the module and of its classes that run, or define what runs, when `entry_point` is called.

    None, or one that is not there: all of them. Imports and `if __name__ == "__main__"` are reached by nothing.
    """
    wanted = set((entry_point or "").split("."))
    units = list(_units(tree, wanted))
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


def _changed(node: ast.stmt, functions: Mapping[str, tuple[list[str], set[str]]]) -> set[str]:
    """Names whose objects `node` may change by calls: those given to `setattr` and the like, or to a function that
    changes its argument; what a function of the program that is called, or given to another, changes; and what is
    named in a text beside `globals()` or `setattr`. `functions` has the parameters of each, and what it changes.
    """
    names: set[str] = set()
    for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
        given = [*call.args, *(word.value for word in call.keywords)]
        of = call.func.id if isinstance(call.func, ast.Name) else ""
        if of in functions:
            parameters, changed = functions[of]
            by_name = dict(zip(parameters, call.args, strict=False)) | {str(it.arg): it.value for it in call.keywords}
            given = [value for name, value in by_name.items() if name in changed]
            names |= changed
        elif of in _UNCHANGING:
            continue
        for value in given:
            if isinstance(value, ast.Name | ast.Attribute):
                names |= {_base(value)} | functions.get(_base(value), ([], set()))[1]
        if of in ("globals", "setattr"):
            texts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
            names |= {text for text in texts if isinstance(text, str)}
            names |= {str(part.arg) for part in ast.walk(node) if isinstance(part, ast.keyword)}
    return names


def _changed_within(function: _Function) -> set[str]:
    """Names that a function does not only bind for itself: global ones, and those whose objects it changes."""
    names: set[str] = set()
    for part in ast.walk(function):
        if isinstance(part, ast.Global):
            names |= set(part.names)
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            names.add(_base(part.value.func))  # a method whose result nobody wants
        elif isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            names.add(_base(part))
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in ("setattr", "delattr"):
            names |= {value.id for value in part.args if isinstance(value, ast.Name)}
    return names


def _parameters(function: _Function) -> list[str]:
    return [arg.arg for arg in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _units(tree: ast.Module, entry: set[str]) -> Iterator[tuple[ast.stmt, set[str]]]:
    """Statements with the names by which they are reached. Of functions of one name the last is meant.

    What calls of the `entry` change, it changes itself when it is called.
    """
    last = {node.name: node for node in tree.body if isinstance(node, _DEFINITIONS)}
    functions = {
        name: (_parameters(node), _changed_within(node))
        for name, node in last.items()
        if not isinstance(node, ast.ClassDef) and name not in entry
    }
    for node in tree.body:
        if isinstance(node, _DEFINITIONS):
            yield node, {node.name} if last[node.name] is node else set()
        elif isinstance(node, ast.Import | ast.ImportFrom) or is_main(node):
            yield node, set()
        else:
            yield node, (stored(node) | _changed(node, functions)) - {""}
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
