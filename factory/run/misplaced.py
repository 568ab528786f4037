"""What lies under another's name in an open run: parts, found by the ledger's sha256, and lines of journals.

Promises: bytes that the ledger vouches for are found wherever they lie among the run's parts, and what lay in their
place is kept: in its own place, where it has one, else set aside. A rollout in the journal of another part goes to the
journal of its own. A kill in between loses nothing: the next run goes on. Does not promise to find what was moved out
of the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from factory.records import Maker, Rollout
from factory.run.directory import RunDir
from factory.run.journal import Journal
from factory.run.names import CHUNK, of_maker, slug
from factory.run.seal import FOLDERS
from factory.storage import files


class Misplaced:
    """The parts of `run_dir`, looked through when one is not what the ledger says; their sha256 are remembered."""

    def __init__(self, run_dir: RunDir) -> None:
        self._run_dir = run_dir
        self._digests: dict[Path, tuple[tuple[int, int, int], str]] = {}

    def put_back(self, path: Path) -> Path | None:
        """Give the part at `path` the bytes that the ledger vouches for: where they lay, or None if nowhere else."""
        wanted = self._run_dir.written.sha256(self._run_dir.name(path))
        if wanted is None or (path.is_file() and self._digest(path) == wanted):
            return None
        source = next((one for one in self._files(path.parent) if self._digest(one) == wanted), None)
        if source is None:
            return None
        aside = files.set_aside(path) if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        source.rename(path)
        if self._run_dir.name(source) not in self._run_dir.written:
            files.digest_file(source).unlink(missing_ok=True)
        if aside is not None and self._digest(aside) == self._run_dir.written.sha256(self._run_dir.name(source)):
            aside.rename(source)
            files.digest_file(aside).unlink(missing_ok=True)
        self._run_dir.log("put back", of=self._run_dir.name(path), lay=self._run_dir.name(source))
        return source

    def _files(self, first: Path) -> Iterator[Path]:
        """What may be a part: in the folder `first`, then in the others and the run directory itself."""
        root = self._run_dir.path
        found = [*root.glob("*.parquet*"), *(one for name in FOLDERS for one in (root / name).rglob("*"))]
        parts = (one for one in found if one.suffix != ".sha256" and one.is_file())
        yield from sorted(parts, key=lambda one: (one.parent != first, one))

    def _digest(self, path: Path) -> str:
        facts = path.stat()
        state = facts.st_ino, facts.st_size, facts.st_mtime_ns
        known = self._digests.get(path)
        if known is None or known[0] != state:
            known = self._digests[path] = state, files.digest(path)
        return known[1]


def sort_journals(run_dir: RunDir, names: Sequence[str]) -> Iterator[str]:
    """Move lines that lie in another part's journal to their own; a line for each journal that had such.

    `names` are the ids of the problems that the run works on. A line whose part is unknown stays where it is, where
    nothing reads it.
    """
    there = {path: Journal(path).read() for path in sorted(run_dir.open.rglob("*.jsonl"))}
    slugs = {slug(name) for name in names}
    for path, rollouts in there.items():
        homes = {id(one): _home(run_dir, path, one, there) for one in rollouts if not is_of(run_dir, path, one)}
        moved = [one for one in rollouts if homes.get(id(one)) is not None]
        for one in moved:
            journal = Journal(homes[id(one)] or path)
            journal.begin()
            journal.add(one)
        if moved:
            left = [one for one in Journal(path).read() if one not in moved]
            if left or path.name.split(".")[0] in slugs:
                Journal(path).write(left)
            else:
                path.unlink()
            yield f"{path}: {len(moved)} rollout(s) of other parts are put into the journals of those"


def is_of(run_dir: RunDir, path: Path, rollout: Rollout) -> bool:
    """Whether a rollout belongs into the journal at `path`, as far as their names tell."""
    if path.parent != _folder(run_dir, rollout):
        return False
    begins = f"{slug(rollout.problem_id)}{of_maker(Maker(rollout.generator, rollout.round))}."
    if rollout.parent is not None:
        begins += f"{rollout.parent[:12]}."
        repair_round = path.name.removeprefix(begins).split(".")[0]
        return path.name.startswith(begins) and (repair_round == "0") == (rollout.repair_of is None)
    found = CHUNK.fullmatch(path.with_suffix(".parquet").name)
    in_span = found is not None and rollout.index in range(int(found["start"]), int(found["stop"]))
    return in_span and path.name.startswith(begins)


def _folder(run_dir: RunDir, rollout: Rollout) -> Path:
    below = ("rollouts",) if rollout.parent is None else ("translations", rollout.language, "rollouts")
    return run_dir.open.joinpath(*below)


def _home(run_dir: RunDir, path: Path, rollout: Rollout, there: Mapping[Path, object]) -> Path | None:
    """The journal of a rollout that lies in the one at `path`; None where that is not certain."""
    parts = [run_dir.path / name for name in run_dir.written.sampled]
    known = [*there, *(run_dir.journal(part) for part in parts)]
    found = {one for one in known if is_of(run_dir, one, rollout)}
    if not found and rollout.parent is None and (span := CHUNK.fullmatch(path.with_suffix(".parquet").name)):
        maker = of_maker(Maker(rollout.generator, rollout.round))
        name = f"{slug(rollout.problem_id)}{maker}.{span['start']}-{span['stop']}.jsonl"
        found = {one for one in (_folder(run_dir, rollout) / name,) if is_of(run_dir, one, rollout)}
    return found.pop() if len(found) == 1 else None
