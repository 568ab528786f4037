"""`factory tune`: the same problems under one setting of the engine after another; what pays is written out.

A trial is a run of its own, in a folder named by its settings: a tuning that was stopped goes on where it was.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from factory import __version__
from factory.commands.run import run
from factory.config import Config
from factory.console import Console
from factory.errors import ConfigError, FactoryError
from factory.records import sha256
from factory.report.terminal import plain
from factory.run.directory import RunDir
from factory.run.load_problems import load_problems
from factory.run.names import slug
from factory.run.together import leaves
from factory.run.workers import with_sandbox
from factory.storage.files import atomic
from factory.storage.packages import pinned
from factory.tuning.decision import decided
from factory.tuning.settings import Candidates, as_sets, current, one_engine
from factory.tuning.trial import Measured, Trial, as_json

Load = Callable[[Sequence[str]], Config]
"""The user's config with further `--set` texts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and where."""

    load: Load
    candidates: Candidates
    problems: int
    """How many problems, evenly spread over the set."""
    n: int
    """Rollouts a problem in each trial."""
    folder: Path


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a tuning has found."""

    trials: Sequence[Trial]
    best: Trial
    config_file: Path


async def tune(plan: Plan, console: Console) -> Tuned:
    """Try every candidate, one key after the other, on top of what has paid so far.

    A setting is taken if it gives `GAIN` times as many tokens a second as the best before it, and its pass@1 is not
    lower than that of the config as it was given by more than chance explains. Raises FactoryError where that config
    itself cannot be measured, or a candidate is no value of its key.
    """
    note = plain(console)
    config = plan.load(())
    one_engine(config)
    _check(plan)
    names = await asyncio.to_thread(_sample, config, plan.problems, note)
    first = await _trial(plan, names, {}, console)
    if first.measured is None:
        raise FactoryError(f"the config as it is cannot be measured: {first.fault}")
    best = first = replace(first, decision="the config as it is")
    trials = [first]
    for key, values in plan.candidates.items():
        before = best
        for value in values:
            settings = {**before.settings, key: value}
            if value == current(plan.load(as_sets(before.settings)), key):
                continue
            note(f"trial {len(trials) + 1}: {' '.join(as_sets(settings))}")
            trial = decided(replace(await _trial(plan, names, settings, console), against=first.measured), best)
            note(f"trial {len(trials) + 1}: {trial.decision}")
            trials.append(trial)
            best = trial if trial.taken else best
            _put(plan.folder / "tune.json", as_json(trials, config.cost))
    return Tuned(trials, best, _write(plan, trials, best))


def gpu_capability() -> float | None:
    """The lowest compute capability of this machine's NVIDIA GPUs; None without one."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    query = [tool, "--query-gpu=compute_cap", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    found = [float(line) for line in answer.stdout.split() if line.replace(".", "", 1).isdigit()]
    return min(found, default=None)


def _check(plan: Plan) -> None:
    """Raises ConfigError for a candidate that is no value of its key, before anything is sampled."""
    for key, values in plan.candidates.items():
        for value in values:
            try:
                plan.load(as_sets({key: value}))
            except ConfigError as error:
                raise ConfigError(f"--try {key}: {error}") from None


def _sample(config: Config, count: int, note: Callable[[str], None]) -> list[str]:
    """The ids of `count` problems, evenly spread over the set. Raises FactoryError."""
    settled = with_sandbox(pinned(config), (), note)
    names = [problem.id for problem in load_problems(config.problems, settled).problems]
    count = min(count, len(names))
    return [names[at * len(names) // count] for at in range(count)]


async def _trial(plan: Plan, names: Sequence[str], settings: Mapping[str, Any], console: Console) -> Trial:
    """The problems sampled and graded under `settings`, or why they cannot be."""
    fixed = {
        "problems.ids": list(names),
        "problems.limit": None,
        "sampling.n": plan.n,
        "sampling.plan": {"kind": "fixed"},
        "sampling.budget": None,
        "translate.targets": [],
        "observers": [],
        "slice": 0,
    }
    config = plan.load(as_sets({**fixed, **settings}))
    named = slug("-".join(key.rpartition(".")[2] for key in settings) or "as-given")
    place = RunDir(plan.folder / "trials" / f"{named[:60]}-{sha256(json.dumps({**fixed, **settings}))[:8]}")
    try:
        summary = await run(config, place, console)
        return Trial(settings, Measured.of(summary, place.ledger()))
    except (FactoryError, ExceptionGroup) as error:
        faults = list(leaves(error, Exception))
        if not all(isinstance(it, FactoryError) for it in faults):
            raise
        return Trial(settings, fault=str(faults[0]).partition("\n")[0])


def _write(plan: Plan, trials: Sequence[Trial], best: Trial) -> Path:
    """Write the best config, with what speaks for it as a comment; its path."""
    import yaml

    config = plan.load(as_sets(best.settings))
    taken = " ".join(as_sets(best.settings)) or "nothing: no setting was faster without a loss of pass rate"
    lines = [
        f"# Written by factory tune {__version__} from {len(trials)} trials of {plan.problems} problems, "
        f"{plan.n} rollouts each (tune.json).",
        f"# Changed: {taken}",
    ]
    data = config.model_dump(mode="json", exclude_unset=True)
    path = plan.folder / "tuned.yaml"
    text = "\n".join(lines) + "\n" + yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    _put(path, text)
    return path


def _put(path: Path, text: str) -> None:
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
