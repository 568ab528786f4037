"""Programs in, verdicts out: compile, deduplicate, run, judge, cheap before dear.

Promises: one verdict per program, in order; a pure function of problem, programs and limits
but for the measured fields; expected values never reach the sandbox. Raises
`InfrastructureError` when the machinery failed, so that this is never taken for an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

from factory.config import ChainConfig
from factory.errors import InfrastructureError
from factory.filters.judge import Judge, Judgement
from factory.languages import Language, language
from factory.records import Case, Prepared, Problem, Program, Rejection, Run, Status, Verdict, sha256
from factory.values import Unencodable, encode
from sandbox import Limits, PythonCalls, Sandbox, SandboxError, WorkerLost
from sandbox.contract import AnswerKind, read_answers


class Chain:
    """The filter chain with its warm walls, one a language, opened when first needed.

    A context manager, for one process; closing it ends the walls.
    """

    def __init__(self, settings: ChainConfig) -> None:
        self._settings = settings
        self._open = ExitStack()
        self._walls: dict[str, Sandbox] = {}

    def __enter__(self) -> Chain:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._walls.clear()

    def verify(self, problem: Problem, programs: Sequence[Program], language_name: str) -> list[Verdict]:
        """One verdict a program, in their order. Raises InfrastructureError, ConfigError."""
        target = language(language_name)
        try:
            return self._verify(problem, programs, target)
        except SandboxError as error:
            raise InfrastructureError(f"problem {problem.id}: {error}") from error

    def _verify(self, problem: Problem, programs: Sequence[Program], target: Language) -> list[Verdict]:
        total = len(problem.cases) + bool(problem.test_code)
        blank = Verdict(problem.id, 0, target.name, Status.NO_CODE, cases_total=total)
        verdicts: dict[int, Verdict] = {
            position: replace(blank, index=program.index, detail=program.detail)
            for position, program in enumerate(programs)
            if program.code is None
        }
        wall = self._wall(target.name, target)
        found = [position for position, program in enumerate(programs) if program.code is not None]
        results = target.prepare([programs[position].code or "" for position in found], problem, wall)
        first_of: dict[str, int] = {}
        duplicates: dict[int, tuple[int, Prepared]] = {}
        runnable: list[tuple[int, Prepared]] = []
        for position, result in zip(found, results, strict=True):
            verdict = replace(blank, index=programs[position].index)
            if isinstance(result, Rejection):
                code = programs[position].code or ""
                verdicts[position] = replace(
                    verdict, status=result.status, detail=result.detail, code=code, code_sha256=sha256(code)
                )
            elif self._settings.verify.dedup and result.key in first_of:
                duplicates[position] = (first_of[result.key], result)
            else:
                first_of[result.key] = position
                runnable.append((position, result))
        judge = Judge(problem, target.fit, partial(self._checked, problem))
        prepared = [program for _, program in runnable]
        runs = self._runs(target, prepared, problem, wall) if problem.cases else iter([Run()] * len(prepared))
        for (position, program), run in zip(runnable, runs, strict=True):
            verdict = replace(blank, index=programs[position].index)
            verdicts[position] = self._judged(verdict, program, run, judge, target)
        for position, (original, program) in duplicates.items():
            first = verdicts[original]
            verdicts[position] = replace(
                first,
                index=programs[position].index,
                repairs=program.repairs,
                code=program.code,
                code_sha256=sha256(program.code),
                duplicate_of=first.index,
            )
        return [verdicts[position] for position in range(len(programs))]

    def _runs(self, target: Language, programs: list[Prepared], problem: Problem, wall: Sandbox) -> Iterator[Run]:
        """One run a program. One that takes every worker down with it is told as our failure, and the rest go on."""
        limits = self._settings.limits.for_problem(problem.limits)
        done = 0
        while done < len(programs):
            try:
                for run in target.run(programs[done:], problem, limits, wall):
                    done += 1
                    yield run
            except WorkerLost as error:
                done += 1
                yield Run(failure=Rejection(Status.INFRASTRUCTURE_ERROR, str(error)))

    def _judged(self, verdict: Verdict, program: Prepared, run: Run, judge: Judge, target: Language) -> Verdict:
        judgement = judge.judge(run)
        if judgement.status is Status.PASSED and judge.problem.test_code:
            judgement = self._examined(program, judge, judgement, target)
        if judgement.status is Status.PASSED and judgement.cases_passed == 0:
            judgement = Judgement(Status.RUNTIME_ERROR, "no case was run", 0, None)
        return replace(
            verdict,
            status=judgement.status,
            detail=judgement.detail,
            repairs=program.repairs,
            cases_passed=judgement.cases_passed,
            first_failure=judgement.first_failure,
            cpu_ms=round(run.cpu_ms, 3),
            wall_ms=round(run.wall_ms, 3),
            peak_mb=round(run.peak_mb, 2),
            code=program.code,
            code_sha256=sha256(program.code),
            form=program.key,
        )

    def _examined(self, program: Prepared, judge: Judge, judgement: Judgement, target: Language) -> Judgement:
        problem = judge.problem
        limits = self._settings.limits.for_problem(problem.limits)
        examiner = self._wall("examiner")
        try:
            rejection = target.examine(program, problem, limits, self._wall(target.name, target), examiner)
        except WorkerLost as error:
            rejection = Rejection(Status.INFRASTRUCTURE_ERROR, str(error))
        if rejection is None:
            return replace(judgement, cases_passed=judgement.cases_passed + 1)
        return replace(judgement, status=rejection.status, detail=rejection.detail)

    def _checked(self, problem: Problem, case: Case, answer: Any) -> Rejection | None:
        """Ask the problem's own checker, trusted code in the examiner's wall, about one answer."""
        given = encode(case.stdin) if case.stdin is not None else case.args
        try:
            asked = json.dumps([[given, encode(answer)], {}])
        except Unencodable as error:
            return Rejection(Status.WRONG_ANSWER, f"its answer cannot be checked: {error}")
        job = PythonCalls(
            problem.comparison_of(case).checker, "check", (asked,), Limits(cpu_s=30, wall_s=120, memory_mb=1024)
        )
        report = self._wall("examiner").run_calls(job)
        said = read_answers(report.output, 1).answers
        if report.ok and len(said) == 1 and said[0].kind is AnswerKind.VALUE:
            return (
                None if said[0].payload == "true" else Rejection(Status.WRONG_ANSWER, "the checker refused its answer")
            )
        why = said[0].payload if said else f"exit code {report.exit_code}"
        return Rejection(Status.WRONG_ANSWER, f"the checker could not judge its answer: {why}"[:200])

    def _wall(self, name: str, target: Language | None = None) -> Sandbox:
        if name not in self._walls:
            settings: dict[str, Any] = {
                "backend": self._settings.sandbox.backend,
                "scratch_mb": self._settings.sandbox.scratch_mb,
                "mounts": target.mounts() if target else (),
            }
            self._walls[name] = self._open.enter_context(Sandbox(**settings))
        return self._walls[name]
