"""The commands that sample and grade."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.base import Set, app
from factory.commands.process import (
    console,
    exit_if_nothing_is_kept,
    exit_if_ungraded,
    interruptible,
    say,
    show_summary,
)


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
