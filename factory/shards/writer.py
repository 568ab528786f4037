"""Writes the shards of a run: parquet files, a manifest, a dataset card.

Promises: the same survivors and config give the same bytes in every file; the folder is replaced
as a whole, so it is never half of one export and half of another. `datasets.load_dataset(FOLDER)`
loads it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa

from factory.config import Config
from factory.parts import as_parquet, atomic
from factory.records import Problem, Survivor, sha256
from factory.run_dir import MAY_CHANGE
from factory.shards.card import card
from factory.shards.rows import row, schema


def write(
    folder: Path, config: Config, kept: Iterable[tuple[Problem, Survivor]], summary: dict[str, Any]
) -> dict[str, Any]:
    """Write all shards of a run to `folder`, in place of what is there; the manifest."""
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        manifest = _write(fresh, config, kept, summary)
        _replace(folder, fresh)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return manifest


def _write(
    folder: Path, config: Config, kept: Iterable[tuple[Problem, Survivor]], summary: dict[str, Any]
) -> dict[str, Any]:
    waiting: dict[str, list[dict[str, Any]]] = {"python": []}
    written: Counter[str] = Counter()
    files: list[dict[str, Any]] = []
    origins: dict[str, set[str]] = {"models": set(), "templates": set(), "licenses": set()}

    def flush(language: str) -> None:
        files.append(_shard(folder, language, written[language], waiting[language], config.shards.evidence))
        written[language] += 1
        waiting[language] = []

    for problem, survivor in kept:
        waiting.setdefault(survivor.language, []).append(row(problem, survivor, config.shards.evidence))
        origins["models"].add(survivor.model or "")
        origins["templates"].add(survivor.template or "")
        origins["licenses"].add(problem.meta.license)
        if len(waiting[survivor.language]) >= config.shards.rows:
            flush(survivor.language)
    for language in sorted(waiting):
        if waiting[language] or not written[language]:
            flush(language)
    files.sort(key=lambda item: str(item["path"]))
    manifest = _manifest(config, files, origins)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card(config, manifest, summary), encoding="utf-8")
    return manifest


def _shard(folder: Path, language: str, number: int, rows: list[dict[str, Any]], evidence: bool) -> dict[str, Any]:
    data = as_parquet(pa.Table.from_pylist(rows, schema=schema(evidence)))
    digest = hashlib.sha256(data).hexdigest()
    # `datasets` caches a folder by what its card says, not by its place: a name that tells the content keeps two
    # exports from being taken for one another.
    path = folder / "data" / f"{language}-{number:05d}-{digest[:12]}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path) as temporary:
        temporary.write_bytes(data)
    return {
        "path": str(path.relative_to(folder)),
        "language": language,
        "rows": len(rows),
        "bytes": len(data),
        "sha256": digest,
    }


def _manifest(config: Config, files: list[dict[str, Any]], origins: dict[str, set[str]]) -> dict[str, Any]:
    settled = config.model_dump(mode="json")
    for key in MAY_CHANGE:
        *way, last = key.split(".")
        section = settled
        for part in way:
            section = section[part]
        section.pop(last, None)
    reasons = {
        "rank.by: cpu": "cpu" in config.rank.by,
        "evidence": config.shards.evidence,
        "cost": config.cost.cpu_hour is not None,
    }
    varies = [name for name, used in reasons.items() if used]
    return {
        "name": config.name,
        "factory_version": metadata.version("rollout-factory"),
        "config_sha256": sha256(json.dumps(settled, sort_keys=True)),
        **{name: sorted(values - {""}) for name, values in origins.items()},
        "rows": sum(item["rows"] for item in files),
        "files": files,
        "schema": {field.name: str(field.type) for field in schema(config.shards.evidence)},
        "varies_from_run_to_run": varies,
    }


def _replace(folder: Path, fresh: Path) -> None:
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
