"""Plain values: what crosses the wall, how it is written, and what is refused."""

from __future__ import annotations

import json
import math
import re
import struct
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import pytest

from factory.records.values import MAX_INT_DIGITS, Unencodable, Unreadable, decode, dumps, encode, read

WRITTEN = [
    (None, None),
    (True, True),
    (0, 0),
    (2**53, 2**53),
    (-(2**53), -(2**53)),
    (2**53 + 1, {"$": "int", "v": "9007199254740993"}),
    (-(2**53) - 1, {"$": "int", "v": "-9007199254740993"}),
    (1.5, 1.5),
    (float("inf"), {"$": "float", "v": "inf"}),
    (float("-inf"), {"$": "float", "v": "-inf"}),
    ("é\n", "é\n"),
    ([1, [2]], [1, [2]]),
    ((1, 2), {"$": "tuple", "v": [1, 2]}),
    ((), {"$": "tuple", "v": []}),
    ({3, 1, 2}, {"$": "set", "v": [1, 2, 3]}),
    (frozenset({1}), {"$": "frozenset", "v": [1]}),
    (b"\x00\xff", {"$": "bytes", "v": "AP8="}),
    (1 - 2j, {"$": "complex", "v": [1.0, -2.0]}),
    ({"a": (1,)}, {"a": {"$": "tuple", "v": [1]}}),
    ({1: "x"}, {"$": "dict", "v": [[1, "x"]]}),
    ({"$": 1}, {"$": "dict", "v": [["$", 1]]}),
    ({"$": "tuple", "v": [1]}, {"$": "dict", "v": [["$", "tuple"], ["v", [1]]]}),
    ({(1, 2): {3}}, {"$": "dict", "v": [[{"$": "tuple", "v": [1, 2]}, {"$": "set", "v": [3]}]]}),
]


@pytest.mark.parametrize(("value", "tagged"), WRITTEN)
def test_a_value_is_written_as_the_design_says_and_comes_back(value: Any, tagged: Any) -> None:
    assert encode(value) == tagged
    back = decode(json.loads(json.dumps(tagged)))
    assert back == value
    assert type(back) is type(value)
    assert read(dumps(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        [True, 1, 1.0, False, 0, 0.0],
        {"k": (True, [1, (1.0,)])},
        "\ud800 half a pair \udfff",
        {"\ud800": ["\udc00"]},
        {1, "1", (1,), None, b"1", frozenset({2}), 2.5},
        {None: 1, True: 2, 2.5: 3, "x": 4, b"y": 5, (): 6},
        10**400,
        -(10**5000),
        [[], {}, (), set(), "", b""],
        {"": {"": {}}},
        "\x00\x7f\u2028",
    ],
)
def test_types_survive_all_the_way_down(value: Any) -> None:
    assert repr_of_types(read(dumps(value))) == repr_of_types(value)


def repr_of_types(value: Any) -> Any:
    if isinstance(value, dict):
        return [(repr_of_types(key), repr_of_types(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value).__name__, [repr_of_types(item) for item in value]
    if isinstance(value, set | frozenset):
        return type(value).__name__, sorted(map(repr, map(repr_of_types, value)))
    return type(value).__name__, value


def test_a_bool_is_no_int_and_an_int_no_float() -> None:
    assert [type(item) for item in read(dumps([True, 1, 1.0]))] == [bool, int, float]


def test_minus_zero_keeps_its_sign() -> None:
    back = read(dumps([-0.0, 0.0, complex(-0.0, -0.0)]))
    assert [struct.pack("d", item) for item in (*back[:2], back[2].real)] == [
        struct.pack("d", item) for item in (-0.0, 0.0, -0.0)
    ]


def test_nan_comes_back_as_nan() -> None:
    assert encode(float("nan")) == {"$": "float", "v": "nan"}
    assert math.isnan(read(dumps([float("nan")]))[0])
    assert math.isnan(read(dumps(complex(0, float("nan")))).imag)


def test_every_float_comes_back_to_the_bit() -> None:
    for value in (0.1, 5e-324, 1.7976931348623157e308, 1 / 3, 123456789.123456789):
        assert struct.pack("d", read(dumps(value))) == struct.pack("d", value)


def test_the_same_set_is_the_same_text_whatever_its_order() -> None:
    mixed = [1, "a", (2, 3), b"x", None, 2.5]
    other = set()
    for item in reversed(mixed):
        other.add(item)
    assert dumps(set(mixed)) == dumps(other)


def test_dicts_of_collections_count_as_the_dicts_they_are() -> None:
    grouped: defaultdict[str, list[int]] = defaultdict(list, {"a": [1]})
    for value in (grouped, Counter("aab"), OrderedDict([("b", 1), ("a", 2)])):
        back = read(dumps(value))
        assert type(back) is dict
        assert list(back.items()) == list(value.items())


class Liar(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Liar(3), "Liar"),
        ([1, {"k": Liar(1)}], "Liar"),
        ({Liar(1): 1}, "Liar"),
        (object(), "object"),
        (int, "type"),
        (iter(()), "tuple_iterator"),
        (len, "builtin_function_or_method"),
        ({}.values(), "dict_values"),
        (NotImplemented, "NotImplementedType"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_anything_else_is_refused_by_its_types_name(value: Any, name: str) -> None:
    with pytest.raises(Unencodable, match=name):
        encode(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(Unencodable, match="deeper than 200"):
        encode(loop)


def test_depth_is_bounded_at_200() -> None:
    assert read(dumps(nested(200))) == nested(200)
    with pytest.raises(Unencodable, match="deeper than 200"):
        encode(nested(201))


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"$": "tuple"}', 'exactly the keys "$" and "v"'),
        ('{"$": "tuple", "v": [], "w": 1}', 'exactly the keys "$" and "v"'),
        ('{"$": "range", "v": [1]}', "malformed range value: expected 3 parts, found 1"),
        ('{"$": "slot", "v": [1]}', "unknown value tag 'slot'; known: "),
        ('{"$": null, "v": [1]}', "unknown value tag None"),
        ('{"$": [], "v": [1]}', "malformed"),
        ('{"$": "tuple", "v": "ab"}', "malformed tuple value: expected a list, found str"),
        ('{"$": "set", "v": {"a": 1}}', "malformed set value: expected a list, found dict"),
        ('{"$": "set", "v": [[1]]}', "malformed set value: unhashable"),
        ('{"$": "frozenset", "v": [{}]}', "malformed frozenset value: unhashable"),
        ('{"$": "bytes", "v": "*"}', "malformed bytes value"),
        ('{"$": "bytes", "v": "\\ud800"}', "malformed bytes value"),
        ('{"$": "bytes", "v": [1]}', "malformed bytes value: expected a str, found a list"),
        ('{"$": "float", "v": "1.5"}', 'malformed float value: expected "nan", "inf" or "-inf"'),
        ('{"$": "float", "v": 1}', "malformed float value"),
        ('{"$": "complex", "v": [1]}', "malformed complex value"),
        ('{"$": "complex", "v": ["1", 2]}', "malformed complex value"),
        ('{"$": "complex", "v": [true, 2]}', "malformed complex value"),
        ('{"$": "int", "v": "one"}', "malformed int value"),
        ('{"$": "int", "v": 5}', "malformed int value: expected a string, found int"),
        ('{"$": "dict", "v": [[1]]}', "malformed dict value"),
        ('{"$": "dict", "v": [[[1], 2]]}', "malformed dict value: unhashable"),
        ('{"$": "dict", "v": [{"$": "tuple", "v": [1, 2]}]}', "malformed dict value"),
        ('[{"$": "tuple", "v": [{"$": "no", "v": 1}]}]', "unknown value tag 'no'"),
        ("[1, 2", "Expecting"),
        ("", "Expecting"),
        ("[" * 100_000, "nested too deep"),
        ('{"a":' * 100_000, "nested too deep"),
        ("9" * (MAX_INT_DIGITS + 1), "limit"),
        ('{"$": "int", "v": "' + "9" * (MAX_INT_DIGITS + 1) + '"}', "limit"),
        ('{"$": "complex", "v": [{"$": "int", "v": "1' + "0" * 400 + '"}, 0]}', "too large"),
    ],
    ids=lambda text: text[:32],
)
def test_what_cannot_be_read_is_unreadable_and_never_another_error(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(reason)):
        read(text)


def test_the_longest_integer_is_still_read() -> None:
    assert read('{"$": "int", "v": "' + "9" * MAX_INT_DIGITS + '"}') == int("9" * MAX_INT_DIGITS)


def test_reading_builds_exact_builtin_types_only() -> None:
    allowed = {dict, list, tuple, set, frozenset, bytes, str, int, float, bool, complex, type(None)}
    for value, _ in WRITTEN:
        assert type(read(dumps(value))) in allowed
