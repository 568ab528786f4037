"""Survivors."""

from __future__ import annotations

from pathlib import Path

from factory.errors import PartError
from factory.records import Survivor
from factory.storage import parts


def _holds(path: Path, kept: tuple[Survivor, ...]) -> bool:
    try:
        return path.exists() and tuple(parts.read(path, Survivor)) == kept
    except PartError:
        return False
