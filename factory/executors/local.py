"""Spreads units of work over processes of this machine.

Promises: each process opens its context once and keeps it warm; a process that dies takes no unit
with it: the pool is renewed and the unit tried again by itself, `TRIES` times in all. Worker processes end
with this one, however it ends.
"""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, Self, TypeVar

from factory.errors import InfrastructureError
from factory.executors.base import R, T

C = TypeVar("C")
TRIES = 3
_PR_SET_PDEATHSIG = 1


def usable_cpus() -> int:
    return len(os.sched_getaffinity(0))


class LocalExecutor:
    """`workers` processes (0: one a usable CPU), each with a context opened by `open_context`.

    Both `open_context` and the functions given to `run` must be importable by name. A context manager.
    """

    def __init__(self, open_context: Callable[[], AbstractContextManager[Any]], workers: int = 0) -> None:
        self._open_context = open_context
        self.workers = workers or usable_cpus()
        self._pool: _Pool | None = None
        self._alone = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is not None:
            self._pool.end(at_once=kind is not None)
            self._pool = None

    async def run(self, work: Callable[[C, T], R], unit: T) -> R:
        """`work(context, unit)` in one of the processes. Raises what it raises, or InfrastructureError."""
        pool = self._pool = self._pool or _Pool(self._open_context, self.workers)
        try:
            return await pool.run(work, unit)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
                pool.end(at_once=True)
        return await self._again(work, unit)

    async def _again(self, work: Callable[[C, T], R], unit: T) -> R:
        """Try a unit that was lost once more, and alone: a pool that breaks takes units with it that did no harm."""
        async with self._alone:
            for _ in range(TRIES - 1):
                pool = _Pool(self._open_context, 1)
                try:
                    return await pool.run(work, unit)
                except BrokenProcessPool:
                    continue
                finally:
                    pool.end(at_once=True)
        raise InfrastructureError(f"{TRIES} worker processes died on the same unit of work")


class _Context(SpawnContext):
    """Starts processes afresh, and knows those it has started."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        process = SpawnProcess(*args, **kwargs)
        self.started.append(process)
        return process


class _Pool:
    """Worker processes that can be ended at once, in the middle of a unit."""

    def __init__(self, open_context: Callable[[], AbstractContextManager[Any]], workers: int) -> None:
        self._context = _Context()
        self._pool = ProcessPoolExecutor(workers, self._context, _open, (open_context, os.getpid()))

    async def run(self, work: Callable[[C, T], R], unit: T) -> R:
        try:
            future = self._pool.submit(_call, work, unit)
        except OSError as error:  # the pool breaks, and closes its pipes, while a further process is being started
            raise BrokenProcessPool(str(error)) from error
        return await asyncio.wrap_future(future)

    def end(self, at_once: bool) -> None:
        """End the processes: after the units they are at, or at once."""
        if at_once:
            # Every one of them: one left over would wait for ever for a lock that another died with.
            for process in self._context.started:
                if process.pid is not None:
                    process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)


class _Worker:
    """What a worker process keeps between units."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.context: Any = None


_worker = _Worker()


def _open(open_context: Callable[[], AbstractContextManager[Any]], parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != parent:
        os._exit(1)
    _worker.context = _worker.stack.enter_context(open_context())
    atexit.register(_worker.stack.close)


def _call(work: Callable[[C, T], R], unit: T) -> R:
    return work(_worker.context, unit)
