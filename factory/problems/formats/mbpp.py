"""MBPP in its original forms: full (`text`, `test_setup_code`) and sanitized (`prompt`, `test_imports`).

The function's name is in the tests alone, so the first assert is shown in the prompt, as the
field does, and is the public case. `from typing import *` is assumed, as in the field.
License of google-research/mbpp: CC-BY-4.0, by the card of google-research-datasets/mbpp on the hub.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from factory.problems.oracle import Oracle
from factory.problems.parsing import fields
from factory.problems.parsing.asserts import split
from factory.problems.parsing.fields import Row
from factory.problems.parsing.idle import refuse_idle
from factory.problems.parsing.live import is_inert
from factory.records import Case, Problem, ProblemMeta


def sniff(row: Row) -> bool:
    return {"task_id", "code", "test_list"} <= row.keys()


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    text = fields.statement(row, "prompt" if row.get("prompt") else "text")
    setup = [fields.optional(row, "test_setup_code"), *map(str, row.get("test_imports") or [])]
    code = fields.text(row, "code")
    shown = [*row["test_list"], *(row.get("challenge_test_list") or ()), *(row.get("test_case_list") or ())]
    tests = [one for test in dict.fromkeys(map(str, shown)) for one in _parsed(f"test_list: {test!r}", test)]
    refuse_idle(tests)
    for test in tests:
        if isinstance(test, ast.Expr) and ast.unparse(test).startswith("print("):
            raise ValueError(f"test_list: {ast.unparse(test)!r}: prints, and asserts nothing")
    if not tests:
        raise ValueError("test_list: is empty")
    entry_point = function_called(code, tests)
    prepared = "\n".join(line for line in setup if line.strip())
    around = _parsed("test_setup_code", prepared)
    parts = split([*around, *tests], entry_point)
    if parts.rest:
        parts = split(tests, entry_point, around)
    # What the setup does to the function on its own is a test, too, and runs where the others do.
    live = [node for node in around if not isinstance(node, ast.Assert) and not is_inert(node)]
    checks = live and any(isinstance(one, ast.Name) and one.id == entry_point for it in around for one in ast.walk(it))
    first = ast.unparse(tests[0])
    cases = tuple(case.model_copy(update={"public": _is(case, tests[0], entry_point)}) for case in parts.cases)
    test_code = "\n".join(["from typing import *", prepared, *map(ast.unparse, parts.rest), ""])
    return Problem(
        id=id_of(row),
        prompt=f"{text.strip()}\nThe function is called `{entry_point}`. It has to satisfy, for example:\n{first}\n",
        entry_point=entry_point,
        starter_code="from typing import *\n",
        reference=code.replace("\r\n", "\n"),
        cases=cases,
        test_code=test_code if parts.rest or checks else "",
        meta=ProblemMeta(source="google-research/mbpp", license="CC-BY-4.0", difficulty=""),
    )


def id_of(row: Row) -> str:
    """The problem's id. Raises KeyError."""
    return f"mbpp/{row['task_id']}"


def _parsed(field: str, source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source.replace("\r\n", "\n")).body
    except SyntaxError as error:
        raise ValueError(f"{field}: line {error.lineno}: {error.msg}") from None


def function_called(code: str, tests: Sequence[ast.stmt]) -> str:
    """The function of the reference that every test calls. Raises ValueError."""
    defined = [node.name for node in _parsed("code", code) if isinstance(node, ast.FunctionDef)]
    called = [{node.id for node in ast.walk(test) if isinstance(node, ast.Name)} for test in tests]
    for name in reversed(defined):
        if all(name in names for names in called):
            return name
    raise ValueError(f"test_list: no function of code is called by every test; code defines {', '.join(defined)}")


def _is(case: Case, test: ast.stmt, entry_point: str) -> bool:
    return split([test], entry_point).cases == (case,)
