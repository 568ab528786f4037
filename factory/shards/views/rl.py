"""Reinforcement learning: a problem a row, with its tests, rollouts and rewards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from factory.records import ProblemOutcome, Rollout, Status, Verdict
from factory.shards.rows import task
from factory.shards.views.base import INT, MESSAGES, ORIGIN, TEXT, View, groups, origin, tests


def rows(outcome: ProblemOutcome, split: str, first: int) -> Iterator[dict[str, Any]]:
    """One row a language: the task, the tests, and the reward of every rollout that could be graded."""
    problem = outcome.problem
    by_language: dict[str, list[tuple[Rollout, Verdict]]] = {}
    for (language, _), graded in groups(outcome).items():
        by_language.setdefault(language, []).extend(graded)
    for number, (language, graded) in enumerate(by_language.items()):
        truth = {"id": problem.id, "language": language, **tests(outcome.tests_for(language))}
        yield {
            "id": f"{problem.id}/{language}",
            "data_source": problem.meta.source or "rollout-factory",
            "prompt": [{"role": "user", "content": task(problem, language, named=True)}],
            "ability": "code",
            "reward_model": {"style": "rule", "ground_truth": json.dumps(truth, ensure_ascii=False)},
            "extra_info": {
                "split": split, "index": first + number, "problem_id": problem.id, "language": language,
                "entry_point": problem.entry_point,
            },
            "responses": [rollout.text for rollout, _ in graded],
            "rewards": [float(verdict.status is Status.PASSED) for _, verdict in graded],
            "shares_passed": [verdict.cases_passed / (verdict.cases_total or 1) for _, verdict in graded],
            "statuses": [str(verdict.status) for _, verdict in graded],
            "rollout_indices": [verdict.index for _, verdict in graded],
            "parents_sha256": [rollout.parent for rollout, _ in graded],
            "repair_of_sha256": [rollout.repair_of for rollout, _ in graded],
            "templates_sha256": [rollout.template for rollout, _ in graded],
            **origin(problem),
        }  # fmt: skip


VIEW = View(
    "rl",
    "a problem a row, in verl's columns: the task, its tests, `responses` and `rewards` (1 passed, 0 not)",
    'GRPOTrainer("your/model", reward_funcs=factory.reward.passes, train_dataset=rows)',
    pa.schema(
        [
            ("id", TEXT), ("data_source", TEXT), ("prompt", MESSAGES), ("ability", TEXT),
            ("reward_model", pa.struct([("style", TEXT), ("ground_truth", TEXT)])),
            ("extra_info", pa.struct([("split", TEXT), ("index", INT), ("problem_id", TEXT),
                                      ("language", TEXT), ("entry_point", TEXT)])),
            ("responses", pa.list_(TEXT)), ("rewards", pa.list_(pa.float64())),
            ("shares_passed", pa.list_(pa.float64())), ("statuses", pa.list_(TEXT)),
            ("rollout_indices", pa.list_(INT)), ("parents_sha256", pa.list_(TEXT)),
            ("repair_of_sha256", pa.list_(TEXT)), ("templates_sha256", pa.list_(TEXT)), *ORIGIN,
        ]
    ),
    rows,
    graded=True,
)  # fmt: skip
