"""Test code against a candidate: two walls, and this process carrying calls between them.

Promises: the tests, and with them every expected value, run in the examiner's wall; the
candidate in its own sees arguments only. Tests that end well without one answered call have not
been passed. Does not promise to show tests what a candidate did to its arguments: they cross by
value.
"""

from __future__ import annotations

import json

from factory.languages.python.answers import breach_rejection, ended, raised
from factory.records import Prepared, Problem, Rejection, Status
from sandbox import Conversation, Limits, Sandbox
from sandbox.pool import Talk

TEST_CPU_S = 60.0
"""CPU seconds the test code itself may use."""


def examine(
    program: Prepared, problem: Problem, limits: Limits, sandbox: Sandbox, examiner: Sandbox
) -> Rejection | None:
    """None when the tests were satisfied, else why not. Raises WorkerLost."""
    name = problem.entry_point or ""
    tests = Limits(TEST_CPU_S, limits.wall_s + TEST_CPU_S, 1024)
    with (
        sandbox.conversation(Conversation(program.code, name, limits)) as candidate,
        examiner.conversation(Conversation(problem.test_code, name, tests, tests=True)) as exam,
    ):
        trial = _Trial(candidate, exam)
        trial.lead()
    assert candidate.report is not None
    if (broken := breach_rejection(candidate.report)) is not None:
        return broken
    return trial.verdict(name) or (None if trial.answered else ended(candidate.report))


class _Trial:
    def __init__(self, candidate: Talk, exam: Talk) -> None:
        self.candidate, self.exam = candidate, exam
        self.answered = 0
        self.last: tuple[str, str] | None = None
        self.outcome: tuple[str, str] | None = None

    def lead(self) -> None:
        """Carry calls one way and answers the other until the tests are through or the candidate is gone."""
        if self.candidate.opening is None or self.candidate.opening[0] != "R":
            return
        said = self.exam.opening
        while said is not None and said[0] == "C":
            self.last = self.candidate.ask(said[1])
            if self.last is None or self.last[0] not in "VUX":
                self.last = None
                return
            self.answered += 1
            said = self.exam.ask(json.dumps({"kind": self.last[0], "payload": self.last[1]}))
        self.outcome = said

    def verdict(self, name: str) -> Rejection | None:
        opening = self.candidate.opening
        if opening is not None and opening[0] == "L":
            return raised(opening[1])
        if opening is not None and opening[0] == "M":
            return Rejection(Status.MISSING_ENTRY_POINT, f"defines no function {name}")
        if self.outcome is None:
            return Rejection(Status.RUNTIME_ERROR, "ended before it had answered")
        if self.outcome[0] == "P":
            return None
        failed = raised(self.outcome[1]).detail
        if self.last is not None and self.last[0] == "X" and "AssertionError" not in failed:
            return raised(self.last[1])
        return Rejection(Status.WRONG_ANSWER, f"test code: {failed}")
