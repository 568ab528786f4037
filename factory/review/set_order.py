"""Programs that passed, run once more with the items of their sets in reverse: what then answers otherwise is flaky.

Sound without a vote and without a reference: one answer is right, and the language promises no order in which a set
gives its items. Promises: compares answers with answers alone; an input that either refuses is no evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

from factory.grading.session import GradingSession
from factory.inputs.run_on_inputs import NO_ANSWER, plain, run_on_inputs
from factory.languages.python.literals import show, show_input
from factory.languages.python.set_order import sets_in_reverse
from factory.records import Case, Failure, Problem, Rejection, Status
from factory.review.candidates import SET_ORDER, Candidates
from factory.review.equivalence import Equivalence
from factory.review.time_for_inputs import RUNS, time_for_inputs


def reject_by_set_order(
    session: GradingSession,
    problem: Problem,
    equivalence: Equivalence | None,
    candidates: Candidates,
    inputs: Sequence[Case],
) -> None:
    """Reject every accepted program whose answer to a case or to one of `inputs` depends on the order of a set.

    Raises InfrastructureError.
    """
    reversed_ = {it.code: text for it in candidates.accepted if (text := sets_in_reverse(it.code)) is not None}
    if not reversed_ or equivalence is None:
        return
    asked = [*problem.cases, *inputs]
    limits = time_for_inputs(session, problem, candidates.accepted)
    programs = [it for it in candidates.accepted if it.code in reversed_]
    sources = [text for it in programs for text in (it.code, reversed_[it.code])]
    outputs = run_on_inputs(session, problem, sources, asked, limits, second_worker=True, most_runs=RUNS)
    for program, as_is, in_reverse in zip(programs, outputs[::2], outputs[1::2], strict=True):
        for case, answers in zip(asked, zip(map(plain, as_is), map(plain, in_reverse), strict=True), strict=True):
            if any(it is NO_ANSWER for it in answers) or equivalence.same(*answers):
                continue
            given, got, other = show_input(case), *map(show, answers)
            detail = f"depends on the order of a set: for {given} answers {got}, and {other} with its sets in reverse"
            candidates.reject(
                program, SET_ORDER, Rejection(Status.FLAKY, detail), Failure(None, False, given, got, other)
            )
            break
