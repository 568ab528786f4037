"""Compares what a program answered with what was expected. This is where a verdict is made.

Promises: `passed` needs every case answered and every answer right; no case at all is never a
pass. Runs nothing of the candidate's: only plain values come here, whose length is bounded by that of what is
expected (`factory.records.bounds`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from factory.grading.comparison import BLANKS, Matcher, matcher
from factory.languages.base import Unfit
from factory.languages.python.literals import show, show_input
from factory.records import Case, Comparison, Failure, Problem, Rejection, Run, Status
from factory.records.bounds import MAX_ANSWER, longest_answer
from factory.records.values import decode
from sandbox.contract import Answer

Fit = Callable[[Any, Any], Any]
Check = Callable[[Case, Any], Rejection | None]


class Missing:
    """Stands for an output that never came."""


@dataclass(frozen=True, slots=True)
class Judgement:
    status: Status
    detail: str
    cases_passed: int
    first_failure: Failure | None
    """With texts cut as `show` does; None without a failed case, and of a timeout."""


class Judge:
    """Knows one problem's expected answers, decoded once.

    `fit` brings an answer into the form of what is expected (see `Language.fit`); `check` decides a
    case by a checker of the problem's own.
    """

    def __init__(self, problem: Problem, fit: Fit, check: Check) -> None:
        self.problem, self._fit, self._check = problem, fit, check
        self._stream = problem.entry_point is None
        self._expected: list[Any] = [case.stdout if self._stream else decode(case.expected) for case in problem.cases]
        matchers = {comparison: matcher(comparison, self._stream) for comparison in self._comparisons()}
        self._match: list[Matcher] = [matchers[comparison] for comparison in self._comparisons()]

    def _comparisons(self) -> Iterator[Comparison]:
        return map(self.problem.comparison_of, self.problem.cases)

    def judge(self, run: Run) -> Judgement:
        """The verdict on a run of the problem's cases.

        How far a program came before a time limit ended it depends on the machine. So a timeout has no case that
        passed and none that failed first.
        """
        if run.failure is not None and run.failure.status is Status.TIMEOUT:
            return Judgement(run.failure.status, run.failure.detail, 0, None)
        passed, first = 0, None
        for number, case in enumerate(self.problem.cases):
            if number >= len(run.outputs):
                missing = run.failure or Rejection(Status.RUNTIME_ERROR, "ended before it had answered")
                first = first or (number, case, missing, Missing())
                break
            rejection = self._case(number, case, run.outputs[number])
            if rejection is None:
                passed += 1
            else:
                first = first or (number, case, rejection, run.outputs[number])
                if rejection.costly:
                    break
        if run.failure is not None:
            return Judgement(run.failure.status, run.failure.detail, passed, first and self._failure(*first))
        if first is None:
            return Judgement(Status.PASSED, "", passed, None)
        return Judgement(first[2].status, f"case {first[0]}: {first[2].detail}", passed, self._failure(*first))

    def rejects(self, number: int, output: Any) -> Rejection | None:
        """Why `output` is no right answer to case `number`; None when it is one."""
        return self._case(number, self.problem.cases[number], output)

    def failure(self, number: int, rejection: Rejection, output: Any) -> Failure:
        """`Judgement.first_failure` for case `number`."""
        return self._failure(number, self.problem.cases[number], rejection, output)

    def _case(self, number: int, case: Case, output: Any) -> Rejection | None:
        if isinstance(output, Rejection):
            return output
        expected, comparison = self._expected[number], self.problem.comparison_of(case)
        try:
            if comparison.kind == "exact" and isinstance(output, Answer) and output.of_a_subclass:
                raise Unfit("answered with an object of a subclass, where types have to be the same")
            answer = self._fit(output, expected)
            if self._stream:
                _refuse_longer(answer, expected, comparison)
            if comparison.kind == "checker":
                return self._check(case, answer)
            if self._match[number](answer, expected):
                return None
        except Unfit as error:
            return Rejection(Status.WRONG_ANSWER, str(error))
        except RecursionError:
            return Rejection(Status.WRONG_ANSWER, "answered something nested too deep to compare")
        return Rejection(Status.WRONG_ANSWER, f"answered {show(answer)}, expected {self._wanted(number, case)}")

    def _wanted(self, number: int, case: Case) -> str:
        return self.problem.comparison_of(case).predicate or show(self._expected[number])

    def _failure(self, number: int, case: Case, rejection: Rejection, output: Any) -> Failure:
        got = rejection.detail
        if not isinstance(output, Missing | Rejection):
            with contextlib.suppress(Unfit):
                got = show(self._fit(output, self._expected[number]))
        return Failure(number, case.public, show_input(case), got, self._wanted(number, case))


def _refuse_longer(text: str, expected: str, comparison: Comparison) -> None:
    """Raise Unfit for an output that is longer than what is expected could be, white space at its end apart."""
    size, most = len(text.rstrip(BLANKS)), longest_answer(len(expected))
    if comparison.kind in ("checker", "predicate"):
        size, most = len(text), max(most, MAX_ANSWER)
    if size > most:
        raise Unfit(f"answered {size} characters, far more than expected")
