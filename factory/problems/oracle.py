"""Asks reference solutions, behind the wall, for what a problem set leaves open.

A reference is trusted to be right, and with nothing else: it is another's program and runs like any
candidate. Promises: an answer is a plain value that the reference gave in a fresh process; what it
cannot answer raises ValueError with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Self

from factory.config import GradingConfig, key_to_raise
from factory.errors import InfrastructureError
from factory.languages.python import trial
from factory.languages.python.answers import breach_rejection, ended, load_failure, read_answer
from factory.records import LimitOverrides, Problem, Rejection
from factory.records.values import Unreadable, read
from factory.storage import packages
from sandbox import PythonCalls, Sandbox, SandboxError
from sandbox.contract import Answer, read_answers


class Oracle:
    """A context manager; its walls are built when first needed."""

    def __init__(self, settings: GradingConfig) -> None:
        self._settings = settings
        self._open = ExitStack()
        self._walls: dict[str, Sandbox] = {}
        self.asked = 0
        """How often answers of a reference were asked for."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def answers(self, reference: str, entry_point: str, inputs: Sequence[str]) -> list[Any]:
        """What `reference` answers to each input, the tagged JSON text of [args, kwargs].

        Raises ValueError, InfrastructureError.
        """
        self.asked += 1
        limits = self._settings.limits.for_problem(LimitOverrides())
        try:
            report = self._wall("reference").run_calls(PythonCalls(reference, entry_point, tuple(inputs), limits))
        except SandboxError as error:
            raise InfrastructureError(f"while asking a reference: {error}") from error
        found = read_answers(report.output, len(inputs))
        failure = breach_rejection(report) or load_failure(found, entry_point)
        if failure is None and not (found.complete and report.ok):
            failure = ended(report)
        if failure is not None:
            raise ValueError(f"its reference does not answer: {failure.detail}{key_to_raise(failure.status)}")
        return [_value(number, read_answer(answer, limits)) for number, answer in enumerate(found.answers)]

    def calls(self, problem: Problem) -> list[tuple[str, str]]:
        """What the problem's test code asks its reference ([args, kwargs]), and the answers, all as tagged JSON texts.

        Raises ValueError where the reference does not satisfy it, InfrastructureError.
        """
        limits = self._settings.limits.for_problem(problem.limits)
        walls = self._wall("reference"), self._wall("examiner")
        try:
            answered = trial.record(problem.reference or "", problem, limits, *walls)
        except SandboxError as error:
            raise InfrastructureError(f"problem {problem.id!r}: {error}") from error
        if isinstance(answered, Rejection):
            raise ValueError(answered.detail)
        return answered

    def _wall(self, name: str) -> Sandbox:
        if name not in self._walls:
            settings = self._settings.sandbox
            self._walls[name] = self._open.enter_context(Sandbox(settings.backend, packages.wall(settings)))
        return self._walls[name]


def _value(number: int, answer: Answer | Rejection) -> Any:
    if isinstance(answer, Rejection):
        fault = f"input {number}: {answer.detail}{key_to_raise(answer.status)}"
        raise ValueError(f"its reference does not answer: {fault}")
    try:
        return read(answer.payload)
    except Unreadable as error:
        raise ValueError(f"its reference does not answer: input {number}: {error}") from None
