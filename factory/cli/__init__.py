"""The commands. Each reads its input, calls the work, and prints the result.

Progress goes to stderr, results to stdout. Exit code 0: done. 1: the work failed. 2: the input is wrong. 130: stopped
by Ctrl-C or SIGTERM. Each command imports what it runs when it runs, so that `factory --help` takes no time.
"""

from __future__ import annotations

from typing import NoReturn

from factory.cli import work  # isort: skip - `factory --help` lists the commands in this order
from factory.cli import results  # isort: skip
from factory.cli import surroundings  # isort: skip
from factory.cli.base import app
from factory.commands.process import guarded

__all__ = ["app", "main", "results", "surroundings", "work"]


def main() -> NoReturn:
    """Run a command. Errors of ours end it with a message and an exit code, without a traceback."""
    guarded(app)
