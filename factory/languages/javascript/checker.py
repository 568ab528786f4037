"""Has sources parsed by Node inside the wall: many in one process, none of them run.

A source that brings the parser down must not harm its neighbours: Node starts again behind those that it
finished, and where it falls at its first step, that source is at fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import takewhile
from typing import Any

from factory.languages.javascript import node
from factory.languages.process import line
from factory.records import Rejection, Status
from factory.records.bounds import too_long
from sandbox import CommandJob, Limits, Sandbox, WorkerLost


class Kind(StrEnum):
    """What sort of file a source is: CommonJS where it can be, as for Node, else an ECMAScript module."""

    COMMONJS = "cjs"
    MODULE = "mjs"


def encoded(source: str) -> bytes:
    """The file a source is. Lone surrogates are no Unicode; they become question marks."""
    return source.encode("utf-8", "replace")


def check(sources: Sequence[str], sandbox: Sandbox) -> Iterator[Kind | Rejection]:
    """What each source is, or the syntax error in it; one result each, in order. Raises WorkerLost."""
    while sources:
        fitting = list(takewhile(lambda source: too_long(source) is None, sources))
        done = _parsed(fitting, sandbox) if fitting else []
        yield from done
        if not done:
            yield Rejection(Status.COMPILE_ERROR, too_long(sources[0]) or "the parser crashed on it, or took too long")
        sources = sources[max(len(done), 1) :]


def _parsed(batch: Sequence[str], sandbox: Sandbox) -> list[Kind | Rejection]:
    """Results for as many of the batch as the parser came to."""
    request = json.dumps([encoded(source).decode() for source in batch]).encode()
    limits = Limits(cpu_s=5 + 0.05 * len(batch), wall_s=120, memory_mb=1024, output_kb=64 * 1024)
    step = node.step(f"{node.HARNESS}/check.cjs", request, limits, "--experimental-vm-modules")
    (report,) = sandbox.run_commands(CommandJob(files={}, steps=(step,)))
    ready, *found = report.output.split(b"\n")[:-1] or [b""]
    if ready != b"ready":
        words = line(report.errors.decode("utf-8", "replace")) or f"signal {report.signal}, limit {report.breach}"
        raise WorkerLost(f"Node cannot check sources: {words}")
    return [_result(json.loads(text)) for text in found]


def _result(found: dict[str, Any]) -> Kind | Rejection:
    if "kind" in found:
        return Kind(found["kind"])
    place = f"line {found['line']}: " if found["line"] else ""
    return Rejection(Status.COMPILE_ERROR, line(f"{place}{found['message']}"))
