"""What the commands do, with the flow and its executor put together."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax

from factory import parts, problems, shards
from factory.config import ChainConfig, Config, ProblemsConfig, ReplayEngine
from factory.errors import RolloutError
from factory.executors.local import LocalExecutor
from factory.filters.chain import Chain
from factory.languages import language
from factory.outcome import (
    finished,
    given_up,
    kept_programs,
    sum_up,
    summarize,
    tallied,
    translatable,
    verdicts_of,
)
from factory.pipeline import Pipeline, Task, graded
from factory.records import Problem, Rollout, Survivor, Verdict
from factory.report.cost import stages
from factory.report.findings import Findings
from factory.report.funnel import Tally, language_summary, tally
from factory.report.progress import RunProgress, Watch
from factory.rollouts.read import read_rollouts
from factory.run_dir import RunDir, slug

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
        await _work(config, todo, place, console)
        summary = summarize(config, todo, place)
        with parts.atomic(place.summary_file) as temporary:
            temporary.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        shards.write(place.shards, config, kept_programs(config, todo, place), summary)
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
    return shards.write(place.shards, config, kept_programs(config, todo, place), summarize(config, todo, place))


# ---- status, report ----


async def watch(
    config: Config, todo: Sequence[Problem], place: RunDir, every_s: float, console: Console
) -> dict[str, Any]:
    """Show how the run stands every `every_s` seconds until it is complete; its summary then. Raises PartError.

    Only problems that the ledger has news of are counted again, so that a look costs what has changed.
    """
    tallies: dict[str, dict[str, Tally]] = {}
    unfinished = {problem.id: problem for problem in todo}
    news, read = set(unfinished), 0
    with Watch(console) as display:
        while True:
            # Before the ledger is read: of what is finished by then, the ledger has all the news.
            unfinished = {name: problem for name, problem in unfinished.items() if not finished(config, problem, place)}
            ledger = place.ledger()
            left = unfinished.keys() - given_up(ledger)
            news |= {line["problem"] for line in ledger[read:] if "problem" in line}
            read = len(ledger)
            chunks = place.all_chunks() if news else {}
            for problem in todo:
                if problem.id in news:
                    found = verdicts_of(config, problem, place, chunks.get(slug(problem.id), []))
                    tallies[problem.id] = tallied(found)
                    await asyncio.sleep(0)  # so that Ctrl-C is heard
            news.clear()
            summary = sum_up(config, todo, tallies, ledger)
            if not left:
                return summary
            display.show(summary, len(left), ledger[-1]["at"] if ledger else None)
            await asyncio.sleep(every_s)


def report(config: Config, todo: Sequence[Problem], place: RunDir, out: Path) -> Path:
    """Write the page of a run, finished or not, to `out`, which is returned. Raises PartError."""
    from factory.report import page  # the charting library takes a moment to load, and only this command needs it

    findings = Findings(len(todo))
    summary = summarize(config, todo, place, findings)
    ledger = place.ledger()
    skipped = given_up(ledger)
    about = page.About(
        config,
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        sum(not (problem.id in skipped or finished(config, problem, place)) for problem in todo),
        yaml.safe_dump(json.loads(config.model_dump_json()), sort_keys=False, allow_unicode=True),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with parts.atomic(out) as temporary:
        temporary.write_bytes(page.render(summary, findings, stages(ledger, config.cost), about))
    return out


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
