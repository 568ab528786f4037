"""The commands that show what a run would find: problems, the machine, the keys of the config."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from factory.cli.base import Set, app
from factory.commands.process import console


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
