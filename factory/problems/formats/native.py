"""The factory's own format: one `Problem` a line (DESIGN.md §4)."""

from __future__ import annotations

import ast
import re

from factory.problems.oracle import Oracle
from factory.problems.parsing.fields import Row
from factory.records import Problem
from factory.records.values import decode


def sniff(row: Row) -> bool:
    return "id" in row and "prompt" in row


def id_of(row: Row) -> str:
    """The problem's id. Raises KeyError."""
    return str(row["id"])


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises ValueError naming the field."""
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
