"""The second look at the programs of one problem that passed its tests, and with them at the tests.

They run again, elsewhere and in another order (what then fails is flaky); answer generated inputs, on which a clear
majority decides (what differs is wrong, the input a derived case); and are mutated, which tells how many wrong
programs the tests catch. Promises: a program only falls, none is saved; all but times is a function of the verdicts;
what any of them is expected to answer never enters a wall. Does not promise that what stands is right: where the
programs of one model err alike, they agree.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from factory.config import RankConfig, ReviewConfig
from factory.grading.judge import Judgement
from factory.grading.session import GradingSession
from factory.inputs import run_on_inputs
from factory.inputs.domain import Domain
from factory.inputs.generate import stream
from factory.inputs.run_on_inputs import NOTHING, plain
from factory.languages.python.literals import show, show_input
from factory.records import Case, Prepared, Problem, Rejection, Review, Status, Verdict, sha256
from factory.records.values import dumps, encode
from factory.review.equivalence import sameness
from factory.review.hardcoding import hard_coded
from factory.review.majority import DECLINED, QUORUM, Result, Vote, vote
from factory.review.test_strength import Strength, strength
from factory.selection.select import ranked

DERIVED, HARD_CODED, UNSTABLE, NOT_REVIEWED = "derived", "hard-coded", "unstable", "not looked at"
"""By what a program falls; the last by our own failure."""
MADE = 8
"""Inputs made for one that shall lie in the problem's domain."""
MOST_TRACED = 64
"""Calls of test code that become cases, at most."""
RESTARTS = 2
"""Runs of one program on the inputs, the second behind the input that ended the first."""
LEAST_CPU_S, TIMES = 0.1, 20.0
"""CPU seconds of a program for all inputs: so many at least, and so many times what the cases took most of them."""
LEAST_ANSWER, WORDIER = 4096, 16
"""Characters of an answer that counts: so many, and so many times the longest that the tests expect. What is made to
be slow to compare is long."""
_LINE = re.compile(r"line (\d+): ")
_REFUSES = re.compile(r"\s*(?:.*:\s*)?(?:assert|raise)\b")
"""A line of a program that says an input is none, where it ends by it."""
PATIENCE = 2
"""Times its CPU limit that a program may take when it runs again: it has shown that it ends."""


def fingerprint(verdicts: Iterable[Verdict]) -> str:
    """What a review depends on, of the verdicts it is about."""
    known = sorted((it.normal_form, str(it.status), it.index, it.duplicate_of is None) for it in verdicts)
    return sha256(json.dumps(known))


def worth_a_look(verdicts: Sequence[Verdict], settings: ReviewConfig, rank: RankConfig) -> tuple[Verdict, ...]:
    """What `review_programs` needs of `verdicts`: the best that passed, and near misses without their code.

    No more than that goes to another process.
    """
    near = {it.normal_form: replace(it, code="", first_failure=None) for it in verdicts if _nearly_passed(it)}
    return (*_best(verdicts, settings, rank), *near.values())


def _best(verdicts: Sequence[Verdict], settings: ReviewConfig, rank: RankConfig) -> list[Verdict]:
    """The programs that are looked at: as many as the config says, and never fewer than may be kept."""
    return ranked(verdicts, rank)[: max(settings.programs, rank.keep)]


def review_programs(
    session: GradingSession, problem: Problem, verdicts: Sequence[Verdict], settings: ReviewConfig, rank: RankConfig
) -> Review:
    """The second look at the best of `verdicts`, those on the problem's Python rollouts.

    Raises InfrastructureError; where one program alone brings workers down, that one falls by it.
    """
    before = session.ran_ms
    look = _Look(session, problem, _best(verdicts, settings, rank))
    look.find_tables()
    if settings.rerun:
        look.run_again()
    traced = look.outcome()
    made = look.generate(traced, settings.inputs)
    derived = look.compare(traced, made, settings.majority)
    tests = look.tests(derived)
    caught = strength(session, problem, look.accepted, tests, settings.mutants) if settings.mutants else Strength()
    near = {it.normal_form for it in verdicts if _nearly_passed(it)}
    missed = sum(rejected["by"] in (DERIVED, HARD_CODED) for rejected in look.rejected.values())
    rate = _kill_rate(caught, len(near), missed)
    return Review(
        problem_id=problem.id,
        fingerprint=fingerprint(verdicts),
        rejected=look.rejected,
        accepted=look.profiles(),
        traced=_as_json(derived.traced),
        derived=_as_json(derived.cases),
        disputed=derived.disputed,
        inputs=len(made),
        mutants_killed=caught.killed,
        mutants_alive=caught.alive,
        mutants_alike=caught.alike,
        rollouts_killed=len(near),
        rollouts_alive=missed,
        kill_rate=rate,
        weak=settings.min_test_strength > 0 and (rate is None or rate < settings.min_test_strength),
        cpu_ms=round(session.ran_ms - before, 3),
    )


def _kill_rate(caught: Strength, near: int, missed: int) -> float | None:
    """The share of wrong programs that tests caught: mutants, near misses, and `missed` programs that had passed.

    Near misses are caught by their nature. They count at most as often as mutants, or a model that fails often would
    make any tests look strong.
    """
    mutants = caught.killed + caught.alive
    killed = caught.killed + min(near, mutants or near)
    wrong = killed + caught.alive + missed
    return round(killed / wrong, 6) if wrong else None


def not_reviewed(problem: Problem, verdicts: Iterable[Verdict], why: str) -> Review:
    """Stands for a look that our own failure kept from being taken: nothing that passed stands."""
    lost = {"by": NOT_REVIEWED, "status": str(Status.INFRASTRUCTURE_ERROR), "detail": why, "first_failure": None}
    passed = {verdict.normal_form for verdict in verdicts if verdict.status is Status.PASSED}
    return Review(problem.id, fingerprint(verdicts), dict.fromkeys(sorted(passed), lost), {})


_CAUGHT = {Status.WRONG_ANSWER, Status.RUNTIME_ERROR, Status.TIMEOUT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT}


def _nearly_passed(verdict: Verdict) -> bool:
    return verdict.status in _CAUGHT and verdict.cases_passed > 0 and verdict.duplicate_of is None


@dataclass(frozen=True, slots=True)
class _Compared:
    """Cases that became of inputs, and how many inputs stayed in dispute."""

    traced: tuple[Case, ...] = ()
    cases: tuple[Case, ...] = ()
    disputed: int = 0
    unopposed: tuple[Case, ...] = ()
    """Where too few programs stand for a vote: inputs that all answer alike. They tell a mutant from its origin."""


class _Look:
    """The programs of one problem, as far as they stand."""

    def __init__(self, session: GradingSession, problem: Problem, programs: Sequence[Verdict]) -> None:
        self._session, self._problem = session, problem
        self._sameness = sameness(problem)
        self.accepted = list(programs)
        self.rejected: dict[str, dict[str, str | None]] = {}
        self._longest = LEAST_ANSWER + WORDIER * max(map(_answer_size, problem.cases), default=0)
        self._open: dict[str, list[str]] = {program.normal_form: [] for program in programs}

    def _fell(self, program: Verdict, by: str, rejection: Rejection, failure: str | None = None) -> None:
        self.accepted.remove(program)
        self.rejected[program.normal_form] = {
            "by": by,
            "status": str(rejection.status),
            "detail": rejection.detail,
            "first_failure": failure,
        }

    # ---- once more ----

    def run_again(self) -> None:
        """Each once more: another worker and hash seed, the cases in reverse. What does not pass again is flaky."""
        turned = self._problem.model_copy(update={"cases": self._problem.cases[::-1], "test_code": ""})
        limits = self._session.limits(turned)
        needed_s = max((program.cpu_ms for program in self.accepted), default=0) / 1000
        cpu_s = PATIENCE * max(limits.cpu_s, needed_s)  # with limits.cpu_s: auto more was granted, where more was due
        limits = replace(limits, cpu_s=cpu_s, wall_s=PATIENCE * limits.wall_s)
        programs = [Prepared(program.code, program.normal_form) for program in self.accepted]
        runs = self._session.runs(turned, programs, "python", limits, second_worker=True)
        judge = self._session.judge(turned, "python")
        for program, prepared, run in zip(list(self.accepted), programs, runs, strict=True):
            judgement = _turned_back(judge.judge(run), len(self._problem.cases) - 1)
            rejection: Rejection | None = Rejection(judgement.status, judgement.detail)
            failure = judgement.first_failure
            if not self._problem.cases or judgement.status is Status.PASSED:
                rejection, failure = None, None
                if self._problem.test_code:
                    rejection = self._session.examine(self._problem, prepared, "python", second_worker=True)
            if rejection is not None and rejection.status is Status.INFRASTRUCTURE_ERROR:
                self._fell(program, NOT_REVIEWED, rejection)
            elif rejection is not None:
                told = f"passed, then run again elsewhere: {rejection.status}: {rejection.detail}"
                self._fell(program, UNSTABLE, Rejection(Status.FLAKY, told), failure)

    def find_tables(self) -> None:
        """Let fall what answers from a table of the cases."""
        for program in list(self.accepted):
            told = hard_coded(program.code, self._problem)
            if told is not None:
                self._fell(program, HARD_CODED, Rejection(Status.WRONG_ANSWER, told))

    # ---- inputs ----

    def outcome(self) -> tuple[Case, ...]:
        """The calls that the problem's test code makes of the best program, expecting nothing yet."""
        if not self._problem.test_code or not self.accepted:
            return ()
        told = self._session.calls(self._problem, self.accepted[0].code)
        if isinstance(told, Rejection):
            return ()
        known = {json.dumps([case.args, case.kwargs]) for case in self._problem.cases}
        found: list[Case] = []
        for call, _ in told[: MOST_TRACED * 4]:
            args, kwargs = json.loads(call)
            if json.dumps([args, kwargs]) not in known and len(found) < MOST_TRACED:
                known.add(json.dumps([args, kwargs]))
                found.append(Case(args=args, kwargs=kwargs, expected=None))
        return tuple(found)

    def generate(self, traced: tuple[Case, ...], count: int) -> tuple[Case, ...]:
        """At most `count` new inputs that lie among those of the cases; none where several answers may be right."""
        whole = self._problem.model_copy(update={"cases": self._problem.cases + traced, "test_code": ""})
        if not (count and self.accepted and whole.cases and self._sameness):
            return ()
        domain = Domain(whole)
        return tuple(islice(filter(domain.holds, stream(whole, MADE * count)), count))

    # ---- each other ----

    def compare(self, traced: tuple[Case, ...], made: tuple[Case, ...], majority: float) -> _Compared:
        """Let them, and the reference, answer every input; those that differ from a clear majority fall.

        Twice: without those that fell, some inputs are no longer in dispute. A traced input becomes a case where
        all that stand agree; none falls by it, since it has satisfied the tests there.
        """
        asked = (*traced, *made)
        if not asked or not self.accepted:
            return _Compared()
        reference = self._problem.reference
        codes = [program.code for program in self.accepted]
        limits = self._session.limits(self._problem)
        limits = replace(limits, cpu_s=min(limits.cpu_s, self._patience_s()))
        sources = [*codes, *([reference] if reference else [])]
        outputs = run_on_inputs.ask(
            self._session, self._problem, sources, asked, limits, second_worker=True, restarts=RESTARTS
        )
        known = {program.normal_form: outputs[at] for at, program in enumerate(self.accepted)}
        for program in list(self.accepted):
            lost = [it for it in known[program.normal_form] if _is_ours(it)]
            if lost:
                self._fell(program, NOT_REVIEWED, lost[0])
        self._answers = {
            program.normal_form: [self._answer(it, program.code) for it in known[program.normal_form]]
            for program in self.accepted
        }
        of_reference = [NOTHING] * len(asked)
        if reference:  # one that takes too long has not agreed
            told = [self._answer(it, reference) for it in outputs[-1]]
            of_reference = [DECLINED if it is NOTHING else it for it in told]
        first = len(traced)
        numbers = range(first, len(asked))
        for _ in range(2):
            votes = {number: self._vote(number, of_reference[number], majority) for number in numbers}
            self._drop(asked, votes)
        agreed = {number: it.answer for number, it in votes.items() if it.result is Result.AGREED}
        cases = [case for number, answer in agreed.items() if (case := self._case(asked[number], answer))]
        for number in numbers:
            if number not in agreed:
                for program in self.accepted:
                    self._open[program.normal_form].append(_text(self._answers[program.normal_form][number]))
        disputed = sum(it.result is Result.DISPUTED for it in votes.values())
        too_few = len(self.accepted) + bool(reference) < QUORUM
        unopposed = self._agreed(dict(zip(numbers, made, strict=True)), of_reference) if too_few else ()
        return _Compared(self._agreed(dict(enumerate(traced)), of_reference), tuple(cases), disputed, unopposed)

    def _patience_s(self) -> float:
        return max(LEAST_CPU_S, TIMES * statistics.median(program.cpu_ms for program in self.accepted) / 1000)

    def _vote(self, number: int, reference: Any, majority: float) -> Vote:
        answers = [self._answers[program.normal_form][number] for program in self.accepted]
        assert self._sameness is not None  # or nothing would have been generated
        return vote(answers, self._sameness.same, majority, reference)

    def _answer(self, output: Any, code: str) -> Any:
        """A plain value, the Rejection of what broke, DECLINED, or NOTHING where it was not asked."""
        if not isinstance(output, Rejection):
            return plain(output, self._longest)
        place = _LINE.match(output.detail)
        line = int(place[1]) if place else 0
        text = code.split("\n")[line - 1] if 0 < line <= code.count("\n") + 1 else ""
        said = output.detail[place.end() if place else 0 :].startswith("AssertionError")
        return DECLINED if said or _REFUSES.match(text) else output

    def _drop(self, asked: Sequence[Case], votes: dict[int, Vote]) -> None:
        """Let fall whoever differs from a majority, each by the first input where it does."""
        programs = list(self.accepted)
        for number, result in votes.items():
            for at in result.dissenters:
                if at < 0 or programs[at].normal_form in self.rejected:
                    continue
                got = self._answers[programs[at].normal_form][number]
                shown = got.detail if isinstance(got, Rejection) else show(got)
                given, due = show_input(asked[number]), show(result.answer)
                voices = f"{result.voters - len(result.dissenters)} of {result.voters} programs that passed"
                detail = f"derived: for {given} answered {shown}, where {voices} answer {due}"
                failure = {"case": None, "public": False, "input": given, "got": shown, "expected": due}
                text = json.dumps(failure, ensure_ascii=False)
                self._fell(programs[at], DERIVED, Rejection(Status.WRONG_ANSWER, detail), text)

    def _agreed(self, cases: Mapping[int, Case], of_reference: Sequence[Any]) -> tuple[Case, ...]:
        """Those of `cases`, by number, to which all that stand give one answer, and the reference no other."""
        if self._sameness is None:
            return ()
        same = self._sameness.same
        found = []
        for number, case in cases.items():
            answers = [self._answers[program.normal_form][number] for program in self.accepted]
            answers += [of_reference[number]] if of_reference[number] is not NOTHING else []
            if answers and all(not isinstance(it, Rejection) and same(it, answers[0]) for it in answers):
                found.append(self._case(case, answers[0]))
        return tuple(case for case in found if case)

    def _case(self, asked: Case, answer: Any) -> Case | None:
        """The input with its answer; None where no case can say what that is compared by."""
        if asked.stdin is not None:
            return asked.model_copy(update={"stdout": answer, "public": False})
        assert self._sameness is not None
        try:
            comparison = self._sameness.comparison(answer)
        except ValueError:
            return None
        return asked.model_copy(update={"expected": encode(answer), "public": False, "comparison": comparison})

    # ---- what comes of it ----

    def tests(self, compared: _Compared) -> Problem | None:
        """What tells a wrong program from a right one beyond the tests, as a problem of its own; None for nothing."""
        cases = compared.traced + compared.cases + compared.unopposed
        return self._problem.model_copy(update={"cases": cases, "test_code": ""}) if cases else None

    def profiles(self) -> dict[str, str]:
        """By form of what stands: how it behaves where right programs may differ."""
        return {
            program.normal_form: sha256("\n".join(self._open[program.normal_form]))[:16] for program in self.accepted
        }


def _turned_back(judgement: Judgement, last: int) -> Judgement:
    """What was judged with the cases in reverse, the case that failed numbered as in the problem."""
    if judgement.first_failure is None:
        return judgement
    failure = json.loads(judgement.first_failure)
    number = failure["case"]
    detail = judgement.detail.replace(f"case {number}:", f"case {last - number}:", 1)
    return replace(
        judgement, detail=detail, first_failure=json.dumps(failure | {"case": last - number}, ensure_ascii=False)
    )


def _is_ours(output: Any) -> bool:
    return isinstance(output, Rejection) and output.status is Status.INFRASTRUCTURE_ERROR


def _answer_size(case: Case) -> int:
    return len(case.stdout if case.stdout is not None else json.dumps(case.expected))


def _text(answer: Any) -> str:
    return "" if isinstance(answer, Rejection) else sha256(dumps(answer))


def _as_json(cases: Iterable[Case]) -> str:
    return json.dumps([case.as_json() for case in cases], ensure_ascii=False)


def cut_short(review: Review) -> bool:
    """Whether a program fell by our own failure, so that another look may find otherwise."""
    return any(rejected["by"] == NOT_REVIEWED for rejected in review.rejected.values())


def revised(verdicts: Iterable[Verdict], review: Review | None) -> list[Verdict]:
    """`verdicts` with what the second look has shown of programs that had passed."""
    return [_revised(verdict, review.rejected) if review else verdict for verdict in verdicts]


def _revised(verdict: Verdict, rejected: dict[str, dict[str, str | None]]) -> Verdict:
    found = rejected.get(verdict.normal_form) if verdict.status is Status.PASSED else None
    if found is None:
        return verdict
    return replace(
        verdict,
        status=Status(str(found["status"])),
        detail=found["detail"] or "",
        first_failure=found["first_failure"],
        review=found["by"],
    )
