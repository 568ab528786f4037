"""Reading a Go answer on the host: whatever it holds, a plain value or Unfit comes of it."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Any

import pytest

from factory.languages.base import Unfit
from factory.languages.go import Go
from factory.languages.go.answers import GoAnswer, read_calls
from factory.records import Status
from sandbox import Breach, ExecutionResult, Limits, Usage

INT = ["int", "int", "int"]
STRING = ["string", "string"]


def answer(types: list[Any], *results: Any) -> GoAnswer:
    return GoAnswer(json.dumps({"types": types, "results": list(results)}))


MALFORMED: list[Any] = [
    "",
    "[]",
    "1",
    '"x"',
    "null",
    "{",
    "{}",
    '{"types": {}, "results": {}}',
    '{"types": [], "results": [[0, 1]]}',
    '{"types": [["int"]], "results": [[0, 1]]}',
    '{"types": [["int", "int", "int"]], "results": [[-1, 1]]}',
    '{"types": [["int", "int", "int"]], "results": [[true, 1]]}',
    '{"types": [["int", "int", "int"]], "results": [["0", 1]]}',
    '{"types": [["int", "int", "int"]], "results": [[0, true]]}',
    '{"types": [["int", "int", "int"]], "results": [[0, 1.5]]}',
    '{"types": [["int", "int", "int"]], "results": [[0]]}',
    '{"types": [["int", "int", "int"]], "results": [0]}',
    '{"types": [["int", "int", "int"]], "results": [[0, ' + "9" * 10_000 + "]]}",
    '{"types": [["bool", "bool"]], "results": [[0, 1]]}',
    '{"types": [["float", "float64"]], "results": [[0, 1]]}',
    '{"types": [["float", "float64"]], "results": [[0, "1"]]}',
    '{"types": [["string", "string"]], "results": [[0, ["%%"]]]}',
    '{"types": [["string", "string"]], "results": [[0, null]]}',
    '{"types": [["bytes", "[]byte"]], "results": [[0, "a"]]}',
    '{"types": [["bigint", "big.Int"]], "results": [[0, "xyz"]]}',
    '{"types": [["slice", "[]int", 7]], "results": [[0, [1]]]}',
    '{"types": [["slice", "[]int", "x"]], "results": [[0, [1]]]}',
    '{"types": [["map", "map[]", 1, 1], ["int", "int", "int"]], "results": [[0, [[1]]]]}',
    '{"types": [["map", "map[]", 1, 1], ["int", "int", "int"]], "results": [[0, [[1, 2], [1, 3]]]]}',
    '{"types": [["struct", "S", [["A", 1]]], ["int", "int", "int"]], "results": [[0, [1, 2]]]}',
    '{"types": [["struct", "S", [["A", 1], ["A", 1]]], ["int", "int", "int"]], "results": [[0, [1]]]}',
    '{"types": [["interface", "any"]], "results": [[0, [0, [0, [0]]]]]}',
    '{"types": [["pointer", "p", 0]], "results": [[0, ' + "[" * 500_000 + "]" * 500_000 + "]]}",
    '{"types": [["pointer", "p", 0]], "results": [[0, ' + "[" * 900 + "]" * 900 + "]]}",
    '{"types": [[["x"], "p", 0]], "results": [[0, 1]]}',
    '{"types": [["other", "chan int"]], "results": [[0, null]]}',
    '{"types": [["nothing", "x"]], "results": [[0, null]]}',
]


@pytest.mark.parametrize("text", MALFORMED)
@pytest.mark.parametrize("expected", [1, "a", [1], {"A": 1}, (1,), {1}, None], ids=str)
def test_malformed_answers_are_unfit(text: str, expected: Any) -> None:
    with pytest.raises(Unfit):
        Go().fit(GoAnswer(text), expected)


def test_no_answer_raises_anything_but_unfit() -> None:
    shuffle = random.Random(7)
    kinds = "bool int float complex string bytes bigint error slice array map struct pointer interface other".split()

    def junk(depth: int) -> Any:
        pick = shuffle.randrange(9 if depth else 6)
        simple = [None, True, shuffle.randrange(-2, 5), 1.5, "ab", "-0f"]
        return simple[pick] if pick < 6 else [junk(depth - 1) for _ in range(shuffle.randrange(4))]

    expectations = [1, "a", [1, "x"], {"A": [1]}, (1, None), {1, (2, 3)}, frozenset(), None, 1.5, b"x", [], {}, True]
    for _ in range(20_000):
        types = [[shuffle.choice(kinds), "T", *(junk(2) for _ in range(shuffle.randrange(3)))] for _ in range(4)]
        results = [[shuffle.randrange(5), junk(4)] for _ in range(shuffle.randrange(4))]
        with contextlib.suppress(Unfit):
            Go().fit(answer(types, *results), shuffle.choice(expectations))


def test_text_and_numbers_are_never_mixed() -> None:
    assert Go().fit(answer([STRING], [0, "1"]), 1) == "1"
    assert Go().fit(answer([INT], [0, 1]), "1") == "\x01" or Go().fit(answer([INT], [0, 1]), "1") == 1
    assert Go().fit(answer([["slice", "[]string", 1], STRING], [0, ["a b"]]), ["a", "b"]) == ["a b"]


def test_other_outputs_pass_through() -> None:
    assert Go().fit("text", "expected") == "text"


# ---- frames ----

ANSWER = b'{"results":[[0,1]],"types":[["int","int","int"]]}'


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    return kind + len(payload).to_bytes(4, "big") + payload


def report(
    output: bytes, exit_code: int | None = 0, breach: Breach | None = None, errors: bytes = b"", mb: float = 9
) -> ExecutionResult:
    return ExecutionResult(exit_code, None if exit_code is not None else 9, breach, output, errors, Usage(1, 1, mb))


WHOLE = frame(b"R") + frame(b"V", ANSWER) + frame(b"Z", b"nonce")


def read(*arguments: Any, **named: Any) -> Any:
    return read_calls(report(*arguments, **named), Limits(), "nonce", 1)


def test_a_whole_run_counts() -> None:
    assert read(WHOLE) == ((GoAnswer(ANSWER.decode()),), None)


@pytest.mark.parametrize(
    "output",
    [
        b"",
        b"V",
        frame(b"R"),
        frame(b"Z", b"nonce"),
        frame(b"R") + frame(b"Z", b"nonce"),
        frame(b"V", ANSWER) + frame(b"Z", b"nonce"),
        frame(b"R") + frame(b"V", ANSWER),
        frame(b"R") + frame(b"V", ANSWER) + frame(b"Z"),
        frame(b"R") + frame(b"V", ANSWER) + frame(b"Z", b"other"),
        frame(b"R") + 2 * frame(b"V", ANSWER) + frame(b"Z", b"nonce"),
        WHOLE + b"x",
        WHOLE + WHOLE,
        b"x" + WHOLE,
        frame(b"L", b"{}"),
        frame(b"M", b"[]"),
        frame(b"R") + frame(b"R") + frame(b"V", ANSWER) + frame(b"Z", b"nonce"),
    ],
)
def test_anything_else_among_the_frames_does_not(output: bytes) -> None:
    _, failure = read(output)
    assert failure is not None
    assert failure.status is Status.RUNTIME_ERROR


@pytest.mark.parametrize(
    ("named", "status", "told"),
    [
        (
            {"exit_code": 2, "errors": b"x\npanic: boom\n\ngoroutine 1\nsolution.go:12 +0x1"},
            "runtime_error",
            "line 12: panic: boom",
        ),
        ({"exit_code": 2, "errors": b"panic: (*solution.E) 0xc000012345"}, "runtime_error", "panic: (*solution.E) 0x…"),
        ({"exit_code": None}, "runtime_error", "killed by signal 9"),
        ({"breach": Breach.CPU}, "timeout", "used more than 5 s of CPU time"),
        ({"breach": Breach.WALL}, "timeout", "did not end within 30 s"),
        ({"breach": Breach.MEMORY}, "memory_limit", "needed more than 512 MiB of memory"),
        ({"mb": 513}, "memory_limit", "needed more than 512 MiB of memory"),
        (
            {"exit_code": 2, "errors": b"fatal error: runtime: out of memory"},
            "memory_limit",
            "needed more than 512 MiB of memory",
        ),
        ({"breach": Breach.OUTPUT}, "output_limit", "wrote more than 4096 KiB"),
        (
            {"breach": Breach.OUTPUT, "exit_code": 2, "errors": b"fatal error: stack overflow\n\ngoroutine 1"},
            "runtime_error",
            "fatal error: stack overflow",
        ),
    ],
)
def test_a_bad_end_fails_even_a_whole_run(named: dict[str, Any], status: str, told: str) -> None:
    outputs, failure = read(WHOLE, **named)
    assert len(outputs) == 1
    assert (failure.status.value, failure.detail) == (status, told)
