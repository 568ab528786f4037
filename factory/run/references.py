"""Which references passed the tests of their problems before: what is checked once need not be at the next start.

Promises: a reference counts as checked where it passed as this text, on this problem, under these settings, by this
code and interpreter. Only passes are kept: what failed, perhaps for want of time on a busy machine, is tried again at
each start. A damaged line, or a folder that cannot be read or written, costs the check's time and nothing else.

Does not promise to notice that another interpreter's libraries, or an image of the same name, are other ones now.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from factory.config import GradingConfig
from factory.errors import ConfigError
from factory.problems import Loaded
from factory.provenance import code_sha256
from factory.records import sha256
from factory.storage.cache import cache_dir

KEPT_DAYS = 30.0
"""How long a file of passes is kept after its last use."""


class CheckedReferences:
    """The passes known for `settings`. A context manager; leaving it writes down what is new, also after an error."""

    def __init__(self, settings: GradingConfig) -> None:
        what = settings.model_dump_json(include={"limits", "max_limits", "sandbox", "verify"})
        name = hashlib.sha256(f"{code_sha256()} {sys.version} {what}".encode()).hexdigest()
        self._path: Path | None = None
        with contextlib.suppress(ConfigError):  # there is no home; what needs one says so
            self._path = cache_dir() / "references" / f"{name}.txt"
        self._known: dict[str, str] = {}
        """sha256 of the solution that passed, by that of the problem and all its solutions."""
        self._new: list[str] = []

    def __enter__(self) -> Self:
        if self._path is not None:
            with contextlib.suppress(OSError):
                pairs = (line.split() for line in self._path.read_text("ascii", "replace").splitlines())
                self._known = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
                os.utime(self._path)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.keep()

    def keep(self) -> None:
        """Write down what is new."""
        if self._path is None or not self._new:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _remove_unused(self._path.parent.glob("*.txt"))
            with self._path.open("a", encoding="ascii") as file:
                file.write("\n" + "".join(self._new))  # a kill may have left half a line
            self._new.clear()

    def passing(self, found: Loaded) -> str | None:
        """The solution of `found` that is known to pass, if one is."""
        passed = self._known.get(_key(found))
        return next((one for one in _solutions(found) if passed is not None and sha256(one) == passed), None)

    def add(self, found: Loaded, solution: str) -> None:
        """Keep that `solution` of `found` passed."""
        self._new.append(f"{_key(found)} {sha256(solution)}\n")


def _solutions(found: Loaded) -> tuple[str, ...]:
    return (found.problem.reference or "", *found.solutions)


def _key(found: Loaded) -> str:
    return sha256(json.dumps([found.problem.model_dump(), *found.solutions], default=repr))


def _remove_unused(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.stat().st_mtime < time.time() - KEPT_DAYS * 86400:
            path.unlink(missing_ok=True)
