"""Whether a run still is what it says: every checksum, and some of its shipped records reverified again.

Promises: every damaged, missing or foreign file of the parts and the shards is named, not the first alone, and the
first damaged line of the ledger; where these are whole, the summary is compared with what they come to;
the records that are tried again are chosen by seed and by nothing else; they go through the chain that
graded them first. Anything wrong is an AuditError that lists it all.
"""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from factory import escape, shards
from factory.commands import audit_rewards
from factory.config import Config
from factory.errors import AuditError, ConfigError, PartError
from factory.executors import open_executor
from factory.grading.session import GradingSession
from factory.records import Comparison, Problem, Rollout, Status, sha256
from factory.records.summary import Summary
from factory.run.directory import RunDir
from factory.run.inventory import check_parts
from factory.run.reader import review_of, unfinished
from factory.run.slices import by_problem, slices
from factory.run.summary import summarize
from factory.run.units import GradeUnit, graded
from factory.shards import Cells
from factory.translation.tests import tests_for_translation

BATCH = 256


@dataclass(frozen=True, slots=True)
class Audit:
    """How many parts are whole (with config and problems); shard files, shipped records, records that passed again,
    responses of the `rl` view that earned their reward again.
    """

    parts: int
    files: int
    records: int
    reverified: int
    rewards: int


async def audit(config: Config, place: RunDir, sample: int, seed: int) -> Audit:
    """Check all of a run's files, and verify `sample` of its shipped records, and of its rewards, again.

    Raises AuditError naming everything that is wrong, ConfigError for a run without shards.
    """
    if not place.shards.is_dir():
        raise ConfigError(f"{place.path}: has no shards to audit; remedy: `factory export {place.path}`")
    whole, wrong = check_parts(place)
    try:
        slices(place.open_problems(), place)
    except PartError as error:
        wrong.append(str(error))
    if not wrong:
        wrong += _summary(config, place)
    broken = shards.faults(place.shards)
    wrong += [f"{place.shards / name}: {fault}" for name, fault in broken.items()]
    if not wrong and not any(unfinished(config, part) for part in slices(place.open_problems(), place)):
        counted = shards.miscounts(place.shards, Summary.read(place.summary_file))
        wrong += [f"{place.shards}: {fault}; remedy: `factory export {place.path}`" for fault in counted]
    files, rl = (
        [path for path in sorted(place.shards.glob(f"{name}/*.parquet")) if _name(path, place) not in broken]
        for name in ("data", "rl")
    )
    chosen = chosen_rows(files, sample, seed)
    rewards = audit_rewards.chosen(rl, sample, seed)
    try:
        each = by_problem(place.open_problems(), place)
        known = {problem.id: _put_before(config, problem, folder) for problem, folder in each}
    except PartError as error:
        wrong.append(f"{error}; no record was verified again")
    else:
        wrong += await _reverify(config, known, read_rows(chosen))
        wrong += await audit_rewards.reverify(config, rewards)
    if wrong:
        raise AuditError("\n".join(wrong))
    records = sum(pq.ParquetFile(path).metadata.num_rows for path in files)
    return Audit(
        whole, sum(1 for path in place.shards.rglob("*") if path.is_file()), records, len(chosen), len(rewards)
    )


# ---- checksums ----


def _summary(config: Config, place: RunDir) -> list[str]:
    """What is wrong with the summary, which has no sha256 of its own: it says what the parts and the ledger say."""
    path = place.summary_file
    found = summarize(config, place.open_problems(), place)
    if path.exists() and path.read_bytes() == found.as_json():
        return []
    fault = _untrue(path, found) if path.exists() else "is missing"
    return [f"{path}: {fault}; remedy: `factory export {place.path}`"]


def _untrue(path: Path, found: Summary) -> str:
    """In what the summary at `path` differs from `found`, which is what the parts come to."""
    try:
        said = Summary.read(path)
    except PartError:
        return "is no summary"
    names = [it.name for it in fields(found) if getattr(said, it.name) != getattr(found, it.name)]
    return f"is not what the parts come to: another {', '.join(names) or 'layout'}"


# ---- records ----


def _name(path: Path, place: RunDir) -> str:
    return str(path.relative_to(place.shards))


def chosen_rows(files: Sequence[Path], sample: int, seed: int) -> list[tuple[Path, int]]:
    """(file, row number) of `sample` records, in order: those whose hash with the seed is smallest."""

    def lots() -> Iterator[tuple[str, Path, int]]:
        for path in files:
            row = 0
            for batch in pq.ParquetFile(path).iter_batches(BATCH, columns=["id", "parent_sha256"]):
                for cells in batch.to_pylist():
                    yield sha256(f"{seed} {cells['id']} {cells['parent_sha256']}"), path, row
                    row += 1

    return sorted((path, row) for _, path, row in heapq.nsmallest(sample, lots()))


def read_rows(chosen: Sequence[tuple[Path, int]]) -> Iterator[Cells]:
    wanted: dict[Path, set[int]] = {}
    for path, row in chosen:
        wanted.setdefault(path, set()).add(row)
    for path, rows in wanted.items():
        at = 0
        for batch in pq.ParquetFile(path).iter_batches(BATCH):
            picked = sorted(row - at for row in rows if at <= row < at + batch.num_rows)
            if picked:
                yield from batch.take(picked).to_pylist()
            at += batch.num_rows


async def _reverify(config: Config, known: dict[str, _Tests], rows: Iterable[Cells]) -> list[str]:
    """A line on each record that does not pass again, by problem and language."""
    wrong: list[str] = []
    units: dict[tuple[str, str], list[Cells]] = {}
    for row in rows:
        fault = _fault(row, known) or _settings_fault(row, config, known[row["problem_id"]].of(row["language"]))
        if fault:
            wrong.append(f"{escape.line(row['id'])}: {fault}")
        else:
            units.setdefault((row["problem_id"], row["language"]), []).append(row)
    async with open_executor(config.executor, partial(GradingSession, config)) as executor:

        async def earn(problem: Problem, name: str, several: list[Cells]) -> None:
            rollouts = tuple(
                Rollout(problem_id=problem.id, index=index, text=row["code"], mode="code", language=name)
                for index, row in enumerate(several)
            )
            verdicts, _ = await graded(executor, GradeUnit(problem, rollouts, name), lambda line: None)
            for row, verdict in zip(several, verdicts, strict=True):
                if verdict.status is Status.INFRASTRUCTURE_ERROR:
                    wrong.append(f"{escape.line(row['id'])}: could not be verified again: {verdict.detail}")
                elif verdict.status is not Status.PASSED:
                    wrong.append(f"{escape.line(row['id'])}: does not pass again: {verdict.status}: {verdict.detail}")

        async with asyncio.TaskGroup() as group:
            for (problem_id, name), several in units.items():
                group.create_task(earn(known[problem_id].of(name), name, several))
    return sorted(wrong)


@dataclass(frozen=True, slots=True)
class _Tests:
    """A problem with the tests for Python, and with those for translations."""

    python: Problem
    others: Problem

    def of(self, language: str) -> Problem:
        return self.python if language == "python" else self.others


def _put_before(config: Config, problem: Problem, place: RunDir) -> _Tests:
    return _Tests(problem, tests_for_translation(problem, review_of(config, problem, place)))


def _fault(row: Cells, known: dict[str, _Tests]) -> str:
    """What is wrong with a record before it is run, or ""."""
    tests = known.get(row["problem_id"])
    if tests is None:
        return f"its problem {row['problem_id']!r} is not among the run's"
    problem = tests.of(row["language"])
    if sha256(row["code"]) != row["code_sha256"]:
        return "its code is not that of its code_sha256"
    if json.loads(row["cases"]) != [case.as_json() for case in problem.cases] or row["test_code"] != problem.test_code:
        return "its tests are not those of its problem"
    return ""


def _settings_fault(row: Cells, config: Config, problem: Problem) -> str:
    """What is wrong with the settings that a record says decided its verdict, or ""."""
    due = {"limits": config.limits.over(problem.limits), "sandbox": config.sandbox.deciding()}
    due["comparison"] = problem.comparison.model_dump(mode="json")
    said = {name: json.loads(row.get(name) or "null") for name in due}
    if isinstance(said["comparison"], dict):  # an older row lacks fields that have a default today
        said["comparison"] = Comparison().model_dump(mode="json") | said["comparison"]
    wrong = [name for name, value in due.items() if said[name] != value]
    wrong += ["calling"] if json.loads(row.get("calling") or "{}") != problem.calling.as_json() else []
    return f"its {' and '.join(wrong)} are not those of the run; remedy: factory export" if wrong else ""
