"""Where the factory keeps what it makes once a machine: Go's compiled library, converted weights."""

from __future__ import annotations

import os
from pathlib import Path

from factory.errors import ConfigError


def cache_dir() -> Path:
    """$ROLLOUT_FACTORY_CACHE, else rollout-factory in the user's cache folder ($XDG_CACHE_HOME, or ~/.cache).

    Raises ConfigError where the user has no home.
    """
    if own := os.environ.get("ROLLOUT_FACTORY_CACHE"):
        return Path(own)
    if caches := os.environ.get("XDG_CACHE_HOME"):
        return Path(caches) / "rollout-factory"
    try:
        return Path.home() / ".cache" / "rollout-factory"
    except RuntimeError:
        raise ConfigError(
            f"HOME: is not set, and uid {os.getuid()} has no home; remedy: set ROLLOUT_FACTORY_CACHE to a folder that "
            "can be written to"
        ) from None
