"""`factory export` and `factory push`: shards from the parts of a run, and to the hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.panel import Panel
from rich.syntax import Syntax

from factory import environment, escape, shards
from factory.config import Config
from factory.console import Console
from factory.errors import ConfigError, PartError
from factory.records import Problem, Survivor
from factory.records.summary import Summary
from factory.report.terminal import plain
from factory.run.directory import RunDir
from factory.run.export import outcomes
from factory.run.reader import kept_programs, unfinished
from factory.run.slices import by_problem, slices
from factory.run.summary import summarize
from factory.storage import files

if TYPE_CHECKING:
    from factory.shards.hub import Push

_TOKEN_REMEDY = "put a token with write rights in it (https://huggingface.co/settings/tokens)"


def export(config: Config, problems: Sequence[Problem], run_dir: RunDir, folder: Path | None = None) -> shards.Manifest:
    """Write the summary and the shards of a run; the manifest. Raises PartError.

    With `folder` the shards go there, and nothing is written into the run directory. Raises ConfigError where it
    holds other files than shards, which would be lost.
    """
    if run_dir.ledger_is_gone:
        raise PartError(f"{run_dir.ledger().path}: is gone, and with it which parts there were; remedy: run again")
    summary = summarize(config, problems, run_dir)
    if folder is None:
        return write_shards(config, problems, run_dir, summary)
    if folder.exists() and any(folder.iterdir()) and shards.faults(folder):
        raise ConfigError(f"{folder}: holds other files than whole shards; remedy: a new folder, or an empty one")
    folder.parent.mkdir(parents=True, exist_ok=True)
    return _shards(config, problems, run_dir, summary, folder)


def write_shards(config: Config, problems: Sequence[Problem], run_dir: RunDir, summary: Summary) -> shards.Manifest:
    files.remove_temporary(run_dir.path)
    with files.atomic(run_dir.summary_file) as temporary:
        temporary.write_bytes(summary.as_json())
    return _shards(config, problems, run_dir, summary, run_dir.shards)


def _shards(
    config: Config, problems: Sequence[Problem], run_dir: RunDir, summary: Summary, folder: Path
) -> shards.Manifest:
    found = outcomes(config, problems, run_dir, shards.needs_rollouts(config))
    manifest = shards.write(folder, config, found, summary)
    complete = not any(unfinished(config, part) for part in slices(problems, run_dir))
    if complete and (wrong := shards.miscounts(folder, summary)):
        raise PartError("\n".join(f"{folder}: {fault}; remedy: run again" for fault in wrong))
    return manifest


def push(run_dir: RunDir, repo_id: str, revision: str | None, public: bool, dry_run: bool, console: Console) -> Push:
    """The shards of a run to the hub, with the token in HF_TOKEN.

    Raises ConfigError, HubRefused, HubError, PartError.
    """
    from huggingface_hub.utils.tqdm import disable_progress_bars  # a quarter of a second, which no run has to pay

    from factory.shards.hub import push as push_shards

    if not run_dir.shards.is_dir():
        raise ConfigError(f"{run_dir.shown}: has no shards to push; remedy: `factory export {run_dir.shown}`")
    if not console.is_terminal:
        disable_progress_bars()
    token = environment.secret("HF_TOKEN", _TOKEN_REMEDY)
    environment.check_network()
    return push_shards(run_dir.shards, repo_id, token, revision, public, dry_run, plain(console))


def print_pair(console: Console, run_dir: RunDir) -> None:
    """Show one verified Python program and a translation of it, if the run has one."""
    config, problems = run_dir.open_config(), run_dir.open_problems()
    parents: dict[str, Survivor] = {}
    pairs = (
        (problem, it)
        for problem, place in by_problem(problems, run_dir)
        for it in kept_programs(config, problem, place)
    )
    for problem, survivor in pairs:
        if survivor.language == "python":
            parents[survivor.code_sha256] = survivor
        elif survivor.parent in parents:
            console.print()
            console.print(f"one verified pair, {escape.line(problem.id)}:")
            for program in (parents[survivor.parent], survivor):
                title = f"{program.language}: passed {program.cases_passed} of {program.cases_total} tests"
                code = escape.block(program.code.strip())
                console.print(Panel(Syntax(code, program.language, background_color="default"), title=title))
            return
