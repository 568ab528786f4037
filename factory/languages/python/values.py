"""What Python answers mean as plain Python values."""

from __future__ import annotations

from typing import Any

from factory.languages.python.answers import plain
from sandbox.contract import Answer


class PythonValues:
    """Implements `factory.languages.base.Values`."""

    integers: range | None = None

    def fit(self, answer: Any, expected: Any) -> Any:
        return plain(answer, expected) if isinstance(answer, Answer) else answer

    def narrower(self, code: str, output: Any, wide: bool) -> bool:
        return False
