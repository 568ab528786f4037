"""The filter chain alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from factory.commands.run import _tell, settled, workers
from factory.config import ChainConfig, ProblemsConfig
from factory.errors import RolloutError
from factory.executors.local import usable_cpus
from factory.languages import language
from factory.problems import Refusal
from factory.records import Problem, Rollout, Verdict
from factory.report import decontamination
from factory.report.funnel import language_summary, tally
from factory.report.progress import RunProgress
from factory.run import load_problems
from factory.run.summary import as_json
from factory.run.units import Task, graded
from factory.sampling.rollout_files import read_rollouts
from factory.storage import files, parts
from factory.translation.tests import translatable

IN_FLIGHT_A_WORKER = 4
"""Chunks handed to an executor ahead of its workers by `verify`: enough to keep them busy, little enough to hold."""


async def verify(
    source: ProblemsConfig, rollout_file: Path, name: str, out: Path, settings: ChainConfig, console: Console
) -> dict[str, Any]:
    """The filter chain alone: writes verdicts.parquet and summary.json to `out`; the summary. Raises FactoryError."""
    settings = settled(settings, (name,), console)
    taken = load_problems.take(source, settings)
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
                found = taken.benchmarks.apply(task.problem, found)
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
    with files.atomic(out / "summary.json") as temporary:
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
        forms = len({verdict.normal_form for verdict in found if verdict.status == "passed"})
        tallies[problem_id] = tally(found, forms, {})
    contaminated_by = Counter(verdict.contaminated_by for verdict in verdicts if verdict.contaminated_by is not None)
    return {
        "languages": {name: language_summary(tallies)},
        "decontamination": decontamination.decontamination(compared, contaminated_by),
    }
