"""Which code this is: more than a version number, which a working copy keeps while it changes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_PACKAGES = ("factory", "sandbox")


@cache
def code_sha256() -> str:
    """The sha256 over names and contents of all files of the factory and its sandbox, as they lie here."""
    root = Path(__file__).parents[1]
    whole = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()
