"""KodCode-style rows: `question`, `solution`, and `test`, a file for pytest that imports from `solution`.

All tests are hidden. The function is the one that `test_info` names, or the only one that the file imports.
License of KodCode/KodCode-V1: CC-BY-NC-4.0, by its card on the hub.
"""

from __future__ import annotations

import ast

from factory.problems.oracle import Oracle
from factory.problems.parsing import contest, fields, suite
from factory.problems.parsing.fields import Row
from factory.records import Problem, ProblemMeta


def sniff(row: Row) -> bool:
    return {"question", "solution", "test"} <= row.keys()


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    question, test = fields.statement(row, "question"), fields.text(row, "test")
    function = _function(row, test)
    tests = suite.of_file(test, function)
    return Problem(
        id=id_of(row),
        prompt=f"{question.strip()}\n\nThe function is called `{function}`.\n"
        if function not in question
        else question,
        entry_point=function,
        reference=fields.text(row, "solution"),
        cases=tests.cases,
        test_code=tests.test_code,
        meta=ProblemMeta.model_validate(
            {
                "source": "KodCode/KodCode-V1",
                "license": "CC-BY-NC-4.0",
                "difficulty": fields.optional(row, "gpt_difficulty", "difficulty"),
                "subset": row.get("subset"),
                **({"skipped_tests": list(tests.skipped)} if tests.skipped else {}),
            }
        ),
    )


def id_of(row: Row) -> str:
    """The problem's id. Raises KeyError or ValueError naming the field."""
    name = row.get("question_id")
    return f"kodcode/{name}" if name else contest.name_of("kodcode", fields.text(row, "question"))


def _function(row: Row, test: str) -> str:
    info = fields.json_of("test_info", row.get("test_info")) or []
    names = {str(item["function_name"]) for item in info}
    if not names:
        try:
            tree = ast.parse(test)
        except SyntaxError as error:
            raise ValueError(f"test: line {error.lineno}: {error.msg}") from None
        imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "solution"]
        names = {alias.name for node in imported for alias in node.names}
    if len(names) != 1:
        called = ", ".join(sorted(names)) or "none"
        raise ValueError(f"test: calls {called}; exactly one function can be put before tests")
    return names.pop()
