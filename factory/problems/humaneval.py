"""HumanEval in its original form: `task_id, prompt, entry_point, canonical_solution, test`.

The asserts of `check(candidate)` become cases where that is certain; what else the check does
stays `test_code`, behind the helpers that the prompt defines. Cases that the prompt's doctests
show are public. License of openai/human-eval: MIT.
"""

from __future__ import annotations

import ast
import copy
import doctest
import json
from typing import Any

from factory.problems.asserts import literal, split
from factory.records import Case, Problem, ProblemMeta
from factory.values import Unencodable, encode


def sniff(row: dict[str, Any]) -> bool:
    return {"task_id", "prompt", "entry_point", "test"} <= row.keys()


def read(row: dict[str, Any]) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    prompt, entry_point = _text(row, "prompt"), _text(row, "entry_point")
    solution = row.get("canonical_solution")
    reference = prompt + str(solution) if solution is not None else None
    check, others = _check(_text(row, "test"))
    body = split(check.body, check.args.args[0].arg)
    if any(not isinstance(statement, ast.Assert) for statement in body.rest):
        # Something is prepared on the way: keep the whole check as it stands, beside the cases.
        body = split([], "")
        cases, rest = split(check.body, check.args.args[0].arg).cases, check.body
    else:
        cases, rest = body.cases, list(body.rest)
    shown = _doctests(prompt, entry_point)
    return Problem(
        id=_text(row, "task_id"),
        prompt=prompt,
        entry_point=entry_point,
        starter_code=prompt,
        reference=reference,
        cases=tuple(case.model_copy(update={"public": _key(case) in shown}) for case in cases),
        test_code=_test_code(check, rest, others, prompt, entry_point) if rest else "",
        meta=ProblemMeta(source="openai/human-eval", license="MIT", difficulty=""),
    )


def _text(row: dict[str, Any], field: str) -> str:
    value = row[field]
    if not isinstance(value, str):
        raise ValueError(f"{field}: is a JSON {type(value).__name__}, not a string")
    return value


def _check(test: str) -> tuple[ast.FunctionDef, list[ast.stmt]]:
    """The function `check` of the test text, and the statements around it."""
    try:
        tree = ast.parse(test)
    except SyntaxError as error:
        raise ValueError(f"test: line {error.lineno}: {error.msg}") from None
    checks = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    if len(checks) != 1 or not checks[0].args.args:
        raise ValueError("test: defines no check(candidate)")
    return checks[0], [node for node in tree.body if node is not checks[0]]


def _test_code(
    check: ast.FunctionDef, rest: list[ast.stmt], others: list[ast.stmt], prompt: str, entry_point: str
) -> str:
    """Test code with only `rest` in its check, behind what the prompt and the test text define around it."""
    try:
        given = ast.parse(prompt + "    pass\n").body
    except SyntaxError:
        given = []
    helpers = [node for node in given if not (isinstance(node, ast.FunctionDef) and node.name == entry_point)]
    body = copy.copy(check)
    body.body = rest
    module = ast.Module(body=[*helpers, *others, body], type_ignores=[])
    return ast.unparse(ast.fix_missing_locations(module)) + "\n"


def _doctests(prompt: str, entry_point: str) -> set[str]:
    """Keys of the cases that the prompt shows as `>>> f(…)` with a literal result."""
    shown = set()
    try:
        examples = doctest.DocTestParser().get_examples(prompt)
    except ValueError:
        return set()
    for example in examples:
        try:
            call = ast.parse(example.source.strip(), mode="eval").body
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == entry_point:
                expected = ast.parse(example.want.strip(), mode="eval").body
                args = [encode(literal(arg)) for arg in call.args]
                shown.add(_key(Case(args=args, expected=encode(literal(expected)))))
        except (SyntaxError, ValueError, Unencodable):
            continue  # an example in prose: it shows no case
    return shown


def _key(case: Case) -> str:
    return json.dumps([case.args, case.kwargs, case.expected], sort_keys=True)
