"""Tests whose failure nobody sees: in a function that nothing calls, or compared and only printed; refused by name.

Promises: a text of tests that is let through has no assert about what is tested in a function, class or method that
nothing uses, and no comparison of an answer that is only printed, or made by a helper that asserts nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TypeGuard

from factory.problems.parsing.idle import COMPARING, TELLING, YIELDS, may_fail, read, tells
from factory.problems.parsing.live import CALLED_BY_PYTEST, is_collected_class, is_inert


def refuse_unreached(body: Sequence[ast.stmt], function: str, *, collected: bool) -> None:
    """Raise ValueError where asserts about `function` are in a function or class that nothing uses.

    `collected`: pytest finds the tests of the file, beside what the file itself calls.
    """
    nodes = [node for statement in body for node in ast.walk(statement)]
    used = {name for node in nodes for name in read(node)}
    if not collected and "TextTestRunner" in used:
        raise ValueError("test: TextTestRunner tells what fails, and raises nothing")
    methods = {one.name for node in body if isinstance(node, ast.ClassDef) for one in node.body if _is_helper(one)}
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(), args=[ast.Constant(value=str() as name)]) if name in methods:
                raise ValueError(f"test: {name} is run as a test by its name, which pytest does not collect")
    asked = {function, "candidate"}
    weak = {node.name for node in nodes if isinstance(node, ast.FunctionDef) and _only_compares(node, asked)}
    for node in nodes:
        if fault := _unheard(node, function, weak) or _inside(node, function, used):
            raise ValueError(f"test: {fault}")
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
        if any(may_fail(one) and asked & _names(one) for one in ast.walk(node)):
            raise ValueError(f"test: line {node.lineno}: {node.name} asserts, and nothing calls it")


def _unheard(node: ast.AST, function: str, weak: set[str]) -> str:
    """Why a statement compares what `function` answers and asserts nothing by it, or is about another function."""
    match node:
        case ast.If(test=test, body=then, orelse=other) if {function, "candidate"} & _names(test):
            if any(isinstance(one, ast.Compare) for one in ast.walk(test)) and all(map(tells, [*then, *other])):
                return f"line {node.lineno}: compares, and only tells what came out"
        case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=args)) if name in weak:
            return f"line {node.lineno}: {name} compares, and asserts nothing by it" if args else ""
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda()) if name == function:
            return f"line {node.lineno}: defines {name} itself, so that no answer is asked for"
    return ""


_HARMLESS = (
    COMPARING | TELLING | frozenset("len str repr abs round sorted list set tuple type isinstance format".split())
)


def _only_compares(node: ast.FunctionDef, asked: set[str]) -> bool:
    """Whether a function compares, and neither asserts, raises, nor calls what may do so or keep what came out."""
    inside = [inner for part in node.body for inner in ast.walk(part)]
    if node.decorator_list or not any(isinstance(one, ast.Compare) for one in inside):
        return False
    if any(isinstance(one, ast.Assert | ast.Raise | ast.Global | ast.Nonlocal | YIELDS) for one in inside):
        return False
    roots = [ast.unparse(one.func).partition(".")[0] for one in inside if isinstance(one, ast.Call)]
    stored = any(isinstance(one, ast.Attribute | ast.Subscript) and isinstance(one.ctx, ast.Store) for one in inside)
    return not stored and set(roots) <= _HARMLESS | asked


def _inside(node: ast.AST, function: str, used: set[str]) -> str:
    """Why a function in a function asserts and is not called, or stands for the one that is tested, or ""."""
    inner = node.body if isinstance(node, ast.FunctionDef) else []
    for one in inner:
        if not isinstance(one, ast.FunctionDef):
            continue
        if one.name == function:
            return f"line {one.lineno}: defines {function} itself, so that no answer is asked for"
        if one.decorator_list or one.name in used:
            continue
        if any(may_fail(part) and {function, "candidate"} & _names(part) for part in ast.walk(one)):
            return f"line {one.lineno}: {one.name} asserts, and nothing calls it"
    return ""


def _is_helper(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    """Whether it is a method that is no test by its name, and asserts."""
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("test") and any(map(may_fail, ast.walk(node)))


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
