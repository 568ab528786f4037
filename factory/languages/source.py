"""What a program says of itself by its text: names, parameters, brackets."""

from __future__ import annotations

import ast
import re

ODD_SPACE = re.compile("[\u00a0\u00ad\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff]")
"""White space that shows as a blank or not at all; chat programs and web pages put it into code."""
_CLOSES = {"(": ")", "[": "]", "{": "}"}


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


def balanced(code: str) -> bool:
    """Whether the brackets of `code`, which has no literals and comments any more, open and close in pairs."""
    waiting: list[str] = []
    for mark in code:
        if mark in _CLOSES:
            waiting.append(_CLOSES[mark])
        elif mark in ")]}" and (not waiting or waiting.pop() != mark):
            return False
    return not waiting
