"""Mutants of Python programs: each kind of change, where it is made and where not, and in which order."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Any

import pytest

from factory.languages.python import normal_form
from factory.languages.python.mutants import LONGEST, mutants
from factory.languages.python.parse import parse


def changed(code: str, entry_point: str | None = "f") -> set[str]:
    """What became of the changed line in every mutant, in short."""
    plain = ast.unparse(ast.parse(code)).splitlines()
    found: set[Any] = set()
    for mutant in mutants(code, entry_point, 999):
        lines = mutant.splitlines()
        opcodes = SequenceMatcher(None, plain, lines, autojunk=False).get_opcodes()
        found.update(line.strip() for kind, _, _, at, to in opcodes if kind != "equal" for line in lines[at:to])
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a < b", {"return a <= b", "return a >= b"}),
        ("return a == b", {"return a != b"}),
        ("return a not in b", {"return a in b"}),
        ("return a - b", {"return a + b", "return a", "return None"}),
        ("return a // b", {"return a * b", "return None"}),
        ("return a * 1", {"return a * 2", "return a * 0", "return None"}),
        ("return a + 0", {"return a + 1", "return a + -1", "return None"}),
        ("return a + 'b'", {"return a", "return 'b'", "return a + ''", "return None"}),
        ("return a and b", {"return a or b", "return a", "return b", "return not (a and b)"}),
        ("return not a", {"return a"}),
        ("return -a", {"return a", "return None"}),
        ("return 7", {"return 8", "return 6", "return None"}),
        ("return 0.5", {"return 1.5", "return None"}),
        ("return True", {"return False"}),
        ("return ''", {"return 'XX'", "return None"}),
        ("return f'{a}b'", {"return ''", "return None"}),
        ("return [a, b]", {"return []", "return None"}),
        ("return {a: b}", {"return {}", "return None"}),
        ("return a[1:]", {"return a[2:]", "return a[0:]", "return a[:]", "return a[1:-1]", "return None"}),
        ("return a[:]", {"return a[1:]", "return a[:-1]", "return None"}),
        ("return min(a)", {"return max(a)", "return None"}),
        ("return abs(a)", {"return a", "return None"}),
        ("return len(a)", {"return len(a) - 1", "return None"}),
        ("return a.upper()", {"return a.lower()", "return None"}),
        ("return sorted(a)", {"return sorted(a, reverse=True)", "return list(a)", "return None"}),
        ("return range(a)", {"return range(a - 1)", "return range(a + 1)", "return range(1, a)", "return None"}),
        ("return float('inf') + a", {"return float('inf') - a", "return float('inf')", "return a", "return None"}),
        ("return [c for c in a if c]", {"return [c for c in a]", "return [c for c in a if not c]", "return None"}),
        ("return a if b else c", {"return a if not b else c", "return None"}),
    ],
)
def test_each_kind_of_change_in_an_expression(body: str, expected: set[str]) -> None:
    assert changed(f"def f(a, b, c):\n    {body}\n") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a += b", {"a -= b", "a = b", "pass"}),
        ("if a:\n        b = a", {"if not a:", "pass"}),
        ("a.sort()", {"a.sort(reverse=True)", "pass"}),
        ("a[b] = c", {"pass"}),
        ("d = c", set()),
        ("a = c", {"pass"}),
        ("for d in a:\n        print(d)", {"for d in []:", "break"}),
        ("for d in a:\n        continue", {"for d in []:", "break", "pass"}),
        ("for d in a:\n        break", {"for d in []:", "continue", "pass"}),
        ("raise ValueError('a' + b)", {"pass"}),
        ("assert a < b", set()),
        ("print(a + b)", set()),
        ("for i in range(a):\n        b[i].close()", {
            "for i in []:", "for i in range(a - 1):", "for i in range(a + 1):", "for i in range(1, a):", "break",
            "b[i + 1].close()", "b[i - 1].close()", "pass",
        }),
    ],
)  # fmt: skip
def test_each_kind_of_change_of_a_statement(body: str, expected: set[str]) -> None:
    assert changed(f"def f(a, b, c):\n    {body}\n") == expected


def test_a_branch_is_taken_never_or_without_its_else() -> None:
    found = mutants("def f(a):\n    if a:\n        a.x()\n    else:\n        a.y()\n", "f", 9)
    assert "def f(a):\n    if a:\n        pass\n    else:\n        a.y()" in found
    assert "def f(a):\n    if a:\n        a.x()" in found


RECORD = "def f(a):\n    m = a[0]\n    for x in a:\n        if x > m:\n            m = x\n    return m\n"


def test_a_record_is_no_other_for_taking_equals_too() -> None:
    assert "if x >= m:" not in changed(RECORD)
    assert "if x <= m:" in changed(RECORD)


REACH = '''
"""Of no use."""
import math
LIMIT = 3
UNUSED = 5
table: dict[int, int] = {}
table.update(seven=7)

def unused(x: int = 11) -> int:
    return x + 13

def helper(x):
    return x * LIMIT

def f(x):
    return 17

def f(x: "text" = 19) -> "another":
    """Says nothing."""
    return helper(x) + table["seven"]
    return 23

assert f(29) == 31
print(f(37))
if __name__ == "__main__":
    print(f(41))
'''


def test_only_what_the_entry_point_reaches_is_changed() -> None:
    found = changed(REACH)
    assert {"LIMIT = 4", "return x + LIMIT", "table.update(seven=8)", "def f(x: 'text'=20) -> 'another':"} <= found
    for number in (5, 11, 13, 17, 23, 29, 31, 37, 41):
        assert all(str(number) in mutant for mutant in mutants(REACH, "f", 999))
    assert all("Of no use." in mutant and "Says nothing." in mutant for mutant in mutants(REACH, "f", 999))


def test_methods_are_reached_by_their_names() -> None:
    code = (
        "class A:\n    def __init__(self):\n        self.n = 3\n    def f(self):\n        return self.g()\n"
        "    def g(self):\n        return self.n + 5\n    def h(self):\n        return 7\n"
    )
    found = changed(code, "A.f")
    assert {"self.n = 4", "return self.n + 6"} <= found
    assert all("return 7" in mutant for mutant in mutants(code, "A.f", 999))


def test_a_program_of_its_own_is_changed_behind_its_main_too() -> None:
    code = "def main():\n    print(int(input()) + 2)\nif __name__ == '__main__':\n    main()\n"
    assert changed(code, None) == {
        "print(int(input()) - 2)", "print(int(input()) + 3)", "print(int(input()) + 1)", "print(int(input()))",
        "print(2)", "pass",
    }  # fmt: skip


LOOP = "def f(n):\n    i = 0\n    total = 1\n    while i < n:\n        total *= 2\n        i += 1\n    return total\n"


def test_what_may_run_for_ever_comes_last() -> None:
    made = mutants(LOOP, "f", 999)
    last = [mutant for mutant in made if "        i += 1" not in mutant]
    assert len(last) == 5
    assert list(made[-5:]) == last


LONG = "def f(a, b):\n" + "".join(f"    a{n} = a + b * {n + 2}\n    if a < b:\n        b += 1\n" for n in range(12))


@pytest.mark.parametrize("count", [8, 16])
def test_any_beginning_is_spread_over_the_program_and_over_the_kinds_of_change(count: int) -> None:
    plain = LONG.strip().splitlines()
    made = mutants(LONG, "f", count)
    assert made == mutants(LONG, "f", 999)[:count]
    lines = [next(n for n, (a, b) in enumerate(zip(plain, it.splitlines(), strict=False)) if a != b) for it in made]
    assert len(set(lines)) == count
    assert max(b - a for a, b in zip([0, *sorted(lines)], [*sorted(lines), len(plain)], strict=True)) <= 72 // count
    words = {word for it, line in zip(made, lines, strict=True) for word in it.splitlines()[line].split()}
    assert words & {"<=", ">=", "-=", "pass"} == {"<=", ">=", "-=", "pass"}


@pytest.mark.parametrize("code", [REACH, RECORD, LOOP, LONG])
def test_every_mutant_compiles_and_none_is_another_or_the_program(code: str) -> None:
    made = mutants(code, "f", 999)
    keys = [normal_form.key(text, parse(text)) for text in (code, *made)]  # type: ignore[arg-type]
    assert len(set(keys)) == len(keys) > 6
    for mutant in made:
        compile(mutant, "mutant.py", "exec")


def test_other_names_and_comments_give_the_same_changes() -> None:
    assert mutants(LOOP, "f", 5) == mutants(LOOP.replace("i = 0\n", "i = 0  # first\n"), "f", 5)


def test_the_same_in_every_process() -> None:
    script = "import sys; from factory.languages.python.mutants import mutants; print(mutants(sys.argv[1], 'f', 99))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, REACH + LONG.replace("f(", "helper(")],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize(
    "code",
    [
        "",
        "def f(:\n",
        "def f(a):\n    return a\0",
        "# nothing but words",
        "import os",
        "def f(a):\n    return " + "-" * 3000 + "a\n",
        "def f(a):\n    return " + "a + " * 2000 + "a\n",
        "def f(a):\n    return " + "a + " * 90 + "a\n",
        "def f(a):\n    if a:\n        pass\n" + "    elif a:\n        pass\n" * 90,
        "x = 1\n" * LONGEST,
        "def f(a):\n    return '\ud800'\n",
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return g\n",
        "match x:\n    case {'a': 1, **rest} if rest:\n        y = rest\n    case [1, *_] | 2:\n        y = 0\n",
        "async def f(a):\n    async for x in a:\n        yield await x\n",
        "f = lambda a: f'{a!r:>{8}}' f\"{a['b']}\\n\"\n",
    ],
)
def test_odd_programs_give_few_or_none_but_no_error(code: str) -> None:
    for entry_point in ("f", "A.f", None):
        for mutant in mutants(code, entry_point, 8):
            compile(mutant, "mutant.py", "exec")


def test_none_are_made_where_none_are_asked_for() -> None:
    assert mutants(LOOP, "f", 0) == ()


def test_making_sixteen_mutants_is_linear(assert_grows: Callable[..., None], cpu_s: Callable[..., float]) -> None:
    def make(length: int) -> None:
        lines = "".join(f"    a{n} = a + b * {n + 2}\n    if a < b:\n        b += 1\n" for n in range(length))
        assert len(mutants(f"def f(a, b):\n{lines}", "f", 16)) == 16

    assert_grows(lambda length: cpu_s(lambda: make(length)), 40)
