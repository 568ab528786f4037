"""Values both ways between Python and JavaScript."""

from __future__ import annotations

import math
from typing import Any

import pytest

from factory.grading.comparison import exact
from factory.languages.base import Unfit
from factory.languages.javascript.answers import JavaScriptAnswer
from factory.languages.javascript.fit import fit
from factory.records import Rejection, Status

# What a value is in JavaScript: told by a program that looks at it.
TELL = """
function tell(x) {
  if (x === null) return 'null';
  if (typeof x === 'number') return 'number ' + (Object.is(x, -0) ? '-0' : x);
  if (typeof x === 'bigint') return 'bigint ' + x;
  if (typeof x !== 'object') return typeof x + ' ' + x;
  if (Array.isArray(x) && x instanceof Array) return 'Array ' + x.map(tell).join('; ');
  if (x instanceof Set) return 'Set ' + [...x].map(tell).join('; ');
  if (x instanceof Map) return 'Map ' + [...x].map(([k, v]) => tell(k) + ' => ' + tell(v)).join('; ');
  if (x instanceof Uint8Array) return 'Uint8Array ' + [...x].join(' ');
  if (x.constructor === Object) return 'object ' + Object.entries(x).map(([k, v]) => k + ': ' + tell(v)).join('; ');
  return 'unknown';
}
"""
GIVEN = [
    (None, "null"),
    (True, "boolean true"),
    (0, "number 0"),
    (2**53, "number 9007199254740992"),
    (-(2**53), "number -9007199254740992"),
    (2**53 + 1, "bigint 9007199254740993"),
    (-(2**70), f"bigint -{2**70}"),
    (1.5, "number 1.5"),
    (-0.0, "number -0"),
    (math.inf, "number Infinity"),
    (-math.inf, "number -Infinity"),
    (math.nan, "number NaN"),
    ("é😀\n", "string é😀\n"),
    (b"\x00\xffa", "Uint8Array 0 255 97"),
    ([1, [2, "a"]], "Array number 1; Array number 2; string a"),
    ((1, None), "Array number 1; null"),
    ({3, 1}, "Set number 1; number 3"),
    (frozenset({"a"}), "Set string a"),
    ({"b": 1, "a": [2]}, "object b: number 1; a: Array number 2"),
    ({"__proto__": 1, "$": 2}, "object __proto__: number 1; $: number 2"),
    ({1: "a", 2**60: "b"}, f"Map number 1 => string a; bigint {2**60} => string b"),
    ({(1, 2): 3}, "Map Array number 1; number 2 => number 3"),
    ({}, "object "),
    (1 + 2j, "object re: number 1; im: number 2"),
]


def test_arguments(try_js: Any) -> None:
    tried = try_js(TELL, "tell", *(((value,), told) for value, told in GIVEN if type(value) is not dict))
    assert tried.passes(*(told for value, told in GIVEN if type(value) is not dict)), tried


@pytest.mark.parametrize(("value", "told"), [given for given in GIVEN if type(given[0]) is dict])
def test_dicts(try_js: Any, value: Any, told: str) -> None:
    tried = try_js(TELL, "tell", ((value,), told))
    assert tried.passes(told), tried


def test_an_empty_dict_is_what_the_dicts_of_other_cases_are(try_js: Any) -> None:
    assert try_js(TELL, "tell", (({1: 2},), "Map number 1 => number 2"), (({},), "Map ")).passes(
        "Map number 1 => number 2", "Map "
    )


ECHOED: list[Any] = [
    5.0, 2**64, -(3**50), math.inf, -math.inf, math.nan, 5e-324, "\ud800", [1, 2.0], (), set(), {"b": {"c": [1.0]}},
    {"10": 1, "9": 2}, {1.5: True}, {None: 1}, {(1, 2): {3: (4,)}}, {"k": {1, 2}}, 3 + 0.5j, [[[[[]]]]], {True: 0},
]  # fmt: skip
"""Beside those that every language gives back."""


@pytest.mark.parametrize("value", ECHOED)
def test_what_goes_in_comes_back_as_the_type_it_was(try_js: Any, value: Any) -> None:
    (back,) = try_js("const echo = (x) => x", "echo", ((value,), value)).values
    assert exact(back, value), back
    assert math.copysign(1, back) == math.copysign(1, value) if type(value) is float else True


RETURNED: list[tuple[str, Any]] = [
    ("undefined", None),
    ("void 0", None),
    ("3", 3),
    ("3", 3.0),
    ("2.5", 2.5),
    ("2 ** 60", 2**60),
    ("2 ** 60", float(2**60)),
    ("2 ** 80", 2**80),
    ("10n", 10),
    ("-(2n ** 200n)", -(2**200)),
    ("-0", 0),
    ("[1, , 3]", [1, None, 3]),
    ("[1, 2]", (1, 2)),
    ("[[1, 'a'], [2, 'b']]", [(1, "a"), (2, "b")]),
    ("[1, 2.5]", [1.0, 2.5]),
    ("[1, 2]", {1, 2}),
    ("[[1, 2], [3, 4]]", {(1, 2), (3, 4)}),
    ("new Set([1, 2])", {2, 1}),
    ("new Set([1, 2])", frozenset({2, 1})),
    ("new Set([[1, 2]])", {(1, 2)}),
    ("new Map([['a', 1]])", {"a": 1}),
    ("new Map([[1, [2]]])", {1: (2,)}),
    ("({ 1: 'a', 2: 'b' })", {1: "a", 2: "b"}),
    ("({ 1.5: 'a' })", {1.5: "a"}),
    ("({ true: 1 })", {True: 1}),
    ("Object.create(null)", {}),
    ("Object.assign(Object.create(null), { a: 1 })", {"a": 1}),
    ("new Uint8Array([1, 2])", b"\x01\x02"),
    ("Buffer.from('ab')", b"ab"),
    ("new Uint8Array([1, 2])", [1, 2]),
    ("new Int32Array([1, -2])", [1, -2]),
    ("new Float64Array([1, 2])", [1.0, 2.0]),
    ("new BigInt64Array([1n])", [1]),
    ("({ re: 1, im: 2 })", 1 + 2j),
    ("Promise.resolve([1])", [1]),
    ("'abc'.match(/b/)", ["b"]),
]


def returned(try_js: Any, rows: list[tuple[str, Any]]) -> Any:
    """What became of each expression: one call an expression, all in one program."""
    functions = ", ".join(f"() => {expression}" for expression, _ in rows)
    tried = try_js(
        f"const f = (at) => [{functions}][at]()", "f", *(((at,), expected) for at, (_, expected) in enumerate(rows))
    )
    assert tried.run.failure is None
    assert len(tried.values) == len(rows)
    return tried.values


def test_results_take_the_form_of_what_is_expected(try_js: Any) -> None:
    for value, (expression, expected) in zip(returned(try_js, RETURNED), RETURNED, strict=True):
        assert exact(value, expected), expression


DIFFERENT: list[tuple[str, Any]] = [
    ("'1'", 1),
    ("1", "1"),
    ("1.5", 1),
    ("[1]", 1),
    ("['a b']", ["a", "b"]),
    ("[1, 1]", {1}),
    ("({ a: 1 })", {1: 1}),
    ("({ '01': 1 })", {1: 1}),
    ("[[1, 2]]", {1: 2}),
    ("true", "true"),
    ("null", 0),
    ("null", []),
    ("NaN", 0),
    ("[1, 2]", b"\x01\x02"),
    ("new Map([[1, 1], ['1', 1]])", {1: 1}),
]


def test_what_is_no_equal_of_the_expected_does_not_pass(try_js: Any) -> None:
    for value, (expression, expected) in zip(returned(try_js, DIFFERENT), DIFFERENT, strict=True):
        assert isinstance(value, Unfit | Rejection) or value != expected, expression


NOT_PLAIN = [
    ("() => 1", "a function"),
    ("Symbol('x')", "a symbol"),
    ("new Date(0)", "Date"),
    ("/x/", "RegExp"),
    ("new (class Point { constructor() { this.x = 1 } })()", "Point"),
    ("[1].values()", "Iterator"),
    ("(function* g() {})()", "no plain value"),
    ("new Number(1)", "Number"),
    ("new WeakMap()", "WeakMap"),
    ("new Proxy([1], {})", "a Proxy"),
    ("new (class L extends Array {})()", "L"),
    ("new Error('x')", "Error"),
    ("new ArrayBuffer(2)", "ArrayBuffer"),
    ("[Promise.resolve(1)]", "Promise"),
    ("globalThis", "no plain value"),
    ("(() => { const a = []; a.push(a); return a })()", "nested deeper than 200"),
]


def test_what_is_no_plain_value_is_named(try_js: Any) -> None:
    found = returned(try_js, [(expression, 1) for expression, _ in NOT_PLAIN])
    for rejection, (expression, told) in zip(found, NOT_PLAIN, strict=True):
        assert isinstance(rejection, Rejection), expression
        assert rejection.status is Status.WRONG_ANSWER
        assert told in rejection.detail


def test_what_one_call_changes_the_next_does_not_see(try_js: Any) -> None:
    source = "function f(a, m) { a.push(1); a[0].x = 2; m.set(5, 5); return [a.length, m.size]; }"
    given = (([{"x": 1}], {1: 2}), [2, 2])
    assert try_js(source, "f", given, given, given).passes([2, 2], [2, 2], [2, 2])


def test_keyword_arguments_go_to_the_parameters_of_their_names(try_js: Any) -> None:
    source = "function f(a, [b] = [1, 2], maxItems = 3) { return [a, b, maxItems]; }"
    assert try_js(source, "f", (((1,), {"max_items": 7}), [1, 1, 7])).passes([1, 1, 7])
    assert try_js("const f = a => a", "f", (((), {"a": 7}), 7)).passes(7)
    (rejection,) = try_js(source, "f", (((1,), {"other": 7}), 1)).values
    assert rejection == Rejection(Status.WRONG_ANSWER, "no parameter takes the keyword argument other")


MALFORMED = [
    "", "[", "NaN", "Infinity", '{"a": 1}', '{"$": "int"}', '{"$": "int", "v": "xyz"}', '{"$": "int", "v": 5}',
    '{"$": "bytes", "v": "0"}', '{"$": "float", "v": "1"}', '{"$": "map", "v": [[1]]}', '{"$": "set", "v": 1}',
    '{"$": "object", "v": [[[1], 1]]}', '{"$": "set", "v": [{"$": "map", "v": []}]}', '{"$": "no", "v": 1}',
    "[" * 100_000 + "]" * 100_000, '{"$": "int", "v": "' + "f" * 10**6 + '"}', '[{"$": []}]', '{"$": [], "v": 1}',
]  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: text[:30])
@pytest.mark.parametrize("expected", [None, 1, [1], {1: 2}, {(1,)}, 1j])
def test_a_malformed_answer_is_unfit(text: str, expected: Any) -> None:
    with pytest.raises(Unfit):
        fit(JavaScriptAnswer(text), expected)
