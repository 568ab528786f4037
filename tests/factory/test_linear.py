"""Host time is linear in what a model, a program or a problem file wrote, whatever that is.

No test here knows a time: each compares the CPU time of a text with that of one `TIMES` as long. What is quadratic
takes `TIMES` squared. `FLOOR_S` is below what a clock can tell apart; at these sizes, what is quadratic is far above.
"""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from factory.decontamination.matcher import tokens as words
from factory.filters.debug_output import DebugOutput
from factory.grading.comparison import close, exact, same_lines, tokens, unordered
from factory.grading.extract import complete, fenced, find, without_reasoning
from factory.inputs.generate import inputs
from factory.languages import language
from factory.languages.go.answers import GoAnswer
from factory.languages.go.fit import fit as go_fit
from factory.languages.javascript import normal_form as javascript_form
from factory.languages.javascript.answers import JavaScriptAnswer
from factory.languages.javascript.fit import fit as javascript_fit
from factory.languages.javascript.names import defined
from factory.languages.python import functions, imports, normal_form
from factory.languages.python.literals import show
from factory.languages.python.parse import parse
from factory.languages.python.reach import reached
from factory.languages.python.tables import pairs
from factory.problems.parsing import contest, statement, suite
from factory.records import Problem, Verdict
from factory.records.predicate import predicate
from factory.records.values import Unreadable, read
from factory.report.page.highlight import highlighted
from factory.selection.diversity import features
from factory.selection.near_duplicates import _shingles

SIZE, TIMES, MOST = 3000, 4, 9
FLOOR_S = 0.0005


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of `work`, the least of three; what it raises is what it does."""
    found = []
    for _ in range(3):
        start = time.thread_time()
        try:
            work()
        except (ValueError, RecursionError):
            pass
        found.append(time.thread_time() - start)
    return max(min(found), FLOOR_S)


def assert_linear(work: Callable[[Any], object], make: Callable[[int], Any], size: int = SIZE) -> None:
    small, large = make(size), make(TIMES * size)
    assert cpu_s(lambda: work(large)) < MOST * cpu_s(lambda: work(small)), f"quadratic in {make(3)!r}"


UNITS = (
    *(" ", "\n", "\t", "\r\n", "a", "a ", "a\n", "é", "0", "_", ".", ",", ";", ":", "=", "(", ")", "[", "]", "{", "}"),
    *("`", "```", "```\n", "~~~\n", "``` a", "> ", ">", "<think>", "</think>", "<think></think>", "'", '"', "'''\n"),
    *('"""', "\\", '\\"', "\\'", "\\\n", "/", "//", "/*", "a/*", "*/", "${", "#", "#!", "<!--", "-->", "a = 1\n"),
    *("def f\n", "def f(:\n", "class A:\n", "import a\n", "from ", "func ", "func (\n", "func main", "var f\n"),
    *("function ", "function f", "const ", "export ", "exports.", "module.exports ", "f\n", "f =", "x = (\n"),
    *("input ", "open(", "stdin ", "if 1:\n", "package a\n", "type a ", "10 ", "error ", "uppercase or lowercase "),
    *("any ", "print any ", "many ", "-1", "1e", "f(1)\n", "\u2028", "\x0c", "\ud800", "\0", "elif a:\n b\n"),
)
FRAMES = (("", ""), ("```", "`"), ("def f():\n '''\n", ""), ("const f = ", ";"), ('x = "', "\\"), ("```python\n", ""))
PROBLEM = Problem.model_validate(
    {"id": "t/0", "prompt": "", "entry_point": "f", "cases": [{"args": [1], "expected": 1}]}
)
PYTHON, GO, JAVASCRIPT = map(language, ("python", "go", "javascript"))


def _verdict(code: str, name: str) -> Verdict:
    return Verdict("t/0", 0, name, "passed", "", code=code)  # type: ignore[arg-type]


def _of_tree(work: Callable[[ast.Module], object]) -> Callable[[str], object]:
    """`work` on the tree of a text that is a program."""

    def parsed(text: str) -> object:
        tree = parse(text)
        return work(tree) if isinstance(tree, ast.Module) else None

    return parsed


READERS: dict[str, Callable[[str], object]] = {
    "reasoning": without_reasoning,
    "fences": lambda text: list(fenced(text)),
    **{
        f"{kind} {target.name}": (lambda text, target=target, do=do: do(text, target))
        for target in (PYTHON, GO, JAVASCRIPT)
        for kind, do in {
            "find": lambda text, target: find(text, "f", target),
            "find a program": lambda text, target: find(text, None, target),
            "defines": lambda text, target: target.defines(text, "f"),
            "defines a program": lambda text, target: target.defines(text, None),
            "looks like": lambda text, target: target.looks_like(text),
            "features": lambda text, target: features(text, target.name),
            "shingles": lambda text, target: _shingles(text, target.name),
            "page": lambda text, target: highlighted(text, target.name),
            "debug output": lambda text, target: DebugOutput().reasons(PROBLEM, [_verdict(text, target.name)]),
        }.items()
    },
    "complete": lambda text: complete("def f():\n", text, "f", PYTHON),
    "names": defined,
    "normal form of JavaScript": javascript_form.key,
    "normal form": lambda text: _of_tree(lambda tree: normal_form.key(text, tree, frozenset()))(text),
    "imports": lambda text: _of_tree(lambda tree: imports.fix(text, tree, text))(text),
    "functions": lambda text: functions.function_keys(text, 20),
    "tables": lambda text: pairs(text, "f"),
    "words": words,
    "statement": statement.of_calls,
    "statement of a program": statement.of_streams,
    "objects": contest.refuse_objects,
    "tests": lambda text: suite.of_file(text, "f"),
    "lines": lambda text: same_lines(text, "1"),
    "tokens": lambda text: tokens(text, f"1.5 {text}", 0.1, 0.1, numbers=True, any_case=True),
    "shown": show,
}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_of_texts_is_linear(name: str) -> None:
    for before, after in FRAMES:
        for unit in UNITS:
            assert_linear(
                READERS[name], lambda size, unit=unit: before + unit * (size // len(unit)) + after  # noqa: B023
            )
