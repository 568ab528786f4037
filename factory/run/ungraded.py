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
    graded = {about: path for path in _parts(place, "verdicts") for about in _rollouts_of(path.relative_to(place.path))}
    return sum(_left(place, name, graded.get(name)) for name in begun | (whole - graded.keys()))


def _parts(place: RunDir, kind: str) -> list[Path]:
    return [*(place.path / kind).glob("*.parquet"), *(place.path / "translations").glob(f"*/{kind}/*.parquet")]


def _rollouts_of(verdicts: Path) -> list[Path]:
    """The names that the part of rollouts may have which a part of verdicts is about.

    Verdicts on translations also name what these were compared with, where the first round's rollouts do not.
    """
    folder, stem = verdicts.parent.parent / "rollouts", verdicts.name.removesuffix(".parquet")
    stems = [stem, stem.rpartition(".")[0]] if folder.parts[0] == "translations" else [stem]
    return [folder / f"{one}.parquet" for one in stems]


def _left(place: RunDir, name: Path, verdicts: Path | None) -> int:
    """How many of the rollouts of a part are not graded by `verdicts`."""
    rollouts = place.path / name
    there = max(_rows(rollouts), len(Journal(place.journal(rollouts)).indices()))
    return max(there - (_rows(verdicts) if verdicts else 0), 0)


def _rows(path: Path) -> int:
    """The number of rows of a part; 0 for one that is not there, or damaged: the next run makes it again."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):
        return 0
