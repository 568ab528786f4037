"""vLLM in this process: its asynchronous engine on this machine's GPUs, or on its CPU.

Promises: a rollout is handed out when it is finished, while others are still sampled (one request of
n = 1 an index; prefix caching shares their prompt); at most `in_flight` are with the engine, first asked
first served; a dead engine is started again `restarts` times and asked again for what it owed. Requests
carry no seed, so texts differ from run to run. A prompt is rendered and tokenized once.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Self

from factory.config import SamplingConfig, VllmEngine
from factory.errors import EngineError
from factory.records import Request, Rollout
from factory.rollouts import weights
from factory.rollouts.engines.base import Meter, PromptTooLong, RequestRefused, as_they_finish, settings, thought
from factory.rollouts.engines.vllm_start import Started, start, stop

_log = logging.getLogger(__name__)
_TRIES = 3
"""Times one request is sent again when the living engine gave it up."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """What all indices of one request have in common."""

    request: Request
    prompt: dict[str, Any]
    params: Any
    sampling: dict[str, Any]


class Vllm:
    def __init__(self, config: VllmEngine) -> None:
        self.model = config.model
        self.meter = Meter()
        self._config = config
        self._started: Started | None = None
        self._restarts_left = config.restarts
        self._restarting = asyncio.Lock()
        self._failure: EngineError | None = None
        self._slots = asyncio.Semaphore(config.in_flight)
        self._numbers = itertools.count()

    async def __aenter__(self) -> Self:
        weight = await asyncio.to_thread(weights.resolve, self._config.model, self._config.revision)
        self._weights = weight
        await self._start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._started is not None:
            started, self._started = self._started, None
            await asyncio.to_thread(stop, started)
            await asyncio.sleep(0)  # vLLM cancels its output task through the loop

    async def sample(self, request: Request, sampling: SamplingConfig) -> AsyncGenerator[Rollout]:
        self.meter.begin()
        ask = self._ask(request, sampling)
        async with aclosing(as_they_finish(self._one(ask, index) for index in request.indices)) as rollouts:
            async for rollout in rollouts:
                yield self.meter.count(rollout)

    def _ask(self, request: Request, sampling: SamplingConfig) -> _Ask:
        started = self._running()
        tokens = _tokenize(started.tokenizer, request, sampling, self.model)
        limit = started.max_model_len - 1
        if len(tokens) > limit:
            raise PromptTooLong(request.problem_id, len(tokens), limit)
        asked = settings(sampling)
        numbers = {key: value for key, value in asked.items() if key != "chat_template_kwargs"}
        return _Ask(request, {"prompt_token_ids": tokens}, started.sampling_params(numbers), asked)

    async def _one(self, ask: _Ask, index: int) -> Rollout:
        async with self._slots:
            for _ in range(_TRIES):
                answer = await self._answer(ask)
                output = answer.outputs[0]
                if output.finish_reason not in ("abort", "error"):
                    return _rollout(ask, index, answer, output, self.model)
                await asyncio.sleep(1)  # given up by a living engine, or by one that is about to be found dead
        problem = ask.request.problem_id
        raise RequestRefused(problem, f"vLLM ended rollout {index} with {output.finish_reason!r}, {_TRIES} times")

    async def _answer(self, ask: _Ask) -> Any:
        """The finished output of one request, from this engine or from those that follow it."""
        while True:
            started = self._running()
            try:
                return await self._generate(started, ask)
            except started.refusals as error:
                raise RequestRefused(ask.request.problem_id, f"vLLM refuses the request: {error}") from None
            except started.deaths as error:
                if not started.llm.errored:
                    raise EngineError(f"{self.model}: vLLM failed: {error.__cause__ or error}") from error
                await self._restart(started)

    async def _generate(self, started: Started, ask: _Ask) -> Any:
        number = str(next(self._numbers))
        stream = started.llm.generate(ask.prompt, ask.params, number, lora_request=started.lora)
        async with aclosing(stream) as answers:
            async for answer in answers:
                if answer.finished:
                    return answer
        raise EngineError(f"{self.model}: vLLM ended request {number} without an answer")

    def _running(self) -> Started:
        if self._failure is not None:
            raise self._failure
        if self._started is None:
            raise EngineError(f"{self.model}: the engine is not running; use it inside `async with`")
        return self._started

    async def _start(self) -> None:
        begun = time.monotonic()
        starting = asyncio.create_task(asyncio.to_thread(start, self._config, self._weights))
        try:
            self._started = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # The thread cannot be interrupted: wait, so that no engine process outlives us.
            (started,) = await asyncio.gather(starting, return_exceptions=True)
            if isinstance(started, Started):
                await asyncio.to_thread(stop, started)
            raise
        self.model = self._started.model
        self.meter.gpus = self._started.gpus
        self.meter.load_s += time.monotonic() - begun

    async def _restart(self, dead: Started) -> None:
        """Replace `dead`, once, whoever asks first. Raises EngineError when no restart is left."""
        async with self._restarting:
            if self._started is not dead:
                return
            self._started = None
            await asyncio.to_thread(stop, dead)
            try:
                if not self._restarts_left:
                    reason = dead.log.root_cause()
                    raise EngineError(f"{self.model}: the engine died {self._config.restarts + 1} times: {reason}")
                self._restarts_left -= 1
                self.meter.restarts += 1
                left = f"{self._restarts_left} more restarts are allowed"
                _log.warning("%s: the engine died and starts again; %s: %s", self.model, left, dead.log.root_cause())
                await self._start()
            except EngineError as error:
                self._failure = error
                raise


def _tokenize(tokenizer: Any, request: Request, sampling: SamplingConfig, model: str) -> list[int]:
    if request.mode == "completion":
        return list(tokenizer.encode(request.prompt))
    if not tokenizer.chat_template:
        raise EngineError(f"{model}: has no chat template; set sampling.mode: completion, or take an instruct model")
    text = tokenizer.apply_chat_template(
        [message.model_dump() for message in request.messages],
        add_generation_prompt=True,
        tokenize=False,
        **sampling.chat_template_kwargs,
    )
    return list(tokenizer.encode(text, add_special_tokens=False))


def _rollout(ask: _Ask, index: int, answer: Any, output: Any, model: str) -> Rollout:
    return Rollout(
        problem_id=ask.request.problem_id,
        index=index,
        text=output.text,
        mode=ask.request.mode,
        language=ask.request.language,
        parent=ask.request.parent,
        model=model,
        sampling=ask.sampling,
        template=ask.request.template or None,
        finish_reason=output.finish_reason,
        prompt_tokens=len(answer.prompt_token_ids),
        completion_tokens=len(output.token_ids),
        reasoning=thought(output.text),
    )
