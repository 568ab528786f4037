"""Rewards for reinforcement learning: the filter chain as the function that TRL's and verl's trainers call.

Promises: 1.0 for a completion whose program passes every test of its row of the `rl` view, else 0.0; a failure
of ours is raised, and is never a reward. As everywhere, expected values do not enter the sandbox. The sandboxes
are started at the first call and kept warm until the process ends.

    GRPOTrainer(model, reward_funcs=factory.reward.passes, train_dataset=load_dataset(shards, "rl", split="train"))
    reward.custom_reward_function.path=.../factory/reward.py   # verl (older: without `reward.`); name: compute_score
"""

from __future__ import annotations

import atexit
import json
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import ValidationError

from factory.config import ChainConfig
from factory.errors import InfrastructureError, ProblemError
from factory.grading.chain import verify
from factory.grading.extract import extract
from factory.grading.session import GradingSession
from factory.languages import language
from factory.records import Problem, Rollout, Status

Completion = str | list[dict[str, str]]


def passes(completions: Sequence[Completion], reward_model: Sequence[dict[str, str]], **_: Any) -> list[float]:
    """TRL's form: a reward a completion, texts or chats; `reward_model` is the column of the `rl` view.

    Raises ProblemError, InfrastructureError.
    """
    texts = [one if isinstance(one, str) else one[-1]["content"] for one in completions]
    groups: dict[str, list[int]] = {}
    for place, cell in enumerate(reward_model):
        groups.setdefault(cell["ground_truth"], []).append(place)
    rewards = [0.0] * len(texts)
    for truth, places in groups.items():
        for place, reward in zip(places, _graded(truth, [texts[place] for place in places]), strict=True):
            rewards[place] = reward
    return rewards


def compute_score(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None, **_: Any) -> float:
    """verl's form: the reward of one completion. Raises ProblemError, InfrastructureError."""
    (reward,) = _graded(ground_truth, [solution_str])
    return reward


def _graded(ground_truth: str, texts: Sequence[str]) -> list[float]:
    problem, name = _problem(ground_truth)
    target = language(name)
    rollouts = [
        Rollout(problem_id=problem.id, index=index, text=text, mode="chat", language=name)
        for index, text in enumerate(texts)
    ]
    session, alone = _session()
    with alone:
        verdicts = verify(session, problem, [extract(rollout, problem, target) for rollout in rollouts], name)
    for verdict in verdicts:
        if verdict.status is Status.INFRASTRUCTURE_ERROR:
            raise InfrastructureError(f"problem {problem.id!r}: {verdict.detail}")
    return [float(verdict.status is Status.PASSED) for verdict in verdicts]


def _problem(ground_truth: str) -> tuple[Problem, str]:
    try:
        truth = json.loads(ground_truth)
        nested = {name: json.loads(truth[name]) for name in ("cases", "comparison", "limits")}
        plain = {name: truth[name] for name in ("id", "entry_point", "test_code")}
        return Problem.model_validate({"prompt": "", **plain, **nested}), str(truth["language"])
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise ProblemError(f"ground_truth: {ground_truth[:80]!r} is not one of the rl view: {error}") from None


@cache
def _session() -> tuple[GradingSession, threading.Lock]:
    session = GradingSession(ChainConfig())
    atexit.register(session.close)
    return session, threading.Lock()
