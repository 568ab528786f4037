"""How a program meets the calls of its cases: its entry point under the name that is called, values as objects."""

from __future__ import annotations

import ast
from pathlib import Path

from factory.languages.python import given, linked
from factory.records import Calling, Problem

_ENTRY, _HELP = "converted_entry__", "converted_help__"
_LINKED = Path(linked.__file__).read_text(encoding="utf-8")
_CLASS = "Solution"


def under_its_name(code: str, tree: ast.Module, entry_point: str | None) -> tuple[str, str]:
    """`code` with the entry point under the name that is called, and what was added, or ""; see `Calling.either`."""
    owner, _, name = (entry_point or "").rpartition(".")
    names = given.defined(code)
    if owner and owner not in names and name in names:
        more = f"class {owner}:\n    {name} = staticmethod({name})"
        return _with(code, more), f"put into a class: {entry_point}"
    if not owner and name not in names and _has_method(tree, name):
        more = f"def {name}(*args, **kwargs):\n    return {_CLASS}().{name}(*args, **kwargs)"
        return _with(code, more), f"taken out of its class: {_CLASS}.{name}"
    return code, ""


def _with(code: str, more: str) -> str:
    return code.rstrip("\n") + f"\n\n\n{more}\n"


def _has_method(tree: ast.Module, name: str) -> bool:
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == _CLASS)
    return any(isinstance(inner, ast.FunctionDef) and inner.name == name for node in classes for inner in node.body)


def called(code: str, problem: Problem) -> tuple[str, str]:
    """`code` as it is run, and what is called in it: with values made into objects, and back, where that is asked."""
    calling, entry_point = problem.calling, problem.entry_point or ""
    if not calling.converts:
        return code, entry_point
    owner, _, method = entry_point.rpartition(".")
    found = f"getattr(globals().get({owner!r}), {method!r}, None)" if owner else f"globals().get({method!r})"
    target = f"getattr({owner}(), {method!r})" if owner else method
    return f"{code}\n{_conversion(found, target, calling)}", _ENTRY


def _conversion(found: str, target: str, calling: Calling) -> str:
    """Code behind the program that defines `_ENTRY` where `found` can be called."""
    if calling.operations:
        return (
            f"if callable({found}):\n"
            f"    {_HELP} = {{'__name__': 'linked'}}\n"
            f"    exec({_LINKED!r}, {_HELP})\n"
            f"    def {_ENTRY}(names, arguments):\n"
            f"        return {_HELP}['operate']({target}, names, arguments)\n"
        )
    return (
        f"if callable({found}):\n"
        f"    {_HELP} = {{'__name__': 'linked'}}\n"
        f"    exec({_LINKED!r}, {_HELP})\n"
        f"    def {_ENTRY}(*args):\n"
        f"        kinds = {{name: globals().get(name, {_HELP}[name]) for name in ('ListNode', 'TreeNode')}}\n"
        f"        rest = kinds, {calling.args!r}, {calling.result!r}, {calling.in_place!r}, list(args)\n"
        f"        return {_HELP}['call']({target}, *rest)\n"
    )
