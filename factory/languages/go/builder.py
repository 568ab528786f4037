"""Hands sources to the tool inside the wall: to be analysed, to be built, and to be looked over as `go vet` does.

The tool takes many sources at once. One that brings it down (a type that takes the checker for ever) must
not harm its neighbours: the tool starts again behind those that it finished, and where it falls at its first
step, that source is at fault: a compile error of its own, or that it could not be looked over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from factory.languages.go import encode
from factory.languages.go.names import accepted_names
from factory.languages.go.toolchain import ROOT, TOOL
from factory.languages.process import calls, line
from factory.records import Prepared, Problem, Rejection, Status
from sandbox import CommandJob, ExecutionResult, Limits, Sandbox, Step, WorkerLost

ENVIRONMENT = (("GOMAXPROCS", "1"), ("GOGC", "400"), ("GOTRACEBACK", "none"), ("TMPDIR", "/tmp"))
LIMITS = Limits(wall_s=300, memory_mb=2048, processes=64, output_kb=2 * 1024 * 1024)
"""Of the tool and what it starts; the time grows with the sources."""
CHECK_S = 3.0
"""CPU seconds in which the tool has to get on: a source that keeps it longer is refused. One takes 0.3 ms."""
WORST_S = 25
"""CPU seconds that a source may cost the tool: what it grants a compilation and a link, and some for itself."""
VET_S = 1.0
"""The same, to look a source over."""
EACH_S = 0.05
"""More of both for every source."""
CRASHED = 2
"""Go's exit code after a panic or a fatal error; other codes than 0 are the tool's own complaints."""


@dataclass(frozen=True, slots=True)
class Built:
    """A binary, and the argument that makes it be this program, where it holds several."""

    binary: bytes
    slot: tuple[str, ...]
    shared: bool = False
    """Whether other programs are in the binary, too."""
    parameters: dict[str, Any] | None = None
    """What the entry point declares to take, as `declared.misfit` reads it."""


class Builder:
    """Analyses and builds sources for one problem."""

    def __init__(self, problem: Problem, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.links = 0
        """Links that building began so far, those included that broke."""
        self._header: dict[str, Any] = {"root": ROOT}
        if problem.entry_point is not None:
            every = calls(problem)
            shapes, named = encode.shapes(every)
            names = accepted_names(problem.entry_point)
            self._header |= {"entry": names, "arities": encode.arities(every), "shapes": shapes, "named": named}

    def analyse(self, sources: Sequence[str]) -> Iterator[Prepared | Rejection]:
        """Fix the imports of every source and check it; one result each, in order."""
        for result in self._each("analyse", sources, "the type checker", CHECK_S):
            if isinstance(result, Rejection):
                yield result
            else:
                yield Prepared(result["code"], result["normal_form"], tuple(result.get("import_fixes", ())))

    def vet(self, sources: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """What `go vet` finds in every source that compiles, in order; "not checked: …" where the source broke it."""
        for result in self._each("vet", sources, "vet", VET_S):
            if isinstance(result, Rejection):
                yield (f"not checked: {result.detail}",)
            else:
                yield tuple(map(line, result.get("lint", ())))

    def build(self, sources: Sequence[str]) -> Iterator[Built | Rejection]:
        """Compile and link every source, unchanged; one result each, in order."""
        while sources:
            worst_s = 60 + WORST_S * len(sources)
            report = self._run("build", sources, replace(LIMITS, cpu_s=worst_s, wall_s=4 * worst_s))
            if report.ok:
                done = self._binaries(report.output)
            elif len(sources) > 1:
                done = list(self.build(sources[: len(sources) // 2]))
            else:
                done = [_gave_up(report, "the compiler", worst_s)]
            yield from done
            sources = sources[len(done) :]

    def _binaries(self, output: bytes) -> list[Built | Rejection]:
        """Results of the first sources, at least one."""
        size = int.from_bytes(output[-4:], "big")
        trailer = json.loads(output[-4 - size : -4])
        self.links += trailer["links"]
        binaries, start = [], 0
        for length in trailer["sizes"]:
            binaries.append(output[start : start + length])
            start += length

        def read(result: dict[str, Any]) -> Built | Rejection:
            if (rejection := _rejection(result)) is not None:
                return rejection
            slot = (result["slot"],) if "slot" in result else ()
            binary, shared = binaries[result["binary"]], result.get("shared", False)
            return Built(binary, slot, shared, result.get("parameters"))

        return [read(result) for result in trailer["results"]]

    def _each(self, mode: str, sources: Sequence[str], who: str, cpu_s: float) -> Iterator[dict[str, Any] | Rejection]:
        """What the tool says of every source, in order; of one that keeps it for `cpu_s` seconds, that."""
        while sources:
            limits = replace(LIMITS, cpu_s=cpu_s + EACH_S * len(sources))
            report = self._run(mode, sources, limits)
            done = [json.loads(text) for text in report.output.split(b"\n")[:-1]][: len(sources)]
            yield from (_rejection(result) or result for result in done)
            if not done:
                yield _gave_up(report, who, cpu_s)
            sources = sources[max(len(done), 1) :]

    def _run(self, mode: str, sources: Sequence[str], limits: Limits) -> ExecutionResult:
        request = json.dumps(self._header | {"sources": [_encodable(source) for source in sources]}).encode()
        step = Step((TOOL, mode), stdin=request, limits=limits, env=ENVIRONMENT)
        (report,) = self._sandbox.run_commands(CommandJob(files={}, steps=(step,)))
        if not report.ok and report.breach is None and report.exit_code not in (None, CRASHED):
            raise WorkerLost(f"the Go tool failed: {line(report.errors.decode('utf-8', 'replace'))}")
        return report


def _encodable(source: str) -> str:
    """Lone surrogates are no Unicode, in Go no more than elsewhere; they become what the compiler refuses."""
    return source.encode("utf-8", "replace").decode() if any("\ud800" <= c <= "\udfff" for c in source) else source


def _rejection(result: dict[str, Any]) -> Rejection | None:
    return Rejection(Status(result["status"]), line(result["detail"])) if "status" in result else None


def _gave_up(report: ExecutionResult, who: str, cpu_s: float) -> Rejection:
    if report.breach is None:
        return Rejection(Status.COMPILE_ERROR, f"{who} crashed on it")
    reason = f"{cpu_s:g} s of CPU time" if report.breach in ("cpu", "wall") else f"its {report.breach} limit"
    return Rejection(Status.COMPILE_ERROR, f"{who} exceeded {reason}")
