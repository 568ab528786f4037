"""Rollouts that have come and have no verdict yet: what a run that was stopped leaves to the next one.

Promises: counts what lies in the run directory, whoever left it there; changes nothing. Reads journals, and of parts
without verdicts the number of their rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from factory.records import Problem
from factory.run.directory import RunDir
from factory.run.journal import Journal
from factory.run.slices import slices


def ungraded(problems: Sequence[Problem], run_dir: RunDir) -> int:
    """How many there are in a run."""
    return sum(_of(part.dir) for part in slices(problems, run_dir, working=True) if not part.sealed)


def _of(place: RunDir) -> int:
    begun = {path.with_suffix(".parquet").relative_to(place.path / "open") for path in place.open.rglob("*.jsonl")}
    whole = {path.relative_to(place.path) for path in _parts(place, "rollouts")}
    graded = {_beside(path.relative_to(place.path)) for path in _parts(place, "verdicts")}
    return sum(_left(place, name) for name in begun | (whole - graded))


def _parts(place: RunDir, kind: str) -> list[Path]:
    return [*(place.path / kind).glob("*.parquet"), *(place.path / "translations").glob(f"*/{kind}/*.parquet")]


def _beside(name: Path) -> Path:
    """The part of rollouts that a part of verdicts is about, or the other way round."""
    other = "rollouts" if name.parent.name == "verdicts" else "verdicts"
    return name.parent.parent / other / name.name


def _left(place: RunDir, name: Path) -> int:
    rollouts, verdicts = place.path / name, place.path / _beside(name)
    there = max(_rows(rollouts), len(Journal(place.journal(rollouts)).indices()))
    return max(there - _rows(verdicts), 0)


def _rows(path: Path) -> int:
    """The number of rows of a part; 0 for one that is not there, or damaged: the next run makes it again."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):
        return 0
