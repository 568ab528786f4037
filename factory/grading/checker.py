"""The problem's own checker: trusted code that looks at one answer and says whether it is right.

Promises: it runs in a sandbox of its own, apart from candidates. One that does not load is no candidate's fault. One
that raises, or breaks a limit, does so on this answer, which is then wrong: otherwise a candidate could turn its
answer into a failure of ours. Where it broke a limit, no other answer of the same program is put to it.
"""

from __future__ import annotations

import json
from typing import Any

from factory.languages.python.answers import breach_rejection, ended, load_failure, read_answer
from factory.records import Case, Rejection, Status
from factory.records.values import encode
from sandbox import Limits, PythonCalls, Sandbox
from sandbox.contract import read_answers

LIMITS = Limits(cpu_s=10, wall_s=60, memory_mb=1024)
"""What a checker may use on one answer, which has a million characters at most (`MAX_ANSWER`)."""


def check(source: str, case: Case, answer: Any, examiner: Sandbox) -> Rejection | None:
    """Why the checker `source` refuses a plain value as the answer to a case; None when it takes it.

    Raises sandbox.WorkerLost.
    """
    given = encode(case.stdin) if case.stdin is not None else case.args
    try:
        arguments = json.dumps([[given, encode(answer)], {}])
    except ValueError as error:
        return Rejection(Status.WRONG_ANSWER, f"its answer cannot be checked: {error}")
    report = examiner.run_calls(PythonCalls(source, "check", (arguments,), LIMITS))
    answers = read_answers(report.output, 1)
    ending = breach_rejection(report) or (None if report.ok and answers.complete else ended(report))
    broken = load_failure(answers, "check") or (None if report.output else ending)
    if broken:
        return Rejection(Status.INFRASTRUCTURE_ERROR, f"the problem's checker does not load: {broken.detail}")
    said = ending or read_answer(answers.answers[0], LIMITS)
    if isinstance(said, Rejection):
        detail = f"the checker could not judge its answer: {said.detail}"
        return Rejection(Status.WRONG_ANSWER, detail, costly=report.breach is not None)
    return None if said.payload == "true" else Rejection(Status.WRONG_ANSWER, "the checker refused its answer")
