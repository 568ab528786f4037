"""The copy of a run directory behind a URL, on this machine's disk: all that works on a run works on it.

Promises: the copy is brought to what lies at the URL where another copy was the last to write there; where this one
was, it is ahead of the URL, and only what is missing of it is fetched. What this machine had made and another copy has
overtaken is set aside, and never deleted. Nothing is fetched into places outside the copy.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from factory.errors import ConfigError, LockedError, ObjectGone, StoreError
from factory.run.copy_paths import SLICES, folder_of, is_slice, path_of
from factory.run.directory import NO_LOCKS, RunDir
from factory.run.paths import COUNTS_SUFFIX
from factory.run.seal import GIVEN
from factory.run.sealed import FACTS, KINDS, sealed_file
from factory.storage import lease
from factory.storage.files import is_leftover
from factory.storage.remote import Store, at_once

LOOKS = 10
"""How often a run is listed anew whose objects change while they are fetched."""
LEDGER = "ledger.jsonl"
_REPORTS = ("report.html", f"report{COUNTS_SUFFIX}")
_OF_A_RUN = ("config.yaml", LEDGER, "problems/problems.jsonl", "given.parquet")
"""One of these lies in every run directory."""
_SEALED = (*GIVEN, *(sealed_file(Path(), kind).name for kind in KINDS))

Stat = tuple[int, int]
"""Bytes, and the time of the last change in ns: another where a file was written anew."""


def _is_kept(name: str) -> bool:
    own = name.rpartition("/")[2]
    return not (own in (".lock", lease.FOLDER) or is_leftover(own))


class WorkingCopy:
    """The copy of the run, or of the slice, at `url`.

    `objects` has the version and the file's `Stat` of all that is in both places.
    """

    def __init__(self, url: str, note: Callable[[str], None]) -> None:
        self.url, self.note = url, note
        self.path, self.folder, self.is_slice = path_of(url), folder_of(url), is_slice(url)
        self.store = Store(url, note)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.objects: dict[str, tuple[str, Stat]] = {}
        self.id, self._fetching = uuid4().hex, False
        try:
            said = json.loads((self.folder / "objects.json").read_text())
            self.id, self._fetching = said["copy"], said["fetching"]
            self.objects = {name: (it[0], (it[1], it[2])) for name, it in said["objects"].items()}
        except (OSError, ValueError, KeyError):
            self.keep_index()

    def keep_index(self) -> None:
        """Write down what is in both places."""
        objects = {name: (version, *stat) for name, (version, stat) in self.objects.items()}
        temporary = self.folder / f".objects.json.{os.getpid()}.tmp"
        temporary.write_text(json.dumps({"copy": self.id, "fetching": self._fetching, "objects": objects}))
        temporary.replace(self.folder / "objects.json")

    def is_kept(self, name: str) -> bool:
        """Whether a file or folder is kept at the URL by this copy: not locks, leases, what is half written or set
        aside, nor reports; nor slices, which have copies of their own.

        It is in a folder that is kept.
        """
        if not self.is_slice and (name in _REPORTS or name.split("/")[0] == SLICES):
            return False
        return _is_kept(name)

    def files(self) -> dict[str, Stat]:
        """What is kept at the URL of the files that are in the copy."""
        found: dict[str, Stat] = {}
        folders = [("", str(self.path))] if self.path.is_dir() else []
        while folders:
            above, path = folders.pop()
            try:
                entries = list(os.scandir(path))
            except FileNotFoundError:  # it has been removed, being empty
                continue
            for entry in entries:
                name = above + entry.name
                if not self.is_kept(name):
                    continue
                if entry.is_dir():
                    folders.append((f"{name}/", entry.path))
                elif (stat := stat_of(entry.path)) is not None:
                    found[name] = stat
        return found

    def see(self) -> None:
        """Raises ConfigError where something else than a run lies at the URL, StoreError."""
        self._find()

    def update(self, last: lease.Held | None) -> dict[str, str]:
        """Bring the copy to what lies at the URL, where `last` was the last to write; the versions of what lies there.

        Raises ConfigError where no run lies there, StoreError, OSError.
        """
        there = self._find()
        ledger = self.path / LEDGER
        if (
            last is not None
            and last.copy == self.id
            and not self._fetching
            and (ledger.exists() or LEDGER not in there)
        ):
            is_expected = self._expected()
            self._fetch(there, filter(is_expected, there.keys() - self.files().keys()))
            return there
        self._set_aside()
        for _ in range(LOOKS):
            try:
                self._fetch(there, {name for name, version in there.items() if not self._has(name, version)})
                now = self._find()
            except ObjectGone:
                now = self._find()
            else:
                if all(there.get(name) == version for name, version in now.items() if name.endswith(LEDGER)):
                    break
            there = now
        for name in self.files().keys() - there.keys():
            (self.path / name).unlink()
            self.objects.pop(name, None)
        self._fetching = False
        self.keep_index()
        return there

    def find_slices(self) -> dict[int, dict[str, str]]:
        """The slices that lie at the URL of this run, or here, by number: the versions of what lies there of each.

        Raises as `update`.
        """
        here = (self.path / SLICES).iterdir() if (self.path / SLICES).is_dir() else ()
        found: dict[int, dict[str, str]] = {int(it.name): {} for it in here if it.name.isdecimal()}
        for name, version in self._listed().items():
            top, _, rest = name.partition("/")
            number, _, own = rest.partition("/")
            if top == SLICES and number.isdecimal() and _is_kept(own):
                found.setdefault(int(number), {})[own] = version
        return dict(sorted(found.items()))

    def has_all(self, there: dict[str, str]) -> bool:
        """Whether the copy is what lies `there`, and nothing else."""
        return self.files().keys() == there.keys() and all(self._has(name, version) for name, version in there.items())

    def _find(self) -> dict[str, str]:
        """The versions of what lies at the URL and is kept by this copy. Raises as `_listed`."""
        return {name: version for name, version in self._listed().items() if self.is_kept(name)}

    def _listed(self) -> dict[str, str]:
        """The versions of what lies at the URL, but leases. Raises ConfigError where that is no run."""
        found = self.store.find()
        if "" in found:
            raise ConfigError(f"{self.url}: is an object, not a folder of a run; remedy: another URL")
        ours = any(name in _OF_A_RUN or name.startswith(f"{lease.FOLDER}/") for name in found)
        if found and not ours:
            raise ConfigError(f"{self.url}: other objects than a run's lie there; remedy: a URL below which nothing is")
        for name in found:
            if not {"", ".", ".."}.isdisjoint(name.split("/")):
                raise StoreError(f"{self.url}: an object's name leads out of the folder: {name!r}; remedy: rename it")
        return {name: version for name, version in found.items() if lease.FOLDER not in name.split("/")[:-1]}

    def _has(self, name: str, version: str) -> bool:
        known = self.objects.get(name)
        return known is not None and known == (version, stat_of(self.path / name))

    def _set_aside(self) -> None:
        """Where files were made here that the URL has never had, keep them under another name."""
        files = self.files()
        own = [name for name, stat in files.items() if name not in self.objects or self.objects[name][1] != stat]
        if own and not self._fetching:
            number = 1
            while (aside := self.folder / f"aside-{number}").exists():
                number += 1
            for name in files:
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                (self.path / name).rename(aside / name)
            self.note(
                f"{self.url}: another machine has gone on with this run; {len(own):,} file(s) of this one that had not "
                f"been uploaded are kept in {aside}"
            )
            self.objects = {}
        self._fetching = True
        self.keep_index()

    def _fetch(self, there: dict[str, str], names: Iterable[str]) -> None:
        """Copy objects, ledgers first: what a ledger names was there before its line was."""
        wanted = sorted(names)

        def fetch(name: str) -> None:
            self.store.fetch(name, self.path / name)
            stat = stat_of(self.path / name)
            if stat is not None:
                self.objects[name] = (there[name], stat)

        if len(wanted) > 1:
            self.note(f"{self.url}: {len(wanted):,} files are fetched to {self.path}")
        for several in (
            [name for name in wanted if name.endswith(LEDGER)],
            [name for name in wanted if not name.endswith(LEDGER)],
        ):
            at_once(fetch, several)
        if wanted:
            self.keep_index()

    def _expected(self) -> Callable[[str], bool]:
        """Says of a file that is not in the copy whether it should be: its ledger has it, or every run has it.

        Any other is one that the last process had removed, and not yet at the URL.
        """

        written = RunDir(self.path).written

        def is_expected(name: str) -> bool:
            own = name.removesuffix(".sha256")
            if own == LEDGER or own in written:
                return True
            if self.is_slice:
                return own in _SEALED and FACTS in written
            return "/" not in name or name.split("/")[0] in ("problems", "shards")

        return is_expected

    @contextmanager
    def syncing(self) -> Iterator[None]:
        """Hold the lock on changes that come from the URL. Raises LockedError where another holds it for too long."""
        number = lock(self.folder / "sync.lock", wait_s=lease.LEASE_S)
        if number is None:
            raise LockedError(f"{self.url}: another process on this machine fetches it; remedy: wait for it")
        try:
            yield
        finally:
            os.close(number)

    @contextmanager
    def working(self) -> Iterator[bool]:
        """Be the one process of this machine that works on the copy; whether it is sure that it is.

        Raises LockedError where another is.
        """
        number = lock(self.folder / "work.lock")
        if number is None:
            raise LockedError(
                f"{self.url}: another process on this machine is working on this run; wait for it, or end it"
            )
        try:
            yield number >= 0
        finally:
            if number >= 0:
                os.close(number)

    def is_worked_on(self) -> bool:
        """Whether a process of this machine works on the copy now."""
        number = lock(self.folder / "work.lock")
        if number is not None and number >= 0:
            os.close(number)
        return number is None


def stat_of(path: Path | str) -> Stat | None:
    """None where no file is there."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def lock(path: Path, wait_s: float = 0.0) -> int | None:
    """The number of the open file at `path`, locked; None where another has it; -1 where there are no locks."""
    number = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    ends = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number
        except OSError as error:
            if error.errno in NO_LOCKS:
                os.close(number)
                return -1
        if time.monotonic() >= ends:
            os.close(number)
            return None
        time.sleep(0.2)
