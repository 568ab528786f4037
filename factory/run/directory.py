"""The run directory: what lies where, whose it is, and who may write to it now.

    config.yaml  problems/  open/  rollouts/  verdicts/  inputs/  review/  survivors/  translations/  shards/
    ledger.jsonl  summary.json

Promises: one config and one process at a time; a part's name says what it was made of, so what
exists is done. A config that only extends the old one (more rollouts, more workers) is taken over;
any other is refused with the difference.
"""

from __future__ import annotations

import errno
import fcntl
import gzip
import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar
from warnings import warn

import yaml

from factory.config import Config, validate
from factory.config.marks import Resume
from factory.config.resume import differences, keys
from factory.errors import ConfigError, DamageWarning, LockedError, PartError
from factory.records import Maker, Problem
from factory.run.ledger import Ledger
from factory.run.names import CHUNK, of_maker
from factory.run.paths import Paths
from factory.run.sealed import FACTS, Sealed
from factory.run.written import Written
from factory.storage import parts
from factory.storage.files import MOVE_ASIDE, checked, put, remove_temporary

T = TypeVar("T")

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EIO)
"""What `flock` answers on file systems that have no locks, or whose lock server is away."""
_NO_PATTERNS = ("[", "*", "?", "::")
"""What `datasets.load_dataset` reads as a pattern, or as a chained file system, in the path of a folder."""


class RunDir(Paths):
    """Paths of one run, and the lock on it. A context manager while the run works on it."""

    def __init__(self, path: Path, url: str = "") -> None:
        """`url` is where the run lies, if `path` is a copy of it (`factory.run.opened`).

        Raises ConfigError where `path` is a URL.
        """
        if "://" in str(path) or re.match(r"[a-z0-9]+:/", str(path)):
            raise ConfigError(f"{path}: is a URL; a run directory is a local path; remedy: a path without a scheme")
        super().__init__(path)
        self.url = url
        self._lock: int | None = None

    def __reduce__(self) -> tuple[type[RunDir], tuple[Path, str]]:
        """Goes to another process of this machine without its lock and without what it has read."""
        return RunDir, (self.path, self.url)

    @property
    def shown(self) -> str:
        """What the user calls it: its URL, or its path."""
        return self.url or str(self.path)

    # ---- what is there ----

    @property
    def ledger_is_gone(self) -> bool:
        """Whether there is work, and no ledger that would say which parts of it were written."""
        return not self.ledger().path.exists() and (self.slices.is_dir() or bool(self.all_chunks()))

    def all_chunks(self, *makers: Maker) -> dict[str, list[range]]:
        """The index ranges of which rollouts were sampled, ascending, by `slug` of the problem's id.

        Those by `makers`, or by anyone where none are named.

        Those whose part is gone are among them. Reads the whole folder: ask once a run, not once a problem.
        """
        found: dict[str, list[range]] = {}
        named = {of_maker(maker) for maker in makers}
        folder = self.path / "rollouts"
        there = {path.name for path in folder.glob("*.parquet")}
        there |= {Path(name).name for name in self.sealed if Path(name).parent == Path("rollouts")}
        gone = {Path(name).name for name in self.written.sampled if Path(name).parent == Path("rollouts")}
        begun = {path.with_suffix(".parquet").name for path in (self.path / "open" / "rollouts").glob("*.jsonl")}
        for name in there | gone | begun:
            part = CHUNK.fullmatch(name)
            if part is not None and (not named or (part["maker"] or "") in named):
                found.setdefault(part["problem"], []).append(range(int(part["start"]), int(part["stop"])))
        for chunks in found.values():
            chunks.sort(key=lambda indices: (indices.start, indices.stop))
        return found

    def has(self, path: Path) -> bool:
        """Whether the part at `path` was written. Raises PartError where it was, and is gone."""
        if path.exists() or self.name(path) in self.sealed:
            return True
        if self.name(path) not in self.written:
            return False
        self.written.refresh()  # another process may have dropped it, be writing it anew, or have sealed it
        self.forget()
        there = path.exists() or self.name(path) in self.sealed
        if self.name(path) in self.written and not there:
            raise PartError(f"{path}: is gone, though the ledger says it was written; remedy: run again")
        return there

    def read(self, path: Path, kind: type[T]) -> list[T]:
        """The records of the part at `path`. Raises PartError."""
        if not path.exists() and self.name(path) in self.sealed:
            return self.sealed.read(self.name(path), kind)
        self.has(path)  # one that is gone is named as such
        return parts.read(path, kind, self.written.sha256(self.name(path)))

    def slice(self, number: int) -> RunDir:
        """The directory of one of the slices of this run."""
        own = self.slices / f"{number:06d}"
        return RunDir(own, f"{self.url}/{self.slices.name}/{own.name}" if self.url else "")

    @cached_property
    def sealed(self) -> Sealed:
        """The parts that lie in sealed files, where this is a slice that is done."""
        return self.sealed_files()

    def sealed_files(self, salvage: bool = False) -> Sealed:
        """The same, read anew; `salvage` as of `Sealed`."""
        return Sealed(self.path, lambda: self.written.sha256(FACTS), salvage)

    def forget(self) -> None:
        """Look at the sealed files anew: they are others now."""
        self.__dict__.pop("sealed", None)

    def forget_all(self) -> None:
        """Look at the ledger and the sealed files anew."""
        self.__dict__.pop("written", None)
        self.forget()

    # ---- whose it is ----

    def claim(
        self,
        config: Config,
        problems: Iterable[Problem],
        inputs: Mapping[str, str] | None = None,
        alone: bool = True,
    ) -> None:
        """Make the directory this run's, or see that it is. A run without rollouts takes any config.

        `inputs` has the sha256 of files that rollouts come from, by their keys. Where this process is not `alone`,
        what looks half written may be another's, on another machine, and stays. Raises ConfigError with the difference.
        """
        if sign := next((sign for sign in _NO_PATTERNS if sign in str(self.path.absolute())), ""):
            why = f"has {sign!r} in it, and `datasets` would take the shards' path for a pattern"
            raise ConfigError(f"{self.path}: {why}; remedy: another path")
        problems = list(problems)
        if self._has_config():
            if self.all_chunks() or self.slices.is_dir():
                self._refuse_another(config, problems, inputs or {})
            if alone:
                remove_temporary(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.problems_file.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{problem.model_dump_json(exclude_unset=True)}\n" for problem in problems).encode()
        put(self.problems_copy, gzip.compress(lines, mtime=0))
        put(self.problems_file, lines)
        new = json.loads(config.model_dump_json())
        put(self.config_file, yaml.safe_dump(new, sort_keys=False, allow_unicode=True).encode())
        if not self.written.slice_size and not self.all_chunks() and 0 < config.slice < len(problems):
            self.log("sliced", problems=config.slice)

    def _refuse_another(self, config: Config, problems: Iterable[Problem], inputs: Mapping[str, str]) -> None:
        """Raise ConfigError where the run's rollouts would not be those of this config, these problems and inputs."""
        old = self.open_config().in_form_of(config)
        refused = differences(old, config)
        prices = [{it.name: it.engine.price for it in one.asked} for one in (old, config)]
        if old.sampling.budget and old.sampling.budget.usd is not None and prices[0].items() - prices[1].items():
            refused.append("price: an engine's is another, and sampling.budget.usd goes by it")
        if refused:
            shown = "\n".join(f"  {line}" for line in refused)
            grow, shrink = (", ".join(keys(Config, mark)) for mark in (Resume.EXTENDS, Resume.SHRINKS))
            raise ConfigError(
                f"{self.path}: belongs to another config:\n{shown}\n"
                "remedy: another --run-dir, or the old values. A run may only be extended: "
                f"{grow} may grow, and {shrink} may shrink"
            )
        for key, digest in self.written.started.get("inputs", {}).items():
            if inputs.get(key, digest) != digest:
                raise ConfigError(
                    f"{key}: the file holds other rollouts than when {self.path} began (its sha256 is another); "
                    "remedy: another --run-dir, or the old file"
                )
        lines = {problem.id: problem.model_dump_json(exclude_unset=True) for problem in problems}
        for line, now in zip_longest(self._problem_lines(), lines if self.written.slice_size else ()):
            if line is None:
                break
            known = json.loads(line)["id"]
            if now is not None and now != known and known in lines:
                raise ConfigError(
                    f"{self.path}: problem {now!r} has come where {known!r} was, and slices go by the order of the "
                    "problems; remedy: the old order, with new problems at the end"
                )
            if known not in lines:
                raise ConfigError(f"{self.path}: was started with problem {known!r}, which is no longer given")
            if lines[known] != line:
                raise ConfigError(f"{self.path}: problem {known!r} has changed since; remedy: another --run-dir")

    def _has_config(self) -> bool:
        return self.config_file.exists() or bool(self.written.started.get("config"))

    def open_config(self) -> Config:
        """The config of an existing run. Raises ConfigError, PartError.

        One that is damaged or gone is taken from the ledger, with a DamageWarning.
        """
        if not self._has_config():
            raise ConfigError(f"{self.shown}: is no run directory (it has no config.yaml)")
        return validate(Config, self._read_config(), str(self.config_file))

    def _read_config(self) -> dict[str, Any]:
        try:
            data: dict[str, Any] = yaml.safe_load(checked(self.config_file))
        except PartError as error:
            data = self.written.started.get("config") or {}
            if not data:
                raise
            warn(DamageWarning(f"{_without_remedy(error)}; the ledger's copy is used"), stacklevel=2)
        return data

    def open_problems(self) -> list[Problem]:
        """The problems of an existing run, in order; those that are damaged are read from their copy, with a
        DamageWarning. Raises PartError.
        """
        try:
            return [Problem.model_validate_json(line) for line in self._problem_lines()]
        except ValueError as error:
            raise PartError(f"{self.problems_file}: cannot be read: {error}") from None

    def _problem_lines(self) -> list[str]:
        try:
            data = checked(self.problems_file)
        except PartError as error:
            if not self.problems_copy.exists():
                raise
            data = gzip.decompress(checked(self.problems_copy))
            copy = self.problems_copy.name
            warn(DamageWarning(f"{_without_remedy(error)}; its copy {copy} is used"), stacklevel=2)
        return data.decode("utf-8").split("\n")[:-1]  # U+2028 ends none of its lines

    def __enter__(self) -> RunDir:
        """Lock the directory, if it can be written to and its file system has locks; else go on without."""
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
                raise
            return self  # an archive: nobody can write to it, and who tries meets this error again
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.__exit__()
            if error.errno not in NO_LOCKS:
                held = f"{self.path}: another process is working on this run; wait for it, or end it"
                raise LockedError(held) from None
            text = f"{self.path}: cannot be locked ({error.strerror}): see that no other process works on this run"
            warn(DamageWarning(text), stacklevel=2)
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # ---- what was spent ----

    def ledger(self) -> Ledger:
        return Ledger(self.path / "ledger.jsonl")

    @cached_property
    def written(self) -> Written:
        """What the ledger says was written."""
        return Written(self.ledger())

    def log(self, event: str, **facts: Any) -> None:
        """Append one line to the ledger. Raises PartError."""
        self.ledger().append(event, **facts)
        self.written.note({"event": event, **facts})


def _without_remedy(error: PartError) -> str:
    return str(error).removesuffix(f"; {MOVE_ASIDE}")
