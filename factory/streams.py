"""stdout and stderr that never end the work, and never show a secret: what cannot be shown is lost, the work is not.

Promises: a closed terminal or pipe, a full disk, and an encoding that lacks a character raise nothing where a text is
written. What stdout could not take is remembered, for the exit code. What was given to `hide` is shown as `***`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, TextIO

_LEAST = 8
"""Characters of a secret: fewer are found by chance in other words."""
_hidden: set[str] = set()


def hide(secret: str) -> None:
    """Show `secret` in no text from now on, neither as it is nor as `repr` and JSON write it."""
    if len(secret) >= _LEAST:
        _hidden.update((secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]))


def without_secrets(text: str) -> str:
    """`text` without what is hidden."""
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def guard() -> None:
    """Put tolerant streams in the place of stdout and stderr, and open those of 0, 1 and 2 that are closed.

    A file that is opened later would otherwise take the number, and get what is meant for the terminal.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    sys.stdout, sys.stderr = Stream(sys.stdout), Stream(sys.stderr)


class Stream:
    """Writes to a text stream as long as that takes it; in all else it is that stream."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream: TextIO = stream or _nowhere()
        self.lost: Exception | None = None
        """Why not everything was written; None where it was."""
        if hasattr(self._stream, "reconfigure"):
            self._stream.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        try:
            self._stream.write(without_secrets(text))
        except (OSError, ValueError) as error:
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Write to nowhere from now on, and let Python do so with what it still holds when it ends."""
        self.lost, old, self._stream = error, self._stream, _nowhere()
        try:
            os.dup2(self._stream.fileno(), old.fileno())
        except (OSError, ValueError):
            pass  # it has no file: there is nothing to be flushed at the end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
