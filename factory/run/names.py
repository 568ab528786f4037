"""How the files of a run are named: readable, and each by what it was made of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

from factory.config import Config
from factory.records import Maker, Problem, sha256

FIRST = Maker()
"""The generator of a run that names none, in its first round."""
CHUNK = re.compile(r"(?P<problem>[\w-]+)(?P<maker>\.[\w-]+\.\d+)?\.(?P<start>\d+)-(?P<stop>\d+)\.parquet", re.ASCII)
"""The name of a part of rollouts of one problem."""


@lru_cache(maxsize=1024)
def slug(name: str) -> str:
    """A file name for a problem's id or a generator: readable, and unique by a piece of its hash."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:60].strip("-")
    return f"{readable}-{sha256(name)[:8]}"


def stem(problem: Problem, maker: Maker) -> str:
    """How the names of a problem's parts by `maker` begin."""
    return f"{slug(problem.id)}{of_maker(maker)}"


def of_maker(maker: Maker) -> str:
    """What names the maker in a part's name; nothing for the first, of whom all parts were before there were others."""
    return "" if maker == FIRST else f".{slug(maker.generator)}.{maker.round}"


def makers(config: Config) -> list[Maker]:
    """Who makes the rollouts of a run."""
    return [generator.maker for generator in config.asked]


def against(others: Iterable[str]) -> str:
    """A short name of a set of programs or cases, given by their sha256; "" of none."""
    known = ",".join(sorted(others))
    return known and hashlib.sha256(known.encode()).hexdigest()[:8]


def span(indices: range) -> str:
    return f"{indices.start:06d}-{indices.stop:06d}"
