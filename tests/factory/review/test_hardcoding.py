"""Programs that hold the answers to a problem's cases are told from those that hold a table of facts."""

from __future__ import annotations

from typing import Any

import pytest

from factory.records import Case, Problem
from factory.records.values import encode
from factory.review.hardcoding import answered_from_table, hard_coded


def calls(*cases: tuple[list[Any], Any], reference: str | None = None) -> Problem:
    made = tuple(Case(args=[encode(value) for value in args], expected=encode(expected)) for args, expected in cases)
    return Problem(id="t/0", prompt="", entry_point="f", cases=made, reference=reference)


def streams(*cases: tuple[str, str]) -> Problem:
    return Problem(id="t/1", prompt="", cases=tuple(Case(stdin=text, stdout=answer) for text, answer in cases))


SUMS = calls(([[1, 2, 3]], 6), ([[4, 5, 6, 7]], 22), ([[10, -20]], -10), ([[]], 0), ([[8, 8, 8]], 24))
PAIRS = calls(([[3, 1, 2], "up then down"], [1, 2, 3]), ([[9, 7, 8], "down"], [9, 8, 7]), ([[1], "up"], [1]))
WORDS = calls((["the quick fox"], 3), (["a b"], 2), (["x"], 1), (["one two three four"], 4))

HARD_CODED = {
    "dict of tuples": (SUMS, "def f(x):\n    return {(1, 2, 3): 6, (4, 5, 6, 7): 22, (): 0}.get(tuple(x), -10)\n", 2),
    "dict of texts": (SUMS, "T = {'[1, 2, 3]': 6, '[4, 5, 6, 7]': 22}\ndef f(x):\n    return T[str(x)]\n", 2),
    "if": (
        SUMS,
        "def f(x):\n    if x == [1, 2, 3]:\n        return 6\n    if [4, 5, 6, 7] == x:\n        return 22\n",
        2,
    ),
    "elif that assigns": (
        SUMS,
        "def f(x):\n    if x == [1, 2, 3]:\n        r = 6\n    elif x == [8, 8, 8]:\n        r = 24\n    return r\n",
        2,
    ),
    "in": (calls(([[1, 2, 3]], True), ([[3, 2, 1]], True)), "def f(x):\n    return x in ([1, 2, 3], [3, 2, 1])\n", 2),
    "or": (
        calls(([[1, 2, 3]], "a"), ([[3, 2, 1]], "a")),
        "def f(x):\n    if x == [1, 2, 3] or x == [3, 2, 1]:\n        return 'a'\n",
        2,
    ),
    "conditional": (SUMS, "f = lambda x: 6 if x == [1, 2, 3] else 22 if x == [4, 5, 6, 7] else sum(x)\n", 2),
    "match": (
        SUMS,
        "def f(x):\n    match x:\n        case [1, 2, 3]:\n            return 6\n        case [8, 8, 8] | [4, 4, 16]:\n"
        "            return 24\n",
        2,
    ),
    "list of pairs": (
        SUMS,
        "def f(x):\n    for q, a in [([1, 2, 3], 6), ([4, 5, 6, 7], 22), ([10, -20], -10)]:\n"
        "        if q == x:\n            return a\n",
        3,
    ),
    "two lists": (
        SUMS,
        "def f(x):\n    qs = [[1, 2, 3], [4, 5, 6, 7], [10, -20]]\n    rs = [6, 22, -10]\n    return rs[qs.index(x)]\n",
        3,
    ),
    "table filled": (
        SUMS,
        "T = {}\nT[1, 2, 3] = 6\nT[(4, 5, 6, 7)] = 22\ndef f(x):\n    return T[tuple(x)]\n",
        2,
    ),
    "and": (
        PAIRS,
        "def f(x, y):\n    if y == 'up then down' and x == [3, 1, 2]:\n        return [1, 2, 3]\n"
        "    if x == [9, 7, 8] and y == 'down':\n        return [9, 8, 7]\n",
        2,
    ),
    "nested if": (
        PAIRS,
        "def f(x, y):\n    if x == [3, 1, 2]:\n        if y == 'up then down':\n            return [1, 2, 3]\n"
        "    if x == [9, 7, 8]:\n        if y == 'down':\n            return [9, 8, 7]\n",
        2,
    ),
    "nested dict": (
        PAIRS,
        "def f(x, y):\n"
        "    return {'up then down': {(3, 1, 2): [1, 2, 3]}, 'down': {(9, 7, 8): [9, 8, 7]}}[y][tuple(x)]\n",
        2,
    ),
    "text of all arguments": (
        PAIRS,
        "def f(*a):\n"
        "    return {\"([3, 1, 2], 'up then down')\": [1, 2, 3], \"([9, 7, 8], 'down')\": [9, 8, 7]}[str(a)]\n",
        2,
    ),
    "sentences": (WORDS, "def f(s):\n    return {'the quick fox': 3, 'one two three four': 4}.get(s, 2)\n", 2),
    "helper": (
        SUMS,
        "def g(x):\n    return {(1, 2, 3): 6, (4, 5, 6, 7): 22}[x]\ndef f(x):\n    return g(tuple(x))\n",
        2,
    ),
    "floats": (
        calls(([3.5], 0.5), ([1.33], 0.33), ([123.456], 0.456)),
        "def f(x):\n    return {3.5: 0.5, 1.33: 0.33000000000000007, 123.456: 0.456}[x]\n",
        3,
    ),
    "numbers": (
        calls(([10], 55), ([1], 1), ([8], 21), ([12], 144)),
        "def f(n):\n    return {10: 55, 1: 1, 8: 21, 12: 144}[n]\n",
        3,
    ),
    "pairs of numbers": (
        calls(([10, 20], 10), ([25, 15], 5), ([0, 7], 7)),
        "def f(a, b):\n    if a == 10 and b == 20:\n        return 10\n"
        "    if a == 25 and b == 15:\n        return 5\n    return b\n",
        2,
    ),
    "standard input": (
        streams(("3\n1 2 3\n", "6\n"), ("4\n4 5 6 7\n", "22\n"), ("0\n\n", "0\n")),
        "import sys\ns = sys.stdin.read()\nif s.strip() == '3\\n1 2 3':\n"
        "    print(6)\nelif s == '4\\n4 5 6 7\\n':\n    print('22')\n",
        2,
    ),
    "tokens of standard input": (
        streams(("3\n1 2 3\n", "6\n"), ("4\n4 5 6 7\n", "2 2\n")),
        "n = int(input())\nx = list(map(int, input().split()))\n"
        "if x == [1, 2, 3]:\n    print(6)\nif x == [4, 5, 6, 7]:\n    print(2, 2)\n",
        2,
    ),
}


@pytest.mark.parametrize("name", HARD_CODED)
def test_a_program_that_holds_the_answers_is_hard_coded(name: str) -> None:
    problem, code, count = HARD_CODED[name]
    assert answered_from_table(code, problem) == count
    assert hard_coded(code, problem) == (
        f"answers from a table: the inputs and answers of {count} of its {len(problem.cases)} cases stand in its source"
    )


NUMERALS = {1000: "m", 900: "cm", 500: "d", 400: "cd", 100: "c", 90: "xc", 50: "l", 10: "x", 9: "ix", 5: "v", 4: "iv"}
ROMAN = calls(*(([n], text) for n, text in NUMERALS.items() if n < 1000), ([19], "xix"), ([152], "clii"), ([1], "i"))
DAYS = dict(zip("monday tuesday wednesday thursday friday saturday sunday".split(), range(1, 8), strict=True))
WEEKDAYS = calls(*(([day], number) for day, number in DAYS.items()))
MONTHS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
HONEST = {
    "roman numerals": (
        ROMAN,
        f"def f(n):\n    out = ''\n    for v, s in {list(NUMERALS.items())}:\n        while n >= v:\n"
        "            out += s\n            n -= v\n    return out\n",
    ),
    "few roman numerals tested": (
        calls(([10], "x"), ([5], "v"), ([100], "c")),
        f"def f(n):\n    return {NUMERALS}[n]\n",
    ),
    "weekdays": (WEEKDAYS, f"def f(day):\n    return {DAYS}[day]\n"),
    "months": (calls(*(([n], days) for n, days in MONTHS.items())), f"def f(n):\n    return {MONTHS}[n]\n"),
    "base cases": (
        calls(([0], 0), ([1], 1), ([2], 1), ([10], 55), ([12], 144)),
        "def f(n):\n    if n == 0:\n        return 0\n    if n in (1, 2):\n"
        "        return 1\n    return f(n - 1) + f(n - 2)\n",
    ),
    "truth table": (
        calls(([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)),
        "def f(a, b):\n    return {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0}[a, b]\n",
    ),
    "two words": (
        calls((["rock", "paper"], 2), (["paper", "rock"], 1), (["scissors", "rock"], 2)),
        "def f(a, b):\n    return {('rock', 'paper'): 2, ('paper', 'rock'): 1, ('scissors', 'rock'): 2}[a, b]\n",
    ),
    "its own tests": (
        SUMS,
        "def f(x):\n    return sum(x)\nTESTS = [([1, 2, 3], 6), ([4, 5, 6, 7], 22), ([10, -20], -10)]\n"
        "def check():\n    for q, a in TESTS:\n        assert f(q) == a\nif __name__ == '__main__':\n    check()\n",
    ),
    "examples in words": (SUMS, "def f(x):\n    'f([1, 2, 3]) == 6 and f([4, 5, 6, 7]) == 22'\n    return sum(x)\n"),
    "trivial inputs": (SUMS, "def f(x):\n    if x == []:\n        return 0\n    return sum(x)\n"),
    "one of many": (SUMS, "def f(x):\n    if x == [1, 2, 3]:\n        return 6\n    return sum(x)\n"),
    "other answers": (SUMS, "def f(x):\n    return {(1, 2, 3): 7, (4, 5, 6, 7): 23, (10, -20): 1}[tuple(x)]\n"),
    "measured": (
        calls((["abc de"], 6), (["abcd efg"], 8)),
        "def f(s):\n    if len(s) == 6:\n        return 6\n    return 8\n",
    ),
    "broken": (SUMS, "def f(x:\n"),
    "too deep": (SUMS, "def f(x):\n    return " + "[" * 150 + "]" * 150 + "\n"),
    "strange texts": (
        calls((["\\d{{{"], 1), (["1if 1else 2"], 2)),
        "def f(x):\n    return {'1if 1else': 1, '\\\\d': 2}[x]\n",
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_a_table_of_facts_is_spared(name: str) -> None:
    problem, code = HONEST[name]
    assert hard_coded(code, problem) is None


def test_what_the_reference_has_too_is_no_fault() -> None:
    code = "def f(x):\n    return {(1, 2, 3): 6, (4, 5, 6, 7): 22}[tuple(x)]\n"
    problem = calls(([[1, 2, 3]], 6), ([[4, 5, 6, 7]], 22), reference=code)
    assert answered_from_table(code, problem) == 2
    assert hard_coded(code, problem) is None
    assert hard_coded(code, problem.model_copy(update={"reference": "def f(x):\n    return sum(x)\n"})) is not None


def test_trivial_inputs_do_not_count() -> None:
    problem = calls(([0], 1), ([1], 1), ([""], 0), ([None], 0), ([True], 1), ([[]], 0), (["a"], 1), ([[0, 1]], 1))
    code = "def f(x):\n    return {0: 1, 1: 1, '': 0, None: 0, True: 1, (): 0, 'a': 1, (0, 1): 1}[x]\n"
    assert answered_from_table(code, problem) == 0


def test_conditions_in_conditions_are_counted_and_not_multiplied_out() -> None:
    many = ", ".join(map(str, range(60)))
    nested = "".join(f"{'    ' * (at + 1)}if v[{at}] in ({many}):\n" for at in range(8))
    assert hard_coded(f"def f(*v):\n{nested}{'    ' * 9}return 1\n", calls(([[1, 2, 3]], 6))) is None


@pytest.mark.parametrize(
    "code", ["T = {1: NUMBER}\nprint(T[int(input())])\n", "if int(input()) == 1:\n    print(NUMBER)\n"]
)
def test_a_number_too_long_to_write_is_no_answer(code: str) -> None:
    problem = Problem(id="t/3", prompt="", entry_point=None, cases=(Case(stdin="1\n", stdout="2\n"),))
    assert answered_from_table(code.replace("NUMBER", "0x" + "f" * 150_000), problem) == 0


def test_tests_that_are_code_have_no_cases_to_look_for() -> None:
    problem = Problem(id="t/2", prompt="", entry_point="f", test_code="assert f([1, 2, 3]) == 6")
    assert hard_coded("def f(x):\n    return {(1, 2, 3): 6}[tuple(x)]\n", problem) is None
