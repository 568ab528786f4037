"""Cases that no program can be asked, or can answer: a row that has one is refused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from factory.config import LimitsConfig
from factory.records import Case, Problem
from factory.records.bounds import MAX_NAME, MAX_NESTING, MAX_STATEMENT, refusal


def fault(problem: Problem, limits: LimitsConfig) -> str:
    """Which case expects more than the problem's limits let a program give, or ""."""
    most = limits.for_problem(problem.limits).output_kb * 1024
    for number, case in enumerate(problem.cases):
        size = _least(problem, case)
        if size > most:
            return f"cases.{number}: expects {size} bytes, and a program may give {most} (limits.output_kb)"
    return ""


def _least(problem: Problem, case: Case) -> int:
    """The fewest bytes of a right answer; 0 where another than the expected one may be right."""
    if case.stdout is None:
        kind = problem.comparison_of(case).kind
        return (
            0
            if kind in ("predicate", "checker")
            else len(json.dumps(case.expected, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        )
    if problem.comparison_of(case).kind == "checker":
        return 0
    return len(" ".join(case.stdout.split()).encode("utf-8", "surrogatepass"))


def refuse_length(problem: Problem) -> None:
    """Raise ValueError for a text of the problem that is longer than any honest one."""
    names = {"id": problem.id, "entry_point": problem.entry_point or ""}
    texts = {"prompt": problem.prompt, "starter_code": problem.starter_code}
    texts |= {f"meta.{name}": getattr(problem.meta, name) for name in ("source", "license", "difficulty")}
    for found, most in ((names, MAX_NAME), (texts, MAX_STATEMENT)):
        for name, text in found.items():
            if fault := refusal(f"{name}: {text[:40]!r}… holds", len(text), most, "shorten it, or leave the row out"):
                raise ValueError(fault)


def refuse_nesting(problem: Problem) -> None:
    """Raise ValueError for a case whose values are nested too deep."""
    for number, case in enumerate(problem.cases):
        level: list[Any] = [case.args, case.kwargs, case.expected]
        for _ in range(2 * MAX_NESTING):  # a tagged value is a level of its own
            level = [item for value in level for item in _inside(value)]
        if level:
            raise ValueError(f"cases.{number}: holds values nested deeper than {MAX_NESTING}")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if type(value) is dict else value if type(value) is list else ()
