"""Plain values as JSON and back."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import pytest

from sandbox.worker import codec

VALUES: list[Any] = [
    None, True, False, 0, 2**53, 2**53 + 1, -(2**70), 0.5, -0.0, float("inf"), "", "ä", "\ud800", [], [[1]],
    (), (1, (2,)),
    {1, 2}, frozenset(), b"", b"\xff", 1 + 2j, {}, {"a": [1]}, {1: 2}, {"$": 1}, {(1,): {None}}, {True: "x"},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_round_trip(value):
    back = codec.loads(codec.dumps(value))
    assert back == value
    assert type(back) is type(value)
    assert repr(back) == repr(value) or isinstance(value, set)


def test_nan():
    assert math.isnan(codec.loads(codec.dumps(float("nan"))))


@pytest.mark.parametrize(
    "value", [Counter("aab"), OrderedDict(a=1), defaultdict(int, a=1)], ids=lambda v: type(v).__name__
)
def test_dicts_of_the_collections_module_are_dicts(value):
    assert codec.loads(codec.dumps(value)) == dict(value)


@pytest.mark.parametrize(
    "value", [object(), range(3), type("I", (int,), {})(1), iter([]), {"a": {1: object}}, bytearray()]
)
def test_other_types_are_refused_by_name(value):
    with pytest.raises(codec.Unencodable):
        codec.dumps(value)


def test_nesting_has_an_end():
    value: list[object] = []
    for _ in range(codec.MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(codec.Unencodable, match="deeper than 200"):
        codec.dumps(value)


@pytest.mark.parametrize(
    "text",
    ["", "[",
     '{"$": "int"}', '{"$": "int", "v": 1}', '{"$": "int", "v": "x"}', '{"$": "eval", "v": "1"}', '{"$": [], "v": 1}',
     '{"$": "tuple", "v": 1}', '{"$": "set", "v": [[]]}', '{"$": "dict", "v": [[1]]}', '{"$": "dict", "v": [[[], 1]]}',
     '{"$": "bytes", "v": "*"}', '{"$": "float", "v": "1"}', '{"$": "complex", "v": [1]}',
     '{"$": "int", "v": "1", "w": 2}'],
)  # fmt: skip
def test_malformed_text_is_refused(text):
    with pytest.raises((ValueError, TypeError)):
        codec.loads(text)
