"""Files that a run reads, from wherever they lie: those of a URL are copied to the cache, and read there.

Promises: a copy is made anew when the object is another; nothing is copied of files of this machine. Messages name
the URL.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from factory.config.places import as_place
from factory.config.secrets import refuse_secrets
from factory.errors import StoreError
from factory.storage.cache import cache_dir
from factory.storage.files import atomic, digest, remove_temporary

_INDEX = ".objects.json"


@dataclass(frozen=True, slots=True)
class Input:
    """A file or folder to read: its place, and the path where it lies on this machine."""

    place: Path | str
    path: Path

    @property
    def is_copy(self) -> bool:
        return isinstance(self.place, str)

    def named(self, text: str) -> str:
        """A message or place that names the copy, with the URL in its stead."""
        return text.replace(str(self.path), self.place) if isinstance(self.place, str) else text

    def files(self) -> list[Path]:
        """The file, or all files of the folder in order."""
        return sorted(it for it in self.path.rglob("*") if it.is_file()) if self.path.is_dir() else [self.path]

    def sha256(self) -> str:
        """The sha256 of the file; of a folder, that of its files' names and sha256. Raises OSError."""
        if not self.path.is_dir():
            return digest(self.path)
        lines = (f"{digest(it)}  {it.relative_to(self.path).as_posix()}\n" for it in self.files())
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def local(place: Path | str) -> Input:
    """What lies at `place`; nothing is at its path where nothing is there. Raises ConfigError, StoreError, OSError."""
    place = as_place(place)
    if not isinstance(place, str):
        return Input(place, place)
    refuse_secrets({"path": place}, "a URL to read")
    from factory.storage.remote import Store  # here, since most runs read no URL

    store = Store(place)
    found = store.find()
    folder = cache_dir() / "inputs" / hashlib.sha256(place.encode()).hexdigest()[:16]
    path = folder / (place.rpartition("/")[2] or "files")
    if "" in found:  # an object, whatever lies below its name
        found = {"": found[""]}
    index = _index(folder)
    folder.mkdir(parents=True, exist_ok=True)
    remove_temporary(folder)
    _remove_others(path, found)
    for name, version in found.items():
        if ".." in name.split("/"):
            raise StoreError(f"{place}: an object's name leads out of the folder: {name!r}; remedy: rename it")
        to = path / name if name else path
        if index.get(name) != version or not to.is_file():
            store.fetch(name, to)
    with atomic(folder / _INDEX) as temporary:
        temporary.write_text(json.dumps(found))
    return Input(place, path)


def _remove_others(path: Path, found: Iterable[str]) -> None:
    """Remove what was copied to `path`, and is no longer there as an object."""
    wanted = {path / name if name else path for name in found}
    if path.is_dir() and path in wanted:
        shutil.rmtree(path)
    for file in [path, *path.rglob("*")]:
        if file.is_file() and file not in wanted:
            file.unlink()


def _index(folder: Path) -> dict[str, str]:
    """The versions of the objects that were copied; {} where that is not known."""
    try:
        found: dict[str, str] = json.loads((folder / _INDEX).read_text())
    except (OSError, ValueError):
        return {}
    return found
