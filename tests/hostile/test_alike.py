"""Answers of other types that `==` holds equal to what is expected; each beside a twin that is not, or lies."""

from __future__ import annotations

from typing import Any

import pytest

from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Case, Problem, Program, Status


def tagged(kind: str, value: Any) -> dict[str, Any]:
    return {"$": kind, "v": value}


PAIR = "from collections import namedtuple\nP = namedtuple('P', 'x y')\n"
LIES = "    def __eq__(self, other): return True\n    __hash__ = None\n"
KEYS = "def f(n): return dict.fromkeys([n, 1, 2]).keys()"
# Each: what is expected of f(3), an honest program, its twin that is wrong, the comparison if it is not `equal`.
ALIKE: dict[str, tuple[Any, str, str, dict[str, Any]]] = {
    "namedtuple": (
        tagged("tuple", [2, 1]),
        PAIR + "def f(n): return P(n - 1, 1)",
        PAIR + "class Q(P):\n    def __iter__(self): return iter((2, 1))\ndef f(n): return Q(1, 2)",
        {},
    ),
    "namedtuple_within": (
        [tagged("tuple", [3, "a"])],
        PAIR + "def f(n): return [P(n, 'a')]",
        PAIR + "def f(n): return [P('a', n)]",
        {},
    ),
    "namedtuple_of_floats": (
        tagged("tuple", [0.1, 3.0]),
        PAIR + "def f(n): return P(0.1 + 1e-12, n)",
        PAIR + "def f(n): return P(0.11, n)",
        {"kind": "float", "rel": 1e-6, "abs": 1e-9},
    ),
    "int_enum": (
        3,
        "from enum import IntEnum\nclass E(IntEnum):\n    A = 3\n    B = 4\ndef f(n): return E.A",
        "from enum import IntEnum\nclass E(IntEnum):\n    A = 3\n    B = 4\n    def __index__(self): return 3\n"
        "    __int__ = __index__\ndef f(n): return E.B",
        {},
    ),
    "int_flag": (
        3,
        "from enum import IntFlag\nclass E(IntFlag):\n    A = 1\n    B = 2\ndef f(n): return E.A | E.B",
        "from enum import IntFlag\nclass E(IntFlag):\n    A = 1\n    B = 2\ndef f(n): return E.A",
        {},
    ),
    "str_enum": (
        "red",
        "from enum import StrEnum\nclass E(StrEnum):\n    A = 'red'\ndef f(n): return E.A",
        "from enum import StrEnum\nclass E(StrEnum):\n    A = 'blue'\n    def __str__(self): return 'red'\n"
        "    __repr__ = __str__\ndef f(n): return E.A",
        {},
    ),
    "enum_keys_of_a_dict": (
        {"red": 1},
        "from enum import StrEnum\nclass E(StrEnum):\n    A = 'red'\ndef f(n): return {E.A: 1}",
        "class K(str):\n    def __eq__(self, other): return True\n    __hash__ = str.__hash__\n"
        "def f(n): return {K('red'): 1}",
        {},
    ),
    "int": (6, "class I(int): pass\ndef f(n): return I(6)", f"class I(int):\n{LIES}def f(n): return I(6)", {}),
    "float": (
        1.5,
        "class F(float): pass\ndef f(n): return F(1.5)",
        "class F(float):\n    def __float__(self): return 1.5\ndef f(n): return F(2.5)",
        {},
    ),
    "complex": (
        tagged("complex", [0.0, 3.0]),
        "class C(complex): pass\ndef f(n): return C(0, n)",
        "class C(complex):\n    def __complex__(self): return 3j\ndef f(n): return C(0, 4)",
        {},
    ),
    "list": (
        [1, 2],
        "class L(list): pass\ndef f(n): return L([1, 2])",
        "class L(list):\n    def __iter__(self): return iter([1, 2])\n    def __len__(self): return 2\n"
        "    def __getitem__(self, at): return [1, 2][at]\ndef f(n): return L([2, 1])",
        {},
    ),
    "list_in_any_order": (
        [1, 2],
        "class L(list): pass\ndef f(n): return L([2, 1])",
        "class L(list): pass\ndef f(n): return L([2, 2])",
        {"kind": "unordered"},
    ),
    "dict": (
        {"a": 3},
        "class D(dict): pass\ndef f(n): return D(a=n)",
        "class D(dict):\n    def items(self): return [('a', 3)]\n    def __iter__(self): return iter('a')\n"
        "    def __getitem__(self, key): return 3\ndef f(n): return D(a=4)",
        {},
    ),
    "ordered_dict_of_its_own": (
        {"a": 3},
        "from collections import OrderedDict\nclass D(OrderedDict): pass\ndef f(n): return D(a=n)",
        "from collections import OrderedDict\nclass D(OrderedDict): pass\ndef f(n): return D(b=n)",
        {},
    ),
    "set": (
        tagged("set", [1, 2]),
        "class S(set): pass\ndef f(n): return S([1, 2])",
        "class S(set):\n    def __iter__(self): return iter([1, 2])\ndef f(n): return S([1, 3])",
        {},
    ),
    "bytes": (
        tagged("bytes", "YWI="),
        "class B(bytes): pass\ndef f(n): return B(b'ab')",
        "class B(bytes):\n    def __getitem__(self, at): return b'ab'\n    def __bytes__(self): return b'ab'\n"
        "def f(n): return B(b'ba')",
        {},
    ),
    "bytearray": (
        tagged("bytes", "YWI="),
        "def f(n): return bytearray(b'ab')",
        "def f(n): return bytearray(b'ba')",
        {},
    ),
    "memoryview": (
        tagged("bytes", "YWI="),
        "def f(n): return memoryview(b'abc')[:2]",
        "def f(n): return memoryview(b'abc')",
        {},
    ),
    "fraction": (
        3,
        "from fractions import Fraction\ndef f(n): return Fraction(6, 2)",
        "from fractions import Fraction\nclass F(Fraction):\n    numerator = 3\n    denominator = 1\n"
        "def f(n): return F(7, 2)",
        {},
    ),
    "fraction_near": (
        0.3333,
        "from fractions import Fraction\ndef f(n): return Fraction(1, n)",
        "from fractions import Fraction\ndef f(n): return Fraction(1, 2)",
        {"kind": "float", "rel": 1e-3, "abs": 1e-3},
    ),
    "decimal": (
        1.5,
        "from decimal import Decimal\ndef f(n): return Decimal('1.50')",
        "from decimal import Decimal\ndef f(n): return Decimal('1.51')",
        {},
    ),
    "decimal_that_no_float_is": (
        1,
        "from decimal import Decimal\ndef f(n): return Decimal('1e0')",
        "from decimal import Decimal\ndef f(n): return Decimal('0.1') * 3 + Decimal('0.8')",
        {},
    ),
    "keys_as_a_set": (tagged("set", [1, 2, 3]), KEYS, "def f(n): return dict.fromkeys([1, 2]).keys()", {}),
    "keys_under_set": (
        None,
        KEYS,
        "def f(n): return dict.fromkeys([1, 2]).keys()",
        {"kind": "predicate", "predicate": "set(answer) == {1, 2, 3}"},
    ),
    "keys_in_their_order": (
        None,
        KEYS,
        "def f(n): return dict.fromkeys([1, 2, n]).keys()",
        {"kind": "predicate", "predicate": "list(answer) == [3, 1, 2]"},
    ),
    "items": (
        tagged("set", [tagged("tuple", ["a", 3])]),
        "def f(n): return {'a': n}.items()",
        "def f(n): return {'a': 4}.items()",
        {},
    ),
    "a_byte_of_a_wide_letter_first": (
        4,
        "ｎ = 1\ndef f(n): return n + 1",
        "ｎ = 1\ndef f(n): return n + 2",
        {},
    ),
    "a_wide_letter_is_the_plain_one": (
        4,
        "ａｄｄ = 1\ndef f(n): return n + add",
        "ａｄｄ = 2\ndef f(n): return n + add",
        {},
    ),
}


@pytest.mark.parametrize("name", ALIKE)
def test_the_honest_one_passes_and_its_twin_does_not(session: GradingSession, name: str) -> None:
    expected, honest, twin, comparison = ALIKE[name]
    case = Case(args=[3], expected=expected)
    problem = Problem(id=name, prompt="", entry_point="f", cases=(case,), comparison=comparison)
    right, wrong = verify(session, problem, [Program(0, honest), Program(1, twin)], "python")
    assert (right.status, right.detail) == (Status.PASSED, "")
    assert wrong.status is Status.WRONG_ANSWER, wrong


# What `==` holds apart, whatever it contains.
APART = {
    "a_tuple_for_a_list": ([1, 2], PAIR + "def f(n): return P(1, 2)"),
    "keys_for_a_list": ([1, 2, 3], "def f(n): return dict.fromkeys([1, 2, n]).keys()"),
    "values": ([1], "def f(n): return {n: 1}.values()"),
    "a_range": ([0, 1, 2], "def f(n): return range(n)"),
    "a_generator": ([0, 1, 2], "def f(n): return (k for k in range(n))"),
    "a_deque": ([0, 1, 2], "from collections import deque\ndef f(n): return deque(range(n))"),
    "a_fraction_that_no_float_is": (1 / 3, "from fractions import Fraction\ndef f(n): return Fraction(1, n)"),
    "a_decimal_that_no_float_is": (0.1, "from decimal import Decimal\ndef f(n): return Decimal('0.1')"),
    "a_date": ("2020-01-02", "from datetime import date\ndef f(n): return date(2020, 1, 2)"),
    "an_enum": (3, "from enum import Enum\nclass E(Enum):\n    A = 3\ndef f(n): return E.A"),
    "a_text_that_is_a_tag": (tagged("tuple", [1]), 'def f(n): return \'{"$":"subclass","v":1}\''),
    "a_decimal_of_many_digits": (1, "from decimal import Decimal\ndef f(n): return Decimal('1e999999')"),
    "a_decimal_that_signals": (1, "from decimal import Decimal\ndef f(n): return Decimal('sNaN')"),
}


@pytest.mark.parametrize("name", APART)
def test_what_is_not_equal_is_not_passed(session: GradingSession, name: str) -> None:
    expected, code = APART[name]
    problem = Problem(id=name, prompt="", entry_point="f", cases=(Case(args=[3], expected=expected),))
    (verdict,) = verify(session, problem, [Program(0, code)], "python")
    assert verdict.status is Status.WRONG_ANSWER, verdict


@pytest.mark.parametrize("name", ["namedtuple", "int_enum", "str_enum", "list", "fraction", "bytearray", "decimal"])
def test_types_are_held_where_they_are_compared(session: GradingSession, name: str) -> None:
    expected, code, _, _ = ALIKE[name]
    case = Case(args=[3], expected=expected)
    problem = Problem(id=name, prompt="", entry_point="f", cases=(case,), comparison={"kind": "exact"})
    (verdict,) = verify(session, problem, [Program(0, code)], "python")
    assert verdict.status is Status.WRONG_ANSWER, verdict


TESTED = """
from collections import deque
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
def check(candidate):
    for value in (date(2020, 1, n + 1) for n in range(2)):
        assert candidate(value) == value
    for value in (Decimal("0.1"), deque([1, (2,)]), Fraction(1, 3), datetime(2020, 1, 2, 3), bytearray(b"x")):
        assert candidate(value) == value and type(candidate(value)) is type(value)
"""


def test_test_code_gets_them_as_they_are(session: GradingSession) -> None:
    problem = Problem(id="tested", prompt="", entry_point="f", test_code=TESTED)
    programs = ["def f(x): return x", "def f(x): return str(x)", "def f(x): return x.replace(day=1)"]
    verdicts = verify(session, problem, [Program(at, code) for at, code in enumerate(programs)], "python")
    assert verdicts[0].status is Status.PASSED, verdicts[0]
    assert all(it.status is not Status.PASSED for it in verdicts[1:])
