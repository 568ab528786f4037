"""The forms in which a run's data is shipped: one `View` each, a function from a problem's outcome to rows.

Promises: rows are a function of the outcome alone, in one order; every row tells its problem, its rollouts'
indices and, for a translation, its parent. `programs`, the verified programs with all that is needed to
verify them again, is always written; the others are chosen in `shards.views`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from factory.records import Problem, ProblemOutcome, Rollout, Status, Survivor, Verdict, cases_text
from factory.shards.rows import answer, messages, sampling_text, task

_TEXT, _INT = pa.string(), pa.int64()
_MESSAGES = pa.list_(pa.struct([("role", _TEXT), ("content", _TEXT)]))
_ORIGIN = [("source", _TEXT), ("license", _TEXT), ("difficulty", _TEXT)]
_LINEAGE = [("rollout_index", _INT), ("code_sha256", _TEXT), ("parent_sha256", _TEXT), ("model", _TEXT)]
_WHO = [("id", _TEXT), ("problem_id", _TEXT), ("language", _TEXT)]
_RAN = {Status.WRONG_ANSWER, Status.RUNTIME_ERROR, Status.TIMEOUT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT}
"""What a program may end in that compiled, had its entry point, and was run."""
_UNLABELLED = {Status.INFRASTRUCTURE_ERROR, Status.CONTAMINATED, Status.FILTERED}
"""What tells nobody to learn or unlearn a program."""


@dataclass(frozen=True, slots=True)
class View:
    """`rows(outcome, split, first)` gives the rows of one problem; `first` is the number of rows before them there."""

    name: str
    told: str
    """One line for the dataset card."""
    use: str
    """Python for the card that trains on it; `rows` is the loaded view."""
    schema: pa.Schema
    rows: Callable[[ProblemOutcome, str, int], Iterable[dict[str, Any]]]
    graded: bool = False
    """Whether it needs every rollout, not only survivors."""


def _sft(outcome: ProblemOutcome, split: str, first: int) -> Iterator[dict[str, Any]]:
    for survivor in outcome.survivors:
        yield {**_who(survivor), "messages": messages(outcome.problem, survivor), **_origin(outcome.problem)}


def _pretrain(outcome: ProblemOutcome, split: str, first: int) -> Iterator[dict[str, Any]]:
    for survivor in outcome.survivors:
        text = f"{task(outcome.problem, survivor.language)}\n\n{answer(survivor.code, survivor.language)}\n"
        yield {**_who(survivor), "text": text, **_origin(outcome.problem)}


def _pairs(outcome: ProblemOutcome, split: str, first: int) -> Iterator[dict[str, Any]]:
    problem = outcome.problem
    parents = {survivor.code_sha256: survivor for survivor in outcome.survivors if survivor.parent is None}
    for survivor in outcome.survivors:
        parent = parents.get(survivor.parent or "")
        if parent is None:
            continue
        yield {
            **_who(survivor, prefix="target_"),
            "prompt": problem.prompt,
            "source_language": parent.language,
            "source_code": parent.code,
            "target_language": survivor.language,
            "target_code": survivor.code,
            **_tests(outcome.tests_for(survivor.language)),
            "source_rollout_index": parent.index,
            "source_code_sha256": parent.code_sha256,
            **_origin(problem),
        }


def _preference(outcome: ProblemOutcome, split: str, first: int) -> Iterator[dict[str, Any]]:
    """Each survivor against one near miss, the best against the nearest; no program stands in two pairs."""
    problem = outcome.problem
    for (language, parent), graded in _groups(outcome).items():
        chosen = [one for one in outcome.survivors if (one.language, one.parent) == (language, parent)]
        for survivor, (_, miss) in zip(chosen, _near_misses(graded), strict=False):
            yield {
                "id": f"{problem.id}/{language}/{survivor.code_sha256[:12]}-{miss.code_sha256[:12]}",
                "problem_id": problem.id,
                "language": language,
                "prompt": [{"role": "user", "content": task(problem, language)}],
                "chosen": [{"role": "assistant", "content": answer(survivor.code, language)}],
                "rejected": [{"role": "assistant", "content": answer(miss.code, language)}],
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
                **_origin(problem),
            }


def _rl(outcome: ProblemOutcome, split: str, first: int) -> Iterator[dict[str, Any]]:
    """One row a language: the task, the tests, and the reward of every rollout that could be graded."""
    problem = outcome.problem
    by_language: dict[str, list[tuple[Rollout, Verdict]]] = {}
    for (language, _), graded in _groups(outcome).items():
        by_language.setdefault(language, []).extend(graded)
    for number, (language, graded) in enumerate(by_language.items()):
        truth = {"id": problem.id, "language": language, **_tests(outcome.tests_for(language))}
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
            **_origin(problem),
        }  # fmt: skip


def _rollouts(outcome: ProblemOutcome, split: str, first: int) -> Iterator[dict[str, Any]]:
    problem = outcome.problem
    for rollout, verdict in outcome.graded:
        unknown = verdict.status in _UNLABELLED or (_is_weak(outcome) and verdict.status is Status.PASSED)
        yield {
            "id": "/".join([problem.id, verdict.language, *([rollout.parent[:12]] if rollout.parent else []),
                            str(verdict.index)]),
            "problem_id": problem.id,
            "language": verdict.language,
            "prompt": [{"role": "user", "content": task(problem, verdict.language)}],
            "completion": [{"role": "assistant", "content": rollout.text}],
            "label": None if unknown else verdict.status is Status.PASSED,
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
            **_origin(problem),
        }  # fmt: skip


# ---- what rows have in common ----


def _who(survivor: Survivor, prefix: str = "") -> dict[str, Any]:
    return {
        "id": f"{survivor.problem_id}/{survivor.language}/{survivor.code_sha256[:12]}",
        "problem_id": survivor.problem_id,
        **({} if prefix else {"language": survivor.language}),
        f"{prefix}rollout_index": survivor.index,
        f"{prefix}code_sha256": survivor.code_sha256,
        **({} if prefix else {"parent_sha256": survivor.parent}),
        "model": survivor.model,
    }


def _origin(problem: Problem) -> dict[str, str]:
    return {"source": problem.meta.source, "license": problem.meta.license, "difficulty": problem.meta.difficulty}


def _tests(problem: Problem) -> dict[str, Any]:
    return {
        "entry_point": problem.entry_point,
        "cases": cases_text(problem.cases),
        "test_code": problem.test_code,
        "comparison": problem.comparison.model_dump_json(),
        "limits": problem.limits.model_dump_json(exclude_none=True),
    }


def _groups(outcome: ProblemOutcome) -> dict[tuple[str, str | None], list[tuple[Rollout, Verdict]]]:
    """Graded rollouts by what they were asked: language and, for translations, parent.

    Our failures are left out, and so is what repeats a benchmark; all of it where the tests are too weak to tell.
    """
    groups: dict[tuple[str, str | None], list[tuple[Rollout, Verdict]]] = {}
    for rollout, verdict in outcome.graded if not _is_weak(outcome) else ():
        if verdict.status not in _UNLABELLED:
            groups.setdefault((verdict.language, rollout.parent), []).append((rollout, verdict))
    return groups


def _is_weak(outcome: ProblemOutcome) -> bool:
    """Whether nothing of the problem is kept because its tests let too much pass."""
    return outcome.review is not None and outcome.review.weak


def _near_misses(graded: Sequence[tuple[Rollout, Verdict]]) -> list[tuple[Rollout, Verdict]]:
    """Distinct programs that ran and failed, those that passed most cases first."""
    distinct: dict[str, tuple[Rollout, Verdict]] = {}
    for rollout, verdict in graded:
        if verdict.status in _RAN:
            distinct.setdefault(verdict.normal_form, (rollout, verdict))
    return sorted(distinct.values(), key=lambda one: (-one[1].cases_passed, one[1].index))


_TESTS = [(name, _TEXT) for name in ("entry_point", "cases", "test_code", "comparison", "limits")]
VIEWS = {
    view.name: view
    for view in (
        View(
            "sft",
            "chats (`messages`) for supervised fine-tuning",
            'SFTTrainer("your/model", train_dataset=rows)',
            pa.schema([*_WHO, ("messages", _MESSAGES), *_LINEAGE, *_ORIGIN]),
            _sft,
        ),
        View(
            "pretrain",
            "plain `text`: the task, then the program in a fence",
            'SFTTrainer("your/model", train_dataset=rows)',
            pa.schema([*_WHO, ("text", _TEXT), *_LINEAGE, *_ORIGIN]),
            _pretrain,
        ),
        View(
            "pairs",
            "a verified Python program (`source_code`) beside a verified translation (`target_code`), with the tests",
            'rows[0]["source_code"], rows[0]["target_code"]',
            pa.schema(
                [
                    ("id", _TEXT), ("problem_id", _TEXT), ("prompt", _TEXT), ("source_language", _TEXT),
                    ("source_code", _TEXT), ("target_language", _TEXT), ("target_code", _TEXT), *_TESTS,
                    ("source_rollout_index", _INT), ("source_code_sha256", _TEXT), ("target_rollout_index", _INT),
                    ("target_code_sha256", _TEXT), ("model", _TEXT), *_ORIGIN,
                ]
            ),
            _pairs,
        ),
        View(
            "preference",
            "`chosen` passed every test; `rejected`, the nearest miss to the same prompt, failed `failing_case`",
            'DPOTrainer("your/model", train_dataset=rows)',
            pa.schema(
                [
                    *_WHO, ("prompt", _MESSAGES), ("chosen", _MESSAGES), ("rejected", _MESSAGES),
                    ("rejected_status", _TEXT), ("rejected_detail", _TEXT), ("failing_case", _TEXT),
                    ("rejected_cases_passed", _INT), ("cases_total", _INT), ("chosen_rollout_index", _INT),
                    ("chosen_code_sha256", _TEXT), ("rejected_rollout_index", _INT), ("rejected_code_sha256", _TEXT),
                    ("parent_sha256", _TEXT), *_ORIGIN,
                ]
            ),
            _preference,
            graded=True,
        ),
        View(
            "rl",
            "a problem a row, in verl's columns: the task, its tests, `responses` and `rewards` (1 passed, 0 not)",
            'GRPOTrainer("your/model", reward_funcs=factory.reward.passes, train_dataset=rows)',
            pa.schema(
                [
                    ("id", _TEXT), ("data_source", _TEXT), ("prompt", _MESSAGES), ("ability", _TEXT),
                    ("reward_model", pa.struct([("style", _TEXT), ("ground_truth", _TEXT)])),
                    ("extra_info", pa.struct([("split", _TEXT), ("index", _INT), ("problem_id", _TEXT),
                                              ("language", _TEXT), ("entry_point", _TEXT)])),
                    ("responses", pa.list_(_TEXT)), ("rewards", pa.list_(pa.float64())),
                    ("shares_passed", pa.list_(pa.float64())), ("statuses", pa.list_(_TEXT)),
                    ("rollout_indices", pa.list_(_INT)), ("parents_sha256", pa.list_(_TEXT)),
                    ("repair_of_sha256", pa.list_(_TEXT)), ("templates_sha256", pa.list_(_TEXT)), *_ORIGIN,
                ]
            ),
            _rl,
            graded=True,
        ),
        View(
            "rollouts",
            "every rollout as the model gave it, with its verdict and a `label` (passed or not), for reward models",
            'KTOTrainer("your/model", train_dataset=rows.filter(lambda row: row["label"] is not None))',
            pa.schema(
                [
                    *_WHO, ("prompt", _MESSAGES), ("completion", _MESSAGES), ("label", pa.bool_()), ("mode", _TEXT),
                    ("reasoning", _TEXT), ("finish_reason", _TEXT), ("completion_tokens", _INT), ("status", _TEXT),
                    ("detail", _TEXT), ("first_failure", _TEXT), ("cases_passed", _INT), ("cases_total", _INT),
                    ("code", _TEXT), ("import_fixes", pa.list_(_TEXT)), ("lint", pa.list_(_TEXT)),
                    ("duplicate_of", _INT), *_LINEAGE, ("repair_of_sha256", _TEXT), ("sampling", _TEXT),
                    ("template_sha256", _TEXT), *_ORIGIN,
                ]
            ),
            _rollouts,
            graded=True,
        ),
    )
}  # fmt: skip
"""The views there are to choose from, by name."""
