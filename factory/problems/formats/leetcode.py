"""LeetCode-style rows: a method of `class Solution`, and a `check(candidate)` of asserts.

The columns are those of newfacade/LeetCodeDataset: `entry_point` as "Solution().name", `prompt` (imports and
helpers that every program finds), `starter_code`, `completion`, `test`. Arguments by name become arguments in
their order. Linked lists and trees are no plain values: their problems are refused.
License of newfacade/LeetCodeDataset: Apache-2.0, by its card on the hub.
"""

from __future__ import annotations

import ast
import re

from factory.problems.oracle import Oracle
from factory.problems.parsing import contest, fields, statement, suite
from factory.problems.parsing.fields import Row
from factory.records import Case, Problem, ProblemMeta

_METHOD = re.compile(r"^Solution\(\)\.(\w+)$")


def sniff(row: Row) -> bool:
    told = {"entry_point", "test"} <= row.keys() and bool(_METHOD.match(str(row["entry_point"])))
    return told and "starter_code" in _current(row)


def _current(row: Row) -> Row:
    """`row` by the set's names since version 0.3: 0.1 and 0.2 have some columns under others, in `meta`."""
    meta = row.get("meta")
    if not isinstance(meta, dict) or "lang_code" not in meta:
        return row
    about = {"starter_code": meta["lang_code"], "problem_description": meta.get("question_title")}
    return about | {"difficulty": meta.get("difficulty"), "question_id": meta.get("question_id")} | row


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    row = _current(row)
    match = _METHOD.match(str(row["entry_point"]))
    if match is None:
        raise ValueError(f"entry_point: {row['entry_point']!r}: is not of the form Solution().name")
    starter, given = fields.text(row, "starter_code"), fields.optional(row, "prompt")
    contest.refuse_objects(starter)
    text = fields.optional(row, "problem_description", "query")
    tests = suite.of_check(fields.text(row, "test"), match[1], _body(given))
    comparison = statement.of_calls(text, tests.cases, from_json=False)
    if tests.test_code and comparison.kind != "equal":
        raise ValueError(f"test: is code, which cannot be compared as its statement asks ({comparison.kind})")
    names = _parameters(starter, match[1])
    solution = fields.optional(row, "completion")
    return Problem(
        id=id_of(row),
        prompt=text,
        entry_point=f"Solution.{match[1]}",
        starter_code=_imports(given) + starter,
        reference=f"{given}\n{solution}" if solution else None,
        cases=tuple(_in_order(case, names) for case in tests.cases),
        test_code=tests.test_code,
        comparison=comparison,
        meta=ProblemMeta(
            source="newfacade/LeetCodeDataset", license="Apache-2.0", difficulty=fields.optional(row, "difficulty")
        ),
    )


def id_of(row: Row) -> str:
    """The problem's id. Raises ValueError naming the field."""
    return f"leetcode/{fields.optional(_current(row), 'task_id', 'question_id')}"


def _parameters(starter: str, name: str) -> list[str]:
    """The method's parameters without self; empty where the starter code does not tell them."""
    try:
        tree = ast.parse(starter.rstrip() + "\n        pass\n")
    except SyntaxError:
        return []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)][1:]
    return []


def _in_order(case: Case, names: list[str]) -> Case:
    """The case with arguments by position, where all have a name that is known."""
    rest = names[len(case.args or []) :]
    if set(case.kwargs) != set(rest):
        return case
    return case.model_copy(update={"args": [*(case.args or []), *(case.kwargs[name] for name in rest)], "kwargs": {}})


def _imports(given: str) -> str:
    """The imports that every program finds, as lines."""
    return "".join(f"{ast.unparse(node)}\n" for node in _body(given) if isinstance(node, ast.Import | ast.ImportFrom))


def _body(given: str) -> list[ast.stmt]:
    try:
        return ast.parse(given).body
    except SyntaxError as error:
        raise ValueError(f"prompt: line {error.lineno}: {error.msg}") from None
