"""What all engines share: the settings that are recorded, and streaming."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from factory.config import SamplingConfig
from factory.records import Rollout
from factory.sampling.engines.base import as_they_finish, settings


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


def test_importing_the_engines_imports_neither_torch_nor_vllm() -> None:
    program = "import sys, factory.sampling.engines, factory.sampling.weights.resolve, factory.sampling.prompts\n"
    program += "print([name for name in ('torch', 'vllm', 'transformers', 'datasets') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
