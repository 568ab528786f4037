"""LiveCodeBench: stdin programs, and functions of a `class Solution` (`metadata.func_name`).

`public_test_cases` is JSON; `private_test_cases` is JSON, or base64 of zlib of a pickled string of JSON. That string
is read from the pickle without running it: a pickle is a program, and one that does anything but push one string
is refused. The set's harness runs `PRELUDE` before every program, and takes a function for a method. The problems with
functions are LeetCode's: a double may be 1e-5 off, as there. License of livecodebench/code_generation_lite: "cc", which
is all that its card on the hub says.
"""

from __future__ import annotations

import base64
import binascii
import io
import pickletools
import zlib
from collections.abc import Sequence
from typing import Any

from factory.problems.oracle import Oracle
from factory.problems.parsing import contest, fields, objects, statement
from factory.problems.parsing.fields import Row
from factory.records import Calling, Case, Problem, ProblemMeta

_STARS = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json "
    "builtins typing"
).split()
PRELUDE = "".join(
    [
        *(f"from {module} import *\n" for module in _STARS),
        *(f"import {module}\n" for module in _STARS if module not in ("builtins", "typing")),
        "sys.setrecursionlimit(50000)\n",
    ]
)
"""By `lcb_runner/evaluation/testing_util.py` of LiveCodeBench/LiveCodeBench."""
MOST_BYTES = 2**30
"""Largest private tests unpacked; the set's own largest are some hundred megabytes."""
_STRINGS = frozenset({"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"})
_HARMLESS = frozenset({"PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP"})


def sniff(row: Row) -> bool:
    return {"question_content", "public_test_cases", "private_test_cases"} <= row.keys()


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    text, starter = fields.text(row, "question_content"), fields.optional(row, "starter_code")
    public = fields.parsed(row, "public_test_cases")
    private = fields.json_of("private_test_cases", unpacked(fields.text(row, "private_test_cases")))
    kinds = {str(test["testtype"]) for test in [*public, *private]}
    entry_point: str | None = None
    calling = Calling()
    cases: tuple[Case, ...]
    if kinds == {"functional"}:
        name = str(fields.parsed(row, "metadata")["func_name"])
        entry_point = contest.method(starter, name)
        cases = (*_calls(public, shown=True), *_calls(private, shown=False))
        calling = objects.of_cases(starter, name, cases, either=True)
        cases = tuple(objects.canonical(cases, calling))
        comparison = contest.of_doubles(statement.of_calls(text, cases), cases)
        objects.refuse_free_answers(text, comparison, calling)
    elif kinds == {"stdin"}:
        cases = (*_streams(public, shown=True), *_streams(private, shown=False))
        comparison = statement.of_streams(text, cases)
    else:
        raise ValueError(
            f"testtype: {', '.join(sorted(kinds)) or 'no test'}: functional or stdin is known, one of them"
        )
    meta = {"title": row.get("question_title"), "platform": row.get("platform"), "date": str(row.get("contest_date"))}
    return Problem(
        id=id_of(row),
        prompt=text,
        entry_point=entry_point,
        starter_code=starter,
        prelude=PRELUDE,
        cases=cases,
        comparison=comparison,
        calling=calling,
        meta=ProblemMeta.model_validate(
            {
                "source": "livecodebench/code_generation_lite",
                "license": "CC",
                "difficulty": fields.optional(row, "difficulty"),
                **meta,
            }
        ),
    )


def id_of(row: Row) -> str:
    """The problem's id. Raises KeyError."""
    return f"livecodebench/{row['question_id']}"


def unpacked(text: str) -> str:
    """The JSON text of private tests. Raises ValueError."""
    if text.lstrip().startswith("["):
        return text
    field = "private_test_cases"
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(base64.b64decode(text, validate=True), MOST_BYTES)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"{field}: is neither JSON nor base64 of zlib: {error}") from None
    if not stream.eof:
        raise ValueError(f"{field}: is cut short, or larger than {MOST_BYTES} bytes unpacked")
    try:
        return pickled_text(data)
    except ValueError as error:
        raise ValueError(f"{field}: {error}") from None


def pickled_text(data: bytes) -> str:
    """The one string in a pickle that holds nothing else. Runs nothing. Raises ValueError."""
    found: list[str] = []
    stream = io.BytesIO(data)
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name in _STRINGS:
            found.append(str(argument))
        elif opcode.name not in _HARMLESS:
            raise ValueError(f"its pickle does more than hold a string ({opcode.name})")
    if len(found) != 1 or stream.read(1):
        raise ValueError(f"its pickle holds {len(found)} strings or has more behind it; one string is due")
    return found[0]


def _streams(tests: Sequence[dict[str, Any]], *, shown: bool) -> tuple[Case, ...]:
    return contest.streams([test["input"] for test in tests], [test["output"] for test in tests], public=shown)


def _calls(tests: Sequence[dict[str, Any]], *, shown: bool) -> list[Case]:
    """Each line of an input has one argument, as JSON."""
    return [
        contest.call(
            [fields.json_of("input", line) for line in str(test["input"]).split("\n") if line.strip()],
            fields.json_of("output", test["output"]),
            public=shown,
        )
        for test in tests
    ]
