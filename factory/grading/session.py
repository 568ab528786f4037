"""The warm sandboxes of one process, and what is done in them: run programs, examine them, check answers.

Promises: sandboxes are started when first needed and kept warm until the session is closed; expected values never
enter one; a failure of ours is an InfrastructureError or an `infrastructure_error`, never a candidate's fault.
Does not promise to be shared: a session belongs to one process and one thread at a time. It makes no verdicts, which
is the work of `factory.grading.chain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Self

from factory.config import UNKNOWN_S, GradingConfig
from factory.errors import InfrastructureError, WallError
from factory.grading import checker_gate, time_limits
from factory.grading.checker import check
from factory.grading.judge import Judge
from factory.languages import language
from factory.languages.python.trial import record
from factory.records import Case, Prepared, Problem, Rejection, Run, Status
from factory.storage import packages
from sandbox import Limits, Mount, Sandbox, SandboxError, WallUnavailable, WorkerLost

EXAMINER = "examiner"
"""The sandbox of trusted code: tests and checkers that the problem brings along."""


class GradingSession:
    """What grading needs from this machine. A context manager; closing it ends the sandboxes.

    `second_worker` in its methods names a second sandbox of the same language, under another hash seed, in which
    programs are run again. `alive` is called at each step with the seconds that it may take (see `Sandbox`).
    """

    def __init__(self, settings: GradingConfig, alive: Callable[[float], None] = lambda seconds: None) -> None:
        self.settings = settings
        self._alive = alive
        self.ran_ms = 0.0
        """CPU milliseconds of all programs run so far."""
        self._open = ExitStack()
        self._sandboxes: dict[tuple[str, bool], Sandbox] = {}
        self._reference_s: dict[tuple[str, str], float | None] = {}
        """CPU seconds of references by problem id and text; None for one that does not pass."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the sandboxes."""
        self._open.close()
        self._sandboxes.clear()

    # ---- sandboxes and limits ----

    def sandbox(self, language_name: str, second_worker: bool = False) -> Sandbox:
        """The sandbox for programs of a language. Raises ConfigError, WallUnavailable."""
        key = (language_name, second_worker)
        if key not in self._sandboxes:
            self._start(key, language(language_name).mounts())
        return self._sandboxes[key]

    def _examiner(self) -> Sandbox:
        key = (EXAMINER, False)
        if key not in self._sandboxes:
            self._start(key, ())
        return self._sandboxes[key]

    def _start(self, key: tuple[str, bool], mounts: tuple[Mount, ...]) -> None:
        settings = self.settings.sandbox
        spec = replace(packages.wall(settings, mounts), hash_seed=int(key[1]))
        self._sandboxes[key] = self._open.enter_context(Sandbox(settings.backend, spec, self._alive))

    def limits(self, problem: Problem, auto_s: float = UNKNOWN_S) -> Limits:
        """What a program may use on the problem's cases; `auto_s` CPU seconds where the config leaves that open."""
        return self.settings.limits.for_problem(problem.limits, auto_s)

    def reference_s(self, problem: Problem) -> float | None:
        """CPU seconds that the problem's reference needs, measured once; None where no reference passes.

        Raises InfrastructureError.
        """
        if not problem.reference:
            return None
        key = (problem.id, problem.reference)
        if key not in self._reference_s:
            self._reference_s[key] = self._measured_s(problem, problem.reference)
        return self._reference_s[key]

    def _measured_s(self, problem: Problem, reference: str) -> float | None:
        with sandbox_errors_as_ours(problem):
            (prepared,) = language("python").prepare([reference], problem, self.sandbox("python"))
        if isinstance(prepared, Rejection):
            return None
        (run,) = self.runs(problem, [prepared], "python", self.limits(problem, time_limits.MAX_S))
        passed = self.judge(problem, "python").judge(run).status is Status.PASSED
        return run.slowest_ms / 1000 if passed else None

    # ---- candidates ----

    def runs(
        self,
        problem: Problem,
        programs: Sequence[Prepared],
        language_name: str,
        limits: Limits,
        second_worker: bool = False,
    ) -> list[Run]:
        """What programs known to compile do on the problem's inputs, unjudged; one Run a program, in order.

        Raises InfrastructureError, but not where one program takes every worker down with it: that is its Run's
        `failure`.
        """
        with sandbox_errors_as_ours(problem):
            return list(self.each_run(problem, programs, language_name, limits, second_worker))

    def each_run(
        self,
        problem: Problem,
        programs: Sequence[Prepared],
        language_name: str,
        limits: Limits,
        second_worker: bool = False,
    ) -> Iterator[Run]:
        """The same one by one, so that a chunk's outputs are never all held at once. Raises SandboxError."""
        if not problem.cases:
            yield from [Run()] * len(programs)
            return
        sandbox = self.sandbox(language_name, second_worker)
        done = 0
        while done < len(programs):
            try:
                for run in language(language_name).run(programs[done:], problem, limits, sandbox):
                    done += 1
                    self.ran_ms += run.cpu_ms
                    yield run
            except WorkerLost as error:
                done += 1
                yield Run(failure=Rejection(Status.INFRASTRUCTURE_ERROR, str(error)))

    def examine(
        self, problem: Problem, program: Prepared, language_name: str, second_worker: bool = False
    ) -> Rejection | None:
        """Why `program` does not satisfy the problem's test code; None when it does. Raises InfrastructureError."""
        target = language(language_name)
        with sandbox_errors_as_ours(problem):
            try:
                sandboxes = self.sandbox(language_name, second_worker), self._examiner()
                return target.examine(program, problem, self.limits(problem), *sandboxes)
            except WorkerLost as error:
                return Rejection(Status.INFRASTRUCTURE_ERROR, str(error))

    def calls(self, problem: Problem, code: str) -> list[tuple[str, str]] | Rejection:
        """The calls that the problem's test code makes of Python `code`, with the answers, as `trial.record` has them.

        A Rejection where `code` does not satisfy it. Raises InfrastructureError.
        """
        with sandbox_errors_as_ours(problem):
            try:
                return record(code, problem, self.limits(problem), self.sandbox("python"), self._examiner())
            except WorkerLost as error:
                return Rejection(Status.INFRASTRUCTURE_ERROR, str(error))

    # ---- answers ----

    def judge(self, problem: Problem, language_name: str) -> Judge:
        """Compares answers of programs in a language with what the problem's cases expect."""
        return Judge(problem, language(language_name).fit, partial(self._checked, problem))

    def checker_fault(self, problem: Problem) -> str:
        """Why the problem's checkers cannot be trusted, as `checker_gate` tries them. Raises InfrastructureError."""
        with sandbox_errors_as_ours(problem):
            return checker_gate.fault(problem, partial(self._checked, problem))

    def _checked(self, problem: Problem, case: Case, answer: Any) -> Rejection | None:
        return check(problem.comparison_of(case).checker, case, answer, self._examiner())


@contextmanager
def sandbox_errors_as_ours(problem: Problem) -> Iterator[None]:
    """Raises WallError where no sandbox can be built inside, InfrastructureError naming the problem where one fails."""
    try:
        yield
    except WallUnavailable as error:
        raise WallError(f"{error}; what is written is kept: run again to go on") from None
    except SandboxError as error:
        raise InfrastructureError(f"problem {problem.id!r}: {error}") from error
