"""What the commands do, with the flow and its executor put together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from importlib import metadata
from typing import Any, TypeVar

from rich.console import Console

from factory import filters
from factory.commands.export import _write_shards
from factory.config import ChainConfig, Config
from factory.executors.base import Executor
from factory.executors.local import LocalExecutor
from factory.grading.session import GradingSession
from factory.languages import language
from factory.provenance import code_sha256
from factory.report import decontamination
from factory.report.progress import RunProgress
from factory.run import load_problems
from factory.run.canaries import Canaries
from factory.run.directory import RunDir
from factory.run.pipeline import Pipeline
from factory.run.summary import summarize
from factory.translation.tests import translatable
from sandbox import Sandbox

S = TypeVar("S", bound=ChainConfig)


def settled(settings: S, names: Iterable[str], console: Console) -> S:
    """`settings` with the wall built once, before anything is sampled, and `auto` decided. Raises WallUnavailable.

    What the languages `names` need inside is made ready, or missed, here; a wall that cannot show it is not taken.
    Raises ConfigError where `verify.filters` names none that there is.
    """
    filters.named(settings.verify.filters)
    asked = settings.sandbox
    mounts = tuple(mount for name in names for mount in language(name).mounts())
    with Sandbox(asked.backend, asked.wall(mounts)) as sandbox:
        console.print(f"sandbox: {sandbox.backend}, {sandbox.why}", soft_wrap=True, markup=False, highlight=False)
        decided = asked.model_copy(update={"backend": sandbox.backend})
    return settings.model_copy(update={"sandbox": decided})


@contextlib.asynccontextmanager
async def workers(settings: ChainConfig, log: Callable[..., None] = lambda *_, **__: None) -> AsyncIterator[Executor]:
    """Processes that verify, with canaries among what they are given unless the config has none."""
    async with LocalExecutor(partial(GradingSession, settings), settings.sandbox.workers) as executor:
        if not settings.verify.canaries:
            yield executor
            return
        async with Canaries(executor, log) as watched:
            yield watched


async def run(config: Config, place: RunDir, console: Console) -> dict[str, Any]:
    """The whole way on `place`; the summary. Raises FactoryError."""
    walled = settled(config, config.translate.targets, console)
    taken = load_problems.take(config.problems, walled)
    _tell(taken, console)
    todo = taken.problems
    place.path.mkdir(parents=True, exist_ok=True)
    with place:
        place.claim(config, todo)
        _mend_ledger(place, console)
        place.log(
            "started",
            sandbox=walled.sandbox.backend,
            factory_version=metadata.version("rollout-factory"),
            code_sha256=code_sha256(),
            problems=len(todo),
            config=config.model_dump(mode="json"),
        )
        if config.decontamination.benchmarks:
            place.log("compared", **decontamination.compared(taken.benchmarks.sizes, taken.repeated))
        await _work(walled, taken, place, console)
        summary = summarize(config, todo, place)
        _write_shards(config, todo, place, summary)
    return summary


def _mend_ledger(place: RunDir, console: Console) -> None:
    """Keep the lines of a damaged ledger that are whole; what the others told of costs is lost. Raises PartError."""
    mended = place.ledger().mend()
    if mended is not None:
        aside, lines = mended
        place.log("damaged", part=place.ledger().path.name, aside=aside.name, lines=lines)
        told = f"{aside.with_name(place.ledger().path.name)}: damaged in line {', '.join(map(str, lines))}"
        told += f"; the other lines are kept, the damaged ledger is now {aside.name}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)


def _tell(taken: load_problems.Intake, console: Console) -> None:
    for line in taken.notes():
        console.print(line, markup=False, highlight=False, soft_wrap=True)


async def _work(config: Config, taken: load_problems.Intake, place: RunDir, console: Console) -> None:
    todo = taken.problems
    totals: dict[str, int | None] = {"python": len(todo) * config.sampling.n}
    settings = config.translate
    for target in settings.targets:
        totals[target] = sum(translatable(problem, target) for problem in todo) * settings.survivors * settings.n
    with RunProgress(console, totals) as progress:
        async with workers(config, place.log) as executor:
            await Pipeline(config, todo, place, executor, progress, taken.benchmarks).run()
