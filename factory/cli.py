"""The commands. Thin: each reads its input, calls the flow, prints what came of it.

Progress goes to stderr, results to stdout. Exit 0 done, 1 the work failed, 2 the input is wrong,
130 stopped by Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from factory import __version__, commands
from factory import doctor as checkup
from factory.config import Config, ProblemsOnly, load, parse_section
from factory.config.reference import markdown
from factory.errors import FactoryError
from factory.report.terminal import print_cost, print_funnel, print_problems
from factory.run.directory import RunDir
from factory.run.summary import summarize
from sandbox import SandboxError

app = typer.Typer(
    help="A factory for verified synthetic code: sample rollouts, let reality grade them, translate what survives.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out, err = Console(), Console(stderr=True)

Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="A.B=C", help="Put a config value over the file's; repeatable.")
]
RunDirArgument = Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Directory of a run.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"{__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options that come before a command."""


@app.command()
def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="Config of the run; configs/ has some.")],
    run_dir: Annotated[Path | None, typer.Option(help="Where the run lives; by default runs/NAME.")] = None,
    sets: Set = None,
) -> None:
    """The whole way: sample, verify, select, translate, write shards. Run again, it resumes."""
    settings = load(config, tuple(sets or ()))
    place = RunDir(run_dir or settings.run_dir or Path("runs") / settings.name)
    summary = _interruptible(
        commands.run(settings, place, err), f"stopped; `factory run {config} --run-dir {place.path}` goes on from here"
    )
    _show(summary)
    commands.print_pair(out, place)
    out.print(f"shards: {place.shards}", soft_wrap=True)
    _end(summary)


@app.command()
def verify(
    problems: Annotated[Path, typer.Option(help="File or directory of problems.")],
    rollouts: Annotated[Path, typer.Option(help="Rollout file: .jsonl, .json (also .gz) or .parquet.")],
    out_dir: Annotated[Path, typer.Option("--out", help="Directory for verdicts.parquet and summary.json.")],
    language: Annotated[str, typer.Option(help="Language of the programs.")] = "python",
    sets: Set = None,
) -> None:
    """The filter chain alone, on rollouts from anywhere."""
    source = {"path": problems, "check_reference": False}  # rollouts are graded whatever the reference is worth
    settings = parse_section(ProblemsOnly, tuple(sets or ()), {"problems": source})
    work = commands.verify(settings.problems, rollouts, language, out_dir, settings, err)
    summary = _interruptible(work, "stopped; nothing was written")
    print_funnel(out, summary, problems=20)
    out.print(f"verdicts: {out_dir / 'verdicts.parquet'}", soft_wrap=True)
    _end(summary)


@app.command()
def translate(
    problems: Annotated[Path, typer.Option(help="Problem file.")],
    survivors: Annotated[
        Path, typer.Option(help="Verified Python: survivor parts of a run, or rows with problem_id and code.")
    ],
    config: Annotated[Path, typer.Option(help="Config; its engine and its translate section are used.")],
    out_dir: Annotated[Path, typer.Option("--out", help="Run directory for the translations.")],
    sets: Set = None,
) -> None:
    """The translator alone: verified Python programs to the targets of the config. Run again, it resumes."""
    settings = load(config, tuple(sets or ()))
    place = RunDir(out_dir)
    work = commands.translate(settings, problems, survivors, place, err)
    summary = _interruptible(work, "stopped; the same command goes on from here")
    _show(summary)
    out.print(f"shards: {place.shards}", soft_wrap=True)
    _end(summary)


@app.command()
def export(run_dir: RunDirArgument) -> None:
    """Write the shards of a run from its parts, finished or not."""
    place = RunDir(run_dir)
    settings = place.open_config()
    with place:
        manifest = commands.export(settings, place.open_problems(), place)
    for file in manifest["files"]:
        out.print(
            f"{file['sha256']}  {file['rows']:>8}  {place.shards / file['path']}", soft_wrap=True, highlight=False
        )


@app.command()
def push(
    run_dir: RunDirArgument,
    repo_id: Annotated[str, typer.Argument(metavar="REPO_ID", help="Dataset repository: NAME, or OWNER/NAME.")],
    revision: Annotated[str | None, typer.Option(help="Branch to push to; made if it is not there.")] = None,
    public: Annotated[bool, typer.Option("--public", help="Make a new repository public, or push to one.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be pushed; change nothing.")] = False,
) -> None:
    """The shards of a run to the Hugging Face hub, private by default; the token comes from HF_TOKEN."""
    place = RunDir(run_dir)
    place.open_config()
    with place:
        done = commands.push(place, repo_id, revision, public, dry_run, err)
    verb = "would push" if dry_run else "pushed"
    told = f"{verb} {len(done.added)}, {'would delete' if dry_run else 'deleted'} {len(done.deleted)}"
    out.print(
        f"{done.repo_id}: {told if done.changes else 'already there'}, {done.unchanged} unchanged, "
        f"commit {done.commit or 'none yet'}",
        soft_wrap=True,
        highlight=False,
    )


@app.command()
def audit(
    run_dir: RunDirArgument,
    sample: Annotated[int, typer.Option(min=0, help="Shipped records to verify again.")] = 32,
    seed: Annotated[int, typer.Option(help="Another number chooses other records.")] = 0,
) -> None:
    """Check every checksum of a run, and verify some of its shipped records again; anything wrong is named."""
    place = RunDir(run_dir)
    settings = place.open_config()
    with place:
        found = asyncio.run(commands.audit(settings, place, sample, seed))
    earned = f"earned again: {found.earned} of {found.records} records"
    out.print(f"whole: {found.parts} parts, {found.files} shard files; {earned}", highlight=False)


@app.command()
def status(
    run_dir: RunDirArgument,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again and again until the run is complete.")] = False,
    every: Annotated[float, typer.Option(min=0.1, metavar="S", help="Seconds between two looks of --watch.")] = 2.0,
) -> None:
    """Funnel, rates and cost of a run as they stand now."""
    place = RunDir(run_dir)
    settings, todo = place.open_config(), place.open_problems()
    if watch:
        summary = _interruptible(commands.watch(settings, todo, place, every, out), "stopped watching; the run goes on")
    else:
        summary = summarize(settings, todo, place)
    _show(summary)


@app.command()
def report(
    run_dir: RunDirArgument,
    out_file: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Where to write it; by default RUN_DIR/report.html.")
    ] = None,
) -> None:
    """One HTML page of a run as it stands now: funnel, yields, cost, samples. It needs no network."""
    place = RunDir(run_dir)
    path = commands.report(place.open_config(), place.open_problems(), place, out_file or place.report_file)
    out.print(f"report: {path}", soft_wrap=True, highlight=False)


@app.command("problems")
def list_problems(
    path: Annotated[Path | None, typer.Argument(metavar="PATH", help="File or directory of problems.")] = None,
    format_name: Annotated[
        str, typer.Option("--format", help="Name of a format; by default told by the rows.")
    ] = "auto",
    dataset: Annotated[str | None, typer.Option(help="Id of a dataset on the hub, instead of PATH.")] = None,
    split: Annotated[str, typer.Option(help="Split of the dataset.")] = "test",
    revision: Annotated[str | None, typer.Option(help="Revision of the dataset.")] = None,
    sets: Set = None,
) -> None:
    """What would be loaded from a problem set, and what is refused and why."""
    given = {"path": path, "dataset": dataset, "split": split, "revision": revision, "format": format_name}
    section = parse_section(ProblemsOnly, tuple(sets or ()), {"problems": given})
    print_problems(out, commands.survey(section.problems, section))


@app.command()
def doctor() -> None:
    """What of this machine will be used, what is missing, and the command that repair_of it."""
    if not checkup.check(out):
        raise typer.Exit(1)


@app.command()
def schema(
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As a page to read: docs/config.md.")] = False,
) -> None:
    """The JSON schema of the config, for editors."""
    sys.stdout.write(markdown() if as_markdown else json.dumps(Config.model_json_schema(), indent=2) + "\n")


def _show(summary: dict[str, Any]) -> None:
    print_funnel(out, summary)
    print_cost(out, summary["cost"])


def _end(summary: dict[str, Any]) -> None:
    """Exit 1 where something could not be graded through our own failure."""
    if any(part["funnel"]["drops"].get("infrastructure_error") for part in summary["languages"].values()):
        raise typer.Exit(1)


def _interruptible(work: Coroutine[Any, Any, dict[str, Any]], how_to_go_on: str) -> dict[str, Any]:
    """Run `work` to its end; on Ctrl-C or SIGTERM stop it cleanly, say how to go on, and exit 130."""

    async def guarded() -> dict[str, Any]:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        err.print(how_to_go_on, soft_wrap=True)
        raise typer.Exit(130) from None


OURS = (FactoryError, SandboxError, OSError)
"""What ends a command with a message: our own errors, and a disk that is full or closed to us."""


def main() -> NoReturn:
    """Run a command; what is in `OURS`, alone or in groups, ends in its message and exit code, without a traceback."""
    try:
        app()
    except OURS as error:
        _fail([error])
    except BaseExceptionGroup as group:
        errors = list(_leaves(group))
        if not all(isinstance(error, OURS) for error in errors):
            raise
        _fail(errors)
    sys.exit(0)


def _fail(errors: Sequence[BaseException]) -> NoReturn:
    for text in dict.fromkeys(str(error) for error in errors):
        err.print(f"error: {text}", soft_wrap=True, markup=False, highlight=False)
    sys.exit(max(getattr(error, "exit_code", 1) for error in errors))


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        yield from _leaves(error) if isinstance(error, BaseExceptionGroup) else (error,)
