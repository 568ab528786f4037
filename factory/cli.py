"""The commands. Each reads its input, calls the work, and prints the result.

Progress goes to stderr, results to stdout. Exit code 0: done. 1: the work failed. 2: the input is wrong. 130: stopped
by Ctrl-C or SIGTERM. Each command imports what it runs when it runs, so that `factory --help` takes no time.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from factory.commands.process import (
    console,
    exit_if_nothing_is_kept,
    exit_if_ungraded,
    guarded,
    interruptible,
    looked_at,
    note,
    say,
    show_summary,
    show_version,
)

app = typer.Typer(
    help="Make verified synthetic code: sample programs from a model, test them, translate those that pass.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=C", help="Set a config key; wins over the file. May be repeated."),
]
RunDirArgument = Annotated[str, typer.Argument(metavar="RUN_DIR", help="Directory or URL of a run.")]


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options that come before a command."""


@app.command()
def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="Config file; configs/ has examples.")],
    run_dir: Annotated[str | None, typer.Option(help="Directory or URL of the run; the default is runs/NAME.")] = None,
    only: Annotated[
        str | None, typer.Option("--slices", metavar="A-B", help="Only these; without it, a run also writes shards.")
    ] = None,
    sets: Set = None,
) -> None:
    """Do everything: sample, verify, select, translate, write shards. Run it again to resume."""
    from factory.commands import export, run
    from factory.config import load
    from factory.run.opened import run_dir_at
    from factory.run.slices import numbers

    settings = load(config, tuple(sets or ()))
    place = run_dir_at(run_dir or settings.run_dir or Path("runs") / settings.name)
    again = f"factory run {config} --run-dir {place.shown}"
    if only is not None:
        work = run.run_slices(settings, place, console(True), numbers(only))
        count = interruptible(work, lambda: run.stopped(place, f"{again} --slices {only}"))
        say(f"{count} slice(s) done; when all are, `{again}` writes the shards")
        return
    summary = interruptible(run.run(settings, place, console(True)), lambda: run.stopped(place, again))
    show_summary(summary)
    export.print_pair(console(), place)
    say(f"shards: {place.shown}/{place.shards.name}")
    exit_if_ungraded(summary)
    exit_if_nothing_is_kept(summary)


@app.command()
def verify(
    problems: Annotated[Path, typer.Option(help="File, directory or URL of problems.")],
    rollouts: Annotated[Path, typer.Option(help="File, directory or URL of rollouts, in any form of docs/formats.md.")],
    out_dir: Annotated[Path, typer.Option("--out", help="Directory for verdicts.parquet and summary.json.")],
    language: Annotated[str, typer.Option(help="Language of the programs.")] = "python",
    sets: Set = None,
) -> None:
    """Grade rollouts from any source. Samples nothing, translates nothing."""
    from factory.commands import verify
    from factory.config import ProblemsOnly, parse_section
    from factory.report.terminal import print_funnel

    source = {"path": problems, "check_reference": False}  # the verdicts do not depend on the reference
    own = parse_section(ProblemsOnly, tuple(sets or ()), {"problems": source})
    work = verify.verify(own.problems, rollouts, language, out_dir, own, console(True), own.rollouts.mapping)
    summary = interruptible(work, "stopped; nothing was written")
    print_funnel(console(), summary, problems=20)
    say(f"verdicts: {out_dir / 'verdicts.parquet'}")
    exit_if_ungraded(summary)


@app.command()
def translate(
    problems: Annotated[Path, typer.Option(help="File of problems.")],
    survivors: Annotated[
        Path, typer.Option(help="Verified Python: survivor parts of a run, or rows with problem_id and code.")
    ],
    config: Annotated[Path, typer.Option(help="Config file with an engine and a translate section.")],
    out_dir: Annotated[Path, typer.Option("--out", help="Run directory for the translations.")],
    sets: Set = None,
) -> None:
    """Translate verified Python programs to the target languages of the config. Run it again to resume."""
    from factory.commands import translate
    from factory.config import load
    from factory.run.directory import RunDir

    settings = load(config, tuple(sets or ()))
    place = RunDir(out_dir)
    work = translate.translate(settings, problems, survivors, place, console(True))
    summary = interruptible(work, "stopped; to go on, run the same command again")
    show_summary(summary)
    say(f"shards: {place.shards}")
    exit_if_ungraded(summary)
    exit_if_nothing_is_kept(summary)


@app.command()
def tune(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="Config file with an engine to tune.")],
    out_dir: Annotated[Path, typer.Option("--out", file_okay=False, help="Folder for tuned.yaml, tune.json, trials.")],
    problems: Annotated[int, typer.Option(min=1, help="Problems to sample, evenly spread over the set.")] = 32,
    n: Annotated[int, typer.Option("--n", min=1, help="Rollouts a problem, in each trial.")] = 16,
    tries: Annotated[
        list[str] | None,
        typer.Option("--try", metavar="A.B=[C,D]", help="Values of a key to try; may be repeated. Has a default."),
    ] = None,
    sets: Set = None,
) -> None:
    """Find the engine's fastest settings that keep its pass rate. Run it again to go on."""
    from factory.commands import tune
    from factory.config import load
    from factory.tuning import settings, table

    given = load(config, tuple(sets or ()))
    candidates = settings.parse(tries) if tries else settings.defaults(given, tune.gpu_capability())
    plan = tune.Plan(lambda more: load(config, (*(sets or ()), *more)), candidates, problems, n, out_dir)
    found = interruptible(tune.tune(plan, console(True)), "stopped; to go on, run the same command again")
    console().print(table.of(found.trials, given.cost))
    say(f"changed: {' '.join(settings.as_sets(found.best.settings)) or 'nothing'}")
    say(f"config: {found.config_file}")


@app.command()
def export(
    run_dir: RunDirArgument,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", file_okay=False, help="Folder to write, in place of what is there; RUN_DIR/shards."),
    ] = None,
) -> None:
    """Write the shards of a run. The run need not be finished; with --out it need not be writable."""
    from factory.commands import export
    from factory.run.opened import opened, run_dir_at

    place = run_dir_at(run_dir)
    with opened(place, note, writes=out_dir is None):
        settings = place.open_config()
        with place:
            manifest = export.export(settings, place.open_problems(), place, out_dir)
    for file in manifest.files:
        say(f"{file.sha256}  {file.rows:>8}  {out_dir or f'{place.shown}/{place.shards.name}'}/{file.path}")


@app.command()
def push(
    run_dir: RunDirArgument,
    repo_id: Annotated[str, typer.Argument(metavar="REPO_ID", help="Dataset repository: NAME, or OWNER/NAME.")],
    revision: Annotated[str | None, typer.Option(help="Branch to push to; it is created if it does not exist.")] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Create the repository as public; allow a push to a public one.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be pushed; change nothing.")] = False,
) -> None:
    """Push the shards of a run to the Hugging Face hub, private by default. Takes the token from HF_TOKEN."""
    from factory.commands import export

    place = looked_at(run_dir)
    place.open_config()
    with place:
        done = export.push(place, repo_id, revision, public, dry_run, console(True))
    pushed, deleted = ("would push", "would delete") if dry_run else ("pushed", "deleted")
    changes = f"{pushed} {len(done.added)}, {deleted} {len(done.deleted)}" if done.changes else "already there"
    say(f"{done.repo_id}: {changes}, {done.unchanged} unchanged, commit {done.commit or 'none yet'}")


@app.command()
def audit(
    run_dir: RunDirArgument,
    sample: Annotated[
        int, typer.Option(min=0, help="Number of shipped records, and of responses with a reward, to verify again.")
    ] = 32,
    seed: Annotated[int, typer.Option(help="Another number picks other records.")] = 0,
) -> None:
    """Check all checksums of a run and verify some of its shipped records again. Lists all that is wrong."""
    from factory.commands import audit

    place = looked_at(run_dir)
    settings = place.open_config()
    with place:
        found = interruptible(audit.audit(settings, place, sample, seed), "stopped; nothing was changed")
    passed = f"passed again: {found.reverified} of {found.records} records"
    rewards = f"; rewarded the same again: {found.rewards} responses" if found.rewards else ""
    say(f"whole: {found.parts} parts, {found.files} shard files; {passed}{rewards}")


@app.command()
def status(
    run_dir: RunDirArgument,
    watch: Annotated[bool, typer.Option("--watch", help="Update until the run is complete.")] = False,
    every: Annotated[float, typer.Option(min=0.1, metavar="S", help="Seconds between two updates of --watch.")] = 2.0,
) -> None:
    """Show the funnel, the rates and the cost of a run as of now."""
    from factory.commands import look
    from factory.run.summary import summarize

    place = looked_at(run_dir, watch)
    settings, todo = place.open_config(), place.open_problems()
    if watch:
        work = look.watch(settings, todo, place, every, console())
        summary = interruptible(work, "stopped watching; the run goes on")
    else:
        summary = summarize(settings, todo, place)
    show_summary(summary)


@app.command()
def report(
    run_dir: RunDirArgument,
    out_file: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="File to write; the default is RUN_DIR/report.html.")
    ] = None,
) -> None:
    """Write one HTML page about a run as of now: funnel, yields, cost, samples. The page needs no network."""
    from factory.commands import look
    from factory.run.opened import publish

    place = looked_at(run_dir)
    path = look.report(place.open_config(), place.open_problems(), place, out_file or place.report_file)
    say(f"report: {out_file or publish(place, path)}")


@app.command("problems")
def list_problems(
    path: Annotated[Path | None, typer.Argument(metavar="PATH", help="File, directory or URL of problems.")] = None,
    format_name: Annotated[
        str, typer.Option("--format", help="Name of the format; auto looks at the first row.")
    ] = "auto",
    dataset: Annotated[str | None, typer.Option(help="Id of a dataset on the hub, instead of PATH.")] = None,
    split: Annotated[str, typer.Option(help="Split of the dataset.")] = "test",
    revision: Annotated[str | None, typer.Option(help="Revision of the dataset.")] = None,
    sets: Set = None,
) -> None:
    """Show what a problem set holds: how many problems load, what each grants, which are refused, and why."""
    from factory.commands import look
    from factory.config import ProblemsOnly, parse_section
    from factory.report.terminal import print_problems

    given = {"path": path, "dataset": dataset, "split": split, "revision": revision, "format": format_name}
    section = parse_section(ProblemsOnly, tuple(sets or ()), {"problems": given})
    print_problems(console(), look.survey(section.problems, section))


@app.command()
def doctor() -> None:
    """Check this machine: what a run would use, what is missing, and which command installs it."""
    from factory.doctor import check

    if not check(console()):
        raise typer.Exit(1)


@app.command()
def schema(
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a page to read instead: docs/config.md.")
    ] = False,
) -> None:
    """Print the JSON schema of the config, for editors."""
    from factory.config.reference import json_schema, markdown

    sys.stdout.write(markdown() if as_markdown else json_schema())


def main() -> NoReturn:
    """Run a command. Errors of ours end it with a message and an exit code, without a traceback."""
    guarded(app)
