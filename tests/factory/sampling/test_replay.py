"""The replay engine answers from a file, in order, and only what was asked."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from factory.config import ReplayEngine, SamplingConfig
from factory.errors import RolloutError
from factory.records import Request, Rollout
from factory.sampling.engines import Meter, open_engine


def sample(path: Path, *requests: Request) -> tuple[list[list[Rollout]], Meter]:
    async def run() -> tuple[list[list[Rollout]], Meter]:
        async with open_engine(ReplayEngine(path=path)) as engine:
            answers = [
                [it async for it in engine.sample(one, SamplingConfig()) if isinstance(it, Rollout)] for one in requests
            ]
            return answers, engine.meter

    return asyncio.run(run())


def record(path: Path, *rows: dict[str, Any]) -> Path:
    base = {"problem_id": "a", "mode": "chat", "text": "t"}
    path.write_text("".join(json.dumps(base | row) + "\n" for row in rows))
    return path


def ask(indices: range, language: str = "python", parent: str | None = None, problem_id: str = "a") -> Request:
    return Request(problem_id, language, indices, "chat", parent=parent)


def test_rollouts_come_in_order_of_index_and_only_those_asked_for(tmp_path: Path) -> None:
    rows = ({"index": index, "text": f"text {index}", "completion_tokens": 2} for index in (3, 0, 2, 1))
    path = record(tmp_path / "r.jsonl", *rows)
    (some, rest), meter = sample(path, ask(range(1, 3)), ask(range(3, 9)))
    assert [(one.index, one.text) for one in some] == [(1, "text 1"), (2, "text 2")]
    assert [one.index for one in rest] == [3]
    assert (meter.rollouts, meter.completion_tokens) == (3, 6)
    assert meter.elapsed_s > 0


def test_an_unknown_problem_yields_nothing(tmp_path: Path) -> None:
    (none,), _ = sample(record(tmp_path / "r.jsonl", {"index": 0}), ask(range(4), problem_id="b"))
    assert none == []


def test_language_and_parent_tell_rollouts_apart(tmp_path: Path) -> None:
    path = record(
        tmp_path / "r.jsonl",
        {"index": 0, "text": "python"},
        {"index": 0, "text": "of p", "language": "go", "parent": "p"},
        {"index": 0, "text": "of anything", "language": "go"},
    )
    asked = [ask(range(1)), ask(range(1), "go", "p"), ask(range(1), "go", "q")]
    answers, _ = sample(path, *asked)
    assert [[one.text for one in answer] for answer in answers] == [["python"], ["of p"], ["of anything"]]
    assert [answer[0].parent for answer in answers] == [None, "p", "q"]


def test_an_index_given_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RolloutError, match=r"problem_id 'a', index 0: is there twice"):
        sample(record(tmp_path / "r.jsonl", {"index": 0}, {"index": 0}), ask(range(1)))


def test_a_row_that_is_no_rollout_is_left_out(tmp_path: Path) -> None:
    answers, _ = sample(record(tmp_path / "r.jsonl", {"index": 0}, {"index": -1}, {"text": "next"}), ask(range(3)))
    assert [(one.index, one.text) for one in answers[0]][1:] == [(1, "next")]


def test_a_file_without_rollouts_stops_the_engine_before_the_first_answer(tmp_path: Path) -> None:
    with pytest.raises(RolloutError, match=r":1: index: -1: "):
        sample(record(tmp_path / "r.jsonl", {"index": -1}), ask(range(1)))


def test_a_recorded_answer_that_was_broken_off_is_none(tmp_path: Path) -> None:
    reasons = ["stop", "abort", None, "length", "content_filter"]
    rows = ({"index": at, "text": "" if at == 2 else "t", "finish_reason": it} for at, it in enumerate(reasons))
    ((answers,), meter) = sample(record(tmp_path / "r.jsonl", *rows), ask(range(5)))
    assert [one.index for one in answers] == [0, 2, 3]
    assert meter.rollouts == 3
