"""What an executor does: it runs functions on units of work, each in a worker that owns a warm context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Executor(Protocol):
    @property
    def workers(self) -> int:
        """How many units run at once."""
        ...

    async def run(self, work: Callable[[Any, T], R], unit: T, /) -> R:
        """`work(context, unit)` in one of the workers.

        Raises what `work` raises, and InfrastructureError when workers were lost on the unit again and again.
        """
        ...
