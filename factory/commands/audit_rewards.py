"""Rewards of the `rl` view, earned again by what its rows say and nothing else.

Promises: which responses are graded again is chosen by seed alone; a failure of ours is a fault of the audit, and
neither a reward earned nor one denied. Responses are left out if more than the tests decided their reward
(`dropped_by`), and if they timed out, which a faster machine may not repeat.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from factory import escape
from factory.config import Config, GradingConfig
from factory.errors import ProblemError
from factory.executors import open_executor
from factory.executors.base import Executor
from factory.grading.session import GradingSession
from factory.records import Status, sha256
from factory.run import ground_truth
from factory.run.units import GradeUnit, graded

BATCH = 16
_COLUMNS = ("id", "reward_model", "responses", "rewards", "statuses", "dropped_by", "rollout_indices")


@dataclass(frozen=True, slots=True)
class Response:
    """A response of a row, and the reward that it has there."""

    row: str
    index: int
    text: str
    reward: float
    truth: str


def chosen(files: Sequence[Path], sample: int, seed: int) -> list[Response]:
    """`sample` of the responses in files of the `rl` view: those whose hash with the seed is smallest."""

    def lots() -> Iterator[tuple[str, Response]]:
        for path in files:
            for response in _responses(path):
                yield sha256(f"{seed} {response.row} {response.index} {response.text}"), response

    return [response for _, response in heapq.nsmallest(sample, lots(), key=lambda lot: lot[0])]


def _responses(path: Path) -> Iterator[Response]:
    for batch in pq.ParquetFile(path).iter_batches(BATCH, columns=list(_COLUMNS)):
        for row in batch.to_pylist():
            columns = (row[name] for name in ("responses", "rewards", "statuses", "dropped_by", "rollout_indices"))
            for text, reward, status, dropped_by, index in zip(*columns, strict=True):
                if dropped_by is None and status != Status.TIMEOUT:
                    yield Response(row["id"], index, text, reward, row["reward_model"]["ground_truth"])


async def reverify(config: Config, responses: Sequence[Response]) -> list[str]:
    """A line on each response that does not earn its reward again. `config` says by which wall, no more."""
    rows: dict[str, list[Response]] = {}
    for response in responses:
        rows.setdefault(response.truth, []).append(response)
    wrong: list[str] = []
    units: dict[str, list[tuple[GradeUnit, list[Response]]]] = {}
    for truth, several in rows.items():
        try:
            settings, unit = ground_truth.read(truth, [response.text for response in several])
        except ProblemError as error:
            wrong.append(f"{escape.line(several[0].row)}: {escape.line(str(error))}")
        else:
            units.setdefault(_behind(config, settings).model_dump_json(), []).append((unit, several))
    for settings_text, alike in units.items():
        settings = GradingConfig.model_validate_json(settings_text)
        async with open_executor(config.executor, partial(GradingSession, settings)) as executor:
            for faults in await asyncio.gather(*(_faults(executor, *it) for it in alike)):
                wrong += faults
    return sorted(wrong)


def _behind(config: Config, settings: GradingConfig) -> GradingConfig:
    """A row's `settings`, behind the wall of the run."""
    return settings.model_copy(update={"sandbox": settings.sandbox.behind(config.sandbox)})


async def _faults(executor: Executor, unit: GradeUnit, responses: Sequence[Response]) -> list[str]:
    verdicts, _ = await graded(executor, unit, lambda line: None)
    faults: list[str] = []
    for it, verdict in zip(responses, verdicts, strict=True):
        if verdict.status is Status.INFRASTRUCTURE_ERROR:
            said = f"could not be graded again: {verdict.detail}"
        elif float(verdict.status is Status.PASSED) != it.reward:
            said = f"its reward is {it.reward:g}, now it is {verdict.status}: {verdict.detail}"
        else:
            continue
        faults.append(f"{escape.line(it.row)}: rollout {it.index}: {escape.line(said)}")
    return faults
