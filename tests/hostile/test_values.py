"""What an answer may be where `==` decides: each pair through the wall gets the verdict that Python gives it."""

from __future__ import annotations

from typing import Any

import pytest

from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Case, Problem, Program, Status
from factory.records.values import encode

NAMES = """
import collections, types, array, enum, string, http, calendar, time as clock
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, UserString, defaultdict, deque, namedtuple
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType, SimpleNamespace
from typing import NamedTuple, TypedDict
from array import array
P = namedtuple("P", "x y")
class N(NamedTuple):
    x: int
    y: list = []
class T(TypedDict):
    a: int
class IE(enum.IntEnum):
    A = 3
    B = 4
class IF(enum.IntFlag):
    A = 1
    B = 2
class SE(enum.StrEnum):
    A = "red"
    B = "blue"
class MixedEnum(str, enum.Enum):
    A = "red"
    B = "blue"
class S(str): pass
class L(list): pass
class Deque(deque): pass
class Dec(Decimal): pass
class Day(date): pass
class Moment(datetime): pass
class Hour(time): pass
class Span(timedelta): pass
class Bytes(bytearray): pass
class Ratio(Fraction): pass
class Arr(array): pass
class Tally(Counter): pass
class Ordered(OrderedDict): pass
class Default(defaultdict): pass
class Proxy(UserDict): pass
class Listed(UserList): pass
nan = float("nan")
"""
# What is expected; what is returned and equal to it; what is returned and is not, though it looks alike.
PAIRS: list[tuple[str, str, str]] = [
    # numbers
    ("3", "3.0", "3.0000001"),
    ("1", "True", "False"),
    ("True", "1", "2"),
    ("False", "0.0", "None"),
    ("0.0", "-0.0", "5e-324"),
    ("2.0", "2", "'2.0'"),
    ("2**53", "float(2**53)", "2**53 + 1"),
    ("2**53 + 1", "2**53 + 1", "float(2**53 + 1)"),
    ("10**400", "10**400", "10**400 + 1"),
    ("-2**64", "-2**64", "2**64"),
    ("0.1 + 0.2", "0.30000000000000004", "0.3"),
    ("float('inf')", "float('inf')", "-float('inf')"),
    ("1e308 * 10", "Decimal('inf')", "Decimal('1e309')"),
    ("[1.0, 2.0]", "[1, 2]", "[1, 2.5]"),
    ("1 + 2j", "complex('1+2j')", "1 - 2j"),
    ("3", "3 + 0j", "3 + 1e-9j"),
    ("complex(0, float('inf'))", "complex(-0.0, float('inf'))", "complex(float('inf'), 0)"),
    ("3", "Fraction(6, 2)", "Fraction(7, 2)"),
    ("0.5", "Fraction(1, 2)", "Fraction(1, 3)"),
    ("Fraction(1, 3)", "Ratio(2, 6)", "1 / 3"),
    ("Fraction(-1, 2)", "Fraction('-0.5')", "Fraction(1, 2)"),
    ("Decimal('1.50')", "Decimal('1.5')", "Decimal('1.49')"),
    ("Decimal('0.1')", "Dec('0.10')", "0.1"),
    ("1.5", "Dec('1.5')", "Dec('1.6')"),
    ("3", "Decimal(3)", "Decimal('NaN')"),
    ("Decimal('1E+30')", "10**30", "1e30"),
    ("3", "IE.A", "IE.B"),
    ("3", "IF.A | IF.B", "IF.B"),
    ("404", "http.HTTPStatus.NOT_FOUND", "http.HTTPStatus.OK"),
    ("IE.A", "3", "'IE.A'"),
    # texts
    ("''", "str()", "None"),
    ("'red'", "SE.A", "SE.B"),
    ("'red'", "MixedEnum.A", "MixedEnum.B"),
    ("'é'", "'\\xe9'", "'e\\u0301'"),
    ("'a\\x00b'", "S('a\\x00b')", "'a'"),
    ("'\\ud800'", "chr(0xd800)", "'?'"),
    ("'a'", "UserString('a')", "UserString('b')"),
    ("'1'", "str(1)", "1"),
    ("'a\\n'", "'a' + chr(10)", "'a'"),
    ("b'ab'", "bytearray(b'ab')", "'ab'"),
    ("b'ab'", "Bytes(b'ab')", "Bytes(b'ba')"),
    ("bytearray(b'ab')", "b'ab'", "[97, 98]"),
    ("b'ab'", "memoryview(b'ab')", "memoryview(b'a')"),
    ("b''", "bytes()", "''"),
    # sequences
    ("[]", "list()", "()"),
    ("[1, [2, [3]]]", "L([1, L([2, [3.0]])])", "[1, [2, (3,)]]"),
    ("(1, 2)", "P(1, 2)", "[1, 2]"),
    ("(1, [])", "N(1)", "N(1, [1])"),
    ("(1, 2)", "P(y=2, x=1)", "P(2, 1)"),
    ("[(1, 2), (3, 4)]", "[P(1, 2), P(3, 4)]", "[[1, 2], [3, 4]]"),
    ("(2020, 1, 1)", "date(2020, 1, 1).timetuple()[:3]", "date(2020, 1, 2).timetuple()[:3]"),
    ("(2020, 53, 5)", "date(2021, 1, 1).isocalendar()", "date(2021, 1, 2).isocalendar()"),
    ("(1970, 1, 1, 0, 0, 0, 3, 1, 0)", "clock.gmtime(0)", "clock.gmtime(1)"),
    ("deque([1, 2])", "deque([1, 2], maxlen=2)", "[1, 2]"),
    ("deque([1, 2])", "Deque([1, 2])", "Deque([2, 1])"),
    ("[deque([1])]", "[deque([True])]", "[[1]]"),
    ("[1, 2]", "UserList([1, 2])", "UserList([2, 1])"),
    ("[[1], 2]", "[Listed([1]), 2]", "[Listed([2]), 2]"),
    ("UserList([1])", "[1]", "(1,)"),
    ("range(3)", "range(0, 3, 1)", "[0, 1, 2]"),
    ("range(0)", "range(5, 5)", "range(1)"),
    ("range(0, 5, 2)", "range(0, 6, 2)", "range(0, 7, 2)"),
    ("[range(2)]", "[range(2)]", "[[0, 1]]"),
    ("range(2**70, 2**70 + 1)", "range(2**70, 2**70 + 1)", "range(2**70)"),
    ("array('i', [1, 2])", "array('i', [1, 2])", "[1, 2]"),
    ("array('i', [1, 2])", "array('q', [1, 2])", "array('i', [2, 1])"),
    ("array('d', [1.0])", "array('i', [1])", "array('d', [1.5])"),
    ("array('i', [1])", "Arr('i', [1])", "Arr('i', [1, 1])"),
    ("array('b', [])", "array('b')", "None"),
    ("[0, 1, 2]", "list(range(3))", "range(3)"),
    ("[0, 1, 2]", "[*map(int, '012')]", "map(int, '012')"),
    ("[0, 1]", "list(k for k in range(2))", "(k for k in range(2))"),
    ("[1, 2]", "sorted({2, 1})", "iter([1, 2])"),
    ("[(0, 'a')]", "list(enumerate('a'))", "enumerate('a')"),
    ("[('a', 1)]", "list(zip('a', [1]))", "zip('a', [1])"),
    ("[('a', 2)]", "Counter('aa').most_common()", "Counter('aa').items()"),
    ("(None, 'red', 3.0)", "(None, SE.A, IE.A)", "(None, SE.A, IE.B)"),
    # sets
    ("set()", "frozenset()", "{}"),
    ("{1, 2}", "frozenset([2, 1])", "[1, 2]"),
    ("frozenset({1, 2})", "{True, 2.0}", "{1}"),
    ("{1, 2}", "{2: 0, 1: 0}.keys()", "{1: 1, 2: 2}.values()"),
    ("{(1, 'a')}", "{1: 'a'}.items()", "{'a': 1}.items()"),
    ("{(1, 2)}", "{P(1, 2)}", "{frozenset([1, 2])}"),
    ("{frozenset({1})}", "{frozenset([1])}", "{(1,)}"),
    ("{'red'}", "{SE.A}", "{SE.B}"),
    ("{1}", "ChainMap({1: 2}).keys()", "ChainMap({2: 1}).keys()"),
    ("{1}", "MappingProxyType({1: 2}).keys()", "MappingProxyType({2: 2}).keys()"),
    # dicts
    ("{}", "dict()", "[]"),
    ("{'a': 1}", "T(a=1)", "T(a=2)"),
    ("{1: 'a', 2: 'b'}", "{2: 'b', 1.0: 'a'}", "{'1': 'a', '2': 'b'}"),
    ("{1: 2}", "{True: 2}", "{'True': 2}"),
    ("{(1, 2): 3}", "{P(1, 2): 3}", "{'(1, 2)': 3}"),
    ("{'red': 1}", "{SE.A: 1}", "{SE.B: 1}"),
    ("{'red': 1}", "{S('red'): True}", "{S('red '): 1}"),
    ("{None: 1}", "{None: 1}", "{'None': 1}"),
    ("{'$': 'tuple', 'v': [1]}", "{'v': [1], '$': 'tuple'}", "(1,)"),
    ("{'a': 2}", "Counter('aa')", "Counter('aab')"),
    ("{'a': 1}", "Counter(a=1)", "Counter(a=1, b=0)"),
    ("{1: [2]}", "defaultdict(list, {1: [2]})", "defaultdict(list, {1: [2], 2: []})"),
    ("{1: [2]}", "Default(list, {1: [2]})", "Default(list)"),
    ("{'a': 1, 'b': 2}", "OrderedDict(b=2, a=1)", "OrderedDict(a=2, b=1)"),
    ("{'a': 1}", "UserDict(a=1)", "UserDict(a=2)"),
    ("{'a': {'b': 1}}", "{'a': Proxy(b=1)}", "{'a': Proxy(b=2)}"),
    ("{'a': 1}", "MappingProxyType({'a': 1})", "MappingProxyType({'a': 2})"),
    ("{'a': 1, 'b': 2}", "ChainMap({'a': 1}, {'a': 5, 'b': 2})", "ChainMap({'a': 5}, {'a': 1, 'b': 2})"),
    ("[{'a': {1, 2}}]", "[{'a': frozenset([1, 2])}]", "[{'a': [1, 2]}]"),
    # times
    ("date(2020, 1, 2)", "Day(2020, 1, 2)", "datetime(2020, 1, 2)"),
    ("date(2020, 1, 2)", "date.fromisoformat('2020-01-02')", "'2020-01-02'"),
    ("datetime(2020, 1, 2)", "Moment(2020, 1, 2)", "date(2020, 1, 2)"),
    ("datetime(2020, 1, 2, 3, 4, 5, 6)", "datetime(2020, 1, 2, 3, 4, 5, 6, fold=1)", "datetime(2020, 1, 2, 3, 4, 5)"),
    ("datetime(2020, 1, 2, tzinfo=timezone.utc)",
     "datetime(2020, 1, 2, 1, tzinfo=timezone(timedelta(hours=1)))", "datetime(2020, 1, 2)"),
    ("time(3, 4)", "time(3, 4, 0)", "'03:04:00'"),
    ("time(3, 4, 5, 6)", "Hour(3, 4, 5, 6)", "Hour(3, 4, 5, 7)"),
    ("time(3, tzinfo=timezone.utc)", "time(4, tzinfo=timezone(timedelta(hours=1)))", "time(3)"),
    ("timedelta(days=1)", "timedelta(hours=24)", "86400"),
    ("timedelta(-1, 5, 7)", "Span(-1, 5, 7)", "Span(1, 5, 7)"),
    ("timedelta.max", "timedelta.max", "timedelta.min"),
    ("{'at': [timedelta(1)]}", "{'at': [date(2020, 1, 2) - date(2020, 1, 1)]}", "{'at': [1]}"),
    ("timezone.utc", "timezone(timedelta(0))", "timezone(timedelta(hours=1))"),
    # nothing
    ("None", "None", "False"),
    ("[None]", "[print(end='')]", "[0]"),
    ("...", "Ellipsis", "None"),
    ("slice(1, 2)", "slice(1, 2, None)", "slice(1, 3)"),
]  # fmt: skip
# Cases know dicts alone; test code sees what a program returned.
OF_A_KIND: list[tuple[str, str, str]] = [
    ("Counter('aa')", "Counter(a=2, b=0)", "Counter(a=2, b=1)"),
    ("Counter(a=1)", "Tally(a=1, b=0)", "{'a': 1, 'b': 0}"),
    ("OrderedDict(a=1, b=2)", "OrderedDict(a=1, b=2)", "OrderedDict(b=2, a=1)"),
    ("OrderedDict(a=1, b=2)", "{'b': 2, 'a': 1}", "Ordered(b=2, a=1)"),
    ("[OrderedDict(a=1, b=2)]", "[Ordered(a=1, b=2)]", "[OrderedDict(b=2, a=1)]"),
    ("Counter(a=1)", "{'a': 1}", "{'a': 1, 'b': 0}"),
]
# A nan is equal to itself alone, and what crosses a wall is a copy: never passed, as by `==` with a new one.
NEVER = ["nan", "[nan]", "{'a': nan}", "(1, nan)", "Decimal('nan')", "complex(nan, 0)", "{nan}"]


def values(expected: str, *returned: str) -> tuple[Any, list[bool]]:
    """What is expected, and for each of `returned` whether Python holds it equal."""
    names: dict[str, Any] = {}
    exec(NAMES, names)
    wanted = eval(expected, names)
    return wanted, [eval(text, names) == wanted for text in returned]


def passed(session: GradingSession, problem: Problem, returned: tuple[str, ...]) -> list[bool]:
    programs = [Program(at, f"{NAMES}\ndef f(n):\n    return {text}\n") for at, text in enumerate(returned)]
    verdicts = verify(session, problem, programs, "python")
    assert {it.status for it in verdicts} <= {Status.PASSED, Status.WRONG_ANSWER}, verdicts
    return [it.status is Status.PASSED for it in verdicts]


@pytest.mark.parametrize(("expected", "right", "wrong"), PAIRS)
def test_a_case_says_what_python_says(session: GradingSession, expected: str, right: str, wrong: str) -> None:
    wanted, equal = values(expected, right, wrong)
    assert equal == [True, False]
    problem = Problem(id="values", prompt="", entry_point="f", cases=(Case(args=[0], expected=encode(wanted)),))
    assert passed(session, problem, (right, wrong)) == [True, False]


@pytest.mark.parametrize(("expected", "right", "wrong"), [*PAIRS, *OF_A_KIND])
def test_a_test_says_what_python_says(session: GradingSession, expected: str, right: str, wrong: str) -> None:
    tests = f"{NAMES}\ndef check(candidate):\n    assert candidate(0) == {expected}\n"
    problem = Problem(id="values", prompt="", entry_point="f", test_code=tests)
    assert passed(session, problem, (right, wrong)) == [True, False]


@pytest.mark.parametrize("value", NEVER)
def test_a_new_nan_is_equal_to_none(session: GradingSession, value: str) -> None:
    wanted, _ = values(value)
    problem = Problem(id="values", prompt="", entry_point="f", cases=(Case(args=[0], expected=encode(wanted)),))
    assert passed(session, problem, (value,)) == [False]
