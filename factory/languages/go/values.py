"""What Go answers mean as plain Python values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factory.languages.base import Call
from factory.languages.go.answers import GoAnswer
from factory.languages.go.fit import fit
from factory.records import Rejection


class GoValues:
    """Implements `factory.languages.base.Values`."""

    integers: range | None = range(-(2**63), 2**63)

    def fit(self, answer: Any, expected: Any) -> Any:
        return fit(answer, expected) if isinstance(answer, GoAnswer) else answer

    def narrower(self, code: str, output: Any, wide: bool) -> bool:
        if isinstance(output, Rejection) and output.misfit == "range":
            return True
        return wide and '"math/big"' not in code

    def undeclared(self, given: Sequence[Call], call: Call, output: Any) -> bool:
        return isinstance(output, Rejection) and output.misfit == "type"
