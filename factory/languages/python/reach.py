"""Which statements of a Python program its entry point can reach, as far as names tell.

Does not promise to be exact: a method counts as used wherever its name is an attribute, and what is found by
`globals()` or `getattr` is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
    functions = _functions(tree, wanted)
    units = list(_units(tree, functions))
    by_name: dict[str, list[ast.stmt]] = {}
    for node, names in units:
        for name in names:
            by_name.setdefault(name, []).append(node)
    changers: dict[str, list[str]] = {}
    for name, function in functions.items():
        for changed in function.changes if _call_of(name) in by_name else ():
            changers.setdefault(changed, []).append(name)
    if entry_point is None or not wanted & (by_name.keys() | changers.keys()):
        return {node for node, _ in units}
    found: set[ast.stmt] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        waiting += map(_call_of, changers.pop(name, ()))
        for node in by_name.pop(name, ()):
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


@dataclass(frozen=True, slots=True)
class _Changer:
    """A function of the program: its parameters, and the names whose objects a call of it may change."""

    parameters: list[str]
    changes: set[str]


def _call_of(function: str) -> str:
    """The name by which a statement is reached that calls `function`, of whatever that changes."""
    return f"{function}()"


def _functions(tree: ast.Module, entry: set[str]) -> dict[str, _Changer]:
    """The functions of the program. What calls of the `entry` change, it changes itself when it is called."""
    return {
        node.name: _Changer(_parameters(node), _changed_within(node))
        for node in tree.body
        if isinstance(node, _Function) and node.name not in entry
    }


def _changed(node: ast.stmt, functions: Mapping[str, _Changer]) -> set[str]:
    """Names whose objects `node` may change by calls: those given to `setattr` and the like, or to a function that
    changes its argument; and what is named in a text beside `globals()` or `setattr`. What a function of the program
    changes that is called, or given to another, goes by `_call_of`: it may be many names, in many statements.
    """
    names: set[str] = set()
    texts, by_text = set(), False
    for part in ast.walk(node):
        match part:
            case ast.Constant(value=str(text)):
                texts.add(text)
            case ast.keyword(arg=str(text)):
                texts.add(text)
            case ast.Call():
                by_text = by_text or (isinstance(part.func, ast.Name) and part.func.id in ("globals", "setattr"))
                names |= _changed_by(part, functions)
    return names | (texts if by_text else set())


def _changed_by(call: ast.Call, functions: Mapping[str, _Changer]) -> set[str]:
    """The same of one call, but for texts."""
    names: set[str] = set()
    given = [*call.args, *(word.value for word in call.keywords)]
    of = call.func.id if isinstance(call.func, ast.Name) else ""
    if of in functions:
        by_name = dict(zip(functions[of].parameters, call.args, strict=False))
        by_name |= {str(word.arg): word.value for word in call.keywords}
        given = [value for name, value in by_name.items() if name in functions[of].changes]
        names.add(_call_of(of))
    elif of in _UNCHANGING:
        return names
    for base in (_base(value) for value in given if isinstance(value, ast.Name | ast.Attribute)):
        names |= {base, _call_of(base)} if base in functions else {base}
    return names


def _changed_within(function: _Function) -> set[str]:
    """Names that a function does not only bind for itself: global ones, and those whose objects it changes."""
    names: set[str] = set()
    for part in ast.walk(function):
        if isinstance(part, ast.Global):
            names |= set(part.names)
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            names.add(_base(part.value.func))  # a method whose result is not used
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


def _units(tree: ast.Module, functions: Mapping[str, _Changer]) -> Iterator[tuple[ast.stmt, set[str]]]:
    """Statements with the names by which they are reached. Of functions of one name the last is meant."""
    last = {node.name: node for node in tree.body if isinstance(node, _DEFINITIONS)}
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
