"""Packages of `sandbox.packages`: fetched once a machine by pip, kept in the cache, shown read-only inside the wall.

Promises: only wheels are taken, and none of their code runs here; a layer appears whole or not at all, and two
processes never make it twice; a request, once resolved on this machine, means the same versions ever after. Does not
promise that an index has the same wheel for a version tomorrow.

    CACHE/packages/cpython-311-linux-x86_64/REQUEST.json   the exact versions that a request came to
    CACHE/packages/cpython-311-linux-x86_64/KEY/site/      the packages in these versions
    CACHE/packages/cpython-311-linux-x86_64/KEY/lib/       the shared libraries they load that a bare image lacks
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path, PurePath
from typing import TypeVar

from factory.config import GradingConfig, SandboxConfig
from factory.errors import ConfigError
from factory.storage.cache import cache_dir
from factory.storage.files import atomic, remove_temporary
from sandbox import Mount, SandboxSpec
from sandbox.boundary import image, inside
from sandbox.worker.packages import PLACE

S = TypeVar("S", bound=GradingConfig)
OPTIONS = (
    "--quiet --no-input --disable-pip-version-check --only-binary=:all: --no-warn-script-location "
    "--no-warn-conflicts --retries=1 --timeout=20"
).split()


@dataclass(frozen=True, slots=True)
class Layer:
    pins: tuple[str, ...]
    """NAME==VERSION of every package in it, sorted."""
    folder: Path

    def mounts(self) -> tuple[Mount, ...]:
        libraries = sorted((self.folder / "lib").iterdir())
        return (
            Mount(str(self.folder / "site"), PLACE),
            *(Mount(str(path), f"{inside.PYTHON}/lib/{path.name}") for path in libraries),
        )


def pinned(settings: S) -> S:
    """`settings` with the exact versions of `sandbox.packages`, those of dependencies too. Raises ConfigError."""
    asked = settings.sandbox.packages
    if not asked:
        return settings
    sandbox = settings.sandbox.model_copy(update={"packages": layer(asked).pins})
    return settings.model_copy(update={"sandbox": sandbox})


def wall(settings: SandboxConfig, mounts: tuple[Mount, ...] = ()) -> SandboxSpec:
    """What the settings ask of a wall, which shows their packages and `mounts`.

    Packages that this machine has not are fetched. Raises ConfigError.
    """
    return settings.wall(mounts + (layer(settings.packages).mounts() if settings.packages else ()))


def modules(packages: Sequence[str]) -> dict[str, list[str]]:
    """What can be imported of each package in the layer of `packages`, by NAME==VERSION. Raises ConfigError."""
    found = _distributions(layer(packages).folder / "site")
    return {pin: sorted(set(_importable(one.files or ()))) for pin, one in found.items()}


def _importable(files: Sequence[PurePath]) -> Iterator[str]:
    """The names of the modules and packages at the top of what a wheel installs."""
    for file in files:
        name = file.parts[0] if len(file.parts) > 1 else file.name.partition(".")[0]
        if file.suffix in (".py", ".so") and name.isidentifier():
            yield name


def layer(packages: Sequence[str]) -> Layer:
    """The layer of `packages`, each NAME or NAME==VERSION, made if missing. Raises ConfigError."""
    tag = f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
    return _layer(tuple(sorted(set(packages))), cache_dir().resolve() / "packages" / tag)


@cache
def _layer(asked: tuple[str, ...], folder: Path) -> Layer:
    try:
        if (known := _known(asked, folder)) is not None:
            return known
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return _known(asked, folder) or _made(asked, folder)
    except OSError as error:
        raise ConfigError(
            f"sandbox.packages: {_text(asked)}: cannot be kept in {folder}: {error}; "
            "remedy: set ROLLOUT_FACTORY_CACHE to a folder with 500 MB to spare"
        ) from None


def _known(asked: tuple[str, ...], folder: Path) -> Layer | None:
    """The layer that `asked` came to before, if it is still there."""
    pins = _resolved(asked, folder)
    found = Layer(pins, folder / _key(pins))
    return found if pins and found.folder.is_dir() else None


def _resolved(asked: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """The exact versions that `asked` came to before; none where it was not asked for."""
    request = folder / f"{_key(asked)}.json"
    return tuple(json.loads(request.read_bytes())) if request.exists() else ()


def _made(asked: tuple[str, ...], folder: Path) -> Layer:
    remove_temporary(folder)
    with _aside(folder / "new") as building:
        site, lib = building / "site", building / "lib"
        _install(asked, _resolved(asked, folder) or asked, site)
        lib.mkdir()
        for library in _libraries(site):
            shutil.copy(library, lib / library.name)
        _open_to_all(building)
        pins = tuple(_distributions(site))
        if not (folder / _key(pins)).exists():  # another request may have come to the same
            building.rename(folder / _key(pins))
    for request in {asked, pins}:
        with atomic(folder / f"{_key(request)}.json") as temporary:
            temporary.write_text(json.dumps(pins))
    return Layer(pins, folder / _key(pins))


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """An empty folder to fill, and to rename when all went well; gone at the end, if it was not."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _install(asked: tuple[str, ...], wanted: tuple[str, ...], site: Path) -> None:
    """Put the packages `wanted`, and what they need, into `site`. Raises ConfigError."""
    pip = [sys.executable, "-m", "pip"]
    done = subprocess.run(
        [*pip, "install", *OPTIONS, "--target", str(site), *wanted], capture_output=True, text=True, check=False
    )
    if not done.returncode:
        return
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        raise ConfigError(
            f"sandbox.packages: {_text(asked)}: pip is needed to fetch them, and this Python has none; "
            "remedy: python -m ensurepip"
        )
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[-1:]
    raise ConfigError(
        f"sandbox.packages: {_text(asked)}: pip could not install them: {' '.join(lines)[:400]}; remedy: name packages "
        "and versions that have a wheel for this Python, and see that pip reaches its index (PIP_INDEX_URL names one)"
    )


def _libraries(site: Path) -> list[Path]:
    """What the packages load that is neither theirs nor among what the interpreter itself loads."""
    modules = sorted(str(path) for path in site.rglob("*.so*") if path.is_file())
    if not modules:
        return []
    there = {Path(path).name for path in image.shared_libraries()}
    found = map(Path, image.libraries_of(modules))
    return sorted(path for path in found if path.name not in there and not path.resolve().is_relative_to(site))


def _distributions(site: Path) -> dict[str, metadata.Distribution]:
    """What is installed in `site`, by NAME==VERSION, sorted."""
    found = {f"{_normal(one.metadata['Name'])}=={one.version}": one for one in metadata.distributions(path=[str(site)])}
    return dict(sorted(found.items()))


def _open_to_all(folder: Path) -> None:
    """Let every user read it: inside the wall programs are nobody."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))


def _key(packages: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(packages).encode()).hexdigest()[:16]


def _normal(name: str) -> str:
    """A package's name as an index has it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _text(packages: Sequence[str]) -> str:
    return json.dumps(list(packages))
