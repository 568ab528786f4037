"""How Python looks: where a program is in a model's answer, and what it defines."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from factory.languages.python import completion, role
from factory.languages.python.parse import parse


class PythonSyntax:
    """Implements `factory.languages.base.Syntax`."""

    fences = frozenset({"python", "py", "python3", "py3"})
    opening = re.compile(r"(from|import|def|class|async|print|for|if|while|with|try)\b|[\w, ]+=|@")
    comment = "#"

    def defines(self, code: str, entry_point: str | None) -> bool:
        if entry_point is None:
            return bool(re.search(r"\b(input\s*\(|stdin|open\s*\(\s*0)", code))
        owner, _, method = entry_point.rpartition(".")
        if owner:
            text = re.search(rf"^class\s+{re.escape(owner)}\b", code, re.MULTILINE)
            return bool(text and re.search(rf"^[ \t]+(?:async\s+)?def\s+{re.escape(method)}\b", code, re.MULTILINE))
        name = re.escape(entry_point)
        return bool(re.search(rf"^(?:(?:async\s+)?def\s+{name}\b|{name}\s*(?::[^=\n]+)?=[^=])", code, re.MULTILINE))

    def solves(self, code: str, entry_point: str | None) -> bool:
        return role.solves(code, entry_point)

    def joined(self, code: str, others: Sequence[str]) -> str:
        return role.joined(code, others)

    def completed(self, starter: str, text: str, entry_point: str | None) -> str:
        return starter + text if entry_point is None else completion.completed(starter, text, entry_point, self.defines)

    def looks_like(self, text: str) -> bool:
        tree = parse(text)
        return isinstance(tree, ast.Module) and any(
            isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom | ast.Assign | ast.For | ast.While)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
            for node in tree.body
        )
