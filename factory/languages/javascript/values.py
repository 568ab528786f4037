"""What JavaScript answers mean as plain Python values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from factory.languages import process
from factory.languages.base import Call
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

    def undeclared(self, given: Sequence[Call], call: Call, output: Any) -> bool:
        """Whether an argument is of a type that no argument of the given cases has: a bigint, a Map, null."""
        (before, named), (now, now_named) = process.shapes(given, encode.Shape), process.shapes([call], encode.Shape)
        pairs = [*zip(now, before, strict=False), *((shape, named[name]) for name, shape in now_named.items())]
        return not all(shape.within(other) for shape, other in pairs)
