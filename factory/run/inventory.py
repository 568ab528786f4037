"""Every file below a run directory, by who put it there: the run, a killed process, or somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from factory.run.directory import RunDir
from factory.run.seal import FOLDERS
from factory.run.sealed import FACTS, KINDS, sealed_file
from factory.run.sketches import SKETCHES
from factory.storage.files import digest_file, is_leftover


def folders(place: RunDir) -> list[RunDir]:
    """The run directory and those of its slices, in order."""
    found = sorted(place.slices.iterdir()) if place.slices.is_dir() else []
    return [place, *(RunDir(path) for path in found if path.is_dir() and path.name.isdecimal())]


def checkable(place: RunDir) -> Iterator[Path]:
    """Everything that has its sha256 beside it: the config, the problems and the parts, in order."""
    yield from (path for path in (place.config_file, place.problems_file, place.problems_copy) if path.exists())
    for path in sorted(_in_part_folders(place)):
        if path.suffix == ".parquet" and _is_part(place, path):
            yield path


def foreign(place: RunDir) -> Iterator[Path]:
    """Files that the factory has not put there, in order; those in `shards/` and in slices are not looked at."""
    own = {place.config_file, place.problems_file, place.problems_copy, place.given_file}
    own |= {digest_file(path) for path in own}
    own |= {place.summary_file, place.report_file, place.lock_file, place.ledger().path}
    if place.sealed:
        own |= {
            place.path / SKETCHES,
            place.path / FACTS,
            digest_file(place.path / FACTS),
            *(sealed_file(place.path, it) for it in KINDS),
        }
    loose = [path for path in place.path.iterdir() if path.is_file()]
    for path in sorted([*loose, *_in_part_folders(place), *(place.path / "problems").rglob("*")]):
        part = path.with_suffix("") if path.suffix == ".sha256" else path
        if path.is_file() and not (path in own or is_leftover(path.name) or _is_part(place, part)):
            yield path


def _in_part_folders(place: RunDir) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (path for path in (place.path / folder).rglob("*") if path.is_file())


def _is_part(place: RunDir, path: Path) -> bool:
    """Whether the ledger knows the part at `path`; or it has its sha256, and a kill came before the ledger's line."""
    return place.name(path) in place.written or (path.suffix == ".parquet" and digest_file(path).exists())
