"""`factory translate`: the translator alone, on verified Python programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factory.commands.run import run
from factory.config import Config, FixedPlan, GeneratorConfig, ReplayEngine
from factory.config.generators import DEFAULT
from factory.console import Console
from factory.errors import RolloutError
from factory.records import Rollout
from factory.records.summary import Summary
from factory.run.directory import RunDir
from factory.storage import parts, raw_rows
from factory.storage.inputs import Input, local
from factory.storage.raw_rows import RawRow, UnreadableFile

_GIVEN = (DEFAULT, "given")
"""How the generator is called of the programs that are translated: by the first name that the config's list has not."""


async def translate(
    config: Config, problem_file: Path | str, survivor_file: Path | str, run_dir: RunDir, console: Console
) -> Summary:
    """The translator alone. The given programs are verified first, whatever they come with; no model is asked for
    inputs of their review.

    Those whose problem is refused or not given are left out and counted, as any rollouts that are replayed.
    """
    source = config.problems.model_copy(update={"path": problem_file, "dataset": None, "limit": None, "ids": ()})
    given = _programs(survivor_file)
    recorded = run_dir.given_file
    run_dir.path.mkdir(parents=True, exist_ok=True)
    parts.write(recorded, Rollout, given)
    counts = Counter(rollout.problem_id for rollout in given)
    recorded_engine = ReplayEngine(path=recorded)
    sampling = config.sampling.model_copy(update={"n": max(counts.values()), "plan": FixedPlan(), "budget": None})
    translate = config.translate
    if config.engine is not None:
        translate = translate.model_copy(update={"engine": translate.engine or config.engine})
    elif not translate.generators and translate.engine is None:
        translate = translate.model_copy(update={"generators": (config.generators[0].name,)})
    settings = config.model_copy(
        update={
            "problems": source,
            **_asked_to_translate(config, recorded_engine),
            "sampling": sampling,
            "translate": translate,
            "review": config.review.model_copy(update={"inputs_from": ("generated",)}),
        }
    )
    return await run(settings, run_dir, console)


def _asked_to_translate(config: Config, given: ReplayEngine) -> dict[str, Any]:
    """Who makes the programs, which are `given`; generators are asked for translations alone."""
    if config.engine is not None:
        return {"engine": given}
    others = [it.model_copy(update={"when": "never", "weight": 1.0}) for it in config.generators]
    names = {it.name for it in others}
    name = next(name for name in _GIVEN if name not in names)
    return {"generators": (GeneratorConfig(name=name, engine=given), *others)}


def _programs(place: Path | str) -> list[Rollout]:
    """Verified programs as rollouts that are code: survivor parts, or rows in any form; a file or a folder of them."""
    found = local(place)
    path = found.path
    files = sorted(it for it in path.glob("*") if raw_rows.kind_of(it)) if path.is_dir() else [path]
    counts: Counter[str] = Counter()
    given = []
    for file in files:
        for row in _rows(file, found):
            data = row.data if isinstance(row.data, dict) else {}
            problem_id, code = data.get("problem_id"), data.get("code")
            if not isinstance(problem_id, str) or not isinstance(code, str):
                why = row.fault or "a survivor has problem_id and code, both texts"
                raise RolloutError(f"{found.named(row.place)}: {why}")
            index = counts[problem_id]
            given.append(Rollout(problem_id=problem_id, index=index, text=code, mode="code", model=data.get("model")))
            counts[problem_id] += 1
    if not given:
        raise RolloutError(f"{place}: holds no survivor")
    return given


def _rows(path: Path, given: Input) -> Iterator[RawRow]:
    try:
        yield from raw_rows.read(path)
    except UnreadableFile as error:
        raise RolloutError(f"{given.named(str(path))}: {error}") from None
