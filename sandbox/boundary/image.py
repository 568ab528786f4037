"""What goes into the image that candidates run in, as tar archives. `docker.py` gives them to a daemon."""

from __future__ import annotations

import hashlib
import io
import platform
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from sandbox.boundary import inside

NAME = "rollout-factory-sandbox"
BASE_NAME = "rollout-factory-python"
DOCKERFILE = "sandbox.Dockerfile"
LEFT_OUT = (*inside.PACKAGES, "test", "idlelib", "ensurepip", "turtledemo")
"""Folders of a standard library that are no part of what a candidate may use."""
LIBRARIES = ("libgcc_s.so.1", "librt.so.1", "libdl.so.2", "libpthread.so.0", "libutil.so.1")
"""What programs load by name: the C library's other parts, and what it needs to cancel a thread."""


def dockerfile() -> Path:
    """The Dockerfile: of the repository, or the copy an installed package carries."""
    package = Path(__file__).parents[1]
    return next(path for root in (package.parent, package) if (path := root / "docker" / DOCKERFILE).exists())


def sources() -> list[Path]:
    return sorted(inside.WORKER_SOURCES.glob("*.py"))


def worker_digest() -> str:
    """Tells the worker of one version from that of another."""
    digest = hashlib.sha256(dockerfile().read_bytes())
    for path in sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def interpreter_digest() -> str:
    """Tells this interpreter from another."""
    return hashlib.sha256(f"{sys.version} {platform.machine()}".encode()).hexdigest()[:8]


def own_tag() -> str:
    """The image of this machine's interpreter and this version's worker."""
    return f"{NAME}:{worker_digest()}-{interpreter_digest()}"


def base_tag() -> tuple[str, str]:
    """Repository and tag of the image that holds this machine's interpreter alone."""
    return BASE_NAME, f"{platform.python_version()}-{interpreter_digest()}"


def context() -> io.BytesIO:
    """What the Dockerfile is built with."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.add(dockerfile(), DOCKERFILE, filter=_anybodys)
        for path in sources():
            archive.add(path, f"worker/{path.name}", filter=_anybodys)
    data.seek(0)
    return data


def write_interpreter(file: IO[bytes]) -> None:
    """Write a root file system that holds this machine's interpreter and the libraries it needs."""
    with tarfile.open(fileobj=file, mode="w") as archive:
        for source, target in inside.interpreter_files().items():
            archive.add(Path(source).resolve(), target, filter=_wanted)
        for path in sorted(shared_libraries()):
            archive.add(Path(path).resolve(), path, filter=_anybodys)


def shared_libraries() -> set[str]:
    """The libraries that the interpreter and its modules load, as the system's loader finds them."""
    modules = inside.stdlib().glob("lib-dynload/*.so")
    programs = [sys.executable, *(str(path) for path in modules if "tkinter" not in path.name)]
    found = libraries_of(programs) - set(inside.interpreter_files())
    named = (Path(inside.shared_libraries_folder()) / name for name in LIBRARIES)
    return found | {str(path) for path in named if path.exists()}


def libraries_of(files: Sequence[str]) -> set[str]:
    """The libraries that `files` load, as the system's loader finds them; those that it misses are left out."""
    return set(_paths(subprocess.run(["ldd", *files], capture_output=True, text=True, check=False).stdout))


def _paths(output: str) -> Iterator[str]:
    """Paths in what ldd prints: "name => path (address)", or "path (address)" for the loader."""
    for line in output.splitlines():
        if match := re.match(r"\s+(?:\S+ => )?(/\S+) \(0x", line):
            yield match[1]


def _wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if Path(entry.name).name in LEFT_OUT else _anybodys(entry)


def _anybodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode |= 0o555 if entry.isdir() or entry.mode & 0o100 else 0o444
    return entry
