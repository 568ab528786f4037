"""Python: parsed here, run behind the wall.

Promises: no line of a candidate runs in this process; it is only parsed, and only up to
`MAX_SOURCE` characters. What the tests expect never goes in.
"""

from __future__ import annotations

import ast
import json
import platform
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from factory.languages.python import imports, normal_form, trial
from factory.languages.python.answers import breach_rejection, ended, load_failure, plain, read_answer
from factory.languages.python.canaries import CANARIES
from factory.records import Case, Prepared, Problem, Rejection, Run, Status
from sandbox import ExecutionResult, Limits, Mount, PythonCalls, PythonStreams, Sandbox
from sandbox.contract import Answer, read_answers

MAX_SOURCE = 200_000
"""Longest program parsed, in characters; the parser's memory grows with it."""


class Python:
    name = "python"
    title = "Python"
    fences = frozenset({"python", "py", "python3", "py3"})
    opening = re.compile(r"(from|import|def|class|async|print|for|if|while|with|try)\b|[\w, ]+=|@")
    comment = "#"
    compile_failure = Status.SYNTAX_ERROR
    examinable = True
    canaries = CANARIES
    integers: range | None = None

    def describe(self) -> str:
        return f"Python {platform.python_version()}, this interpreter"

    def entry_name(self, python_name: str) -> str:
        return python_name

    def signature(self, problem: Problem, code: str) -> str:
        return ""

    def rules(self, entry_point: bool, signature: bool) -> tuple[str, ...]:
        return ()

    def mounts(self) -> tuple[Mount, ...]:
        return ()

    def defines(self, code: str, entry_point: str | None) -> bool:
        if entry_point is None:
            return bool(re.search(r"\b(input\s*\(|stdin|open\s*\(\s*0)", code))
        owner, _, method = entry_point.rpartition(".")
        if owner:
            text = re.search(rf"^class\s+{re.escape(owner)}\b", code, re.MULTILINE)
            return bool(text and re.search(rf"^[ \t]+(?:async\s+)?def\s+{re.escape(method)}\b", code, re.MULTILINE))
        name = re.escape(entry_point)
        return bool(re.search(rf"^(?:(?:async\s+)?def\s+{name}\b|{name}\s*(?::[^=\n]+)?=[^=])", code, re.MULTILINE))

    def looks_like(self, text: str) -> bool:
        tree = parse(text)
        return isinstance(tree, ast.Module) and any(
            isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom | ast.Assign | ast.For | ast.While)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
            for node in tree.body
        )

    def prepare(self, sources: Sequence[str], problem: Problem, sandbox: Sandbox) -> list[Prepared | Rejection]:
        keywords = _keywords(problem)
        return [self._prepare(source, problem, keywords) for source in sources]

    def _prepare(self, source: str, problem: Problem, keywords: frozenset[str] | None) -> Prepared | Rejection:
        tree = parse(source)
        if isinstance(tree, Rejection):
            return tree
        code, import_fixes = imports.repair(source, tree, problem.starter_code)
        if import_fixes:
            repaired = parse(code)
            if isinstance(repaired, Rejection):
                code, import_fixes = source, ()
            else:
                tree = repaired
        return Prepared(code, normal_form.key(code, tree, keywords), import_fixes)

    def run(self, programs: Sequence[Prepared], problem: Problem, limits: Limits, sandbox: Sandbox) -> Iterator[Run]:
        if problem.entry_point is None:
            inputs = tuple(case.stdin or "" for case in problem.cases)
            for program in programs:
                yield _read_streams(sandbox.run_streams(PythonStreams(program.code, inputs, limits)))
        else:
            inputs = tuple(call_text(case) for case in problem.cases)
            for program in programs:
                report = sandbox.run_calls(PythonCalls(program.code, problem.entry_point, inputs, limits))
                yield _read_calls(report, problem.entry_point, len(inputs))

    def lint(self, programs: Sequence[Prepared], problem: Problem, sandbox: Sandbox) -> list[tuple[str, ...]]:
        return [()] * len(programs)

    def examine(
        self, program: Prepared, problem: Problem, limits: Limits, sandbox: Sandbox, examiner: Sandbox
    ) -> Rejection | None:
        return trial.examine(program, problem, limits, sandbox, examiner)

    def fit(self, answer: Any, expected: Any) -> Any:
        return plain(answer, expected) if isinstance(answer, Answer) else answer

    def narrower(self, code: str, output: Any, wide: bool) -> bool:
        return False


def _keywords(problem: Problem) -> frozenset[str] | None:
    """Names by which the tests pass arguments; None when they could be any."""
    names = {name for case in problem.cases for name in case.kwargs}
    for node in ast.walk(ast.parse(problem.test_code)):
        if isinstance(node, ast.keyword):
            if node.arg is None:
                return None
            names.add(node.arg)
    return frozenset(names)


def call_text(case: Case) -> str:
    """A call case's arguments as the tagged JSON text of [args, kwargs]."""
    return json.dumps([case.args, case.kwargs], separators=(",", ":"))


def parse(source: str) -> ast.Module | Rejection:
    """The syntax tree of `source`, or the syntax error it is."""
    if len(source) > MAX_SOURCE:
        return Rejection(Status.SYNTAX_ERROR, f"program of {len(source)} characters; at most {MAX_SOURCE} are parsed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a candidate's "\d" is its own affair
            return ast.parse(source.lstrip("\ufeff"))
    except SyntaxError as error:
        return Rejection(Status.SYNTAX_ERROR, f"line {error.lineno}: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Rejection(Status.SYNTAX_ERROR, f"cannot be parsed: {error or type(error).__name__}")


def _read_calls(report: ExecutionResult, entry_point: str, due: int) -> Run:
    answers = read_answers(report.output, due)
    failure = breach_rejection(report) or load_failure(answers, entry_point)
    if failure is None and not (answers.complete and report.ok):
        failure = ended(report)
    outputs = tuple(read_answer(answer) for answer in answers.answers)
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
