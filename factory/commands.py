"""What the commands do, with the flow and its executor put together."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq
import yaml
from huggingface_hub.utils.tqdm import disable_progress_bars
from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax

from factory import intake, parts, shards
from factory.canaries import Canaries
from factory.config import ChainConfig, CleanConfig, Config, ProblemsConfig, ReplayEngine
from factory.errors import ConfigError, RolloutError
from factory.executors.local import LocalExecutor, usable_cpus
from factory.filters.chain import Chain
from factory.languages import language
from factory.outcome import (
    as_json,
    finished,
    harvests,
    kept_programs,
    left_out,
    sum_up,
    summarize,
    tallied,
    translatable,
    verdicts_of,
)
from factory.pipeline import Executor, Pipeline, Task, graded
from factory.problems import Refusal
from factory.provenance import code_sha256
from factory.records import Problem, Rollout, Survivor, Verdict
from factory.report import decontamination
from factory.report.cost import Account
from factory.report.findings import Findings
from factory.report.funnel import Tally, language_summary, tally
from factory.report.progress import RunProgress, Watch
from factory.rollouts.read import read_rollouts
from factory.run_dir import RunDir, slug
from sandbox import Sandbox

S = TypeVar("S", bound=ChainConfig)
IN_FLIGHT_A_WORKER = 4
"""Chunks handed to an executor ahead of its workers by `verify`: enough to keep them busy, little enough to hold."""


def settled(settings: S, names: Iterable[str], console: Console) -> S:
    """`settings` with the wall built once, before anything is sampled, and `auto` decided. Raises WallUnavailable.

    What the languages `names` need inside is made ready, or missed, here; a wall that cannot show it is not taken.
    """
    asked = settings.sandbox
    mounts = tuple(mount for name in names for mount in language(name).mounts())
    with Sandbox(asked.backend, asked.wall(mounts)) as sandbox:
        console.print(f"sandbox: {sandbox.backend}, {sandbox.why}", soft_wrap=True, markup=False, highlight=False)
        decided = asked.model_copy(update={"backend": sandbox.backend})
    return settings.model_copy(update={"sandbox": decided})


@contextlib.asynccontextmanager
async def workers(settings: ChainConfig, log: Callable[..., None] = lambda *_, **__: None) -> AsyncIterator[Executor]:
    """Processes that verify, with canaries among what they are given unless the config has none."""
    async with LocalExecutor(partial(Chain, settings), settings.sandbox.workers) as executor:
        if not settings.verify.canaries:
            yield executor
            return
        async with Canaries(executor, log) as watched:
            yield watched


# ---- run, export ----


async def run(config: Config, place: RunDir, console: Console) -> dict[str, Any]:
    """The whole way on `place`; the summary. Raises FactoryError."""
    walled = settled(config, config.translate.targets, console)
    taken = intake.take(config.problems, walled)
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
        if config.clean.benchmarks:
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


def _tell(taken: intake.Intake, console: Console) -> None:
    for line in taken.notes():
        console.print(line, markup=False, highlight=False, soft_wrap=True)


async def _work(config: Config, taken: intake.Intake, place: RunDir, console: Console) -> None:
    todo = taken.problems
    totals: dict[str, int | None] = {"python": len(todo) * config.sampling.n}
    settings = config.translate
    for target in settings.targets:
        totals[target] = sum(translatable(problem, target) for problem in todo) * settings.survivors * settings.n
    with RunProgress(console, totals) as progress:
        async with workers(config, place.log) as executor:
            await Pipeline(config, todo, place, executor, progress, taken.benchmarks).run()


def export(config: Config, todo: Sequence[Problem], place: RunDir) -> dict[str, Any]:
    """Write the summary and the shards of a run; the manifest. Raises PartError."""
    return _write_shards(config, todo, place, summarize(config, todo, place))


def _write_shards(config: Config, todo: Sequence[Problem], place: RunDir, summary: dict[str, Any]) -> dict[str, Any]:
    with parts.atomic(place.summary_file) as temporary:
        temporary.write_bytes(as_json(summary))
    found = harvests(config, todo, place, shards.needs_rollouts(config))
    return shards.write(place.shards, config, found, summary)


def push(
    place: RunDir, repo_id: str, revision: str | None, public: bool, dry_run: bool, console: Console
) -> shards.Push:
    """The shards of a run to the hub, with the token in HF_TOKEN. Raises HubRefused, HubError, PartError."""
    if not place.shards.is_dir():
        raise ConfigError(f"{place.path}: has no shards to push; remedy: `factory export {place.path}`")
    if not console.is_terminal:
        disable_progress_bars()
    return shards.push(
        place.shards,
        repo_id,
        os.environ.get("HF_TOKEN", "").strip(),
        revision,
        public,
        dry_run,
        lambda line: console.print(line, soft_wrap=True, markup=False, highlight=False),
    )


# ---- status, report ----


async def watch(
    config: Config, todo: Sequence[Problem], place: RunDir, every_s: float, console: Console
) -> dict[str, Any]:
    """Show how the run stands every `every_s` seconds until it is complete; its summary then. Raises PartError.

    Only problems that the ledger has news of are counted again, so that a look costs what has changed.
    """
    tallies: dict[str, dict[str, Tally]] = {}
    unfinished = {problem.id: problem for problem in todo}
    news, account, ledger = set(unfinished), Account(), place.ledger().reader()
    with Watch(console) as display:
        while True:
            # Before the ledger is read: of what is finished by then, the ledger has all the news.
            unfinished = {name: problem for name, problem in unfinished.items() if not finished(config, problem, place)}
            for line in ledger.news():
                account.add(line)
                news |= {line["problem"]} if "problem" in line else set()
            left = unfinished.keys() - account.skipped.keys()
            chunks = place.all_chunks() if news else {}
            for problem in todo:
                if problem.id in news:
                    found = verdicts_of(config, problem, place, chunks.get(slug(problem.id), []))
                    tallies[problem.id] = tallied(found)
                    await asyncio.sleep(0)  # so that Ctrl-C is heard
            news.clear()
            if not left:
                return sum_up(config, todo, tallies, account, left_out(config, todo, place))
            summary = sum_up(config, todo, tallies, account)
            display.show(summary, len(left), account.last)
            await asyncio.sleep(every_s)


def report(config: Config, todo: Sequence[Problem], place: RunDir, out: Path) -> Path:
    """Write the page of a run, finished or not, to `out`, which is returned. Raises PartError."""
    from factory.report import page  # the charting library takes a moment to load, and only this command needs it

    findings = Findings(len(todo))
    account = Account(place.ledger())
    summary = summarize(config, todo, place, findings, account)
    about = page.About(
        config,
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        sum(not (problem.id in account.skipped or finished(config, problem, place)) for problem in todo),
        yaml.safe_dump(json.loads(config.model_dump_json()), sort_keys=False, allow_unicode=True),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with parts.atomic(out) as temporary:
        temporary.write_bytes(page.render(summary, findings, account.stages(config.cost), about))
    return out


# ---- translate ----


async def translate(
    config: Config, problem_file: Path, survivor_file: Path, place: RunDir, console: Console
) -> dict[str, Any]:
    """The translator alone. Given programs are verified again first: nothing is translated on somebody's word."""
    source = config.problems.model_copy(update={"path": problem_file, "dataset": None, "limit": None, "ids": ()})
    unscreened = config.model_copy(update={"clean": CleanConfig()})
    known = intake.take(source.model_copy(update={"check_reference": False}), unscreened).problems
    given = _programs(survivor_file, {problem.id for problem in known})
    recorded = place.path / "given.parquet"
    place.path.mkdir(parents=True, exist_ok=True)
    parts.write(recorded, Rollout, given)
    counts = Counter(rollout.problem_id for rollout in given)
    settings = config.model_copy(
        update={
            "problems": source,
            "engine": ReplayEngine(path=recorded),
            "sampling": config.sampling.model_copy(update={"n": max(counts.values())}),
            "translate": config.translate.model_copy(update={"engine": config.translate.engine or config.engine}),
        }
    )
    return await run(settings, place, console)


def _programs(path: Path, known: set[str]) -> list[Rollout]:
    """Verified programs as rollouts that are code: survivor parts (a file or their folder), or JSON lines."""
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    rows: list[dict[str, Any]] = []
    for file in files:
        if not file.exists():
            raise RolloutError(f"{file}: no such file of survivors")
        if file.suffix == ".parquet":
            rows += pq.read_table(file).to_pylist()
        else:
            rows += [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]
    counts: Counter[str] = Counter()
    given = []
    for number, row in enumerate(rows, 1):
        problem_id, code = row.get("problem_id"), row.get("code")
        if not isinstance(problem_id, str) or not isinstance(code, str):
            raise RolloutError(f"{path}: row {number}: a survivor has problem_id and code, both texts")
        if problem_id not in known:
            raise RolloutError(f"{path}: row {number}: problem_id: {problem_id!r} is not among the problems")
        given.append(
            Rollout(problem_id=problem_id, index=counts[problem_id], text=code, mode="code", model=row.get("model"))
        )
        counts[problem_id] += 1
    if not given:
        raise RolloutError(f"{path}: holds no survivor")
    return given


# ---- problems ----


def survey(source: ProblemsConfig, settings: ChainConfig) -> dict[str, Any]:
    """What would be loaded: counts, and every refusal. Raises FactoryError."""
    taken = intake.take(source, settings)
    cases = [(problem, case) for problem in taken.problems for case in problem.cases]
    kinds = Counter(
        "stdin" if problem.entry_point is None else "test_code" if problem.test_code else "call"
        for problem in taken.problems
    )
    return {
        "problems": len(taken.problems),
        "kinds": dict(kinds),
        "references": sum(problem.reference is not None for problem in taken.problems),
        "cases": len(cases),
        "public_cases": sum(case.public for _, case in cases),
        "traced_cases": taken.traced,
        "comparisons": dict(Counter(problem.comparison_of(case).kind for problem, case in cases)),
        "refused": [{"place": one.place, "id": one.id, "reason": one.reason} for one in taken.refused],
    }


# ---- verify ----


async def verify(
    source: ProblemsConfig, rollout_file: Path, name: str, out: Path, settings: ChainConfig, console: Console
) -> dict[str, Any]:
    """The filter chain alone: writes verdicts.parquet and summary.json to `out`; the summary. Raises FactoryError."""
    settings = settled(settings, (name,), console)
    taken = intake.take(source, settings)
    _tell(taken, console)
    known: dict[str, Problem | Refusal] = {refusal.id: refusal for refusal in taken.refused if refusal.id}
    known |= {problem.id: problem for problem in taken.problems}
    out.mkdir(parents=True, exist_ok=True)
    skipped: Counter[str] = Counter()
    with RunProgress(console, {name: None}) as progress:
        async with workers(settings) as executor:
            ahead = asyncio.Semaphore((settings.sandbox.workers or usable_cpus()) * IN_FLIGHT_A_WORKER)

            async def grade(task: Task) -> list[Verdict]:
                try:
                    found = await graded(executor, task, progress.note)
                finally:
                    ahead.release()
                found = taken.benchmarks.screened(found)
                progress.verified(task, found)
                return found

            waiting = []
            async with asyncio.TaskGroup() as group:
                for task in _tasks(rollout_file, known, name, settings.verify.chunk, skipped):
                    await ahead.acquire()
                    waiting.append(group.create_task(grade(task)))
        for reason, count in skipped.items():
            progress.note(f"{count} rollout(s) left out: {reason}")
    verdicts = [verdict for done in waiting for verdict in done.result()]
    compared = decontamination.compared(taken.benchmarks.sizes, taken.repeated)
    summary = _verify_summary(verdicts, name, compared) | {"left_out": dict(skipped)}
    parts.write(out / "verdicts.parquet", Verdict, verdicts)
    with parts.atomic(out / "summary.json") as temporary:
        temporary.write_bytes(as_json(summary))
    return summary


def _tasks(
    path: Path, known: dict[str, Problem | Refusal], name: str, size: int, left_out: Counter[str]
) -> Iterator[Task]:
    """Chunks of each problem's rollouts, in the file's order; `left_out` counts those that are none, by reason.

    Raises RolloutError.
    """
    examinable = language(name).examinable
    waiting: dict[str, list[Rollout]] = {}
    wanted: dict[str, Problem] = {}
    for number, rollout in enumerate(read_rollouts(path), 1):
        if rollout.problem_id not in known:
            some = ", ".join(list(known)[:3])
            raise RolloutError(
                f"{path}: row {number}: problem_id: {rollout.problem_id!r} is not among the problems ({some}, …)"
            )
        problem = known[rollout.problem_id]
        if isinstance(problem, Refusal):
            left_out[f"their problem is refused: {problem}"] += 1
        elif "language" in rollout.model_fields_set and rollout.language != name:
            left_out[f"their language is {rollout.language}, not {name}"] += 1
        elif not examinable and not translatable(problem, name):
            left_out[f"the tests of their problem are Python code, which {name} cannot be put before"] += 1
        else:
            wanted[problem.id] = problem
            chunk = waiting.setdefault(problem.id, [])
            chunk.append(rollout)
            if len(chunk) == size:
                yield Task(problem, tuple(waiting.pop(problem.id)), name)
    for problem_id, chunk in waiting.items():
        yield Task(wanted[problem_id], tuple(chunk), name)


def _verify_summary(verdicts: Sequence[Verdict], name: str, compared: dict[str, Any]) -> dict[str, Any]:
    by_problem: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_problem.setdefault(verdict.problem_id, []).append(verdict)
    tallies = {}
    for problem_id, found in sorted(by_problem.items()):
        forms = len({verdict.form for verdict in found if verdict.status == "passed"})
        tallies[problem_id] = tally(found, forms, {})
    repeats = Counter(verdict.repeats for verdict in verdicts if verdict.repeats is not None)
    return {
        "languages": {name: language_summary(tallies)},
        "decontamination": decontamination.decontamination(compared, repeats),
    }


# ---- after a run ----


def print_pair(console: Console, place: RunDir) -> None:
    """Show one verified Python program and a translation of it, if the run has one."""
    config, todo = place.open_config(), place.open_problems()
    parents: dict[str, Survivor] = {}
    for problem, survivor in kept_programs(config, todo, place):
        if survivor.language == "python":
            parents[survivor.code_sha256] = survivor
        elif survivor.parent in parents:
            console.print(f"\none verified pair, {problem.id}:", markup=False)
            for program in (parents[survivor.parent], survivor):
                title = f"{program.language}: passed {program.cases_passed} of {program.cases_total} tests"
                console.print(
                    Panel(Syntax(program.code.strip(), program.language, background_color="default"), title=title)
                )
            return
