"""A watched program does what it did, and tells whether it met ints outside a range."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from factory.languages.python.watch import ENTRY, MARK, watched
from sandbox import Limits, PythonStreams, Sandbox

INT64 = range(-(2**63), 2**63)


def call(code: str, *args: Any, integers: range | None = INT64) -> Any:
    namespace: dict[str, Any] = {}
    exec(compile(watched(dedent(code), "f", integers), "solution.py", "exec", dont_inherit=True), namespace)
    return namespace[ENTRY](*args)


@pytest.mark.parametrize(
    "code",
    [
        "def f(a, b): return (a * b) % 7",
        "def f(a, b):\n    a *= b\n    return a % 7",
        "def f(a, b):\n    x = [a]\n    x[0] *= b\n    return x[0] % 7",
        "import math\ndef f(a, b): return math.prod([a, b]) % 7",
        "class C:\n    def __init__(self, a): self.__a = a\n    def g(self, b): self.__a *= b; return self.__a % 7\n"
        "def f(a, b): return C(a).g(b)",
        "f = lambda a, b: a * b % 7",
        "def f(a, b): return next(x * b for x in [a]) % 7",
        "def f(a, b): return int(f'{a * b}') % 7",
    ],
)
def test_a_wide_number_on_the_way_is_met(code: str) -> None:
    assert call(code, 2**40, 2**41) == (2**81 % 7, True)
    assert call(code, 3, 5) == (1, False)


def test_each_call_is_told_by_itself() -> None:
    namespace: dict[str, Any] = {}
    exec(watched("def f(a): return a * a", "f", INT64), namespace)
    assert [namespace[ENTRY](a)[1] for a in (2**40, 2, -(2**33))] == [True, False, True]


@pytest.mark.parametrize(("integers", "met"), [(INT64, False), (range(-(2**53), 2**53), True), (None, False)])
def test_the_range_is_the_one_asked_for(integers: range | None, met: bool) -> None:
    assert call("def f(a): return a + 1", 2**60, integers=integers)[1] is met


@pytest.mark.parametrize(
    ("code", "args", "result"),
    [
        ('"""About."""\nfrom __future__ import annotations\ndef f(a: Later) -> Later: return __doc__', (1,), "About."),
        ("def f(a):\n    d = {}\n    d[a.pop()] = 1\n    k = [0]\n    k[a.pop()] += 5\n    return d, k, a",
         ([7, 0, 3],), ({3: 1}, [5], [7])),
        ("from functools import lru_cache\n@lru_cache(maxsize=None)\ndef f(n): return n if n < 2 else f(n-1) + f(n-2)",
         (30,), 832040),
        ("def f(a):\n    x = 0.5\n    x += a\n    s = 'a'\n    s += 'b'\n    return x, s, True + True", (1,),
         (1.5, "ab", 2)),
        ("class A:\n    def g(self): return 1\nclass B(A):\n    def g(self): return super().g() + 1\n"
         "def f(): return B().g()", (), 2),
        ("def f(x):\n    match x:\n        case [int(a), *rest]: return a + len(rest)\n        case _: return 0",
         ([4, 1, 1],), 6),
    ],
)  # fmt: skip
def test_the_program_does_what_it_did(code: str, args: tuple[Any, ...], result: Any) -> None:
    assert call(code, *args) == (result, False)


def test_a_program_that_cannot_be_written_anew_runs_as_it_is() -> None:
    deep = "def f(a): return " + "+".join(["a"] * 3000)
    assert watched(deep, "f", INT64).startswith(deep)
    assert call("def f(a): return '\\n'.join(f\"{chr(10)}{a!r:>{len('x')}}\" for _ in [1])", 1)[0] == "\n1"


@pytest.mark.parametrize(
    ("code", "given", "told"),
    [
        ("print(int(input()) ** 2 % 7)", "3\n", "2\n"),
        ("print(int(input()) ** 2 % 7)", f"{2**40}\n", f"{2**80 % 7}\n{MARK}"),
        ("import sys\nsys.stdout.write(str(int(input()) ** 2 % 7))\nsys.exit(0)", f"{2**40}\n", f"{2**80 % 7}{MARK}"),
    ],
)
def test_a_program_that_reads_standard_input_says_so_at_its_end(code: str, given: str, told: str) -> None:
    with Sandbox("bubblewrap") as sandbox:
        (report,) = sandbox.run_streams(PythonStreams(watched(code, None, INT64), (given,), Limits(cpu_s=2)))
    assert report.ok
    assert report.output.decode() == told
