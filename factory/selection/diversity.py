"""How different two programs are: their features are what they do step by step, without names and numbers.

Read by tokens, the same way in every language: words of control flow, operators, what is called, and how deep
loops are nested, as counted runs of three (shingles: Broder 1997, "On the resemblance and containment of
documents"). Names, constants, comments and imports do not count, nor what a program's own functions are called.
Does not promise to tell every two algorithms apart, nor that two programs far apart are two algorithms.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from factory.languages import language

_TOKEN = r'''
    (?P<skip>{comment}[^\n]*|/\*.*?(?:\*/|\Z)|"""(?:[^\\]|\\.)*?(?:"""|\\?\Z)|\'\'\'(?:[^\\]|\\.)*?(?:\'\'\'|\\?\Z)
        |(?m:^[ \t]*(?:import|from|package|using)\b[^\n(]*))
    |(?P<text>(?<!\\)"(?:[^"\\\n]|\\.)*+"|(?<!\\)'(?:[^'\\\n]|\\.)*+'|`[^`]*`|\b[0-9][\w.]*)
    |(?P<loop>(?m:^[ \t]*(?:for|while)\b))
    |(?P<defined>\b(?:def|func|function|const|let|var)[ \t]+\w+)
    |(?P<called>\.?[^\W\d]\w*(?=\())
    |(?P<word>[^\W\d]\w*)
    |(?P<operator>[-+*/%<>=!&|^~?]+|\[)
'''
_CONTROL = frozenset(
    "and async await break case catch chan class continue default defer del elif else except finally for func "
    "function go goto if in is lambda map match new not of or raise range return select switch throw try while with "
    "yield".split()
)
RUN = 3
Features = Counter[tuple[str, ...]]


def features(code: str, name: str) -> Features:
    """How often each run of three steps occurs in `code`, a program in the language called `name`."""
    steps = ["", "", *_steps(code, language(name).comment), "", ""]
    return Counter(zip(*(steps[start:] for start in range(RUN)), strict=False))


def distance(one: Features, other: Features) -> float:
    """0 where the features are equal, 1 where they share no feature: one less their weighted Jaccard similarity."""
    shared = sum(min(count, other[run]) for run, count in one.items())
    return 1 - shared / (one.total() + other.total() - shared)


def _steps(code: str, comment: str) -> Iterator[str]:
    own: set[str] = set()
    loops: list[int] = []
    """Indents of the loops around, outermost first."""
    for found in re.finditer(_TOKEN.format(comment=re.escape(comment)), code, re.VERBOSE | re.DOTALL):
        kind, text = found.lastgroup, found.group()
        if kind == "defined":
            own.add(text.split()[-1])
            yield "def"
        elif kind == "loop":
            indent = len(text.expandtabs()) - len(text.strip())
            while loops and loops[-1] >= indent:
                loops.pop()
            loops.append(indent)
            yield f"loop{len(loops)}"
        elif kind == "called":
            yield "own" if text.lstrip(".") in own else text
        elif kind == "word":
            yield text if text in _CONTROL else "name"
        elif kind == "text":
            yield "text"
        elif kind == "operator":
            yield text
