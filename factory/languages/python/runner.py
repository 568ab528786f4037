"""How Python is parsed and run.

Promises: no line of a candidate runs in this process; it is only parsed. What the tests expect never goes in.
"""

from __future__ import annotations

import ast
import platform
import re
from collections.abc import Iterator, Sequence
from typing import Any

from factory.languages.python import entry, imports, normal_form, trial
from factory.languages.python.answers import breach_rejection, ended, load_failure, read_answer
from factory.languages.python.calls import call_text
from factory.languages.python.canaries import CANARIES
from factory.languages.python.parse import parse
from factory.records import Prepared, Problem, Rejection, Run, Status
from sandbox import ExecutionResult, Limits, Mount, PythonCalls, PythonStreams, Sandbox
from sandbox.contract import read_answers


class PythonRunner:
    """Implements `factory.languages.base.Runner`."""

    compile_failure = Status.SYNTAX_ERROR
    examinable = True
    canaries = CANARIES

    def describe(self) -> str:
        return f"Python {platform.python_version()}, this interpreter"

    def mounts(self) -> tuple[Mount, ...]:
        return ()

    def prepare(self, sources: Sequence[str], problem: Problem, sandbox: Sandbox) -> list[Prepared | Rejection]:
        prepared = {source: self._prepare(source, problem) for source in dict.fromkeys(sources)}
        return [prepared[source] for source in sources]

    def _prepare(self, source: str, problem: Problem) -> Prepared | Rejection:
        tree = parse(source)
        if isinstance(tree, Rejection):
            return tree
        code, import_fixes = imports.fix(source, tree, problem.starter_code, problem.prelude)
        if import_fixes:
            fixed = parse(code)
            if isinstance(fixed, Rejection):
                code, import_fixes = source, ()
            else:
                tree = fixed
        if problem.calling.either:
            code, added = entry.under_its_name(code, tree, problem.entry_point)
            if added:
                import_fixes = (*import_fixes, added)
                tree = ast.parse(code.lstrip("\ufeff"))
        return Prepared(code, normal_form.key(code, tree), import_fixes)

    def run(self, programs: Sequence[Prepared], problem: Problem, limits: Limits, sandbox: Sandbox) -> Iterator[Run]:
        if problem.entry_point is None:
            inputs = tuple(case.stdin or "" for case in problem.cases)
            for program in programs:
                yield _read_streams(sandbox.run_streams(PythonStreams(program.code, inputs, limits)))
        else:
            inputs = tuple(call_text(case) for case in problem.cases)
            for program in programs:
                report = sandbox.run_calls(PythonCalls(*entry.called(program.code, problem), inputs, limits))
                yield _read_calls(report, problem.entry_point, len(inputs), limits)

    def lint(self, programs: Sequence[Prepared], problem: Problem, sandbox: Sandbox) -> list[tuple[str, ...]]:
        return [()] * len(programs)

    def examine(
        self, program: Prepared, problem: Problem, limits: Limits, sandbox: Sandbox, examiner: Sandbox
    ) -> Rejection | None:
        return trial.examine(program, problem, limits, sandbox, examiner)


def _read_calls(report: ExecutionResult, entry_point: str, due: int, limits: Limits) -> Run:
    answers = read_answers(report.output, due)
    failure = breach_rejection(report) or load_failure(answers, entry_point)
    if failure is None and not (answers.complete and report.ok):
        failure = ended(report)
    outputs = tuple(read_answer(answer, limits) for answer in answers.answers)
    used = report.usage
    return Run(outputs, failure, used.cpu_ms, used.wall_ms, used.peak_mb, used.cpu_ms)


def _read_streams(reports: tuple[ExecutionResult, ...]) -> Run:
    outputs: list[Any] = []
    failure = None
    for report in reports:
        failure = breach_rejection(report)
        if failure:
            break
        if report.ok:
            outputs.append(report.output.decode("utf-8", "surrogateescape"))
        else:
            outputs.append(_crash(report))
    return Run(
        tuple(outputs),
        failure,
        sum(report.usage.cpu_ms for report in reports),
        sum(report.usage.wall_ms for report in reports),
        max(report.usage.peak_mb for report in reports),
        max(report.usage.cpu_ms for report in reports),
    )


def _crash(report: ExecutionResult) -> Rejection:
    last = report.errors.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
    if re.match(r"(SyntaxError|IndentationError|TabError)\b", last):
        return Rejection(Status.SYNTAX_ERROR, last)
    how = f"signal {report.signal}" if report.signal else f"exit code {report.exit_code}"
    return Rejection(Status.RUNTIME_ERROR, last or f"ended with {how}")
