"""What values become in a language without their type."""

from __future__ import annotations

from array import array
from collections import UserDict, UserList, deque
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
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
        (UserList([1]), [1]),
        (array("d", [0.5]), [0.5]),
        (UserDict(a=1), {"a": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (timedelta(1), "1 day, 0:00:00"),
        (bytearray(b"a"), b"a"),
        (Decimal("0.5"), "0.5"),
    ],
)
def test_an_argument_of_a_type_for_answers_has_a_counterpart(value: Any, other: Any) -> None:
    assert counterpart(value) == other
    assert type(counterpart(value)) is type(other)
    assert go_encode(value) == go_encode(other)
