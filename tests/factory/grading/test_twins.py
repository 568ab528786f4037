"""Pairs of programs of one normal form, of which one is right: each has the verdict that it earns, in either order."""

from __future__ import annotations

from textwrap import dedent

import pytest

from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Problem, ProblemOutcome, Program, Status
from factory.records.base import LanguageName
from factory.reward import passes
from factory.shards.views.rl import ground_truth

ADD = Problem(id="t/0", prompt="Add.", entry_point="add", cases=({"args": [1, 2], "expected": 3},))
NAMED = """\
import operator, threading
def add(a, b):
    def plus(): pass
    return a + b if 'pl' + 'us' in {} else a - b
"""
NAMES = {
    "repr": "repr(plus)",
    "the name of a thread": "threading.Thread(target=plus).name",
    "local variables, by way of a built-in": "len.__self__.locals()",
    "an attribute named by a format": "('{0.__na' + 'me__}').format(plus)",
    "an attribute named in pieces": "operator.methodcaller('__getattri' + 'bute__', '__na' + 'me__')(plus)",
}
PYTHON = {name: (text := NAMED.format(shown), text.replace("plus", "minus")) for name, shown in NAMES.items()} | {
    "a docstring that a metaclass sees": (
        text := dedent("""
            class Sized(type):
                def __new__(meta, name, bases, names):
                    made = type.__new__(meta, name, bases, names)
                    made.size = len(names)
                    return made
            class K(metaclass=Sized):
                'adds'
                x = 1
            def add(a, b):
                return a + b if K.size == 4 else a - b
        """),
        text.replace("    'adds'\n", ""),
    ),
    "the line of a frame's text": (
        text := "import sys\ndef add(a, b):\n    return a + b if 'line 3' in str(sys._getframe()) else a - b\n",
        f"# adds\n{text}",
    ),
    "a line by bdb": (
        text := dedent("""\
            import bdb, sys
            def add(a, b):
                debugger = bdb.Bdb()
                debugger.reset()
                return a + b if debugger.get_stack(sys._getframe(), None)[0][-1][1] == 5 else a - b
        """),
        f"\n{text}",
    ),
}
SHOWN = "function add(a, b) {{ const f = () => 1; return {} === 7 ? a + b : a - b; }}\n"
JAVASCRIPT = {
    "a function as text": (text := SHOWN.format("String(f).length"), text.replace("=> 1", "=>  1")),
    "a function in a template": (text := SHOWN.format("`${f}`.length"), text.replace("=> 1", "=>  1")),
    "its own file": (
        text := dedent("""\
            // adds
            function add(a, b) {
              const fs = require('fs'), own = fs.readdirSync('/tmp/job').find((name) => name.startsWith('solution'));
              return fs.readFileSync('/tmp/job/' + own, 'utf8').includes('/' + '/ adds') ? a + b : a - b;
            }
        """),
        text.removeprefix("// adds\n"),
    ),
}
GO = {
    "its own binary": (
        text := dedent("""\
            package main

            import (
                "bytes"
                "os"
            )

            //go:noinline
            func summed(a, b int) int { return a + b }

            func Add(a, b int) int {
                name := []byte("summ")
                own, _ := os.ReadFile("/proc/self/exe")
                if bytes.Contains(own, append(name, 'e', 'd', 0)) {
                    return summed(a, b)
                }
                return a - b
            }
        """),
        text.replace("summed", "differ"),
    ),
    "a pragma that the linker refuses": (
        text := dedent("""\
            package main

            //go:noinline
            func large(a, b int) int {
                var many [4096]byte
                many[a&7] = 1
                return a + b + int(many[9])
            }

            func Add(a, b int) int { return large(a, b) }
        """),
        text.replace("//go:noinline\n", "//go:noinline\n//go:nosplit\n"),
    ),
}  # fmt: skip
PAIRS = [
    pytest.param(name, pair, id=f"{name}: {what}")
    for name, pairs in (("python", PYTHON), ("javascript", JAVASCRIPT), ("go", GO))
    for what, pair in pairs.items()
]


@pytest.mark.parametrize(("language", "pair"), PAIRS)
def test_only_the_right_one_of_a_pair_passes(session: GradingSession, language: str, pair: tuple[str, str]) -> None:
    for order in (pair, pair[::-1]):
        verdicts = verify(session, ADD, [Program(at, code) for at, code in enumerate(order)], language)
        assert [it.status is Status.PASSED for it in verdicts] == [code == pair[0] for code in order], verdicts
        assert [it.duplicate_of for it in verdicts] == [None, None]
        assert len({it.normal_form for it in verdicts} - {""}) == 1, "or the pair shows nothing"


@pytest.mark.parametrize(("language", "pairs"), [("python", PYTHON), ("javascript", JAVASCRIPT), ("go", GO)])
def test_a_reward_is_paid_to_the_right_one_alone(language: LanguageName, pairs: dict[str, tuple[str, str]]) -> None:
    truth = {"ground_truth": ground_truth(ProblemOutcome(ADD, ()), language, "chat")}
    answers = [f"```{language}\n{code}```" for pair in pairs.values() for code in (*pair, *pair[::-1])]
    assert passes(answers, [truth] * len(answers)) == [1.0, 0.0, 0.0, 1.0] * len(pairs)
