"""Slices: consecutive problems of a run, which are worked off, stored and resumed as one.

    RUN_DIR/slices/000000/  rollouts/ verdicts/ … ledger.jsonl       while it is open: laid out as a run directory
                            rollouts.parquet … slice.json            when it is done: sealed (`factory.run.sealed`)

Promises: which problems are in which slice follows from their order and the size that the run began with, and from
nothing else. A run of no more problems than a slice has is one slice, and lies in the run directory itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from factory.errors import ConfigError, PartError
from factory.records import Problem
from factory.run.directory import RunDir


@dataclass(frozen=True, slots=True)
class Slice:
    """Consecutive problems of a run, and where their parts are."""

    number: int
    problems: tuple[Problem, ...]
    dir: RunDir
    whole_run: bool
    """Whether it is the one slice of a run, whose parts lie in the run directory. Such a slice is never sealed."""

    @property
    def sealed(self) -> bool:
        return not self.whole_run and bool(self.dir.sealed)


def slices(problems: Sequence[Problem], run_dir: RunDir, working: bool = False) -> list[Slice]:
    """The slices of a run that was claimed, in order.

    Raises PartError where one is gone that was sealed, unless the run is `working` and will make it again.
    """
    size = run_dir.written.slice_size
    if not size:
        return [Slice(0, tuple(problems), run_dir, whole_run=True)]
    found = [
        Slice(number, tuple(problems[start : start + size]), run_dir.slice(number), whole_run=False)
        for number, start in enumerate(range(0, len(problems), size))
    ]
    for part in found if not working else ():
        if part.number in run_dir.written.slices and not part.dir.path.exists():
            raise PartError(f"{part.dir.path}: is gone, though the ledger says it was sealed; remedy: run again")
    return found


def numbers(text: str) -> range:
    """The slices of `--slices`: "A-B", both ends among them, or one number. Raises ConfigError."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal() and int(first) <= int(last or first)):
        raise ConfigError(f"--slices {text!r}: is no range of slices; remedy: A-B, as in --slices 0-99, or one number")
    return range(int(first), int(last or first) + 1)


def by_problem(problems: Sequence[Problem], run_dir: RunDir) -> Iterator[tuple[Problem, RunDir]]:
    """Every problem of a run with the directory that its parts are in."""
    for part in slices(problems, run_dir):
        for problem in part.problems:
            yield problem, part.dir
