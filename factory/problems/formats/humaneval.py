"""HumanEval in its original form: `task_id, prompt, entry_point, canonical_solution, test`.

The asserts of `check(candidate)`, and those beside it and in HumanEval-ET's `test_case_list`, become cases where that
is certain; what else they do stays `test_code`, behind the helpers that the prompt defines. Cases that the prompt's
doctests show are public. License of openai/human-eval: MIT, by the card of openai/openai_humaneval on the hub.
"""

from __future__ import annotations

import ast
import doctest
import json

from factory.problems.oracle import Oracle
from factory.problems.parsing import fields, suite
from factory.problems.parsing.asserts import literal
from factory.problems.parsing.fields import Row
from factory.records import Case, Problem, ProblemMeta
from factory.records.values import Unencodable, encode


def sniff(row: Row) -> bool:
    return {"task_id", "prompt", "entry_point", "test"} <= row.keys()


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    prompt, entry_point = fields.text(row, "prompt"), fields.text(row, "entry_point")
    solution = row.get("canonical_solution")
    reference = prompt + str(solution) if solution is not None else None
    text = "\n".join([fields.text(row, "test"), *map(str, row.get("test_case_list") or ())])
    tests = suite.of_check(text, entry_point, _helpers(prompt, entry_point))
    shown = doctests(prompt, entry_point)
    return Problem(
        id=id_of(row),
        prompt=prompt,
        entry_point=entry_point,
        starter_code=prompt,
        reference=reference,
        cases=tuple(case.model_copy(update={"public": key(case) in shown}) for case in tests.cases),
        test_code=tests.test_code,
        meta=ProblemMeta(source="openai/human-eval", license="MIT", difficulty=""),
    )


def id_of(row: Row) -> str:
    """The problem's id. Raises KeyError or ValueError naming the field."""
    return fields.text(row, "task_id")


def _helpers(prompt: str, entry_point: str) -> list[ast.stmt]:
    """What the prompt defines beside the function it asks for."""
    try:
        given = ast.parse(prompt + "    pass\n").body
    except SyntaxError:
        return []
    return [node for node in given if not (isinstance(node, ast.FunctionDef) and node.name == entry_point)]


def doctests(prompt: str, entry_point: str) -> set[str]:
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
                want = example.want.strip().removesuffix('"""').removesuffix("'''").strip()
                expected = ast.parse(want, mode="eval").body
                args = [encode(literal(arg)) for arg in call.args]
                shown.add(key(Case(args=args, expected=encode(literal(expected)))))
        except (SyntaxError, ValueError, Unencodable):
            continue  # an example in prose: it shows no case
    return shown


def key(case: Case) -> str:
    """Equal for cases that ask and expect the same."""
    return json.dumps([case.args, case.kwargs, case.expected], sort_keys=True)
