"""The command line itself, and what several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.commands.process import show_version

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
