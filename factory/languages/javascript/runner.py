"""How JavaScript is parsed and run.

`prepare` has many sources parsed in one process inside the wall. `run` starts each program in a process and
job of its own: what one candidate leaves behind, or writes, is never near another's. Only inputs cross;
answers are fitted and compared outside.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from factory.languages.javascript import encode, node, normal_form
from factory.languages.javascript.answers import ending, read_calls
from factory.languages.javascript.canaries import CANARIES
from factory.languages.javascript.checker import Kind, check, encoded
from factory.languages.javascript.names import names_in
from factory.languages.process import answer_streams, as_run
from factory.records import Prepared, Problem, Rejection, Run, Status
from sandbox import CommandJob, ExecutionResult, Limits, Mount, Sandbox

_JOB = "/tmp/job"


class JavaScriptRunner:
    """Implements `factory.languages.base.Runner`."""

    compile_failure = Status.COMPILE_ERROR
    examinable = False
    canaries = CANARIES

    def describe(self) -> str:
        found = node.find_node()
        return f"Node {found.version}, {found.binary}"

    def mounts(self) -> tuple[Mount, ...]:
        return node.find_node().mounts()

    def prepare(self, sources: Sequence[str], problem: Problem, sandbox: Sandbox) -> list[Prepared | Rejection]:
        return [
            result if isinstance(result, Rejection) else Prepared(source, normal_form.key(source))
            for source, result in zip(sources, check(sources, sandbox), strict=True)
        ]

    def run(self, programs: Sequence[Prepared], problem: Problem, limits: Limits, sandbox: Sandbox) -> Iterator[Run]:
        if not problem.cases:
            raise ValueError(
                f"{problem.id}: test_code is Python and cannot judge JavaScript; only problems with cases can be run"
            )
        calls = encode.encode_calls(problem) if problem.entry_point is not None else []
        kinds = check([program.code for program in programs], sandbox)
        for program, kind in zip(programs, kinds, strict=True):
            if isinstance(kind, Rejection):
                yield Run(failure=kind)
            elif problem.entry_point is not None:
                yield _answer_calls(program.code, kind, problem.entry_point, calls, limits, sandbox)
            else:
                started = partial(_start, program.code, kind, limits=limits, sandbox=sandbox)
                yield answer_streams(problem, limits, started, ending)

    def lint(self, programs: Sequence[Prepared], problem: Problem, sandbox: Sandbox) -> list[tuple[str, ...]]:
        return [()] * len(programs)

    def examine(
        self, program: Prepared, problem: Problem, limits: Limits, sandbox: Sandbox, examiner: Sandbox
    ) -> Rejection | None:
        raise NotImplementedError("test code is Python and calls Python; `examinable` says so")


def _answer_calls(code: str, kind: Kind, entry_point: str, calls: list[Any], limits: Limits, sandbox: Sandbox) -> Run:
    nonce, hook = secrets.token_hex(16), f"_{secrets.token_hex(8)}"
    names, limits = names_in(code, entry_point), limits.for_calls(len(calls))
    request = {
        "nonce": nonce,
        "hook": hook,
        "file": f"{_JOB}/solution.{kind}",
        "names": names,
        "maxOutput": limits.output_kb * 1024,
        "calls": calls,
    }
    # The file's last line hands over what it declares; every line before it keeps its number.
    values = ", ".join(f'typeof {name} === "undefined" ? undefined : {name}' for name in names)
    source = encoded(f"{code}\n;globalThis.{hook}([{values}]);\n")
    step = node.step(f"{node.HARNESS}/answer.cjs", json.dumps(request).encode(), limits)
    (report,) = sandbox.run_commands(CommandJob(files={f"solution.{kind}": source}, steps=(step,)))
    outputs, failure = read_calls(report, limits, nonce, len(calls), code, entry_point)
    return as_run(outputs, failure, report.usage, report.usage.cpu_ms)


def _start(code: str, kind: Kind, stdin: bytes, limits: Limits, sandbox: Sandbox) -> ExecutionResult:
    step = node.step(f"{_JOB}/solution.{kind}", stdin, limits)
    (report,) = sandbox.run_commands(CommandJob(files={f"solution.{kind}": encoded(code)}, steps=(step,)))
    return report
