"""How Go is compiled and run.

`prepare` fixes the imports of many sources and checks them, in one process inside the wall. `run` has them compiled
there, several to a binary, and starts each program in a fresh job of its own: what one candidate leaves behind, or
writes, is never near another's. Only inputs cross; answers are fitted and compared outside.

What `go vet` adds to the type checker refuses nobody: it says what is likely not meant, and whether it was meant
the cases say; right programs print with the wrong verb, or go on after a return. It is recorded, as `lint`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from factory.languages.go import encode
from factory.languages.go.answers import ending, read_calls
from factory.languages.go.builder import Builder, Built
from factory.languages.go.canaries import CANARIES
from factory.languages.go.toolchain import describe, ensure_toolchain
from factory.languages.process import answer_streams, as_run
from factory.records import Prepared, Problem, Rejection, Run, Status
from sandbox import CommandJob, ExecutionResult, Limits, Mount, Sandbox, Step

TOGETHER = 32
"""Programs compiled in one job, and linked into one binary where nothing of them runs before main."""
RUNTIME_MB = 128
"""Mebibytes of address space that Go's runtime takes for itself; resident memory is held to the caller's limit."""
RUNTIME_THREADS = 8


class GoRunner:
    """Implements `factory.languages.base.Runner`."""

    compile_failure = Status.COMPILE_ERROR
    examinable = False
    canaries = CANARIES

    def describe(self) -> str:
        return describe()

    def mounts(self) -> tuple[Mount, ...]:
        """Makes the toolchain when this machine has none yet, showing so on standard error. Raises WallUnavailable."""
        return ensure_toolchain().mounts()

    def prepare(self, sources: Sequence[str], problem: Problem, sandbox: Sandbox) -> list[Prepared | Rejection]:
        return list(Builder(problem, sandbox).analyse(sources)) if sources else []

    def run(self, programs: Sequence[Prepared], problem: Problem, limits: Limits, sandbox: Sandbox) -> Iterator[Run]:
        if not problem.cases:
            raise ValueError(
                f"{problem.id}: test_code is Python and cannot judge Go; only problems with cases can be run"
            )
        builder = Builder(problem, sandbox)
        encoded = encode.encode_calls(problem) if problem.entry_point is not None else b""
        for start in range(0, len(programs), TOGETHER):
            codes = [program.code for program in programs[start : start + TOGETHER]]
            for built in builder.build(codes):
                if isinstance(built, Rejection):
                    yield Run(failure=built)
                elif problem.entry_point is not None:
                    yield _answer_calls(built, encoded, len(problem.cases), limits, sandbox)
                else:
                    started = partial(_start, built, limits=limits, sandbox=sandbox)
                    yield answer_streams(problem, limits, started, ending)

    def lint(self, programs: Sequence[Prepared], problem: Problem, sandbox: Sandbox) -> list[tuple[str, ...]]:
        """What `go vet` says. A program on which its analyses fail, or take too long, has that for a finding."""
        builder = Builder(problem, sandbox)
        return [
            found
            for start in range(0, len(programs), TOGETHER)
            for found in builder.vet([program.code for program in programs[start : start + TOGETHER]])
        ]

    def examine(
        self, program: Prepared, problem: Problem, limits: Limits, sandbox: Sandbox, examiner: Sandbox
    ) -> Rejection | None:
        raise NotImplementedError("test code is Python and calls Python; `examinable` says so")


def _answer_calls(built: Built, encoded: bytes, due: int, limits: Limits, sandbox: Sandbox) -> Run:
    nonce, limits = secrets.token_hex(16), limits.for_calls(due)
    max_stack = limits.memory_mb * 2**20 // 4
    report = _start(built, encode.request(nonce, max_stack, limits.output_kb * 1024, encoded), limits, sandbox)
    outputs, failure = read_calls(report, limits, nonce, due)
    return as_run(outputs, failure, report.usage, report.usage.cpu_ms)


def _start(built: Built, stdin: bytes, limits: Limits, sandbox: Sandbox) -> ExecutionResult:
    widened = replace(limits, memory_mb=limits.memory_mb + RUNTIME_MB, processes=limits.processes + RUNTIME_THREADS)
    environment = (("GOMAXPROCS", "2"), ("GOMEMLIMIT", f"{limits.memory_mb * 3 // 4}MiB"), ("GOTRACEBACK", "single"))
    step = Step(("/tmp/job/program", *built.slot), stdin=stdin, limits=widened, env=environment)
    (report,) = sandbox.run_commands(CommandJob(files={"program": built.binary}, steps=(step,)))
    return report
