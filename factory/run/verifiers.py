"""Verifiers: CPUs of other nodes of a Ray cluster that help a worker whose own CPUs fall behind its engine.

A worker verifies on its own machine as long as a process of its own is free there. What finds none goes to a verifier
that is free: a process on another node, with a sandbox and canaries of its own, to which a chunk's rollouts are sent.
Nothing waits for a verifier: one that finds room late helps from then on, and one that is lost gives its unit to
another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from factory.config import GradingConfig, LocalExecutorConfig
from factory.executors.base import Alive, Executor, R, T
from factory.run.background import background_loop
from factory.run.units import GradeUnit, ReviewUnit
from factory.run.workers import workers

_LOOK_S = 1.0
"""Seconds after which a unit that waits looks for verifiers that have come."""


@dataclass(frozen=True, slots=True)
class _Job:
    """`work` on `unit`, to be done elsewhere."""

    work: Callable[[Any, Any], Any]
    unit: Any


class Verifier:
    """A process of this machine that verifies, called from other threads than that of its loop."""

    def __init__(self, executor: Executor, loop: asyncio.AbstractEventLoop) -> None:
        self._executor, self._loop = executor, loop

    def run(self, job: _Job) -> Any:
        return asyncio.run_coroutine_threadsafe(self._executor.run(job.work, job.unit), self._loop).result()


@contextmanager
def open_verifier(settings: GradingConfig, alive: Alive) -> Iterator[Verifier]:
    """The context of an executor's worker that verifies with one process."""
    stack = AsyncExitStack()
    with background_loop("verifier") as loop:
        opening = stack.enter_async_context(workers(settings))
        executor = asyncio.run_coroutine_threadsafe(opening, loop).result()
        try:
            yield Verifier(executor, loop)
        finally:
            asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()


def verify(verifier: Verifier, job: _Job) -> Any:
    """What an executor runs: a job by the context of its worker."""
    return verifier.run(job)


class Verifiers:
    """An executor: `own` processes first, then `others`, a Ray executor whose contexts are `open_verifier`."""

    def __init__(self, own: Executor, others: Any) -> None:
        self._own, self._others = own, others
        self._here = self._there = 0
        self._changed = asyncio.Condition()
        self._done = 0

    @property
    def workers(self) -> int:
        return self._own.workers + int(self._others.workers)

    def use(self) -> dict[str, int]:
        """How many verifiers there are now, and how many chunks of programs they have verified; for the ledger."""
        return {"opened": self._others.opened, "units": self._done}

    async def run(self, work: Callable[[Any, T], R], unit: T, /) -> R:
        """`work` on `unit` where it is free first; raises as `Executor.run` does.

        What is no chunk of programs, as a slice to be sealed, needs this machine's disk.
        """
        if isinstance(unit, GradeUnit | ReviewUnit) and await self._goes_elsewhere():
            result: R
            try:
                result = await self._others.run(verify, _Job(work, unit))
            finally:
                await self._left(there=True)
            self._done += 1
            return result
        if not isinstance(unit, GradeUnit | ReviewUnit):
            return await self._own.run(work, unit)
        try:
            return await self._own.run(work, unit)
        finally:
            await self._left(there=False)

    async def _goes_elsewhere(self) -> bool:
        """Take the first place that is free; whether it is a verifier's."""
        async with self._changed:
            while True:
                if self._here < self._own.workers:
                    self._here += 1
                    return False
                if self._there < self._others.opened:
                    self._there += 1
                    return True
                try:
                    await asyncio.wait_for(self._changed.wait(), _LOOK_S)
                except TimeoutError:
                    continue

    async def _left(self, there: bool) -> None:
        async with self._changed:
            if there:
                self._there -= 1
            else:
                self._here -= 1
            self._changed.notify()


@asynccontextmanager
async def with_verifiers(
    own: Executor, settings: GradingConfig, count: int, note: Callable[[str], None]
) -> AsyncIterator[Verifiers]:
    """`own` with `count` verifiers beside it, in the Ray cluster that this process belongs to. Raises ConfigError."""
    from factory.executors.ray import RayExecutor  # here, since most installations have no Ray

    single = settings.model_copy(update={"executor": LocalExecutorConfig(workers=1, stuck_s=settings.executor.stuck_s)})
    async with RayExecutor(partial(open_verifier, single), workers=count, note=note) as others:
        yield Verifiers(own, others)
