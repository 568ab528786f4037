"""Programs in, verdicts out: compile, deduplicate, run, judge, look over those that passed; cheap before dear.

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

from factory.config import UNKNOWN_S, ChainConfig
from factory.errors import InfrastructureError
from factory.grading import time_limits
from factory.grading.judge import Judge, Judgement
from factory.languages import Language, language
from factory.languages.python.answers import breach_rejection, ended, load_failure, read_answer
from factory.languages.python.trial import record
from factory.records import Case, Prepared, Problem, Program, Rejection, Run, Status, Verdict, sha256
from factory.records.values import Unencodable, encode
from sandbox import Limits, PythonCalls, Sandbox, SandboxError, WorkerLost
from sandbox.contract import read_answers


class Chain:
    """The filter chain with its warm walls, one a language, opened when first needed.

    A context manager, for one process; closing it ends the walls.
    """

    def __init__(self, settings: ChainConfig) -> None:
        self._settings = settings
        self._open = ExitStack()
        self._walls: dict[str, Sandbox] = {}
        self._measured: dict[str, float | None] = {}
        self.ran_ms = 0.0
        """CPU milliseconds of all programs that `runs` ran so far."""

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

    def limits(self, problem: Problem, auto_s: float = UNKNOWN_S) -> Limits:
        """What a program may use on the problem's cases; `auto_s` CPU seconds where the config leaves that open."""
        return self._settings.limits.for_problem(problem.limits, auto_s)

    def runs(
        self,
        problem: Problem,
        programs: Sequence[Prepared],
        language_name: str,
        limits: Limits,
        again: bool = False,
    ) -> list[Run]:
        """What programs known to compile do on the problem's inputs, unjudged.

        With `again` they run in another worker, under another hash seed. Raises InfrastructureError, but not where
        one program takes every worker down with it: that is its Run's `failure`.
        """
        target = language(language_name)
        try:
            done = list(self._runs(target, list(enumerate(programs)), problem, limits, again))
        except SandboxError as error:
            raise InfrastructureError(f"problem {problem.id}: {error}") from error
        self.ran_ms += sum(run.cpu_ms for run in done)
        return done

    def judge(self, problem: Problem, language_name: str) -> Judge:
        """Who compares answers of a language with what the problem's cases expect."""
        return Judge(problem, language(language_name).fit, partial(self._checked, problem))

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
        judge = self.judge(problem, target.name)
        blanks = {position: replace(blank, index=programs[position].index) for position, _ in runnable}
        verdicts |= self._run(runnable, blanks, judge, target)
        passed = [(position, program) for position, program in runnable if verdicts[position].status is Status.PASSED]
        lint = target.lint([program for _, program in passed], problem, wall)
        for (position, _), lines in zip(passed, lint, strict=True):
            verdicts[position] = replace(verdicts[position], lint=lines)
        for position, (original, program) in duplicates.items():
            first = verdicts[original]
            verdicts[position] = replace(
                first,
                index=programs[position].index,
                import_fixes=program.import_fixes,
                code=program.code,
                code_sha256=sha256(program.code),
                duplicate_of=first.index,
            )
        return [verdicts[position] for position in range(len(programs))]

    def _run(
        self, runnable: list[tuple[int, Prepared]], blanks: dict[int, Verdict], judge: Judge, target: Language
    ) -> dict[int, Verdict]:
        """Run and judge programs, by position; with `limits.cpu_s: auto` and no reference some of them twice."""
        problem = judge.problem
        reference_s = self._reference_s(problem) if self._patient(problem) else None
        first_s = time_limits.FIRST_S if reference_s is None else time_limits.allowance([reference_s])
        limits = self.limits(problem, first_s)
        verdicts: dict[int, Verdict] = {}
        slow: list[tuple[int, Prepared]] = []
        needed_s = []
        for (position, program), run in zip(runnable, self._runs(target, runnable, problem, limits), strict=True):
            verdicts[position] = self._judged(blanks[position], program, run, judge, target)
            if verdicts[position].status is Status.PASSED:
                needed_s.append(run.slowest_ms / 1000)
            elif time_limits.cut_short(run):
                slow.append((position, program))
        if self._patient(problem) and reference_s is None and slow:
            more = self.limits(problem, time_limits.allowance(needed_s))
            if more.cpu_s > limits.cpu_s:
                for (position, program), run in zip(slow, self._runs(target, slow, problem, more), strict=True):
                    verdicts[position] = self._judged(blanks[position], program, run, judge, target)
        return verdicts

    def _patient(self, problem: Problem) -> bool:
        """Whether what right programs needed decides how long others may run."""
        return self._settings.limits.cpu_s == "auto" and problem.limits.cpu_s is None and bool(problem.cases)

    def _reference_s(self, problem: Problem) -> float | None:
        """CPU seconds of the problem's reference, measured once; None where it has none that passes."""
        if problem.reference and problem.id not in self._measured:
            python = language("python")
            (prepared,) = python.prepare([problem.reference], problem, self._wall("python", python))
            self._measured[problem.id] = None
            if isinstance(prepared, Prepared):
                (run,) = self._runs(python, [(0, prepared)], problem, self.limits(problem, time_limits.MOST_S))
                if self.judge(problem, python.name).judge(run).status is Status.PASSED:
                    self._measured[problem.id] = run.slowest_ms / 1000
        return self._measured.get(problem.id)

    def _runs(
        self,
        target: Language,
        runnable: list[tuple[int, Prepared]],
        problem: Problem,
        limits: Limits,
        again: bool = False,
    ) -> Iterator[Run]:
        """One run a program. One that takes every worker down with it is told as our failure, and the rest go on."""
        programs = [program for _, program in runnable]
        if not problem.cases:
            yield from [Run()] * len(programs)
            return
        wall = self._wall(target.name, target, again)
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
            import_fixes=program.import_fixes,
            cases_passed=judgement.cases_passed,
            first_failure=judgement.first_failure,
            cpu_ms=round(run.cpu_ms, 3),
            wall_ms=round(run.wall_ms, 3),
            peak_mb=round(run.peak_mb, 2),
            code=program.code,
            code_sha256=sha256(program.code),
            normal_form=program.key,
        )

    def examine(self, problem: Problem, program: Prepared, language_name: str, again: bool = False) -> Rejection | None:
        """Why `program` does not satisfy the problem's test code; None when it does. `again` as in `runs`."""
        target = language(language_name)
        try:
            walls = self._wall(target.name, target, again), self._wall("examiner")
            return target.examine(program, problem, self.limits(problem), *walls)
        except WorkerLost as error:
            return Rejection(Status.INFRASTRUCTURE_ERROR, str(error))

    def calls(self, problem: Problem, code: str) -> list[tuple[str, str]] | Rejection:
        """What the problem's test code asks Python `code`, and the answers, as `trial.record` gives them."""
        python = language("python")
        try:
            walls = self._wall(python.name, python), self._wall("examiner")
            return record(code, problem, self.limits(problem), *walls)
        except WorkerLost as error:
            return Rejection(Status.INFRASTRUCTURE_ERROR, str(error))

    def _examined(self, program: Prepared, judge: Judge, judgement: Judgement, target: Language) -> Judgement:
        rejection = self.examine(judge.problem, program, target.name)
        if rejection is None:
            return replace(judgement, cases_passed=judgement.cases_passed + 1)
        return replace(judgement, status=rejection.status, detail=rejection.detail)

    def _checked(self, problem: Problem, case: Case, answer: Any) -> Rejection | None:
        """Ask the problem's own checker, trusted code in the examiner's wall, about one answer.

        A checker that does not load is no candidate's fault. One that raises, or breaks a limit, does so on this
        answer: a wrong one, or any candidate could make itself a failure of ours.
        """
        given = encode(case.stdin) if case.stdin is not None else case.args
        try:
            asked = json.dumps([[given, encode(answer)], {}])
        except Unencodable as error:
            return Rejection(Status.WRONG_ANSWER, f"its answer cannot be checked: {error}")
        job = PythonCalls(
            problem.comparison_of(case).checker, "check", (asked,), Limits(cpu_s=30, wall_s=120, memory_mb=1024)
        )
        report = self._wall("examiner").run_calls(job)
        answers = read_answers(report.output, 1)
        ending = breach_rejection(report) or (None if report.ok and answers.complete else ended(report))
        broken = load_failure(answers, "check") or (None if report.output else ending)
        if broken:
            return Rejection(Status.INFRASTRUCTURE_ERROR, f"the problem's checker does not load: {broken.detail}")
        said = ending or read_answer(answers.answers[0])
        if isinstance(said, Rejection):
            return Rejection(Status.WRONG_ANSWER, f"the checker could not judge its answer: {said.detail}")
        return None if said.payload == "true" else Rejection(Status.WRONG_ANSWER, "the checker refused its answer")

    def _wall(self, name: str, target: Language | None = None, again: bool = False) -> Sandbox:
        name = f"{name} again" if again else name
        if name not in self._walls:
            settings = self._settings.sandbox
            wall = replace(settings.wall(target.mounts() if target else ()), hash_seed=int(again))
            self._walls[name] = self._open.enter_context(Sandbox(settings.backend, wall))
        return self._walls[name]
