"""What JavaScript answers mean as plain Python values."""

from __future__ import annotations

import re
from typing import Any

from factory.languages.javascript import encode
from factory.languages.javascript.answers import JavaScriptAnswer
from factory.languages.javascript.fit import fit

_ANY_SIZE = re.compile(r"\bBigInt\b|\b\d+n\b")
"""What a program says that works with whole numbers of any size."""


class JavaScriptValues:
    """Implements `factory.languages.base.Values`."""

    integers: range | None = range(-encode.SAFE, encode.SAFE + 1)

    def fit(self, answer: Any, expected: Any) -> Any:
        return fit(answer, expected) if isinstance(answer, JavaScriptAnswer) else answer

    def narrower(self, code: str, output: Any, wide: bool) -> bool:
        return wide and _ANY_SIZE.search(code) is None
