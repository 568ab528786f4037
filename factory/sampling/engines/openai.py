"""Any endpoint that speaks the OpenAI API: a `vllm serve` elsewhere, or a provider.

Promises: at most `in_flight` requests are open at once, and all of them go at one pace (`engines.pace`): together they
slow down at 429, and wait while there is no connection or a 5xx. A request is given up alone when it fails
`retries` + 1 times while others succeed; what it asked for is then `Unanswered`, as is what was refused. The API key is
read from the named environment variable and shown nowhere, and no message is made of a transport error's text.
top_k, min_p and repetition_penalty go along as the extra fields that vLLM's server takes; what is not set is left to
the endpoint's own defaults.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Self

from factory.config import OpenAIEngine, SamplingConfig
from factory.errors import EngineError
from factory.records import Request, Rollout, Unanswered, reasoning
from factory.sampling.engines.answers import Answer, Choice, EndpointError, Unreadable, read_answer
from factory.sampling.engines.base import (
    TRIES,
    Meter,
    Say,
    UnusableAnswer,
    as_they_finish,
    dialogue,
    settings,
    turn,
    warn,
)
from factory.sampling.engines.order import Order
from factory.sampling.engines.pace import Pace
from factory.sampling.engines.wire import Away, Busy, Refused, Trouble, Wire


@dataclass(frozen=True, slots=True)
class _Ask:
    """What all requests for the indices of one order have in common."""

    order: Order
    body: dict[str, Any]
    sampling: dict[str, Any]


class OpenAI:
    def __init__(self, config: OpenAIEngine, say: Say = warn) -> None:
        self.model = config.model
        self.meter = Meter()
        self._config = config
        self._wire = Wire(config)
        self._pace = Pace(self._wire.place, config.in_flight, config.patience_s, say)
        self._at_once = config.rollouts_per_request
        self._watch: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self._wire.open()
        self._watch = asyncio.create_task(self._pace.watch())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._watch.cancel()
        await asyncio.gather(self._watch, return_exceptions=True)
        await self._wire.close()

    async def sample(self, request: Request, sampling: SamplingConfig) -> AsyncGenerator[Rollout | Unanswered]:
        self.meter.begin()
        asked = settings(sampling)
        body: dict[str, Any] = {"model": self._config.model} | asked | self._config.extra_body
        if request.mode == "chat":
            body["messages"] = dialogue(request)
            body |= turn(request) if request.prefill else {}
            if sampling.logprobs is not None:
                body |= {"logprobs": True, "top_logprobs": sampling.logprobs} | self._config.extra_body
        else:
            body["prompt"] = request.prompt
        order = Order(request)
        ask = _Ask(order, body, dict(sorted((asked | self._config.extra_body).items())))
        for number, count in enumerate(order.rounds()):
            self.meter.retries += count if number else 0
            async with aclosing(as_they_finish(self._some(ask) for _ in range(count))) as several:
                async for rollouts in several:
                    for rollout in rollouts:
                        yield self.meter.count(rollout)
        for lost in order.unanswered():
            yield lost

    async def _some(self, ask: _Ask) -> list[Rollout]:
        """The next rollouts of the order, as many as one request brings; those that don't come are reported to it.

        Raises EngineError when the endpoint is at fault for longer than it is waited for.
        """
        indices: list[int] = []
        ticket, tries = self._pace.ticket(), _Tries(self._pace, self._config)
        while True:
            try:
                async with self._pace.turn(ticket) as sent:
                    indices = indices or ask.order.take(self._at_once)
                    if not indices:
                        return []
                    tries.begin()
                    answer = await self._answer(ask, len(indices), sent)
                return list(self._rollouts(ask, answer, indices))
            except (Refused, UnusableAnswer, Trouble) as failure:
                if len(indices) > 1 and isinstance(failure, Refused):
                    ask.order.singly = True  # many endpoints refuse n > 1, and few say that it is for that
                    ask.order.put_back(indices[1:])
                    del indices[1:]
                elif tries.is_last(failure):
                    self._lose(ask, indices, failure)
                    return []
                self.meter.retries += 1

    def _lose(self, ask: _Ask, indices: list[int], failure: Exception) -> None:
        """`indices` have not come. The order asks again for those of which there was an answer, though of no use.

        Raises EngineError where the endpoint has never given an answer of this API.
        """
        if isinstance(failure, Unreadable) and not self._pace.answers:
            message = f"{self._wire.place}: {failure}, {self._config.retries + 1} times, and nothing else came"
            raise EngineError(f"{message}; see engine.base_url")
        answered = isinstance(failure, Refused | UnusableAnswer) and not isinstance(failure, Unreadable)
        refused = isinstance(failure, Refused) or getattr(failure, "refused", False)
        for index in indices:
            ask.order.lose(index, f"{self._wire.place}: {failure}", refused, 1 if answered else TRIES)

    async def _answer(self, ask: _Ask, count: int, sent: float) -> Answer:
        """One answer; the pace learns from it how the endpoint does. Raises Refused, UnusableAnswer, Trouble."""
        chat = ask.order.request.mode == "chat"
        try:
            try:
                answer = read_answer(await self._wire.post(ask.body, count, chat), chat)
            except EndpointError as error:
                raise self._wire.error(error) from None
        except Busy as busy:
            self._pace.busy(sent, str(busy), busy.after_s)
            raise
        except (Away, Unreadable) as failure:
            self._pace.away(sent, str(failure), getattr(failure, "after_s", None))
            raise
        except (Refused, UnusableAnswer):
            self._pace.answered(sent)
            raise
        broken = [one for one in answer.choices if isinstance(one, UnusableAnswer) and not one.refused]
        if len(broken) == len(answer.choices):
            self._pace.away(sent, str(broken[0]))  # it may be about to stop
        else:
            self._pace.answered(sent)
        return answer

    def _rollouts(self, ask: _Ask, answer: Answer, indices: list[int]) -> Iterator[Rollout]:
        """The rollouts of an answer. Those of `indices` that it does not bring are put back, or lost."""
        if len(answer.choices) < len(indices):
            self._at_once = 1
            ask.order.put_back(indices[len(answer.choices) :])
        brought = answer.choices[: len(indices)]
        shares = _shares(answer.completion_tokens, len(brought))
        for index, choice, tokens in zip(indices, brought, shares, strict=False):
            if isinstance(choice, UnusableAnswer):
                self.meter.lost_tokens += tokens or 0
                ask.order.lose(index, f"{self._wire.place}: {choice}", choice.refused)
            else:
                if ask.order.singly:
                    self._at_once = 1
                ask.order.came(index)
                yield self._rollout(ask, answer, choice, index, tokens)

    def _rollout(self, ask: _Ask, answer: Answer, choice: Choice, index: int, tokens: int | None) -> Rollout:
        request = ask.order.request
        return Rollout(
            problem_id=request.problem_id,
            index=index,
            text=request.prefill + choice.text,
            prefill=request.prefill or None,
            mode=request.mode,
            language=request.language,
            parent=request.parent,
            model=answer.model or self.model,
            sampling=ask.sampling,
            template=request.template or None,
            finish_reason=choice.finish_reason,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=tokens,
            reasoning=choice.reasoning or reasoning.split(choice.text)[0],
            logprobs=choice.logprobs,
            top_logprobs=choice.top_logprobs,
        )


class _Tries:
    """The tries of one request: whether it fails by itself, or together with all others."""

    def __init__(self, pace: Pace, config: OpenAIEngine) -> None:
        self._pace, self._config = pace, config
        self._own = self._turned_away = self._answers = 0
        self._since = 0.0

    def begin(self) -> None:
        self._since = self._since or time.monotonic()
        self._answers = self._pace.answers

    def is_last(self, failure: Exception) -> bool:
        """Whether the request is given up, after this failure of its last try."""
        if isinstance(failure, Busy):  # which of the requests of one moment is turned away is chance
            self._turned_away += 1
            long = time.monotonic() - self._since >= self._config.patience_s
            return long and self._turned_away > 2 * self._config.retries
        if not isinstance(failure, Away | Unreadable):
            return True
        others_succeed = self._pace.answers > self._answers
        never_well = isinstance(failure, Unreadable) and not self._pace.answers
        self._own += others_succeed or never_well
        return self._own > self._config.retries


def _shares(tokens: int | None, count: int) -> list[int | None]:
    """`tokens` of `count` choices together, shared out evenly; their sum is `tokens`."""
    if tokens is None or not count:
        return [None] * count
    return [tokens // count + (at < tokens % count) for at in range(count)]
