"""Host time is linear in what a model, a program or a problem file wrote, whatever that is.

No test here knows a time: each compares the CPU time of a text with that of one several times as long
(`assert_grows` in conftest.py); at these sizes, what is quadratic is far above the bound.
"""

from __future__ import annotations

import ast
import functools
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from factory.decontamination.matcher import tokens as words
from factory.grading.blocks import fenced, indented, quoted, tagged
from factory.grading.comparison import close, exact, same_lines, tokens, unordered
from factory.grading.extract import find
from factory.languages import language
from factory.languages.go.answers import GoAnswer
from factory.languages.go.fit import fit as go_fit
from factory.languages.javascript import normal_form as javascript_form
from factory.languages.javascript.answers import JavaScriptAnswer
from factory.languages.javascript.fit import fit as javascript_fit
from factory.languages.javascript.names import defined
from factory.languages.python import entry, functions, imports, normal_form
from factory.languages.python.literals import show
from factory.languages.python.parse import parse
from factory.languages.python.reach import reached
from factory.languages.python.tables import pairs
from factory.problems.parsing import objects, statement, suite
from factory.records import reasoning
from factory.records.predicate import predicate
from factory.records.values import read
from factory.selection.diversity import features

SIZE = 2000
AssertLinear = Callable[..., None]


@pytest.fixture(scope="module")
def assert_linear(assert_grows: Callable[..., None], cpu_s: Callable[..., float]) -> Callable[..., None]:
    def check(work: Callable[[Any], object], make: Callable[[int], Any], size: int = SIZE) -> None:
        made = functools.cache(make)
        assert_grows(lambda length: cpu_s(lambda: work(made(length))), size)

    return check


UNITS = (
    *(" ", "\n", "\t", "\r\n", "a", "a ", "a\n", "é", "0", "_", ".", ",", ";", ":", "=", "(", ")", "[", "]", "{", "}"),
    *("`", "```", "```\n", "~~~\n", "``` a", "> ", ">", "<think>", "</think>", "<think></think>", "'", '"', "'''\n"),
    *('"""', "\\", '\\"', "\\'", "\\\n", "/", "//", "/*", "a/*", "*/", "${", "#", "#!", "<!--", "-->", "a = 1\n"),
    *("def f\n", "def f(:\n", "class A:\n", "import a\n", "from ", "func ", "func (\n", "func main", "var f\n"),
    *("function ", "function f", "const ", "export ", "exports.", "module.exports ", "f\n", "f =", "x = (\n"),
    *("input ", "open(", "stdin ", "if 1:\n", "package a\n", "type a ", "10 ", "error ", "uppercase or lowercase "),
    *("<think> ", "a </think> ", "'</think>'", "[THINK]", "<|channel|>analysis<|message|>", "assistantfinal"),
    *("<a>", "</a>", "<a b=", "[CODE]", "[DONE]", "\\begin{a}", '"a": "', "'a': '", '"a": "\\"', "    a\n"),
    *(
        "\n    a\n",
        "analysis",
        "`a`\n",
        "\u200b",
        "\u00a0",
        "a\u200b",
        "&lt;",
        ">>> a\n",
        "f = a\n",
        "func f() {\n",
        "function f() {",
    ),
    *("any ", "print any ", "many ", "-1", "1e", "f(1)\n", "\u2028", "\x0c", "\ud800", "\0", "elif a:\n b\n"),
)
FRAMES = (("", ""), ("```", "`"), ("def f():\n '''\n", ""), ("const f = ", ";"), ('x = "', "\\"), ("```python\n", ""))
UNCLOSED = (" ", "\n", "a", "\\", '\\"', "\\'", "a/*", "(", "> ", "x = (\n")
PYTHON, GO, JAVASCRIPT = map(language, ("python", "go", "javascript"))


def _of_tree(work: Callable[[ast.Module], object]) -> Callable[[str], object]:
    """`work` on the tree of a text that is a program."""

    def parsed(text: str) -> object:
        tree = parse(text)
        return work(tree) if isinstance(tree, ast.Module) else None

    return parsed


def _in(do: Callable[[str, Any], object], target: Any) -> Callable[[str], object]:
    return lambda text: do(text, target)


MANY = "from math import *\nfrom typing import *\nimport sys\nsys.setrecursionlimit(9)\n"
READERS: dict[str, Callable[[str], object]] = {
    "reasoning": reasoning.split,
    "fences": lambda text: list(fenced(text)),
    "tags": lambda text: list(tagged(text)),
    "values of JSON": lambda text: list(quoted(text)),
    "indented lines": lambda text: list(indented(text)),
    **{
        f"{kind} {target.name}": _in(do, target)
        for target in (PYTHON, GO, JAVASCRIPT)
        for kind, do in {
            "defines": lambda text, target: target.defines(text, "f"),
            "defines a program": lambda text, target: target.defines(text, None),
            "looks like": lambda text, target: target.looks_like(text),
            "solves": lambda text, target: target.solves(text, "f"),
            "solves as a program": lambda text, target: target.solves(text, None),
            "joined": lambda text, target: target.joined(f"f = {text}", [text, text]),
            "completed": lambda text, target: target.completed("def f():\n", text, "f"),
            "features": lambda text, target: features(text, target.name),
        }.items()
    },
    "names": defined,
    "normal form of JavaScript": javascript_form.key,
    "normal form": lambda text: _of_tree(lambda tree: normal_form.key(text, tree))(text),
    "imports": lambda text: _of_tree(lambda tree: imports.fix(text, tree, text))(text),
    "prelude": lambda text: _of_tree(lambda tree: imports.fix(text, tree, "", text))(text),
    "prelude of many": lambda text: _of_tree(lambda tree: imports.fix(text, tree, "", MANY))(text),
    "entry point": lambda text: _of_tree(lambda tree: entry.under_its_name(text, tree, "Solution.f"))(text),
    "functions": lambda text: functions.function_keys(text, 20),
    "tables": lambda text: pairs(text, "f"),
    "words": words,
    "statement": statement.of_calls,
    "statement of a program": statement.of_streams,
    "objects": lambda text: objects.signature(text, "f"),
    "objects of tests": lambda text: objects.of_check(text, objects.Signature(("x",))),
    "tests": lambda text: suite.of_file(text, "f"),
    "lines": lambda text: same_lines(text, "1"),
    "tokens": lambda text: tokens(text, f"1.5 {text}", 0.1, 0.1, numbers=True, any_case=True),
    "shown": show,
}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_of_texts_is_linear(name: str, assert_linear: AssertLinear) -> None:
    for unit in UNITS:
        assert_linear(READERS[name], lambda size, unit=unit: unit * (size // len(unit)))
    for (before, after), unit in itertools.product(FRAMES, UNCLOSED):
        assert_linear(
            READERS[name],
            lambda size, unit=unit, before=before, after=after: before + unit * (size // len(unit)) + after,
        )


@pytest.mark.parametrize("target", [PYTHON, GO, JAVASCRIPT], ids=lambda target: target.name)
@pytest.mark.parametrize(
    "unit",
    [" ", "\n", "```\n", "``` a\n", "> ```\n", "<think></think>", "export f\n", "</think>", "a <think> ", "<a>", "</a>",
     "[CODE]", '"a": "', "    a\n", "\n    a\n", "\u200b", "a\u00a0", "`a`\n", "```\na = 1\n```\n", "python\n"],
)  # fmt: skip
def test_finding_a_program_is_linear(target: Any, unit: str, assert_linear: AssertLinear) -> None:
    assert_linear(lambda text: find(text, "f", target), lambda size: unit * (size // len(unit)))


def _alike(size: int) -> list[int]:
    return [k * (2**61 - 1) for k in range(1, size // 4)]


def _written(kind: str) -> Callable[[int], str]:
    return lambda size: json.dumps({"$": kind, "v": [{"$": "int", "v": str(one)} for one in _alike(size)]})


ANSWERS: dict[str, tuple[Callable[[Any], object], Callable[[int], Any]]] = {
    "a set": (read, _written("set")),
    "a frozenset": (read, _written("frozenset")),
    "a dict": (
        read,
        lambda size: json.dumps({"$": "dict", "v": [[{"$": "int", "v": str(k)}, 0] for k in _alike(size)]}),
    ),
    "in any order": (lambda value: unordered(value, [1, 2]), _alike),
    "in any order, inside": (lambda value: unordered([dict.fromkeys(value, 0)], [{1: 2}]), lambda size: range(size)),
    "set() of a predicate": (predicate("set(answer) == {1}"), _alike),
    "sum() of a predicate": (predicate("sum(answer, []) == [1]"), lambda size: [[1]] * size),
    "sum() of tuples": (predicate("sum(answer, ()) == (1,)"), lambda size: [(1,)] * size),
    "floats": (lambda value: close(value, value[::-1], 0.1, 0.1), lambda size: [float(n) for n in range(size)]),
    "of exact type": (lambda value: exact(value, value[::-1]), lambda size: [{n} for n in range(size)]),
    "shown": (show, _alike),
    "many Arrays where one long is expected": (
        lambda text: javascript_fit(JavaScriptAnswer(text), [list(range(text.count("[")))]),
        lambda size: f"[{','.join(['[1]'] * size)}]",
    ),
    "many objects where a large one is expected": (
        lambda text: javascript_fit(JavaScriptAnswer(text), [dict.fromkeys(map(str, range(text.count("[[]]"))), 1)]),
        lambda size: "[" + ",".join(['{"$":"object","v":[]}'] * size) + "]",
    ),
    "a Set of JavaScript": (
        lambda text: javascript_fit(JavaScriptAnswer(text), None),
        lambda size: '{"$":"set","v":[' + ",".join(f'{{"$":"int","v":"{one:x}"}}' for one in _alike(size)) + "]}",
    ),
    "many slices where one long is expected": (
        lambda text: go_fit(GoAnswer(text), [list(range(text.count("[1]")))]),
        lambda size: (
            '{"types":[["int","int","int"],["slice","[]int",0],["slice","[][]int",1]],"results":[[2,['
            + ",".join(["[1]"] * size)
            + "]]]}"
        ),
    ),
    "many structs where a large dict is expected": (
        lambda text: go_fit(GoAnswer(text), [dict.fromkeys(map(str, range(text.count("[1]"))), 1)]),
        lambda size: (
            '{"types":[["int","int","int"],["struct","T",[["A",0]]],["slice","[]T",1]],"results":[[2,['
            + ",".join(["[1]"] * size)
            + "]]]}"
        ),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_reading_and_comparing_an_answer_is_linear(name: str, assert_linear: AssertLinear) -> None:
    assert_linear(*ANSWERS[name])


MANY_NAMES = "def f(): pass\ndef g():\n global {}\n"
REACHED: dict[str, Callable[[int], str]] = {
    "a chain of functions": lambda size: "".join(f"def f{n}(): f{n + 1}()\n" for n in range(size // 2)),
    "setattr in one statement": lambda size: "def f(): pass\nif 1:\n" + " setattr(f, 'a', 1)\n" * (size // 4),
    "globals in one statement": lambda size: f"def f(): pass\nx = [{'globals(), ' * (size // 2)}]\n",
    "calls of what changes many names": lambda size: MANY_NAMES.format(_names(size // 2)) + "g()\n" * (size // 2),
    "what changes many names is given away": lambda size: MANY_NAMES.format(_names(size // 2)) + "h(g)\n" * (size // 2),
    "calls of what has many parameters": lambda size: f"def f(): pass\ndef g({_names(size)}): pass\n" + "g(1)\n" * size,
}


def _names(count: int) -> str:
    return ", ".join(f"a{number}" for number in range(count))


@pytest.mark.parametrize("kind", REACHED)
def test_what_a_program_reaches_is_found_in_linear_time(kind: str, assert_linear: AssertLinear) -> None:
    assert_linear(lambda tree: reached(tree, "f0" if "chain" in kind else "f"), lambda n: ast.parse(REACHED[kind](n)))
