"""What all engines share: the settings that are recorded, and streaming."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from factory.config import SamplingConfig
from factory.records import Rollout
from factory.sampling.engines.base import UnusableAnswer, as_they_finish, check_end, settings


def test_settings_are_what_is_set_in_one_order() -> None:
    assert settings(SamplingConfig()) == {"max_tokens": 1024, "temperature": 0.8, "top_p": 0.95}
    asked = settings(SamplingConfig(n=3, stop=("x",), chat_template_kwargs={"enable_thinking": False}, top_k=1))
    assert list(asked) == ["chat_template_kwargs", "max_tokens", "stop", "temperature", "top_k", "top_p"]


def rollout(index: int) -> Rollout:
    return Rollout(problem_id="p", index=index, text="", mode="chat")


def test_results_come_as_they_finish_and_a_failure_ends_the_rest() -> None:
    ended: list[int] = []

    async def one(index: int, seconds: float) -> Rollout:
        try:
            await asyncio.sleep(seconds)
            if index == 2:
                raise RuntimeError("two")
            return rollout(index)
        finally:
            ended.append(index)

    got: list[int] = []

    async def run() -> None:
        async for done in as_they_finish(one(index, wait) for index, wait in enumerate((0.05, 0.01, 0.1, 60))):
            got.append(done.index)

    with pytest.raises(RuntimeError, match="two"):
        asyncio.run(run())
    assert got == [1, 0]
    assert ended == [1, 0, 2, 3]


def test_what_has_come_is_given_before_a_failure_or_a_cancellation() -> None:
    async def one(index: int) -> Rollout:
        if index == 0:
            raise RuntimeError("zero")
        if index == 5:
            await asyncio.sleep(60)
        return rollout(index)

    async def run(first: int) -> list[int]:
        got = []
        stream = as_they_finish(one(index) for index in range(first, 6))
        try:
            async for done in stream:
                got.append(done.index)
                if first and len(got) == 1:
                    asyncio.current_task().cancel()  # type: ignore[union-attr]
        except (RuntimeError, asyncio.CancelledError):
            return sorted(got)
        return []

    assert asyncio.run(run(0)) == [1, 2, 3, 4]
    assert asyncio.run(run(1)) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "reason",
    [
        "abort",
        "ABORTED",
        "error",
        "server_error",
        "cancelled",
        "timeout",
        "time_out",
        "network_error",
        "insufficient_system_resource",
        "engine_overloaded",
    ],
)
@pytest.mark.parametrize("text", ["", "half an ans"])
def test_an_answer_that_was_broken_off_is_nobodys(reason: str, text: str) -> None:
    with pytest.raises(UnusableAnswer, match=f"broken off.*{reason}") as caught:
        check_end(reason, text)
    assert not caught.value.refused


@pytest.mark.parametrize("reason", ["content_filter", "SAFETY", "RECITATION", "sensitive", "prohibited_content"])
def test_an_answer_that_is_withheld_is_refused(reason: str) -> None:
    with pytest.raises(UnusableAnswer, match="withheld by a filter") as caught:
        check_end(reason, "half an ans")
    assert caught.value.refused


@pytest.mark.parametrize("reason", ["stop", "length", "STOP", "eos_token", "end_turn", "tool_calls", None])
def test_an_end_of_the_models_is_one_whatever_text_it_has(reason: str | None) -> None:
    check_end(reason, "")
    check_end(reason, "text")


def test_an_unknown_end_is_the_models_where_there_is_text() -> None:
    check_end("because", "text")
    with pytest.raises(UnusableAnswer, match="'because' does not say why"):
        check_end("because", "")


def test_importing_the_engines_imports_neither_torch_nor_vllm() -> None:
    program = "import sys, factory.sampling.engines, factory.sampling.weights.resolve, factory.sampling.prompts\n"
    program += "print([name for name in ('torch', 'vllm', 'transformers', 'datasets') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
