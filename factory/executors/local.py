"""Spreads units of work over processes of this machine.

Promises: each process opens its context once and keeps it warm; a process that dies takes no unit
with it: the pool is renewed and the unit tried again by itself, `TRIES` times in all. One that is stuck, having given
no sign for `stuck_s` seconds beyond the limits of what it runs, is ended, and its unit tried once more. Worker
processes end with this one, however it ends.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from typing import Self, TypeVar

from factory.errors import InfrastructureError
from factory.executors.base import OpenContext, R, T
from factory.executors.pool import Pool, deaths

C = TypeVar("C")
TRIES = 3


def usable_cpus() -> int:
    return len(os.sched_getaffinity(0))


class LocalExecutor:
    """`workers` processes (0: one a usable CPU), each with a context opened by `open_context`.

    Both `open_context` and the functions given to `run` must be importable by name. A context manager.
    """

    def __init__(self, open_context: OpenContext, workers: int = 0, stuck_s: float = 1800.0) -> None:
        self._open_context = open_context
        self._stuck_s = stuck_s
        self.workers = workers or usable_cpus()
        self._pool: Pool | None = None
        self._alone = asyncio.Lock()
        self._stack = ExitStack()
        self._died: threading.Event

    async def __aenter__(self) -> Self:
        self._died = self._stack.enter_context(deaths())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is not None:
            self._pool.end(at_once=kind is not None)
            self._pool = None
        self._stack.close()

    async def run(self, work: Callable[[C, T], R], unit: T) -> R:
        """`work(context, unit)` in one of the processes. Raises what it raises, InfrastructureError, ResourceError."""
        pool = self._pool = self._pool or self._new_pool(self.workers)
        try:
            return await pool.run(work, unit)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
                pool.end(at_once=True)
        return await self._again(work, unit)

    def _new_pool(self, workers: int) -> Pool:
        return Pool(self._open_context, workers, self._stuck_s, self._died)

    async def _again(self, work: Callable[[C, T], R], unit: T) -> R:
        """Try a unit that was lost once more, and alone: a pool that breaks takes units with it that did no harm."""
        async with self._alone:
            for _ in range(TRIES - 1):
                pool = self._new_pool(1)
                try:
                    return await pool.run(work, unit)
                except BrokenProcessPool:
                    if pool.stuck:
                        raise InfrastructureError(
                            f"a worker process was stuck on this unit of work for {self._stuck_s:g} s beyond its limits"
                        ) from None
                finally:
                    pool.end(at_once=True)
        raise InfrastructureError(f"{TRIES} worker processes died on the same unit of work")
