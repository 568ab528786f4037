"""Translations compared with their source on generated inputs, after the given cases.

Promises: one wrong answer to an input that counts (see `factory.translation.expected`) and the translation has not
passed, unless it differs only in number range (the language's ints are narrower than Python's, and Python met wider
ones) or in the last digits of a float; such a difference is labelled. An input that does not fit what the translation
declares to take, though all given cases do, is no evidence: it is left out and counted. Expected answers never enter
a sandbox.

Does not promise equality beyond the inputs there were, nor that there are any: then `compared` is 0. Orders of sets
are those of one hash seed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from factory.grading.comparison import rounded
from factory.grading.session import GradingSession
from factory.inputs.run_on_inputs import MOST_RUNS
from factory.languages import language
from factory.languages.base import Unfit
from factory.languages.process import calls
from factory.languages.python.literals import show_input
from factory.records import Case, Difference, Differential, Prepared, Problem, Rejection, Run, Status, Survivor, Verdict
from factory.records.values import decode
from factory.translation.expected import expected_answers, limits_with_inputs, rejection_of, run_programs

LEAST_MS = 20.0
"""CPU milliseconds from which two times are compared: to start a process alone takes 2 to 4."""
SHOWN = 4
"""Labelled differences kept whole in the record."""
RIGHT, WRONG, RANGE, ROUNDING, LEFT_OUT = "right", "wrong", "range", "rounding", "left out"


@dataclass(frozen=True, slots=True)
class DifferentialFilter:
    """Drops translations of `source` that answer otherwise on one of at most `count` generated inputs.

    `source` is a survivor of the problem in Python; without one, or with `count` 0, nothing is dropped.
    """

    session: GradingSession
    source: Survivor | None
    count: int

    @property
    def name(self) -> str:
        return "differential"

    def apply(self, problem: Problem, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """`verdicts`, wrong translations with `wrong_answer`. Raises InfrastructureError.

        What was compared is in `differential`. `speedup` is measured in any case. The CPU time of it all is
        `compared_ms` of the first that passed.
        """
        passed = {verdict.code: verdict for verdict in reversed(verdicts) if verdict.status is Status.PASSED}
        if not passed or self.source is None:
            return list(verdicts)
        first, before_ms = next(iter(passed.values())), self.session.ran_ms
        if self.count:
            comparison = _Comparison(self.session, problem, self.source, first.language, self.count)
            tried = {verdict.code: verdict for verdict in comparison.verdicts(list(passed.values()))}
        else:
            source_ms = self.source.cpu_ms
            tried = {code: replace(it, speedup=_ratio(source_ms, it.cpu_ms)) for code, it in passed.items()}
        became = [_as(tried[it.code], it) if it.status is Status.PASSED else it for it in verdicts]
        place = verdicts.index(first)
        became[place] = replace(became[place], compared_ms=round(self.session.ran_ms - before_ms, 3))
        return became


def _as(tried: Verdict, verdict: Verdict) -> Verdict:
    """What became of `tried`, for a verdict on a program of the same text."""
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
    return round(source_ms / own_ms, 3) if source_ms and own_ms and max(source_ms, own_ms) >= LEAST_MS else None


class _Comparison:
    """Translations of one source, tried on the inputs for which there is an expected answer."""

    def __init__(self, session: GradingSession, problem: Problem, source: Survivor, target: str, count: int) -> None:
        self._session, self._problem, self._target = session, problem, target
        self._own = len(problem.cases)
        held = language(target).integers
        # One bit less than it holds: a right program may add two numbers on the way where Python did not.
        roomy = held and range(held[0] // 2, held[-1] // 2 + 1)
        self._expected = expected_answers(session, problem, source, count, roomy)
        asked = problem.model_copy(update={"cases": self._expected.cases})
        self._judge = session.judge(asked, target)
        self._given, self._calls = (calls(it) if it.entry_point is not None else [] for it in (problem, asked))

    def verdicts(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        runs = self._runs(verdicts, self._expected.cases)
        return [self._verdict(verdict, run) for verdict, run in zip(verdicts, runs, strict=True)]

    def _runs(self, verdicts: Sequence[Verdict], cases: Sequence[Case]) -> list[Run]:
        # The problem's own cases go first: they show the types of generic functions, and give more to measure.
        asked = self._problem.model_copy(update={"cases": (*self._problem.cases, *cases)})
        programs = [Prepared(verdict.code, verdict.normal_form, verdict.import_fixes) for verdict in verdicts]
        limits = limits_with_inputs(self._session, self._problem, max(verdict.cpu_ms for verdict in verdicts))
        return run_programs(self._session, asked, programs, self._target, limits)

    def _verdict(self, verdict: Verdict, run: Run) -> Verdict:
        compared: list[int] = []
        labels = Counter({RANGE: 0, ROUNDING: 0, LEFT_OUT: 0})
        decided: list[Difference] = []
        for number, output in self._outputs(verdict, run):
            rejection = rejection_of(self._judge, number, output, self._target)
            label = RIGHT if rejection is None else self._label(verdict.code, number, output)
            labels[label] += 1
            if label != LEFT_OUT:
                compared.append(number)
            if rejection is None or label == LEFT_OUT:
                continue
            case, failure = self._expected.cases[number], self._judge.failure(number, rejection, output)
            if label == WRONG or len(decided) < SHOWN:
                decided.append(Difference(label, _case_text(case), failure.got))
            if label == WRONG:
                detail = f"differential: for {show_input(case)} {rejection.detail}"
                record = self._record(compared, labels, decided)
                return replace(
                    verdict,
                    status=Status.WRONG_ANSWER,
                    detail=detail,
                    first_failure=failure,
                    differential=record,
                )
        inputs = tuple(_case_text(self._expected.cases[number]) for number in compared)
        record = replace(self._record(compared, labels, decided), inputs=inputs)
        return replace(verdict, differential=record, speedup=_ratio(self._expected.cpu_ms, run.cpu_ms))

    def _record(self, compared: list[int], labels: Counter[str], decided: list[Difference]) -> Differential:
        counts = (len(compared), labels[RANGE], labels[ROUNDING])
        return Differential(*counts, tuple(decided), left_out=labels[LEFT_OUT])

    def _outputs(self, verdict: Verdict, run: Run) -> Iterator[tuple[int, Any]]:
        """Each input's number with the output; behind an input that ended the program, it is run again."""
        at, total = 0, len(self._expected.cases)
        for _ in range(MOST_RUNS):
            outputs = run.outputs[self._own :]
            yield from enumerate(outputs, at)
            at += len(outputs)
            if at < total and not (outputs and outputs[-1] == run.failure):
                yield at, run.failure or Rejection(Status.RUNTIME_ERROR, "ended before it had answered")
                at += 1
            if at >= total:
                return
            (run,) = self._runs([verdict], self._expected.cases[at:])

    def _label(self, code: str, number: int, output: Any) -> str:
        target = language(self._target)
        if not isinstance(output, Rejection) and self._problem.entry_point is not None:
            expected = decode(self._expected.cases[number].expected)
            try:
                if rounded(target.fit(output, expected), expected):
                    return ROUNDING
            except Unfit:
                return WRONG
        if target.narrower(code, output, self._expected.wide[number]):
            return RANGE
        return LEFT_OUT if self._given and target.undeclared(self._given, self._calls[number], output) else WRONG


def _case_text(case: Case) -> str:
    """A generated input with its answer, as JSON; that it may be shown to a model goes without saying."""
    data = case.as_json()
    del data["public"]
    return json.dumps(data)
