"""The review of the programs of one problem that passed its tests, and with them of the tests.

The programs run again, elsewhere and in another order (what then fails is flaky), answer generated inputs, on which a
clear majority decides (what differs is wrong, and the input becomes a derived case), and are mutated, which shows how
many wrong programs the tests catch. Promises: a program can only be rejected, none is saved; all but times is a
function of the verdicts; expected answers never enter a sandbox. Does not promise that what is accepted is right:
where the programs of one model err alike, they agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from factory.config import RankConfig, ReviewConfig
from factory.grading.session import GradingSession
from factory.inputs.domain import Reach
from factory.inputs.generate import input_text
from factory.records import Case, Problem, RejectedProgram, Rejection, Review, Rollout, Status, Verdict, sha256
from factory.review.agreement import Compared, compare
from factory.review.candidates import DERIVED, HARD_CODED, NOT_REVIEWED, SET_ORDER, Candidates
from factory.review.equivalence import equivalence
from factory.review.generated import GeneratedInputs, generated_inputs, named_inputs, together
from factory.review.hardcoding import reject_tables
from factory.review.preconditions import without_invalid
from factory.review.rerun import reject_unstable
from factory.review.set_order import reject_by_set_order
from factory.review.suggested import Suggested, suggested
from factory.review.test_strength import MutantCounts, try_mutants
from factory.review.twins import reject_twins, twins
from factory.selection.select import ranked

MOST_TRACED = 64
"""Calls of test code that become cases, at most."""
_MISSED = (DERIVED, HARD_CODED, SET_ORDER)
"""Checks whose rejects are wrong programs that the tests did not catch."""
_CAUGHT = {Status.WRONG_ANSWER, Status.RUNTIME_ERROR, Status.TIMEOUT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT}


# ---- what it is about ----


def fingerprint(verdicts: Iterable[Verdict]) -> str:
    """What a review depends on, of the verdicts it is about."""
    known = sorted((it.code_sha256, it.normal_form, str(it.status), it.index) for it in verdicts)
    return sha256(json.dumps(known))


def answer_sha256(answer: Rollout | None) -> str:
    """What, beside the verdicts, a review depends on: the model's `answer` to what it was asked."""
    return sha256(answer.text) if answer else ""


def needed_for_review(verdicts: Sequence[Verdict], settings: ReviewConfig, rank: RankConfig) -> tuple[Verdict, ...]:
    """What `review_programs` needs of `verdicts`: the best that passed, other texts of their normal forms, and near
    misses without their code.

    No more than that goes to another process.
    """
    near = {it.normal_form: replace(it, code="", first_failure=None) for it in verdicts if _nearly_passed(it)}
    best = _best(verdicts, settings, rank)
    return (*best, *twins(verdicts, best), *near.values())


def _best(verdicts: Sequence[Verdict], settings: ReviewConfig, rank: RankConfig) -> list[Verdict]:
    """The programs that are reviewed: as many as the config says, and never fewer than may be kept."""
    return ranked(verdicts, rank)[: max(settings.programs, rank.keep)]


def _nearly_passed(verdict: Verdict) -> bool:
    return verdict.status in _CAUGHT and verdict.cases_passed > 0 and verdict.duplicate_of is None


# ---- the review ----


def review_programs(
    session: GradingSession,
    problem: Problem,
    verdicts: Sequence[Verdict],
    settings: ReviewConfig,
    rank: RankConfig,
    answer: Rollout | None = None,
) -> Review:
    """The review of the best of `verdicts`, those on the problem's Python rollouts.

    `answer` is what the model answered that was asked for inputs (`factory.review.asking`).
    Raises InfrastructureError; a program that alone brings workers down is rejected as not reviewed.
    """
    before_ms = session.ran_ms
    best = _best(verdicts, settings, rank)
    candidates = Candidates(best)
    reject_tables(problem, candidates)
    if settings.rerun:
        reject_unstable(session, problem, candidates)
    equivalent = equivalence(problem)
    traced = traced_inputs(session, problem, candidates)
    inputs = _Inputs()
    if equivalent and candidates.accepted:
        inputs = _inputs(session, problem, traced, settings, answer)
    inside = (*traced, *inputs.made.get(Reach.INSIDE, ()))
    if settings.rerun:
        reject_by_set_order(session, problem, equivalent, candidates, inside)
    compared = compare(session, problem, equivalent, candidates, traced, inputs.made, settings.majority)
    mutants = MutantCounts()
    if settings.mutants:
        mutants = try_mutants(session, problem, candidates.accepted, _more_tests(problem, compared), settings.mutants)
    near = len({it.normal_form for it in verdicts if _nearly_passed(it)})
    missed = sum(rejected.by in _MISSED for rejected in candidates.rejected.values()) + compared.wrong
    rate = _kill_rate(mutants, near, missed)
    rejected = twins(verdicts, [it for it in best if it.code_sha256 in candidates.rejected])
    decided = compared.derived + compared.farther
    reject_twins(session, problem, candidates, rejected, equivalent, inside, decided, settings)
    return Review(
        problem_id=problem.id,
        fingerprint=fingerprint(verdicts),
        rejected=candidates.rejected,
        accepted={it.code_sha256: _profile(it, compared) for it in candidates.accepted},
        traced=compared.traced,
        derived=compared.derived,
        disputed=compared.disputed,
        agreement={form: share for form, share in compared.agreement.items() if share < 1},
        inputs=sum(map(len, inputs.made.values())),
        answer_sha256=answer_sha256(answer),
        named=inputs.named,
        preconditions=inputs.preconditions,
        excluded=inputs.excluded,
        mutants_killed=mutants.killed,
        mutants_alive=mutants.alive,
        mutants_alike=mutants.alike,
        rollouts_killed=near,
        rollouts_alive=missed,
        kill_rate=rate,
        weak=settings.min_test_strength > 0 and (rate is None or rate < settings.min_test_strength),
        cpu_ms=round(session.ran_ms - before_ms, 3),
    )


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The inputs that programs are compared on; the other fields are those of `Review`."""

    made: GeneratedInputs = field(default_factory=dict)
    named: int = 0
    preconditions: tuple[str, ...] = ()
    excluded: int = 0


def _inputs(
    session: GradingSession,
    problem: Problem,
    traced: Sequence[Case],
    settings: ReviewConfig,
    answer: Rollout | None,
) -> _Inputs:
    """New inputs of the problem, without those that a precondition of the model's excludes."""
    found = suggested(answer, problem) if answer else Suggested()
    known, conditions = (*problem.cases, *traced), found.preconditions
    generated = generated_inputs(problem, traced, settings.inputs)
    made = named_inputs(problem, traced, found.inputs)
    if "generated" in settings.inputs_from:
        made = together(generated, made)
    like = generated.get(Reach.INSIDE, ())
    valid, preconditions = without_invalid(session, problem, conditions, known, like, made)
    texts = {input_text(case) for cases in valid.values() for case in cases}
    named = sum(input_text(case) in texts for case in found.inputs)
    excluded = sum(len(made[reach]) - len(valid[reach]) for reach in made)
    return _Inputs(valid, named, preconditions, excluded)


def traced_inputs(session: GradingSession, problem: Problem, candidates: Candidates) -> tuple[Case, ...]:
    """The calls that the problem's test code makes of the best program, expecting nothing yet.

    Raises InfrastructureError.
    """
    if not problem.test_code or not candidates.accepted:
        return ()
    calls = session.calls(problem, candidates.accepted[0].code)
    if isinstance(calls, Rejection):
        return ()
    known = {json.dumps([case.args, case.kwargs]) for case in problem.cases}
    found: list[Case] = []
    for call, _ in calls[: MOST_TRACED * 4]:
        args, kwargs = json.loads(call)
        if json.dumps([args, kwargs]) not in known and len(found) < MOST_TRACED:
            known.add(json.dumps([args, kwargs]))
            found.append(Case(args=args, kwargs=kwargs, expected=None))
    return tuple(found)


def _more_tests(problem: Problem, compared: Compared) -> Problem | None:
    """What shows a wrong program beyond the tests, as a problem of its own; None where there is nothing."""
    cases = compared.traced + compared.derived + compared.unopposed
    return problem.model_copy(update={"cases": cases, "test_code": ""}) if cases else None


def _profile(program: Verdict, compared: Compared) -> str:
    """How an accepted program behaves where right programs may differ."""
    return sha256("\n".join(compared.open.get(program.normal_form, ())))[:16]


def _kill_rate(mutants: MutantCounts, near: int, missed: int) -> float | None:
    """The share of wrong programs that tests caught: mutants, near misses, and `missed` programs that had passed.

    Near misses are caught by their nature. They count at most as often as mutants, or a model that fails often would
    make any tests look strong.
    """
    tried = mutants.killed + mutants.alive
    killed = mutants.killed + min(near, tried or near)
    wrong = killed + mutants.alive + missed
    return round(killed / wrong, 6) if wrong else None


# ---- reviews that our own failure cut short ----


def not_reviewed(problem: Problem, verdicts: Iterable[Verdict], why: str) -> Review:
    """In place of a review that our own failure prevented: nothing that passed is accepted."""
    lost = RejectedProgram(NOT_REVIEWED, Status.INFRASTRUCTURE_ERROR, why)
    passed = {verdict.code_sha256 for verdict in verdicts if verdict.status is Status.PASSED}
    return Review(problem.id, fingerprint(verdicts), dict.fromkeys(sorted(passed), lost), {})


def is_incomplete(review: Review) -> bool:
    """Whether our own failure rejected a program, so that a second review may find otherwise."""
    return any(rejected.by == NOT_REVIEWED for rejected in review.rejected.values())
