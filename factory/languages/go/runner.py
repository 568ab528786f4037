"""How Go is compiled and run.

`prepare` fixes the imports of many sources and checks them, in one process inside the wall. `run` has them compiled
there, several to a binary, and starts each program in a fresh job of its own: what one candidate leaves behind, or
writes, is never near another's. Only inputs cross; answers are fitted and compared outside. Where the shared binary
itself does not start, or a program in it runs short of memory, the program is built alone and runs again.

What `go vet` adds to the type checker refuses no program: it says what is likely not meant, and whether it was meant
the cases say; right programs print with the wrong verb, or go on after a return. It is recorded, as `lint`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from factory.languages.base import Call
from factory.languages.go import encode
from factory.languages.go.answers import GoAnswer, ending, read_calls
from factory.languages.go.builder import Builder, Built
from factory.languages.go.canaries import CANARIES
from factory.languages.go.declared import misfit
from factory.languages.go.toolchain import describe, ensure_toolchain
from factory.languages.process import answer_streams, as_run, calls
from factory.records import Prepared, Problem, Rejection, Run, Status
from factory.records.bounds import too_long
from sandbox import CommandJob, ExecutionResult, Limits, Mount, Sandbox, Step

TOGETHER = 32
"""Programs compiled in one job, and linked into one binary where nothing of them runs before main."""
NOBODY = "nobody"
"""Makes a shared binary start and end: what keeps it from that is not done by one of its programs."""
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
        reasons = [too_long(source) for source in sources]
        fitting = [source for source, reason in zip(sources, reasons, strict=True) if reason is None]
        found = Builder(problem, sandbox).analyse(fitting) if fitting else iter(())
        return [next(found) if reason is None else Rejection(Status.COMPILE_ERROR, reason) for reason in reasons]

    def run(self, programs: Sequence[Prepared], problem: Problem, limits: Limits, sandbox: Sandbox) -> Iterator[Run]:
        if not problem.cases:
            raise ValueError(
                f"{problem.id}: test_code is Python and cannot judge Go; only problems with cases can be run"
            )
        builder = Builder(problem, sandbox)
        every = calls(problem) if problem.entry_point is not None else []
        encoded = encode.encode_calls(problem) if problem.entry_point is not None else b""

        def tried(built: Built | Rejection) -> Run:
            if isinstance(built, Rejection):
                return Run(failure=built)
            if problem.entry_point is not None:
                return _answer_calls(built, encoded, every, limits, sandbox)
            return answer_streams(problem, limits, partial(_start, built, limits=limits, sandbox=sandbox), ending)

        for start in range(0, len(programs), TOGETHER):
            codes = [program.code for program in programs[start : start + TOGETHER]]
            starts: dict[bytes, bool] = {}
            for code, built in zip(codes, builder.build(codes), strict=True):
                if isinstance(built, Rejection) or not built.shared:
                    yield tried(built)
                    continue
                if built.binary not in starts:
                    starts[built.binary] = _start(replace(built, slot=(NOBODY,)), b"", limits, sandbox).ok
                run = tried(built) if starts[built.binary] else None
                if run is None or _short_of_memory(run):
                    (run,) = map(tried, builder.build([code]))
                yield run

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


def _answer_calls(built: Built, encoded: bytes, every: list[Call], limits: Limits, sandbox: Sandbox) -> Run:
    nonce, limits = secrets.token_hex(16), limits.for_calls(len(every))
    max_stack = limits.memory_mb * 2**20 // 4
    report = _start(built, encode.request(nonce, max_stack, limits.output_kb * 1024, encoded), limits, sandbox)
    outputs, failure = read_calls(report, limits, nonce, len(every))
    marked = (_marked(output, call, built) for output, call in zip(outputs, every, strict=False))
    return as_run(marked, failure, report.usage, report.usage.cpu_ms)


def _marked(output: GoAnswer | Rejection, call: Call, built: Built) -> GoAnswer | Rejection:
    """`output`; if it is a Rejection, with how the call's arguments do not fit what the program declares to take."""
    if isinstance(output, Rejection) and built.parameters is not None:
        return replace(output, misfit=misfit(call, built.parameters))
    return output


def _short_of_memory(run: Run) -> bool:
    rejections = [run.failure, *(output for output in run.outputs if isinstance(output, Rejection))]
    return any(it is not None and it.status is Status.MEMORY_LIMIT for it in rejections)


def _start(built: Built, stdin: bytes, limits: Limits, sandbox: Sandbox) -> ExecutionResult:
    widened = replace(limits, memory_mb=limits.memory_mb + RUNTIME_MB, processes=limits.processes + RUNTIME_THREADS)
    environment = (("GOMAXPROCS", "2"), ("GOMEMLIMIT", f"{limits.memory_mb * 3 // 4}MiB"), ("GOTRACEBACK", "single"))
    step = Step(("/tmp/job/program", *built.slot), stdin=stdin, limits=widened, env=environment)
    (report,) = sandbox.run_commands(CommandJob(files={"program": built.binary}, steps=(step,)))
    return report
