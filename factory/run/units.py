"""The units of work: what one worker process does at a time, and how a unit that brings workers down ends.

Promises: a unit is a function of its fields. `graded` gives one verdict a rollout whatever happens to the workers;
only the rollout that brings them down has `infrastructure_error`. Everything that grades rollouts goes through here:
runs, `factory verify`, audits and canaries. Where there are several workers, a chunk of Python programs is dealt out to
them in shares, so that the endless programs of one problem do not wait for each other; the verdicts are those of the
whole chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from factory import filters
from factory.config import RankConfig, ReviewConfig
from factory.errors import InfrastructureError
from factory.executors.base import Executor
from factory.grading.extract import extract
from factory.grading.session import GradingSession
from factory.languages import Language, language
from factory.records import Problem, Program, Review, Rollout, Status, Survivor, Verdict
from factory.review.review import review_programs
from factory.run.together import together


@dataclass(frozen=True, slots=True)
class GradeUnit:
    """One problem's chunk of rollouts in one language."""

    problem: Problem
    rollouts: tuple[Rollout, ...]
    language: str
    source: Survivor | None = None
    """Of translations: the program they translate."""
    inputs: int = 0
    """Of translations: generated inputs on which they are compared with their source, at most."""
    filtered: bool = True
    """Whether the filters that the config names apply; they do not to canaries."""
    counted: bool = True
    """Whether it is a chunk, or the first share of one: canaries come after every few of these."""


@dataclass(frozen=True, slots=True)
class Share:
    """The verdicts on a part of a chunk, and whether equal texts are graded once in it."""

    verdicts: tuple[Verdict, ...]
    dedup: bool


@dataclass(frozen=True, slots=True)
class ReviewUnit:
    """The verdicts on one problem's Python rollouts that a review needs."""

    problem: Problem
    verdicts: tuple[Verdict, ...]
    settings: ReviewConfig
    rank: RankConfig
    answer: Rollout | None = None
    """What the model answered that was asked for inputs."""
    language: str = "python"


Unit = GradeUnit | ReviewUnit
SHARE = 16
"""Most rollouts that a share has, as far as equal texts let it: they stay together."""
_FAILURES = (InfrastructureError, RecursionError, MemoryError)
"""What may keep us from a verdict. The last two come from a text that is too much for this process, unforeseen."""


def grade(session: GradingSession, unit: GradeUnit) -> list[Verdict]:
    """One verdict a rollout, in order. Raises InfrastructureError."""
    target = language(unit.language)
    programs = _extracted(unit, target)
    chosen = filters.named(session.settings.verify.filters) if unit.filtered else ()
    return filters.grade(session, unit.problem, programs, unit.language, chosen, unit.source, unit.inputs)


def _extracted(unit: GradeUnit, target: Language) -> list[Program]:
    """The program in each rollout. Of 100 answers to one problem some 30 are the same: these are read once."""
    found: dict[tuple[str, str, str | None], Program] = {}
    programs = []
    for rollout in unit.rollouts:
        answer = rollout.text, rollout.mode, rollout.finish_reason
        if answer not in found:
            found[answer] = extract(rollout, unit.problem, target)
        programs.append(replace(found[answer], index=rollout.index))
    return programs


def review(session: GradingSession, unit: ReviewUnit) -> Review:
    """The review of one problem's passing programs. Raises InfrastructureError."""
    return review_programs(session, unit.problem, unit.verdicts, unit.settings, unit.rank, unit.answer)


def grade_share(session: GradingSession, unit: GradeUnit) -> Share | None:
    """`grade` for a part of a chunk; None where a verdict may depend on the rest of it. Raises InfrastructureError.

    It may with filters of the user's, who see a chunk's programs together, and where programs that pass decide how long
    the others may run.
    """
    settings, problem = session.settings, unit.problem
    measured = settings.limits.cpu_s == "auto" and problem.limits.cpu_s is None and bool(problem.cases)
    if (measured and session.reference_s(problem) is None) or (settings.verify.filters and unit.filtered):
        return None
    return Share(tuple(grade(session, unit)), settings.verify.dedup)


async def graded(executor: Executor, unit: GradeUnit, note: Callable[[str], None]) -> tuple[list[Verdict], bool]:
    """`grade` by an executor, and whether we failed in it: a share, or the unit, is then done one rollout at a time."""
    if len(unit.rollouts) > SHARE and unit.language == "python" and executor.workers > 1:
        dealt = shares(unit)
        if len(dealt) > 1:
            done = await together(_graded_share(executor, share, note) for share in dealt)
            found = [it for it, _ in done if it is not None]
            if len(found) == len(dealt):
                return joined(unit, dealt, found), any(lost for _, lost in done)
    return await _graded_whole(executor, unit, note)


async def _graded_share(executor: Executor, unit: GradeUnit, note: Callable[[str], None]) -> tuple[Share | None, bool]:
    try:
        return await executor.run(grade_share, unit), False
    except _FAILURES as error:
        _note_failure(note, error)
    return Share(tuple(await _one_by_one(executor, unit)), dedup=False), True


async def _graded_whole(executor: Executor, unit: GradeUnit, note: Callable[[str], None]) -> tuple[list[Verdict], bool]:
    try:
        return await executor.run(grade, unit), False
    except _FAILURES as error:
        _note_failure(note, error)
    return await _one_by_one(executor, unit), True


def _note_failure(note: Callable[[str], None], error: BaseException) -> None:
    note(f"one by one after a failure of ours: {error or type(error).__name__}")


async def _one_by_one(executor: Executor, unit: GradeUnit) -> list[Verdict]:
    verdicts: list[Verdict] = []
    total = len(unit.problem.cases) + bool(unit.problem.test_code)
    for rollout in unit.rollouts:
        try:
            verdicts += await executor.run(grade, replace(unit, rollouts=(rollout,)))
        except _FAILURES as error:
            status, detail = Status.INFRASTRUCTURE_ERROR, str(error) or type(error).__name__
            verdicts.append(Verdict(unit.problem.id, rollout.index, unit.language, status, detail, cases_total=total))
    return verdicts


def shares(unit: GradeUnit) -> list[GradeUnit]:
    """`unit` in parts of about `SHARE` rollouts, dealt out like cards, equal texts to the same one."""
    count = -(-len(unit.rollouts) // SHARE)
    hands: list[list[Rollout]] = [[] for _ in range(count)]
    known: dict[str, int] = {}
    for rollout in unit.rollouts:
        hands[known.setdefault(rollout.text, len(known) % count)].append(rollout)
    return [replace(unit, rollouts=tuple(hand), counted=at == 0) for at, hand in enumerate(hands) if hand]


def joined(unit: GradeUnit, dealt: Sequence[GradeUnit], found: Sequence[Share]) -> list[Verdict]:
    """The verdicts on `unit` from those on its parts: the first of equal programs gives the others its own."""
    at = {id(rollout): number for number, rollout in enumerate(unit.rollouts)}
    verdicts = dict[int, Verdict]()
    for share, graded_part in zip(dealt, found, strict=True):
        for rollout, verdict in zip(share.rollouts, graded_part.verdicts, strict=True):
            verdicts[at[id(rollout)]] = verdict
    dedup = any(it.dedup for it in found)
    first: dict[str, Verdict] = {}
    whole = []
    for number in range(len(unit.rollouts)):
        verdict = verdicts[number]
        own = replace(verdict, duplicate_of=None)
        if dedup and verdict.normal_form and first.setdefault(verdict.code, own) is not own:
            fixes, earlier = verdict.import_fixes, first[verdict.code]
            verdict = replace(earlier, index=verdict.index, import_fixes=fixes, duplicate_of=earlier.index)
        whole.append(verdict)
    return whole
