"""What Go answers mean as plain Python values."""

from __future__ import annotations

import re
from typing import Any

from factory.languages.go.answers import GoAnswer
from factory.languages.go.fit import fit
from factory.records import Rejection

_HELD = {
    "int": range(-(2**63), 2**63),
    "int64": range(-(2**63), 2**63),
    "uint": range(-(2**63), 2**64),
    "uint64": range(-(2**63), 2**64),
    "float64": range(-(2**53), 2**53 + 1),
}
"""Widest types, and the ints whose refusal is not for their size: a negative number is none of uint's business."""
_MISFIT = re.compile(
    r"argument \d+: .*\ba Python int (?:0x(?P<digits>-?[0-9a-f]+)|of (?P<count>\d+) hexadecimal digits) "
    rf"is no Go (?P<type>{'|'.join(_HELD)})$"
)
"""What the harness says of an argument too large for its declared type (harness/arguments.go)."""


class GoValues:
    """Implements `factory.languages.base.Values`."""

    integers: range | None = range(-(2**63), 2**63)

    def fit(self, answer: Any, expected: Any) -> Any:
        return fit(answer, expected) if isinstance(answer, GoAnswer) else answer

    def narrower(self, code: str, output: Any, wide: bool) -> bool:
        if isinstance(output, Rejection) and (told := _MISFIT.match(output.detail)):
            value = int(told["digits"], 16) if told["digits"] else 16 ** int(told["count"])
            return value not in _HELD[told["type"]]
        return wide and '"math/big"' not in code
