"""Plain values as JSON and back."""

from __future__ import annotations

import math
from array import array
from collections import Counter, OrderedDict, UserDict, UserList, UserString, defaultdict, deque
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import pytest

from sandbox.worker import codec
from sandbox.worker.kinds import Unencodable

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
    [
        object(),
        memoryview(array("i", [1])),
        type("I", (int,), {"__eq__": lambda *_: True})(1),
        iter([]),
        {"a": {1: object}},
        {}.values(),
        type("D", (deque,), {"__eq__": lambda *_: True})(),
        type("M", (UserDict,), {"__eq__": lambda *_: True})(),
    ],
)
def test_other_types_are_refused_by_name(value):
    with pytest.raises(Unencodable):
        codec.dumps(value)


@pytest.mark.parametrize(
    "value",
    [Decimal("1.50"), Decimal("-inf"), Fraction(1, 3), date(2020, 1, 2), datetime(2020, 1, 2, 3), deque([1, (2,)]),
     bytearray(b"x"), memoryview(b"x"), datetime(2020, 1, 2, tzinfo=timezone(timedelta(hours=-3))), time(1, 2, 3, 4),
     timedelta(-1, 2, 3), UTC, array("d", [0.5]), array("b"), range(3, 0, -1), slice(None, (1,), 2.5), ...,
     UserList([[1]]), UserDict({1: 2}), UserString("a"), MappingProxyType({"a": 1})],
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
    with pytest.raises(Unencodable, match="deeper than 200"):
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
     '{"$": "time", "v": "x"}', '{"$": "timedelta", "v": [1, 2]}', '{"$": "timedelta", "v": [1, 2, 0.5]}',
     '{"$": "timedelta", "v": [9999999999, 0, 0]}', '{"$": "timezone", "v": 1}', '{"$": "array", "v": ["x", []]}',
     '{"$": "array", "v": ["b", [1000]]}', '{"$": "array", "v": ["b", {"$": "range", "v": [0, 9, 1]}]}',
     '{"$": "deque", "v": {"$": "range", "v": [0, 9, 1]}}', '{"$": "range", "v": [0, 1000000, 1]}',
     '{"$": "range", "v": [0, {"$": "int", "v": "99999999999999999999"}, 1]}', '{"$": "range", "v": [0, 1, 0]}',
     '{"$": "slice", "v": [1]}', '{"$": "userlist", "v": 1}', '{"$": "mapping", "v": []}',
     '{"$": "mappingproxy", "v": []}', '{"$": "userstring", "v": 1}', '{"$": "counter", "v": {}}',
     '{"$": "ordereddict", "v": [[[], 1]]}',
     '{"$": "keys", "v": [[]]}', '{"$": "items", "v": [1]}', '{"$": "deque", "v": 1}'],
)  # fmt: skip
def test_malformed_text_is_refused(text):
    with pytest.raises((ValueError, TypeError)):
        codec.loads(text)
