"""What views share: the type of one, columns that several have, and who counts in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from factory.records import Problem, ProblemOutcome, Question, Rollout, Status, Survivor, Verdict, cases_text, row_id
from factory.records.base import LanguageName
from factory.shards.prompts import question
from factory.shards.rows import GENERATOR, Cells

TEXT, INT = pa.string(), pa.int64()
MESSAGES = pa.list_(pa.struct([("role", TEXT), ("content", TEXT)]))
ORIGIN = [("source", TEXT), ("license", TEXT), ("difficulty", TEXT)]
LINEAGE = [("rollout_index", INT), ("code_sha256", TEXT), ("parent_sha256", TEXT), ("model", TEXT)]
WHO = [("id", TEXT), ("problem_id", TEXT), ("language", TEXT)]
TESTS = [(name, TEXT) for name in ("entry_point", "cases", "test_code", "comparison", "calling", "limits", "sandbox")]
RAN = {Status.WRONG_ANSWER, Status.RUNTIME_ERROR, Status.TIMEOUT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT}
"""What a program may end in that compiled, had its entry point, and was run."""
UNLABELLED = {Status.INFRASTRUCTURE_ERROR, Status.CONTAMINATED, Status.FILTERED}
"""Neither a reason to learn a program nor to unlearn it."""


@dataclass(frozen=True, slots=True)
class View:
    """`rows(outcome, split, first)` gives the rows of one problem; `first` is the number of rows before them there."""

    name: str
    about: str
    """One line for the dataset card."""
    use: str
    """Python for the card that trains on it; `rows` is the loaded view."""
    schema: pa.Schema
    rows: Callable[[ProblemOutcome, str, int], Iterable[Cells]]
    graded: bool = False
    """Whether it needs every rollout, not only survivors."""
    several: bool = False
    """Whether a row is of several rollouts, and its columns on generators are lists."""


def columns(view: View, generators: bool) -> pa.Schema:
    """The columns of a view; of a run with `generators`, they are behind those of any run."""
    if not generators:
        return view.schema
    named = [(name, pa.list_(kind)) for name, kind in GENERATOR] if view.several else GENERATOR
    return pa.schema([*view.schema, *named])


def teacher(outcome: ProblemOutcome, made: Survivor | Rollout) -> Mapping[str, Any]:
    """What a row says of the generator that made a program, where the run has several."""
    return outcome.teachers.get(made.generator, {})


def who(survivor: Survivor, prefix: str = "") -> Cells:
    return {
        "id": row_id(survivor),
        "problem_id": survivor.problem_id,
        **({} if prefix else {"language": survivor.language}),
        f"{prefix}rollout_index": survivor.index,
        f"{prefix}code_sha256": survivor.code_sha256,
        **({} if prefix else {"parent_sha256": survivor.parent}),
        "model": survivor.model,
    }


def origin(problem: Problem) -> dict[str, str]:
    return {"source": problem.meta.source, "license": problem.meta.license, "difficulty": problem.meta.difficulty}


def tests(outcome: ProblemOutcome, language: LanguageName) -> Cells:
    """What decided the verdicts on programs in `language`."""
    problem = outcome.tests_for(language)
    return {
        "entry_point": problem.entry_point,
        "cases": cases_text(problem.cases),
        "test_code": problem.test_code,
        "comparison": problem.comparison.model_dump_json(),
        "calling": json.dumps(problem.calling.as_json()),
        "limits": json.dumps(outcome.limits),
        "sandbox": json.dumps(outcome.sandbox),
    }


def groups(outcome: ProblemOutcome) -> dict[tuple[str, str | None, Question], list[tuple[Rollout, Verdict]]]:
    """Graded rollouts by what they were asked: language, for translations parent, and which prompt.

    Our failures are left out, and so is what repeats a benchmark; everything is left out where the tests are too weak.
    """
    groups: dict[tuple[str, str | None, Question], list[tuple[Rollout, Verdict]]] = {}
    for rollout, verdict in outcome.graded if not is_weak(outcome) else ():
        if verdict.status not in UNLABELLED:
            asked = question(outcome, verdict.language, rollout)
            groups.setdefault((verdict.language, rollout.parent, asked), []).append((rollout, verdict))
    return groups


def is_weak(outcome: ProblemOutcome) -> bool:
    """Whether nothing of the problem is kept because its tests let too much pass."""
    return outcome.review is not None and outcome.review.weak


def near_misses(graded: Sequence[tuple[Rollout, Verdict]]) -> list[tuple[Rollout, Verdict]]:
    """Distinct programs that ran and failed, those that passed most cases first."""
    distinct: dict[str, tuple[Rollout, Verdict]] = {}
    for rollout, verdict in graded:
        if verdict.status in RAN:
            distinct.setdefault(verdict.normal_form, (rollout, verdict))
    return sorted(distinct.values(), key=lambda one: (-one[1].cases_passed, one[1].index))
