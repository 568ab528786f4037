"""Working off the slices of a run in other processes, on this machine or on others, each a one-machine factory.

Promises: a slice whose worker is lost goes to another, which goes on from what is written there. One that was lost
again and again is set aside and named, and everything else is done. Shards are those of a run in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from factory.config import Config, Generator, RayExecutorConfig, ReplayEngine
from factory.errors import EngineError, FactoryError, InfrastructureError, LeaseLost, LockedError, PartError
from factory.executors import open_executor
from factory.executors.base import Executor
from factory.report.cost import Account
from factory.report.counts import Counts
from factory.run.engine import describe
from factory.run.observer import Observer
from factory.run.slice_worker import SliceDone, SliceUnit, open_slice_worker, room, work_slice
from factory.run.slices import Slice
from factory.run.together import leaves, together

TRIES = 3
_LOST = (InfrastructureError, EngineError, LockedError, LeaseLost)
"""What sets a slice aside. It is locked where a worker that was given up still works on it, cut off from the others."""


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
    log: Callable[..., None],
) -> list[PartError]:
    """Work off `parts` by the executor of `settings`, and give each that is sealed to `done`; parts that are damaged.

    `log` adds a line to the ledger of the run.

    Raises an ExceptionGroup of InfrastructureErrors, one a slice that was set aside, and EngineError where more than
    `engine.max_refused` of what was asked for has not come.
    """
    opened = partial(open_slice_worker, config, settings.cpus_per_worker)
    async with open_executor(settings, opened, note=observer.note, room=room) as executor:
        return await work_by(executor, config, parts, observer, done, log)


async def work_by(
    executor: Executor,
    config: Config,
    parts: Sequence[Slice],
    observer: Observer,
    done: Callable[[Slice], None],
    log: Callable[..., None],
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
        for event, facts in found.events:
            log(event, **facts)
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
