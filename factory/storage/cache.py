"""Where the factory keeps what it makes once a machine: Go's compiled library, converted weights."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """$ROLLOUT_FACTORY_CACHE, else rollout-factory in the user's cache folder ($XDG_CACHE_HOME, or ~/.cache)."""
    if own := os.environ.get("ROLLOUT_FACTORY_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rollout-factory"
