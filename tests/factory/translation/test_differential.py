"""Translations that pass the given cases and differ from their source elsewhere are caught; right ones are not."""

# Go programs stand on one line here.
# ruff: noqa: E501

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from factory.config import GradingConfig
from factory.errors import InfrastructureError
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.inputs.generate import inputs
from factory.languages.python.literals import show_input
from factory.records import Differential, Problem, Program, Rejection, Run, Status, Survivor, Verdict, sha256
from factory.records.values import decode
from factory.translation.differential import DifferentialFilter
from factory.translation.expected import expected_answers
from sandbox import WallUnavailable

MakeProblem = Callable[..., Problem]
Compare = Callable[..., list[Verdict]]
INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class Pair:
    name: str
    cases: tuple[tuple[Any, Any], ...]
    source: str
    wrong: str
    right: str
    kind: str = "equal"


PAIRS = [
    Pair(
        "int32_overflow",
        (((3,), 6), ((10,), 55)),
        "def f(n): return n * (n + 1) // 2",
        "func f(n int) int { return int(int32(n) * (int32(n) + 1) / 2) }",
        "func f(n int) int { if n%2 == 0 { return n / 2 * (n + 1) }; return (n + 1) / 2 * n }",
    ),
    Pair(
        "int32_parameter",
        (((3,), 4),),
        "def f(n): return n + 1",
        "func f(n int32) int32 { return n + 1 }",
        "func f(n int) int { return n + 1 }",
    ),
    Pair(
        "modulo_of_negatives",
        (((7, 3), 1), ((9, 5), 4)),
        "def f(a, b): return a % b",
        "func f(a, b int) int { return a % b }",
        "func f(a, b int) int { return (a%b + b) % b }",
    ),
    Pair(
        "division_of_negatives",
        (((7, 3), 2), ((9, 5), 1)),
        "def f(a, b): return a // b",
        "func f(a, b int) int { return a / b }",
        "func f(a, b int) int { q := a / b; if a%b != 0 && (a < 0) != (b < 0) { q-- }; return q }",
    ),
    Pair(
        "bytes_for_length",
        ((("abc",), 3), (("hello",), 5)),
        "def f(s): return len(s)",
        "func f(s string) int { return len(s) }",
        "func f(s string) int { return len([]rune(s)) }",
    ),
    Pair(
        "bytes_reversed",
        ((("abc",), "cba"), (("hello",), "olleh")),
        "def f(s): return s[::-1]",
        "func f(s string) string { b := []byte(s); slices.Reverse(b); return string(b) }",
        "func f(s string) string { b := []rune(s); slices.Reverse(b); return string(b) }",
    ),
    Pair(
        "byte_at_an_index",
        ((("abc", 1), "b"), (("hello", 0), "h")),
        "def f(s, i): return s[i] if 0 <= i < len(s) else ''",
        'func f(s string, i int) string { if i < 0 || i >= len(s) { return "" }; return s[i : i+1] }',
        'func f(s string, i int) string { r := []rune(s); if i < 0 || i >= len(r) { return "" }; return string(r[i]) }',
    ),
    Pair(
        "first_byte_capitalized",
        ((("abc",), "Abc"), (("hello",), "Hello")),
        "def f(s): return s[:1].upper() + s[1:]",
        'func f(s string) string { if s == "" { return s }; return strings.ToUpper(s[:1]) + s[1:] }',
        'func f(s string) string { r := []rune(s); if len(r) == 0 { return s }; return strings.ToUpper(string(r[:1])) + '
        "string(r[1:]) }",
    ),
    Pair(
        "letters_sorted_as_bytes",
        ((("cab",), "abc"), (("hello",), "ehllo")),
        "def f(s): return ''.join(sorted(s))",
        "func f(s string) string { b := []byte(s); slices.Sort(b); return string(b) }",
        "func f(s string) string { b := []rune(s); slices.Sort(b); return string(b) }",
    ),
    Pair(
        "panics_on_empty",
        ((([3, 1, 2],), 3), (([5],), 5)),
        "def f(xs): return max(xs) if xs else 0",
        "func f(xs []int) int { m := xs[0]; for _, x := range xs { if x > m { m = x } }; return m }",
        "func f(xs []int) int { if len(xs) == 0 { return 0 }; return slices.Max(xs) }",
    ),
    Pair(
        "starts_at_zero",
        ((([3, 1, 2],), 3), (([5, 0],), 5)),
        "def f(xs): return max(xs)",
        "func f(xs []int) int { m := 0; for _, x := range xs { m = max(m, x) }; return m }",
        "func f(xs []int) int { return slices.Max(xs) }",
    ),
    Pair(
        "unstable_sort",
        (((["ccc", "a", "bb"],), ["a", "bb", "ccc"]), ((["b", "a", "cc"],), ["b", "a", "cc"])),
        "def f(words): return sorted(words, key=len)",
        "func f(w []string) []string { n := utf8.RuneCountInString\n"
        "sort.Slice(w, func(i, j int) bool { return n(w[i]) < n(w[j]) }); return w }",
        "func f(w []string) []string { n := utf8.RuneCountInString\n"
        "sort.SliceStable(w, func(i, j int) bool { return n(w[i]) < n(w[j]) }); return w }",
    ),
    Pair(
        "unstable_sort_of_pairs",
        ((([("a", 2), ("b", 1)],), [("b", 1), ("a", 2)]), (([("z", 1), ("y", 3), ("x", 2)],), [("z", 1), ("x", 2), ("y", 3)])),
        "def f(ps): return sorted(ps, key=lambda p: p[1])",
        "type P struct { S string; N int }\nfunc f(p []P) []P { sort.Slice(p, func(i, j int) bool { return p[i].N < p[j].N }); return p }",
        "type P struct { S string; N int }\nfunc f(p []P) []P { sort.SliceStable(p, func(i, j int) bool { return p[i].N < p[j].N }); return p }",
    ),
    Pair(
        "order_of_a_map",
        ((([1, 2, 2],), 2), (([4, 4, 9, 8, 7, 5],), 4)),
        "from collections import Counter\ndef f(xs): return max(Counter(xs).items(), key=lambda kv: kv[1])[0]",
        "func f(xs []int) int { c := map[int]int{}; for _, x := range xs { c[x]++ }; best := 0\n"
        "for x, n := range c { if n > c[best] { best = x } }; return best }",
        "func f(xs []int) int { c := map[int]int{}; for _, x := range xs { c[x]++ }; best := xs[0]\n"
        "for _, x := range xs { if c[x] > c[best] { best = x } }; return best }",
    ),
    Pair(
        "append_to_a_shared_slice",
        ((([1, 2],), [[], [1], [2], [1, 2]]), (([1],), [[], [1]])),
        "def f(xs):\n    r = [[]]\n    assert len(xs) < 9\n    for x in xs: r += [s + [x] for s in r]\n    return r",
        "func f(xs []int) [][]int { r := [][]int{{}}; for _, x := range xs { for _, s := range r { r = append(r, append(s, x)) } }\n"
        "return r }",
        "func f(xs []int) [][]int { r := [][]int{{}}\n"
        "for _, x := range xs { for _, s := range r { r = append(r, append(slices.Clone(s), x)) } }; return r }",
    ),
    Pair(
        "half_away_from_zero",
        (((1.2,), 1), ((3.7,), 4)),
        "def f(x): return round(x)",
        "func f(x float64) int { return int(math.Round(x)) }",
        "func f(x float64) int { return int(math.RoundToEven(x)) }",
    ),
    Pair(
        "two_digits_by_hand",
        (((1.234,), "1.23"), ((2.5,), "2.50")),
        "def f(x): return f'{x:.2f}' if -1e9 < x < 1e9 else ''",
        'func f(x float64) string { if !(-1e9 < x && x < 1e9) { return "" }\n'
        'return fmt.Sprintf("%.2f", math.Round(x*100)/100) }',
        'func f(x float64) string { if !(-1e9 < x && x < 1e9) { return "" }; return fmt.Sprintf("%.2f", x) }',
    ),
    Pair(
        "text_of_a_float",
        (((1.5,), "1.5"), ((0.25,), "0.25")),
        "def f(x): return str(x) if 0.001 < x < 1e9 else ''",
        'func f(x float64) string { if !(0.001 < x && x < 1e9) { return "" }; return fmt.Sprint(x) }',
        'func f(x float64) string { if !(0.001 < x && x < 1e9) { return "" }\n'
        "s := strconv.FormatFloat(x, 'f', -1, 64); if !strings.Contains(s, \".\") { s += \".0\" }; return s }",
    ),
    Pair(
        "negative_zero",
        (((1.5,), 1.0), ((-2.5,), -1.0)),
        "import math\ndef f(x): return math.copysign(1.0, x)",
        "func f(x float64) float64 { if x < 0 { return -1 }; return 1 }",
        "func f(x float64) float64 { return math.Copysign(1, x) }",
    ),
    Pair(
        "not_a_number",
        (((1.5, 2.0), True), ((1.0, 1.0), False)),
        "def f(a, b): return a < b or a > b",
        "func f(a, b float64) bool { return a != b }",
        "func f(a, b float64) bool { return a < b || a > b }",
    ),
    Pair(
        "digits_of_negatives",
        (((123,), 6), ((40,), 4)),
        "def f(n): return sum(int(d) for d in str(abs(n)))",
        "func f(n int) int { s := 0; for n != 0 { s += n % 10; n /= 10 }; return s }",
        "func f(n int) int { s := 0; for n != 0 { d := n % 10; if d < 0 { d = -d }; s += d; n /= 10 }; return s }",
    ),
    Pair(
        "split_at_single_spaces",
        ((("a b",), 2), (("one two three",), 3)),
        "def f(s): return len(s.split())",
        'func f(s string) int { return len(strings.Split(s, " ")) }',
        "func f(s string) int { return len(strings.Fields(s)) }",
    ),
    Pair(
        "sorted_instead_of_first_seen",
        ((([1, 1, 2],), [1, 2]), (([3, 5, 5],), [3, 5])),
        "def f(xs): return list(dict.fromkeys(xs))",
        "func f(xs []int) []int { slices.Sort(xs); return slices.Compact(xs) }",
        "func f(xs []int) []int { seen := map[int]bool{}; var r []int\n"
        "for _, x := range xs { if !seen[x] { seen[x] = true; r = append(r, x) } }; return r }",
    ),
    Pair(
        "second_largest_with_repeats",
        ((([1, 2, 3],), 2), (([9, 4],), 4)),
        "def f(xs): return sorted(set(xs))[-2]",
        "func f(xs []int) int { slices.Sort(xs); return xs[len(xs)-2] }",
        "func f(xs []int) int { slices.Sort(xs); xs = slices.Compact(xs); return xs[len(xs)-2] }",
    ),
    Pair(
        "zero_taken_for_none",
        (((None,), -1), ((4,), 5)),
        "def f(x): return -1 if x is None else x + 1",
        "func f(x *int) int { if x == nil || *x == 0 { return -1 }; return *x + 1 }",
        "func f(x *int) int { if x == nil { return -1 }; return *x + 1 }",
    ),
    Pair(
        "missing_key",
        ((({"a": 1, "b": 2}, "a"), 1), (({"x": 5}, "x"), 5)),
        "def f(d, k): return d.get(k, -1)",
        "func f(d map[string]int, k string) int { return d[k] }",
        "func f(d map[string]int, k string) int { if v, ok := d[k]; ok { return v }; return -1 }",
    ),
    Pair(
        "signed_bytes",
        (((b"ab",), 195), ((b"\x01",), 1)),
        "def f(b): return sum(b)",
        "func f(b []byte) int { s := 0; for _, x := range b { s += int(int8(x)) }; return s }",
        "func f(b []byte) int { s := 0; for _, x := range b { s += int(x) }; return s }",
    ),
    Pair(
        "rotation_by_more_or_less_than_all",
        ((([1, 2, 3], 1), [3, 1, 2]), (([1, 2], 0), [1, 2])),
        "def f(xs, k):\n    if not xs: return []\n    k %= len(xs)\n    return xs[-k:] + xs[:-k] if k else xs",
        "func f(xs []int, k int) []int { n := len(xs); r := make([]int, n)\n"
        "for i, x := range xs { r[(i+k)%n] = x }; return r }",
        "func f(xs []int, k int) []int { n := len(xs); r := make([]int, n); if n > 0 { k = (k%n + n) % n }\n"
        "for i, x := range xs { r[(i+k)%n] = x }; return r }",
    ),
    Pair(
        "shallow_nesting",
        ((([1, [2]],), 2), (([1],), 1), (([[3], 4],), 2)),
        "def f(x): return 1 + max(map(f, x), default=0) if isinstance(x, list) else 0",
        "func f(x []any) int { for _, y := range x { if _, ok := y.([]any); ok { return 2 } }; return 1 }",
        "func f(x any) int { xs, ok := x.([]any); if !ok { return 0 }; m := 0; for _, y := range xs { m = max(m, f(y)) }\n"
        "return m + 1 }",
    ),
    Pair(
        "float_mean_of_whole_numbers",
        ((([1, 3],), 2.0), (([4],), 4.0)),
        "def f(xs): return sum(xs) / len(xs)",
        "func f(xs []int) float64 { s := 0; for _, x := range xs { s += x }; return float64(s / len(xs)) }",
        "func f(xs []int) float64 { s := 0.0; for _, x := range xs { s += float64(x) }; return s / float64(len(xs)) }",
    ),
]  # fmt: skip


def survivor(code: str) -> Survivor:
    return Survivor("t/0", 0, "python", 0, code, sha256(code), code, 1, 1, 200.0, 1.0)


@pytest.fixture(scope="module")
def compare(session: GradingSession) -> Compare:
    """`compare(problem, source, go, …, count=…)`: the verdicts of Go programs that pass the given cases."""

    def verdicts(problem: Problem, source: str, *programs: str, count: int = 64) -> Any:
        found = verify(session, problem, [Program(index, code) for index, code in enumerate(programs)], "go")
        assert [verdict.detail for verdict in found] == [""] * len(programs)
        return DifferentialFilter(session, survivor(source), count).apply(problem, found)

    return verdicts


def record(verdict: Verdict) -> Differential:
    assert verdict.differential is not None
    return verdict.differential


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_wrong_translations_are_dropped_and_right_ones_kept(
    compare: Compare, make_problem: MakeProblem, pair: Pair
) -> None:
    problem = make_problem(*pair.cases, kind=pair.kind)
    wrong, right = compare(problem, pair.source, pair.wrong, pair.right)
    assert (right.status, right.detail) == (Status.PASSED, "")
    assert record(right).compared >= 16
    assert (wrong.status, wrong.detail.partition(":")[0]) == (Status.WRONG_ANSWER, "differential")
    assert record(wrong).decided[-1].label == "wrong"


def test_a_drop_keeps_its_input_and_says_what_to_mend(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(((7, 3), 1), ((9, 5), 4))
    (wrong,) = compare(problem, "def f(a, b): return a % b", "func f(a, b int) int { return a % b }")
    decided = record(wrong).decided[-1]
    case = json.loads(decided.case)
    a, b = case["args"]
    assert case["expected"] == a % b != int(decided.got)
    failure = wrong.first_failure
    assert failure is not None
    assert (failure.input, failure.expected, failure.public) == (f"{a}, {b}", str(a % b), True)
    assert wrong.detail == f"differential: for {a}, {b} answered {decided.got}, expected {a % b}"
    assert record(wrong).inputs == ()


def test_a_survivor_keeps_all_inputs_with_the_answers_of_its_source(
    compare: Compare, make_problem: MakeProblem
) -> None:
    problem = make_problem(((7,), 14), ((1,), 2))
    (right,) = compare(problem, "def f(a): return 2 * a", "func f(a int) int { return 2 * a }")
    assert len(record(right).inputs) == record(right).compared > 30
    inputs = [json.loads(it) for it in record(right).inputs]
    assert all(2 * decode(it["args"][0]) == decode(it["expected"]) for it in inputs)
    assert right.speedup is None  # too quick to tell


def test_what_takes_its_time_is_measured_against_its_source(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(((3,), 3 * 99999), ((5,), 5 * 99999))
    source = (
        "def f(n):\n    t = 0\n    for i in range(100000): t = max(t, i * n % 10**9) if n < 100 else 0\n    return t"
    )
    go = "func f(n int) int { t := 0; for i := range 100000 { if n < 100 { t = max(t, (i*n%1e9+1e9)%1e9) } else { t = 0 } }; return t }"
    (right,) = compare(problem, source, go, count=8)
    assert right.status is Status.PASSED
    assert right.speedup is not None
    assert right.speedup > 2


def test_what_the_source_and_the_translations_take_is_counted_once(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(((3,), 3))
    source = "def f(n):\n    for _ in range(200000): pass\n    return n"
    right = "func f(n int) int { return n }"
    verdicts = compare(problem, source, right, right, "func f(m int) int { return m + 0 }", count=8)
    assert [verdict.status for verdict in verdicts] == [Status.PASSED] * 3
    (spent,) = [verdict.compared_ms for verdict in verdicts if verdict.compared_ms]
    assert spent > 8 * 2, "the source ran the inputs at least once, 2 ms each"
    assert verdicts[1].duplicate_of == 0
    assert verdicts[1].compared_ms == 0, "the ledger leaves out duplicates"


WIDE = [
    ("the_answer", ((3,), 8), "def f(n): return 2 ** n if 0 <= n < 200 else 0",
     "func f(n int) int { if n < 0 || n >= 200 { return 0 }; return 1 << n }"),
    ("an_argument", ((3,), 0), "def f(n): return n % 3", "func f(n int) int { return (n%3 + 3) % 3 }"),
    ("an_argument_in_a_list", (([3],), 3), "def f(xs): return max(xs, default=0)",
     "func f(xs []int64) int64 { if len(xs) == 0 { return 0 }; return slices.Max(xs) }"),
    ("a_step_on_the_way", ((3, 4), 12), "def f(a, b): return a * b % 1000",
     "func f(a, b int) int { return (a*b%1000 + 1000) % 1000 }"),
    ("a_whole_number_no_float64_holds", ((3,), 1.5), "def f(n): return float(n) / 2",
     "func f(n float64) float64 { return n / 2 }"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "source", "go"), [it[1:] for it in WIDE], ids=[it[0] for it in WIDE])
def test_a_narrower_number_range_is_labelled(
    compare: Compare, make_problem: MakeProblem, case: Any, source: str, go: str
) -> None:
    (right,) = compare(make_problem(case), source, go)
    assert (right.status, right.detail) == (Status.PASSED, "")
    told = record(right)
    assert 0 < told.range < told.compared
    assert {it.label for it in told.decided} == {"range"}


def test_a_program_with_numbers_of_any_size_is_held_to_them(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(((3,), 8), ((5,), 32))
    source = "def f(n): return 2 ** n if 0 <= n < 200 else 0"
    start = "func f(n *big.Int) *big.Int { if n.Sign() < 0 || n.Cmp(big.NewInt(200)) >= 0 { return big.NewInt(0) }\n"
    wrong = start + "return big.NewInt(1 << uint(n.Int64())) }"
    right = start + "return new(big.Int).Lsh(big.NewInt(1), uint(n.Int64())) }"
    verdicts = compare(problem, source, wrong, right)
    assert [verdict.status for verdict in verdicts] == [Status.WRONG_ANSWER, Status.PASSED]
    assert record(verdicts[1]).range == 0


def test_the_last_digits_of_a_float_are_labelled(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem((([1.5, 2.0],), 3.5), (([0.25],), 0.25))
    source = "import math\ndef f(xs): return sum(xs) if all(abs(x) < 1e9 for x in xs) else 0.0"
    go = "func f(xs []float64) float64 { s := 0.0; for i := len(xs) - 1; i >= 0; i-- { s += xs[i] }\n"
    go += "for _, x := range xs { if !(math.Abs(x) < 1e9) { return 0 } }; return s }"
    (right,) = compare(problem, source, go)
    assert (right.status, right.detail) == (Status.PASSED, "")
    assert record(right).rounding > 0


def test_a_whole_number_off_by_one_is_no_rounding(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(((7,), 8), ((1,), 2))
    go = "func f(n int) int { if n > 1000000 { return n }; return n + 1 }"
    (wrong,) = compare(problem, "def f(n): return n + 1", go)
    assert wrong.status is Status.WRONG_ANSWER


def test_a_pair_differs_nowhere_even_where_the_prompt_leaves_the_answer_open(
    compare: Compare, make_problem: MakeProblem
) -> None:
    """The first appearance in some answers, whatever order in others: no case of the problem tells."""
    problem = make_problem((([1, 2, 1],), [1, 2]), (([3, 3, 3],), [3]))
    keeps = """
        func f(v []int) []int {
            seen, found := map[int]bool{}, []int{}
            for _, item := range v {
                if !seen[item] { found = append(found, item) }
                seen[item] = true
            }
            return found
        }"""
    orders = 'import "slices"\nfunc f(v []int) []int { v = slices.Clone(v); slices.Sort(v); return slices.Compact(v) }'
    for source, statuses in (
        ("def f(v): return list(dict.fromkeys(v))", [Status.PASSED, Status.WRONG_ANSWER]),
        ("def f(v): return sorted(set(v))", [Status.WRONG_ANSWER, Status.PASSED]),
    ):
        assert [verdict.status for verdict in compare(problem, source, keeps, orders)] == statuses


REFUSED = [
    ("raises", "def f(n):\n    if n not in (1, 2): raise ValueError\n    return n"),
    ("never_ends", "def f(n):\n    while n not in (1, 2): pass\n    return n"),
    ("leaves", "import os\ndef f(n):\n    if n not in (1, 2): os._exit(0)\n    return n"),
    ("returns_no_plain_value", "def f(n): return n if n in (1, 2) else object()"),
    ("takes_all_memory", "def f(n): return n if n in (1, 2) else len([0] * 10**12)"),
    ("remembers", "seen = []\ndef f(n):\n    seen.append(n)\n    return n if n in (1, 2) else len(seen)"),
]  # fmt: skip


@pytest.mark.parametrize("source", [it[1] for it in REFUSED], ids=[it[0] for it in REFUSED])
def test_inputs_that_the_source_refuses_do_not_count(compare: Compare, make_problem: MakeProblem, source: str) -> None:
    problem = make_problem(((1,), 1), ((2,), 2))
    (right,) = compare(problem, source, "func f(n int) int { return n }", count=2)
    assert (right.status, record(right).compared) == (Status.PASSED, 0)


def test_one_input_that_never_ends_loses_no_other(session: GradingSession, make_problem: MakeProblem) -> None:
    problem = make_problem(((3,), 3), ((12,), 12))
    source = "def f(n):\n    while n > 10**15 or n == 0: pass\n    return n"
    expected = expected_answers(session, problem, survivor(source), 32, INT64)
    answered = {it.expected for it in expected.cases}
    assert {-1, 46341, 2**31} <= answered
    assert 0 not in answered
    assert len(expected.cases) >= 24


def test_a_translation_that_panics_or_never_ends_is_wrong(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(((3,), 3), ((12,), 12))
    panics = 'func f(n int) int { if n < 0 { panic("negative") }; return n }'
    loops = "func f(n int) int { for n < 0 { n -= 0 }; return n }"
    leaves = "func f(n int) int { if n < 0 { os.Exit(0) }; return n }"
    verdicts = compare(problem, "def f(n): return n", panics, loops, leaves)
    assert [verdict.status for verdict in verdicts] == [Status.WRONG_ANSWER] * 3
    assert "panic: negative" in verdicts[0].detail
    assert "CPU time" in verdicts[1].detail
    assert "exited with status 0" in verdicts[2].detail


def test_after_a_labelled_end_the_rest_is_still_compared(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(((3,), 9), ((12,), 144))
    ends = "func f(n int) int { if n > 1<<32 { os.Exit(3) }; return n * n }"
    wrong = "func f(n int) int { if n > 1<<32 { os.Exit(3) }; if n == -1 { return 2 }; return n * n }"
    verdicts = compare(problem, "def f(n): return n * n", ends, wrong)
    assert [verdict.status for verdict in verdicts] == [Status.PASSED, Status.WRONG_ANSWER]
    assert record(verdicts[0]).range > 0
    assert record(verdicts[0]).compared > 16


def test_recursion_as_deep_as_pythons_is_no_trouble(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(((3,), 6), ((4,), 10))
    go = "func f(n int) int { if n <= 0 { return 0 }; return n + f(n-1) }"
    (right,) = compare(problem, "def f(n): return 0 if n <= 0 else n + f(n - 1)", go)
    assert (right.status, right.detail) == (Status.PASSED, "")


def test_generic_functions_have_the_types_of_the_cases(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem((([3, 1],), [1, 3]), (([],), []))
    go = "func f[T cmp.Ordered](xs []T) []T { slices.Sort(xs); return xs }"
    (right,) = compare(problem, "def f(xs): return sorted(xs)", go)
    assert (right.status, right.detail) == (Status.PASSED, "")


def test_duplicates_share_what_became_of_the_first(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(((7, 3), 1), ((9, 5), 4))
    first, second = compare(
        problem,
        "def f(a, b): return a % b",
        "func f(a, b int) int { return a % b }",
        "func f(a, b int) int { return a %  b }",
    )
    assert second.duplicate_of == first.index
    assert (second.status, second.detail, second.index) == (first.status, first.detail, 1)
    assert first.status is Status.WRONG_ANSWER


SUM = "n = int(input())\nprint(sum(map(int, input().split())) // n)\n"
GO_SUM = (
    'package main\nimport "fmt"\nfunc main() {{ var n, s int; fmt.Scan(&n); for i := 0; i < n; i++ {{ var x int\n'
    "fmt.Scan(&x); s += x }}; {} }}"
)


def test_programs_that_read_standard_input(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(("3\n1 2 3\n", "2\n"), ("2\n5 6\n", "5\n"))
    toward_zero = GO_SUM.format("fmt.Println(s / n)")
    floor = GO_SUM.format("q := s / n; if s%n != 0 && s < 0 { q-- }; fmt.Println(q)")
    wrong, right = compare(problem, SUM, toward_zero, floor, count=32)
    assert (right.status, right.detail) == (Status.PASSED, "")
    assert record(right).range > 0  # 10^20 among the numbers
    assert wrong.status is Status.WRONG_ANSWER
    assert wrong.first_failure is not None
    assert "-" in wrong.first_failure.input


def test_tokens_are_compared_as_the_problem_says(compare: Compare, make_problem: MakeProblem) -> None:
    fields = {"comparison": {"kind": "tokens"}}
    problem = make_problem(("2\n5 6\n", "5.5\n"), ("1\n4\n", "4.0\n"), **fields)
    source = "n = int(input())\nprint(sum(int(x) / n for x in input().split() if abs(int(x)) < 10**6))\n"
    go = GO_SUM.replace("s += x", "if x < 1000000 {{ if x > -1000000 {{ s += x }} }}")
    (right,) = compare(problem, source, go.format('fmt.Printf("%.9f", float64(s) / float64(n))'), count=16)
    assert (right.status, right.detail) == (Status.PASSED, "")


def test_a_checker_decides_where_there_is_one(compare: Compare, make_problem: MakeProblem) -> None:
    checker = "def check(args, got): return got in args[0] if args[0] else got == 0"
    problem = make_problem((([3, 1],), 3), (([2],), 2), comparison={"kind": "checker", "checker": checker})
    source = "def f(xs): return xs[0] if xs else 0"
    other_end = "func f(xs []int) int { if len(xs) == 0 { return 0 }; return xs[len(xs)-1] }"
    outside = "func f(xs []int) int { m := 0; for _, x := range xs { m = max(m, x) }; return m }"
    right, wrong = compare(problem, source, other_end, outside, count=48)
    assert (right.status, right.detail) == (Status.PASSED, "")
    assert wrong.status is Status.WRONG_ANSWER
    assert "the checker refused its answer" in wrong.detail


def test_any_order_is_right_where_the_problem_says_so(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem((([2, 1, 2],), [1, 2]), (([5],), [5]), kind="unordered")
    source = "def f(xs): return sorted(set(xs))"
    go = "func f(xs []int) []int { s := map[int]bool{}; for _, x := range xs { s[x] = true }; var r []int\n"
    (right,) = compare(problem, source, go + "for x := range s { r = append(r, x) }; return r }")
    assert (right.status, right.detail) == (Status.PASSED, "")


def test_the_same_again_is_the_same(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem((("abc", 1), "b"), (("hello", 0), "h"))
    source = "def f(s, i): return s[i]"
    go = "func f(s string, i int) string { if i < 0 { i += len(s) }; return s[i : i+1] }"
    still: dict[str, Any] = {"cpu_ms": 0, "wall_ms": 0, "peak_mb": 0, "compared_ms": 0}
    once, again = (replace(compare(problem, source, go)[0], **still) for _ in range(2))
    assert once == again


def test_none_compared_where_none_is_asked_for(compare: Compare, make_problem: MakeProblem) -> None:
    problem = make_problem(((7, 3), 1))
    (verdict,) = compare(problem, "def f(a, b): return a % b", "func f(a, b int) int { return a % b }", count=0)
    assert (verdict.status, verdict.differential) == (Status.PASSED, None)
    assert verdict.speedup == pytest.approx(200.0 / verdict.cpu_ms, abs=0.001)


def test_nothing_is_run_where_nothing_passed(make_problem: MakeProblem) -> None:
    problem = make_problem(((7, 3), 1))
    failed = [Verdict("t/0", 0, "go", Status.COMPILE_ERROR)]
    assert (
        DifferentialFilter(GradingSession(GradingConfig()), survivor("def f(a, b): return 1"), 64).apply(
            problem, failed
        )
        == failed
    )


def test_our_own_failure_is_no_verdict(
    session: GradingSession, make_problem: MakeProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = Run(failure=Rejection(Status.INFRASTRUCTURE_ERROR, "lost"))
    monkeypatch.setattr(GradingSession, "runs", lambda self, problem, programs, *rest: [lost] * len(programs))
    passed = [Verdict("t/0", 0, "go", Status.PASSED, code="package x", normal_form="x")]
    with pytest.raises(InfrastructureError, match="problem 't/0': lost"):
        DifferentialFilter(session, survivor("def f(a): return a"), 8).apply(make_problem(((1,), 1)), passed)


def test_expected_answers_never_go_in(
    session: GradingSession, make_problem: MakeProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the source answered is nowhere in what the Go program is sent."""
    from factory.languages.go import encode

    sent: list[bytes] = []
    encode_calls = encode.encode_calls
    monkeypatch.setattr(encode, "encode_calls", lambda problem: sent.append(encode_calls(problem)) or sent[-1])
    problem = make_problem(((7,), "answer-7"), ((1,), "answer-1"))
    go = 'func f(n int) string { return fmt.Sprint("answer-", n) }'
    found = verify(session, problem, [Program(0, go)], "go")
    (right,) = DifferentialFilter(session, survivor("def f(n): return f'answer-{n}'"), 16).apply(problem, found)
    assert record(right).compared == 16
    assert len(sent) >= 2
    assert not any(b"answer-" in data for data in sent)


def test_expected_answers_have_their_inputs_and_wide_numbers(
    session: GradingSession, make_problem: MakeProblem
) -> None:
    problem = make_problem(((7,), 14), ((1,), 2))
    expected = expected_answers(session, problem, survivor("def f(n): return 2 * n"), 32, INT64)
    shown = [show_input(case) for case in expected.cases]
    assert shown == [show_input(case) for case in inputs(problem, 128)][:32]
    assert expected.wide == tuple(not -(2**62) <= int(n) < 2**62 for n in shown)
    assert any(expected.wide)
    assert [decode(case.expected) for case in expected.cases] == [2 * int(n) for n in shown]
    assert expected.cpu_ms is not None


# Each: the given case, the source, a right translation whose declaration not all inputs fit, and one that is wrong
# on inputs that do.
DECLARED = [
    ("a_rune", (("banana", "a"), 3), "def f(s, ch): return s.count(ch) if ch else 0",
     "func f(s string, ch rune) int { n := 0; for _, c := range s { if c == ch { n++ } }; return n }",
     "func f(s string, ch rune) int { n := 0; for _, c := range s { if c == ch || c > 999 { n++ } }; return n }"),
    ("a_byte", (("a", 3), "aaa"), "def f(c, n): return c * min(n, 99)",
     "func f(c byte, n int) string { return strings.Repeat(string(rune(c)), max(0, min(n, 99))) }",
     "func f(c byte, n int) string { return strings.Repeat(string(rune(c)), max(1, min(n, 99))) }"),
    ("an_array", (([1, 2], 5), 8), "def f(xs, n): return sum(xs) + n",
     "func f(xs [2]int, n int) int { return xs[0] + xs[1] + n }",
     "func f(xs [2]int, n int) int { return xs[0] + xs[1] + max(n, -1) }"),
    ("a_whole_number_that_has_no_sign", ((7, 2), 3), "def f(n, k): return n // 2 + 0 * k",
     "func f(n uint, k int) int { return int(n / 2) }",
     "func f(n uint, k int) int { if k < 0 { return 0 }; return int(n / 2) }"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "source", "right", "wrong"), [it[1:] for it in DECLARED], ids=[it[0] for it in DECLARED]
)
def test_inputs_that_the_declaration_excludes_are_left_out_and_counted(
    compare: Compare, make_problem: MakeProblem, case: Any, source: str, right: str, wrong: str
) -> None:
    kept, dropped = compare(make_problem(case), source, right, wrong)
    assert (kept.status, kept.detail) == (Status.PASSED, "")
    told = record(kept)
    assert told.left_out > 0
    assert told.compared > 0
    assert len(told.inputs) == told.compared
    assert json.loads(told.counts_text())["left_out"] == told.left_out
    assert dropped.status is Status.WRONG_ANSWER
    assert dropped.detail.startswith("differential: ")


FORGED = """
import ("os"; "syscall")
var words = []byte("argument 1: a Python str of 3 characters is no Go int32")
var calls int
func f(n int) int {
	calls++
	if calls < 2 { return n + 1 }
	for fd := 10; fd < 64; fd++ { syscall.Write(fd, append([]byte{'U', 0, 0, 0, byte(len(words))}, words...)) }
	os.Exit(0)
	return 0
}
"""


def test_a_program_that_says_an_input_is_none_of_its_own_is_not_believed(
    compare: Compare, make_problem: MakeProblem
) -> None:
    (forged,) = compare(make_problem(((3,), 4)), "def f(n): return n + 1", FORGED)
    assert forged.status is Status.WRONG_ANSWER


def test_inputs_of_other_types_than_javascript_was_asked_for_are_left_out(
    session: GradingSession, make_problem: MakeProblem
) -> None:
    problem = make_problem((("x", 3), 2), (("y", -10), 9))
    source = "def f(s, n): return abs(n) - 1 + len(s) - len(s)"
    right = "function f(s, n) { return Math.abs(n) - (typeof n === 'bigint' ? BigInt(1) : 1); }"  # no bigint is taken
    wrong = "function f(s, n) { return Number(BigInt(n)) < 0 ? -n - 1 : Math.min(n, 1e6) - 1; }"
    try:
        found = verify(session, problem, [Program(0, right), Program(1, wrong)], "javascript")
    except WallUnavailable as unavailable:
        pytest.skip(str(unavailable))
    kept, dropped = DifferentialFilter(session, survivor(source), 64).apply(problem, found)
    assert (kept.status, kept.detail) == (Status.PASSED, "")
    assert record(kept).left_out > 0
    assert record(kept).compared > 16
    assert dropped.status is Status.WRONG_ANSWER
