"""The functions of a program in a form that names and layout do not change.

Two functions have one key only if they are the same but for their names, those of their parameters and local
variables and of the program's other functions, annotations of parameters and results, docstrings, comments and
formatting. Unlike
`normal_form`, which may never take two behaviours for one, this is for telling copies: methods and attributes keep
their names, and what introspection could see does not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator

from factory.languages.python import parse
from factory.languages.python.normal_form import drop_docstring

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_SCAFFOLD = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def function_keys(source: str, least: int) -> dict[str, str]:
    """Name by key (sha256) of every top-level function and method in `source` of at least `least` syntax nodes.

    What the program does outside of them is one more, "the program". Empty for what is no Python.
    """
    tree = parse(source)
    if not isinstance(tree, ast.Module):
        return {}
    known = {node.name for node in tree.body if isinstance(node, _Function)}
    try:
        return {
            hashlib.sha256(_normal(body, known).encode("utf-8", "surrogatepass")).hexdigest(): name
            for name, body in _functions(tree)
            if sum(1 for node in body for _ in ast.walk(node)) >= least
        }
    except (RecursionError, MemoryError, ValueError):  # too deep to walk: it is compared by its text alone
        return {}


def _functions(tree: ast.Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    for node in tree.body:
        for member in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(member, _Function):
                yield member.name, [member]
    yield "the program", [node for node in tree.body if not isinstance(node, _SCAFFOLD)]


def _normal(body: list[ast.stmt], known: set[str]) -> str:
    """The dump of `body`, which is changed: names bound in it or in `known` by the order in which they come."""
    whole = ast.Module(body, [])
    bound = known | {name for node in ast.walk(whole) for name in _bound(node)}
    names: dict[str, str] = {}

    def new(name: str) -> str:
        return names.setdefault(name, f"<{len(names)}>") if name in bound else name

    for node in ast.walk(whole):
        match node:
            case ast.Name():
                node.id = new(node.id)
            case ast.arg():
                node.arg, node.annotation = new(node.arg), None
            case ast.keyword(arg=str(name)):
                node.arg = new(name)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                node.name, node.returns = new(node.name), None
                drop_docstring(node)
            case ast.ClassDef() | ast.ExceptHandler(name=str()):
                node.name = new(str(node.name))
            case ast.Global() | ast.Nonlocal():
                node.names = [new(name) for name in node.names]
    return ast.dump(whole)


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
