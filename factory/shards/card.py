"""The dataset card: what the Hub and `datasets` read (YAML), and what people read.

Promises: a function of its arguments. What was measured is told only where the config asks for evidence, and dollars
where it has prices; without either the same rollouts give the same card. A section about something the run did not do
is left out.
"""

from __future__ import annotations

from typing import Any

import yaml

from factory.config import Config
from factory.shards.card_sections import SECTIONS, shipped_languages, shipped_views

_SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"), (1e7, "1M<n<10M"))


_LICENSES = frozenset(
    "apache-2.0 mit bsd-2-clause bsd-3-clause cc cc0-1.0 cc-by-4.0 cc-by-sa-4.0 cc-by-nc-4.0 cc-by-nc-sa-4.0 "
    "gpl-2.0 gpl-3.0 mpl-2.0 unlicense".split()
)
"""Licenses that the Hub knows by the SPDX name in lower case; any other is "other" there, and named in the text."""


def card(config: Config, manifest: dict[str, Any], summary: dict[str, Any]) -> str:
    """README.md of a shard folder."""
    head = yaml.safe_dump(_head(config, manifest), sort_keys=False, allow_unicode=True).rstrip()
    lines = ["---", head, "---", "", f"# {config.name}", ""]
    for section in SECTIONS:
        lines += section(config, manifest, summary)
    return "\n".join(lines)


def _head(config: Config, manifest: dict[str, Any]) -> dict[str, Any]:
    licenses = sorted({name.lower() if name.lower() in _LICENSES else "other" for name in manifest["licenses"]})
    rows = manifest["rows"]
    programs = [item for item in manifest["files"] if item["view"] == "programs"]
    configs = [{"config_name": "default", "default": True, **_files(programs)}]
    for name in shipped_languages(manifest):
        configs.append({"config_name": name, **_files([item for item in programs if item["language"] == name])})
    for name in shipped_views(manifest):
        configs.append({"config_name": name, **_files([item for item in manifest["files"] if item["view"] == name])})
    return {
        "pretty_name": config.name,
        **({"license": licenses[0] if len(licenses) == 1 else licenses} if licenses else {}),
        "tags": ["code", "synthetic", "verified"],
        "task_categories": ["text-generation"],
        "annotations_creators": ["machine-generated"],
        "size_categories": [next((name for most, name in _SIZES if rows < most), "n>10M")],
        "configs": configs,
    }


def _files(items: list[dict[str, Any]]) -> dict[str, Any]:
    """The files of one config by split. `datasets` refuses a split without rows: there is none but of an empty run."""
    by_split: dict[str, list[str]] = {}
    for item in items:
        by_split.setdefault(item["split"], []).append(item["path"])
    order = sorted(by_split, key=lambda split: (split != "train", split))
    return {"data_files": [{"split": split, "path": by_split[split]} for split in order]}
