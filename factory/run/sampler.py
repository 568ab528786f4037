"""An engine in a run: started when something is left to sample, and not before; what it failed to give is counted.

Promises: an engine that dies ends no work but its own. What it owed then has not come, nothing more is asked of it, and
`end` raises why, once the rest of the run is done. An engine stops, and gives up its GPUs, when nobody can ask it any
more, while the last programs are still verified. Does not promise to start a second time.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self

from factory import escape
from factory.config import Config, EngineConfig, ReplayEngine, SamplingConfig
from factory.errors import EngineError, FactoryError
from factory.records import Request, Rollout, Unanswered
from factory.run.observer import Observer
from factory.sampling.engines import Engine, RequestRefused, open_engine


class Sampler:
    """The engine of `config`, which `stack` closes. `log` adds a line to the ledger."""

    def __init__(
        self, config: EngineConfig, stack: AsyncExitStack, observer: Observer, log: Callable[..., None]
    ) -> None:
        self._config, self._stack, self._observer, self._log = config, stack, observer, log
        self._starting = asyncio.Lock()
        self._started = ""
        self._unstarted: FactoryError | None = None
        self._came = 0
        self._lost: Counter[str] = Counter()
        self.failure: EngineError | None = None
        """Why the engine gives nothing any more."""
        self.engine: Engine | None = None

    @property
    def is_paid(self) -> bool:
        """Whether its rollouts cost something, and cannot be had twice."""
        return not isinstance(self._config, ReplayEngine)

    async def sample(
        self, request: Request, sampling: SamplingConfig, keep: Callable[[Rollout], None]
    ) -> list[Unanswered]:
        """Give the rollouts of `request` to `keep` as they come; what has not come. Raises ConfigError."""
        left = dict.fromkeys(request.indices)
        lost: list[Unanswered] = []
        reason, refused = "", False
        try:
            if self.failure is not None:
                raise self.failure
            engine = await self._running()
            async for one in engine.sample(request, sampling):
                del left[one.index]
                if isinstance(one, Rollout):
                    keep(one.model_copy(update={"repair_of": request.repair_of}) if request.repair_of else one)
                else:
                    lost.append(one)
        except RequestRefused as error:
            reason, refused = error.reason, True
        except EngineError as error:
            self.failure, reason = self.failure or error, str(error)
        # A replay has no more than what was recorded: there, what is missing was never asked of a model.
        return lost + [Unanswered(request.problem_id, index, reason, refused) for index in left if reason]

    async def _running(self) -> Engine:
        async with self._starting:
            if self._unstarted is not None:
                raise self._unstarted
            if self.engine is None:
                self._started = uuid.uuid4().hex
                self._observer.note(f"starting the engine: {describe(self._config)}")
                try:
                    engine = open_engine(self._config, lambda line: self._observer.note(escape.line(line)))
                    self.engine = await self._stack.enter_async_context(engine)
                except FactoryError as error:
                    self._unstarted = error  # those who wait for it get the same error, instead of trying again
                    raise
                self._stack.callback(self.log_use, self._log)
            return self.engine

    # ---- what it comes to ----

    def count(self, came: int, lost: Sequence[Unanswered]) -> None:
        """So many rollouts of a part are there, and these are not."""
        self._came += came
        self._lost.update(f"{'refused' if one.refused else 'failed'}: {one.reason}" for one in lost)

    def end(self) -> None:
        """Raises EngineError where the engine failed, or too little of what it was asked for has come."""
        if self.failure is not None:
            raise self.failure
        if isinstance(self._config, ReplayEngine) or not self._lost:
            return
        missing = self._lost.total()
        share, most = missing / (missing + self._came), self._config.max_refused
        if share > most or not self._came:
            (reason, times), *_ = self._lost.most_common(1)
            limit = f"more than engine.max_refused ({most:.1%})" if self._came else "which is all of them"
            raise EngineError(
                f"{describe(self._config)}: {missing:,} of {missing + self._came:,} rollouts have not come, {limit}; "
                f"{times:,} times {escape.line(reason)}; what came is kept and graded: run again to ask for the rest, "
                "or `factory export` what is there"
            )

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


class Samplers:
    """The engines of a run: of rollouts, and of translations, where that is another. A context manager."""

    def __init__(self, config: Config, observer: Observer, log: Callable[..., None]) -> None:
        self._engines = AsyncExitStack()
        self._holders: set[object] = set()
        self._all_hold = False
        self._stopping: asyncio.Task[None] | None = None
        own = config.translate.engine
        self.rollouts = Sampler(config.engine, self._engines, observer, log)
        self.translations = Sampler(own, self._engines, observer, log) if own else self.rollouts

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: Any) -> None:
        try:
            if self._stopping is not None:
                await self._stopping
        finally:
            await self._engines.__aexit__(*failure)

    def hold(self) -> Callable[[], None]:
        """Say that an engine may be asked for something until what this returns is called, once or more often."""
        holder = object()
        self._holders.add(holder)

        def release() -> None:
            self._holders.discard(holder)
            self._stop_if_unused()

        return release

    def all_hold(self) -> None:
        """Say that whoever may ask an engine holds it: when the last has released it, the engines stop."""
        self._all_hold = True
        self._stop_if_unused()

    def _stop_if_unused(self) -> None:
        if self._all_hold and not self._holders and self._stopping is None:
            self._stopping = asyncio.create_task(self._stop())

    async def _stop(self) -> None:
        await self._engines.pop_all().aclose()
        for sampler in (self.rollouts, self.translations):
            sampler.engine = None

    @property
    def all_work(self) -> bool:
        """Whether no engine has died."""
        return self.rollouts.failure is None and self.translations.failure is None

    def log_use(self, log: Callable[..., None]) -> None:
        """Say in a ledger what the engines have used since they started."""
        for sampler in {self.rollouts, self.translations}:
            sampler.log_use(log)

    def end(self) -> None:
        """Raises EngineError where an engine failed, or too little of what it was asked for has come."""
        for sampler in (self.rollouts, self.translations):
            sampler.end()
