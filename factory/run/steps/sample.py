"""Step one: rollouts. An engine answers requests; a part on disk answers for an engine.

Promises: the engine starts when something is left to sample, and not before; a chunk of rollouts is one part; rollouts
that are there are never asked for again. Does not promise the same rollouts twice: an engine's chunk that was not
complete is sampled anew, and so is one whose part was damaged, which is kept beside the new one.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from factory.config import EngineConfig, SamplingConfig
from factory.errors import FactoryError
from factory.records import Request, Rollout
from factory.run.observer import Observer
from factory.run.store import Made, Part, PartStore
from factory.sampling.engines import Engine, open_engine


class SampleStep:
    """Gives the rollouts of a part, which `sampler` samples where they are not there."""

    def __init__(self, store: PartStore, sampler: Sampler, observer: Observer) -> None:
        self._store, self.sampler, self._observer = store, sampler, observer

    async def __call__(
        self,
        path: Path,
        graded: Path,
        problem_id: str,
        sampling: SamplingConfig,
        ask: Callable[[], Awaitable[Sequence[Rollout]]],
    ) -> list[Rollout]:
        """The rollouts of the part at `path`; where there are none, those that `ask` gets, by `sampling`.

        `graded` is the part of their verdicts: it goes before other rollouts take the place of those it is about.
        Raises RequestRefused, EngineError, PartError.
        """
        new = False

        async def make() -> Made[Rollout]:
            nonlocal new
            new = True
            self._store.drop(graded)
            rollouts = await ask()
            return Made(rollouts, self._facts(rollouts, sampling))

        part = Part(path, Rollout, "sampled", problem_id, "sampled again", unique=True)
        rollouts = await self._store.get_or_make(part, make)
        if not new:  # the sampler has shown new ones as they came
            for rollout in rollouts:
                self._observer.sampled(rollout)
        return rollouts

    def _facts(self, rollouts: Sequence[Rollout], sampling: SamplingConfig) -> dict[str, Any]:
        indices = [rollout.index for rollout in rollouts]
        return {
            "rollouts": len(rollouts),
            "indices": [min(indices), max(indices)] if indices else [],
            "models": sorted({rollout.model or "" for rollout in rollouts}),
            "templates": sorted({rollout.template or "" for rollout in rollouts}),
            "sampling": sampling.model_dump(mode="json", exclude={"n"}, exclude_defaults=True),
            "prompt_tokens": sum(rollout.prompt_tokens or 0 for rollout in rollouts),
            "completion_tokens": sum(rollout.completion_tokens or 0 for rollout in rollouts),
            **self.sampler.meter(),
            **self.sampler.trouble(),
        }


def chunks(there: Sequence[range], size: int, total: int) -> list[range]:
    """The chunks of `total` rollouts: those `there`, ascending, and between them new ones of at most `size`."""
    plan, at = [], 0
    for known in [*there, range(total, total)]:
        while at < known.start:
            stop = min((at // size + 1) * size, known.start)
            plan.append(range(at, stop))
            at = stop
        if known:
            plan.append(known)
        at = max(at, known.stop)
    return plan


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
                    self._failure = error  # those who wait for it get the same error, instead of trying again
                    raise
            return self.engine

    def meter(self) -> dict[str, Any]:
        """What the engine has used since it started, for the ledger; `engine` identifies the start."""
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
