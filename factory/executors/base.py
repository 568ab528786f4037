"""What an executor does: it runs functions on units of work, each in a worker that owns a warm context."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Alive = Callable[[float], None]
"""Called at the start of a step of the work with the seconds that it may take, at most."""
OpenContext = Callable[[Alive], AbstractContextManager[Any]]
"""Opens the context of a worker, which shows by what it is given that it is alive."""


class Executor(Protocol):
    @property
    def workers(self) -> int:
        """How many units run at once."""
        ...

    async def run(self, work: Callable[[Any, T], R], unit: T, /) -> R:
        """`work(context, unit)` in one of the workers.

        Raises what `work` raises, and InfrastructureError when workers were lost on the unit again and again,
        ResourceError when no worker can be started.
        """
        ...
