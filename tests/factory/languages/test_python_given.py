"""What a program gets of its set's prelude: which names, from where, and which programs get nothing."""

from __future__ import annotations

import ast

import pytest

from factory.languages.python import given
from factory.languages.python.imports import fix

STARS = (
    "import math\nfrom typing import *\nfrom functools import *\nfrom collections import *\nfrom itertools import *\n"
    "from operator import *\nfrom math import *\ninf = float('inf')\n"
)


def fixed(program: str, prelude: str, starter: str = "") -> str:
    """The lines that are put before `program`."""
    code, _ = fix(program, ast.parse(program), starter, prelude)
    assert code.endswith(program)
    return code.removesuffix(program)


def ran(program: str, prelude: str) -> object:
    """What `f` of the program answers behind what it gets."""
    code, _ = fix(program, ast.parse(program), "", prelude)
    names: dict[str, object] = {}
    exec(code, names)
    return names["f"]() if callable(names["f"]) else names["f"]


@pytest.mark.parametrize("module", sorted(given.STARS))
def test_every_star_gives_what_it_gives(module: str) -> None:
    names: dict[str, object] = {}
    exec(f"from {module} import *", names)
    assert given.exports(module) - {"__builtins__"} == names.keys() - {"__builtins__"}


def test_a_program_gets_the_names_that_it_uses_and_no_others() -> None:
    program = "def f(xs: List[int]):\n    return sqrt(len(xs)) or inf\n"
    code, told = fix(program, ast.parse(program), "", STARS)
    assert code == f"from math import sqrt\nfrom typing import List\ninf = float('inf')\n{program}"
    assert told == ("taken from the prelude: List", "taken from the prelude: inf", "taken from the prelude: sqrt")


def test_the_last_one_of_a_name_counts() -> None:
    program = "def f(): return gap\n"
    assert fixed(program, "gap = 1\nfrom math import pi as gap\n") == "from math import pi as gap\n"
    assert ran(program, "from math import pi as gap\ngap = 1\n") == 1
    assert ran("def f(): return inf\n", "inf = 7\nfrom math import *\n") == float("inf")


@pytest.mark.parametrize(
    "program",
    [
        "def f(): return pow(3, 5, 7)\n",
        "def f():\n    inf = 1\n    return inf\n",
        "from math import sqrt\nf = lambda: sqrt(4)\n",
        "from math import *\nf = lambda: sqrt(4)\n",
        "def sqrt(x): return 9\nf = lambda: sqrt(4)\n",
    ],
)
def test_a_program_that_stands_by_itself_stays_as_it_is(program: str) -> None:
    assert fix(program, ast.parse(program), "", STARS) == (program, ())


def test_a_built_in_keeps_its_meaning_beside_what_is_taken() -> None:
    assert ran("def f(): return pow(3, 5, 7) + sqrt(4)\n", STARS) == 7


def test_a_name_that_another_function_has_for_itself_is_taken() -> None:
    program = "def g():\n    inf = 1\n    return inf\ndef f():\n    return inf\n"
    assert ran(program, STARS) == float("inf")


@pytest.mark.parametrize(
    ("prelude", "use", "answer"),
    [
        ("from bisect import *\n", "bisect.bisect_left([1, 2], 2)", 1),
        ("from bisect import bisect\n", "bisect.bisect_left([1, 2], 2)", 1),
        ("from bisect import *\n", "bisect([1, 2], 1)", 1),
        ("from copy import *\nimport copy\n", "copy.copy([1])", [1]),
        ("from datetime import *\nimport datetime\n", "datetime.date(2020, 1, 1).year", 2020),
        ("from datetime import *\n", "datetime(2020, 1, 1).year", 2020),
    ],
)
def test_a_function_named_like_its_module_is_told_from_it(prelude: str, use: str, answer: object) -> None:
    assert ran(f"def f(): return {use}\n", prelude) == answer


def test_a_definition_brings_what_it_relies_on() -> None:
    prelude = "from collections import deque\nSIZE = 2\ndef last(xs):\n    return deque(xs, SIZE)[-1]\nUNUSED = 1\n"
    lines = fixed("def f(): return last([1, 2])\n", prelude)
    assert lines == "from collections import deque\nSIZE = 2\ndef last(xs):\n    return deque(xs, SIZE)[-1]\n"
    # What is made before the program runs cannot rely on an import of the program's.
    assert ran("import sys\ndef f(): return line\n", "import sys\nline = sys.maxsize\n") > 1  # type: ignore[operator]


def test_statements_of_other_kinds_give_their_names() -> None:
    prelude = "try:\n    from fast import fib\nexcept ImportError:\n    def fib(n): return n\n"
    assert ran("def f(): return fib(3)\n", prelude) == 3


def test_a_star_of_a_module_that_is_not_known_stays_whole() -> None:
    assert fixed("def f(): return SortedList()\n", "from sortedcontainers import *\n") == (
        "from sortedcontainers import *\n"
    )
    assert fixed("def f(): return sqrt(4)\n", f"from sortedcontainers import *\n{STARS}") == "from math import sqrt\n"
    assert given.exports("antigravity") == given.exports("this") == frozenset()


# ---- settings ----

LIMIT = "import sys\nsys.setrecursionlimit(50000)\n"
DEEP = [
    "def f(n=9000): return 1 + f(n - 1) if n else 0\n",
    "f = lambda n=9000: 1 + f(n - 1) if n else 0\n",
    "def f(n=9000): return g(n)\ndef g(n): return 1 + h(n) if n else 0\ndef h(n): return g(n - 1)\n",
    "class S:\n    def d(self, n): return 1 + self.d(n - 1) if n else 0\ndef f(): return S().d(9000)\n",
    "def f():\n    def d(n):\n        return 1 + d(n - 1) if n else 0\n    return d(9000)\n",
    "import sys\ndef f(n=9000): return 1 + f(n - 1) if n else 0\n",
]


@pytest.mark.parametrize("program", DEEP)
def test_a_recursion_limit_goes_before_what_calls_itself(program: str) -> None:
    assert fixed(program, LIMIT) == LIMIT


@pytest.mark.parametrize(
    "program",
    [
        "def f(): return 1\ndef g(): return f()\n",
        "import sys\nsys.setrecursionlimit(9000)\ndef f(n): return f(n - 1)\n",
        "print(input())\n",
    ],
)
def test_a_recursion_limit_goes_before_nothing_else(program: str) -> None:
    assert fixed(program, LIMIT) == ""


def test_other_settings_go_before_every_program() -> None:
    prelude = "from decimal import *\ngetcontext().prec = 5\n"
    assert fixed("def f(): return 1\n", prelude) == "from decimal import getcontext\ngetcontext().prec = 5\n"


def test_what_is_given_comes_behind_the_future() -> None:
    code, _ = fix("from __future__ import annotations\nf = inf\n", ast.parse("f = inf\n"), "", STARS)
    assert code.startswith("inf = ")  # the tree is another's: nothing there says where the future ends
    program = "from __future__ import annotations\nf = inf\n"
    assert fix(program, ast.parse(program), "", STARS)[0].startswith("from __future__ import annotations\ninf = ")


FUTURE = "from __future__ import annotations\n"


@pytest.mark.parametrize(
    "program",
    [
        "def f(x: Later = 1) -> Later:\n    return x\nclass Later: pass\n",
        "async def g() -> Later:\n    return 1\nf = 1\n",
        "class A:\n    def f(self, *, a: Unknown): pass\nf = A\n",
        "f: Unknown = 1\n",
        "def f(*xs: Unknown): pass\n",
        '"""A docstring."""\ndef f(x: Unknown = 1): pass\n',
    ],
)
@pytest.mark.parametrize("prelude", [FUTURE, f'"""Of the set."""\n{FUTURE}import os\n', f"{FUTURE}import math\n"])
def test_lazy_annotations_come_first_in_a_program_that_has_annotations(program: str, prelude: str) -> None:
    ran(program, prelude)
    assert fixed(program, prelude) == FUTURE
    _, said = fix(program, ast.parse(program), "", prelude)
    assert said == (f"taken from the prelude: {FUTURE.strip()}",)


def test_lazy_annotations_come_before_all_else_that_is_given() -> None:
    prelude = f"{FUTURE}from math import *\nimport random\nN = 1\nrandom.seed(7)\n"
    program = "def f(x: Unknown = N):\n    return f(sqrt(x)) if x < 1 else x\n"
    assert ran(program, prelude) == 1
    assert fixed(program, prelude).startswith(FUTURE)
    own = f"from __future__ import division\n{program}"
    code, _ = fix(own, ast.parse(own), "", prelude)
    assert code.startswith(f"from __future__ import division\n{FUTURE}")
    exec(code, {})


@pytest.mark.parametrize("program", ["def f(x):\n    return x\n", f"{FUTURE}def f(x: int):\n    return x\n"])
def test_lazy_annotations_are_given_to_no_other_program(program: str) -> None:
    assert fixed(program, FUTURE) == ""
    assert fixed(program, "from __future__ import division\n") == ""


def test_lazy_annotations_of_the_starter_code_are_given_too() -> None:
    starter = f"{FUTURE}\ndef f(x: Unknown):\n"
    program = "def f(x: Unknown):\n    return x\n"
    assert fixed(program, "", starter) == FUTURE
    assert fixed("def f(x):\n    return annotations\n", "", starter) == ""


@pytest.mark.parametrize("prelude", ["def (", "\0", "(" * 300])
def test_a_prelude_that_is_no_python_gives_nothing(prelude: str) -> None:
    assert fixed("def f(): return sqrt(4)\n", prelude) == ""
