"""Programs that passed, run a second time under other circumstances: what then fails is flaky.

Promises: the second run is in another worker, under another hash seed, with the cases in reverse. Does not promise
to notice what fails once in a thousand runs.
"""

from __future__ import annotations

from dataclasses import replace

from factory.grading.judge import Judgement
from factory.grading.session import GradingSession
from factory.records import Prepared, Problem, Rejection, Status
from factory.review.candidates import NOT_REVIEWED, UNSTABLE, Candidates

MORE_TIME = 2
"""Times its CPU limit that a program may take in its second run: the first has shown that it ends."""


def reject_unstable(session: GradingSession, problem: Problem, candidates: Candidates) -> None:
    """Run every accepted program again, and reject those that do not pass. Raises InfrastructureError."""
    reversed_cases = problem.model_copy(update={"cases": problem.cases[::-1], "test_code": ""})
    limits = session.limits(reversed_cases)
    needed_s = max((program.cpu_ms for program in candidates.accepted), default=0) / 1000
    cpu_s = MORE_TIME * max(limits.cpu_s, needed_s)  # `limits.cpu_s: auto` may have allowed more the first time
    limits = replace(limits, cpu_s=cpu_s, wall_s=MORE_TIME * limits.wall_s)
    programs = [Prepared(program.code, program.normal_form) for program in candidates.accepted]
    runs = session.runs(reversed_cases, programs, "python", limits, second_worker=True)
    judge = session.judge(reversed_cases, "python")
    for program, prepared, run in zip(list(candidates.accepted), programs, runs, strict=True):
        judgement = _renumbered(judge.judge(run), len(problem.cases) - 1)
        rejection: Rejection | None = Rejection(judgement.status, judgement.detail)
        failure = judgement.first_failure
        if not problem.cases or judgement.status is Status.PASSED:
            failure = None
            rejection = session.examine(problem, prepared, "python", second_worker=True) if problem.test_code else None
        if rejection is not None and rejection.status is Status.INFRASTRUCTURE_ERROR:
            candidates.reject(program, NOT_REVIEWED, rejection)
        elif rejection is not None:
            detail = f"passed, then run again elsewhere: {rejection.status}: {rejection.detail}"
            candidates.reject(program, UNSTABLE, Rejection(Status.FLAKY, detail), failure)


def _renumbered(judgement: Judgement, last: int) -> Judgement:
    """What was judged with the cases in reverse, the case that failed numbered as in the problem."""
    failure = judgement.first_failure
    if failure is None or failure.case is None:
        return judgement
    number = last - failure.case
    detail = judgement.detail.replace(f"case {failure.case}:", f"case {number}:", 1)
    return replace(judgement, detail=detail, first_failure=replace(failure, case=number))
