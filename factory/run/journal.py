"""Rollouts of a part that is not whole yet: a line for each, appended as it comes.

Promises: a rollout that was added is read again by the next run, whatever ended this one; a line that was cut short, or
changed, is found by its checksum and left out, so that its rollout is asked for again. What stays is no part: nothing
but `factory.run.steps.sample` reads it, and it goes when the part holds every rollout that was asked for. Does not
promise to outlast the machine: lines are not fsynced, which costs more than what a loss of power may take.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import ValidationError

from factory.records import Rollout
from factory.storage.files import atomic

_CHECKSUM = 16
"""Hexadecimal digits of the sha256 of a line."""


class Journal:
    """The journal at `path`; one process at a time works on it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        return self.path.exists()

    def begin(self) -> None:
        """Be there, so that the part is known not to be whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()

    def add(self, rollout: Rollout) -> None:
        with self.path.open("ab", buffering=0) as file:
            file.write(_line(rollout.model_dump_json(exclude_none=True).encode("utf-8")))

    def read(self) -> list[Rollout]:
        """The rollouts in it, in the order they came. Lines that are damaged are taken out of the file."""
        if not self.exists():
            return []
        lines = self.path.read_bytes().splitlines(keepends=True)
        rollouts = [rollout for line in lines if (rollout := _rollout(line)) is not None]
        if len(rollouts) < len(lines):
            whole = b"".join(line for line in lines if _rollout(line) is not None)
            with atomic(self.path) as temporary:
                temporary.write_bytes(whole)
        return rollouts

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def _line(body: bytes) -> bytes:
    return b"%s %s\n" % (hashlib.sha256(body).hexdigest()[:_CHECKSUM].encode(), body)


def _rollout(line: bytes) -> Rollout | None:
    """The rollout of a line; None where the line is not as it was written."""
    body = line[_CHECKSUM + 1 : -1]
    if line != _line(body):
        return None
    try:
        return Rollout.model_validate_json(body)
    except ValidationError:
        return None
