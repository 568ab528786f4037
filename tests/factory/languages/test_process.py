"""What values become in a language without their type."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import Any

import pytest

from factory.languages.go.encode import encode as go_encode
from factory.languages.process import counterpart


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ({1: [2]}.items(), [(1, [2])]),
        ({1: 2}.items(), {(1, 2)}),
        ({1: 2}.keys(), {1}),
        (deque([[1], 2]), [[1], 2]),
        (bytearray(b"a"), b"a"),
        (Decimal("0.5"), "0.5"),
    ],
)
def test_an_argument_of_a_type_for_answers_has_a_counterpart(value: Any, other: Any) -> None:
    assert counterpart(value) == other
    assert type(counterpart(value)) is type(other)
    assert go_encode(value) == go_encode(other)
