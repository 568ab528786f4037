"""The executor is chosen by its kind in the config."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest

from factory.config import LocalExecutorConfig, RayExecutorConfig
from factory.errors import ConfigError
from factory.executors import EXECUTORS, open_executor
from factory.executors.local import LocalExecutor


def test_every_kind_of_the_config_has_an_executor() -> None:
    assert set(EXECUTORS) == {LocalExecutorConfig().kind, RayExecutorConfig(kind="ray").kind}


@pytest.mark.parametrize("workers", [1, 3])
def test_the_local_executor_has_the_workers_of_the_config(workers: int) -> None:
    async def body() -> Any:
        async with open_executor(LocalExecutorConfig(workers=workers), nullcontext) as executor:
            return executor

    opened = asyncio.run(body())
    assert isinstance(opened, LocalExecutor)
    assert opened.workers == workers


def test_an_unknown_kind_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"executor\.kind: 'slurm' is unknown; there are: local, ray"):
        open_executor(LocalExecutorConfig.model_construct(kind="slurm"), nullcontext)  # type: ignore[arg-type]
