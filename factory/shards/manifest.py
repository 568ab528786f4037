"""What `manifest.json` says of a folder of shards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from factory.records.base import plain

PROGRAMS = "programs"
"""The view that is always written: verified programs with all that is needed to verify them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFile:
    """One parquet file, by its path in the folder; `bytes` is its size."""

    path: str
    view: str
    language: str | None = None
    """Of programs."""
    split: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Survivors that are in no shard."""

    language: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """Shares asked for, problems with records by split, and how many ids were to be held out."""

    shares: Mapping[str, float]
    problems: Mapping[str, int]
    held_out_ids: int


@dataclass(frozen=True, slots=True)
class ViewCounts:
    """Rows of a view, and its columns with their types."""

    rows: int
    schema: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder of shards holds, and what it was made with."""

    name: str
    factory_version: str
    code_sha256: str
    config_sha256: str
    """Of the values of the config that results depend on."""
    models: Sequence[str]
    templates: Sequence[str]
    licenses: Sequence[str]
    rows: int
    """Verified programs."""
    left_out: Sequence[LeftOut]
    splits: SplitCounts
    files: Sequence[ShardFile]
    schema: Mapping[str, str]
    """Of the verified programs."""
    views: Mapping[str, ViewCounts]
    """The views that the config chose."""
    varies_from_run_to_run: Sequence[str]

    @property
    def programs(self) -> list[ShardFile]:
        """The files of verified programs."""
        return [file for file in self.files if file.view == PROGRAMS]

    @property
    def languages(self) -> list[str]:
        """The languages of which there are programs."""
        return sorted({file.language for file in self.programs if file.language})

    @property
    def shipped_views(self) -> list[str]:
        """The views that have rows."""
        return [name for name, view in self.views.items() if view.rows]

    def as_text(self) -> str:
        """`manifest.json`."""
        return json.dumps(plain(self), indent=2, ensure_ascii=False) + "\n"
