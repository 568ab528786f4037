"""Where this machine keeps its copies of runs that lie at URLs.

    CACHE/runs/SHA256-OF-THE-URL/  run/              objects.json  work.lock  sync.lock
                                   slices/000000/    objects.json  work.lock  sync.lock

A slice of a run has a copy of its own, so that several machines work on several slices; it lies in the run's copy, as
the slice lies in the run. The run's copy has everything else.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from factory.storage.cache import cache_dir

SLICES = "slices"
_SLICE = re.compile(rf"(?P<run>.+)/{SLICES}/(?P<number>\d{{6}})")


def is_slice(url: str) -> bool:
    """Whether it is the URL of a slice of a run."""
    return _SLICE.fullmatch(url) is not None


def path_of(url: str) -> Path:
    """Where the copy of the run, or of the slice, at a URL lies. Raises ConfigError."""
    part = _SLICE.fullmatch(url)
    return path_of(part["run"]) / SLICES / part["number"] if part else folder_of(url) / "run"


def folder_of(url: str) -> Path:
    """Where it is written down what is in that copy, with its locks. Raises ConfigError."""
    part = _SLICE.fullmatch(url)
    if part:
        return folder_of(part["run"]) / SLICES / part["number"]
    return cache_dir() / "runs" / hashlib.sha256(url.encode()).hexdigest()[:16]
