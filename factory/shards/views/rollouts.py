"""Every graded rollout, with a label."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from factory.records import ProblemOutcome, Question, Status
from factory.shards.prompts import Chat, prompt, question, reply
from factory.shards.rows import Cells, sampling_text
from factory.shards.views.base import (
    INT,
    LINEAGE,
    MESSAGES,
    ORIGIN,
    TEXT,
    UNLABELLED,
    WHO,
    View,
    is_weak,
    origin,
    teacher,
)


def rows(outcome: ProblemOutcome, split: str, first: int) -> Iterator[Cells]:
    problem = outcome.problem
    ranks = {(one.language, one.parent, one.index): one.rank for one in outcome.survivors}
    prompts: dict[Question, Chat] = {}
    for rollout, verdict in outcome.graded:
        asked = question(outcome, verdict.language, rollout)
        if asked not in prompts:
            prompts[asked] = prompt(outcome, verdict.language, rollout)
        rank = ranks.get((verdict.language, rollout.parent, verdict.index))
        unknown = verdict.status in UNLABELLED or (is_weak(outcome) and verdict.status is Status.PASSED)
        yield {
            "id": "/".join([problem.id, verdict.language, *([rollout.parent[:12]] if rollout.parent else []),
                            str(verdict.index)]),
            "problem_id": problem.id,
            "language": verdict.language,
            "prompt": prompts[asked],
            "completion": [reply(rollout.text)],
            "prefill": rollout.prefill,
            "label": None if unknown else verdict.status is Status.PASSED,
            "kept": rank is not None,
            "rank": rank,
            "mode": rollout.mode,
            "reasoning": rollout.reasoning,
            "finish_reason": rollout.finish_reason,
            "completion_tokens": rollout.completion_tokens,
            "status": str(verdict.status),
            "detail": verdict.detail,
            "first_failure": verdict.first_failure and verdict.first_failure.as_text(),
            "cases_passed": verdict.cases_passed,
            "cases_total": verdict.cases_total,
            "code": verdict.code,
            "import_fixes": list(verdict.import_fixes),
            "lint": list(verdict.lint),
            "duplicate_of": verdict.duplicate_of,
            "rollout_index": verdict.index,
            "code_sha256": verdict.code_sha256,
            "parent_sha256": rollout.parent,
            "repair_of_sha256": rollout.repair_of,
            "model": rollout.model,
            "sampling": sampling_text(rollout.sampling),
            "template_sha256": rollout.template,
            **origin(problem),
            **teacher(outcome, rollout),
        }  # fmt: skip


VIEW = View(
    "rollouts",
    "every rollout as the model gave it, with its verdict and a `label` (passed or not), for reward models",
    'KTOTrainer("your/model", train_dataset=rows.filter(lambda row: row["label"] is not None))',
    pa.schema(
        [
            *WHO, ("prompt", MESSAGES), ("completion", MESSAGES), ("prefill", TEXT), ("label", pa.bool_()),
            ("kept", pa.bool_()), ("rank", INT), ("mode", TEXT), ("reasoning", TEXT), ("finish_reason", TEXT),
            ("completion_tokens", INT), ("status", TEXT), ("detail", TEXT), ("first_failure", TEXT),
            ("cases_passed", INT), ("cases_total", INT), ("code", TEXT), ("import_fixes", pa.list_(TEXT)),
            ("lint", pa.list_(TEXT)),
            ("duplicate_of", INT), *LINEAGE, ("repair_of_sha256", TEXT), ("sampling", TEXT),
            ("template_sha256", TEXT), *ORIGIN,
        ]
    ),
    rows,
    graded=True,
)  # fmt: skip
