"""The dataset card: what the Hub and `datasets` read (YAML), and what people read.

Promises: a function of its arguments. What was measured is in it only where the config asks for evidence, and dollars
where it has prices; without either the same rollouts give the same card. A section about something the run did not do
is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import yaml
from pydantic import JsonValue

from factory.config import Config
from factory.records.summary import Summary
from factory.shards.card_sections import SECTIONS
from factory.shards.manifest import Manifest, ShardFile

_SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"), (1e7, "1M<n<10M"))


_LICENSES = frozenset(
    "apache-2.0 mit bsd-2-clause bsd-3-clause cc cc0-1.0 cc-by-4.0 cc-by-sa-4.0 cc-by-nc-4.0 cc-by-nc-sa-4.0 "
    "gpl-2.0 gpl-3.0 mpl-2.0 unlicense".split()
)
"""Licenses that the Hub knows by the SPDX name in lower case; any other is "other" there, and named in the text."""


def card(config: Config, manifest: Manifest, summary: Summary) -> str:
    """README.md of a shard folder."""
    head = yaml.safe_dump(_head(config, manifest), sort_keys=False, allow_unicode=True).rstrip()
    lines = ["---", head, "---", "", f"# {config.name}", ""]
    for section in SECTIONS:
        lines += section(config, manifest, summary)
    return "\n".join(lines)


def _head(config: Config, manifest: Manifest) -> dict[str, JsonValue]:
    licenses: list[JsonValue] = [*sorted({_hub_name(license) for license in manifest.licenses})]
    configs: list[JsonValue] = []
    if manifest.programs:
        configs.append({"config_name": "default", "default": True, **_files(manifest.programs)})
    for name in manifest.languages:
        configs.append({"config_name": name, **_files([file for file in manifest.programs if file.language == name])})
    for name in manifest.shipped_views:
        configs.append({"config_name": name, **_files([file for file in manifest.files if file.view == name])})
    return {
        "pretty_name": config.name,
        **({"license": licenses[0] if len(licenses) == 1 else licenses} if licenses else {}),
        "tags": ["code", "synthetic", "verified"],
        "task_categories": ["text-generation"],
        "annotations_creators": ["machine-generated"],
        "size_categories": [next((name for most, name in _SIZES if manifest.rows < most), "n>10M")],
        **({"configs": configs} if configs else {}),
    }


def _hub_name(license: str) -> str:
    return license.lower() if license.lower() in _LICENSES else "other"


def _files(files: Sequence[ShardFile]) -> dict[str, JsonValue]:
    """The files of one config by split."""
    by_split: dict[str, list[JsonValue]] = {}
    for file in files:
        by_split.setdefault(file.split, []).append(file.path)
    order = sorted(by_split, key=lambda split: (split != "train", split))
    return {"data_files": [{"split": split, "path": by_split[split]} for split in order]}
