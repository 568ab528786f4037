"""What a worker of an executor holds that works off slices: engines, and an executor of its own.

It begins a slice while the last programs of the one before are verified. Rollouts never leave its machine, and what it
writes lies in the slice's folder, on a file system that all share, or in its copy of the slice where the run lies at a
URL.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from factory.config import Config, LocalExecutorConfig, RayExecutorConfig
from factory.decontamination import benchmarks
from factory.decontamination.matcher import Contamination
from factory.errors import EngineError
from factory.executors.base import Alive, Executor
from factory.records import Rollout, Survivor, Verdict
from factory.report.counts import Counts
from factory.run.background import background_loop
from factory.run.opened import on_this_machine
from factory.run.sampler import Samplers
from factory.run.slices import Slice
from factory.run.verifiers import Verifiers, with_verifiers
from factory.run.work import SLICES_AT_ONCE, Worker, room_for_problems
from factory.run.workers import workers

NOTES = 50
"""Notes of one slice that are shown where the run was started; the others are in its worker's log."""


@dataclass(slots=True)
class SliceDone:
    """What became of one slice."""

    sealed: bool
    counts: dict[str, Any] | None
    """As of `Counts.as_json`, of a sealed slice."""
    damage: list[str]
    notes: list[str]
    events: list[tuple[str, dict[str, Any]]]
    """Lines for the run's ledger that its worker had since the slice before."""


@dataclass(slots=True)
class _Notes:
    """An observer that keeps the notes; `alive` is called when something has come."""

    alive: Alive
    lines: list[str] = field(default_factory=list)

    def sampled(self, rollout: Rollout) -> None:
        self.alive(0.0)

    def verified(self, verdicts: Sequence[Verdict]) -> None:
        self.alive(0.0)

    def kept(self, survivors: Sequence[Survivor]) -> None:
        self.alive(0.0)

    def done_before(self, counts: Counts) -> None:
        self.alive(0.0)

    def note(self, line: str) -> None:
        self.lines.append(line)


@dataclass(frozen=True, slots=True)
class SliceUnit:
    """A slice to work off."""

    part: Slice
    alone: bool = False
    """Whether no other is worked off beside it: it was lost, and no other slice shall pay for it."""


class _Warm:
    """Engines and an executor, and the number of slices that use them."""

    def __init__(self, executor: Executor, samplers: Samplers, known: Contamination) -> None:
        self.executor, self.samplers, self.known = executor, samplers, known
        self.users = 0
        self.closed = asyncio.Event()

    @property
    def failure(self) -> EngineError | None:
        """Why an engine gives nothing any more."""
        return self.samplers.failure


class SliceWorker:
    """Engines and an executor of this process, kept warm from slice to slice.

    Belongs to a running loop; `work` and `wait_for_room` are called from other threads.
    """

    def __init__(self, config: Config, alive: Alive, loop: asyncio.AbstractEventLoop, verifiers: int = 0) -> None:
        """`verifiers` is how many of other nodes help it."""
        self._config, self._alive, self._loop, self._verifiers = config, alive, loop, verifiers
        self._stack = AsyncExitStack()
        self._notes = _Notes(alive)  # of what the slices share
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._warm: _Warm | None = None
        self._opening, self._alone = asyncio.Lock(), asyncio.Lock()
        self._problems = room_for_problems(config)
        self._slices = asyncio.Semaphore(SLICES_AT_ONCE)
        self._rooms = defaultdict[int, asyncio.Event](asyncio.Event)

    def work(self, unit: SliceUnit) -> SliceDone:
        """Work off one slice. Raises FactoryError, alone or in an ExceptionGroup."""
        return asyncio.run_coroutine_threadsafe(self._work(unit), self._loop).result()

    def wait_for_room(self, unit: SliceUnit) -> None:
        """Return when another slice may be begun beside that of `unit`, which is given to `work` at the same time."""
        asyncio.run_coroutine_threadsafe(self._wait_for_room(unit.part), self._loop).result()

    async def _wait_for_room(self, part: Slice) -> None:
        await self._rooms[part.number].wait()
        async with self._slices:
            del self._rooms[part.number]

    async def _work(self, unit: SliceUnit) -> SliceDone:
        async with AsyncExitStack() as held:
            held.callback(self._rooms[unit.part.number].set)
            async with self._alone:
                for _ in range(SLICES_AT_ONCE if unit.alone else 1):
                    await held.enter_async_context(self._slices)
            warm = await self._join()
            try:
                return await self._with(warm, replace(unit.part, dir=on_this_machine(unit.part.dir)))
            finally:
                warm.users -= 1
                if warm.failure and not warm.users:
                    try:
                        await self.close()  # the next slice has a new engine
                    finally:
                        warm.closed.set()

    async def _with(self, warm: _Warm, part: Slice) -> SliceDone:
        notes = _Notes(self._alive)
        worker = Worker(self._config, warm.executor, notes, warm.known, warm.samplers, self._problems)
        await worker.slice(part, self._rooms[part.number].set)
        if warm.failure:
            raise warm.failure
        if isinstance(warm.executor, Verifiers):
            self._log("verifiers", **warm.executor.use())
        lines, self._notes.lines = self._notes.lines + notes.lines, []
        events, self._events = self._events, []
        counts = part.dir.sealed.facts["counts"] if part.sealed else None
        return SliceDone(part.sealed, counts, [str(it) for it in worker.damage], lines[:NOTES], events)

    async def _join(self) -> _Warm:
        """The engines and the executor, for one slice more: new ones where an engine has died, and all have left."""
        async with self._opening:
            if self._warm is not None and self._warm.failure:
                await self._warm.closed.wait()
            if self._warm is None:
                self._warm = await self._open()
            self._warm.users += 1
            return self._warm

    async def _open(self) -> _Warm:
        config = self._config
        executor = await self._stack.enter_async_context(workers(config, self._log))
        if self._verifiers:
            beside = with_verifiers(executor, config, self._verifiers, self._notes.note)
            executor = await self._stack.enter_async_context(beside)
        samplers = await self._stack.enter_async_context(Samplers(config, self._notes, self._log))
        known = Contamination(
            (one for each in config.decontamination.benchmarks for one in benchmarks.read(each)), config.decontamination
        )
        return _Warm(executor, samplers, known)

    async def close(self) -> None:
        """End the engines and the executor."""
        self._warm = None
        await self._stack.aclose()

    def _log(self, event: str, **facts: Any) -> None:
        self._events.append((event, facts))


@contextmanager
def open_slice_worker(config: Config, cpus: int, alive: Alive) -> Iterator[SliceWorker]:
    """The context of an executor's worker that works off slices, with `cpus` processes that verify."""
    local = config.model_copy(update={"executor": LocalExecutorConfig(workers=cpus, stuck_s=config.executor.stuck_s)})
    verifiers = config.executor.verifiers if isinstance(config.executor, RayExecutorConfig) else 0
    with background_loop("slices") as loop:
        worker = SliceWorker(local, alive, loop, verifiers)
        try:
            yield worker
        finally:
            asyncio.run_coroutine_threadsafe(worker.close(), loop).result()


def work_slice(worker: SliceWorker, unit: SliceUnit) -> SliceDone:
    """What an executor runs: a slice by the context of its worker."""
    return worker.work(unit)


def room(worker: SliceWorker, unit: SliceUnit) -> None:
    """What an executor asks with: returns when its worker takes another slice beside that of `unit`."""
    worker.wait_for_room(unit)
