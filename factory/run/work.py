"""Working off the slices of a run in this process, with engines that stay warm from one to the next.

Promises: slices are begun in order, and sealed when they are done. The next one is begun as soon as a problem more can
be in flight, so that it is sampled while the last programs of the one before are verified. A slice that is sealed for
these problems and this config is taken as it is, its files seen to be whole; any other is opened again. An engine that
dies ends no work but its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from factory.config import Config
from factory.config.resume import settled
from factory.decontamination.matcher import Contamination
from factory.errors import PartError
from factory.executors.base import Executor
from factory.records import Problem, Status, sha256
from factory.report.counts import Counts
from factory.report.statistics import RunStatistics
from factory.run import gathered, sketches
from factory.run.budget import Budget
from factory.run.directory import RunDir
from factory.run.export import sketched
from factory.run.observer import Observer
from factory.run.opened import LEASE_WAIT_S, working_on
from factory.run.pipeline import Pipeline
from factory.run.reader import nothing_missing
from factory.run.sampler import Samplers
from factory.run.seal import loose, remove_loose, seal, unseal
from factory.run.slices import Slice
from factory.run.summary import slice_counts
from factory.sampling.plans import groups_of

PROBLEMS_AT_ONCE, ROLLOUTS_AT_ONCE = 64, 32768
"""Problems in flight, and most rollouts of theirs: enough to keep an engine's queue full, few enough to keep memory
small."""
SLICES_AT_ONCE = 4
"""Most slices that are open: where the last programs of several take long, the engine has work all the same."""


@dataclass(frozen=True, slots=True)
class SealUnit:
    """A slice whose problems are worked off."""

    config: Config
    part: Slice


def seal_slice(_: Any, unit: SealUnit) -> None:
    """Count what the slice comes to, and seal it. Raises PartError."""
    config, part = unit.config, unit.part
    with part.dir:
        statistics = RunStatistics(len(part.problems), samples=len(part.problems))
        counts = slice_counts(config, part, statistics)
        ours = any(it.total.drops[Status.INFRASTRUCTURE_ERROR] for it in counts.languages.values())
        facts = {
            "complete": not ours and nothing_missing(config, part),
            "made_of": made_of(config, part.problems),
            "counts": counts.as_json(),
        }
        gathered.write(part, statistics)
        sketches.write(part.dir.path, sketched(config, part))
        seal(part.dir, part.problems, facts)


def made_of(config: Config, problems: Sequence[Problem]) -> str:
    """The sha256 of what the parts of a slice are made of: its problems, and the settings that results depend on."""
    lines = [json.dumps(settled(config), sort_keys=True)]
    lines += [problem.model_dump_json(exclude_unset=True) for problem in problems]
    return sha256("\n".join(lines))


def room_for_problems(config: Config) -> asyncio.Semaphore:
    """A place for each problem that may be in flight: two at least, however many rollouts they have.

    There are more than `PROBLEMS_AT_ONCE` where their first rollouts would not fill the engine's queue twice.
    """
    first, *_ = groups_of(config)
    each = first.plan.first()
    wanted = 2 * max(getattr(it.engine, "in_flight", 0) for it in first.generators) // each
    return asyncio.Semaphore(max(2, min(max(PROBLEMS_AT_ONCE, wanted), ROLLOUTS_AT_ONCE // each)))


class Worker:
    """Works off slices with the engines and the executor of this process."""

    def __init__(
        self,
        config: Config,
        executor: Executor,
        observer: Observer,
        benchmarks: Contamination,
        samplers: Samplers,
        at_once: asyncio.Semaphore | None = None,
    ) -> None:
        """`at_once` bounds how many problems are in flight; several workers that share an engine share it."""
        self._config, self._executor, self._observer, self._benchmarks = config, executor, observer, benchmarks
        self._samplers = samplers
        self._at_once = at_once or room_for_problems(config)
        self._budget: Budget | None = None
        self.damage: list[PartError] = []
        """Parts that cannot be read, nor be made again; their problems are skipped."""

    async def run(self, parts: Sequence[Slice], done: Callable[[Slice], None]) -> None:
        """Work off `parts`, in order, and give each to `done` when it has been sealed.

        Raises FactoryError, alone or in an ExceptionGroup.
        An EngineError is raised when all is done that can be done without the engine.
        """
        open_slices = asyncio.Semaphore(SLICES_AT_ONCE)
        self._budget = budget = Budget(self._config, parts)

        async def work(part: Slice, room: asyncio.Event) -> None:
            try:
                if await self.slice(part, room.set):
                    done(part)
            finally:
                room.set()
                budget.close(part)
                open_slices.release()

        async with asyncio.TaskGroup() as group:
            for part in parts:
                await open_slices.acquire()
                room = asyncio.Event()
                group.create_task(work(part, room))
                await room.wait()
            self._samplers.all_hold()
        self._samplers.end()

    async def slice(self, part: Slice, room: Callable[[], None] = lambda: None) -> bool:
        """Work off one slice; whether it has been sealed now. Raises FactoryError, alone or in an ExceptionGroup.

        `room` is called as of `Pipeline.run`; not where there is nothing to do.
        """
        if part.whole_run:
            await self._pipeline(part, room)
            return False
        try:
            if await asyncio.to_thread(self._needs_no_lease, part):
                self._observer.done_before(Counts.from_json(part.dir.sealed.facts["counts"]))
                return False
            async with working_on(part.dir, self._observer.note, LEASE_WAIT_S):
                return await self._slice(part, room)
        except PartError as error:
            self.damage.append(error)
            self._observer.note(f"slice {part.number} stays open: {error}")
            return False

    async def _slice(self, part: Slice, room: Callable[[], None]) -> bool:
        part.dir.path.mkdir(parents=True, exist_ok=True)
        with part.dir:
            mend_ledger(part.dir, self._observer.note)
            if part.sealed:
                if await asyncio.to_thread(self._is_done, part):
                    remove_loose(part.dir)
                    self._observer.done_before(Counts.from_json(part.dir.sealed.facts["counts"]))
                    return False
                for line in await asyncio.to_thread(unseal, part.dir):
                    self._observer.note(f"made again: {line}")
            whole = await self._pipeline(part, room)
        self._samplers.log_use(part.dir.log)
        if not whole or self._samplers.failure is not None:
            return False
        await self._executor.run(seal_slice, SealUnit(self._config, part))
        part.dir.forget()
        return True

    async def _pipeline(self, part: Slice, room: Callable[[], None]) -> bool:
        """Work off the problems of a slice; whether all of its parts could be read."""
        pipeline = Pipeline(
            self._config,
            part.problems,
            part.dir,
            self._executor,
            self._observer,
            self._benchmarks,
            self._samplers,
            self._at_once,
            self._budget.of(part) if self._budget else None,
        )
        await pipeline.run(room)
        self.damage += pipeline.damage
        return not pipeline.damage

    def _needs_no_lease(self, part: Slice) -> bool:
        """Whether a slice at a URL is done, and its copy here as it should be."""
        return bool(part.dir.url) and part.sealed and not any(loose(part.dir)) and self._is_done(part)

    def _is_done(self, part: Slice) -> bool:
        """Whether nothing is left to do in a sealed slice, whose files are read to see it."""
        faults = part.dir.sealed.faults()
        for line in faults:
            self._observer.note(line)
        if faults:
            return False
        facts = part.dir.sealed.facts
        return bool(facts["complete"]) and facts["made_of"] == made_of(self._config, part.problems)


def mend_ledger(run_dir: RunDir, note: Callable[[str], None]) -> None:
    """Keep the lines of a damaged ledger that are whole; the costs in the others are lost. Raises PartError."""
    mended = run_dir.ledger().mend()
    if mended is not None:
        aside, lines = mended
        path = run_dir.ledger().path
        run_dir.log("damaged", part=path.name, aside=aside.name, lines=lines)
        note(
            f"{path}: damaged in line {', '.join(map(str, lines))}; the other lines are kept, the damaged ledger is "
            f"now {aside.name}"
        )
