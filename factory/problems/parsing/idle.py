"""Tests that never assert what they seem to: refused by name.

Promises: a text of tests that is let through has no assert that nothing runs, as far as names tell, and none whose
failure is lost. Does not promise that what runs can fail.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from factory.problems.parsing.live import CALLED_BY_PYTEST, is_collected_class, is_inert, own

_SWALLOWING = frozenset("Exception BaseException AssertionError".split())
"""Exceptions that a failed assert is one of."""
_APART = {
    "multiprocessing": "what fails in another process fails no test",
    "load_tests": "pytest does not ask for it",
    "FunctionTestCase": "pytest does not collect one",
    "DocTestRunner": "doctest tells what fails, and raises nothing",
    "run_docstring_examples": "doctest tells what fails, and raises nothing",
}
"""Ways to run tests by which what fails is lost."""
_LATER = frozenset("map submit apply_async imap imap_unordered map_async starmap_async".split())
"""Methods of executors, as which a class under test may have its own: what fails comes out with the result."""
_RAISING = frozenset("raises assertRaises assertRaisesRegex".split())


def refuse_idle(body: Sequence[ast.stmt]) -> None:
    """Raise ValueError where a test never asserts what it seems to: a tuple, a coroutine, a generator, dead code, an
    answer that it returns, what it catches again, what runs where no failure comes back from.
    """
    nodes = [node for statement in body for node in ast.walk(statement)]
    ignored = _ignored_calls(nodes)
    looked_at = {name for node in nodes if id(node) not in ignored for name in _read(node)}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    if "doctest" in looked_at and any(">>>" in text for text in texts):
        raise ValueError("test: doctest tells what fails, and raises nothing")
    if fault := _lost_in_executors(nodes):
        raise ValueError(f"test: {fault}")
    due = {id(inner) for node in nodes if _expects_an_exception(node) for inner in ast.walk(node)}
    for node in nodes:
        if (dead := _dead_assert(node)) is not None:
            raise ValueError(f"test: line {dead.lineno}: asserts behind what always leaves, so it never runs")
        if lost := _apart(node):
            raise ValueError(f"test: {lost}: {_APART[lost]}")
        if fault := "" if id(node) in due and isinstance(node, ast.Expr) else _idle(node, looked_at):
            raise ValueError(f"test: {fault}")


def _idle(node: ast.AST, looked_at: set[str]) -> str:
    """Why a node asserts nothing that seems to, or ""; `looked_at` are the names of whose results something is made."""
    match node:
        case ast.Expr(value=ast.Compare()):
            return f"line {node.lineno}: compares, and asserts nothing by it"
        case ast.Expr(value=ast.GeneratorExp()):
            return f"line {node.lineno}: makes a generator, which nothing runs"
        case ast.Expr(value=ast.Call(func=ast.Name(id="map"))):
            return f"line {node.lineno}: map: makes an iterator, which nothing runs"
        case ast.Assert(test=ast.Tuple(elts=[_, *_])):
            return f"line {node.lineno}: asserts a tuple, which holds whatever is answered"
        case ast.AsyncFunctionDef(name=name) if name.startswith("test") or name == "check":
            return f"{name} is async, and only a plugin of pytest runs it"
        case ast.FunctionDef(name=name) if name.startswith("test") or name == "check":
            inside = [inner for part in node.body for inner in own(part)]
            if any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in inside):
                return f"{name} is a generator, which nothing runs"
            if name not in looked_at and any(map(_answers, inside)):
                return f"{name} returns what it should assert"
        case ast.Try(body=inner, handlers=handlers) if any(map(_swallows, handlers)):
            if any(_may_fail(one) for part in inner for one in own(part)):
                return f"line {node.lineno}: catches what it asserts, so that nothing fails"
    return ""


def _lost_in_executors(nodes: Sequence[ast.AST]) -> str:
    """Why a failure in a call that an executor of `concurrent.futures` makes is lost, or ""."""
    if not any("concurrent" in _imported(node) for node in nodes):
        return ""
    for node in nodes:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))) if name in _LATER:
                return f"line {node.lineno}: {name}: what fails in a call is lost where nothing looks at the result"
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    if "submit" in attributes and "result" not in attributes:
        return "submit: what fails in a call is lost where nothing asks for its result"
    return ""


def _expects_an_exception(node: ast.AST) -> bool:
    """Whether it is `with raises(…):` and the like: there a comparison may be what raises."""
    calls = [item.context_expr for item in node.items] if isinstance(node, ast.With) else []
    names = {getattr(call.func, "attr", getattr(call.func, "id", "")) for call in calls if isinstance(call, ast.Call)}
    return bool(names & _RAISING)


def refuse_unreached(body: Sequence[ast.stmt], function: str, *, collected: bool) -> None:
    """Raise ValueError where asserts about `function` are in a function or class that nothing uses.

    `collected`: pytest finds the tests of the file, beside what the file itself calls.
    """
    nodes = [node for statement in body for node in ast.walk(statement)]
    used = {name for node in nodes for name in _read(node)}
    if not collected and "TextTestRunner" in used:
        raise ValueError("test: TextTestRunner tells what fails, and raises nothing")
    methods = {one.name for node in body if isinstance(node, ast.ClassDef) for one in node.body if _is_helper(one)}
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(), args=[ast.Constant(value=str() as name)]) if name in methods:
                raise ValueError(f"test: {name} is run as a test by its name, which pytest does not collect")
    for node in body:
        match node:
            case ast.FunctionDef(args=args):
                given = len(args.posonlyargs + args.args) > len(args.defaults) or None in args.kw_defaults
                is_test = node.name.startswith("test") if collected else node.name.startswith("test_") and not given
                found = is_test or node.name == "check"
            case ast.ClassDef(body=inner):
                runs = [one for one in inner if not isinstance(one, ast.FunctionDef)]
                found = (collected and is_collected_class(node)) or not all(map(is_inert, runs))
            case _:
                continue
        if found or node.decorator_list or node.name in used | CALLED_BY_PYTEST:
            continue
        if any(_may_fail(one) and {function, "candidate"} & _names(one) for one in ast.walk(node)):
            raise ValueError(f"test: line {node.lineno}: {node.name} asserts, and nothing calls it")


def _is_helper(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    """Whether it is a method that is no test by its name, and asserts."""
    return (
        isinstance(node, ast.FunctionDef) and not node.name.startswith("test") and any(map(_may_fail, ast.walk(node)))
    )


def _apart(node: ast.AST) -> str:
    """Which of `_APART` a node uses, or ""."""
    names = _imported(node)
    if isinstance(node, ast.FunctionDef | ast.Attribute):
        names = [node.name if isinstance(node, ast.FunctionDef) else node.attr]
    return next((name for name in names if name in _APART), "")


def _imported(node: ast.AST) -> list[str]:
    """The packages that a node imports, and the names that it takes from one."""
    match node:
        case ast.Import(names=aliases):
            return [alias.name.partition(".")[0] for alias in aliases]
        case ast.ImportFrom(module=module, names=aliases):
            return [(module or "").partition(".")[0], *(alias.name for alias in aliases)]
    return []


def _answers(node: ast.AST) -> bool:
    """Whether it returns more than that all is well."""
    return isinstance(node, ast.Return) and not (
        node.value is None or (isinstance(node.value, ast.Constant) and node.value.value in (None, True))
    )


def _read(node: ast.AST) -> Iterator[str]:
    """The names that a node uses; a text may be one, too, as in `globals()["name"]`."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
            yield name
        case ast.Constant(value=str() as name):
            yield name


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _ignored_calls(nodes: Sequence[ast.AST]) -> set[int]:
    """The ids of the names of functions that are called without a look at what they return."""
    return {id(node.value.func) for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)}


def _may_fail(node: ast.AST) -> bool:
    """Whether it is an assert, of unittest also, but for `assert False` where an exception is due."""
    match node:
        case ast.Assert(test=test):
            return not isinstance(test, ast.Constant)
        case ast.Call(func=ast.Attribute(attr=name)):
            return name.startswith("assert") and not name.startswith("assertRaises")
    return False


def _swallows(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes a failed assert, and does nothing about it but to print."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(kind) if kind else "BaseException" for kind in kinds}
    return bool(names & _SWALLOWING) and all(map(_tells, handler.body))


def _tells(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Continue() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=func)):
            return ast.unparse(func) in ("print", "traceback.print_exc")
    return False


def _dead_assert(node: ast.AST) -> ast.Assert | None:
    """The first assert that comes in one block of `node` behind a `return`, `raise`, `break` or `continue`."""
    for _, block in ast.iter_fields(node):
        if not isinstance(block, list):
            continue
        leaves = False
        for statement in block:
            if leaves and isinstance(statement, ast.stmt):
                found = (one for one in own(statement) if isinstance(one, ast.Assert))
                if (dead := next(found, None)) is not None:
                    return dead
            leaves = leaves or isinstance(statement, ast.Return | ast.Raise | ast.Break | ast.Continue)
    return None
