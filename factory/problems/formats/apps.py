"""APPS: `question`, `input_output` (JSON: inputs, outputs, and `fn_name` for calls), `solutions`, `starter_code`.

All tests are hidden; examples stand in the statement. The set writes what a call returns sometimes as it is and
sometimes inside a list of one, and does not say which: the reference tells, or the row is refused where
both readings are possible. License of hendrycks/apps: MIT, by the card of codeparrot/apps on the hub.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factory.languages.python.calls import call_text
from factory.problems.oracle import Oracle
from factory.problems.parsing import contest, fields, statement
from factory.problems.parsing.fields import Row
from factory.records import Case, Problem, ProblemMeta


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
    entry_point: str | None = None
    if function := tests.get("fn_name"):
        contest.refuse_objects(starter)
        entry_point = contest.method(starter or reference or "", str(function))
        cases, reference = _calls(inputs, outputs, entry_point, known, oracle)
        comparison = statement.of_calls(question, cases)
    else:
        comparison = statement.of_streams(question)
        cases = contest.streams(inputs, outputs)
    return Problem(
        id=name,
        prompt=question,
        entry_point=entry_point,
        starter_code=starter,
        reference=reference,
        cases=cases,
        comparison=comparison,
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
    plain = tuple(contest.call(args, output) for args, output in zip(inputs, outputs, strict=True))
    if not all(isinstance(output, list) and len(output) == 1 for output in outputs):
        return plain, next(iter(known), None)
    wrapped = tuple(contest.call(args, output[0]) for args, output in zip(inputs, outputs, strict=True))
    if not known or oracle is None:
        raise ValueError("input_output: outputs may be lists of one, or be wrapped in them: no reference tells")
    faults: list[str] = []
    for reference in known:
        try:
            answers = oracle.answers(reference, entry_point, [call_text(case) for case in plain])
        except ValueError as error:
            faults.append(str(error))
            continue
        given = [list(answer) if isinstance(answer, tuple) else answer for answer in answers]
        if given == outputs:
            return plain, reference
        if given == [output[0] for output in outputs]:
            return wrapped, reference
        faults.append("its reference gives neither")
    raise ValueError(f"input_output: outputs may be lists of one, or be wrapped in them: {faults[0]}")
