"""How Go looks: where a program is in a model's answer, and what it defines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.languages.go import role
from factory.languages.go.names import declares

_GO_START = re.compile(r"^(?:package \w+|import [(\"]|func [\w(]|type \w+ |var \w+|const \w+|//|/\*)")
_FUNCTION = re.compile(r"^func (?:\([^()\n]*\) *)?\w+ *[(\[]", re.MULTILINE)


class GoSyntax:
    """Implements `factory.languages.base.Syntax`."""

    fences = frozenset({"go", "golang"})
    opening = re.compile(r"(package|import|func|var|const|type)\b|//|/\*")
    comment = "//"

    def defines(self, code: str, entry_point: str | None) -> bool:
        if entry_point is None:
            return re.search(r"^[^\S\n]*+func\s+main\s*\(", code, re.MULTILINE) is not None
        return declares(code, entry_point)

    def solves(self, code: str, entry_point: str | None) -> bool:
        return role.solves(code, entry_point)

    def joined(self, code: str, others: Sequence[str]) -> str:
        return role.joined(code, others)

    def completed(self, starter: str, text: str, entry_point: str | None) -> str:
        return starter + text

    def looks_like(self, text: str) -> bool:
        return _GO_START.match(text.strip()) is not None and _FUNCTION.search(text) is not None
