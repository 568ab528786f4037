"""Every file below a run directory: who put it there (the run, a killed process, or somebody else), and whether it is
what was written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from factory.errors import DamagedPart, PartError
from factory.run.directory import RunDir
from factory.run.paths import COUNTS_SUFFIX
from factory.run.seal import FOLDERS, GIVEN
from factory.run.sealed import FACTS, KINDS, sealed_file
from factory.storage.files import MOVE_ASIDE, checked, digest, digest_file, is_leftover


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
    own |= {
        place.summary_file,
        place.report_file,
        place.report_file.with_suffix(COUNTS_SUFFIX),
        place.lock_file,
        place.ledger().path,
    }
    if place.sealed:
        own |= {
            *(place.path / name for name in GIVEN),
            place.path / FACTS,
            digest_file(place.path / FACTS),
            *(sealed_file(place.path, it) for it in KINDS),
        }
    loose = [path for path in place.path.iterdir() if path.is_file()]
    for path in sorted([*loose, *_in_part_folders(place), *(place.path / "problems").rglob("*")]):
        part = path.with_suffix("") if path.suffix == ".sha256" else path
        if path.is_file() and not (path in own or is_leftover(path.name) or _is_part(place, part)):
            yield path


def check_parts(place: RunDir) -> tuple[int, list[str]]:
    """How many parts are whole, and a line on each that is not, that is gone, or that is no part of the run."""
    found = [_check_folder(folder) for folder in folders(place)]
    return sum(whole for whole, _ in found), [*_own_gone(place), *(line for _, wrong in found for line in wrong)]


def _own_gone(place: RunDir) -> list[str]:
    """A line on each of the files that a run begins with and that is gone, though it has a copy."""
    due = [place.config_file, place.problems_file]
    if digest_file(place.problems_copy).exists():  # runs of old versions have no copy
        due.append(place.problems_copy)
    return [f"{path}: is gone; remedy: run again" for path in due if not path.exists()]


def _check_folder(place: RunDir) -> tuple[int, list[str]]:
    """The same of the run directory alone, or of one slice."""
    whole, wrong = 0, []
    try:
        for _ in place.ledger():
            pass
    except PartError as error:
        wrong.append(str(error))
    sealed: set[str] = set()
    if place.sealed:
        try:
            faults = place.sealed.faults()
            wrong += faults
            sealed = {FACTS, *place.sealed}
            whole += len(sealed) - 1 if not faults else 0
        except DamagedPart:
            sealed = set(place.written)  # what is damaged has been named
        except PartError as error:
            wrong.append(str(error))
            sealed = set(place.written)
    for path in checkable(place):
        fault = _part_fault(place, path)
        whole += not fault
        wrong += [fault] if fault else []
    for name in sorted(name for name in place.written if name not in sealed and not (place.path / name).is_file()):
        odd = (place.path / name).exists()
        gone = "is gone, though the ledger says it was written; remedy: run again"
        fault = f"is no file; {MOVE_ASIDE}" if odd else gone
        wrong.append(f"{place.path / name}: {fault}")
    return whole, wrong + [f"{path}: is not of this run; remedy: move it away" for path in foreign(place)]


def _part_fault(place: RunDir, path: Path) -> str:
    """What is wrong with a file that has its sha256 beside it, or ""."""
    recorded = place.written.sha256(place.name(path))
    try:
        data = checked(path)
    except DamagedPart as error:
        if recorded and digest(path) == recorded:
            return f"{digest_file(path)}: is damaged or gone; the part is what the ledger says; remedy: run again"
        return str(error)
    except PartError as error:
        return str(error)
    if place.name(path) in place.written.sampled and hashlib.sha256(data).hexdigest() != recorded:
        return f"{path}: is not the part that the ledger says was sampled"
    return ""


def _in_part_folders(place: RunDir) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (path for path in (place.path / folder).rglob("*") if path.is_file())


def _is_part(place: RunDir, path: Path) -> bool:
    """Whether the ledger knows the part at `path`; or it has its sha256, and a kill came before the ledger's line."""
    return place.name(path) in place.written or (path.suffix == ".parquet" and digest_file(path).exists())
