"""The dataset card: what the Hub and `datasets` read (YAML), and what people read."""

from __future__ import annotations

from typing import Any

import yaml

from factory.config import Config

_TIERS = (
    ("rollouts", "sampled"),
    ("extracted", "with a program found in them"),
    ("compiled", "that compile"),
    ("passed", "that pass every test in the sandbox"),
    ("distinct", "distinct ones of those, by normal form"),
    ("kept", "kept"),
)


def card(config: Config, manifest: dict[str, Any], summary: dict[str, Any]) -> str:
    """README.md of a shard folder. A function of its arguments; nothing measured is taken from `summary`, but dollars.

    Those stand in it only where the config has prices.
    """
    languages = sorted({item["language"] for item in manifest["files"]})
    head = {
        "pretty_name": config.name,
        "tags": ["code", "synthetic", "verified"],
        "task_categories": ["text-generation"],
        "configs": [
            {"config_name": "default", "default": True, **_files(manifest, languages)},
            *({"config_name": name, **_files(manifest, [name])} for name in languages),
        ],
    }
    counts = {name: sum(item["rows"] for item in manifest["files"] if item["language"] == name) for name in languages}
    told = ", ".join(f"{count} in {name.capitalize()}" for name, count in counts.items())
    return "\n".join(
        [
            "---",
            yaml.safe_dump(head, sort_keys=False, allow_unicode=True).rstrip(),
            "---",
            "",
            f"# {config.name}",
            "",
            f"{manifest['rows']} programs ({told}), each executed in a sandbox on every test of its problem before it",
            "was kept. A row carries the tests, so every verdict can be earned again.",
            "",
            *_funnels(summary),
            "## Where it comes from",
            "",
            f"- Models: {', '.join(manifest['models']) or 'not recorded'}",
            f"- Licenses of the problems: {', '.join(manifest['licenses']) or 'not recorded'}",
            *_cost(summary["cost"]),
            f"- Made with rollout-factory {manifest['factory_version']}; config sha256 `{manifest['config_sha256']}`",
            "",
            "## Loading",
            "",
            "```python",
            "from datasets import load_dataset",
            "",
            'everything = load_dataset("path/to/this/folder", split="train")',
            f'one = load_dataset("path/to/this/folder", "{languages[-1]}", split="train")',
            "```",
            "",
            "`cases`, `comparison`, `limits` and `sampling` are JSON texts. `messages` is ready for supervised",
            "fine-tuning. `parent_sha256` of a translation is the `code_sha256` of the Python it was made from.",
            "`manifest.json` has the sha256 of every file.",
            "",
            "## Limits",
            "",
            "A program that passed did so on the tests its row carries, and is as right as those are.",
            "",
        ]
    )


def _cost(cost: dict[str, Any]) -> list[str]:
    """What a record cost; nothing where the config has no prices."""
    if "dollars_per_record" not in cost:
        return []
    return [f"- Cost: ${cost['dollars_per_record']:.6f} a verified record, ${cost['dollars']:,.4f} in all"]


def _files(manifest: dict[str, Any], languages: list[str]) -> dict[str, Any]:
    paths = [item["path"] for item in manifest["files"] if item["language"] in languages]
    return {"data_files": [{"split": "train", "path": paths}]}


def _funnels(summary: dict[str, Any]) -> list[str]:
    lines = ["## Funnel", ""]
    for name, part in summary["languages"].items():
        funnel = part["funnel"]
        if not funnel["rollouts"]:
            continue
        lines += [f"| {name.capitalize()} | rollouts |", "|---|---:|"]
        lines += [f"| {told} | {funnel[tier]} |" for tier, told in _TIERS]
        lines += [""]
        if part["pass_rates"]:
            rates = ", ".join(f"{rate} {value:.3f}" for rate, value in part["pass_rates"].items())
            lines += [f"Unbiased over {part['problems']} problems: {rates}.", ""]
    return lines
