"""What lies where in a run directory, or in one slice of it."""

from __future__ import annotations

from pathlib import Path

from factory.records import Maker, Problem
from factory.run.names import FIRST, slug, span, stem

COUNTS_SUFFIX = ".problems.jsonl"
"""Of the file beside a report that has the counts of all problems, where the report lists only some."""


class Paths:
    """The paths below `path`; a part's name says what it was made of."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def config_file(self) -> Path:
        return self.path / "config.yaml"

    @property
    def problems_file(self) -> Path:
        return self.path / "problems" / "problems.jsonl"

    @property
    def problems_copy(self) -> Path:
        """The same problems, so that one flipped bit loses none; written before they are, and so never behind them."""
        return self.path / "problems" / "problems.jsonl.gz"

    @property
    def given_file(self) -> Path:
        """The programs that `factory translate` was given, as rollouts."""
        return self.path / "given.parquet"

    @property
    def lock_file(self) -> Path:
        return self.path / ".lock"

    @property
    def summary_file(self) -> Path:
        return self.path / "summary.json"

    @property
    def report_file(self) -> Path:
        return self.path / "report.html"

    @property
    def shards(self) -> Path:
        return self.path / "shards"

    @property
    def slices(self) -> Path:
        """Where the slices of a run lie that has several."""
        return self.path / "slices"

    def rollouts(self, problem: Problem, indices: range, maker: Maker = FIRST) -> Path:
        return self.path / "rollouts" / f"{stem(problem, maker)}.{span(indices)}.parquet"

    def verdicts(self, problem: Problem, indices: range, maker: Maker = FIRST) -> Path:
        return self.path / "verdicts" / f"{stem(problem, maker)}.{span(indices)}.parquet"

    def inputs(self, problem: Problem) -> Path:
        """What the model answered that was asked for inputs of a review."""
        return self.path / "inputs" / f"{slug(problem.id)}.parquet"

    @property
    def open(self) -> Path:
        """Where journals lie."""
        return self.path / "open"

    def journal(self, part: Path) -> Path:
        """Where the rollouts of `part` lie until it is whole."""
        return self.open / part.relative_to(self.path).with_suffix(".jsonl")

    def survivors(self, problem: Problem, plan: str) -> Path:
        return self.path / "survivors" / f"{slug(problem.id)}.{plan}.parquet"

    def review(self, problem: Problem, plan: str) -> Path:
        return self.path / "review" / f"{slug(problem.id)}.{plan}.parquet"

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
        name = f"{stem(problem, maker)}.{parent[:12]}.{round_number}{others and f'.{others}'}.parquet"
        return self.path / "translations" / target / kind / name

    def translated(self, target: str, problem: Problem, parent: str) -> Path:
        return self.path / "translations" / target / "survivors" / f"{slug(problem.id)}.{parent[:12]}.parquet"

    def name(self, path: Path) -> str:
        """What the ledger, and the part itself, call the part at `path`."""
        return path.relative_to(self.path).as_posix()
