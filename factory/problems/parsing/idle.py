"""Tests that never assert what they seem to: refused by name.

Promises: a text of tests that is let through has no assert that nothing runs, as far as names tell, and none whose
failure is lost. Does not promise that what runs can fail.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from factory.problems.parsing.live import own

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
COMPARING = frozenset("all any isclose allclose array_equal is_ eq ne".split())
"""Functions whose answer is a comparison, and that do nothing else."""
TELLING = frozenset("print pprint logging logger log traceback warnings".split())
"""What only tells: functions, and modules of such."""
_LATER = frozenset("map submit apply_async imap imap_unordered map_async starmap_async".split())
"""Methods of executors, as which a class under test may have its own: what fails comes out with the result."""
_RAISING = frozenset("raises assertRaises assertRaisesRegex".split())


def refuse_idle(body: Sequence[ast.stmt]) -> None:
    """Raise ValueError where a test never asserts what it seems to: a tuple, a coroutine, a generator, dead code, an
    answer that it returns, what it catches again, what runs where no failure comes back from.
    """
    nodes = [node for statement in body for node in ast.walk(statement)]
    ignored = _ignored_calls(nodes)
    looked_at = {name for node in nodes if id(node) not in ignored for name in read(node)}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    if "doctest" in looked_at and any(">>>" in text for text in texts):
        raise ValueError("test: doctest tells what fails, and raises nothing")
    if fault := _lost_in_executors(nodes):
        raise ValueError(f"test: {fault}")
    due = {id(inner) for node in nodes if _expects_an_exception(node) for inner in ast.walk(node)}
    for node in nodes:
        if _never_runs(node):
            raise ValueError(f"test: line {node.lineno}: asserts under a condition that never holds")
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
        case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))) if name in COMPARING:
            return f"line {node.lineno}: {name}: compares, and asserts nothing by it"
        case ast.Assert(test=ast.Constant(value=str()) | ast.JoinedStr()):
            return f"line {node.lineno}: asserts a text, which holds whatever is answered"
        case ast.Expr(value=ast.GeneratorExp()):
            return f"line {node.lineno}: makes a generator, which nothing runs"
        case ast.Expr(value=ast.Call(func=ast.Name(id="map"))):
            return f"line {node.lineno}: map: makes an iterator, which nothing runs"
        case ast.Assert(test=ast.Tuple(elts=[_, *_])):
            return f"line {node.lineno}: asserts a tuple, which holds whatever is answered"
        case ast.With() | ast.Try():
            return _lost(node)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return _idle_function(node, looked_at)
    return ""


YIELDS = ast.Yield | ast.YieldFrom


def _lost(node: ast.With | ast.Try) -> str:
    """Why what it asserts is lost, or ""."""
    if not any(_fails(one) for part in node.body for one in own(part)):
        return ""
    if isinstance(node, ast.With):
        lost = any(map(_suppresses, node.items))
        return f"line {node.lineno}: suppresses what it asserts, so that nothing fails" if lost else ""
    first = next(filter(_takes_asserts, node.handlers), None)
    lost = first is not None and all(map(tells, first.body))
    return f"line {node.lineno}: catches what it asserts, so that nothing fails" if lost else ""


def _idle_function(node: ast.FunctionDef | ast.AsyncFunctionDef, looked_at: set[str]) -> str:
    """Why a function, of tests by its name or not, asserts nothing that seems to, or ""."""
    name = node.name
    inside = [inner for part in node.body for inner in own(part)]
    if not (name.startswith("test") or name == "check"):
        later = isinstance(node, ast.AsyncFunctionDef) or any(isinstance(one, YIELDS) for one in inside)
        if later and name not in looked_at and not node.decorator_list and any(map(may_fail, inside)):
            return f"line {node.lineno}: {name} asserts, and nothing runs what it makes"
        return ""
    if isinstance(node, ast.AsyncFunctionDef):
        return f"{name} is async, and only a plugin of pytest runs it"
    if any(isinstance(inner, YIELDS) for inner in inside):
        return f"{name} is a generator, which nothing runs"
    if name not in looked_at and any(map(_answers, inside)):
        return f"{name} returns what it should assert"
    return ""


def _never_runs(node: ast.AST) -> TypeGuard[ast.If | ast.While | ast.For]:
    """Whether asserts in it are under a constant that is false, or in a loop over nothing."""
    match node:
        case ast.If(test=test, body=inner) | ast.While(test=test, body=inner):
            never = (isinstance(test, ast.Constant) and not test.value) or ast.unparse(test).endswith("TYPE_CHECKING")
        case ast.For(iter=ast.List(elts=[]) | ast.Tuple(elts=[]), body=inner):
            never = True
        case ast.For(iter=ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=0)]), body=inner):
            never = True
        case _:
            return False
    return never and any(may_fail(one) for part in inner for one in own(part))


def _suppresses(item: ast.withitem) -> bool:
    """Whether it is `suppress(…)` of what a failed assert is one of."""
    match item.context_expr:
        case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=kinds):
            return bool({ast.unparse(kind) for kind in kinds} & _SWALLOWING)
    return False


def _fails(node: ast.AST) -> bool:
    """Whether it is an assert of any kind, `assert False` and `fail()` too."""
    match node:
        case ast.Assert():
            return True
        case ast.Raise(exc=ast.Name(id="AssertionError") | ast.Call(func=ast.Name(id="AssertionError"))):
            return True
        case ast.Call(func=ast.Attribute(attr="fail")):
            return True
    return may_fail(node)


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


def read(node: ast.AST) -> Iterator[str]:
    """The names that a node uses; a text may be one, too, as in `globals()["name"]`."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
            yield name
        case ast.Constant(value=str() as name):
            yield name


def _ignored_calls(nodes: Sequence[ast.AST]) -> set[int]:
    """The ids of the names of functions that are called without a look at what they return."""
    return {id(node.value.func) for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)}


def may_fail(node: ast.AST) -> bool:
    """Whether it is an assert, of unittest also, but for `assert False` where an exception is due."""
    match node:
        case ast.Assert(test=test):
            return not isinstance(test, ast.Constant)
        case ast.Call(func=ast.Attribute(attr=name)):
            return name.startswith("assert") and not name.startswith("assertRaises")
    return False


def _takes_asserts(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes a failed assert."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(kind) if kind else "BaseException" for kind in kinds}
    return bool(names & _SWALLOWING)


def tells(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Continue() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=func)):
            return ast.unparse(func).partition(".")[0] in TELLING
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
