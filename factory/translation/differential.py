"""Translations against their source on generated inputs, after the given cases: the verified Python is the oracle.

Promises: an input counts only where the source answers with a plain value, the same in two runs, and every other
survivor of the problem answers the same. One wrong answer on such an input and the translation has not passed,
unless it differs in number range alone (the language's ints are narrower than Python's, and Python met wider
ones) or in the last digits of a float; that is labelled. What the source answered never enters a wall.

Does not promise equality beyond the inputs there were, nor that there are any: a source that refuses them all,
or answers by chance, leaves `compared` at 0. Orders of sets are those of one hash seed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from factory.errors import InfrastructureError
from factory.grading.comparison import exact, rounded
from factory.grading.judge import Judge
from factory.grading.session import GradingSession
from factory.inputs import run_on_inputs
from factory.inputs.generate import inputs
from factory.inputs.run_on_inputs import RESTARTS, plain
from factory.languages import language
from factory.languages.base import Unfit
from factory.languages.python.literals import show_input
from factory.languages.python.watch import ENTRY, MARK, watched
from factory.records import Case, Prepared, Problem, Rejection, Run, Status, Survivor, Verdict
from factory.records.values import decode, encode
from sandbox import Limits

TRIED = 4
"""Inputs made for one that shall count: sources refuse some."""
ORACLE_CPU_S = 0.5
"""CPU seconds of one run of a source; an input that alone needs more does not count."""
MORE_CPU_S = 2.0
"""CPU seconds for the generated inputs, on top of what the given cases may take."""
TELLING_MS = 20.0
"""CPU milliseconds from which a time tells of the program: to start one takes 2 to 4."""
TOLD = 4
"""Labelled differences kept whole in the record."""
WRONG, RANGE, ROUNDING = "wrong", "range", "rounding"


@dataclass(frozen=True, slots=True)
class Oracle:
    """Inputs with what the survivors say of them.

    `cases[i]` expects what all sources answer; `wide[i]` tells whether the first met ints outside the range asked
    for. `cpu_ms` is what it used on the problem's own cases and these; None where it did not come to the end.
    """

    cases: tuple[Case, ...]
    wide: tuple[bool, ...]
    cpu_ms: float | None


def differ(
    session: GradingSession, problem: Problem, sources: Sequence[Survivor], verdicts: Sequence[Verdict], count: int
) -> list[Verdict]:
    """`verdicts` on translations of `sources[0]`, those that passed tried on at most `count` generated inputs.

    `sources` are survivors of the problem in Python. A translation that is wrong becomes `wrong_answer`. What was
    compared stands in `differential`: JSON {compared, range, rounding, decided: [{label, input, expected, got}],
    inputs}; `range` and `rounding` count labelled differences, `inputs` are all that counted, with the answers,
    where none was wrong. With `count` 0 only `speedup` is told. What all that took stands in `compared_ms` of one of
    them. Raises InfrastructureError.
    """
    passed = {verdict.normal_form: verdict for verdict in reversed(verdicts) if verdict.status is Status.PASSED}
    if not passed:
        return list(verdicts)
    first, before_ms = next(iter(passed.values())), session.ran_ms
    if count:
        trial = _Trial(session, problem, sources, first.language, count)
        tried = {verdict.normal_form: verdict for verdict in trial.verdicts(list(passed.values()))}
    else:
        tried = {form: replace(it, speedup=_ratio(sources[0].cpu_ms, it.cpu_ms)) for form, it in passed.items()}
    became = [
        _as(tried[verdict.normal_form], verdict) if verdict.status is Status.PASSED else verdict for verdict in verdicts
    ]
    place = verdicts.index(first)
    became[place] = replace(became[place], compared_ms=round(session.ran_ms - before_ms, 3))
    return became


def _as(tried: Verdict, verdict: Verdict) -> Verdict:
    """What became of `tried`, for a verdict on a program that cannot behave differently."""
    return replace(
        verdict,
        status=tried.status,
        detail=tried.detail,
        first_failure=tried.first_failure,
        differential=tried.differential,
        speedup=tried.speedup,
    )


def _ratio(source_ms: float | None, own_ms: float) -> float | None:
    """Source time over own time; None where both are so short that starting a process is most of them."""
    return round(source_ms / own_ms, 3) if source_ms and own_ms and max(source_ms, own_ms) >= TELLING_MS else None


# ---- what the sources say ----


def ask(
    session: GradingSession, problem: Problem, sources: Sequence[Survivor], count: int, integers: range | None
) -> Oracle:
    """At most `count` generated inputs on which all of `sources`, survivors of the problem in Python, agree.

    `integers` are those that `wide` is about. Raises InfrastructureError.
    """
    made = inputs(problem, TRIED * count)
    found: list[tuple[Case, bool]] = []
    for start in range(0, len(made), 2 * count):
        fresh = _answered(session, problem, sources[0].code, made[start : start + 2 * count], integers)
        for other in sources[1:]:
            fresh = _agreed(session, problem, other.code, fresh)
        found += fresh
        if len(found) >= count or not fresh:
            break
    return _again(session, problem, sources[0], found[:count])


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


def _agreed(
    session: GradingSession, problem: Problem, source: str, found: list[tuple[Case, bool]]
) -> list[tuple[Case, bool]]:
    """Those of `found` that `source` answers the same."""
    cases = tuple(case for case, _ in found)
    judge = session.judge(problem.model_copy(update={"cases": cases}), "python")
    outputs = _outputs(session, problem, source, cases)
    return [it for number, it in enumerate(found) if _rejects(judge, number, outputs[number], "python") is None]


def _again(session: GradingSession, problem: Problem, source: Survivor, found: list[tuple[Case, bool]]) -> Oracle:
    """What `source` answers as before, in a run as the translations will have it: behind the problem's own cases."""
    own = len(problem.cases)
    whole = problem.model_copy(update={"cases": (*problem.cases, *(case for case, _ in found))})
    (run,) = _run(session, whole, [Prepared(source.code, "")], "python", _limits(session, problem, source.cpu_ms))
    judge = session.judge(whole, "python")
    same = [
        it
        for number, it in enumerate(found, own)
        if number < len(run.outputs) and _rejects(judge, number, run.outputs[number], "python") is None
    ]
    return Oracle(tuple(case for case, _ in same), tuple(wide for _, wide in same), None if run.failure else run.cpu_ms)


def _outputs(session: GradingSession, problem: Problem, source: str, cases: Sequence[Case]) -> list[Any]:
    """What `source` puts out for each of `cases`, a Rejection where nothing counts. Raises InfrastructureError."""
    limits = replace(session.limits(problem), cpu_s=ORACLE_CPU_S)
    (outputs,) = run_on_inputs.ask(session, problem, [source], cases, limits)
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


# ---- what the translations say ----


class _Trial:
    """Translations of one source before one oracle."""

    def __init__(
        self, session: GradingSession, problem: Problem, sources: Sequence[Survivor], target: str, count: int
    ) -> None:
        self._session, self._problem, self._target = session, problem, target
        self._own = len(problem.cases)
        held = language(target).integers
        # One bit less than it holds: a right program may add two numbers on the way where Python did not.
        roomy = held and range(held[0] // 2, held[-1] // 2 + 1)
        self._oracle = ask(session, problem, sources, count, roomy)
        self._judge = session.judge(problem.model_copy(update={"cases": self._oracle.cases}), target)

    def verdicts(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        runs = self._runs(verdicts, self._oracle.cases)
        return [self._verdict(verdict, run) for verdict, run in zip(verdicts, runs, strict=True)]

    def _runs(self, verdicts: Sequence[Verdict], cases: Sequence[Case]) -> list[Run]:
        # The problem's own cases go first: they tell the types of generic functions, and more to measure.
        asked = self._problem.model_copy(update={"cases": (*self._problem.cases, *cases)})
        programs = [Prepared(verdict.code, verdict.normal_form, verdict.import_fixes) for verdict in verdicts]
        limits = _limits(self._session, self._problem, max(verdict.cpu_ms for verdict in verdicts))
        return _run(self._session, asked, programs, self._target, limits)

    def _verdict(self, verdict: Verdict, run: Run) -> Verdict:
        compared, labels = 0, Counter({RANGE: 0, ROUNDING: 0})
        decided: list[dict[str, Any]] = []
        for number, output in self._outputs(verdict, run):
            compared += 1
            rejection = _rejects(self._judge, number, output, self._target)
            if rejection is None:
                continue
            label = self._label(verdict.code, number, output)
            labels[label] += 1
            case, failure = self._oracle.cases[number], self._judge.failure(number, rejection, output)
            if label == WRONG or len(decided) < TOLD:
                decided.append({"label": label, **_told(case), "got": json.loads(failure)["got"]})
            if label == WRONG:
                detail = f"differential: for {show_input(case)} {rejection.detail}"
                record = _record(compared, labels, decided)
                return replace(
                    verdict,
                    status=Status.WRONG_ANSWER,
                    detail=detail,
                    first_failure=failure,
                    differential=record,
                )
        record = _record(compared, labels, decided, [_told(case) for case in self._oracle.cases[:compared]])
        return replace(verdict, differential=record, speedup=_ratio(self._oracle.cpu_ms, run.cpu_ms))

    def _outputs(self, verdict: Verdict, run: Run) -> Iterator[tuple[int, Any]]:
        """Each input's number with the output; run again behind an input that ended the program, if asked to go on."""
        at, total = 0, len(self._oracle.cases)
        for _ in range(RESTARTS):
            outputs = run.outputs[self._own :]
            yield from enumerate(outputs, at)
            at += len(outputs)
            if at < total and not (outputs and outputs[-1] == run.failure):
                yield at, run.failure or Rejection(Status.RUNTIME_ERROR, "ended before it had answered")
                at += 1
            if at >= total:
                return
            (run,) = self._runs([verdict], self._oracle.cases[at:])

    def _label(self, code: str, number: int, output: Any) -> str:
        target = language(self._target)
        if not isinstance(output, Rejection) and self._problem.entry_point is not None:
            expected = decode(self._oracle.cases[number].expected)
            try:
                if rounded(target.fit(output, expected), expected):
                    return ROUNDING
            except Unfit:
                return WRONG
        return RANGE if target.narrower(code, output, self._oracle.wide[number]) else WRONG


def _rejects(judge: Judge, number: int, output: Any, language_name: str) -> Rejection | None:
    """Why `output` is no right answer; that nan is no nan is no reason."""
    rejection = judge.rejects(number, output)
    if rejection is None or isinstance(output, Rejection) or judge.problem.entry_point is None:
        return rejection
    expected = decode(judge.problem.cases[number].expected)
    try:
        return None if exact(language(language_name).fit(output, expected), expected) else rejection
    except Unfit:
        return rejection


def _told(case: Case) -> dict[str, Any]:
    data = case.as_json()
    del data["public"]
    return data


def _record(
    compared: int, labels: Counter[str], decided: list[dict[str, Any]], inputs: list[dict[str, Any]] | None = None
) -> str:
    counts = {"compared": compared, RANGE: labels[RANGE], ROUNDING: labels[ROUNDING]}
    return json.dumps(counts | {"decided": decided} | ({"inputs": inputs} if inputs is not None else {}))


def _limits(session: GradingSession, problem: Problem, own_ms: float) -> Limits:
    """What the problem's own cases and the generated inputs may use together; `own_ms` is what the former took once.

    The times of one program differ by far less than the factor here: it decides nothing but when a loop is endless.
    """
    limits = session.limits(problem)
    return replace(limits, cpu_s=min(limits.cpu_s, 0.5 + 4 * own_ms / 1000) + MORE_CPU_S)


def _run(session: GradingSession, problem: Problem, programs: list[Prepared], name: str, limits: Limits) -> list[Run]:
    """`GradingSession.runs`, where our own failures are raised."""
    runs = session.runs(problem, programs, name, limits) if problem.cases else [Run()] * len(programs)
    for run in runs:
        _raise_ours(problem, run.failure)
    return runs


def _raise_ours(problem: Problem, failure: Rejection | None) -> None:
    if failure is not None and failure.status is Status.INFRASTRUCTURE_ERROR:
        raise InfrastructureError(f"problem {problem.id}: {failure.detail}")
