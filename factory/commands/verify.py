"""`factory verify`: the filter chain alone, on rollouts from anywhere."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from factory.config import GradingConfig, ProblemsConfig
from factory.console import Console
from factory.languages import language
from factory.records import Problem, Rollout, Verdict
from factory.records.summary import VerifySummary
from factory.report.counts import language_summary
from factory.report.decontamination import Compared, decontamination
from factory.report.funnel import tally
from factory.report.progress import RunProgress
from factory.report.terminal import plain
from factory.run.load_problems import LoadedProblems, load_problems
from factory.run.steps.grade import Grader
from factory.run.summary import odd_cases
from factory.run.units import GradeUnit
from factory.run.unused import Unused
from factory.run.workers import with_sandbox, workers
from factory.sampling.rollout_files import read_rollouts
from factory.storage import files, parts
from factory.storage.packages import pinned
from factory.translation.tests import translatable

IN_FLIGHT_A_WORKER = 4
"""Chunks handed to an executor ahead of its workers by `verify`: enough to keep them busy, little enough to hold."""


async def verify(
    source: ProblemsConfig,
    rollout_file: Path | str,
    name: str,
    out: Path,
    settings: GradingConfig,
    console: Console,
    mapping: Mapping[str, str] | None = None,
) -> VerifySummary:
    """The filter chain alone: writes verdicts.parquet and summary.json to `out`; the summary. Raises FactoryError.

    `mapping` names the columns of rollouts of no known form.
    """
    note = plain(console)
    settings = with_sandbox(pinned(settings), (name,), note)
    loaded = load_problems(source, settings)
    for line in loaded.notes():
        note(line)
    out.mkdir(parents=True, exist_ok=True)
    unused = Unused(loaded)
    left_out = unused.counts
    with RunProgress(console, {name: None}) as progress:
        async with workers(settings) as executor:
            grader = Grader(executor, loaded.benchmarks, progress)
            rollouts = unused.readable(read_rollouts(rollout_file, mapping, loaded.order, progress.note))
            units = _units(rollouts, loaded, name, settings.verify.chunk, unused)
            verdicts = await _graded(grader, units, executor.workers * IN_FLIGHT_A_WORKER)
        unused.refuse_strangers(rollout_file)
        for reason, count in left_out.items():
            progress.note(f"{count} rollout(s) left out: {reason}")
    compared = Compared.of(loaded.benchmarks.sizes, loaded.contaminated)
    odd = {name: found} if (found := odd_cases(loaded.problems, name)) else {}
    summary = replace(_verify_summary(verdicts, name, compared, left_out), odd_cases=odd)
    parts.write(out / "verdicts.parquet", Verdict, verdicts)
    with files.atomic(out / "summary.json") as temporary:
        temporary.write_bytes(summary.as_json())
    return summary


async def _graded(grader: Grader, units: Iterable[GradeUnit], in_flight: int) -> list[Verdict]:
    """The verdicts on `units`, in their order; at most `in_flight` of them are made ahead of being graded."""
    ahead = asyncio.Semaphore(in_flight)

    async def grade(unit: GradeUnit) -> list[Verdict]:
        try:
            return (await grader(unit))[0]
        finally:
            ahead.release()

    waiting = []
    async with asyncio.TaskGroup() as group:
        for unit in units:
            await ahead.acquire()
            waiting.append(group.create_task(grade(unit)))
    return [verdict for done in waiting for verdict in done.result()]


def _units(
    rollouts: Iterable[Rollout], loaded: LoadedProblems, name: str, size: int, unused: Unused
) -> Iterator[GradeUnit]:
    """Chunks of each problem's rollouts, in the file's order; `unused` counts those that are in none, by reason.

    Raises RolloutError.
    """
    known = {problem.id: problem for problem in loaded.problems}
    waiting: dict[str, list[Rollout]] = {}
    for rollout in rollouts:
        if unused.reason(rollout.problem_id):
            continue
        problem = known[rollout.problem_id]
        if reason := _why_left_out(rollout, problem, name):
            unused.counts[reason] += 1
            continue
        chunk = waiting.setdefault(problem.id, [])
        chunk.append(rollout)
        if len(chunk) == size:
            yield GradeUnit(problem, tuple(waiting.pop(problem.id)), name)
    for problem_id, chunk in waiting.items():
        yield GradeUnit(known[problem_id], tuple(chunk), name)


def _why_left_out(rollout: Rollout, problem: Problem, name: str) -> str:
    """Why a rollout is not graded as a program in the language `name`; "" where it is."""
    if "language" in rollout.model_fields_set and rollout.language != name:
        return f"their language is {rollout.language}, not {name}"
    if not language(name).examinable and not translatable(problem, name):
        return f"the tests of their problem are Python code, or of Python objects, which {name} cannot be put before"
    return ""


def _verify_summary(
    verdicts: Sequence[Verdict], name: str, compared: Compared, left_out: Counter[str]
) -> VerifySummary:
    by_problem: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_problem.setdefault(verdict.problem_id, []).append(verdict)
    tallies = {}
    for problem_id, found in sorted(by_problem.items()):
        forms = len({verdict.normal_form for verdict in found if verdict.status == "passed"})
        tallies[problem_id] = tally(found, forms, {})
    contaminated_by = Counter(verdict.contaminated_by for verdict in verdicts if verdict.contaminated_by is not None)
    repeated = decontamination(compared, contaminated_by)
    return VerifySummary({name: language_summary(tallies)}, repeated, dict(left_out))
