"""The run directory: what lies where, whose it is, and who may write to it now.

    config.yaml  problems/  open/  rollouts/  verdicts/  review/  survivors/  translations/  shards/
    ledger.jsonl  summary.json

Promises: one config and one process at a time; a part's name says what it was made of, so what
exists is done. A config that only extends the old one (more rollouts, more workers) is taken over;
any other is refused with the difference.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from factory.config import Config, validate
from factory.config.marks import Resume
from factory.config.resume import differences, keys
from factory.errors import ConfigError, PartError
from factory.records import Maker, Problem, sha256
from factory.run.ledger import Ledger
from factory.storage.files import checked, put

FIRST = Maker()
"""The generator of a run that names none, in its first round."""
_CHUNK = re.compile(r"(?P<problem>[\w-]+)(?P<maker>\.[\w-]+\.\d+)?\.(?P<start>\d+)-(?P<stop>\d+)\.parquet", re.ASCII)
"""The name of a part of rollouts of one problem."""


class RunDir:
    """Paths of one run, and the lock on it. A context manager while the run works on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    # ---- what lies where ----

    @property
    def config_file(self) -> Path:
        return self.path / "config.yaml"

    @property
    def problems_file(self) -> Path:
        return self.path / "problems" / "problems.jsonl"

    @property
    def summary_file(self) -> Path:
        return self.path / "summary.json"

    @property
    def report_file(self) -> Path:
        return self.path / "report.html"

    @property
    def shards(self) -> Path:
        return self.path / "shards"

    def rollouts(self, problem: Problem, indices: range, maker: Maker = FIRST) -> Path:
        return self.path / "rollouts" / f"{_stem(problem, maker)}.{_span(indices)}.parquet"

    def verdicts(self, problem: Problem, indices: range, maker: Maker = FIRST) -> Path:
        return self.path / "verdicts" / f"{_stem(problem, maker)}.{_span(indices)}.parquet"

    def journal(self, part: Path) -> Path:
        """Where the rollouts of `part` lie until it is whole."""
        return self.path / "open" / part.relative_to(self.path).with_suffix(".jsonl")

    def all_chunks(self, maker: Maker = FIRST) -> dict[str, list[range]]:
        """The index ranges of which rollouts by `maker` are there, ascending, by `slug` of the problem's id.

        Reads the whole folder: ask once a run, not once a problem.
        """
        found: dict[str, list[range]] = {}
        parts = {path.name for path in (self.path / "rollouts").glob("*.parquet")}
        begun = {path.with_suffix(".parquet").name for path in (self.path / "open" / "rollouts").glob("*.jsonl")}
        for name in parts | begun:
            part = _CHUNK.fullmatch(name)
            if part is not None and (part["maker"] or "") == _maker(maker):
                found.setdefault(part["problem"], []).append(range(int(part["start"]), int(part["stop"])))
        for chunks in found.values():
            chunks.sort(key=lambda indices: indices.start)
        return found

    def survivors(self, problem: Problem, rollouts: int) -> Path:
        return self.path / "survivors" / f"{slug(problem.id)}.{rollouts}.parquet"

    def review(self, problem: Problem, rollouts: int) -> Path:
        return self.path / "review" / f"{slug(problem.id)}.{rollouts}.parquet"

    def translation(
        self,
        target: str,
        problem: Problem,
        parent: str,
        round_number: int,
        kind: str,
        others: str = "",
        maker: Maker = FIRST,
    ) -> Path:
        """A part of candidates in a repair round, counted from 0.

        `kind` is "rollouts" or "verdicts"; `others` names what it depends on besides `parent`, see `against`.
        """
        name = f"{_stem(problem, maker)}.{parent[:12]}.{round_number}{others and f'.{others}'}.parquet"
        return self.path / "translations" / target / kind / name

    def translated(self, target: str, problem: Problem, parent: str) -> Path:
        return self.path / "translations" / target / "survivors" / f"{slug(problem.id)}.{parent[:12]}.parquet"

    # ---- whose it is ----

    def claim(self, config: Config, problems: Iterable[Problem]) -> None:
        """Make the directory this run's, or see that it is. Raises ConfigError with the difference."""
        if self.config_file.exists():
            refused = differences(self.open_config(), config)
            if refused:
                shown = "\n".join(f"  {line}" for line in refused)
                raise ConfigError(
                    f"{self.path}: belongs to another config:\n{shown}\n"
                    "remedy: another --run-dir, or the old values. A run may only be extended: "
                    f"{', '.join(keys(Config, Resume.EXTENDS))} may grow"
                )
        self._claim_problems(list(problems))
        self.path.mkdir(parents=True, exist_ok=True)
        new = json.loads(config.model_dump_json())
        put(self.config_file, yaml.safe_dump(new, sort_keys=False, allow_unicode=True).encode())

    def _claim_problems(self, problems: list[Problem]) -> None:
        lines = {problem.id: problem.model_dump_json(exclude_unset=True) for problem in problems}
        if self.problems_file.exists():
            for line in self._problem_lines():
                known = json.loads(line)["id"]
                if known not in lines:
                    raise ConfigError(f"{self.path}: was started with problem {known!r}, which is no longer given")
                if lines[known] != line:
                    raise ConfigError(f"{self.path}: problem {known!r} has changed since; remedy: another --run-dir")
        self.problems_file.parent.mkdir(parents=True, exist_ok=True)
        put(self.problems_file, "".join(f"{line}\n" for line in lines.values()).encode())

    def open_config(self) -> Config:
        """The config of an existing run. Raises ConfigError, PartError."""
        if not self.config_file.exists():
            raise ConfigError(f"{self.path}: is no run directory (it has no config.yaml)")
        return validate(Config, self._read_config(), str(self.config_file))

    def _read_config(self) -> dict[str, Any]:
        data: dict[str, Any] = yaml.safe_load(checked(self.config_file))
        return data

    def open_problems(self) -> list[Problem]:
        """The problems of an existing run, in order. Raises PartError."""
        try:
            return [Problem.model_validate_json(line) for line in self._problem_lines()]
        except ValueError as error:
            raise PartError(f"{self.problems_file}: cannot be read: {error}") from None

    def _problem_lines(self) -> list[str]:
        return checked(self.problems_file).decode("utf-8").split("\n")[:-1]  # U+2028 ends none of its lines

    def __enter__(self) -> RunDir:
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise ConfigError(f"{self.path}: another process is working on this run; wait for it, or end it") from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            os.close(self._lock)

    # ---- what was spent ----

    def ledger(self) -> Ledger:
        return Ledger(self.path / "ledger.jsonl")

    def log(self, event: str, **facts: Any) -> None:
        """Append one line to the ledger. Raises PartError."""
        self.ledger().append(event, **facts)


def slug(name: str) -> str:
    """A file name for a problem's id or a generator: readable, and unique by a piece of its hash."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:60].strip("-")
    return f"{readable}-{sha256(name)[:8]}"


def _stem(problem: Problem, maker: Maker) -> str:
    """How the names of a problem's parts by `maker` begin."""
    return f"{slug(problem.id)}{_maker(maker)}"


def _maker(maker: Maker) -> str:
    """What names the maker in a part's name; nothing for the first, of whom all parts were before there were others."""
    return "" if maker == FIRST else f".{slug(maker.generator)}.{maker.round}"


def against(others: Iterable[str]) -> str:
    """A short name of a set of programs or cases, given by their sha256; "" of none."""
    known = ",".join(sorted(others))
    return known and hashlib.sha256(known.encode()).hexdigest()[:8]


def _span(indices: range) -> str:
    return f"{indices.start:06d}-{indices.stop:06d}"
