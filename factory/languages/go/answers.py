"""What came back from a Go program, read on the host and trusted in nothing.

Here is what a Go process tells by its end; the rest is `factory.languages.process`. What the answers mean is
`fit.py`'s.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from factory.languages.process import line, read_outputs
from factory.records import Rejection, Status
from sandbox import Breach, ExecutionResult, Limits
from sandbox.contract import read_answers


@dataclass(frozen=True, slots=True)
class GoAnswer:
    """What one call returned, as the harness wrote it: JSON of typed results. Untrusted."""

    text: str


def read_calls(
    report: ExecutionResult, limits: Limits, nonce: str, due: int
) -> tuple[tuple[GoAnswer | Rejection, ...], Rejection | None]:
    """One entry per answered case, and what befell the whole program, None when it answered all and ended well."""
    answers = read_answers(report.output, due)
    ended = ending(report, limits)
    if answers.forged or answers.load_error is not None or answers.missing is not None:
        if ended is not None and ended.status is not Status.RUNTIME_ERROR:
            return (), ended
        return (), Rejection(Status.RUNTIME_ERROR, f"wrote out of turn: {line(answers.forged or 'a frame of no use')}")
    return read_outputs(report, answers, ended, nonce, due, GoAnswer, _raised)


def ending(report: ExecutionResult, limits: Limits) -> Rejection | None:
    """How a process ended, when not well."""
    errors = report.errors.decode("utf-8", "replace")
    if report.breach is Breach.WALL:
        return Rejection(Status.TIMEOUT, f"did not end within {limits.wall_s:g} s")
    if report.breach is Breach.CPU:
        return Rejection(Status.TIMEOUT, f"used more than {limits.cpu_s:g} s of CPU time")
    if report.breach is Breach.MEMORY or report.usage.peak_mb > limits.memory_mb or _out_of_memory(report, errors):
        return Rejection(Status.MEMORY_LIMIT, f"needed more than {limits.memory_mb} MiB of memory")
    # Go ignores SIGXFSZ: a program may well end with status 0 after output that was cut.
    full = len(report.output) >= limits.output_kb * 1024
    # A crash of many goroutines may fill standard error with their traces; it began with its reason.
    crashed = report.exit_code == 2 and "fatal error: " in errors
    if full or (report.breach is Breach.OUTPUT and not crashed):
        return Rejection(Status.OUTPUT_LIMIT, f"wrote more than {limits.output_kb} KiB")
    if report.ok:
        return None
    return Rejection(Status.RUNTIME_ERROR, _last_words(report, errors))


def _out_of_memory(report: ExecutionResult, errors: str) -> bool:
    """Whether Go's runtime gave up for want of memory.

    It says so before a trace so long that the words may not be in what is kept of standard error. The faults
    that make it list its own goroutines are those of resources: memory, and rarely threads or the stack.
    """
    said = "out of memory" in errors or "cannot allocate memory" in errors
    unsaid = "fatal error: " not in errors and "[GC sweep wait]" in errors
    return report.exit_code == 2 and (said or unsaid)


def _last_words(report: ExecutionResult, errors: str) -> str:
    if report.exit_code is None:
        return f"killed by signal {report.signal}"
    message = re.search(r"^(?:panic|fatal error): .*", errors, re.MULTILINE)
    if message is None:
        words = errors.strip().splitlines()
        return _steady(f"exited with status {report.exit_code}" + (f": {words[-1]}" if words else ""))
    place = re.search(r"\bsolution\.go:(\d+)", errors[message.end() :])
    return _steady((f"line {place[1]}: " if place else "") + message[0])


def _raised(payload: str) -> Rejection:
    """The verdict of a panic that a candidate says it had: JSON {type, message, line}."""
    try:
        failure = json.loads(payload)
        place = f"line {failure['line']:d}: " if failure["line"] else ""
        return Rejection(Status.RUNTIME_ERROR, _steady(f"{place}{failure['type']}: {failure['message']}"))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Rejection(Status.RUNTIME_ERROR, "a panic in no readable words")


def _steady(text: str) -> str:
    """`text` as one line without addresses, which vary from run to run."""
    return line(re.sub(r"\b0x[0-9a-f]{8,16}\b", "0x…", text))
