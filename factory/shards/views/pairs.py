"""Verified translations beside their source."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from factory.records import ProblemOutcome
from factory.shards.prompts import prompt, text
from factory.shards.rows import Cells
from factory.shards.views.base import INT, ORIGIN, TESTS, TEXT, View, origin, teacher, tests, who


def rows(outcome: ProblemOutcome, split: str, first: int) -> Iterator[Cells]:
    problem = outcome.problem
    parents = {survivor.code_sha256: survivor for survivor in outcome.survivors if survivor.parent is None}
    for survivor in outcome.survivors:
        parent = parents.get(survivor.parent or "")
        if parent is None:
            continue
        yield {
            **who(survivor, prefix="target_"),
            "prompt": text(prompt(outcome, survivor.language, survivor)),
            "source_language": parent.language,
            "source_code": parent.code,
            "target_language": survivor.language,
            "target_code": survivor.code,
            **tests(outcome, survivor.language),
            "source_rollout_index": parent.index,
            "source_code_sha256": parent.code_sha256,
            **origin(problem),
            **teacher(outcome, survivor),
        }


VIEW = View(
    "pairs",
    "a verified Python program (`source_code`) beside a verified translation (`target_code`), with the tests",
    'rows[0]["source_code"], rows[0]["target_code"]',
    pa.schema(
        [
            ("id", TEXT), ("problem_id", TEXT), ("prompt", TEXT), ("source_language", TEXT),
            ("source_code", TEXT), ("target_language", TEXT), ("target_code", TEXT), *TESTS,
            ("source_rollout_index", INT), ("source_code_sha256", TEXT), ("target_rollout_index", INT),
            ("target_code_sha256", TEXT), ("model", TEXT), *ORIGIN,
        ]
    ),
    rows,
)  # fmt: skip
