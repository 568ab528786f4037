"""Reads what a Python candidate claims, trusting none of it: each function gives a value or a Rejection."""

from __future__ import annotations

import json
import re
from typing import Any

from factory.languages.base import Unfit
from factory.records import Rejection, Status
from factory.records.bounds import MAX_ANSWER, longest_answer
from factory.records.values import Unreadable, dumps, read
from sandbox import Breach, ExecutionResult, Limits
from sandbox.contract import Answer, AnswerKind, Answers

_BREACHES = {
    # Without measured figures: a verdict's words must not vary from run to run.
    Breach.CPU: Rejection(Status.TIMEOUT, "used more CPU time than allowed"),
    Breach.WALL: Rejection(Status.TIMEOUT, "took longer on the clock than allowed"),
    Breach.MEMORY: Rejection(Status.MEMORY_LIMIT, "used more memory than allowed"),
    Breach.OUTPUT: Rejection(Status.OUTPUT_LIMIT, "wrote more output than allowed"),
}


def breach_rejection(report: ExecutionResult) -> Rejection | None:
    """The verdict of a broken limit, or None when none was."""
    return None if report.breach is None else _BREACHES[report.breach]


def raised(payload: str) -> Rejection:
    """The verdict of an exception a candidate says it raised (JSON {type, message, line})."""
    try:
        error = json.loads(payload)
        kind, message, line = str(error["type"])[:80], str(error["message"])[:200], error["line"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return Rejection(Status.RUNTIME_ERROR, "raised something it could not describe")
    place = f"line {line}: " if type(line) is int else ""
    message = re.sub(r"0x[0-9a-f]+", "0x…", message)  # addresses differ from run to run
    detail = " ".join(f"{place}{kind}: {message}".split()).removesuffix(":")
    return Rejection(Status.MEMORY_LIMIT if kind == "MemoryError" else Status.RUNTIME_ERROR, detail)


def load_failure(answers: Answers, entry_point: str) -> Rejection | None:
    """Why a program never came to answering, or None when it did."""
    if answers.forged is not None:
        return Rejection(Status.RUNTIME_ERROR, f"wrote out of turn: {answers.forged}")
    if answers.load_error is not None:
        rejection = raised(answers.load_error)
        if re.match(r"(line \d+: )?(SyntaxError|IndentationError|TabError)\b", rejection.detail):
            return Rejection(Status.SYNTAX_ERROR, rejection.detail)
        return rejection
    if answers.missing is not None:
        what = "method" if "." in entry_point else "function"
        return Rejection(Status.MISSING_ENTRY_POINT, f"defines no {what} {entry_point}")
    return None


def read_answer(answer: Answer, limits: Limits) -> Answer | Rejection:
    """The answer, if it claims to be a plain value within the limits; else the Rejection it earned."""
    if len(answer.payload) > limits.output_kb * 1024:
        return _BREACHES[Breach.OUTPUT]
    if answer.kind is AnswerKind.RAISED:
        return raised(answer.payload)
    if answer.kind is AnswerKind.UNENCODABLE:
        return Rejection(Status.WRONG_ANSWER, f"returned {answer.payload[:80]}, which is no plain value")
    return answer


def plain(answer: Answer, expected: Any) -> Any:
    """The plain value in `answer`. Raises Unfit when it is none, or far longer than `expected` could be.

    The length is checked before anything is built: equal values have texts of like length. With `expected` None any
    answer may be right, up to `MAX_ANSWER` characters.
    """
    size = len(answer.payload)
    if size > (MAX_ANSWER if expected is None else longest_answer(len(dumps(expected)))):
        raise Unfit(f"answered {size} characters, far more than expected")
    try:
        return read(answer.payload)
    except Unreadable as error:
        raise Unfit(f"its answer cannot be read: {error}"[:200]) from None


def ended(report: ExecutionResult) -> Rejection:
    """The verdict of a program that stopped before it had answered."""
    how = f"signal {report.signal}" if report.signal else f"exit code {report.exit_code}"
    return Rejection(Status.RUNTIME_ERROR, f"ended with {how} before it had answered")
