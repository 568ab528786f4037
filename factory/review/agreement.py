"""Programs that passed, compared with each other on inputs whose answer is not known.

Promises: where the reference answers, or a clear majority agrees, those that differ are rejected, and the input
becomes a derived case if it lies among those of the cases; where neither decides, the input stays in dispute and
rejects no program. One that refuses what the others answer alike is rejected too. A traced input (a call of test code)
rejects none either, since all programs satisfied the tests there. Does not promise that a majority is right: where the
programs of one model err alike, they agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from factory.grading.session import GradingSession
from factory.inputs.domain import Reach
from factory.inputs.run_on_inputs import NO_ANSWER, plain, run_on_inputs
from factory.languages.python.literals import show, show_input
from factory.records import Case, Failure, Problem, Rejection, Status, Verdict, sha256
from factory.records.values import dumps, encode
from factory.review.candidates import DERIVED, NOT_REVIEWED, Candidates
from factory.review.equivalence import Equivalence
from factory.review.generated import GeneratedInputs
from factory.review.majority import DECLINED, QUORUM, Majority, Result, agreement, certainly_wrong, majority_of
from factory.review.time_for_inputs import LEAST_CPU_S, RUNS, time_for_inputs

LEAST_ANSWER, WORDIER = 4096, 16
"""Characters of an answer that counts: at most the first, and `WORDIER` times the longest that the tests expect. An
answer that is made to be slow to compare is long."""
TOLERATED = 0.2
"""Share of the inputs that most answer alike which a program may refuse. Fewer may be an honest precondition."""
ASKED_AGAIN = 4
"""Inputs on which a program that has answered none is run once more."""
_LINE = re.compile(r"line (\d+): ")
_REFUSES = re.compile(r"\s*+(?:.*:\s*)?(?:assert|raise)\b")
"""A line of a program that refuses an input, where the program ends by it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of the inputs."""

    traced: tuple[Case, ...] = ()
    """Traced inputs with the answer on which all accepted programs agree."""
    derived: tuple[Case, ...] = ()
    """Generated inputs with the answer of the reference or a clear majority."""
    farther: tuple[Case, ...] = ()
    """Generated inputs that lie farther off, with the answer by which programs were rejected."""
    disputed: int = 0
    """Generated inputs among those of the cases that stayed in dispute."""
    unopposed: tuple[Case, ...] = ()
    """Where there are too few programs for a majority: generated inputs that all answer alike. They tell a mutant
    from its origin.
    """
    open: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By normal form: hashes of what the program answers where there is no majority."""
    agreement: Mapping[str, float] = field(default_factory=dict)
    """By code_sha256: the mean share of the other programs that answer as it does, over the inputs in dispute."""
    wrong: int = 0
    """How many accepted programs are wrong at least, where they differ. Nobody knows which."""


def compare(
    session: GradingSession,
    problem: Problem,
    equivalence: Equivalence | None,
    candidates: Candidates,
    traced: Sequence[Case],
    made: GeneratedInputs,
    majority: float,
) -> Compared:
    """Run all accepted programs, and the reference, on every input; reject those that differ where it is decided.

    `made` is empty where `equivalence` is None. Raises InfrastructureError.
    """
    generated = [(case, reach) for reach, cases in made.items() for case in cases]
    if not (traced or generated) or not candidates.accepted:
        return Compared()
    inputs = [*traced, *(case for case, _ in generated)]
    comparison = _Comparison(session, problem, equivalence, candidates, inputs)
    return comparison.compared({at: reach for at, (_, reach) in enumerate(generated, len(traced))}, majority)


class _Comparison:
    """The answers of the programs to all inputs, by the input's number."""

    def __init__(
        self,
        session: GradingSession,
        problem: Problem,
        equivalence: Equivalence | None,
        candidates: Candidates,
        inputs: Sequence[Case],
    ) -> None:
        self._session, self._problem, self._equivalence = session, problem, equivalence
        self._candidates, self._inputs = candidates, inputs
        self._longest = LEAST_ANSWER + WORDIER * max(map(_answer_size, problem.cases), default=0)
        outputs = self._outputs()
        self._answers = {
            program.normal_form: [self._answer(it, program.code) for it in outputs[program.normal_form]]
            for program in candidates.accepted
        }

    def _outputs(self) -> dict[str, list[Any]]:
        """What the programs put out, by normal form. Sets the reference's answers; rejects what our failures cost."""
        candidates, reference, session = self._candidates, self._problem.reference, self._session
        limits = time_for_inputs(session, self._problem, candidates.accepted)
        sources = [*(program.code for program in candidates.accepted), *([reference] if reference else [])]
        found = run_on_inputs(session, self._problem, sources, self._inputs, limits, second_worker=True, most_runs=RUNS)
        self._of_reference = [NO_ANSWER] * len(self._inputs)
        if reference:  # one that takes too long has not agreed
            answers = [self._answer(it, reference) for it in found[-1]]
            self._of_reference = [DECLINED if it is NO_ANSWER else it for it in answers]
        outputs = {program.normal_form: found[at] for at, program in enumerate(candidates.accepted)}
        for program in list(candidates.accepted):
            lost = [it for it in outputs[program.normal_form] if _is_our_failure(it)]
            if lost:
                candidates.reject(program, NOT_REVIEWED, lost[0])
        return outputs

    def _answer(self, output: Any, code: str) -> Any:
        """A plain value, the Rejection of what broke, DECLINED, or NO_ANSWER where it was not asked."""
        if not isinstance(output, Rejection):
            answer = plain(output, self._longest)
            return DECLINED if answer is NO_ANSWER else answer
        found = _LINE.match(output.detail)
        line = int(found[1]) if found else 0
        text = code.split("\n")[line - 1] if 0 < line <= code.count("\n") + 1 else ""
        asserted = output.detail[found.end() if found else 0 :].startswith("AssertionError")
        return DECLINED if asserted or _REFUSES.match(text) else output

    def compared(self, reaches: Mapping[int, Reach], share: float) -> Compared:
        """What became of the inputs; `reaches` has the numbers of those that were generated.

        Votes are taken until none is rejected: without those that were, some inputs are no longer in dispute.
        """
        inside = [number for number, reach in reaches.items() if reach is Reach.INSIDE]
        votes: dict[int, Majority] = {}
        before = None
        while before != len(self._candidates.accepted):
            before = len(self._candidates.accepted)
            programs = list(self._candidates.accepted)
            votes = {number: self._majority(number, share, reach) for number, reach in reaches.items()}
            self._reject_dissenters(programs, votes)
            self._reject_decliners(programs, {number: votes[number] for number in inside})
        agreed = [number for number, vote in votes.items() if vote.result is Result.AGREED]
        cases = {number: case for number in agreed if (case := self._case(number, votes[number].answer))}
        open_numbers = [number for number in inside if number not in agreed]
        disputed = [votes[number] for number in inside if votes[number].result is Result.DISPUTED]
        accepted = [program.normal_form for program in self._candidates.accepted]
        texts = [program.code_sha256 for program in self._candidates.accepted]
        too_few = len(accepted) + bool(self._problem.reference) < QUORUM
        return Compared(
            self._unanimous([number for number in range(len(self._inputs)) if number not in reaches]),
            tuple(case for number, case in cases.items() if number in inside),
            tuple(case for number, case in cases.items() if number not in inside),
            len(disputed),
            self._unanimous(inside) if too_few else (),
            {form: [_hash(self._answers[form][number]) for number in open_numbers] for form in accepted},
            dict(zip(texts, agreement(disputed, len(accepted)), strict=True)),
            certainly_wrong(disputed),
        )

    def _majority(self, number: int, share: float, reach: Reach) -> Majority:
        answers = [self._answers[program.normal_form][number] for program in self._candidates.accepted]
        assert self._equivalence is not None  # or nothing would have been generated
        return majority_of(answers, self._equivalence.same, share, self._of_reference[number], reach)

    def _reject_dissenters(self, programs: Sequence[Verdict], votes: Mapping[int, Majority]) -> None:
        """Reject every program that differs where it is decided, by the first input on which it does."""
        for number, vote in votes.items():
            for at in vote.dissenters:
                if at < 0 or programs[at].code_sha256 in self._candidates.rejected:
                    continue
                got = self._answers[programs[at].normal_form][number]
                shown = got.detail if isinstance(got, Rejection) else show(got)
                given, due = show_input(self._inputs[number]), show(vote.answer)
                detail = f"derived: for {given} answered {shown}, where {vote.who} answer {due}"
                failure = Failure(None, False, given, shown, due)
                self._candidates.reject(programs[at], DERIVED, Rejection(Status.WRONG_ANSWER, detail), failure)

    def _reject_decliners(self, programs: Sequence[Verdict], votes: Mapping[int, Majority]) -> None:
        """Reject every program that refuses more than a small share of the inputs that most others answer alike."""
        alike = [number for number, vote in votes.items() if vote.alike]
        for program in programs:
            if program.code_sha256 in self._candidates.rejected:
                continue
            answers = self._answers[program.normal_form]
            refused = [number for number in alike if answers[number] is DECLINED]
            silent = [number for number in alike if answers[number] is NO_ANSWER]
            if len(silent) == len(alike) > 0 and self._is_silent(program, silent[:ASKED_AGAIN]):
                refused = silent
            if len(refused) > max(TOLERATED * len(alike), 1):
                given = show_input(self._inputs[refused[0]])
                share = f"{len(refused)} of {len(alike)} inputs that most programs answer alike"
                rejection = Rejection(Status.WRONG_ANSWER, f"derived: does not answer {share}, such as {given}")
                self._candidates.reject(program, DERIVED, rejection, Failure(None, False, given, "no answer", "one"))

    def _is_silent(self, program: Verdict, numbers: Sequence[int]) -> bool:
        """Whether `program` answers not one of these inputs, even with the time that it took on the tests."""
        limits = self._session.limits(self._problem)
        limits = replace(limits, cpu_s=min(limits.cpu_s, LEAST_CPU_S + 2 * program.cpu_ms / 1000))
        cases = [self._inputs[number] for number in numbers]
        (outputs,) = run_on_inputs(self._session, self._problem, [program.code], cases, limits, True, most_runs=1)
        return all(isinstance(output, Rejection) and not _is_our_failure(output) for output in outputs)

    def _unanimous(self, numbers: Sequence[int]) -> tuple[Case, ...]:
        """The inputs to which all accepted programs give one answer, and the reference no other, as cases."""
        if self._equivalence is None:
            return ()
        same = self._equivalence.same
        found = []
        for number in numbers:
            answers = [self._answers[program.normal_form][number] for program in self._candidates.accepted]
            answers += [self._of_reference[number]] if self._of_reference[number] is not NO_ANSWER else []
            if answers and all(not isinstance(it, Rejection) and same(it, answers[0]) for it in answers):
                found.append(self._case(number, answers[0]))
        return tuple(case for case in found if case)

    def _case(self, number: int, answer: Any) -> Case | None:
        """The input with its answer; None where no case can express how that is compared."""
        asked = self._inputs[number]
        if asked.stdin is not None:
            return asked.model_copy(update={"stdout": answer, "public": False})
        assert self._equivalence is not None
        try:
            comparison = self._equivalence.comparison(answer)
        except ValueError:
            return None
        return asked.model_copy(update={"expected": encode(answer), "public": False, "comparison": comparison})


def _is_our_failure(output: Any) -> bool:
    return isinstance(output, Rejection) and output.status is Status.INFRASTRUCTURE_ERROR


def _answer_size(case: Case) -> int:
    return len(case.stdout if case.stdout is not None else json.dumps(case.expected))


def _hash(answer: Any) -> str:
    return "" if isinstance(answer, Rejection) else sha256(dumps(answer))
