"""The factory's own format: one `Problem` a line (DESIGN.md §4)."""

from __future__ import annotations

import ast
import difflib
import re

from factory.problems.oracle import Oracle
from factory.problems.parsing.fields import Row
from factory.records import Problem
from factory.records.values import decode


def sniff(row: Row) -> bool:
    own = row.keys() <= Problem.model_fields.keys()
    return {"id", "prompt"} <= row.keys() and bool(own or {"cases", "test_code"} & row.keys())


def id_of(row: Row) -> str:
    """The problem's id. Raises KeyError."""
    return str(row["id"])


def misspelt(row: Row) -> dict[str, str]:
    """The keys of a row that is otherwise of this format, each with the field that it seems to mean."""
    known = Problem.model_fields.keys()
    meant = {key: difflib.get_close_matches(key, known - row.keys(), 1, 0.7) for key in row.keys() - known}
    near = {key: fields[0] for key, fields in meant.items() if fields}
    named = (row.keys() & known) | {*near.values()}
    return near if {"id", "prompt"} <= named and {"cases", "test_code"} & named else {}


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises ValueError naming the field."""
    for key, field in misspelt(row).items():
        raise ValueError(f"{key}: is no field of a problem; did you mean {field!r}?")
    problem = Problem.model_validate(row)
    for number, case in enumerate(problem.cases):
        for field, value in (("args", case.args), ("kwargs", case.kwargs), ("expected", case.expected)):
            try:
                decode(value)
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                raise ValueError(f"cases.{number}.{field}: {error}") from None
    checkers = [("comparison", problem.comparison)]
    checkers += [(f"cases.{n}.comparison", case.comparison) for n, case in enumerate(problem.cases) if case.comparison]
    for field, source in (
        ("prelude", problem.prelude),
        ("test_code", problem.test_code),
        *((f"{name}.checker", comparison.checker) for name, comparison in checkers),
    ):
        try:
            ast.parse(source)
        except SyntaxError as error:
            raise ValueError(f"{field}: line {error.lineno}: {error.msg}") from None
    for name, comparison in checkers:
        if comparison.kind == "checker" and not re.search(r"^def\s+check\s*\(", comparison.checker, re.M):
            raise ValueError(f"{name}.checker: defines no function check(input, output)")
    return problem
