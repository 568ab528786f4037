"""The generators of a run: who is asked, and what each failed to give is counted.

Promises: generators of the same settings share one engine (`factory.run.engine`). An engine that dies ends no work but
its own; `end` raises why, once the rest of the run is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Self

from factory import escape
from factory.config import Config, Generator, ReplayEngine, SamplingConfig
from factory.config.generators import DEFAULT, is_same
from factory.errors import EngineError
from factory.records import Request, Rollout, Unanswered
from factory.run.engine import SharedEngine, describe
from factory.run.observer import Observer
from factory.sampling.engines import RequestRefused


class Sampler:
    """A generator, which `engine` answers for."""

    def __init__(self, generator: Generator, engine: SharedEngine) -> None:
        self.generator, self.shared = generator, engine
        self._came = 0
        self._lost: Counter[str] = Counter()

    @property
    def is_paid(self) -> bool:
        """Whether its rollouts cost something, and cannot be had twice."""
        return self.shared.is_paid

    @property
    def failure(self) -> EngineError | None:
        """Why it gives nothing any more."""
        return self.shared.failure

    @property
    def is_named(self) -> bool:
        """Whether rollouts, and the ledger, say that it made them: the one of a config without a list is nobody."""
        return self.generator.name != DEFAULT

    async def sample(
        self, request: Request, sampling: SamplingConfig, keep: Callable[[Rollout], None]
    ) -> list[Unanswered]:
        """Give the rollouts of `request` to `keep` as they come; what has not come. Raises ConfigError."""
        left = dict.fromkeys(request.indices)
        lost: list[Unanswered] = []
        reason, refused = "", False
        known = self.named()
        known |= {"repair_of": request.repair_of} if request.repair_of else {}
        try:
            engine = await self.shared.running()
            async for one in engine.sample(replace(request, generator=self.generator.name), sampling):
                del left[one.index]
                if isinstance(one, Rollout):
                    keep(one.model_copy(update=known) if known else one)
                else:
                    lost.append(one)
        except RequestRefused as error:
            reason, refused = error.reason, True
        except EngineError as error:
            self.shared.fail(error)
            reason = str(error)
        # A replay has no more than what was recorded: there, what is missing was never asked of a model.
        return lost + [Unanswered(request.problem_id, index, reason, refused) for index in left if reason]

    # ---- what it comes to ----

    def count(self, came: int, lost: Sequence[Unanswered]) -> None:
        """So many rollouts of a part are there, and these are not."""
        self._came += came
        self._lost.update(f"{'refused' if one.refused else 'failed'}: {one.reason}" for one in lost)

    @property
    def name(self) -> str:
        """What an error calls it."""
        name = f"{self.generator.name} ({{}})" if self.is_named else "{}"
        return name.format(describe(self.generator.engine))

    def named(self) -> dict[str, Any]:
        """Who made something, for the ledger."""
        return {"generator": self.generator.name} if self.is_named else {}

    def facts(self) -> dict[str, Any]:
        """What the ledger says of it beside a part that it made."""
        return {**self.named(), **self.shared.meter(), **self.shared.trouble()}

    def end(self) -> None:
        """Raises EngineError where the engine failed, or too little of what it was asked for has come."""
        if self.failure is not None:
            raise self.failure
        engine = self.generator.engine
        if isinstance(engine, ReplayEngine) or not self._lost:
            return
        missing = self._lost.total()
        share, most = missing / (missing + self._came), engine.max_refused
        if share > most or not self._came:
            (reason, times), *_ = self._lost.most_common(1)
            limit = f"more than engine.max_refused ({most:.1%})" if self._came else "which is all of them"
            raise EngineError(
                f"{self.name}: {missing:,} of {missing + self._came:,} rollouts have not come, {limit}; "
                f"{times:,} times {escape.line(reason)}; what came is kept and graded: run again to ask for the rest, "
                "or `factory export` what is there"
            )


class Hold:
    """Somebody who may ask some of the engines, until they are released: once or more often."""

    def __init__(self, samplers: Iterable[Sampler]) -> None:
        self._held = list(samplers)
        for it in self._held:
            it.shared.hold((self, it))

    def release(self, samplers: Iterable[Sampler]) -> None:
        """Say that these are asked no more."""
        for it in samplers:
            it.shared.release((self, it))

    def __call__(self) -> None:
        """Say that none is asked any more."""
        self.release(self._held)


class Samplers:
    """The generators of a run, and of its translations, where that is another engine. A context manager."""

    def __init__(self, config: Config, observer: Observer, log: Callable[..., None]) -> None:
        self._engines: list[SharedEngine] = []

        def sampler(generator: Generator) -> Sampler:
            known = (it for it in self._engines if is_same(it.config, generator.engine))
            engine = next(known, None) or SharedEngine(generator.engine, observer, log)
            if engine not in self._engines:
                self._engines.append(engine)
            return Sampler(generator, engine)

        self.rollouts = [sampler(it) for it in config.asked]
        """In the order of the config."""
        named = {it.generator.name: it for it in self.rollouts} if config.translate.engine is None else {}
        self.translations = [named.get(it.name) or sampler(it) for it in config.translators]
        """Those who translate, one after the other."""
        later = self.translations if config.translate.targets else []
        self.later = [*later, *(self.rollouts[:1] if "model" in config.review.inputs_from else [])]
        """Those who may be asked about a problem when all of its rollouts are there."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: Any) -> None:
        async with AsyncExitStack() as closing:
            for engine in self._engines:
                closing.push_async_exit(engine.close)

    def hold(self) -> Hold:
        """Hold every engine that a problem may ask."""
        return Hold([*self.rollouts, *self.later])

    def hold_translators(self) -> Hold:
        return Hold(self.translations)

    def all_hold(self) -> None:
        """Say that whoever may ask an engine holds it: it stops when the last has released it."""
        for engine in self._engines:
            engine.all_hold()

    @property
    def failure(self) -> EngineError | None:
        """Why an engine has died, if one has."""
        return next((it.failure for it in self._engines if it.failure is not None), None)

    def log_use(self, log: Callable[..., None]) -> None:
        """Say in a ledger what the engines have used since they started."""
        for engine in self._engines:
            engine.log_use(log)

    def end(self) -> None:
        """Raises EngineError where an engine failed, or too little of what it was asked for has come."""
        for sampler in dict.fromkeys([*self.rollouts, *self.translations]):
            sampler.end()
