"""Reinforcement learning: a problem a row, with its tests, rollouts and rewards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pyarrow as pa

from factory.records import ProblemOutcome, Question, Rollout, Status, Verdict
from factory.records.base import LanguageName
from factory.shards.prompts import prompt
from factory.shards.rows import GENERATOR, Cells
from factory.shards.views.base import INT, MESSAGES, ORIGIN, TEXT, View, groups, origin, teacher, tests


def rows(outcome: ProblemOutcome, split: str, first: int) -> Iterator[Cells]:
    """One row a prompt: the task, the tests, and the reward of every rollout of it that could be graded.

    Where rollouts of one prompt have several modes, each has a row.
    """
    problem = outcome.problem
    alike: dict[tuple[LanguageName, Question, str], list[tuple[Rollout, Verdict]]] = {}
    for (language, _, asked), graded in groups(outcome).items():
        for rollout, verdict in graded:
            alike.setdefault((language, asked, rollout.mode), []).append((rollout, verdict))
    there: set[Question] = set()
    for number, ((language, asked, mode), graded) in enumerate(alike.items()):
        others = [mode] if asked in there else []
        there.add(asked)
        yield {
            "id": "/".join([problem.id, language, *_programs(asked), *others]),
            "data_source": problem.meta.source or "rollout-factory",
            "prompt": prompt(outcome, language, graded[0][0]),
            "ability": "code",
            "reward_model": {"style": "rule", "ground_truth": ground_truth(outcome, language, mode)},
            "extra_info": {
                "split": split, "index": first + number, "problem_id": problem.id, "language": language,
                "entry_point": problem.entry_point,
            },
            "responses": [rollout.text for rollout, _ in graded],
            "rewards": [float(verdict.status is Status.PASSED) for _, verdict in graded],
            "shares_passed": [verdict.cases_passed / (verdict.cases_total or 1) for _, verdict in graded],
            "statuses": [str(verdict.status) for _, verdict in graded],
            "dropped_by": [verdict.dropped_by for _, verdict in graded],
            "rollout_indices": [verdict.index for _, verdict in graded],
            "parents_sha256": [rollout.parent for rollout, _ in graded],
            "repair_of_sha256": [rollout.repair_of for rollout, _ in graded],
            "templates_sha256": [rollout.template for rollout, _ in graded],
            **origin(problem),
            **_teachers(outcome, [rollout for rollout, _ in graded]),
        }  # fmt: skip


def _teachers(outcome: ProblemOutcome, rollouts: Sequence[Rollout]) -> Cells:
    """What the row says of the generators of `rollouts`, where the run has several: of each, a list."""
    if not outcome.teachers:
        return {}
    found = [teacher(outcome, rollout) for rollout in rollouts]
    return {name: [it.get(name) for it in found] for name, _ in GENERATOR}


def _programs(asked: Question) -> list[str]:
    """What tells a prompt from others of its language: nothing where all are the plain task."""
    return [sha256[:12] for sha256 in asked[1:] if sha256]


def ground_truth(outcome: ProblemOutcome, language: LanguageName, mode: str) -> str:
    """All that decides whether a program in `language` passes the tests, as JSON for `factory.reward`.

    `mode` is how programs are found in texts. With `limits.cpu_s: auto` the reference, by which it is measured, is
    there too.
    """
    problem = outcome.tests_for(language)
    truth = {"id": problem.id, "language": language, "mode": mode, "starter_code": problem.starter_code}
    truth |= {"prelude": problem.prelude} if problem.prelude else {}
    measured_by = {"reference": problem.reference} if outcome.limits.get("cpu_s") == "auto" else {}
    return json.dumps(truth | tests(outcome, language) | measured_by, ensure_ascii=False)


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
            ("dropped_by", pa.list_(TEXT)),
            ("rollout_indices", pa.list_(INT)), ("parents_sha256", pa.list_(TEXT)),
            ("repair_of_sha256", pa.list_(TEXT)), ("templates_sha256", pa.list_(TEXT)), *ORIGIN,
        ]
    ),
    rows,
    graded=True,
    several=True,
)  # fmt: skip
