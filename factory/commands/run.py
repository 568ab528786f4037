"""`factory run`: the whole way."""

from __future__ import annotations

from collections.abc import Callable

from factory import __version__
from factory.commands.export import write_shards
from factory.config import Config, ReplayEngine
from factory.console import Console
from factory.errors import PartError
from factory.provenance import code_sha256
from factory.records.summary import Summary
from factory.report.decontamination import Compared
from factory.report.progress import RunProgress
from factory.report.terminal import plain
from factory.run.directory import RunDir
from factory.run.load_problems import LoadedProblems, load_problems
from factory.run.sampler import Samplers
from factory.run.slices import slices
from factory.run.summary import summarize
from factory.run.unused import count_unused
from factory.run.work import Worker
from factory.run.workers import with_sandbox, workers
from factory.storage.files import digest
from factory.storage.packages import pinned
from factory.translation.tests import translatable


async def run(config: Config, run_dir: RunDir, console: Console) -> Summary:
    """The whole way on `run_dir`; the summary. Raises FactoryError, also in a group."""
    note, config = plain(console), pinned(config)
    settled = with_sandbox(config, config.translate.targets, note)
    loaded = load_problems(config.problems, settled)
    for line in loaded.notes():
        note(line)
    left_out = count_unused(config.engine, loaded) if isinstance(config.engine, ReplayEngine) else {}
    for reason, count in left_out.items():
        note(f"{count} rollout(s) left out: {reason}")
    run_dir.path.mkdir(parents=True, exist_ok=True)
    with run_dir:
        inputs = _inputs(config)
        run_dir.claim(config, loaded.problems, inputs)
        _mend_ledger(run_dir, note)
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
            run_dir.log("left_out", rollouts=dict(left_out))
        if config.decontamination.benchmarks:
            run_dir.log("compared", **Compared.of(loaded.benchmarks.sizes, loaded.contaminated).as_facts())
        damage = await _work(settled, loaded, run_dir, console)
        summary = summarize(config, loaded.problems, run_dir)
        write_shards(config, loaded.problems, run_dir, summary)
    if damage:
        raise ExceptionGroup("parts that cannot be read", damage)
    return summary


async def _work(config: Config, loaded: LoadedProblems, run_dir: RunDir, console: Console) -> list[PartError]:
    """Work off the problems; the parts that cannot be read, nor be made again."""
    problems, settings = loaded.problems, config.translate
    parts = slices(problems, run_dir, working=True)
    totals: dict[str, int | None] = {"python": len(problems) * config.sampling.n}
    for target in settings.targets:
        totals[target] = sum(translatable(problem, target) for problem in problems) * settings.survivors * settings.n
    with RunProgress(console, totals) as progress:
        async with workers(config, run_dir.log) as executor, Samplers(config, progress, run_dir.log) as samplers:
            worker = Worker(config, executor, progress, loaded.benchmarks, samplers)
            await worker.run(parts, lambda part: run_dir.log("slice", number=part.number))
    return worker.damage


def _inputs(config: Config) -> dict[str, str]:
    """The sha256 of the files that rollouts are replayed from, by the key that names them."""
    engines = {"engine": config.engine, "translate.engine": config.translate.engine}
    return {f"{key}.path": digest(it.path) for key, it in engines.items() if isinstance(it, ReplayEngine)}


def _mend_ledger(run_dir: RunDir, note: Callable[[str], None]) -> None:
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
