"""APPS: `question`, `input_output` (JSON: inputs, outputs, and `fn_name` for calls), `solutions`, `starter_code`.

All tests are hidden; examples stand in the statement. The set writes what a call returns sometimes as it is and
sometimes inside a list of one, and numbers that are keys of dicts as texts, and does not say which: the reference
tells, or the row is refused where several readings are possible. Its harness runs `PRELUDE` before every program, and
takes a function for a method of `class Solution`, and the other way round. License of hendrycks/apps: MIT, by the card
of codeparrot/apps on the hub.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from factory.languages.python.calls import call_text
from factory.problems.oracle import Oracle
from factory.problems.parsing import contest, fields, objects, statement
from factory.problems.parsing.fields import Row
from factory.records import Calling, Case, Problem, ProblemMeta

PRELUDE = """\
import sys
import time
import itertools
from itertools import accumulate, product, permutations, combinations
import collections
from collections import Counter, OrderedDict, deque, defaultdict, ChainMap
from functools import lru_cache
import math
from math import sqrt, sin, cos, tan, ceil, fabs, floor, gcd, exp, log, log2
import fractions
from typing import List, Tuple
import numpy as np
import random
import heapq
from heapq import *
"""
"""By `eval/testing_util.py` of hendrycks/apps; `metrics/testing_util.py` of FlagOpen/TACO has the same."""
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
STREAMS = "stdin = sys.stdin\nstdout = sys.stdout\n"
"""What comes behind it before a stdin program."""


def sniff(row: Row) -> bool:
    return {"question", "input_output", "solutions"} <= row.keys()


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    return problem(row, id_of(row), ProblemMeta(source="hendrycks/apps", license="MIT"), oracle)


def id_of(row: Row) -> str:
    """The problem's id. Raises KeyError or ValueError naming the field."""
    number = row.get("problem_id", row.get("id"))
    return f"apps/{number}" if number is not None else contest.name_of("apps", fields.text(row, "question"))


def problem(row: Row, name: str, meta: ProblemMeta, oracle: Oracle | None) -> Problem:
    """A row in APPS's form as the problem `name`."""
    question, starter = fields.text(row, "question"), fields.optional(row, "starter_code")
    tests = fields.parsed(row, "input_output")
    if not isinstance(tests, dict) or not tests.get("inputs"):
        raise ValueError("input_output: holds no tests")
    inputs, outputs = tests["inputs"], tests["outputs"]
    known = solutions(row)
    reference = next(iter(known), None)
    doubtful = oracle is not None and len(known) >= contest.AGREEING
    entry_point: str | None = None
    calling = Calling()
    if function := tests.get("fn_name"):
        entry_point = contest.method(starter or reference or "", str(function))
        cases, reference = _calls(inputs, outputs, entry_point, known, oracle)
        calling = objects.of_cases(starter, str(function), cases, either=True)
        cases = tuple(objects.canonical(cases, calling))
        comparison = statement.of_calls(question, cases, doubtful=doubtful)
        objects.refuse_free_answers(question, comparison, calling)
    else:
        cases = contest.streams(inputs, outputs)
        comparison = statement.of_streams(question, cases, doubtful=doubtful)
    return Problem(
        id=name,
        prompt=question,
        entry_point=entry_point,
        starter_code=starter,
        reference=reference,
        cases=cases,
        comparison=comparison,
        prelude=PRELUDE if entry_point else PRELUDE + STREAMS,
        calling=calling,
        meta=meta.model_copy(update={"difficulty": fields.optional(row, "difficulty")}),
    )


def solutions(row: Row) -> list[str]:
    """Programs that may be its reference; the set writes none as an empty text."""
    given = row.get("solutions") or []
    if isinstance(given, str) and not given.lstrip().startswith("["):
        return contest.pythons([given])
    return contest.pythons(map(str, fields.json_of("solutions", given) or []))


def _calls(
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    entry_point: str,
    known: Sequence[str],
    oracle: Oracle | None,
) -> tuple[tuple[Case, ...], str | None]:
    """The cases, and the solution that gives their answers; the first one where none has to tell."""
    if len(inputs) != len(outputs):
        raise ValueError(f"input_output: {len(inputs)} inputs and {len(outputs)} outputs")
    if not all(isinstance(args, list) for args in inputs):
        raise ValueError("input_output: an input that is no list of arguments")
    given, expected = _readings(inputs), _readings(outputs)
    may_be_wrapped = all(isinstance(output, list) and len(output) == 1 for output in outputs)
    if may_be_wrapped:
        expected += [[output[0] for output in reading] for reading in expected]
    if len(given) == len(expected) == 1:
        return _cases(inputs, outputs), next(iter(known), None)
    doubt = "outputs may be lists of one, or be wrapped in them"
    if not may_be_wrapped:
        doubt = "keys of dicts may be numbers, which JSON has written as texts"
    if not known or oracle is None:
        raise ValueError(f"input_output: {doubt}: no reference tells")
    faults: list[str] = []
    for reference in known:
        for arguments in given:
            asked = [call_text(case) for case in _cases(arguments, outputs)]
            try:
                answers = oracle.answers(reference, entry_point, asked)
            except ValueError as error:
                faults.append(str(error))
                continue
            got = [list(answer) if isinstance(answer, tuple) else answer for answer in answers]
            if (right := next((reading for reading in expected if reading == got), None)) is not None:
                return _cases(arguments, right), reference
            faults.append("its reference gives neither")
    raise ValueError(f"input_output: {doubt}: {faults[0]}")


def _cases(inputs: Sequence[Any], outputs: Sequence[Any]) -> tuple[Case, ...]:
    return tuple(contest.call(args, output) for args, output in zip(inputs, outputs, strict=True))


def _readings(values: Sequence[Any]) -> list[Sequence[Any]]:
    """What values that were written as JSON may have been: with numbers for keys of dicts where all may be, or not."""
    numbered = [_numbered(value) for value in values]
    return [values] if numbered == list(values) else [numbered, values]


def _numbered(value: Any) -> Any:
    """`value` with an integer for each key of a dict of which every key is the text of one."""
    if isinstance(value, list):
        return [_numbered(one) for one in value]
    if isinstance(value, dict):
        whole = all(_INTEGER.fullmatch(key) for key in value)
        return {int(key) if whole else key: _numbered(one) for key, one in value.items()}
    return value
