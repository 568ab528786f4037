"""The command line itself, and what several commands share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from factory import __version__
from factory.commands.process import console

if TYPE_CHECKING:
    from factory.records.summary import Summary

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


def show(summary: Summary) -> None:
    """Print the funnel and the cost of a run."""
    from factory.report.terminal import print_cost, print_funnel

    print_funnel(console(), summary)
    print_cost(console(), summary.cost)
