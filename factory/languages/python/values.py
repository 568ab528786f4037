"""What Python answers mean as plain Python values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factory.languages.base import Call
from factory.languages.python.answers import plain
from sandbox.contract import Answer


class PythonValues:
    """Implements `factory.languages.base.Values`."""

    integers: range | None = None

    def fit(self, answer: Any, expected: Any) -> Any:
        return plain(answer, expected) if isinstance(answer, Answer) else answer

    def narrower(self, code: str, output: Any, wide: bool) -> bool:
        return False

    def undeclared(self, given: Sequence[Call], call: Call, output: Any) -> bool:
        return False
