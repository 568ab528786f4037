"""What a program answers to generated inputs: what its translation has to answer too.

Promises: an input counts only where the source answers with a plain value, the same in two runs. Whether other
survivors of the problem answer the same does not matter: a translation is that of one program. What it answered never
enters a sandbox. Does not promise that there is such an input: a source that refuses them all, or answers by chance,
leaves none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from factory.errors import InfrastructureError
from factory.grading.comparison import exact
from factory.grading.judge import Judge
from factory.grading.session import GradingSession
from factory.inputs.generate import inputs
from factory.inputs.run_on_inputs import plain, run_on_inputs
from factory.languages import language
from factory.languages.base import Unfit
from factory.languages.python.watch import ENTRY, MARK, watched
from factory.records import Case, Prepared, Problem, Rejection, Run, Status, Survivor
from factory.records.values import decode, encode
from sandbox import Limits

TRIED = 4
"""Inputs made for each that has to count: sources refuse some."""
SOURCE_CPU_S = 0.5
"""CPU seconds of one run of a source; an input that alone needs more does not count."""
MORE_CPU_S = 2.0
"""CPU seconds for the generated inputs, on top of what the given cases may take."""


@dataclass(frozen=True, slots=True)
class ExpectedAnswers:
    """Inputs, and what the source answers to them.

    `cases[i]` expects their answer; `wide[i]` is whether the source met ints outside the range asked for.
    `cpu_ms` is what the source used on the problem's own cases and these; None where it did not finish.
    """

    cases: tuple[Case, ...]
    wide: tuple[bool, ...]
    cpu_ms: float | None


def expected_answers(
    session: GradingSession, problem: Problem, source: Survivor, count: int, integers: range | None
) -> ExpectedAnswers:
    """At most `count` generated inputs with the answers of `source`, a survivor of the problem in Python.

    `integers` are those that `wide` is about. Raises InfrastructureError.
    """
    made = inputs(problem, TRIED * count)
    found: list[tuple[Case, bool]] = []
    for start in range(0, len(made), 2 * count):
        fresh = _answered(session, problem, source.code, made[start : start + 2 * count], integers)
        found += fresh
        if len(found) >= count or not fresh:
            break
    return _confirmed(session, problem, source, found[:count])


def _answered(
    session: GradingSession, problem: Problem, source: str, cases: Sequence[Case], integers: range | None
) -> list[tuple[Case, bool]]:
    """Those of `cases` that `source` answers, expecting its answer; each with whether it met ints not in `integers`."""
    call = problem.entry_point is not None
    asked = problem.model_copy(update={"entry_point": ENTRY if call else None})
    outputs = _outputs(session, asked, watched(source, problem.entry_point, integers), cases)
    found = []
    for case, output in zip(cases, outputs, strict=True):
        answer = plain(output)
        if isinstance(answer, str) and not call:
            text = answer.removesuffix(MARK)
            found.append((case.model_copy(update={"stdout": text}), text != answer))
        elif type(answer) is tuple and len(answer) == 2:
            value, met = answer
            wide = met is True or _outside([value, decode(case.args), decode(case.kwargs)], integers)
            found.append((case.model_copy(update={"expected": encode(value)}), wide))
    return found


def _confirmed(
    session: GradingSession, problem: Problem, source: Survivor, found: list[tuple[Case, bool]]
) -> ExpectedAnswers:
    """What `source` answers as before, in a run as the translations will have it: behind the problem's own cases."""
    own = len(problem.cases)
    whole = problem.model_copy(update={"cases": (*problem.cases, *(case for case, _ in found))})
    (run,) = run_programs(
        session, whole, [Prepared(source.code, "")], "python", limits_with_inputs(session, problem, source.cpu_ms)
    )
    judge = session.judge(whole, "python")
    same = [
        it
        for number, it in enumerate(found, own)
        if number < len(run.outputs) and rejection_of(judge, number, run.outputs[number], "python") is None
    ]
    return ExpectedAnswers(
        tuple(case for case, _ in same), tuple(wide for _, wide in same), None if run.failure else run.cpu_ms
    )


def _outputs(session: GradingSession, problem: Problem, source: str, cases: Sequence[Case]) -> list[Any]:
    """What `source` puts out for each of `cases`, a Rejection without an answer. Raises InfrastructureError."""
    limits = replace(session.limits(problem), cpu_s=SOURCE_CPU_S)
    (outputs,) = run_on_inputs(session, problem, [source], cases, limits)
    for output in outputs:
        _raise_ours(problem, output if isinstance(output, Rejection) else None)
    return outputs


def _outside(value: Any, integers: range | None) -> bool:
    """Whether an int not in `integers` is anywhere in `value`."""
    if type(value) is int:
        return integers is not None and value not in integers
    if isinstance(value, dict):
        return any(_outside(item, integers) for pair in value.items() for item in pair)
    return isinstance(value, list | tuple | set | frozenset) and any(_outside(item, integers) for item in value)


# ---- what sources and translations share ----


def rejection_of(judge: Judge, number: int, output: Any, language_name: str) -> Rejection | None:
    """Why `output` is not the right answer to case `number`; nan is right where nan is expected."""
    rejection = judge.rejects(number, output)
    if rejection is None or isinstance(output, Rejection) or judge.problem.entry_point is None:
        return rejection
    expected = decode(judge.problem.cases[number].expected)
    try:
        return None if exact(language(language_name).fit(output, expected), expected) else rejection
    except Unfit:
        return rejection


def limits_with_inputs(session: GradingSession, problem: Problem, own_ms: float) -> Limits:
    """What the problem's own cases and the generated inputs may use together; `own_ms` is what the former took once.

    The times of one program differ by far less than the factor here, so it only decides when a loop is endless.
    """
    limits = session.limits(problem)
    return replace(limits, cpu_s=min(limits.cpu_s, 0.5 + 4 * own_ms / 1000) + MORE_CPU_S)


def run_programs(
    session: GradingSession, problem: Problem, programs: list[Prepared], name: str, limits: Limits
) -> list[Run]:
    """`GradingSession.runs`, where our own failures are raised."""
    runs = session.runs(problem, programs, name, limits) if problem.cases else [Run()] * len(programs)
    for run in runs:
        _raise_ours(problem, run.failure)
    return runs


def _raise_ours(problem: Problem, failure: Rejection | None) -> None:
    if failure is not None and failure.status is Status.INFRASTRUCTURE_ERROR:
        raise InfrastructureError(f"problem {problem.id!r}: {failure.detail}")
