"""How JavaScript looks: where a program is in a model's answer, and what it defines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.languages.javascript import normal_form, role
from factory.languages.javascript.names import declares

_ENDS = (";", "}", "]", ")", "*/")


class JavaScriptSyntax:
    """Implements `factory.languages.base.Syntax`."""

    fences = frozenset({"javascript", "js", "node", "nodejs", "mjs", "cjs", "ecmascript"})
    opening = re.compile(
        r"(?:async\s+function|function|const|let|var|class|import|export)\b"
        r"|module\.exports|require\(|['\"]use strict|//|/\*|#!"
    )
    comment = "//"

    def defines(self, code: str, entry_point: str | None) -> bool:
        return role.READS.search(code) is not None if entry_point is None else declares(code, entry_point)

    def solves(self, code: str, entry_point: str | None) -> bool:
        return role.solves(code, entry_point)

    def joined(self, code: str, others: Sequence[str]) -> str:
        return role.joined(code, others)

    def completed(self, starter: str, text: str, entry_point: str | None) -> str:
        return starter + text

    def looks_like(self, text: str) -> bool:
        tokens, whole = normal_form.tokens(text), text.strip()
        return (
            self.opening.match(whole) is not None
            and (whole.endswith(_ENDS) or "//" in whole.rpartition("\n")[2])
            and tokens is not None
            and any(token in ("function", "=>", "=", "class") for token in tokens)
        )
