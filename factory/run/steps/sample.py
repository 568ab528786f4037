"""The rollouts of a problem."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AsyncExitStack
from typing import Any

from factory.config import EngineConfig, SamplingConfig
from factory.errors import FactoryError
from factory.records import Request, Rollout
from factory.run.observer import Observer
from factory.sampling.engines import Engine, open_engine


class Sampler:
    """An engine that is started when something is left to sample, and not before."""

    def __init__(self, config: EngineConfig, stack: AsyncExitStack, observer: Observer) -> None:
        self._config, self._stack, self._observer = config, stack, observer
        self._starting = asyncio.Lock()
        self._started = ""
        self._failure: FactoryError | None = None
        self.engine: Engine | None = None

    async def sample(self, request: Request, sampling: SamplingConfig) -> list[Rollout]:
        """All rollouts of `request`, by index. Raises RequestRefused, EngineError."""
        engine = await self._running()
        rollouts = []
        async for rollout in engine.sample(request, sampling):
            rollouts.append(rollout)
            self._observer.sampled(rollout)
        return sorted(rollouts, key=lambda rollout: rollout.index)

    async def _running(self) -> Engine:
        async with self._starting:
            if self._failure is not None:
                raise self._failure
            if self.engine is None:
                self._started = uuid.uuid4().hex
                self._observer.note(f"starting the engine: {describe(self._config)}")
                try:
                    self.engine = await self._stack.enter_async_context(open_engine(self._config))
                except FactoryError as error:
                    self._failure = error  # those who wait for it hear the same, instead of trying again
                    raise
            return self.engine

    def meter(self) -> dict[str, Any]:
        """What the engine has used since it started, for the ledger; `engine` tells starts apart."""
        if self.engine is None or self._config.kind == "replay":
            return {}  # a replay's tokens cost nothing and say nothing of speed
        meter = self.engine.meter
        seconds = {"engine_s": round(meter.elapsed_s, 3), "load_s": round(meter.load_s, 3)}
        return {"engine": self._started, **seconds, "gpus": meter.gpus, "cpus": meter.cpus}

    def trouble(self) -> dict[str, int]:
        """How often the engine was started again, and requests sent again, so far; for the ledger."""
        if self.engine is None:
            return {}
        return {"restarts": self.engine.meter.restarts, "retries": self.engine.meter.retries}


def describe(config: EngineConfig) -> str:
    return f"replay of {config.path}" if config.kind == "replay" else f"{config.kind}, {config.model}"
