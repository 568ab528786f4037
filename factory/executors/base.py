"""What an executor does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from factory.executors.local import R, T


class Executor(Protocol):
    async def run(self, work: Callable[[Any, T], R], task: T) -> R: ...
