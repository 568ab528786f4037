"""Working off the slices of a run in other processes, on this machine or on others, each a one-machine factory.

A worker of the executor holds engines and an executor of its own, and works off slices, the next one begun while the
last programs of the one before are verified: rollouts never leave its machine, and what it writes lies in the slice's
folder, on a file system that all share.

Promises: a slice whose worker is lost goes to another, which goes on from what is written there. One that was lost
again and again is set aside and named, and everything else is done. Shards are those of a run in one process.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from factory.config import Config, Generator, LocalExecutorConfig, RayExecutorConfig, ReplayEngine
from factory.decontamination import benchmarks
from factory.decontamination.matcher import Contamination
from factory.errors import EngineError, FactoryError, InfrastructureError, LockedError, PartError
from factory.executors import open_executor
from factory.executors.base import Alive, Executor
from factory.records import Rollout, Survivor, Verdict
from factory.report.cost import Account
from factory.report.counts import Counts
from factory.run.background import background_loop
from factory.run.engine import describe
from factory.run.observer import Observer
from factory.run.sampler import Samplers
from factory.run.slices import Slice
from factory.run.together import leaves, together
from factory.run.work import SLICES_AT_ONCE, Worker, room_for_problems
from factory.run.workers import workers

TRIES = 3
_LOST = (InfrastructureError, EngineError, LockedError)
"""What sets a slice aside. It is locked where a worker that was given up still works on it, cut off from the others."""
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

    def __init__(self, config: Config, alive: Alive, loop: asyncio.AbstractEventLoop) -> None:
        self._config, self._alive, self._loop = config, alive, loop
        self._stack = AsyncExitStack()
        self._notes = _Notes(alive)  # of what the slices share
        self._last: Slice | None = None
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
            self._last = unit.part
            warm = await self._join()
            try:
                return await self._with(warm, unit.part)
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
        lines, self._notes.lines = self._notes.lines + notes.lines, []
        counts = part.dir.sealed.facts["counts"] if part.sealed else None
        return SliceDone(part.sealed, counts, [str(it) for it in worker.damage], lines[:NOTES])

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
        """To the ledger of the slice that was begun last."""
        if self._last is not None:
            self._last.dir.log(event, **facts)


@contextmanager
def open_slice_worker(config: Config, cpus: int, alive: Alive) -> Iterator[SliceWorker]:
    """The context of an executor's worker that works off slices, with `cpus` processes that verify."""
    local = config.model_copy(update={"executor": LocalExecutorConfig(workers=cpus, stuck_s=config.executor.stuck_s)})
    with background_loop("slices") as loop:
        worker = SliceWorker(local, alive, loop)
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


async def _tried(executor: Executor, part: Slice, observer: Observer) -> SliceDone:
    """`part` by one of the workers, and by another where its engine has died; raises as `work_slice`, one error."""
    for left in reversed(range(TRIES)):
        try:
            return await executor.run(work_slice, SliceUnit(part, alone=left < TRIES - 1))
        except (FactoryError, ExceptionGroup) as error:
            causes = list(leaves(error, Exception))
            if not all(isinstance(it, _LOST) for it in causes):
                raise
            if not (left and all(isinstance(it, EngineError) for it in causes)):
                raise causes[0] from None
            observer.note(f"slice {part.number} is begun again, its engine has died: {causes[0]}")
    raise AssertionError


async def work_off(
    config: Config,
    settings: RayExecutorConfig,
    parts: Sequence[Slice],
    observer: Observer,
    done: Callable[[Slice], None],
) -> list[PartError]:
    """Work off `parts` by the executor of `settings`, and give each that is sealed to `done`; parts that are damaged.

    Raises an ExceptionGroup of InfrastructureErrors, one a slice that was set aside, and EngineError where more than
    `engine.max_refused` of what was asked for has not come.
    """
    opened = partial(open_slice_worker, config, settings.cpus_per_worker)
    async with open_executor(settings, opened, note=observer.note, room=room) as executor:
        return await work_by(executor, config, parts, observer, done)


async def work_by(
    executor: Executor, config: Config, parts: Sequence[Slice], observer: Observer, done: Callable[[Slice], None]
) -> list[PartError]:
    """The same by an executor whose contexts are `open_slice_worker`."""
    damage: list[PartError] = []
    aside: list[FactoryError] = []
    total = Counts()

    async def work(part: Slice) -> None:
        try:
            found = await _tried(executor, part, observer)
        except _LOST as error:
            observer.note(f"slice {part.number} is set aside: {error}")
            aside.append(InfrastructureError(f"slice {part.number} ({part.dir.path}): {error}; remedy: run again"))
            return
        for line in found.notes:
            observer.note(f"slice {part.number}: {line}")
        damage.extend(PartError(line) for line in found.damage)
        part.dir.forget()
        if found.counts is not None:
            counts = Counts.from_json(found.counts)
            observer.done_before(counts)
            total.merge(counts)
        if found.sealed:
            done(part)

    await together(work(part) for part in parts)
    if aside:
        raise ExceptionGroup("slices that were lost", aside)
    for generator in {it.name: it for it in (*config.translators, *config.asked)}.values():
        _refuse_too_little(total.account, generator)
    return damage


def _refuse_too_little(account: Account, generator: Generator) -> None:
    """Raises EngineError where too little has come of what a generator was asked for."""
    missing, came = account.missing(generator.name), account.came(generator.name)
    most = 1.0 if isinstance(generator.engine, ReplayEngine) else generator.engine.max_refused
    if missing > most * (missing + came):
        raise EngineError(
            f"{describe(generator.engine)}: {missing:,} of {missing + came:,} rollouts have not come, more than "
            f"engine.max_refused ({most:.1%}); what came is kept and graded: run again to ask for the rest"
        )
