"""What an engine is: whoever turns a Request into Rollouts. One file in this folder each.

An engine promises each asked index at most once, in any order, as soon as it is there; `text` as the
model gave it; and that leaving the iterator, by its end, an exception or cancellation, leaves nothing
of the request running. It does not promise the same text twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from factory.config import SamplingConfig
from factory.errors import EngineError
from factory.records import Request, Rollout


class RequestRefused(EngineError):
    """The engine is well, but this one request cannot be served: report it, skip it, go on."""

    def __init__(self, problem_id: str, reason: str) -> None:
        super().__init__(f"{problem_id!r}: {reason}")
        self.problem_id = problem_id
        self.reason = reason


class PromptTooLong(RequestRefused):
    """The prompt leaves no room for an answer. `tokens` is its length, `limit` the longest that does."""

    def __init__(self, problem_id: str, tokens: int, limit: int) -> None:
        remedy = "shorten the problem or raise engine.max_model_len"
        reason = f"the prompt has {tokens} tokens, at most {limit} leave room for an answer; {remedy}"
        super().__init__(problem_id, reason)
        self.tokens = tokens
        self.limit = limit


@dataclass(slots=True)
class Meter:
    """What an engine has done so far. Read it at any time; only the engine writes it."""

    rollouts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    load_s: float = 0.0
    """Seconds that starting took, restarts included."""
    restarts: int = 0
    """Times a dead engine was started again."""
    retries: int = 0
    """Requests sent again after a failure that may pass."""
    gpus: int = 0
    """GPUs held, so that GPU-hours can be told; 0 on a CPU and elsewhere."""
    cpus: int = 0
    """CPUs that the engine computes on, so that CPU-hours can be told; 0 on GPUs and elsewhere."""
    started: float | None = field(default=None, repr=False)
    """Monotonic time of the first request."""

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first request; 0 before it."""
        return 0.0 if self.started is None else time.monotonic() - self.started

    def begin(self) -> None:
        if self.started is None:
            self.started = time.monotonic()

    def count(self, rollout: Rollout) -> Rollout:
        self.rollouts += 1
        self.prompt_tokens += rollout.prompt_tokens or 0
        self.completion_tokens += rollout.completion_tokens or 0
        return rollout


class Engine(Protocol):
    """Used as `async with engine:`; entering starts it (EngineError, ConfigError), leaving stops it."""

    model: str
    """Resolved name and revision, for the records; known once entered."""
    meter: Meter

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...

    def sample(self, request: Request, sampling: SamplingConfig) -> AsyncGenerator[Rollout]:
        """Each rollout as it finishes; `sampling.n` plays no part, `request.indices` tells which.

        Raises RequestRefused when only this request is at fault, else EngineError.
        """
        ...


def settings(sampling: SamplingConfig) -> dict[str, Any]:
    """What is asked of the model, as records keep it: only what is set, keys in one order."""
    asked = sampling.model_dump(mode="json", exclude={"n", "mode", "template"}, exclude_none=True)
    return {key: asked[key] for key in sorted(asked) if asked[key] not in ([], {})}


async def as_they_finish(work: Iterable[Coroutine[Any, Any, Rollout]]) -> AsyncGenerator[Rollout]:
    """The results in the order they come. At the first failure, or when left, the rest is cancelled and awaited."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
