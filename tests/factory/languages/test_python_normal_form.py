"""Pairs of programs that share a key, and pairs that must not. Equal keys decide what is chosen, never a verdict."""

from __future__ import annotations

from textwrap import dedent

import pytest

from factory.languages.python.normal_form import key
from factory.languages.python.parse import parse
from factory.records import Rejection


def key_of(source: str) -> str:
    text = dedent(source)
    tree = parse(text)
    assert not isinstance(tree, Rejection), tree
    return key(text, tree)


SAME = {
    "comments": ("def f(x):\n    return x  # one\n", "# top\ndef f(x):\n    # here\n    return x\n"),
    "formatting": ("def f(a,b): return (a+b)", "def f(\n    a,\n    b,\n):\n    return a + b\n"),
    "quotes": ("def f(): return 'a' \"b\"", 'def f(): return "ab"'),
    "literal spellings": ("def f(): return 0x10 + 1_000", "def f(): return 16 + 1000"),
    "docstrings": ('"""m"""\ndef f(x):\n    """doc"""\n    return x', "def f(x):\n    'other'\n    return x"),
    "only a docstring": ('def f(x):\n    """doc"""', "def f(x):\n    pass"),
    "class docstring": ('class A:\n    """doc"""\n    x = 1', "class A:\n    x = 1"),
    "parameters": ("def f(xs, n): return xs[n]", "def f(nums, k): return nums[k]"),
    "locals": ("def f(x):\n    y = x\n    return y", "def f(x):\n    zz = x\n    return zz"),
    "a loop's": ("def f(xs):\n    for x in xs: print(x)", "def f(xs):\n    for item in xs: print(item)"),
    "a tuple's": (
        "def f(d):\n    for k, (a, *b) in d: print(k, a, b)",
        "def f(d):\n    for p, (q, *r) in d: print(p, q, r)",
    ),
    "a comprehension's": ("def f(xs): return [x*x for x in xs if x]", "def f(v): return [i*i for i in v if i]"),
    "nested comprehensions'": (
        "def f(m): return {(a, b) for r in m for a in r for b in r}",
        "def f(g): return {(i, j) for row in g for i in row for j in row}",
    ),
    "a lambda's": ("def f(xs): return sorted(xs, key=lambda p: -p)", "def f(v): return sorted(v, key=lambda q: -q)"),
    "a with's": ("def f(a):\n    with a as b: return b", "def f(p):\n    with p as q: return q"),
    "an except's": (
        "def f():\n    try: pass\n    except ValueError as e: print(e)",
        "def f():\n    try: pass\n    except ValueError as err: print(err)",
    ),
    "a walrus'": ("def f(x): return (y := x) + y", "def f(a): return (b := a) + b"),
    "a match's": (
        "def f(x):\n    match x:\n        case [a, *b]: return a, b\n        case {'k': c, **d}: return c, d",
        "def f(p):\n    match p:\n        case [q, *r]: return q, r\n        case {'k': s, **t}: return s, t",
    ),
    "star parameters": ("def f(*args, **kw): return args, kw", "def f(*xs, **options): return xs, options"),
    "nested functions": (
        "def f(n):\n    def dfs(i): return dfs(i - 1) if i else 0\n    return dfs(n)",
        "def f(m):\n    def go(j): return go(j - 1) if j else 0\n    return go(m)",
    ),
    "nonlocal": (
        "def f():\n    c = 0\n    def g():\n        nonlocal c\n        c += 1\n    g()\n    return c",
        "def f():\n    n = 0\n    def h():\n        nonlocal n\n        n += 1\n    h()\n    return n",
    ),
    "methods' own": (
        "class A:\n    def m(self, x):\n        t = x\n        return t",
        "class A:\n    def m(this, y):\n        u = y\n        return u",
    ),
    "imports in functions": (
        "def f(x):\n    import math as m\n    from os import path as p\n    return m.sqrt(x), p",
        "def f(x):\n    import math as q\n    from os import path as r\n    return q.sqrt(x), r",
    ),
    "a built-in shadowed throughout": ("def f(list): return list[0]", "def f(xs): return xs[0]"),
    "locals in the main guard's shadow": (
        "def f(a): return a\nif __name__ == '__main__':\n    print(f(1))",
        "def f(b): return b\nif __name__ == '__main__':\n    print(f(1))",
    ),
    "sys.stdin": (
        "import sys\ndef main():\n    n = sys.stdin.read()\n    print(n)\nmain()",
        "import sys\ndef main():\n    data = sys.stdin.read()\n    print(data)\nmain()",
    ),
    "re.compile": ("import re\ndef f(s): return re.compile(s)", "import re\ndef f(t): return re.compile(t)"),
    "f-string's values": ("def f(x): return f'{x!r:>5}'", "def f(y): return f'{y!r:>5}'"),
    "an f-string's = written out": ("def f(): return f'{__debug__=}'", "def f(): return f'__debug__={__debug__!r}'"),
    "a utf-8 cookie": ("# -*- coding: utf-8 -*-\ndef f(): return 'é'", "def f(): return 'é'"),
}


@pytest.mark.parametrize("name", SAME)
def test_programs_that_differ_in_nothing_that_counts_share_a_key(name: str) -> None:
    one, other = SAME[name]
    assert one != other
    assert key_of(one) == key_of(other)


DIFFERENT = {
    "constants": ("def f(): return 1", "def f(): return 2"),
    "types of constants": ("def f(): return 1", "def f(): return 1.0"),
    "a bool for an int": ("def f(): return 1", "def f(): return True"),
    "bytes for text": ("def f(): return 'a'", "def f(): return b'a'"),
    "minus zero": ("def f(): return 0.0", "def f(): return -0.0"),
    "None for ...": ("def f(): return None", "def f(): return ..."),
    "operands": ("def f(a, b): return a - b", "def f(a, b): return b - a"),
    "parameters' order": ("def f(a, b): return a", "def f(b, a): return a"),
    "operators": ("def f(a, b): return a < b", "def f(a, b): return a <= b"),
    "is for ==": ("def f(a, b): return a is b", "def f(a, b): return a == b"),
    "defaults": ("def f(a, b=1): return a + b", "def f(a, b=2): return a + b"),
    "which parameter has the default": ("def f(a, *, b=1): return b", "def f(a, b=1): return b"),
    "positional only": ("def f(a, /): return a", "def f(a): return a"),
    "annotations": ("def f(a: int): return a", "def f(a: str): return a"),
    "a return annotation": ("def f(a) -> int: return a", "def f(a): return a"),
    "a local's annotation": ("def f():\n    x: int = 1\n    return x", "def f():\n    x = 1\n    return x"),
    "an annotation that makes a local": ("def f():\n    x: int\n    return x", "def f():\n    return x"),
    "module names": ("total = 1\ndef f(): return 1", "summe = 1\ndef f(): return 1"),
    "the function's name": ("def f(): return 1", "def g(): return 1"),
    "attributes": ("def f(a): return a.x", "def f(a): return a.y"),
    "class attributes": ("class A:\n    x = 1", "class A:\n    y = 1"),
    "class attributes inside a function": (
        "def f():\n    class A:\n        x = 1\n    return A.x",
        "def f():\n    class A:\n        y = 1\n    return A.x",
    ),
    "a class's name, which its objects show": (
        "def f():\n    class P(tuple): pass\n    return str(P)",
        "def f():\n    class Q(tuple): pass\n    return str(Q)",
    ),
    "methods": ("class A:\n    def m(self): pass", "class A:\n    def n(self): pass"),
    "a local like a built-in used elsewhere": (
        "def g(xs):\n    max = 0\n    return max\ndef f(xs): return max(xs)",
        "def g(xs):\n    min = 0\n    return min\ndef f(xs): return min(xs)",
    ),
    "a local like a built-in, and one like nothing": (
        "def g(xs):\n    sum = 0\n    return sum\ndef f(xs): return sum(xs)",
        "def g(xs):\n    total = 0\n    return total\ndef f(xs): return total(xs)",
    ),
    "a comprehension's variable like a built-in used around it": (
        "def f(xs):\n    ys = [max for max in xs]\n    return max(ys)",
        "def f(xs):\n    ys = [min for min in xs]\n    return min(ys)",
    ),
    "a lambda's parameter like a built-in used elsewhere": (
        "def f(xs):\n    g = lambda max: max\n    return max(g(xs))",
        "def f(xs):\n    g = lambda min: min\n    return min(g(xs))",
    ),
    "an except's name like a built-in": (
        "def g():\n    try: pass\n    except OSError as max: print(max)\ndef f(xs): return max(xs)",
        "def g():\n    try: pass\n    except OSError as min: print(min)\ndef f(xs): return min(xs)",
    ),
    "a local like an import used elsewhere": (
        "from math import *\ndef g():\n    floor = 0\n    return floor\ndef f(x): return floor(x)",
        "from math import *\ndef g():\n    ceil = 0\n    return ceil\ndef f(x): return ceil(x)",
    ),
    "a nested function like a built-in": (
        "def g():\n    def max(x): return x\n    return max(1)\ndef f(xs): return max(xs)",
        "def g():\n    def min(x): return x\n    return min(1)\ndef f(xs): return min(xs)",
    ),
    "global for local": (
        "c = 0\ndef f():\n    global c\n    c = 1\n    return c",
        "c = 0\ndef f():\n    c = 1\n    return c",
    ),
    "another global": (
        "def g():\n    global a\n    a = 1\ndef f():\n    g()\n    return a",
        "def g():\n    global b\n    b = 1\ndef f():\n    g()\n    return a",
    ),
    "nonlocal for local": (
        "def f():\n    c = 0\n    def g():\n        nonlocal c\n        c = 1\n    g()\n    return c",
        "def f():\n    c = 0\n    def g():\n        c = 1\n    g()\n    return c",
    ),
    "a closure for a local of its own": (
        "def f(x):\n    def g(): return x\n    x = 2\n    return g()",
        "def f(x):\n    def g(x=x): return x\n    x = 2\n    return g()",
    ),
    "shadowing by a comprehension": (
        "def f(x, ys): return [x for x in ys]",
        "def f(x, ys): return [x for y in ys]",
    ),
    "which variable leaves the loop": (
        "def f(xs):\n    i = j = 0\n    for i in xs: pass\n    return i",
        "def f(xs):\n    i = j = 0\n    for j in xs: pass\n    return i",
    ),
    "keywords of calls": (
        "def g(a=0, b=0): return a\ndef f(): return g(a=1)",
        "def g(a=0, b=0): return a\ndef f(): return g(b=1)",
    ),
    "keyword patterns": (
        "def f(p):\n    match p:\n        case P(x=x): return x",
        "def f(p):\n    match p:\n        case P(y=x): return x",
    ),
    "an f-string's =": ("def f(x): return f'{x=}'", "def f(y): return f'{y=}'"),
    "f-string conversions": ("def f(x): return f'{x!r}'", "def f(x): return f'{x!s}'"),
    "a string that is no docstring": ("x = 'a'\ndef f(): return x", "x = 'b'\ndef f(): return x"),
    "async": ("async def f(): return 1", "def f(): return 1"),
    "a decorator": ("import functools\n@functools.cache\ndef f(): return 1", "import functools\ndef f(): return 1"),
    "order of statements": ("def f():\n    a()\n    b()", "def f():\n    b()\n    a()"),
    "what stands in the else": (
        "def f(xs):\n    for x in xs: pass\n    else: g()",
        "def f(xs):\n    for x in xs: pass\n    g()",
    ),
    "the main guard": ("def f(): return 1\nif __name__ == '__main__': f()", "def f(): return 1"),
    "del": ("def f():\n    x = 1\n    del x\n    return x", "def f():\n    x = 1\n    return x"),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_programs_that_differ_in_more_have_different_keys(name: str) -> None:
    one, other = DIFFERENT[name]
    assert key_of(one) != key_of(other)


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    if x == 0: return 0\n" + "".join(f"    elif x == {n}: return {n}\n" for n in range(1, 600)),
        "def f():\n    return 0x" + "f" * 100_000,
        "def f():\n    nonlocal x\n",
        "def f(a, a): return a",
        "",
    ],
    ids=["too deep to walk", "an integer too long to write", "no such nonlocal", "twice the same parameter", "nothing"],
)
def test_every_program_that_parses_has_a_key(source: str) -> None:
    assert len(key_of(source)) == 64
    assert key_of(source) == key_of(source)
    assert key_of(source) != key_of(source + "\nprint(1)\n")
