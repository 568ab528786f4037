"""vLLM in this process: its asynchronous engine on this machine's GPUs, or on its CPU.

Promises: a rollout is handed out when it is finished, while others are still sampled (one request of
n = 1 an index; prefix caching shares their prompt); at most `in_flight` are with the engine, first asked
first served; a dead engine is started again `restarts` times and asked again for what it owed. Requests
carry no seed, so texts differ from run to run. A prompt is rendered and tokenized once.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Self

import jinja2

from factory import escape
from factory.config import SamplingConfig, VllmEngine
from factory.errors import EngineError
from factory.records import Request, Rollout, Unanswered, reasoning
from factory.sampling.engines.base import (
    TRIES,
    Meter,
    PromptTooLong,
    RequestRefused,
    Say,
    UnusableAnswer,
    as_they_finish,
    check_end,
    dialogue,
    settings,
    turn,
    warn,
)
from factory.sampling.engines.vllm_start import Started, start, stop
from factory.sampling.weights import resolve


@dataclass(frozen=True, slots=True)
class _Ask:
    """What all indices of one request have in common."""

    request: Request
    prompt: dict[str, Any]
    params: Any
    sampling: dict[str, Any]


class Vllm:
    def __init__(self, config: VllmEngine, say: Say = warn) -> None:
        self.model = config.model
        self._say = say
        self.meter = Meter()
        self._config = config
        self._started: Started | None = None
        self._revival: asyncio.Task[None] | None = None
        self._slots = asyncio.Semaphore(config.in_flight)
        self._numbers = itertools.count()

    async def __aenter__(self) -> Self:
        weight = await asyncio.to_thread(resolve.resolve, self._config.model, self._config.revision)
        self._weights = weight
        await self._start()
        if self._started is not None and self._started.note:
            self._say(self._started.note)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._revival is not None:
            self._revival.cancel()
            await asyncio.gather(self._revival, return_exceptions=True)
        if self._started is not None:
            started, self._started = self._started, None
            await asyncio.to_thread(stop, started)
            await asyncio.sleep(0)  # vLLM cancels its output task through the loop

    async def sample(self, request: Request, sampling: SamplingConfig) -> AsyncGenerator[Rollout | Unanswered]:
        self.meter.begin()
        ask = _asked(await self._running(), request, sampling, self.model)
        async with aclosing(as_they_finish(self._one(ask, index) for index in request.indices)) as outcomes:
            async for one in outcomes:
                yield self.meter.count(one) if isinstance(one, Rollout) else one

    async def _one(self, ask: _Ask, index: int) -> Rollout | Unanswered:
        problem = ask.request.problem_id
        async with self._slots:
            for number in range(1, TRIES + 1):
                try:
                    answer = await self._answer(ask)
                    output = answer.outputs[0]
                    check_end(output.finish_reason, output.text)
                    return _rollout(ask, index, answer, output, self.model)
                except RequestRefused as error:
                    return Unanswered(problem, index, error.reason, refused=True)
                except UnusableAnswer as error:
                    fault = error
                    self.meter.lost_tokens += len(output.token_ids)
                if number < TRIES:
                    self.meter.retries += 1
                    await asyncio.sleep(1)  # given up by a living engine, or by one that is about to be found dead
        return Unanswered(problem, index, f"vLLM, {TRIES} times: {fault}", fault.refused)

    async def _answer(self, ask: _Ask) -> Any:
        """The finished output of one request, from this engine or from those that follow it."""
        while True:
            started = await self._running()
            try:
                return await self._generate(started, ask)
            except started.refusals as error:
                raise RequestRefused(ask.request.problem_id, f"vLLM refuses the request: {error}") from None
            except started.deaths as error:
                if not started.llm.errored:
                    message = f"vLLM failed on the request: {error.__cause__ or error}"
                    raise RequestRefused(ask.request.problem_id, message) from error
                await self._restart(started)

    async def _generate(self, started: Started, ask: _Ask) -> Any:
        number = str(next(self._numbers))
        stream = started.llm.generate(ask.prompt, ask.params, number, lora_request=started.lora)
        async with aclosing(stream) as answers:
            async for answer in answers:
                if answer.finished:
                    return answer
        raise EngineError(f"{self.model}: vLLM ended request {number} without an answer")

    async def _running(self) -> Started:
        """The engine that runs, after a restart if one is under way. Raises EngineError when there is none left."""
        if self._revival is not None:
            await asyncio.shield(self._revival)
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
        self.meter.cpus = 0 if self._started.gpus else len(os.sched_getaffinity(0))
        self.meter.load_s += time.monotonic() - begun

    async def _restart(self, dead: Started) -> None:
        """Replace `dead`, once, whoever asks first, and whoever leaves meanwhile."""
        if self._started is dead:
            self._started = None
            self._revival = asyncio.create_task(self._revive(dead))
        await self._running()

    async def _revive(self, dead: Started) -> None:
        """Start again. Raises EngineError, to everyone who asks from then on, when no restart is left."""
        await asyncio.to_thread(stop, dead)
        reason = dead.log.root_cause()
        if self.meter.restarts == self._config.restarts:
            raise EngineError(f"{self.model}: the engine died {self.meter.restarts + 1} times: {reason}")
        self.meter.restarts += 1
        self._say(f"{self.model}: the engine died and is started again: {escape.line(reason)}")
        await self._start()


def _asked(started: Started, request: Request, sampling: SamplingConfig, model: str) -> _Ask:
    tokens = _tokenize(started.tokenizer, request, sampling, model)
    limit = started.max_model_len - 1
    if len(tokens) > limit:
        raise PromptTooLong(request.problem_id, len(tokens), limit)
    recorded = settings(sampling)
    params = {key: value for key, value in recorded.items() if key != "chat_template_kwargs"}
    return _Ask(request, {"prompt_token_ids": tokens}, started.sampling_params(params), recorded)


def _tokenize(tokenizer: Any, request: Request, sampling: SamplingConfig, model: str) -> list[int]:
    if request.mode == "completion":
        return list(tokenizer.encode(request.prompt))
    if not tokenizer.chat_template:
        raise EngineError(f"{model}: has no chat template; set sampling.mode: completion, or take an instruct model")
    arguments = {**sampling.chat_template_kwargs, "tokenize": False}
    try:
        text = tokenizer.apply_chat_template(dialogue(request), **arguments, **turn(request))
    except (jinja2.TemplateError, ValueError) as error:
        raise EngineError(f"{model}: its chat template fails: {error}; see sampling.chat_template_kwargs") from error
    if not text.endswith(request.prefill):
        remedy = "remedy: translate.prefill: false"
        raise EngineError(f"{model}: its chat template changes an answer that is begun for the model; {remedy}")
    return list(tokenizer.encode(text, add_special_tokens=False))


def _rollout(ask: _Ask, index: int, answer: Any, output: Any, model: str) -> Rollout:
    places: Any = list(zip(output.token_ids, output.logprobs, strict=True)) if output.logprobs else None
    top = places and [{_token(number, it): it.logprob for number, it in place.items()} for _, place in places]
    return Rollout(
        problem_id=ask.request.problem_id,
        index=index,
        text=ask.request.prefill + output.text,
        mode=ask.request.mode,
        language=ask.request.language,
        parent=ask.request.parent,
        model=model,
        sampling=ask.sampling,
        template=ask.request.template or None,
        prefill=ask.request.prefill or None,
        finish_reason=output.finish_reason,
        prompt_tokens=len(answer.prompt_token_ids),
        completion_tokens=len(output.token_ids),
        logprobs=places and [place[token].logprob for token, place in places],
        top_logprobs=top,
        reasoning=reasoning.split(output.text)[0],
    )


def _token(number: int, found: Any) -> str:
    """The text of a token, or its number where it has none."""
    return found.decoded_token if found.decoded_token is not None else str(number)
