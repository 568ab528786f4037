"""What part a block of Python plays in an answer: whether it is the program asked for, and what it needs of others.

Promises: nothing runs, and each question takes linear time. Read from the syntax tree, so a name in a comment, a
string or prose counts for nothing. Does not promise that the program is right, or that it reads what it was given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from factory.languages.python.given import definitions
from factory.languages.python.imports import missing, put_before
from factory.languages.python.parse import parse

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINING = (*_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)
_READING, _WRITING = frozenset({"input", "stdin", "fileinput"}), frozenset({"print", "stdout", "write", "writelines"})
_OPENING = frozenset({"open", "read", "fdopen", "FileIO"})


def solves(code: str, entry_point: str | None) -> bool:
    """Whether `code` parses and does what is asked.

    That is to define the entry point with a body that is more than a stub; or, for None, to read standard input and
    to write, in code that runs.
    """
    tree = parse(code)
    if not isinstance(tree, ast.Module):
        return False
    try:
        return _is_program(tree) if entry_point is None else _defines(tree, entry_point)
    except RecursionError:
        return False


def joined(code: str, others: Sequence[str]) -> str:
    """`code` behind those definitions of `others` that it needs and lacks; the nearest one of each name.

    `others` come nearest first.
    """
    tree = parse(code)
    wanted = missing(tree) if isinstance(tree, ast.Module) and others else {}
    if not wanted:
        return code
    given: dict[str, str] = {}
    for other in reversed(others):
        given.update(definitions(other))
    found: dict[str, str] = {}
    waiting = [name for name in wanted if name in given]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = given[name]
            part = parse(given[name])
            waiting += [more for more in missing(part) if more in given] if isinstance(part, ast.Module) else []
    lines = dict.fromkeys(text for name, text in given.items() if name in found)
    return put_before(code, tree, lines) if lines and isinstance(tree, ast.Module) else code


def _is_program(tree: ast.Module) -> bool:
    if any(_feeds_itself(node) for node in ast.walk(tree)):
        return False
    names = set(_names(tree))
    acts = any(not isinstance(node, _DEFINING) and not _is_text(node) for node in tree.body)
    return acts and bool(names & _READING) and bool(names & _WRITING)


def _feeds_itself(node: ast.AST) -> bool:
    """Whether it puts a text in place of standard input, as a demonstration does: `sys.stdin = StringIO("1 2")`."""
    match node:
        case ast.Assign(targets=[ast.Attribute(attr="stdin")], value=ast.Call(args=[ast.Constant(value=str())])):
            return True
    return False


def _names(tree: ast.Module) -> Iterator[str]:
    """Names and attributes in it, of what it imports the last ones; "stdin" for what opens that by its number."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.alias(name=name):
                yield name.rpartition(".")[2]
            case ast.Call(func=function, args=[ast.Constant(value=0 | "/dev/stdin"), *_]) if (
                called(function) in _OPENING
            ):
                yield "stdin"


def called(node: ast.expr) -> str:
    """The last name of `a` or `a.b`, else ""."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _defines(tree: ast.Module, entry_point: str) -> bool:
    owner, _, name = entry_point.rpartition(".")
    bound = _bound(tree.body)
    if not owner:
        return name in bound and not _is_stub(bound[name])
    return _has_method(bound, owner, name)


def _has_method(bound: dict[str, ast.stmt], owner: str, name: str) -> bool:
    """Whether the class, or one that it inherits from in the same program, has the method, which is no stub."""
    seen: set[str] = set()
    waiting = [owner]
    while waiting:
        here = waiting.pop()
        node = bound.get(here)
        if here in seen or not isinstance(node, ast.ClassDef):
            continue
        seen.add(here)
        methods = _bound(node.body)
        if name in methods:
            return not _is_stub(methods[name])
        waiting += map(called, node.bases)
    return False


def _bound(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """Name -> the last statement that defines it, also inside of `if`, `try` and `with`; imports left out."""
    found: dict[str, ast.stmt] = {}
    waiting = list(reversed(body))
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found[name] = node
            case ast.Assign(targets=targets):
                found.update((target.id, node) for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                found[name] = node
            case ast.If() | ast.Try() | ast.With():
                parts = [getattr(node, part, []) for part in ("body", "orelse", "finalbody")]
                waiting += reversed([inner for part in parts for inner in part])
    return found


def _is_stub(node: ast.stmt) -> bool:
    """Whether it is a function with no more in it than texts, `pass`, `return None`, `raise NotImplementedError`."""
    return isinstance(node, _FUNCTIONS) and all(_is_text(part) or _is_refusal(part) for part in node.body)


def _is_refusal(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Return(value=None | ast.Name(id="NotImplemented")):
            return True
        case ast.Return(value=ast.Constant(value=value)):
            return value is ... or value is None
        case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError")) | ast.Name(id="NotImplementedError")):
            return True
    return False


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
