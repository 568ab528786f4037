"""`factory translate`: the translator alone, on verified Python programs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from factory.commands.run import run
from factory.config import Config, ReplayEngine
from factory.console import Console
from factory.errors import RolloutError
from factory.records import Rollout
from factory.records.summary import Summary
from factory.run.directory import RunDir
from factory.storage import parts


async def translate(
    config: Config, problem_file: Path, survivor_file: Path, run_dir: RunDir, console: Console
) -> Summary:
    """The translator alone. The given programs are verified first, whatever they come with.

    Those whose problem is refused or not given are left out and counted, as any rollouts that are replayed.
    """
    source = config.problems.model_copy(update={"path": problem_file, "dataset": None, "limit": None, "ids": ()})
    given = _programs(survivor_file)
    recorded = run_dir.given_file
    run_dir.path.mkdir(parents=True, exist_ok=True)
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
    return await run(settings, run_dir, console)


def _programs(path: Path) -> list[Rollout]:
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
        given.append(
            Rollout(problem_id=problem_id, index=counts[problem_id], text=code, mode="code", model=row.get("model"))
        )
        counts[problem_id] += 1
    if not given:
        raise RolloutError(f"{path}: holds no survivor")
    return given
