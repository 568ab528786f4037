"""Rewards for reinforcement learning: the filter chain as the function that TRL's and verl's trainers call.

Promises: 1.0 for a completion whose program passes every test of its row of the `rl` view under the row's own limits,
else 0.0; a failure of ours is raised, and is never a reward. As everywhere, expected values do not enter the sandbox.
The sandboxes are started at the first call and kept warm until the process ends.

    GRPOTrainer(model, reward_funcs=factory.reward.passes, train_dataset=load_dataset(shards, "rl", split="train"))
    reward.custom_reward_function.path=.../factory/reward.py   # verl (older: without `reward.`); name: compute_score
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from factory.config import GradingConfig
from factory.errors import InfrastructureError
from factory.grading.blocks import fenced
from factory.grading.session import GradingSession
from factory.languages import language
from factory.records import Rollout, Status
from factory.run import ground_truth as truths
from factory.run.ground_truth import Completion
from factory.run.units import grade


def passes(completions: Sequence[Completion], reward_model: Sequence[dict[str, str]], **_: Any) -> list[float]:
    """TRL's form: a reward a completion, chats or texts; `reward_model` is the column of the `rl` view.

    A text is read as the responses of its row were, by their mode; where these are bare programs, a text that is no
    program but has one in a fence is read as a chat. Raises ProblemError, InfrastructureError, and
    ValueError where there are not as many rows as completions.
    """
    groups: dict[str, list[int]] = {}
    for place, (_completion, cell) in enumerate(zip(completions, reward_model, strict=True)):
        groups.setdefault(cell["ground_truth"], []).append(place)
    rewards = [0.0] * len(completions)
    for truth, places in groups.items():
        for place, reward in zip(places, _graded(truth, [completions[place] for place in places]), strict=True):
            rewards[place] = reward
    return rewards


def compute_score(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None, **_: Any) -> float:
    """verl's form: the reward of one completion of a chat. Raises ProblemError, InfrastructureError."""
    (reward,) = _graded(ground_truth, [[{"role": "assistant", "content": solution_str}]])
    return reward


def _graded(ground_truth: str, completions: Sequence[Completion]) -> list[float]:
    settings, unit = truths.read(ground_truth, completions)
    unit = replace(unit, rollouts=tuple(map(_as_chat_if_fenced, unit.rollouts)))
    session, alone = _session(settings.model_dump_json())
    with alone:
        verdicts = grade(session, unit)
    for verdict in verdicts:
        if verdict.status is Status.INFRASTRUCTURE_ERROR:
            raise InfrastructureError(f"problem {unit.problem.id!r}: {verdict.detail}")
    return [float(verdict.status is Status.PASSED) for verdict in verdicts]


def _as_chat_if_fenced(rollout: Rollout) -> Rollout:
    if rollout.mode != "code" or language(rollout.language).looks_like(rollout.text) or not any(fenced(rollout.text)):
        return rollout
    return rollout.model_copy(update={"mode": "chat"})


@cache
def _session(settings: str) -> tuple[GradingSession, threading.Lock]:
    """One for each kind of sandbox: limits are the problem's."""
    session = GradingSession(GradingConfig.model_validate_json(settings))
    atexit.register(session.close)
    return session, threading.Lock()
