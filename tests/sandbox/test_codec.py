"""Plain values as JSON and back."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
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
    "value",
    [object(), range(3), type("I", (int,), {"__eq__": lambda *_: True})(1), iter([]), {"a": {1: object}}, {}.values()],
)
def test_other_types_are_refused_by_name(value):
    with pytest.raises(codec.Unencodable):
        codec.dumps(value)


@pytest.mark.parametrize(
    "value",
    [Decimal("1.50"), Decimal("-inf"), Fraction(1, 3), date(2020, 1, 2), datetime(2020, 1, 2, 3), deque([1, (2,)]),
     bytearray(b"x"), memoryview(b"x")],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_may_equal_a_plain_value_crosses_as_it_is(value):
    back = codec.loads(codec.dumps(value))
    assert back == value
    assert type(back) is type(value)


def test_views_of_a_dict_cross_in_their_order():
    pairs = {3: "a", 1: "b"}
    assert list(codec.loads(codec.dumps(pairs.keys()))) == [3, 1]
    assert list(codec.loads(codec.dumps(OrderedDict(pairs).items()))) == [(3, "a"), (1, "b")]


def test_an_object_of_a_subclass_is_what_it_holds():
    back = codec.loads(codec.dumps([type("I", (int,), {})(1), type("T", (tuple,), {"__iter__": None})((1, 2))]))
    assert back == [1, (1, 2)]
    assert [type(item) for item in back] == [int, tuple]


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
     '{"$": "int", "v": "1", "w": 2}', '{"$": "fraction", "v": [1, 0]}', '{"$": "fraction", "v": [1.5, 2]}',
     '{"$": "decimal", "v": "1e99999"}', '{"$": "decimal", "v": "sNaN"}', '{"$": "decimal", "v": "x"}',
     '{"$": "date", "v": "x"}',
     '{"$": "keys", "v": [[]]}', '{"$": "items", "v": [1]}', '{"$": "deque", "v": 1}'],
)  # fmt: skip
def test_malformed_text_is_refused(text):
    with pytest.raises((ValueError, TypeError)):
        codec.loads(text)
