"""The ledger: what a run did and what it cost, a line an event, appended and never changed.

A line is a JSON object that ends with its `seal`: the sha256 of the seal of the line above and of the text before
it. Promises: a line that was changed, taken out or moved is found when the ledger is read, and named. A last line
without an end was never written: a kill came between, and the next line takes its place. Does not promise that
lines cut off at the end are missed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from factory.errors import PartError
from factory.storage.files import atomic, free_name, writing

_SEAL = re.compile(rb', "seal": "([0-9a-f]{64})"}\n')
_SEAL_BYTES = len(', "seal": ""}\n') + 64
_BLOCK = 65536


class Ledger:
    """Lines of the ledger at `path`. Any process may read it and, where the file system has locks, add to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, event: str, **facts: Any) -> None:
        """Add a line. Raises PartError where the last one is damaged."""
        text = json.dumps({"event": event, "at": round(time.time(), 3), **facts}, ensure_ascii=False)
        with writing(self.path), self.path.open("ab+") as file:
            _one_at_a_time(file)
            file.write(_sealed(text[:-1].encode("utf-8", "replace"), self._last_seal(file)))

    def _last_seal(self, file: IO[bytes]) -> bytes:
        """The seal of the last line, b"" where there is none. What follows the last end of a line is cut off."""
        end = file.tell()
        file.seek(max(end - _SEAL_BYTES, 0))
        if seal := _seal(file.read(_SEAL_BYTES)):  # as nearly always: the last line is whole
            return seal
        while end:
            start = max(end - _BLOCK, 0)
            file.seek(start)
            whole = file.read(end - start).rfind(b"\n") + 1
            end = start + whole
            if whole:
                break
        file.truncate(end)
        if not end:
            return b""
        file.seek(max(end - _SEAL_BYTES, 0))
        seal = _seal(file.read(_SEAL_BYTES))
        if not seal:
            raise PartError(f"{self.path}: its last line is damaged; remedy: run again")
        return seal

    def reader(self) -> Reader:
        return Reader(self.path)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every line. Raises PartError at the first that is damaged."""
        return self.reader().news()

    def whole_lines(self) -> Iterator[dict[str, Any]]:
        """Every line that is as it was written; what is damaged is passed over."""
        for _, body in self._bodies():
            if body is not None:
                yield json.loads(body + b"}")

    def mend(self) -> tuple[Path, list[int]] | None:
        """Where lines are damaged, keep the others: where the whole ledger now lies, and the numbers of those lines.

        None where nothing is wrong. Raises PartError where no line is whole, as in a ledger of another version.
        """
        damaged, whole = [], 0
        for number, body in self._bodies():
            damaged += [number] if body is None else []
            whole += body is not None
        if not damaged:
            return None
        if not whole:
            raise PartError(
                f"{self.path}: no line is whole: it is of another version, or spoilt; remedy: another --run-dir, or "
                "move it away; the costs in it are then lost"
            )
        aside, seal = free_name(self.path), b""
        aside.hardlink_to(self.path)  # so that a kill leaves one of them under the name
        with atomic(self.path) as temporary, temporary.open("wb") as file:
            for _, body in self._bodies():
                if body is not None:
                    line = _sealed(body, seal)
                    file.write(line)
                    seal = _seal(line)
        return aside, damaged

    def _bodies(self) -> Iterator[tuple[int, bytes | None]]:
        """The number of every line, and what was sealed; None where it is damaged."""
        if not self.path.exists():
            return
        seal = b""
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not _unfinished(line, seal):
                    yield number, _opened(line, seal)
                    seal = _seal(line)


class Reader:
    """Reads a ledger that may be growing; a line that is not ended yet waits for the next look."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._number, self._seal = path, 0, 0, b""

    def news(self) -> Iterator[dict[str, Any]]:
        """The lines since the last look. Raises PartError at the first that is damaged."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            for line in file:
                if _unfinished(line, self._seal):
                    return
                body = _opened(line, self._seal)
                if body is None:
                    raise PartError(
                        f"{self._path}: line {self._number + 1} is damaged (its seal is another); "
                        "remedy: run again: the other lines are kept"
                    )
                self._at, self._number = self._at + len(line), self._number + 1
                self._seal = _seal(line)
                yield json.loads(body + b"}")


def _one_at_a_time(file: IO[bytes]) -> None:
    """Wait while another process adds a line, where the file system has locks; closing the file lets the next one."""
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0, os.SEEK_END)


def _sealed(body: bytes, above: bytes) -> bytes:
    """The line of `body`, an object's text without its last brace, below a line with the seal `above`."""
    return b'%s, "seal": "%s"}\n' % (body, hashlib.sha256(above + body).hexdigest().encode())


def _seal(line: bytes) -> bytes:
    """The seal that a line says it has; b"" where it says none."""
    found = _SEAL.fullmatch(line[-_SEAL_BYTES:])
    return found[1] if found else b""


def _opened(line: bytes, above: bytes) -> bytes | None:
    """What was sealed, or None where the line is not as it was written."""
    body = line[:-_SEAL_BYTES]
    return body if line == _sealed(body, above) else None


def _unfinished(line: bytes, above: bytes) -> bool:
    """Whether a kill cut `line` short, or it is being written; one whose last byte alone is another was ended."""
    return not line.endswith(b"\n") and _opened(line[:-1] + b"\n", above) is None
