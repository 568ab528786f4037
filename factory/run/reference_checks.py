"""References tried on the tests of their problems: one after the other, or by processes where there are many.

Promises: what a reference comes to does not depend on where it was tried. Where a row has several solutions, some more
of them are run on some of its cases: if as many answer otherwise as answer as recorded, no recorded answer decides, and
the row is refused; a doubt about its statement is settled only if enough of them agree. What passed is kept for the
next start batch by batch (`factory.run.references`), so that a kill costs one batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Self

from factory.config import GradingConfig, LocalExecutorConfig, key_to_raise
from factory.executors import open_executor
from factory.executors.base import Executor
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.problems import Loaded, Refusal
from factory.problems.parsing import contest
from factory.records import Program, Status
from factory.run.background import background_loop
from factory.run.references import CheckedReferences
from factory.run.together import leaves, together

BATCH = 4096
"""Most problems that are read before their references are checked."""
MANY = 512
"""References from which on processes are started for them: one takes about a CPU second to start, a check 5 ms."""
SHARE = 16
"""References that a process is given at a time."""


COMPARED = 4
"""Solutions beside the reference that are asked whether they agree with it."""
COMPARED_CASES = 10
"""Cases on which they are asked; some sets have hundreds."""
DIFFERENT = 2
"""Solutions that answer otherwise before a row is refused for it: one may just be wrong."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The first solution of a problem that passes its tests; or why the problem is refused."""

    solution: str | None
    fault: str = ""


def tried(session: GradingSession, found: Loaded) -> Tried:
    """Try the reference of `found`, which has one, and its other solutions. Raises InfrastructureError."""
    solutions = (found.problem.reference or "", *found.solutions)
    faults: list[str] = []
    different: list[str] = []
    for at, solution in enumerate(solutions):
        (verdict,) = verify(session, found.problem, [Program(0, solution)], "python")
        if verdict.status is Status.PASSED:
            fault = _disagreement(session, found, solutions[at + 1 :][:COMPARED], different)
            return Tried(None, fault) if fault else Tried(solution)
        faults.append(f"{verdict.status}: {verdict.detail}{key_to_raise(verdict.status)}")
        different += [verdict.detail] if verdict.status is Status.WRONG_ANSWER else []
    more = f", and so do {len(faults) - 1} other solutions" if len(faults) > 1 else ""
    return Tried(None, f"its reference fails its own tests: {faults[0]}{more}")


def _disagreement(session: GradingSession, found: Loaded, others: Sequence[str], different: Sequence[str]) -> str:
    """Why the recorded answers do not decide although a solution gives them; "" where they do.

    `different`: what other solutions, tried before, answered instead.
    """
    every = max(1, -(-len(found.problem.cases) // COMPARED_CASES))
    asked = found.problem.model_copy(update={"cases": found.problem.cases[::every]})
    verdicts = verify(session, asked, [Program(at, text) for at, text in enumerate(others)], "python") if others else []
    agreeing = 1 + sum(verdict.status is Status.PASSED for verdict in verdicts)
    different = [*different, *(one.detail for one in verdicts if one.status is Status.WRONG_ANSWER)]
    if len(different) >= max(DIFFERENT, agreeing):
        return (
            f"{len(different)} of its solutions answer otherwise than recorded, {agreeing} as recorded: {different[0]}"
        )
    if found.doubt and (different or agreeing < contest.AGREEING):
        return f"{found.doubt}; {agreeing} of its solutions answer as recorded, {len(different)} otherwise"
    return ""


def tried_several(session: GradingSession, several: Sequence[Loaded]) -> list[Tried]:
    """What an executor runs: `tried` of each."""
    return [tried(session, found) for found in several]


class ReferenceChecks:
    """Checks the references of problems, with `session` or, where they are many, in worker processes.

    These are as many as the local executor's; for another executor, one a usable CPU of this machine. A context
    manager.
    """

    def __init__(self, settings: GradingConfig, session: GradingSession) -> None:
        self._settings, self._session = settings, session
        self._stack = ExitStack()
        self._executors = AsyncExitStack()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._executor: Executor | None = None

    def __enter__(self) -> Self:
        self._known = self._stack.enter_context(CheckedReferences(self._settings))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if self._loop is not None:
                asyncio.run_coroutine_threadsafe(self._close(kind, error, at), self._loop).result()
        finally:
            self._stack.__exit__(kind, error, at)

    async def _close(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """End the processes, and before them what they are still asked for: a signal may have come at any moment."""
        asking = asyncio.all_tasks() - {asyncio.current_task()}
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await self._executors.__aexit__(kind, error, at)

    def __call__(self, batch: Sequence[Loaded]) -> list[Loaded | Refusal]:
        """Each problem with the first of its solutions that passes its tests as the reference, in order.

        Raises InfrastructureError.
        """
        passing = {at: self._known.passing(found) for at, found in enumerate(batch) if found.problem.reference}
        unknown = [at for at, solution in passing.items() if solution is None]
        results = dict(zip(unknown, self._tried([batch[at] for at in unknown]), strict=True))
        checked: list[Loaded | Refusal] = []
        for at, found in enumerate(batch):
            result = results.get(at) or Tried(passing.get(at))
            if result.fault:
                checked.append(Refusal(found.place, found.problem.id, result.fault))
                continue
            if result.solution is not None:
                if at in results:
                    self._known.add(found, result.solution)
                found = replace(found, problem=found.problem.model_copy(update={"reference": result.solution}))
            checked.append(found)
        self._known.keep()
        return checked

    def _tried(self, several: Sequence[Loaded]) -> list[Tried]:
        if len(several) < MANY:
            return tried_several(self._session, several)
        if self._loop is None:
            self._loop = self._stack.enter_context(background_loop("references"))
        return asyncio.run_coroutine_threadsafe(self._by_processes(several), self._loop).result()

    async def _by_processes(self, several: Sequence[Loaded]) -> list[Tried]:
        if self._executor is None:
            asked = self._settings.executor
            local = asked if isinstance(asked, LocalExecutorConfig) else LocalExecutorConfig(stuck_s=asked.stuck_s)
            opened = open_executor(local, partial(GradingSession, self._settings))
            self._executor = await self._executors.enter_async_context(opened)
        shares = [tuple(several[at : at + SHARE]) for at in range(0, len(several), SHARE)]
        try:
            found = await together(self._executor.run(tried_several, share) for share in shares)
        except BaseExceptionGroup as group:
            raise next(leaves(group, BaseException)) from None
        return [one for each in found for one in each]
