"""Programs that share the normal form of one that the review rejected, but not its text.

Promises: each is examined as that one was and has the verdict that it earns; they are not kept. One that passes
again goes on as a program that passed its tests and was not among those reviewed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from factory.config import ReviewConfig
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Case, Problem, Program, Rejection, Status, Verdict
from factory.review.candidates import DERIVED, NOT_REVIEWED, Candidates
from factory.review.equivalence import Equivalence
from factory.review.hardcoding import reject_tables
from factory.review.rerun import reject_unstable
from factory.review.set_order import reject_by_set_order


def twins(verdicts: Iterable[Verdict], originals: Sequence[Verdict]) -> list[Verdict]:
    """Of `verdicts` those that passed and share a normal form with one of `originals`, each text once, without
    their own texts.
    """
    forms, known = {it.normal_form for it in originals}, {it.code_sha256 for it in originals}
    found = {it.code_sha256: it for it in verdicts if it.status is Status.PASSED and it.normal_form in forms}
    return [it for text, it in found.items() if text not in known]


def reject_twins(
    session: GradingSession,
    problem: Problem,
    candidates: Candidates,
    several: Sequence[Verdict],
    equivalence: Equivalence | None,
    near: Sequence[Case],
    decided: tuple[Case, ...],
    settings: ReviewConfig,
) -> None:
    """Reject those of `several` that a check of the review rejects; `near` are inputs like those of the cases,
    `decided` the generated inputs that decided.

    Raises InfrastructureError.
    """
    own = Candidates(several)
    reject_tables(problem, own)
    if settings.rerun:
        reject_unstable(session, problem, own)
        reject_by_set_order(session, problem, equivalence, own, near)
    if decided:
        _reject_dissenters(session, problem.model_copy(update={"cases": decided, "test_code": ""}), own)
    candidates.rejected |= own.rejected


def _reject_dissenters(session: GradingSession, derived: Problem, own: Candidates) -> None:
    programs = list(own.accepted)
    verdicts = verify(session, derived, [Program(at, it.code) for at, it in enumerate(programs)], "python")
    for program, verdict in zip(programs, verdicts, strict=True):
        if verdict.status is Status.INFRASTRUCTURE_ERROR:
            own.reject(program, NOT_REVIEWED, Rejection(verdict.status, verdict.detail))
        elif verdict.status is not Status.PASSED:
            failure = verdict.first_failure and replace(verdict.first_failure, case=None)
            own.reject(program, DERIVED, Rejection(Status.WRONG_ANSWER, f"derived: {verdict.detail}"), failure)
