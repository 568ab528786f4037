"""The functions of a program in a form that names and layout do not change.

Two functions have one key only if they are the same but for their names, those of their parameters and local
variables and of the program's other functions, annotations of parameters and results, docstrings, comments and
layout. Unlike `normal_form`, which may never take two behaviours for one, this is for telling copies: methods and
attributes keep their names, a parameter `self` is not renamed, and what introspection could see does not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator

from factory.languages.python.normal_form import drop_docstring
from factory.languages.python.parse import parse

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_SCAFFOLD = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def function_keys(source: str, least: int) -> dict[str, str]:
    """Name by key (sha256) of every top-level function and method in `source` of at least `least` syntax nodes.

    Nodes are counted without annotations of parameters and results, docstrings and `self`. What the program does
    outside of functions is one more, "the program". Empty for what is no Python.
    """
    tree = parse(source)
    if not isinstance(tree, ast.Module):
        return {}
    known = {node.name for node in tree.body if isinstance(node, _Function)}
    try:
        found = ((name, body, [node for part in body for node in ast.walk(part)]) for name, body in _functions(tree))
        return {
            hashlib.sha256(_normal(body, nodes, known).encode("utf-8", "surrogatepass")).hexdigest(): name
            for name, body, nodes in found
            if len(nodes) >= least
        }
    except (RecursionError, MemoryError, ValueError):  # too deep to walk: it is compared by its text alone
        return {}


def _functions(tree: ast.Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    for node in tree.body:
        for member in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(member, _Function):
                _strip(member)
                yield member.name, [member]
    yield "the program", [node for node in tree.body if not isinstance(node, _SCAFFOLD)]


def _strip(function: _Function) -> None:
    """Take off what is only there to be read, and `self`."""
    function.args.args = [arg for arg in function.args.args if arg.arg != "self"]
    for node in ast.walk(function):
        match node:
            case ast.arg():
                node.annotation = None
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                node.returns = None
                drop_docstring(node)


def _normal(body: list[ast.stmt], nodes: list[ast.AST], known: set[str]) -> str:
    """The dump of `body`, whose `nodes` are changed: names bound in it or in `known` are numbered in their order."""
    bound = known | {name for node in nodes for name in _bound(node)}
    names: dict[str, str] = {}

    def new(name: str) -> str:
        return names.setdefault(name, f"<{len(names)}>") if name in bound else name

    for node in nodes:
        match node:
            case ast.Name():
                node.id = new(node.id)
            case ast.arg():
                node.arg = new(node.arg)
            case ast.keyword(arg=str(name)):
                node.arg = new(name)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.ExceptHandler(name=str()):
                node.name = new(str(node.name))
            case ast.Global() | ast.Nonlocal():
                node.names = [new(name) for name in node.names]
    return ast.dump(ast.Module(body, []))


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
