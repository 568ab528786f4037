"""What the commands do, with the flow and its executor put together."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from huggingface_hub.utils.tqdm import disable_progress_bars
from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax

from factory import parts, problems, shards
from factory.config import ChainConfig, Config, ProblemsConfig, ReplayEngine
from factory.errors import ConfigError, RolloutError
from factory.executors.local import LocalExecutor
from factory.filters.chain import Chain
from factory.languages import language
from factory.outcome import harvests, kept_programs, summarize, translatable
from factory.pipeline import Pipeline, Task, graded
from factory.provenance import code_sha256
from factory.records import Problem, Rollout, Survivor, Verdict
from factory.report.funnel import language_summary, tally
from factory.report.progress import RunProgress
from factory.rollouts.read import read_rollouts
from factory.run_dir import RunDir

IN_FLIGHT_A_WORKER = 4
"""Chunks handed to an executor ahead of its workers by `verify`: enough to keep them busy, little enough to hold."""


# ---- run, export ----


async def run(config: Config, place: RunDir, console: Console) -> dict[str, Any]:
    """The whole way on `place`; the summary. Raises FactoryError."""
    todo = problems.load(config.problems)
    for name in config.translate.targets:
        language(name).mounts()  # what a target needs is made ready, or missed, before anything is sampled
    place.path.mkdir(parents=True, exist_ok=True)
    with place:
        place.claim(config, todo)
        place.log(
            "started",
            factory_version=metadata.version("rollout-factory"),
            code_sha256=code_sha256(),
            problems=len(todo),
            config=config.model_dump(mode="json"),
        )
        await _work(config, todo, place, console)
        summary = summarize(config, todo, place)
        with parts.atomic(place.summary_file) as temporary:
            temporary.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        _write_shards(config, todo, place, summary)
    return summary


async def _work(config: Config, todo: Sequence[Problem], place: RunDir, console: Console) -> None:
    totals: dict[str, int | None] = {"python": len(todo) * config.sampling.n}
    settings = config.translate
    for target in settings.targets:
        totals[target] = sum(translatable(problem, target) for problem in todo) * settings.survivors * settings.n
    with RunProgress(console, totals) as progress:
        async with LocalExecutor(partial(Chain, config), config.sandbox.workers) as executor:
            await Pipeline(config, todo, place, executor, progress).run()


def export(config: Config, todo: Sequence[Problem], place: RunDir) -> dict[str, Any]:
    """Write the shards of a run; the manifest. Raises PartError."""
    return _write_shards(config, todo, place, summarize(config, todo, place))


def _write_shards(config: Config, todo: Sequence[Problem], place: RunDir, summary: dict[str, Any]) -> dict[str, Any]:
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


# ---- translate ----


async def translate(
    config: Config, problem_file: Path, survivor_file: Path, place: RunDir, console: Console
) -> dict[str, Any]:
    """The translator alone. Given programs are verified again first: nothing is translated on somebody's word."""
    todo = problems.load(ProblemsConfig(path=problem_file, format=config.problems.format))
    given = _programs(survivor_file, {problem.id for problem in todo})
    recorded = place.path / "given.parquet"
    place.path.mkdir(parents=True, exist_ok=True)
    parts.write(recorded, Rollout, given)
    counts = Counter(rollout.problem_id for rollout in given)
    settings = config.model_copy(
        update={
            "problems": ProblemsConfig(path=problem_file, format=config.problems.format),
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
            rows += [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
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


# ---- verify ----


async def verify(
    problem_file: Path, rollout_file: Path, name: str, out: Path, settings: ChainConfig, console: Console
) -> dict[str, Any]:
    """The filter chain alone: writes verdicts.parquet and summary.json to `out`; the summary. Raises FactoryError."""
    known = {problem.id: problem for problem in problems.read_file(problem_file)}
    language(name).mounts()
    out.mkdir(parents=True, exist_ok=True)
    left_out: Counter[str] = Counter()
    with RunProgress(console, {name: None}) as progress:
        async with LocalExecutor(partial(Chain, settings), settings.sandbox.workers) as executor:
            ahead = asyncio.Semaphore(executor.workers * IN_FLIGHT_A_WORKER)

            async def grade(task: Task) -> list[Verdict]:
                try:
                    found = await graded(executor, task, progress.note)
                finally:
                    ahead.release()
                progress.verified(task, found)
                return found

            waiting = []
            async with asyncio.TaskGroup() as group:
                for task in _tasks(rollout_file, known, name, settings.verify.chunk, left_out):
                    await ahead.acquire()
                    waiting.append(group.create_task(grade(task)))
        for reason, count in left_out.items():
            progress.note(f"{count} rollout(s) left out: {reason}")
    verdicts = [verdict for done in waiting for verdict in done.result()]
    summary = _verify_summary(verdicts, name) | {"left_out": dict(left_out)}
    parts.write(out / "verdicts.parquet", Verdict, verdicts)
    with parts.atomic(out / "summary.json") as temporary:
        temporary.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return summary


def _tasks(path: Path, known: dict[str, Problem], name: str, size: int, left_out: Counter[str]) -> Iterator[Task]:
    """Chunks of each problem's rollouts, in the file's order; `left_out` counts those that are none, by reason.

    Raises RolloutError.
    """
    examinable = language(name).examinable
    waiting: dict[str, list[Rollout]] = {}
    for number, rollout in enumerate(read_rollouts(path), 1):
        if rollout.problem_id not in known:
            some = ", ".join(list(known)[:3])
            raise RolloutError(
                f"{path}: row {number}: problem_id: {rollout.problem_id!r} is not among the problems ({some}, …)"
            )
        problem = known[rollout.problem_id]
        if "language" in rollout.model_fields_set and rollout.language != name:
            left_out[f"their language is {rollout.language}, not {name}"] += 1
        elif not examinable and not translatable(problem, name):
            left_out[f"the tests of their problem are Python code, which {name} cannot be put before"] += 1
        else:
            chunk = waiting.setdefault(problem.id, [])
            chunk.append(rollout)
            if len(chunk) == size:
                yield Task(problem, tuple(waiting.pop(problem.id)), name)
    for problem_id, chunk in waiting.items():
        yield Task(known[problem_id], tuple(chunk), name)


def _verify_summary(verdicts: Sequence[Verdict], name: str) -> dict[str, Any]:
    by_problem: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_problem.setdefault(verdict.problem_id, []).append(verdict)
    tallies = {}
    for problem_id, found in sorted(by_problem.items()):
        forms = len({verdict.form for verdict in found if verdict.status == "passed"})
        tallies[problem_id] = tally(found, forms, {})
    return {"languages": {name: language_summary(tallies)}}


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
