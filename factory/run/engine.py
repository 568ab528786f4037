"""An engine in a run: started when something is left to sample, and not before, and stopped when nobody can ask it.

Promises: an engine that dies ends no work but its own. What it owed then has not come, and nothing more is asked of it.
It stops, and gives up its GPUs, when nobody can ask it any more, while the last programs are still verified and others
are still asked. Does not promise to start a second time.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from factory import escape
from factory.config import EngineConfig, ReplayEngine
from factory.errors import EngineError, FactoryError
from factory.run.observer import Observer
from factory.sampling.engines import Engine, open_engine


class SharedEngine:
    """The engine of `config`, for all generators that have it. `log` adds a line to the ledger."""

    def __init__(self, config: EngineConfig, observer: Observer, log: Callable[..., None]) -> None:
        self.config, self._observer, self._log = config, observer, log
        self._stack = AsyncExitStack()
        self._starting = asyncio.Lock()
        self._started = ""
        self._unstarted: FactoryError | None = None
        self._holders: set[object] = set()
        self._stopping: asyncio.Task[None] | None = None
        self._all_hold = False
        self.failure: EngineError | None = None
        """Why the engine gives nothing any more."""
        self.engine: Engine | None = None

    @property
    def is_paid(self) -> bool:
        """Whether its rollouts cost something, and cannot be had twice."""
        return not isinstance(self.config, ReplayEngine)

    def fail(self, error: EngineError) -> None:
        """Say that it gives nothing any more."""
        self.failure = self.failure or error

    async def running(self) -> Engine:
        """The engine, started at the first call. Raises ConfigError, EngineError, among them why it failed."""
        if self.failure is not None:
            raise self.failure
        async with self._starting:
            if self._unstarted is not None:
                raise self._unstarted
            if self.engine is None:
                self._started = uuid.uuid4().hex
                self._observer.note(f"starting the engine: {describe(self.config)}")
                try:
                    engine = open_engine(self.config, lambda line: self._observer.note(escape.line(line)))
                    self.engine = await self._stack.enter_async_context(engine)
                except FactoryError as error:
                    self._unstarted = error  # those who wait for it get the same error, instead of trying again
                    raise
                self._stack.callback(self.log_use, self._log)
            return self.engine

    # ---- who may ask it ----

    def hold(self, holder: object) -> None:
        """`holder` may ask it until it has been released."""
        self._holders.add(holder)

    def release(self, holder: object) -> None:
        self._holders.discard(holder)
        self._stop_if_unused()

    def all_hold(self) -> None:
        """Whoever may ask it holds it: when the last has released it, it stops."""
        self._all_hold = True
        self._stop_if_unused()

    def _stop_if_unused(self) -> None:
        if self._all_hold and not self._holders and self._stopping is None:
            self._stopping = asyncio.create_task(self._stop())

    async def _stop(self) -> None:
        await self._stack.pop_all().aclose()
        self.engine = None

    async def close(self, *failure: Any) -> None:
        """End it, if it has not ended yet."""
        try:
            if self._stopping is not None:
                await self._stopping
        finally:
            await self._stack.__aexit__(*failure)

    # ---- what it used ----

    def log_use(self, log: Callable[..., None]) -> None:
        """Say in a ledger what the engine has used since it started."""
        if meter := self.meter():
            log("engine", **meter, **self.trouble())

    def meter(self) -> dict[str, Any]:
        """What the engine has used since it started, for the ledger; `engine` identifies the start."""
        if self.engine is None or not self.is_paid:
            return {}  # a replay's tokens cost nothing and say nothing of speed
        meter = self.engine.meter
        seconds = {"engine_s": round(meter.elapsed_s, 3), "load_s": round(meter.load_s, 3)}
        lost = {"lost_tokens": meter.lost_tokens}
        return {"engine": self._started, **seconds, "gpus": meter.gpus, "cpus": meter.cpus, **lost}

    def trouble(self) -> dict[str, int]:
        """How often the engine was started again, and requests sent again, so far; for the ledger."""
        if self.engine is None:
            return {}
        return {"restarts": self.engine.meter.restarts, "retries": self.engine.meter.retries}


def describe(config: EngineConfig) -> str:
    return f"replay of {config.path}" if config.kind == "replay" else f"{config.kind}, {config.model}"
