"""Whatever a text or an answer holds, reading it ends in a value or in the one error that a verdict is made of.

The same examples every time; `FUZZ=20000 pytest tests/factory/test_fuzz.py` tries as many, by chance.
"""

from __future__ import annotations

import json
import math
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.grading.extract import extract
from factory.grading.judge import Judge
from factory.languages import language
from factory.languages.base import Unfit
from factory.languages.go.answers import GoAnswer
from factory.languages.javascript.answers import JavaScriptAnswer
from factory.records import Problem, Rollout, Run
from factory.records.values import Unreadable, dumps, encode, read
from factory.review.suggested import suggested
from sandbox.contract import Answer, AnswerKind, read_answers

MORE = int(os.environ.get("FUZZ", "0"))
fuzzed = settings(
    max_examples=MORE or 60,
    derandomize=not MORE,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

PIECES = st.sampled_from(
    (
        *(
            "```",
            "```python\n",
            "```go\n",
            "```js\n",
            "~~~",
            "\n",
            "\n\n",
            " ",
            "    ",
            "> ",
            "<think>",
            "</think>",
            "\t",
        ),
        *(
            "def f(x):\n",
            "    return x\n",
            "class A:\n",
            "import os\n",
            "from __future__ import x\n",
            "x = 1\n",
            "(",
            ")",
        ),
        *(
            "package main\n",
            "func F(x int) int {\n",
            "}\n",
            "func main() {",
            "import (\n",
            "var f = ",
            "//",
            "/*",
            "*/",
        ),
        *("function f(x) {", "const f = ", "=>", "export ", "module.exports", "`", "${", "}", ";", "'''", '"', "\\"),
        *("\r\n", "\x0c", "\ud800", "\u2028", "é", "\0", "#", "# coding: latin-1\n", "input()", "f", ".", "=", "@"),
    )
)
TEXTS = st.lists(st.one_of(PIECES, PIECES, PIECES, st.text(max_size=8)), max_size=25).map("".join)

NUMBERS = st.one_of(
    st.integers(),
    st.integers(-3, 3),
    st.integers(10**300, 10**310),
    st.floats(),
    st.sampled_from([True, False, 0.0, -0.0, 1e308, 2**61 - 1]),
)
HASHED = st.recursive(
    st.one_of(st.none(), NUMBERS, st.text(max_size=4), st.binary(max_size=4), st.complex_numbers()),
    lambda inner: st.one_of(st.lists(inner, max_size=3).map(tuple), st.frozensets(inner, max_size=3)),
    max_leaves=6,
)
VALUES = st.recursive(
    HASHED,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.sets(HASHED, max_size=4),
        st.dictionaries(HASHED, inner, max_size=4),
    ),
    max_leaves=12,
)
"""Plain values of every type."""
TAGS = ("tuple", "set", "frozenset", "bytes", "float", "complex", "int", "dict", "map", "object", "odd")
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.integers(), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.builds(lambda tag, value: {"$": tag, "v": value}, st.sampled_from(TAGS), inner),
        st.builds(
            lambda tag, pairs: {"$": tag, "v": pairs},
            st.sampled_from(TAGS),
            st.lists(st.lists(inner, min_size=2, max_size=2), max_size=3),
        ),
    ),
    max_leaves=12,
).map(json.dumps)
"""Tagged and odd JSON texts."""
KINDS = ("string", "int", "float", "bool", "complex", "bytes", "bigint", "error", "slice", "array", "map", "struct")
GO = st.builds(
    lambda types, results: json.dumps({"types": types, "results": results}),
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from((*KINDS, "pointer", "interface", "other")), st.just("T"), st.integers(0, 3)),
            st.tuples(st.just("map"), st.just("map[a]b"), st.integers(0, 3), st.integers(0, 3)),
            st.tuples(st.just("int"), st.just("int"), st.sampled_from(("int", "int32", "uint8"))),
            st.tuples(
                st.just("struct"), st.just("T"), st.lists(st.tuples(st.just("A"), st.integers(0, 3)), max_size=2)
            ),
        ),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.tuples(st.integers(0, 4), JSON.map(json.loads)), max_size=3),
)


CALLS = st.sampled_from(
    ("f(1)\n", "f(x=2)", "assert x > 0\n", "assert f(", "f([", "]", "{1: 2}", "-", "'\\ud800'", "f(")
)


@fuzzed
@given(st.lists(st.one_of(CALLS, PIECES), max_size=25).map("".join), st.sampled_from(("chat", "completion")))
def test_what_a_model_suggests_is_read_or_left_out(text: str, mode: Any) -> None:
    answer = Rollout(problem_id="t/0", index=0, mode=mode, text=text)
    for asked in (_problem(1, starter_code="def f(x):\n"), _stream("1")):
        found = suggested(answer, asked)
        for case in found.inputs:
            assert (case.stdin is None) == (asked.entry_point is not None)
            case.model_dump_json().encode()
        for condition in found.preconditions:
            compile(condition, "condition", "eval")


@fuzzed
@given(TEXTS, st.sampled_from(("chat", "code", "completion")), st.sampled_from(("python", "go", "javascript")))
def test_a_program_is_found_or_there_is_a_reason(text: str, mode: Any, name: str) -> None:
    problem = _problem(1, starter_code="def f(x):\n")
    rollout = Rollout(problem_id="t/0", index=0, mode=mode, text=text)
    for asked in (problem, _stream("1")):
        program = extract(rollout, asked, language(name))
        assert (program.code is None) == bool(program.detail)
        if mode == "chat" and program.code is not None:
            assert all(line.strip() in text for line in program.code.split("\n"))


@fuzzed
@given(st.one_of(JSON, st.text(max_size=30)))
def test_an_answer_is_read_or_unreadable(text: str) -> None:
    try:
        value = read(text)
    except Unreadable:
        return
    assert _same(read(dumps(value)), value)


@fuzzed
@given(VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert _same(read(dumps(value)), value)


COMPARISONS: list[dict[str, Any]] = [
    *({"kind": kind} for kind in ("equal", "exact", "float", "unordered", "tokens")),
    *({"kind": kind, "tuples_as_lists": True} for kind in ("equal", "unordered")),
    {
        "kind": "predicate",
        "predicate": "set(answer) == {1} or sum(answer, []) == [] or sorted(answer)[0] in str(answer)",
    },
    {
        "kind": "predicate",
        "predicate": "dict(answer) == {1: 2} or float(answer) < round(answer, 2) or len(answer) == 3",
    },
]


@fuzzed
@given(VALUES, VALUES, st.sampled_from(COMPARISONS))
def test_every_answer_has_a_verdict(got: Any, want: Any, comparison: dict[str, Any]) -> None:
    judge = Judge(_problem(want, comparison=comparison), language("python").fit, lambda case, answer: None)
    for value in (got, want):
        judgement = judge.judge(Run((Answer(AnswerKind.VALUE, dumps(value)),)))
        assert judgement.status in ("passed", "wrong_answer")
    if comparison["kind"] != "predicate" and not _has_nan(want) and not comparison.get("tuples_as_lists"):
        assert judgement.status == "passed", "what is expected"


@fuzzed
@given(
    st.text(max_size=30),
    st.text(max_size=30),
    st.sampled_from(({"kind": "equal"}, {"kind": "tokens", "numbers": True})),
)
def test_every_output_has_a_verdict(got: str, want: str, comparison: dict[str, Any]) -> None:
    judge = Judge(_stream(want, comparison=comparison), language("python").fit, lambda case, answer: None)
    assert judge.judge(Run((got,))).status in ("passed", "wrong_answer")
    assert judge.judge(Run((want + " \n\n",))).status == "passed"


@fuzzed
@given(st.one_of(JSON, GO), VALUES)
@pytest.mark.parametrize(("name", "kind"), [("go", GoAnswer), ("javascript", JavaScriptAnswer)])
def test_an_answer_of_another_language_fits_or_not(name: str, kind: Any, text: str, want: Any) -> None:
    try:
        value = language(name).fit(kind(text), want)
    except Unfit:
        return
    encode(value)


@fuzzed
@given(
    st.lists(st.one_of(st.binary(max_size=6), st.sampled_from(FRAMES := [b"R\0\0\0\0", b"V\0\0\0\0011", b"Z\0\0\0\0"])))
)
def test_frames_are_believed_only_in_their_order(parts: list[bytes]) -> None:
    answers = read_answers(b"".join(parts), 2)
    assert not answers.complete or (len(answers.answers) == 2 and answers.forged is None)


def _problem(expected: Any, **fields: Any) -> Problem:
    cases = [{"args": [1], "expected": encode(expected)}]
    return Problem.model_validate({"id": "t/0", "prompt": "", "entry_point": "f", "cases": cases} | fields)


def _stream(expected: str, **fields: Any) -> Problem:
    return Problem.model_validate({"id": "t/0", "prompt": "", "cases": [{"stdin": "", "stdout": expected}]} | fields)


def _same(one: Any, other: Any) -> bool:
    """Equal, of the same types, as their texts tell."""
    return type(one) is type(other) and dumps(one) == dumps(other)


def _has_nan(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_nan, (*value, *value.values())))
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(_has_nan, value))
    return value != value or (isinstance(value, complex) and math.isnan(abs(value)))
