"""What decided the verdicts of a row, read back from the row alone: the other end of `factory.shards.views.rl`.

Promises: nothing but the row decides which program is found in a text and whether it passes; what was written before a
key existed has that key's default.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import ValidationError

from factory.config import GradingConfig
from factory.errors import ProblemError
from factory.records import Problem, Rollout
from factory.run.units import GradeUnit

Completion = str | list[dict[str, str]]
"""A text, or a chat of which the last message is the answer."""


def read(ground_truth: str, completions: Sequence[Completion]) -> tuple[GradingConfig, GradeUnit]:
    """The settings and the unit by which `completions` are graded as the rollouts of the row were.

    In a chat a program is found as in a chat; in a text as in the row's own responses, by their mode.
    Raises ProblemError.
    """
    try:
        truth = json.loads(ground_truth)
        limits, sandbox = (json.loads(truth.get(name, "{}")) for name in ("limits", "sandbox"))
        measured = limits.get("cpu_s") == "auto"
        settings = {"limits": {"cpu_s": "auto"} if measured else {}, "sandbox": _with_wall(sandbox)}
        problem = Problem.model_validate(
            {
                **{name: truth[name] for name in ("id", "entry_point", "test_code")},
                **{name: json.loads(truth[name]) for name in ("cases", "comparison")},
                "limits": {name: value for name, value in limits.items() if value != "auto"},
                "prompt": "",
                "starter_code": truth.get("starter_code", ""),
                "prelude": truth.get("prelude", ""),
                "calling": json.loads(truth.get("calling", "{}")),
                "reference": truth.get("reference"),
            }
        )
        rollouts = tuple(
            _rollout(problem.id, index, one, str(truth["language"]), truth.get("mode", "chat"))
            for index, one in enumerate(completions)
        )
        return GradingConfig.model_validate(settings), GradeUnit(
            problem, rollouts, str(truth["language"]), filtered=False
        )
    except (ValueError, LookupError, TypeError, AttributeError, ValidationError) as error:
        raise ProblemError(f"ground_truth: {ground_truth[:80]!r} is not one of the rl view: {error}") from None


def _with_wall(sandbox: dict[str, object]) -> dict[str, object]:
    """`sandbox` with the wall that an image or a runtime is for."""
    docker = any(sandbox.get(name) is not None for name in ("image", "runtime"))
    return sandbox | ({"backend": "docker"} if docker else {})


def _rollout(problem_id: str, index: int, one: Completion, language: str, mode: str) -> Rollout:
    text = one if isinstance(one, str) else one[-1]["content"]
    fields = {"problem_id": problem_id, "index": index, "text": text, "language": language}
    return Rollout.model_validate(fields | {"mode": mode if isinstance(one, str) else "chat"})
