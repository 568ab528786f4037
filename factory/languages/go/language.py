"""Go as a language of the factory.

`prepare` import_fixes and checks many sources in one process inside the wall. `run` has them compiled there,
several to a binary, and starts each program in a fresh job of its own: what one candidate leaves behind,
or writes, is never near another's. Only inputs cross; answers are fitted and compared outside.

What `go vet` adds to the type checker refuses nobody: it says what is likely not meant, and whether it was meant
the cases say; right programs print with the wrong verb, or go on after a return. It is recorded, as `lint`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from factory.languages.go import wire
from factory.languages.go.answers import GoAnswer, ending, read_calls
from factory.languages.go.canaries import CANARIES
from factory.languages.go.fit import fit
from factory.languages.go.names import declares, go_name
from factory.languages.go.signature import signature
from factory.languages.go.toolchain import describe, ensure_toolchain
from factory.languages.go.workshop import Built, Workshop
from factory.languages.process import answer_streams, as_run
from factory.records import Prepared, Problem, Rejection, Run, Status
from sandbox import CommandJob, ExecutionResult, Limits, Mount, Sandbox, Step

TOGETHER = 32
"""Programs compiled in one job, and linked into one binary where nothing of them runs before main."""
RUNTIME_MB = 128
"""Mebibytes of address space that Go's runtime takes for itself; resident memory is held to the caller's limit."""
RUNTIME_THREADS = 8
_HELD = {
    "int": range(-(2**63), 2**63),
    "int64": range(-(2**63), 2**63),
    "uint": range(-(2**63), 2**64),
    "uint64": range(-(2**63), 2**64),
    "float64": range(-(2**53), 2**53 + 1),
}
"""Widest types, and the ints whose refusal is not for their size: a negative number is none of uint's business."""
_MISFIT = re.compile(
    r"argument \d+: .*\ba Python int (?:0x(?P<digits>-?[0-9a-f]+)|of (?P<count>\d+) hexadecimal digits) "
    rf"is no Go (?P<type>{'|'.join(_HELD)})$"
)
"""What the harness says of an argument too large for its declared type (harness/arguments.go)."""
_GO_START = re.compile(r"^(?:package \w+|import [(\"]|func [\w(]|type \w+ |var \w+|const \w+|//|/\*)")
_FUNCTION = re.compile(r"^func (?:\([^)]*\) *)?\w+ *[(\[]", re.MULTILINE)


class Go:
    """Implements `factory.languages.base.Language`."""

    name = "go"
    title = "Go"
    fences = frozenset({"go", "golang"})
    opening = re.compile(r"(package|import|func|var|const|type)\b|//|/\*")
    comment = "//"
    compile_failure = Status.COMPILE_ERROR
    examinable = False
    canaries = CANARIES
    integers: range | None = range(-(2**63), 2**63)

    def describe(self) -> str:
        return describe()

    def entry_name(self, python_name: str) -> str:
        return go_name(python_name)

    def signature(self, problem: Problem, code: str) -> str:
        return signature(problem, code)

    def rules(self, entry_point: bool, signature: bool) -> tuple[str, ...]:
        shape: tuple[str, ...] = ()
        if not entry_point:
            shape = ("`data, _ := io.ReadAll(os.Stdin)` reads all input; go on with `string(data)`.",)
        elif not signature:
            shape = (
                "Types: int -> int (*big.Int only where values exceed 64 bits), float -> float64, str -> string, "
                "bool -> bool, bytes -> []byte, list[T] -> []T, dict[K, V] -> map[K]V, set[T] -> map[T]struct{}.",
                "A tuple result is several results, a tuple elsewhere an array or a small struct. An Optional result "
                "is followed by a bool, false for None; an Optional parameter is a pointer, nil for None.",
            )
        return (
            *shape,
            "Start with `package main`. Python's // and % round towards minus infinity, Go's towards zero; a Python "
            "str is indexed by characters, so use []rune.",
        )

    def mounts(self) -> tuple[Mount, ...]:
        """Makes the toolchain when this machine has none yet, showing so on standard error. Raises WallUnavailable."""
        return ensure_toolchain().mounts()

    def defines(self, code: str, entry_point: str | None) -> bool:
        if entry_point is None:
            return re.search(r"^\s*func\s+main\s*\(", code, re.MULTILINE) is not None
        return declares(code, entry_point)

    def looks_like(self, text: str) -> bool:
        return _GO_START.match(text.strip()) is not None and _FUNCTION.search(text) is not None

    def prepare(self, sources: Sequence[str], problem: Problem, sandbox: Sandbox) -> list[Prepared | Rejection]:
        return list(Workshop(problem, sandbox).analyse(sources)) if sources else []

    def run(self, programs: Sequence[Prepared], problem: Problem, limits: Limits, sandbox: Sandbox) -> Iterator[Run]:
        if not problem.cases:
            raise ValueError(
                f"{problem.id}: test_code is Python and cannot judge Go; only problems with cases can be run"
            )
        workshop = Workshop(problem, sandbox)
        encoded = wire.encode_calls(problem) if problem.entry_point is not None else b""
        for start in range(0, len(programs), TOGETHER):
            codes = [program.code for program in programs[start : start + TOGETHER]]
            for built in workshop.build(codes):
                if isinstance(built, Rejection):
                    yield Run(failure=built)
                elif problem.entry_point is not None:
                    yield _answer_calls(built, encoded, len(problem.cases), limits, sandbox)
                else:
                    started = partial(_start, built, limits=limits, sandbox=sandbox)
                    yield answer_streams(problem, limits, started, ending)

    def lint(self, programs: Sequence[Prepared], problem: Problem, sandbox: Sandbox) -> list[tuple[str, ...]]:
        """What `go vet` says. A program on which its analyses fail, or take too long, has that for a finding."""
        workshop = Workshop(problem, sandbox)
        return [
            found
            for start in range(0, len(programs), TOGETHER)
            for found in workshop.vet([program.code for program in programs[start : start + TOGETHER]])
        ]

    def examine(
        self, program: Prepared, problem: Problem, limits: Limits, sandbox: Sandbox, examiner: Sandbox
    ) -> Rejection | None:
        raise NotImplementedError("test code is Python and calls Python; `examinable` says so")

    def fit(self, answer: Any, expected: Any) -> Any:
        return fit(answer, expected) if isinstance(answer, GoAnswer) else answer

    def narrower(self, code: str, output: Any, wide: bool) -> bool:
        if isinstance(output, Rejection) and (told := _MISFIT.match(output.detail)):
            value = int(told["digits"], 16) if told["digits"] else 16 ** int(told["count"])
            return value not in _HELD[told["type"]]
        return wide and '"math/big"' not in code


def _answer_calls(built: Built, encoded: bytes, due: int, limits: Limits, sandbox: Sandbox) -> Run:
    nonce = secrets.token_hex(16)
    max_stack = limits.memory_mb * 2**20 // 4
    report = _start(built, wire.request(nonce, max_stack, limits.output_kb * 1024, encoded), limits, sandbox)
    outputs, failure = read_calls(report, limits, nonce, due)
    return as_run(outputs, failure, report.usage, report.usage.cpu_ms)


def _start(built: Built, stdin: bytes, limits: Limits, sandbox: Sandbox) -> ExecutionResult:
    widened = replace(limits, memory_mb=limits.memory_mb + RUNTIME_MB, processes=limits.processes + RUNTIME_THREADS)
    environment = (("GOMAXPROCS", "2"), ("GOMEMLIMIT", f"{limits.memory_mb * 3 // 4}MiB"), ("GOTRACEBACK", "single"))
    step = Step(("/tmp/job/program", *built.slot), stdin=stdin, limits=widened, env=environment)
    (report,) = sandbox.run_commands(CommandJob(files={"program": built.binary}, steps=(step,)))
    return report
