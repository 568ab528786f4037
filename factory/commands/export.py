"""Shards from the parts of a run, and to the hub."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from huggingface_hub.utils.tqdm import disable_progress_bars
from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax

from factory import shards
from factory.config import Config
from factory.errors import ConfigError
from factory.records import Problem, Survivor
from factory.run.directory import RunDir
from factory.run.export import outcomes
from factory.run.reader import kept_programs
from factory.run.summary import as_json, summarize
from factory.storage import files


def export(config: Config, todo: Sequence[Problem], place: RunDir) -> dict[str, Any]:
    """Write the summary and the shards of a run; the manifest. Raises PartError."""
    return _write_shards(config, todo, place, summarize(config, todo, place))


def _write_shards(config: Config, todo: Sequence[Problem], place: RunDir, summary: dict[str, Any]) -> dict[str, Any]:
    with files.atomic(place.summary_file) as temporary:
        temporary.write_bytes(as_json(summary))
    found = outcomes(config, todo, place, shards.needs_rollouts(config))
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
