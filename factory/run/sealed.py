"""The sealed files of a slice that is done: the rows of its many small parts, in one parquet file a kind of record.

    slice.json  rollouts.parquet  verdicts.parquet  review.parquet  survivors.parquet  ledger.jsonl

`slice.json` has the sha256 of each file, and what the slice comes to. Each file says in its metadata which rows are
which part's, in order.

Promises: a part is read from a sealed file as it was read from its own. A damaged file is found when it is first read,
by its sha256, and nothing in it is believed; opening the slice again saves those of its parts that the ledger vouches
for (`factory.run.seal`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from factory.errors import DamagedPart, PartError
from factory.records import Review, Rollout, Survivor, Verdict
from factory.storage import parts
from factory.storage.files import checked, digest

T = TypeVar("T")
KINDS: dict[str, type[Any]] = {"rollouts": Rollout, "verdicts": Verdict, "review": Review, "survivors": Survivor}
"""The sealed files by name, and the records in each."""
PARTS = b"factory.parts"
"""Key of the parquet metadata: [[name of a part, its rows], …] as JSON, in the order of the rows."""
FACTS = "slice.json"
VERSION = 1


def file_of(name: str) -> str:
    """In which of `KINDS` the part of that name is sealed: by its folder, also below `translations/LANGUAGE/`.

    What a model answered that was asked for inputs lies with the rollouts.
    """
    folders = name.split("/")
    if folders[0] == "inputs":
        return "rollouts"
    return folders[2] if folders[0] == "translations" else folders[0]


def sealed_file(folder: Path, kind: str) -> Path:
    return folder / f"{kind}.parquet"


class Sealed:
    """The sealed files in the folder of a slice; there are none while it is open.

    `recorded` gives the sha256 of `slice.json` that the ledger has. With `salvage` damaged files are read as well.
    """

    def __init__(self, folder: Path, recorded: Callable[[], str | None], salvage: bool = False) -> None:
        self._folder, self._recorded, self._salvage = folder, recorded, salvage
        self._files: dict[str, _File] = {}

    @property
    def facts_file(self) -> Path:
        return self._folder / FACTS

    @cached_property
    def _there(self) -> bool:
        return self.facts_file.exists() or self._recorded() is not None

    def __bool__(self) -> bool:
        """Whether the slice is sealed. One whose `slice.json` is gone is, if the ledger has it."""
        return self._there

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What `slice.json` says. Raises DamagedPart, and PartError where it is of a newer version."""
        if not self.facts_file.exists():
            raise DamagedPart(f"{self.facts_file}: is gone, though the ledger says it was written; remedy: run again")
        try:
            data = checked(self.facts_file)
        except DamagedPart:
            data = checked(self.facts_file, self._recorded())
        found: dict[str, Any] = json.loads(data)
        if found["version"] > VERSION:
            raise PartError(
                f"{self.facts_file}: is of version {found['version']}, and this factory knows {VERSION}; "
                "remedy: a newer version of rollout-factory"
            )
        return found

    def checked(self, name: str) -> Path:
        """The path of a sealed file, seen to be the one that was written. Raises DamagedPart."""
        path = self._folder / name
        if fault := _fault(path, self.facts["files"][name]):
            raise DamagedPart(fault)
        return path

    def __iter__(self) -> Iterator[str]:
        """The names of the parts, by file. Raises PartError."""
        for kind in KINDS if self else ():
            yield from self._file(kind).rows

    def __contains__(self, name: object) -> bool:
        return bool(self) and isinstance(name, str) and file_of(name) in KINDS and name in self._file_of(name).rows

    def read(self, name: str, kind: type[T]) -> list[T]:
        """The records of the part `name`, which is there. Raises DamagedPart, PartError."""
        return parts.records(self._folder / name, kind, self.table(name))

    def table(self, name: str) -> pa.Table:
        """The rows of the part `name`, which is there. Raises DamagedPart, PartError."""
        return self._file_of(name).table(name)

    def faults(self) -> list[str]:
        """A line on each file that is damaged or gone; reads all of them. Raises PartError as `facts` does."""
        found: list[str] = []
        try:
            files = self.facts["files"]
        except DamagedPart as error:
            return [str(error)]
        for name, said in files.items():
            found += filter(None, [_fault(self._folder / name, said)])
        return found

    def _file_of(self, name: str) -> _File:
        return self._file(file_of(name))

    def _file(self, kind: str) -> _File:
        if kind not in self._files:
            path = sealed_file(self._folder, kind)
            self._files[kind] = _File(path if self._salvage else self.checked(path.name))
        return self._files[kind]


def _fault(path: Path, said: dict[str, Any]) -> str:
    """What is wrong with a sealed file, or ""."""
    if not path.exists():
        return f"{path}: is gone; remedy: run again"
    if digest(path) != said["sha256"]:
        return f"{path}: is damaged (its sha256 is another); remedy: run again"
    return ""


class _File:
    """One sealed file; it has no rows where it is not there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: tuple[int, pa.Table] | None = None

    @cached_property
    def _parquet(self) -> pq.ParquetFile | None:
        if not self._path.exists():
            return None
        try:
            return pq.ParquetFile(self._path, page_checksum_verification=True)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DamagedPart(f"{self._path}: is no parquet file any more ({error}); remedy: run again") from None

    @cached_property
    def rows(self) -> dict[str, range]:
        """The rows of every part, by its name. Raises DamagedPart."""
        if self._parquet is None:
            return {}
        try:
            index = [(str(name), int(count)) for name, count in json.loads(self._parquet.metadata.metadata[PARTS])]
        except (KeyError, ValueError, TypeError) as error:
            raise DamagedPart(f"{self._path}: does not say whose its rows are ({error!r}); remedy: run again") from None
        ends = accumulate((count for _, count in index), initial=0)
        return {name: range(*ends) for (name, _), ends in zip(index, pairwise(ends), strict=True)}

    @cached_property
    def _groups(self) -> list[range]:
        """The rows of every row group."""
        assert self._parquet is not None
        about = self._parquet.metadata
        ends = accumulate((about.row_group(it).num_rows for it in range(about.num_row_groups)), initial=0)
        return [range(*both) for both in pairwise(ends)]

    def table(self, name: str) -> pa.Table:
        """The rows of a part, which lie in one row group, or are none at all."""
        wanted = self.rows[name]
        assert self._parquet is not None
        for number, group in enumerate(self._groups if wanted else ()):
            if wanted.start in group:
                return self._group(number).slice(wanted.start - group.start, len(wanted))
        return self._parquet.schema_arrow.empty_table()

    def _group(self, number: int) -> pa.Table:
        """A row group; the last one read is kept, since parts are mostly read in order."""
        if self._last is None or self._last[0] != number:
            assert self._parquet is not None
            try:
                self._last = number, self._parquet.read_row_group(number, use_threads=False)
            except (pa.ArrowException, OSError, ValueError) as error:
                raise DamagedPart(
                    f"{self._path}: is damaged in row group {number} ({error}); remedy: run again"
                ) from None
        return self._last[1]
