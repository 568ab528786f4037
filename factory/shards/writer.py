"""Writes the shards of a run: parquet files, a manifest, a dataset card, and the sums of them all.

Promises: the same outcome and config give the same bytes in every file; never more than one problem and
some megabytes a file under way are held in memory; the folder is replaced as a whole, so it is never half
of one export and half of another. `datasets.load_dataset(FOLDER)` loads the verified programs,
`load_dataset(FOLDER, VIEW)` one of the views.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from factory import __version__
from factory.config import Config, ShardsConfig
from factory.config.resume import settled, varies
from factory.provenance import code_sha256
from factory.records import ProblemOutcome, sha256
from factory.records.summary import Summary
from factory.shards.answers import full
from factory.shards.card import card
from factory.shards.check import SUMS
from factory.shards.manifest import PROGRAMS, LeftOut, Manifest, ShardFile, ViewCounts
from factory.shards.rows import Cells, measured, row, schema, teachers
from factory.shards.splits import Splits
from factory.shards.views import VIEWS
from factory.shards.views.base import columns
from factory.storage.files import atomic, digest, writing
from factory.storage.parts import parquet_writer

GROUP_ROWS, GROUP_BYTES = 8192, 8 * 2**20
"""A row group is written when it has this many rows, or bytes of row data: no more is held of a file in memory."""


def write(folder: Path, config: Config, outcomes: Iterable[ProblemOutcome], summary: Summary) -> Manifest:
    """Write all shards of a run to `folder`, in place of what is there; the manifest. Raises ConfigError."""
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        manifest = _write(fresh, config, outcomes, summary)
        _replace(folder, fresh)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return manifest


def needs_rollouts(config: Config) -> bool:
    """Whether shards are made of every rollout, so that an outcome must have them."""
    settings = config.shards
    if settings.prompts == "asked" or settings.answers == "full":
        return True
    return any(VIEWS[name].graded for name in config.shards.views)


def _write(folder: Path, config: Config, outcomes: Iterable[ProblemOutcome], summary: Summary) -> Manifest:
    views: tuple[str, ...] = config.shards.views
    splits = Splits(config.shards)
    origins: dict[str, set[str]] = {"models": set(), "templates": set(), "licenses": set()}
    left_out: Counter[tuple[str, str]] = Counter()
    named = teachers(config)
    with ExitStack() as closing:
        shelves = _Shelves(folder, config, closing)
        for found in outcomes:
            limits = config.limits.over(found.problem.limits)
            outcome = replace(found, limits=limits, sandbox=config.sandbox.deciding(), teachers=named)
            if config.shards.answers == "full":
                outcome = replace(outcome, full=full(outcome))
            left_out.update((survivor.language, reason) for survivor, reason in outcome.left_out)
            if not (outcome.survivors or outcome.graded):
                continue
            _note_origins(origins, outcome)
            split = splits.place(outcome.problem.id)
            for survivor in outcome.survivors:
                shelf = shelves.of(PROGRAMS, split, survivor.language)
                shelf.add(row(outcome, survivor, config.shards.evidence))
            for name in views:
                shelf = shelves.of(name, split)
                for cells in VIEWS[name].rows(outcome, split, shelf.total):
                    shelf.add(cells)
        files = shelves.finish()
    manifest = _manifest(config, files, origins, splits, left_out)
    texts = {
        "README.md": card(config, manifest, summary),
        "manifest.json": manifest.as_text(),
    }
    sums = {file.path: file.sha256 for file in files} | {name: sha256(text) for name, text in texts.items()}
    texts[SUMS] = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        with atomic(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return manifest


def _schema(config: Config) -> pa.Schema:
    """The columns of the programs."""
    evidence = measured(config.translate.targets) if config.shards.evidence else ()
    return schema(evidence, bool(config.generators))


class _Shelf:
    """The rows of one view, split and (of programs) language, put into numbered files as they come."""

    def __init__(
        self, folder: Path, view: str, split: str, language: str | None, columns: pa.Schema, most: ShardsConfig
    ) -> None:
        self._folder, self._schema, self._most = folder, columns, most
        self._view, self._split, self._language = view, split, language
        self._stem = f"{view}/{split}" if language is None else f"data/{language}-{split}"
        self.total = 0
        self.files: list[ShardFile] = []
        self._waiting: list[Cells] = []
        self._waiting_bytes = self._rows = self._bytes = 0
        self._file: BinaryIO | None = None
        self._writer: pq.ParquetWriter | None = None

    def add(self, cells: Cells) -> None:
        size = _size(cells)
        if self._rows and (self._rows >= self._most.rows or self._bytes + size > self._most.max_bytes):
            self.end_file()
        self._waiting.append(cells)
        self.total += 1
        self._rows += 1
        self._bytes += size
        self._waiting_bytes += size
        if len(self._waiting) >= GROUP_ROWS or self._waiting_bytes >= GROUP_BYTES:
            self._flush()

    def end_file(self) -> None:
        """Write what waits, and give the file its name."""
        self._flush()
        self.close()
        size, sha = self._temporary.stat().st_size, digest(self._temporary)
        # `datasets` caches a folder by what its card says, not by its path: a name made of the content keeps two
        # exports from being taken for one another.
        path = self._folder / f"{self._stem}-{len(self.files):05d}-{sha[:12]}.parquet"
        self._temporary.rename(path)
        shard = ShardFile(
            path=str(path.relative_to(self._folder)),
            view=self._view,
            language=self._language,
            split=self._split,
            rows=self._rows,
            bytes=size,
            sha256=sha,
        )
        self.files.append(shard)
        self._rows = self._bytes = 0

    def close(self) -> None:
        """End the file that is open, if any."""
        with writing(self._temporary):
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.close()
            file, self._file = self._file, None
            if file is not None:
                with file:
                    file.flush()
                    os.fsync(file.fileno())

    @property
    def unfinished(self) -> bool:
        return self._rows > 0

    @property
    def _temporary(self) -> Path:
        path = self._folder / self._stem
        return path.with_name(f".{path.name}.tmp")

    def _flush(self) -> None:
        with writing(self._temporary):
            if self._writer is None:
                self._temporary.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._temporary.open("wb")  # pyarrow would take a path such as a:b/c for a URL
                self._writer = parquet_writer(self._file, self._schema)
            if self._waiting:  # `datasets` cannot load a row group of no rows
                self._writer.write_table(pa.Table.from_pylist(self._waiting, schema=self._schema))
        self._waiting, self._waiting_bytes = [], 0


class _Shelves:
    """The shelves of an export, each opened when the first row for it comes."""

    def __init__(self, folder: Path, config: Config, closing: ExitStack) -> None:
        self._folder, self._settings, self._closing = folder, config.shards, closing
        self._programs, self._generators = _schema(config), bool(config.generators)
        self._open: dict[tuple[str, str, str | None], _Shelf] = {}

    def of(self, view: str, split: str, language: str | None = None) -> _Shelf:
        key = (view, split, language)
        if key not in self._open:
            wanted = self._programs if view == PROGRAMS else columns(VIEWS[view], self._generators)
            self._open[key] = _Shelf(self._folder, *key, wanted, self._settings)
            self._closing.callback(self._open[key].close)
        return self._open[key]

    def finish(self) -> list[ShardFile]:
        """End every file; what was written, by path. What has no rows has no file: `datasets` cannot load such."""
        for shelf in self._open.values():
            if shelf.unfinished:
                shelf.end_file()
        return sorted((file for shelf in self._open.values() for file in shelf.files), key=lambda file: file.path)


def _size(value: Any) -> int:
    """Bytes of row data: text in UTF-8, eight for a number."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(_size, value))
    return 8


def _note_origins(origins: dict[str, set[str]], outcome: ProblemOutcome) -> None:
    origins["licenses"].add(outcome.problem.meta.license)
    known = [(one.model, one.template) for one in outcome.survivors]
    known += [(rollout.model, rollout.template) for rollout, _ in outcome.graded]
    origins["models"] |= {model or "" for model, _ in known}
    origins["templates"] |= {template or "" for _, template in known}


def _manifest(
    config: Config,
    files: Sequence[ShardFile],
    origins: dict[str, set[str]],
    splits: Splits,
    left_out: Counter[tuple[str, str]],
) -> Manifest:
    def rows(view: str) -> int:
        return sum(file.rows for file in files if file.view == view)

    return Manifest(
        name=config.name,
        factory_version=__version__,
        code_sha256=code_sha256(),
        config_sha256=sha256(json.dumps(settled(config), sort_keys=True)),
        **{name: sorted(values - {""}) for name, values in origins.items()},
        rows=rows(PROGRAMS),
        left_out=[LeftOut(*key, count) for key, count in sorted(left_out.items())],
        splits=splits.counts(),
        files=files,
        schema=_columns(_schema(config)),
        views={
            name: ViewCounts(rows(name), _columns(columns(VIEWS[name], bool(config.generators))))
            for name in config.shards.views
        },
        varies_from_run_to_run=varies(config),
    )


def _columns(columns: pa.Schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in columns}


def _replace(folder: Path, fresh: Path) -> None:
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
