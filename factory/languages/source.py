"""What the verified Python program says of its entry point, for those who translate it."""

from __future__ import annotations

import ast


def parameters(code: str, entry_point: str) -> list[str]:
    """Names of the positional parameters of `entry_point`, a function or a Class.method; none where it is not there."""
    owner, _, name = entry_point.rpartition(".")
    body = ast.parse(code).body
    if owner:
        body = [inner for node in body if isinstance(node, ast.ClassDef) and node.name == owner for inner in node.body]
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)][bool(owner) :]
    return []


def plain(name: str) -> str:
    """What camelCase and snake_case spellings of a name share."""
    return name.replace("_", "").lower()
