"""The parts of one run: each is made once, and read ever after.

Promises: `get_or_make` gives the records of a part that is whole and still valid, and makes the part otherwise. What
is made is on disk, with its sha256 in the ledger, before its records are given; a loss of power may take the names of
parts that can be made again, and they are. A damaged part that can be made again
is made again; one that cannot (rollouts are not the same twice) is set aside and never written over.
A part that is gone although the ledger has it is made again, with a note; one whose bytes lie under another name of the
run is put back (`misplaced`).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from factory.errors import DamagedPart, PartError
from factory.run.directory import RunDir
from factory.run.misplaced import Misplaced
from factory.storage import files, parts

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A file of records of one kind, and how the ledger and the user's screen name its making."""

    path: Path
    kind: type[T]
    event: str
    """The ledger's event for it, such as "verified"."""
    problem_id: str
    again: str
    """What a note calls making it again, such as "graded again"."""
    unique: bool = False
    """Whether its records cannot be had again: it is set aside when damaged, instead of being written over."""


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """Records that were just made, and what the ledger says of them beside their part."""

    records: Sequence[T]
    facts: dict[str, Any] = field(default_factory=dict)


class PartStore:
    """The parts in one run directory, which the caller has claimed and locked. `note` gets lines for the user."""

    def __init__(self, run_dir: RunDir, note: Callable[[str], None]) -> None:
        self._run_dir, self._note = run_dir, note
        self._misplaced = Misplaced(run_dir)

    async def get_or_make(
        self,
        part: Part[T],
        make: Callable[[], Awaitable[Made[T]]],
        still_valid: Callable[[list[T]], bool] = lambda records: True,
    ) -> list[T]:
        """The records of `part`; made now if it is missing, damaged, or no longer `still_valid`.

        Raises what `make` raises, and PartError for a unique part that cannot be read although its bytes are right.
        """
        there = self._read(part)
        if there is not None and still_valid(there):
            return there
        started = time.monotonic()
        made = await make()
        self._write(part, made, time.monotonic() - started)
        return list(made.records)

    def drop(self, path: Path) -> None:
        """Remove the part at `path`, if it is there: what it was made of is about to be another."""
        if path.exists():
            self._run_dir.log("dropped", part=self._run_dir.name(path))
            path.unlink()

    def _read(self, part: Part[T]) -> list[T] | None:
        name = self._run_dir.name(part.path)
        if not part.path.exists() and not self._put_back(part.path):
            if name in self._run_dir.written:
                self._note(f"{part.again}: {part.path}: is gone, though the ledger says it was written")
            return None
        recorded = self._run_dir.written.sha256(name)
        try:
            try:
                return parts.read(part.path, part.kind, recorded, mend=True)
            except PartError:
                if not self._put_back(part.path):
                    raise
                return parts.read(part.path, part.kind, recorded, mend=True)
        except DamagedPart as error:
            if not part.unique:
                self._note(f"{part.again}: {error}")
                return None
            aside = files.set_aside(part.path)
            self._run_dir.log("damaged", part=name, aside=self._run_dir.name(aside))
            self._note(f"{part.again}, the damaged part is now {aside.name}: {error}")
        except PartError as error:
            if part.unique:
                raise
            self._note(f"{part.again}: {error}")
        return None

    def _put_back(self, path: Path) -> bool:
        """Whether what the ledger has of the part at `path` lay under another name, and now lies under this one."""
        source = self._misplaced.put_back(path)
        if source is not None:
            self._note(f"{path}: lay under the name {source.name}, and is put back: its sha256 is that of the ledger")
        return source is not None

    def _write(self, part: Part[T], made: Made[T], wall_s: float) -> None:
        name = self._run_dir.name(part.path)
        digest = parts.write(part.path, part.kind, made.records, name, lasting=part.unique)
        facts = {"part": name, "sha256": digest, "problem": part.problem_id, **made.facts}
        self._run_dir.log(part.event, **facts, wall_s=round(wall_s, 3))
