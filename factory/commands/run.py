"""`factory run`: the whole way."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from factory import __version__
from factory.commands.export import write_shards
from factory.config import Config, FixedPlan, RayExecutorConfig, ReplayEngine
from factory.config.generators import DEFAULT
from factory.console import Console
from factory.errors import ConfigError, LockedError, PartError
from factory.observers import Observers, RunName
from factory.provenance import code_sha256
from factory.records.summary import Summary
from factory.report.decontamination import Compared
from factory.report.progress import RunProgress
from factory.report.terminal import plain
from factory.run.directory import RunDir
from factory.run.engine import describe
from factory.run.finished import finished_before, log_if_finished
from factory.run.load_problems import LoadedProblems, load_problems
from factory.run.opened import fetched, working_on
from factory.run.remote import work_off
from factory.run.sampler import Samplers
from factory.run.slices import Slice, slices
from factory.run.summary import summarize
from factory.run.ungraded import ungraded
from factory.run.unused import count_unused
from factory.run.work import Worker, mend_ledger
from factory.run.workers import with_sandbox, workers
from factory.sampling.plans import groups_of
from factory.storage.inputs import local
from factory.storage.packages import pinned
from factory.translation.tests import translatable

TURN_S = 600
"""Seconds to wait for others who begin to work on the same run: each claims it once, and then works on its slices."""


async def run(config: Config, run_dir: RunDir, console: Console) -> Summary:
    """The whole way on `run_dir`; the summary. Raises FactoryError, also in a group."""
    with _observed(config, run_dir, console) as observers:
        async with working_on(run_dir, observers.print_and_note):
            observers.summary = await _run(config, run_dir, console, observers)
        return observers.summary


async def _run(config: Config, run_dir: RunDir, console: Console, observers: Observers) -> Summary:
    note = observers.print_and_note
    await asyncio.to_thread(fetched, run_dir, note)
    if summary := await asyncio.to_thread(finished_before, pinned(config), run_dir):
        note(f"{run_dir.shown}: was finished before, and every file is whole: nothing is left to do")
        return summary
    settled, loaded, left_out = _loaded(config, note)
    run_dir.path.mkdir(parents=True, exist_ok=True)
    with run_dir:
        _begin(pinned(config), settled, loaded, left_out, run_dir, note)
        parts = slices(loaded.problems, run_dir, working=True)
        damage = await _work(settled, loaded, parts, run_dir, console, observers, run_dir.log)
        if isinstance(config.executor, RayExecutorConfig):
            await asyncio.to_thread(fetched, run_dir, note)
        for part in parts:
            if part.sealed and part.number not in run_dir.written.slices:  # who sealed it was ended before it said so
                run_dir.log("slice", number=part.number)
        summary = summarize(pinned(config), loaded.problems, run_dir)
        write_shards(pinned(config), loaded.problems, run_dir, summary)
        if not damage:
            log_if_finished(pinned(config), parts, run_dir, summary)
    _raise(damage)
    return summary


async def run_slices(config: Config, run_dir: RunDir, console: Console, only: range) -> int:
    """Work off the slices whose numbers are in `only`, beside other processes that work off others; how many there are.

    Writes no shards. Raises FactoryError, also in a group.
    """
    with _observed(config, run_dir, console) as observers:
        return await _run_slices(config, run_dir, console, only, observers)


async def _run_slices(config: Config, run_dir: RunDir, console: Console, only: range, observers: Observers) -> int:
    if config.sampling.budget is not None:
        raise ConfigError(
            "--slices: sampling.budget is passed on from slice to slice, by one process that works off all of them; "
            "remedy: no --slices, or no budget"
        )
    note = observers.print_and_note
    settled, loaded, left_out = _loaded(config, note)
    async with _turn(run_dir, note):
        _begin(pinned(config), settled, loaded, left_out, run_dir, note, alone=False)
    several = slices(loaded.problems, run_dir, working=True)
    if several[0].whole_run:
        raise ConfigError(
            f"--slices: the run is in one piece ({len(loaded.problems):,} problems, slice: {config.slice}); "
            "remedy: leave --slices out, or a new run with a smaller slice (--set slice=N)"
        )
    parts = [part for part in several if part.number in only]
    if not parts:
        raise ConfigError(
            f"--slices {only.start}-{only.stop - 1}: the run has slices 0-{len(several) - 1}; remedy: numbers of these"
        )
    later: list[tuple[str, dict[str, Any]]] = []

    def log(event: str, **facts: Any) -> None:
        if run_dir.url:  # others have the lease on it meanwhile
            later.append((event, facts))
        else:
            run_dir.log(event, **facts)

    damage = await _work(settled, loaded, parts, run_dir, console, observers, log)
    if later:
        async with _turn(run_dir, note):
            for event, facts in later:
                run_dir.log(event, **facts)
    _raise(damage)
    return len(parts)


def _observed(config: Config, run_dir: RunDir, console: Console) -> Observers:
    engines = "; ".join(dict.fromkeys(describe(it.engine) for it in config.asked))
    about = RunName(config.name, run_dir.shown, engines)
    return Observers(config.observers, about, plain(console))


def stopped(run_dir: RunDir, command: str) -> str:
    """The last line of a run that was stopped: what it leaves to the next one, and how to go on.

    Nothing more is graded then: programs may take minutes to reach their limits, and who stops a run, or takes its
    machine away, waits for seconds.
    """
    left = ""
    if run_dir.problems_file.exists():
        count = ungraded(run_dir.open_problems(), RunDir(run_dir.path))
        left = f"{count:,} rollout(s) that came are kept, and not graded yet; " if count else ""
    return f"stopped; {left}to go on, run `{command}`"


@contextlib.asynccontextmanager
async def _turn(run_dir: RunDir, note: Callable[[str], None]) -> AsyncIterator[None]:
    """Hold the lock on the run directory, waiting for others who begin to work on it.

    Raises ConfigError, StoreError.
    """
    async with working_on(run_dir, note, TURN_S):
        run_dir.path.mkdir(parents=True, exist_ok=True)
        for second in itertools.count():
            try:
                run_dir.__enter__()
                break
            except LockedError:
                if second == TURN_S:
                    raise
                if second == 5:
                    note(f"{run_dir.path}: waiting for another process that begins to work on this run")
                await asyncio.sleep(1)
        try:
            yield
        finally:
            run_dir.__exit__()


def _loaded(config: Config, note: Callable[[str], None]) -> tuple[Config, LoadedProblems, dict[str, int]]:
    """The config with its sandbox decided, the problems, and the rows that are no rollouts of them, by reason.

    Raises FactoryError.
    """
    settled = with_sandbox(pinned(config), config.translate.targets, note)
    loaded = load_problems(config.problems, settled)
    for line in loaded.notes():
        note(line)
    left_out = Counter[str]()
    replayed = {(str(it.path), str(it.mapping)): it for it in _replays(config).values()}
    for engine in replayed.values():
        left_out += count_unused(engine, loaded, note)
    settled = settled.on_set(loaded.order)
    for reason, count in left_out.items():
        note(f"{count} rollout(s) left out: {reason}")
    return settled, loaded, left_out


def _begin(
    config: Config,
    settled: Config,
    loaded: LoadedProblems,
    left_out: dict[str, int],
    run_dir: RunDir,
    note: Callable[[str], None],
    alone: bool = True,
) -> None:
    """Claim the run directory, and say in its ledger what begins. `alone` as of `RunDir.claim`."""
    inputs = _inputs(config)
    run_dir.claim(config, loaded.problems, inputs, alone)
    if alone:
        mend_ledger(run_dir, note)
    run_dir.log(
        "started",
        sandbox=settled.sandbox.backend,
        factory_version=__version__,
        code_sha256=code_sha256(),
        problems=len(loaded.problems),
        inputs=inputs,
        config=config.model_dump(mode="json"),
    )
    if left_out:
        run_dir.log("left_out", rollouts=left_out)
    if config.decontamination.benchmarks:
        run_dir.log("compared", **Compared.of(loaded.benchmarks.sizes, loaded.contaminated).as_facts())


async def _work(
    config: Config,
    loaded: LoadedProblems,
    parts: Sequence[Slice],
    run_dir: RunDir,
    console: Console,
    observers: Observers,
    log: Callable[..., None],
) -> list[PartError]:
    """Work off `parts`; the parts of records that cannot be read, nor be made again. `log` is for the run's ledger."""
    problems, settings = [problem for part in parts for problem in part.problems], config.translate
    groups = groups_of(config)
    fixed = all(isinstance(it.settings.plan, FixedPlan) and it.generators[0].when == "always" for it in groups)
    wanted = sum(it.plan.most for it in groups)
    totals: dict[str, int | None] = {"python": len(problems) * wanted if fixed else None}
    for target in settings.targets:
        totals[target] = sum(translatable(problem, target) for problem in problems) * settings.survivors * settings.n

    def sealed(part: Slice) -> None:
        log("slice", number=part.number)

    with RunProgress(console, totals, observers.figures, observers) as progress:
        if isinstance(config.executor, RayExecutorConfig):
            return await work_off(config, config.executor, parts, progress, sealed, log)
        async with workers(config, log) as executor, Samplers(config, progress, log) as samplers:
            worker = Worker(config, executor, progress, loaded.benchmarks, samplers)
            await worker.run(parts, sealed)
    return worker.damage


def _raise(damage: Sequence[PartError]) -> None:
    if damage:
        raise ExceptionGroup("parts that cannot be read", list(damage))


def _inputs(config: Config) -> dict[str, str]:
    """The sha256 of the files and folders that rollouts are replayed from, by the key that names them."""
    engines = _replays(config)
    if isinstance(config.translate.engine, ReplayEngine):
        engines["translate.engine"] = config.translate.engine
    return {f"{key}.path": local(it.path).sha256() for key, it in engines.items()}


def _replays(config: Config) -> dict[str, ReplayEngine]:
    """The engines that replay rollouts instead of asking a model, by key."""
    keys = [f"generators.{it.place}.engine" if it.name != DEFAULT else "engine" for it in config.asked]
    return {key: it.engine for key, it in zip(keys, config.asked, strict=True) if isinstance(it.engine, ReplayEngine)}
