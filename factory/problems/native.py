"""The factory's own format: one `Problem` a line (DESIGN.md §4)."""

from __future__ import annotations

import ast
import re
from typing import Any

from factory.records import Problem
from factory.values import decode


def sniff(row: dict[str, Any]) -> bool:
    return "id" in row and "prompt" in row


def read(row: dict[str, Any]) -> Problem:
    """The problem in `row`. Raises ValueError naming the field."""
    problem = Problem.model_validate(row)
    for number, case in enumerate(problem.cases):
        for field, value in (("args", case.args), ("kwargs", case.kwargs), ("expected", case.expected)):
            try:
                decode(value)
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                raise ValueError(f"cases.{number}.{field}: {error}") from None
    for field, source in (("test_code", problem.test_code), ("comparison.checker", problem.comparison.checker)):
        try:
            ast.parse(source)
        except SyntaxError as error:
            raise ValueError(f"{field}: line {error.lineno}: {error.msg}") from None
    if problem.comparison.kind == "checker" and not re.search(r"^def\s+check\s*\(", problem.comparison.checker, re.M):
        raise ValueError("comparison.checker: defines no function check(input, output)")
    return problem
