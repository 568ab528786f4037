"""Files that are whole or not there, and whose damage is seen."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from factory.errors import DamagedPart, PartError

MOVE_ASIDE = "remedy: move it aside, and run again"
"""What to do about a file of a run that cannot be read. Not to delete it: rollouts cannot be had again."""


def put(path: Path, data: bytes) -> str:
    """Write `data` to `path` with its sha256 beside it, at once or not at all; the sha256."""
    digest = hashlib.sha256(data).hexdigest()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() != data:
        path.unlink()  # before its digest goes: a kill then leaves no part, rather than one that looks damaged
    with atomic(path) as temporary, atomic(digest_file(path)) as beside:
        # The digest is in place before the part is: what exists can be checked.
        beside.write_bytes(_digest_line(path, digest))
        temporary.write_bytes(data)
    return digest


def digest_file(path: Path) -> Path:
    """Where the sha256 of the part at `path` lies, in the form that `sha256sum --check` reads."""
    return path.with_name(f"{path.name}.sha256")


def set_aside(path: Path) -> Path:
    """Give a damaged part and its digest another name, under which nothing looks for parts; that name."""
    aside = free_name(path)
    path.rename(aside)
    digest_file(path).rename(digest_file(aside))
    return aside


def free_name(path: Path) -> Path:
    """A name beside a damaged file that none has yet."""
    aside = path.with_name(f"{path.name}.damaged")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    return aside


class atomic:  # noqa: N801 - reads as a verb: `with atomic(path) as temporary`
    """The way a file of a run comes to be: written aside, fsynced, renamed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")

    def __enter__(self) -> Path:
        return self._temporary

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._temporary.unlink(missing_ok=True)
            return
        with self._temporary.open("rb") as file:
            os.fsync(file.fileno())
        self._temporary.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def checked(path: Path) -> bytes:
    """The bytes of the part at `path`, seen to be those that were written. Raises DamagedPart, PartError."""
    try:
        data = path.read_bytes()
        if digest_file(path).read_bytes() != _digest_line(path, hashlib.sha256(data).hexdigest()):
            raise DamagedPart(f"{path}: is damaged (its sha256 is another); {MOVE_ASIDE}")
    except OSError as error:
        raise PartError(f"{path}: is damaged ({error}); {MOVE_ASIDE}") from None
    return data


def _digest_line(path: Path, digest: str) -> bytes:
    """The text of the digest file of the part at `path`."""
    return f"{digest}  {path.name}\n".encode("ascii")
