"""Working off the slices of a run in other processes, on this machine or on others, each a one-machine factory.

A worker of the executor holds engines and an executor of its own, and works off one slice at a time: rollouts never
leave its machine, and what it writes lies in the slice's folder, on a file system that all share.

Promises: a slice whose worker is lost goes to another, which goes on from what is written there. One that was lost
again and again is set aside and named, and everything else is done. Shards are those of a run in one process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from factory.config import Config, LocalExecutorConfig, RayExecutorConfig, ReplayEngine
from factory.decontamination import benchmarks
from factory.decontamination.matcher import Contamination
from factory.errors import EngineError, FactoryError, InfrastructureError, LockedError, PartError
from factory.executors import open_executor
from factory.executors.base import Alive, Executor
from factory.records import Rollout, Survivor, Verdict
from factory.report.counts import Counts
from factory.run.observer import Observer
from factory.run.sampler import Samplers, describe
from factory.run.slices import Slice
from factory.run.together import leaves, together
from factory.run.work import Worker
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


class SliceWorker:
    """Engines and an executor of this process, kept warm from slice to slice."""

    def __init__(self, config: Config, alive: Alive, runner: asyncio.Runner, stack: AsyncExitStack) -> None:
        self._config, self._runner, self._stack = config, runner, stack
        self._notes = _Notes(alive)
        self._last: Slice | None = None
        self._worker: Worker | None = None
        self._samplers: Samplers | None = None

    def work(self, part: Slice) -> SliceDone:
        """Work off one slice. Raises FactoryError, alone or in an ExceptionGroup."""
        return self._runner.run(self._work(part))

    async def _work(self, part: Slice) -> SliceDone:
        self._last = part
        worker = self._worker or await self._open()
        assert self._samplers is not None
        self._notes.lines, worker.damage = [], []
        await worker.slice(part)
        if failure := self._samplers.rollouts.failure or self._samplers.translations.failure:
            await self._close()  # the next slice has a new engine
            raise failure
        sealed = part.sealed
        counts = part.dir.sealed.facts["counts"] if sealed else None
        return SliceDone(sealed, counts, [str(it) for it in worker.damage], self._notes.lines[:NOTES])

    async def _close(self) -> None:
        self._worker = self._samplers = None
        await self._stack.aclose()

    async def _open(self) -> Worker:
        config = self._config
        executor = await self._stack.enter_async_context(workers(config, self._log))
        self._samplers = await self._stack.enter_async_context(Samplers(config, self._notes, self._log))
        known = Contamination(
            (one for each in config.decontamination.benchmarks for one in benchmarks.read(each)), config.decontamination
        )
        self._worker = Worker(config, executor, self._notes, known, self._samplers)
        return self._worker

    def _log(self, event: str, **facts: Any) -> None:
        """To the ledger of the slice that is worked off, or was last."""
        if self._last is not None:
            self._last.dir.log(event, **facts)


@contextmanager
def open_slice_worker(config: Config, cpus: int, alive: Alive) -> Iterator[SliceWorker]:
    """The context of an executor's worker that works off slices, with `cpus` processes that verify."""
    local = config.model_copy(update={"executor": LocalExecutorConfig(workers=cpus, stuck_s=config.executor.stuck_s)})
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield SliceWorker(local, alive, runner, stack)
        finally:
            runner.run(stack.aclose())


def work_slice(worker: SliceWorker, part: Slice) -> SliceDone:
    """What an executor runs: `part` by the context of its worker."""
    return worker.work(part)


async def _tried(executor: Executor, part: Slice, observer: Observer) -> SliceDone:
    """`part` by one of the workers, and by another where its engine has died; raises as `work_slice`, one error."""
    for left in reversed(range(TRIES)):
        try:
            return await executor.run(work_slice, part)
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
    async with open_executor(settings, opened, note=observer.note) as executor:
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
    missing, came = sum(it.total() for it in total.account.unanswered.values()), total.account.cost().rollouts
    most = 1.0 if isinstance(config.engine, ReplayEngine) else config.engine.max_refused
    if missing > most * (missing + came):
        raise EngineError(
            f"{describe(config.engine)}: {missing:,} of {missing + came:,} rollouts have not come, more than "
            f"engine.max_refused ({most:.1%}); what came is kept and graded: run again to ask for the rest"
        )
    return damage
