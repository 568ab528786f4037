"""Test code against a candidate: two walls, and this process carrying calls between them.

Promises: the tests, and with them every expected value, run in the examiner's wall; the
candidate in its own sees arguments only. Tests that end well without one answered call have not
been passed. What a program does to its arguments, and what it returns twice, tests see as in one
process (`sandbox.worker.mirror`). A program that changed an argument has to satisfy them also where calls cross by
value: it could change it into what makes `f(x) == sorted(x)` true. So no program passes tests that want a change. The
same holds for one that returned an argument or an earlier result again, which the tests may change into what is right,
unless they ask for identity themselves. A test cannot catch that an answer is no plain value.
"""

from __future__ import annotations

import ast
import json
from typing import Any

from factory.languages.python.answers import breach_rejection, raised
from factory.records import Prepared, Problem, Rejection, Status
from sandbox import Conversation, Limits, Sandbox
from sandbox.sandbox import Talk
from sandbox.worker.codec import ORDERED

TEST_CPU_S = 60.0
"""CPU seconds the test code itself may use."""
MOST_RECORDED = 1000
"""Calls of one test code that are recorded; one that makes more stays code."""


def examine(
    program: Prepared, problem: Problem, limits: Limits, sandbox: Sandbox, examiner: Sandbox
) -> Rejection | None:
    """None when the tests were satisfied, else why not. Raises WorkerLost."""
    rejection, trial = _tried(program.code, problem, limits, sandbox, examiner)
    if rejection is None and (trial.changed or (trial.shared and not _asks_identity(problem.test_code))):
        rejection, _ = _tried(program.code, problem, limits, sandbox, examiner, by_value=True)
    return rejection


def _asks_identity(test_code: str) -> bool:
    """Whether tests compare by `is` what is no constant."""
    return any(
        isinstance(node, ast.Compare)
        and any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops)
        and not any(isinstance(side, ast.Constant) for side in [node.left, *node.comparators])
        for node in ast.walk(ast.parse(test_code))
    )


def record(
    code: str, problem: Problem, limits: Limits, sandbox: Sandbox, examiner: Sandbox
) -> list[tuple[str, str]] | Rejection:
    """What the tests asked `code`, which satisfies them, and what it answered: pairs of tagged JSON texts.

    The first is [args, kwargs]. A Rejection where it fails them, a call of theirs raised, or they ask what is printed.
    Raises WorkerLost.
    """
    said: list[tuple[str, tuple[str, str]]] = []
    rejection, trial = _tried(code, problem, limits, sandbox, examiner, said)
    if rejection is not None:
        return rejection
    if "capsys" in problem.test_code:
        return Rejection(Status.RUNTIME_ERROR, "the tests look at what is printed")
    if trial.shared:
        return Rejection(Status.RUNTIME_ERROR, "a call of the tests changes its arguments, or shares what it returns")
    if len(said) > MOST_RECORDED:
        return Rejection(Status.RUNTIME_ERROR, f"the tests make more than {MOST_RECORDED} calls")
    if any(kind != "V" for _, (kind, _) in said):
        return Rejection(Status.RUNTIME_ERROR, "a call of the tests gave no plain value")
    if any(ORDERED in payload for _, (_, payload) in said):
        return Rejection(Status.RUNTIME_ERROR, "a call of the tests gave an OrderedDict, whose order they may look at")
    return [(call, payload) for call, (_, payload) in said]


def _tried(
    code: str,
    problem: Problem,
    limits: Limits,
    sandbox: Sandbox,
    examiner: Sandbox,
    said: list[tuple[str, tuple[str, str]]] | None = None,
    by_value: bool = False,
) -> tuple[Rejection | None, _Trial]:
    """The verdict of `examine`, and how it came to it. With `by_value`, tests see of a call what it returns, no more.

    `said` is given each call with its answer's frame, at most `MOST_RECORDED` + 1.
    """
    name = problem.entry_point or ""
    tests = Limits(TEST_CPU_S, limits.wall_s + TEST_CPU_S, 1024)
    with (
        sandbox.conversation(Conversation(code, name, limits, printed="capsys" in problem.test_code)) as candidate,
        examiner.conversation(Conversation(problem.test_code, name, tests, tests=True)) as exam,
    ):
        trial = _Trial(candidate, exam, said, by_value)
        trial.lead()
    assert candidate.report is not None
    if (broken := breach_rejection(candidate.report)) is not None:
        return broken, trial
    return trial.verdict(name) or (None if trial.answered else _uncalled(name)), trial


def _uncalled(name: str) -> Rejection:
    return Rejection(
        Status.RUNTIME_ERROR, f"the test code ended well without one call of {name}, which decides nothing"
    )


class _Trial:
    def __init__(
        self, candidate: Talk, exam: Talk, said: list[tuple[str, tuple[str, str]]] | None, by_value: bool
    ) -> None:
        self.candidate, self.exam, self.said, self.by_value = candidate, exam, said, by_value
        self.answered = 0
        self.shared = self.changed = False
        """Whether a call did more than return a new value, and whether it changed an argument."""
        self.last: tuple[str, str] | None = None
        self.outcome: tuple[str, str] | None = None

    def lead(self) -> None:
        """Carry calls one way and answers the other until the tests are through or the candidate is gone."""
        if self.candidate.opening is None or self.candidate.opening[0] != "R":
            return
        said = self.exam.opening
        while said is not None and said[0] == "C":
            self.last, more = _unpacked(self.candidate.ask(said[1]))
            self.shared = self.shared or more.get("args") is not None or bool(more.get("same"))
            self.changed = self.changed or more.get("args") is not None
            if self.last is None or self.last[0] not in "VUX":
                self.last = None
                return
            self.answered += 1
            if self.said is not None and len(self.said) <= MOST_RECORDED:
                self.said.append((said[1], self.last))
            if self.last[0] == "U":
                return
            reply = {"kind": self.last[0], "payload": self.last[1], "printed": more.get("printed")}
            reply |= {} if self.by_value else more
            said = self.exam.ask(json.dumps(reply))
        self.outcome = said

    def verdict(self, name: str) -> Rejection | None:
        opening = self.candidate.opening
        if opening is not None and opening[0] == "L":
            return raised(opening[1])
        if opening is not None and opening[0] == "M":
            return Rejection(Status.MISSING_ENTRY_POINT, f"defines no function {name}")
        if self.last is not None and self.last[0] == "U":
            return Rejection(Status.WRONG_ANSWER, f"returned {self.last[1][:80]}, which is no plain value")
        if self.outcome is None:
            return Rejection(Status.RUNTIME_ERROR, "ended before it had answered")
        if self.outcome[0] == "P":
            return None
        failed = raised(self.outcome[1]).detail
        if self.last is not None and self.last[0] == "X" and "AssertionError" not in failed:
            return raised(self.last[1])
        return Rejection(Status.WRONG_ANSWER, f"test code: {failed}")


def _unpacked(frame: tuple[str, str] | None) -> tuple[tuple[str, str] | None, dict[str, Any]]:
    """The plain frame in a frame W (None: it is broken), and what the call did besides; any other frame is itself."""
    if frame is None or frame[0] != "W":
        return frame, {}
    try:
        said = json.loads(frame[1])
        plain = str(said["kind"]), str(said["payload"])
        more = {"args": said["args"], "same": said["same"], "printed": said.get("printed")}
        if more["printed"] is not None and [type(text) for text in more["printed"]] != [str, str]:
            return None, {}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None, {}
    return plain, more
