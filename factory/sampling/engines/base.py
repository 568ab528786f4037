"""What an engine is: whoever turns a Request into Rollouts. One file in this folder each.

An engine promises each asked index at most once, in any order, as soon as it is there: as a rollout, whose `text` is
what the model gave, or as `Unanswered` where the model is not to blame for there being none (`check_end`); that what
has come is handed out before an exception or cancellation; and that leaving the iterator, by its end, an exception or
cancellation, leaves nothing of the request running. It does not promise the same text twice.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeVar

from factory.config import SamplingConfig
from factory.errors import EngineError
from factory.records import Message, Request, Rollout, Unanswered

T = TypeVar("T")
Say = Callable[[str], None]
"""Gets a line for the user."""
TRIES = 3
"""Times that an answer is asked for which comes, but is unusable."""
_ENDED = frozenset(
    "stop length eos eos_token end_turn stop_sequence max_tokens max_output_tokens model_length tool_calls tool_call "
    "tool_use function_call complete completed finished repetition refusal".split()
)
"""How endpoints call an end that is the model's."""
_WITHHELD = re.compile("filter|safety|sensitive|moderat|recitation|block|prohibit|spii|policy")
_FAILED = re.compile(
    "abort|error|cancel|fail|time_?-? ?out|network|connect|interrupt|preempt|overload|unavailable|insufficient"
)


class UnusableAnswer(Exception):
    """What came is not what the model says; it may come right when it is asked for again."""

    def __init__(self, reason: str, refused: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.refused = refused
        """Whether the answer is withheld; else the engine failed in it."""


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
    lost_tokens: int = 0
    """Tokens of answers that could not be used, as far as they are known."""
    gpus: int = 0
    """GPUs held, so that GPU-hours can be counted; 0 on a CPU and elsewhere."""
    cpus: int = 0
    """CPUs that the engine computes on, so that CPU-hours can be counted; 0 on GPUs and elsewhere."""
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

    def sample(self, request: Request, sampling: SamplingConfig) -> AsyncGenerator[Rollout | Unanswered]:
        """Each rollout as it finishes; `sampling.n` plays no part, `request.indices` tells which.

        Raises RequestRefused when this request as a whole is at fault, EngineError when the engine is.
        """
        ...


def warn(line: str) -> None:
    """Where an engine's lines for the user go if no observer takes them."""
    logging.getLogger(__name__).warning("%s", line)


def check_end(finish_reason: str | None, text: str) -> None:
    """The one rule of whose an answer is: raises UnusableAnswer where its end is not the model's.

    That is so where the finish reason tells of a failure or of a filter, whatever text there is by then, and where it
    is none that is known and there is no text. An unknown one with text is taken for the model's, as is none at all.
    """
    reason = (finish_reason or "").lower()
    if not reason or reason in _ENDED:
        return
    if _WITHHELD.search(reason):
        raise UnusableAnswer(f"withheld by a filter: finish_reason {finish_reason!r}", refused=True)
    if _FAILED.search(reason):
        raise UnusableAnswer(f"broken off: finish_reason {finish_reason!r}")
    if not text:
        raise UnusableAnswer(f"no text, and finish_reason {finish_reason!r} does not say why")


def settings(sampling: SamplingConfig) -> dict[str, Any]:
    """What is asked of the model, as records keep it: only what is set, keys in one order."""
    asked = sampling.model_dump(mode="json", exclude={"n", "plan", "budget", "mode", "template"}, exclude_none=True)
    return {key: asked[key] for key in sorted(asked) if asked[key] not in ([], {})}


def dialogue(request: Request) -> list[dict[str, str]]:
    """The messages of a chat, with the answer's beginning where the request has one."""
    begun = (Message(role="assistant", content=request.prefill),) if request.prefill else ()
    return [message.model_dump() for message in (*request.messages, *begun)]


def turn(request: Request) -> dict[str, bool]:
    """Whether the model begins an answer or goes on with one: by the names of chat templates and of vLLM's server."""
    if request.prefill:
        return {"add_generation_prompt": False, "continue_final_message": True}
    return {"add_generation_prompt": True}


async def as_they_finish(work: Iterable[Coroutine[Any, Any, T]]) -> AsyncGenerator[T]:
    """The results in the order they come. At the first failure, or when cancelled, those that are there come first.

    Then, and when the iterator is left, the rest is cancelled and awaited.
    """
    finished: asyncio.Queue[asyncio.Task[T]] = asyncio.Queue()
    left = {asyncio.create_task(one) for one in work}
    tasks = list(left)
    for task in tasks:
        task.add_done_callback(finished.put_nowait)
    try:
        while left:
            try:
                done = await finished.get()
                left.discard(done)
                result = done.result()
            except BaseException:
                for task in [task for task in left if _succeeded(task)]:
                    left.discard(task)
                    yield task.result()
                raise
            yield result
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _succeeded(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
