"""Forgotten imports: what is added, where, and what is left alone."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from factory.languages.python.imports import HOMES, MODULES, fix


def repaired(source: str, starter: str = "") -> tuple[str, tuple[str, ...]]:
    text = dedent(source)
    return fix(text, ast.parse(text), dedent(starter))


@pytest.mark.parametrize("name", sorted(HOMES))
def test_every_home_is_where_the_name_lives(name: str) -> None:
    namespace: dict[str, object] = {}
    exec(f"from {HOMES[name]} import {name}", namespace)
    assert name in namespace


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_module_is_one(name: str) -> None:
    exec(f"import {name}", {})


def test_an_import_is_added_and_told() -> None:
    code, told = repaired("def f(xs: List[int]) -> int:\n    return Counter(xs)[0]\n")
    assert code == (
        "from collections import Counter\nfrom typing import List\n"
        "def f(xs: List[int]) -> int:\n    return Counter(xs)[0]\n"
    )
    assert told == ("import added: collections.Counter", "import added: typing.List")


def test_a_module_is_added_where_it_is_used_as_one() -> None:
    assert repaired("def f(x): return math.sqrt(x)")[1] == ("import added: math",)
    assert repaired("def f(x): return collections.Counter(x)")[1] == ("import added: collections",)


@pytest.mark.parametrize(
    "source", ["def f(x): return math", "def f(x): return math.sqrt(math)", "def f(): return time()"]
)
def test_a_module_is_left_alone_where_any_use_is_not_as_one(source: str) -> None:
    assert repaired(source) == (source, ())


@pytest.mark.parametrize(
    "name", ["sqrt", "log", "datetime", "date", "choice", "product", "np", "pd", "numpy", "TreeNode"]
)
def test_a_name_with_several_homes_or_none_is_left_alone(name: str) -> None:
    for source in (f"def f(x): return {name}(x)", f"def f(x): return {name}.a(x)"):
        assert repaired(source) == (source, ())


@pytest.mark.parametrize(
    "binding",
    [
        "from collections import Counter",
        "import Counter",
        "import Counter.sub",
        "import x as Counter",
        "Counter = None",
        "Counter: int = 0",
        "class Counter: pass",
        "def Counter(): pass",
        "async def Counter(): pass",
        "def g(Counter): pass",
        "def g(*Counter): pass",
        "def g(**Counter): pass",
        "def g(*, Counter=1): pass",
        "g = lambda Counter: 0",
        "for Counter in (): pass",
        "with g() as Counter: pass",
        "try: pass\nexcept OSError as Counter: pass",
        "[Counter for Counter in ()]",
        "(Counter := 1)",
        "def g():\n    Counter = 1",
        "def g():\n    global Counter",
        "match 1:\n    case [Counter]: pass",
        "match 1:\n    case [*Counter]: pass",
        "match 1:\n    case {**Counter}: pass",
        "match 1:\n    case 1 as Counter: pass",
        "from somewhere import *",
    ],
)
def test_nothing_is_added_for_a_name_that_is_bound_anywhere(binding: str) -> None:
    source = f"{binding}\ndef f(x): return Counter(x)\n"
    assert repaired(source) == (source, ())


def test_built_ins_need_nothing() -> None:
    source = "def f(x): return sorted(map(str, x)) if __name__ else __file__\n"
    assert repaired(source) == (source, ())


def test_future_imports_stay_first() -> None:
    code, told = repaired(
        '"""doc"""\nfrom __future__ import annotations\nfrom __future__ import division\n\ndef f(x: List): return x\n'
    )
    assert code.split("\n")[1:4] == [
        "from __future__ import annotations",
        "from __future__ import division",
        "from typing import List",
    ]
    compile(code, "x", "exec")
    assert told == ("import added: typing.List",)


def test_a_byte_order_mark_does_not_end_up_in_the_middle() -> None:
    source = "\ufeffdef f(x: List): return x\n"
    code, told = fix(source, ast.parse(source.lstrip("\ufeff")), "")
    compile(code, "x", "exec")
    assert told == ("import added: typing.List",)


def test_helpers_of_the_starter_code_are_taken_along_with_what_they_rely_on() -> None:
    starter = '''
        import math
        from fractions import Fraction as Q
        LIMIT = 3

        def unused(): return 1

        @staticmethod
        def poly(xs: List[int], x: float) -> List[float]:
            """Doc."""
            return [Q(1), math.pow(len(xs), x), LIMIT, helper(x)]

        def helper(x):
            return x

        def find_zero(xs):
            """Write this."""
    '''
    code, told = repaired("def find_zero(xs):\n    return poly(xs, 1)\n", starter)
    assert told == (
        "import added: typing.List",
        "taken from the starter code: LIMIT",
        "taken from the starter code: Q",
        "taken from the starter code: helper",
        "taken from the starter code: math",
        "taken from the starter code: poly",
    )
    assert "unused" not in code
    assert "@staticmethod\ndef poly" in code
    namespace: dict[str, object] = {}
    exec(compile(code, "x", "exec"), namespace)
    assert namespace["find_zero"]([1, 2])[1:] == [2.0, 3, 1]  # type: ignore[operator]


def test_a_starter_that_ends_in_an_open_function_still_gives_its_helpers() -> None:
    starter = "import math\ndef helper(x):\n    return math.floor(x)\n\ndef f(x):\n"
    code, told = repaired("def f(x): return helper(x)", starter)
    assert told == ("taken from the starter code: helper", "taken from the starter code: math")
    compile(code, "x", "exec")


def test_a_function_still_to_be_written_is_no_helper() -> None:
    source = "def g(x): return f(x)"
    for body in ('"""doc"""', "pass", "...", '"""doc"""\n    ...'):
        assert repaired(source, f"def f(x):\n    {body}\n") == (source, ())


def test_an_import_of_the_starter_outranks_our_guess() -> None:
    code, told = repaired("def f(x): return deque(x)", "from mylib import deque\n")
    assert code.startswith("from mylib import deque\n")
    assert told == ("taken from the starter code: deque",)
    assert repaired("def f(): return os.path.sep", "import os.path\n")[1] == ("taken from the starter code: os",)


def test_a_starter_that_is_no_python_gives_nothing() -> None:
    assert repaired("def f(x): return helper(x)", "def def\n") == ("def f(x): return helper(x)", ())


def test_repair_is_the_same_every_time() -> None:
    source = "def f(a: List, b: Dict) -> Tuple: return Counter(a), deque(b), math.pi, heappop(a)\n"
    assert repaired(source) == repaired(source)
    assert list(repaired(source)[1]) == sorted(repaired(source)[1])
