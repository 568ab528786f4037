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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from factory.config import RankConfig, ScrutinyConfig
from factory.filters import asking
from factory.filters.asking import NOTHING, plain
from factory.filters.chain import Chain
from factory.filters.domain import Domain
from factory.filters.hardcoding import hard_coded
from factory.filters.inputs import stream
from factory.filters.judge import show, show_input
from factory.filters.sameness import sameness
from factory.filters.select import ranked
from factory.filters.strength import Strength, strength
from factory.filters.votes import Result, Vote, vote
from factory.records import Case, Prepared, Problem, Rejection, Scrutiny, Status, Verdict, sha256
from factory.values import dumps, encode

DERIVED, HARD_CODED, UNSTABLE, UNSEEN = "derived", "hard-coded", "unstable", "not looked at"
"""By what a program falls; the last by our own failure."""
MADE = 8
"""Inputs made for one that shall lie in the problem's domain."""
MOST_HARVESTED = 64
"""Calls of test code that become cases, at most."""
RESTARTS = 2
"""Runs of one program on the inputs that most scouts answered, the second behind the input that ended the first."""
LEAST_CPU_S, TIMES = 0.1, 20.0
"""CPU seconds of a program for all inputs: so many at least, and so many times what the cases took."""
_LINE = re.compile(r"line (\d+): ")
_REFUSES = re.compile(r"\s*(?:.*:\s*)?(?:assert|raise)\b")
"""A line of a program that says an input is none, where it ends by it."""
PATIENCE = 2
"""Times its CPU limit that a program may take when it runs again: it has shown that it ends."""


def fingerprint(verdicts: Iterable[Verdict]) -> str:
    """What a scrutiny depends on, of the verdicts it is about."""
    known = sorted((it.form, str(it.status), it.index, it.duplicate_of is None) for it in verdicts)
    return sha256(json.dumps(known))


def scrutinise(
    chain: Chain, problem: Problem, verdicts: Sequence[Verdict], settings: ScrutinyConfig, rank: RankConfig
) -> Scrutiny:
    """The second look at the best of `verdicts`, all those on the problem's Python rollouts that there are.

    Raises InfrastructureError; where one program alone brings workers down, that one falls by it.
    """
    look = _Look(chain, problem, ranked(verdicts, rank)[: settings.programs])
    look.find_tables()
    if settings.rerun:
        look.run_again()
    harvested = look.harvest()
    made = look.generate(harvested, settings.inputs)
    derived = look.compare(harvested, made, settings.majority)
    tests = look.tests(derived)
    caught = strength(chain, problem, look.standing, tests, settings.mutants) if settings.mutants else Strength()
    near = {it.form for it in verdicts if it.status in _CAUGHT and it.cases_passed and it.duplicate_of is None}
    missed = sum(fallen["by"] in (DERIVED, HARD_CODED) for fallen in look.fallen.values())
    killed, alive = caught.killed + len(near), caught.alive + missed
    rate = round(killed / (killed + alive), 6) if killed + alive else None
    return Scrutiny(
        problem_id=problem.id,
        fingerprint=fingerprint(verdicts),
        fallen=look.fallen,
        standing=look.profiles(),
        harvested=_as_json(derived.harvested),
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
        cpu_ms=round(look.cpu_ms + caught.cpu_ms, 3),
    )


def unseen(problem: Problem, verdicts: Iterable[Verdict], why: str) -> Scrutiny:
    """Stands for a look that our own failure kept from being taken: nothing that passed stands."""
    lost = {"by": UNSEEN, "status": str(Status.INFRASTRUCTURE_ERROR), "detail": why, "first_failure": None}
    passed = {verdict.form for verdict in verdicts if verdict.status is Status.PASSED}
    return Scrutiny(problem.id, fingerprint(verdicts), dict.fromkeys(sorted(passed), lost), {})


_CAUGHT = {Status.WRONG_ANSWER, Status.RUNTIME_ERROR, Status.TIMEOUT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT}


@dataclass(frozen=True, slots=True)
class _Compared:
    """Cases that became of inputs, and how many inputs stayed in dispute."""

    harvested: tuple[Case, ...] = ()
    cases: tuple[Case, ...] = ()
    disputed: int = 0


class _Look:
    """The programs of one problem, as far as they stand."""

    def __init__(self, chain: Chain, problem: Problem, programs: Sequence[Verdict]) -> None:
        self._chain, self._problem = chain, problem
        self._sameness = sameness(problem)
        self.standing = list(programs)
        self.fallen: dict[str, dict[str, str | None]] = {}
        self.cpu_ms = 0.0
        self._open: dict[str, list[str]] = {program.form: [] for program in programs}

    def _fell(self, program: Verdict, by: str, rejection: Rejection, failure: str | None = None) -> None:
        self.standing.remove(program)
        self.fallen[program.form] = {
            "by": by,
            "status": str(rejection.status),
            "detail": rejection.detail,
            "first_failure": failure,
        }

    # ---- once more ----

    def run_again(self) -> None:
        """Each once more: another worker and hash seed, the cases in reverse. What does not pass again is flaky."""
        turned = self._problem.model_copy(update={"cases": self._problem.cases[::-1], "test_code": ""})
        limits = self._chain.limits(turned)
        limits = replace(limits, cpu_s=PATIENCE * limits.cpu_s, wall_s=PATIENCE * limits.wall_s)
        programs = [Prepared(program.code, program.form) for program in self.standing]
        runs = self._chain.runs(turned, programs, "python", limits, again=True)
        judge = self._chain.judge(turned, "python")
        for program, prepared, run in zip(list(self.standing), programs, runs, strict=True):
            self.cpu_ms += run.cpu_ms
            judgement = judge.judge(run)
            rejection: Rejection | None = Rejection(judgement.status, judgement.detail)
            failure = judgement.first_failure
            if not self._problem.cases or judgement.status is Status.PASSED:
                rejection, failure = None, None
                if self._problem.test_code:
                    rejection = self._chain.examine(self._problem, prepared, "python", again=True)
            if rejection is not None and rejection.status is Status.INFRASTRUCTURE_ERROR:
                self._fell(program, UNSEEN, rejection)
            elif rejection is not None:
                told = f"passed, then run again elsewhere: {rejection.status}: {rejection.detail}"
                self._fell(program, UNSTABLE, Rejection(Status.FLAKY, told), failure)

    def find_tables(self) -> None:
        """Let fall what answers from a table of the cases."""
        for program in list(self.standing):
            told = hard_coded(program.code, self._problem)
            if told is not None:
                self._fell(program, HARD_CODED, Rejection(Status.WRONG_ANSWER, told))

    # ---- inputs ----

    def harvest(self) -> tuple[Case, ...]:
        """The calls that the problem's test code makes of the best program, expecting nothing yet."""
        if not self._problem.test_code or not self.standing:
            return ()
        told = self._chain.calls(self._problem, self.standing[0].code)
        if isinstance(told, Rejection):
            return ()
        known = {json.dumps([case.args, case.kwargs]) for case in self._problem.cases}
        found: list[Case] = []
        for call, _ in told[: MOST_HARVESTED * 4]:
            args, kwargs = json.loads(call)
            if json.dumps([args, kwargs]) not in known and len(found) < MOST_HARVESTED:
                known.add(json.dumps([args, kwargs]))
                found.append(Case(args=args, kwargs=kwargs, expected=None))
        return tuple(found)

    def generate(self, harvested: tuple[Case, ...], count: int) -> tuple[Case, ...]:
        """At most `count` new inputs that lie among those of the cases; none where several answers may be right."""
        whole = self._problem.model_copy(update={"cases": self._problem.cases + harvested, "test_code": ""})
        if not (count and self.standing and whole.cases and self._sameness):
            return ()
        domain = Domain(whole)
        return tuple(islice(filter(domain.holds, stream(whole, MADE * count)), count))

    # ---- each other ----

    def compare(self, harvested: tuple[Case, ...], made: tuple[Case, ...], majority: float) -> _Compared:
        """Let them, and the reference, answer every input; those that differ from a clear majority fall.

        Twice: without those that fell, some inputs are no longer in dispute. A harvested input becomes a case where
        all that stand agree; none falls by it, since it has satisfied the tests there.
        """
        asked = (*harvested, *made)
        if not asked or not self.standing:
            return _Compared()
        reference = self._problem.reference
        codes = [program.code for program in self.standing]
        limits = replace(self._chain.limits(self._problem), cpu_s=self._patience_s())
        sources = [*([reference] if reference else []), *codes]
        outputs = asking.ask_many(self._chain, self._problem, sources, asked, limits, RESTARTS)
        told = outputs.pop(0) if reference else [NOTHING] * len(asked)
        known = {program.form: outputs[at] for at, program in enumerate(self.standing)}
        for program in list(self.standing):
            lost = [it for it in known[program.form] if _is_ours(it)]
            if lost:
                self._fell(program, UNSEEN, lost[0])
        self._answers = {
            program.form: [_answer(it, program.code) for it in known[program.form]] for program in self.standing
        }
        of_reference = [_answer(it, reference or "") for it in told]
        first = len(harvested)
        numbers = range(first, len(asked))
        for _ in range(2):
            votes = {number: self._vote(number, of_reference[number], majority) for number in numbers}
            self._drop(asked, votes)
        agreed = {number: it.answer for number, it in votes.items() if it.result is Result.AGREED}
        cases = tuple(self._case(asked[number], answer) for number, answer in agreed.items())
        for number in numbers:
            if number not in agreed:
                for program in self.standing:
                    self._open[program.form].append(_text(self._answers[program.form][number]))
        disputed = sum(it.result is Result.DISPUTED for it in votes.values())
        return _Compared(self._agreed(harvested), cases, disputed)

    def _patience_s(self) -> float:
        return max(LEAST_CPU_S, TIMES * max(program.cpu_ms for program in self.standing) / 1000)

    def _vote(self, number: int, reference: Any, majority: float) -> Vote:
        answers = [self._answers[program.form][number] for program in self.standing]
        assert self._sameness is not None  # or nothing would have been generated
        return vote(answers, self._sameness.same, majority, reference)

    def _drop(self, asked: Sequence[Case], votes: dict[int, Vote]) -> None:
        """Let fall whoever differs from a majority, each by the first input where it does."""
        programs = list(self.standing)
        for number, result in votes.items():
            for at in result.dissenters:
                if at < 0 or programs[at].form in self.fallen:
                    continue
                got = self._answers[programs[at].form][number]
                shown = got.detail if isinstance(got, Rejection) else show(got)
                given, due = show_input(asked[number]), show(result.answer)
                voices = f"{result.voters - len(result.dissenters)} of {result.voters} programs that passed"
                detail = f"derived: for {given} answered {shown}, where {voices} answer {due}"
                failure = {"case": None, "public": False, "input": given, "got": shown, "expected": due}
                text = json.dumps(failure, ensure_ascii=False)
                self._fell(programs[at], DERIVED, Rejection(Status.WRONG_ANSWER, detail), text)

    def _agreed(self, harvested: tuple[Case, ...]) -> tuple[Case, ...]:
        """Those of `harvested` to which all that stand give one answer."""
        if self._sameness is None:
            return ()
        same = self._sameness.same
        found = []
        for number, case in enumerate(harvested):
            answers = [self._answers[program.form][number] for program in self.standing]
            if answers and all(not isinstance(it, Rejection) and same(it, answers[0]) for it in answers):
                found.append(self._case(case, answers[0]))
        return tuple(found)

    def _case(self, asked: Case, answer: Any) -> Case:
        if asked.stdin is not None:
            return asked.model_copy(update={"stdout": answer, "public": False})
        assert self._sameness is not None
        comparison = self._sameness.comparison(answer)
        return asked.model_copy(update={"expected": encode(answer), "public": False, "comparison": comparison})

    # ---- what comes of it ----

    def tests(self, compared: _Compared) -> Problem | None:
        """The derived and harvested cases as a problem of their own; None where there are none."""
        cases = compared.harvested + compared.cases
        return self._problem.model_copy(update={"cases": cases, "test_code": ""}) if cases else None

    def profiles(self) -> dict[str, str]:
        """By form of what stands: how it behaves where right programs may differ."""
        return {program.form: sha256("\n".join(self._open[program.form]))[:16] for program in self.standing}


def _is_ours(output: Any) -> bool:
    return isinstance(output, Rejection) and output.status is Status.INFRASTRUCTURE_ERROR


def _answer(output: Any, code: str) -> Any:
    """A plain value, the Rejection of what broke, or NOTHING: not asked, or refused in so many words."""
    if not isinstance(output, Rejection):
        return plain(output)
    place = _LINE.match(output.detail)
    line = int(place[1]) if place else 0
    text = code.split("\n")[line - 1] if 0 < line <= code.count("\n") + 1 else ""
    return NOTHING if _REFUSES.match(text) else output


def _text(answer: Any) -> str:
    return "" if isinstance(answer, Rejection) else sha256(dumps(answer))


def _as_json(cases: Iterable[Case]) -> str:
    return json.dumps([case.as_json() for case in cases], ensure_ascii=False)


def cut_short(scrutiny: Scrutiny) -> bool:
    """Whether a program fell by our own failure, so that another look may find otherwise."""
    return any(fallen["by"] == UNSEEN for fallen in scrutiny.fallen.values())


def revised(verdicts: Iterable[Verdict], scrutiny: Scrutiny | None) -> list[Verdict]:
    """`verdicts` with what the second look has shown of programs that had passed."""
    return [_revised(verdict, scrutiny.fallen) if scrutiny else verdict for verdict in verdicts]


def _revised(verdict: Verdict, fallen: dict[str, dict[str, str | None]]) -> Verdict:
    found = fallen.get(verdict.form) if verdict.status is Status.PASSED else None
    if found is None:
        return verdict
    return replace(
        verdict,
        status=Status(str(found["status"])),
        detail=found["detail"] or "",
        first_failure=found["first_failure"],
        scrutiny=found["by"],
    )


def harvested_cases(scrutiny: Scrutiny) -> tuple[Case, ...]:
    return tuple(Case.model_validate(case) for case in json.loads(scrutiny.harvested))
