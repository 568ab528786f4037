"""Any endpoint that speaks the OpenAI API: a `vllm serve` elsewhere, or a provider.

Promises: at most `in_flight` requests open at once, one of n = 1 an index; what may pass (429, 5xx, no
connection) is tried again with growing, jittered waits, or as long as Retry-After says; the API key is
read from the named environment variable and told to nobody else. top_k, min_p and repetition_penalty go
along as the extra fields that vLLM's server takes; what is not set is left to the endpoint's own defaults.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from factory.config import OpenAIEngine, SamplingConfig
from factory.errors import ConfigError, EngineError
from factory.records import Request, Rollout, reasoning
from factory.sampling.engines.base import Meter, RequestRefused, as_they_finish, settings

_PASSING = frozenset({408, 409, 425, 429})
_REFUSALS = frozenset({400, 413, 422})
"""Statuses that tell of this one request; any other 4xx tells of all of them."""
_LONGEST_WAIT_S = 300.0
_growing = wait_random_exponential(multiplier=0.5, max=60)


class _MayPassError(Exception):
    """A failure worth another try, perhaps after a wait in seconds."""

    def __init__(self, told: str, after_s: float | None = None) -> None:
        super().__init__(told)
        self.after_s = after_s


class OpenAI:
    def __init__(self, config: OpenAIEngine) -> None:
        self.model = config.model
        self.meter = Meter()
        self._config = config
        self._slots = asyncio.Semaphore(config.in_flight)
        self._key = ""
        self._client: httpx.AsyncClient

    async def __aenter__(self) -> Self:
        config = self._config
        if config.api_key_env is not None:
            self._key = os.environ.get(config.api_key_env, "")
            if not self._key:
                name = config.api_key_env
                raise ConfigError(f"engine.api_key_env: {name}: is not set; `export {name}=…` with the endpoint's key")
        self._client = httpx.AsyncClient(
            base_url=config.base_url,
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=httpx.Timeout(config.timeout_s, connect=min(30.0, config.timeout_s), pool=None),
            limits=httpx.Limits(max_connections=config.in_flight, max_keepalive_connections=config.in_flight),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.aclose()

    async def sample(self, request: Request, sampling: SamplingConfig) -> AsyncGenerator[Rollout]:
        self.meter.begin()
        asked = settings(sampling)
        body: dict[str, Any] = {"model": self._config.model, "n": 1} | asked | self._config.extra_body
        if request.mode == "chat":
            route, body["messages"] = "chat/completions", [message.model_dump() for message in request.messages]
        else:
            route, body["prompt"] = "completions", request.prompt
        work = (self._one(request, index, route, body, asked | self._config.extra_body) for index in request.indices)
        async with aclosing(as_they_finish(work)) as rollouts:
            async for rollout in rollouts:
                yield self.meter.count(rollout)

    async def _one(self, request: Request, index: int, route: str, body: Any, asked: dict[str, Any]) -> Rollout:
        async with self._slots:
            answer = await self._answer(request, route, body)
        try:
            choice = answer["choices"][0]
            message = choice["message"] if request.mode == "chat" else choice
            text = message["content" if request.mode == "chat" else "text"] or ""
        except (KeyError, IndexError, TypeError):
            raise EngineError(f"{self._config.base_url}: the answer holds no choice: {str(answer)[:200]}") from None
        usage = answer.get("usage") or {}
        return Rollout(
            problem_id=request.problem_id,
            index=index,
            text=text,
            mode=request.mode,
            language=request.language,
            parent=request.parent,
            model=answer.get("model") or self.model,
            sampling=dict(sorted(asked.items())),
            template=request.template or None,
            finish_reason=choice.get("finish_reason"),
            prompt_tokens=usage.get("prompt_tokens"),
            completion_tokens=usage.get("completion_tokens"),
            reasoning=message.get("reasoning_content") or message.get("reasoning") or reasoning.split(text)[0],
        )

    async def _answer(self, request: Request, route: str, body: Any) -> Any:
        tries = AsyncRetrying(
            stop=stop_after_attempt(self._config.retries + 1),
            wait=_wait,
            retry=retry_if_exception_type(_MayPassError),
            before_sleep=self._count_retry,
            reraise=True,
        )
        try:
            return await tries(self._post, request, route, body)
        except _MayPassError as error:
            told = f"{self._config.base_url}: {error}; tried {self._config.retries + 1} times"
            raise EngineError(f"{told}; see engine.base_url, engine.retries and engine.in_flight") from None

    def _count_retry(self, _: RetryCallState) -> None:
        self.meter.retries += 1

    async def _post(self, request: Request, route: str, body: Any) -> Any:
        try:
            response = await self._client.post(route, json=body)
        except httpx.TransportError as error:
            raise _MayPassError(f"no answer ({type(error).__name__}: {error})") from None
        status = response.status_code
        if status in _PASSING or status >= 500:
            raise _MayPassError(self._told(response), _retry_after_s(response.headers.get("Retry-After", "")))
        if status in _REFUSALS:
            raise RequestRefused(request.problem_id, f"{self._config.base_url}: {self._told(response)}")
        if not response.is_success:
            raise EngineError(f"{self._config.base_url}: {self._told(response)}")
        try:
            return response.json()
        except ValueError:
            raise EngineError(f"{self._config.base_url}: answered what is not JSON: {response.text[:200]!r}") from None

    def _told(self, response: httpx.Response) -> str:
        """Status and the body's own words, without the key, which some servers repeat."""
        try:
            body = response.json()
            error = body.get("error", body)
            words = error.get("message", error) if isinstance(error, dict) else error
        except (ValueError, AttributeError):
            words = response.text
        told = f"status {response.status_code} {response.reason_phrase}: {str(words).strip()[:500] or 'no message'}"
        return told.replace(self._key, "***") if self._key else told


def _wait(state: RetryCallState) -> float:
    """Seconds until the next try: what the server asked for, or a random time below a growing bound."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _MayPassError) and error.after_s is not None:
        return min(max(error.after_s, 0.0), _LONGEST_WAIT_S)
    return _growing(state)


def _retry_after_s(header: str) -> float | None:
    """Retry-After is seconds or a date (RFC 9110 §10.2.3)."""
    if header.strip().isdecimal():
        return float(header)
    try:
        return (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
