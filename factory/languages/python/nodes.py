"""What the changes of mutation testing share: their form, and small questions about nodes."""

from __future__ import annotations

import ast
from typing import Any

Edit = tuple[str, str, int | None, Any]
"""Operator, field of the node, place in that field where it is a list, and what comes there. Field "": the node."""


def callee(node: ast.Call) -> str:
    """The name of the function or method called, "" where it has none."""
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def moved(value: ast.expr, by: int) -> ast.expr:
    """The expression `value` + `by`."""
    return ast.BinOp(value, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))
