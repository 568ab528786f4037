"""Values of every form go into a Go program as declared, and come back as what Python means."""

# Go programs stand on one line here.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from factory.languages.base import Unfit
from factory.languages.go import Go
from factory.languages.go.answers import GoAnswer
from factory.records import Rejection, Status

BIG = 2**200 + 12345
NAN = float("nan")

# Each: what it shows, the program, and cases (arguments, expected).
GOOD: list[tuple[str, str, list[tuple[tuple[Any, ...], Any]]]] = [
    ("int", "func f(a, b int) int { return a + b }", [((2, 3), 5), ((-2, 1), -1), ((2**62, 1), 2**62 + 1)]),
    ("int8", "func f(a int8) int8 { return -a }", [((127,), -127)]),
    ("uint64", "func f(a uint64) uint64 { return a }", [((2**64 - 1,), 2**64 - 1)]),
    (
        "big pointer",
        'import "math/big"\nfunc f(a *big.Int) *big.Int { return new(big.Int).Mul(a, a) }',
        [((BIG,), BIG**2), ((-3,), 9), ((0,), 0)],
    ),
    ("big value", 'import "math/big"\nfunc f(a big.Int) big.Int { return *new(big.Int).Neg(&a) }', [((BIG,), -BIG)]),
    ("big in a slice", 'import "math/big"\nfunc f(a []*big.Int) []*big.Int { return a }', [(([1, BIG],), [1, BIG])]),
    ("float64", "func f(a float64) float64 { return a / 2 }", [((3.0,), 1.5), ((3,), 1.5), ((-0.0,), 0.0)]),
    ("float32", "func f(a float32) float32 { return a * 2 }", [((1.5,), 3.0)]),
    (
        "whole floats",
        "func f(a float64) float64 { return a }",
        [((2**70,), 2**70), ((-(2**90) * 3,), -(2**90) * 3), ((1e300,), 1e300)],
    ),
    ("infinite", "func f(a float64) float64 { return -a }", [((float("inf"),), float("-inf"))]),
    ("complex", "func f(a complex128) complex128 { return a * a }", [((1j,), -1 + 0j)]),
    ("string", "func f(s string) string { return s + s }", [(('ä€𝄞\n"\\\x00',), 'ä€𝄞\n"\\\x00' * 2), (("",), "")]),
    ("bytes that are no text", "func f(s string) string { return s[:1] }", [(("é",), "\udcc3")]),
    ("[]byte", "func f(b []byte) []byte { return b[1:] }", [((b"\x00\xff\x10",), b"\xff\x10"), ((b"a",), b"")]),
    ("[]byte as numbers", "func f(b []byte) []byte { return b }", [(([1, 2],), [1, 2])]),
    ("byte", "func f(c byte) byte { return c - 32 }", [(("a",), "A"), ((97,), 65)]),
    ("rune", "func f(c rune) rune { return c + 1 }", [(("ä",), "å"), ((97,), 98)]),
    (
        "[]rune",
        "func f(c []rune) []rune { return c[:1] }",
        [((["x", "y"],), ["x"]), (("xy",), ["x"]), (([1, 2],), [1])],
    ),
    ("bool", "func f(a, b bool) bool { return a && !b }", [((True, False), True), ((True, True), False)]),
    ("slice", "func f(a []int) []int { return append(a, 1) }", [(([3],), [3, 1]), (([],), [1]), (((3,),), (3, 1))]),
    ("nil slice", "func f(a []int) []int { return nil }", [(([3],), []), ((None,), None)]),
    ("nested", "func f(a [][]string) [][]string { return a[1:] }", [(([["a"], ["b", "c"], []],), [["b", "c"], []])]),
    (
        "array",
        "func f(a [3]int) [2]int { return [2]int{a[2], a[0]} }",
        [(((1, 2, 3),), (3, 1)), (([1, 2, 3],), [3, 1])],
    ),
    (
        "map",
        "func f(m map[string][]int) map[string]int { r := map[string]int{}; for k, v := range m { r[k] = len(v) }; return r }",
        [(({"a": [1], "$": []},), {"a": 1, "$": 0}), (({},), {})],
    ),
    (
        "map of ints",
        "func f(m map[int]string) map[string]int { r := map[string]int{}; for k, v := range m { r[v] = k }; return r }",
        [(({1: "x"},), {"x": 1})],
    ),
    (
        "map of runes",
        "func f(s string) map[rune]int { r := map[rune]int{}; for _, c := range s { r[c]++ }; return r }",
        [(("aab",), {"a": 2, "b": 1})],
    ),
    ("map of arrays", "func f(m map[[2]int]bool) map[[2]int]bool { return m }", [(({(1, 2): True},), {(1, 2): True})]),
    (
        "set of struct{}",
        "func f(m map[int]struct{}) map[int]struct{} { delete(m, 1); return m }",
        [(({1, 2},), {2}), ((frozenset({1, 2}),), frozenset({2}))],
    ),
    ("set of bool", 'func f(m map[string]bool) map[string]bool { m["no"] = false; return m }', [(({"a"},), {"a"})]),
    ("set of a slice", "func f(s []int) []int { return s[:len(s)-1] }", [(([1, 2, 3],), {1, 2})]),
    (
        "set of pairs",
        "func f(n int) map[[2]int]struct{} { return map[[2]int]struct{}{{n, 1}: {}} }",
        [((5,), {(5, 1)})],
    ),
    (
        "struct",
        "type P struct { Name string; age int }\nfunc f(p P) P { p.age++; return p }",
        [((("x", 1),), ("x", 2)), (({"name": "x", "age": 1},), {"name": "x", "age": 2})],
    ),
    (
        "struct by snake case",
        "type P struct { FirstName string }\nfunc f(p *P) []P { return []P{*p} }",
        [(({"first_name": "x"},), [{"first_name": "x"}])],
    ),
    (
        "pointer",
        "func f(a *int) *int { if a == nil { return nil }; b := *a + 1; return &b }",
        [((1,), 2), ((None,), None)],
    ),
    (
        "any",
        "func f(a any) any { return a }",
        [
            ((1,), 1),
            ((1.5,), 1.5),
            (("x",), "x"),
            ((True,), True),
            ((None,), None),
            (([1, ["a", None]],), [1, ["a", None]]),
            (({"a": [1]},), {"a": [1]}),
            (({1: "x", (2, 3): "y"},), {1: "x", (2, 3): "y"}),
            ((b"\x00",), b"\x00"),
            (({1, 2},), {1, 2}),
        ],
    ),
    (
        "any in a slice",
        "func f(a []interface{}) int { n := 0; for _, x := range a { if i, ok := x.(int); ok { n += i } }; return n }",
        [(([1, "x", 2.0, 3],), 4)],
    ),
    (
        "big any",
        'import "math/big"\nfunc f(a any) any { return new(big.Int).Add(a.(*big.Int), big.NewInt(1)) }',
        [((BIG,), BIG + 1)],
    ),
    (
        "variadic",
        "func f(s string, n ...int) int { return len(s) + len(n) }",
        [(("a", 1, 2), 3), (("a",), 1), (("a", [1, 2, 3]), 4)],
    ),
    (
        "named types",
        "type Celsius float64\ntype Names []Name\ntype Name string\nfunc f(c Celsius, n Names) (Celsius, Names) { return c, n }",
        [((1.5, ["a"]), (1.5, ["a"]))],
    ),
    ("several results", 'func f(a int) (int, string) { return a, "x" }', [((1,), (1, "x"))]),
    ("a tuple with a bool", "func f(a int) (int, bool) { return a, a > 1 }", [((1,), (1, False)), ((2,), (2, True))]),
    ("value and ok", "func f(a int) (int, bool) { return a, a > 1 }", [((2,), 2), ((1,), None)]),
    (
        "value and error",
        'import "errors"\nfunc f(a int) (int, error) { if a < 0 { return 0, errors.New("no") }; return a, nil }',
        [((2,), 2), ((-1,), None)],
    ),
    ("a tuple and ok", "func f(a int) ([2]int, bool) { return [2]int{a, a}, a > 0 }", [((1,), (1, 1)), ((0,), None)]),
    ("two values and error", 'func f(a int) (int, string, error) { return a, "x", nil }', [((1,), (1, "x"))]),
    ("no result", "func f(a []int) {}", [(([1],), None)]),
    (
        "generic",
        "func f[T comparable](a []T, x T) int { for i, v := range a { if v == x { return i } }; return -1 }",
        [((["a", "b"], "b"), 1)],
    ),
    (
        "generic with a core type",
        'import "cmp"\nfunc f[S ~[]E, E cmp.Ordered](a S) E { return max(a[0], a[1]) }',
        [(([1, 2.5],), 2.5)],
    ),
    ("function variable", "var f = func(a int) int { return a + 1 }", [((1,), 2)]),
    ("lists of tuples", 'func f(n int) [][2]any { return [][2]any{{n, "a"}} }', [((3,), [(3, "a")])]),
    ("mixed forms", 'func f() []any { return []any{nil, []int{1, 2}, "x"} }', [((), [None, (1, 2), "x"])]),
    (
        "a linked list's end",
        "type N struct { V int; Next *N }\nfunc f() *N { return &N{1, &N{2, nil}} }",
        [((), (1, (2, None)))],
    ),
]


@pytest.mark.parametrize(("source", "cases"), [row[1:] for row in GOOD], ids=[row[0] for row in GOOD])
def test_good_programs_pass(try_go: Any, source: str, cases: list[Any]) -> None:
    tried = try_go(source, "f", *cases)
    assert tried.passes(*(expected for _, expected in cases)), tried


def test_a_keyword_argument_that_no_parameter_takes_is_named(try_go: Any) -> None:
    source = "func f(a int, maxSize int) int { return a - maxSize }"
    (wrong,) = try_go(source, "f", (((5,), {"size": 3}), 2)).values
    assert wrong == Rejection(Status.WRONG_ANSWER, "no parameter takes the keyword argument size")


def test_defaults_are_only_missing_where_the_case_leaves_them_out(try_go: Any) -> None:
    tried = try_go("func f(a int, b int) int { return a + b }", "f", ((1,), 1), ((1, 2), 3))
    assert tried.values == (Rejection(Status.WRONG_ANSWER, "the case gives 1 arguments, the function declares 2"), 3)


MISFITS = [
    ("func f(a int) int { return a }", 2**70, "int 0x400000000000000000 is no Go int"),
    ("func f(a int8) int8 { return a }", 128, "int 0x80 is no Go int8"),
    ("func f(a uint) uint { return a }", -1, "int 0x-1 is no Go uint"),
    ("func f(a int) int { return a }", 1.5, "float 1.5 is no Go int"),
    ("func f(a int) int { return a }", True, "bool is no Go int"),
    ("func f(a bool) bool { return a }", 1, "int 0x1 is no Go bool"),
    ("func f(a float64) float64 { return a }", 2**53 + 1, "int 0x20000000000001 is no Go float64"),
    ("func f(a rune) rune { return a }", "ab", "str of 2 characters is no Go int32"),
    ("func f(a byte) byte { return a }", "é", "str of 1 characters is no Go uint8"),
    ("func f(a string) string { return a }", 1, "int 0x1 is no Go string"),
    ("func f(a string) string { return a }", None, "None is no Go string"),
    ("func f(a []int) []int { return a }", [1, "x"], "item 1: a Python str of 1 characters is no Go int"),
    ("func f(a [2]int) [2]int { return a }", [1, 2, 3], "sequence of 3 is no Go [2]int"),
    ("func f(a map[string]int) int { return 0 }", {"a": "b"}, "a value: a Python str of 1 characters is no Go int"),
    ("func f(a map[string]int) int { return 0 }", [1], "list of 1 is no Go map[string]int"),
    ("type P struct{ A, B int }\nfunc f(p P) int { return 0 }", (1,), "tuple of 1 is no Go solution.P"),
    ("type P struct{ A int }\nfunc f(p P) int { return 0 }", {"b": 1}, "no key for field A"),
    ("func f(a any) int { return 0 }", 2**70, "is no Go int"),
    ("func f(a error) int { return 0 }", "x", "is no Go error"),
]


@pytest.mark.parametrize(("source", "value", "told"), MISFITS)
def test_what_does_not_fit_is_that_cases_failure_and_names_the_type(
    try_go: Any, source: str, value: Any, told: str
) -> None:
    tried = try_go(source, "f", ((value,), 0))
    (rejection,) = tried.values
    assert isinstance(rejection, Rejection)
    assert rejection.status is Status.WRONG_ANSWER
    assert rejection.detail.startswith("argument 1: ")
    assert told in rejection.detail
    assert tried.run.failure is None


WRONG: list[tuple[str, Any]] = [
    ('func f() string { return "1" }', 1),
    ("func f() int { return 1 }", "1"),
    ('func f() []string { return []string{"a b"} }', ["a", "b"]),
    ("func f() []int { return []int{1, 2} }", [1, 2, 3]),
    ("func f() []int { return []int{1, 2, 3} }", [1, 2]),
    ("func f() []int { return nil }", 0),
    ("func f() []int { return []int{} }", None),
    ("func f() []int { return []int{1, 1} }", {1}),
    ("func f() map[int]bool { return map[int]bool{1: true, 2: false} }", {1, 2}),
    ("func f() map[int]int { return nil }", {1: 0}),
    ('func f() []byte { return []byte("a") }', "a"),
    ('func f() string { return "a" }', b"a"),
    ('func f() string { return "None" }', None),
    ('func f() string { return "" }', None),
    ("func f() *int { return nil }", 0),
    ("func f() (int, bool) { return 5, false }", 5),
    ("func f() (int, bool) { return 5, true }", None),
    ("func f() (int, int) { return 5, 6 }", 5),
    ("func f() rune { return 97 }", "b"),
    ("func f() byte { return 200 }", "\xc8"),
    ("func f() float64 { return 0.1 + 0.25 }", 0.30000000000000004),
    ("func f() float32 { return 0.1 }", 0.1),
    ("func f() {}", 0),
    ("type P struct{ A int }\nfunc f() P { return P{1} }", {"b": 1}),
    ("func f() any { return []any{1, nil} }", [1]),
]


def test_wrong_answers_are_wrong(try_go_together: Any) -> None:
    for (source, expected), tried in zip(WRONG, try_go_together("f", (), *WRONG), strict=True):
        assert tried.run is not None, tried
        assert not tried.passes(expected), source
        assert len(tried.values) == 1, source


UNFIT = [
    ("func f() func() { return nil }", 1, "a Go func() is no plain value"),
    ("func f() chan int { return make(chan int) }", 1, "a Go chan int is no plain value"),
    ("type N struct { Next *N }\nfunc f() *N { n := &N{}; n.Next = n; return n }", 1, "nested deeper than 200"),
]


def test_answers_that_are_no_plain_value_name_their_type(try_go_together: Any) -> None:
    found = try_go_together("f", (), *((source, expected) for source, expected, _ in UNFIT))
    for (_, _, told), tried in zip(UNFIT, found, strict=True):
        (rejection,) = tried.values
        assert isinstance(rejection, Rejection)
        assert rejection.status is Status.WRONG_ANSWER
        assert told in rejection.detail


def test_an_error_where_a_value_is_expected_is_unfit_and_tells_it(try_go: Any) -> None:
    source = 'import "errors"\nfunc f() (int, error) { return 5, errors.New("it broke") }'
    (unfit,) = try_go(source, "f", ((), 5)).values
    assert isinstance(unfit, Unfit)
    assert str(unfit) == "returned an error: it broke"
    (unfit,) = try_go('import "errors"\nfunc f() error { return errors.New("no") }', "f", ((), None)).values
    assert isinstance(unfit, Unfit)


def test_nan_comes_back_as_nan(try_go: Any) -> None:
    (value,) = try_go("func f(a float64) float64 { return a }", "f", ((NAN,), NAN)).values
    assert value != value


def test_reading_arguments_is_linear(try_go: Any, assert_grows: Callable[..., None]) -> None:
    source = "func f(a []int) int { s := 0; for _, x := range a { s += x }; return s }"

    def cpu_s(size: int) -> float:
        tried = try_go(source, "f", (([7] * size,), 7 * size))
        assert tried.passes(7 * size)
        return float(tried.run.cpu_ms / 1000)

    assert_grows(cpu_s, 100_000)


@pytest.mark.parametrize(
    ("source", "value", "own"),
    [
        ("func f(a int) int { return 0 }", 2**63, True),
        ("func f(a int64) int { return 0 }", -(2**63) - 1, True),
        ("func f(a int64) int { return 0 }", 10**60, True),
        ("func f(a uint64) int { return 0 }", 2**64, True),
        ("func f(a float64) int { return 0 }", 2**53 + 1, True),
        ("func f(a []int) int { return 0 }", [1, 2**63], True),
        ("func f(a int32) int { return 0 }", 2**31, False),
        ("func f(a uint) int { return 0 }", -1, False),
        ("func f(a int) int { return 0 }", "1", False),
        ("func f(a string) int { return 0 }", 2**63, False),
    ],
)
def test_arguments_too_large_for_any_int_are_told_from_those_of_another_type(
    try_go: Any, source: str, value: Any, own: bool
) -> None:
    (output,) = try_go(source, "f", ((value,), 0)).run.outputs
    assert isinstance(output, Rejection)
    assert Go().narrower(source, output, False) is own


def test_wrong_answers_after_wide_numbers_are_laid_to_the_range_unless_the_program_has_wider_ones() -> None:
    big = 'import "math/big"\nfunc f(a *big.Int) *big.Int { return a }'
    assert Go().narrower("func f(a int) int { return a }", GoAnswer("{}"), True)
    assert not Go().narrower("func f(a int) int { return a }", GoAnswer("{}"), False)
    assert not Go().narrower(big, GoAnswer("{}"), True)
