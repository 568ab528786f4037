"""The workers of a run: their sandbox decided once, and canaries among what they are given.

Promises: `auto` is decided, and what the languages need inside the sandbox is there, before anything is sampled.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import TypeVar

from factory import filters
from factory.config import GradingConfig
from factory.executors import open_executor
from factory.executors.base import Executor
from factory.grading.session import GradingSession
from factory.languages import language
from factory.run.canaries import Canaries
from sandbox import Sandbox

S = TypeVar("S", bound=GradingConfig)


def with_sandbox(settings: S, names: Iterable[str], note: Callable[[str], None]) -> S:
    """`settings` with `sandbox.backend: auto` decided by building the sandbox once.

    What the languages `names` need inside is made ready, or missed, here: a backend that cannot show it to programs
    is not taken. Raises WallUnavailable, and ConfigError where `verify.filters` has a name that no filter has.
    """
    filters.named(settings.verify.filters)
    asked = settings.sandbox
    mounts = tuple(mount for name in names for mount in language(name).mounts())
    with Sandbox(asked.backend, asked.wall(mounts)) as sandbox:
        note(f"sandbox: {sandbox.backend}")
        decided = asked.model_copy(update={"backend": sandbox.backend})
    return settings.model_copy(update={"sandbox": decided})


@contextlib.asynccontextmanager
async def workers(settings: GradingConfig, log: Callable[..., None] = lambda *_, **__: None) -> AsyncIterator[Executor]:
    """An executor whose workers grade, with canaries among their units unless the config has none."""
    async with open_executor(settings.executor, partial(GradingSession, settings)) as executor:
        if not settings.verify.canaries:
            yield executor
            return
        async with Canaries(executor, log) as watched:
            yield watched
