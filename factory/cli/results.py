"""The commands that look at a run, check it, and give its shards away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.base import RunDirArgument, app
from factory.commands.process import console, interruptible, looked_at, note, say, show_summary


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
