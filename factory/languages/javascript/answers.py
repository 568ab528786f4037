"""What came back from a JavaScript program, read on the host and trusted in nothing.

Here is what a Node process tells by its end; the rest is `factory.languages.process`. What the answers mean is
`fit.py`'s.
"""

from __future__ import annotations

import json
import re
import signal
from dataclasses import dataclass

from factory.languages.javascript.names import accepted_names, defined
from factory.languages.process import line, read_outputs
from factory.records import Rejection, Status
from sandbox import Breach, ExecutionResult, Limits
from sandbox.contract import read_answers

_CRASHES = {signal.SIGABRT, signal.SIGILL, signal.SIGTRAP, signal.SIGSEGV, signal.SIGBUS}
"""Signals by which Node ends itself when memory runs out, and seldom else."""
_NO_MEMORY = re.compile(r"heap out of memory|Allocation failed|allocation failed|Out of memory")


@dataclass(frozen=True, slots=True)
class JavaScriptAnswer:
    """What one call returned, as the harness wrote it: tagged JSON. Untrusted."""

    text: str


def read_calls(
    report: ExecutionResult, limits: Limits, nonce: str, due: int, code: str, entry_point: str
) -> tuple[tuple[JavaScriptAnswer | Rejection, ...], Rejection | None]:
    """One entry per answered case, and what befell the whole program, None when it answered all and ended well."""
    answers = read_answers(report.output, due)
    ended = ending(report, limits)
    if ended is None or ended.status is Status.RUNTIME_ERROR:
        if answers.forged is not None:
            return (), Rejection(Status.RUNTIME_ERROR, f"wrote out of turn: {line(answers.forged)}")
        if answers.load_error is not None:
            return (), raised(answers.load_error)
        if answers.missing is not None:
            return (), _missing(code, entry_point)
    return read_outputs(report, answers, ended, nonce, due, JavaScriptAnswer, raised)


def ending(report: ExecutionResult, limits: Limits) -> Rejection | None:
    """How a process ended, when not well."""
    errors = report.errors.decode("utf-8", "replace")
    # Node ignores SIGXFSZ: a program may well go on, to status 0 or another limit, after output that was cut.
    if report.breach is Breach.OUTPUT or len(report.output) >= limits.output_kb * 1024:
        return Rejection(Status.OUTPUT_LIMIT, f"wrote more than {limits.output_kb} KiB")
    if report.breach is Breach.WALL:
        return Rejection(Status.TIMEOUT, f"did not end within {limits.wall_s:g} s")
    if report.breach is Breach.CPU:
        return Rejection(Status.TIMEOUT, f"used more than {limits.cpu_s:g} s of CPU time")
    if report.breach is Breach.MEMORY or _out_of_memory(report, errors, limits):
        return Rejection(Status.MEMORY_LIMIT, f"needed more than {limits.memory_mb} MiB of memory")
    if report.ok:
        return None
    return Rejection(Status.RUNTIME_ERROR, _last_words(report, errors))


def _out_of_memory(report: ExecutionResult, errors: str, limits: Limits) -> bool:
    crashed = report.signal in _CRASHES
    if crashed:
        return _NO_MEMORY.search(errors) is not None or report.usage.peak_mb > limits.memory_mb
    return not report.ok and "RangeError: Array buffer allocation failed" in errors


def _last_words(report: ExecutionResult, errors: str) -> str:
    if report.exit_code is None:
        return f"killed by signal {report.signal}"
    message = re.search(r"^(?:Uncaught )?(?:\w*Error\b.*|Thrown at:.*)", errors, re.MULTILINE)
    if message is None:
        words = [text for text in errors.strip().splitlines() if not re.match(r"Node\.js v\d|\s*$", text)]
        return line(f"exited with status {report.exit_code}" + (f": {words[-1]}" if words else ""))
    place = re.search(r"/solution\.[cm]js:(\d+)", errors)
    return line((f"line {place[1]}: " if place else "") + message[0])


def raised(payload: str) -> Rejection:
    """The verdict of an exception that a candidate says it threw: JSON {type, message, line}."""
    try:
        failure = json.loads(payload)
        place = f"line {failure['line']:d}: " if failure["line"] else ""
        words = str(failure["message"]).split("\n")[0]
        detail = line(f"{place}{failure['type']}: {words}".removesuffix(": "))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Rejection(Status.RUNTIME_ERROR, "an exception in no readable words")
    if failure["type"] == "RangeError" and words == "Array buffer allocation failed":
        return Rejection(Status.MEMORY_LIMIT, detail)
    return Rejection(Status.RUNTIME_ERROR, detail)


def _missing(code: str, entry_point: str) -> Rejection:
    names = defined(code)
    there = f"; there are: {', '.join(names)}" if names else ""
    return Rejection(Status.MISSING_ENTRY_POINT, line(f"no function {accepted_names(entry_point)[0]}{there}"))
