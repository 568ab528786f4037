"""Preference pairs: a survivor against a near miss."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from factory.records import ProblemOutcome
from factory.records.survivor import row_id
from factory.shards.prompts import answer, prompt, question, reply
from factory.shards.rows import Cells
from factory.shards.views.base import INT, MESSAGES, ORIGIN, TEXT, WHO, View, groups, near_misses, origin, teacher


def rows(outcome: ProblemOutcome, split: str, first: int) -> Iterator[Cells]:
    """Each survivor against one near miss, the best against the nearest; no program is in two pairs."""
    problem = outcome.problem
    for (language, parent, asked), graded in groups(outcome).items():
        own = [one for one in outcome.survivors if (one.language, one.parent) == (language, parent)]
        chosen = [one for one in own if question(outcome, language, one) == asked]
        for survivor, (_, miss) in zip(chosen, near_misses(graded), strict=False):
            yield {
                "id": f"{row_id(survivor)}-{miss.code_sha256[:12]}",
                "problem_id": problem.id,
                "language": language,
                "prompt": prompt(outcome, language, survivor),
                "chosen": [reply(answer(survivor.code, language))],
                "rejected": [reply(answer(miss.code, language))],
                "rejected_status": str(miss.status),
                "rejected_detail": miss.detail,
                "failing_case": miss.first_failure and miss.first_failure.as_text(),
                "rejected_cases_passed": miss.cases_passed,
                "cases_total": miss.cases_total,
                "chosen_rollout_index": survivor.index,
                "chosen_code_sha256": survivor.code_sha256,
                "rejected_rollout_index": miss.index,
                "rejected_code_sha256": miss.code_sha256,
                "parent_sha256": parent,
                **origin(problem),
                **teacher(outcome, survivor),
            }


VIEW = View(
    "preference",
    "`chosen` passed every test; `rejected`, the nearest miss to the same prompt, failed `failing_case`",
    'DPOTrainer("your/model", train_dataset=rows)',
    pa.schema(
        [
            *WHO, ("prompt", MESSAGES), ("chosen", MESSAGES), ("rejected", MESSAGES),
            ("rejected_status", TEXT), ("rejected_detail", TEXT), ("failing_case", TEXT),
            ("rejected_cases_passed", INT), ("cases_total", INT), ("chosen_rollout_index", INT),
            ("chosen_code_sha256", TEXT), ("rejected_rollout_index", INT), ("rejected_code_sha256", TEXT),
            ("parent_sha256", TEXT), *ORIGIN,
        ]
    ),
    rows,
    graded=True,
)  # fmt: skip
