"""Which split a problem is in: decided by its id alone, so that no problem is ever in two.

Promises: the same id is in the same split in every run and every export with the same shares, whatever
other problems there are; a held out problem is in "holdout" and nowhere else.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from factory.config import ShardsConfig
from factory.errors import ConfigError
from factory.shards.manifest import SplitCounts

HOLDOUT = "holdout"


class Splits:
    """Places problems by a config, and counts where they went. Raises ConfigError for a holdout file without ids."""

    def __init__(self, settings: ShardsConfig) -> None:
        self._shares = settings.splits or {"train": 1.0}
        self._held_out = frozenset(_ids(settings.holdout))
        self._counts: Counter[str] = Counter()

    def place(self, problem_id: str) -> str:
        """The split of a problem; it is counted, so ask once a problem."""
        split = HOLDOUT if problem_id in self._held_out else self._drawn(problem_id)
        self._counts[split] += 1
        return split

    def _drawn(self, problem_id: str) -> str:
        point = int.from_bytes(hashlib.sha256(problem_id.encode()).digest()[:8], "big") / 2**64
        edge = 0.0
        for name, share in self._shares.items():
            edge += share
            if point < edge:
                return name
        return name

    def counts(self) -> SplitCounts:
        return SplitCounts(self._shares, dict(self._counts), len(self._held_out))


def _ids(holdout: tuple[str, ...] | Path) -> tuple[str, ...]:
    if not isinstance(holdout, Path):
        return holdout
    try:
        lines = holdout.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"shards.holdout: {holdout}: cannot be read ({error}); it is a file of problem ids, one a line"
        ) from None
    ids = tuple(line.strip() for line in lines if line.strip())
    if not ids:
        raise ConfigError(f"shards.holdout: {holdout}: holds no problem id; it is a file of them, one a line")
    return ids
