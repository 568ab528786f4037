"""A text that two programs share only if they cannot behave differently.

What does not count: comments, formatting, docstrings and the names of functions' local variables.
The renaming is one injective mapping over the whole program, onto names that occur nowhere in
it, so scoping stays what it was. A name is renamed only when it cannot be seen from outside a
function: never where it is also bound at module or class level, declared global, or passed as
a keyword; and nothing is renamed in a program that looks at its own names (`locals`, `eval`, …).

Does not promise to find every pair that behaves the same.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator

from factory.languages.python.imports import bound_names

INTROSPECTION = frozenset(
    "eval exec compile locals globals vars dir __import__ inspect importlib traceback gc ctypes sys _getframe "
    "__code__ __annotations__ __kwdefaults__ __doc__ co_varnames getsource".split()
)
"""A program in which one of these words occurs is compared without renaming and with its docstrings."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def key(tree: ast.Module, keywords: frozenset[str]) -> str:
    """sha256 of the normal form of `tree`, which is changed on the way.

    `keywords` are names that callers pass arguments by; they keep their meaning.
    """
    if not _introspects(tree):
        for node in ast.walk(tree):
            if isinstance(node, (*_SCOPES, ast.Module)):
                _drop_docstring(node)
        _rename(tree, _hidden_names(tree) - keywords)
    return hashlib.sha256(ast.dump(tree).encode("utf-8", "surrogatepass")).hexdigest()


def _introspects(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in INTROSPECTION:
            return True
        if isinstance(node, ast.Attribute) and node.attr in INTROSPECTION:
            return True
        if isinstance(node, ast.alias) and node.name.partition(".")[0] in INTROSPECTION - {"sys"}:
            return True
    return False


def _drop_docstring(node: ast.AST) -> None:
    body: list[ast.stmt] = node.body  # type: ignore[attr-defined]
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        body[:1] = [] if len(body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]


def _hidden_names(tree: ast.Module) -> set[str]:
    """Names bound in functions only."""
    hidden: set[str] = set()
    seen: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            hidden.update(arg.arg for arg in _arguments(node.args))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                hidden.update(_bound_here(statement))
        elif isinstance(node, ast.ClassDef | ast.Module):
            for statement in node.body:
                seen.update(_bound_here(statement))
        elif isinstance(node, ast.Global):
            seen.update(node.names)
        elif isinstance(node, ast.keyword) and node.arg:
            seen.add(node.arg)
        elif isinstance(node, ast.MatchClass):
            seen.update(node.kwd_attrs)
    return {name for name in hidden - seen if not name.startswith("__")}


def _arguments(args: ast.arguments) -> Iterator[ast.arg]:
    yield from (*args.posonlyargs, *args.args, *args.kwonlyargs)
    yield from (arg for arg in (args.vararg, args.kwarg) if arg)


def _bound_here(statement: ast.stmt) -> Iterator[str]:
    """Names that `statement` binds in its own scope, not in the functions and classes inside it."""
    if isinstance(statement, _SCOPES):
        yield statement.name
        return
    nested = [node for node in ast.walk(statement) if isinstance(node, _SCOPES)]
    inside = {id(child) for scope in nested for child in ast.walk(scope) if child is not scope}
    yield from (scope.name for scope in nested if id(scope) not in inside)
    for node in ast.walk(statement):
        if id(node) in inside or isinstance(node, _SCOPES):
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.alias | ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping):
            yield from bound_names(node)


def _rename(tree: ast.Module, names: set[str]) -> None:
    taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | set(bound_names(tree))
    prefix = "v"
    while any(name.startswith(prefix) and name[len(prefix) :].isdigit() for name in taken):
        prefix += "_"
    mapping: dict[str, str] = {}

    def new(name: str) -> str:
        return mapping.setdefault(name, f"{prefix}{len(mapping)}") if name in names else name

    for node in ast.walk(tree):
        match node:
            case ast.Name():
                node.id = new(node.id)
            case ast.arg():
                node.arg = new(node.arg)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                node.name = new(node.name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                node.name = new(name)
            case ast.MatchMapping(rest=str(name)):
                node.rest = new(name)
            case ast.Nonlocal():
                node.names = [new(name) for name in node.names]
            case ast.alias() if (node.asname or node.name) in names:
                node.asname = new(node.asname or node.name)
