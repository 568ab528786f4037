"""Spreads units of work over processes of this machine.

Promises: each process opens its context once and keeps it warm; a process that dies takes no unit
with it: the pool is renewed and the unit tried again, `TRIES` times in all. Worker processes end
with this one, however it ends.
"""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Self, TypeVar

from factory.errors import InfrastructureError

C = TypeVar("C")
T = TypeVar("T")
R = TypeVar("R")
TRIES = 3
_PR_SET_PDEATHSIG = 1


class LocalExecutor:
    """`workers` processes (0: one a usable CPU), each with a context opened by `open_context`.

    Both `open_context` and the functions given to `run` must be importable by name. A context manager.
    """

    def __init__(self, open_context: Callable[[], AbstractContextManager[Any]], workers: int = 0) -> None:
        self._open_context = open_context
        self.workers = workers or len(os.sched_getaffinity(0))
        self._pool: ProcessPoolExecutor | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._end(wait=kind is None)

    async def run(self, work: Callable[[C, T], R], task: T) -> R:
        """`work(context, task)` in one of the processes. Raises what it raises, or InfrastructureError."""
        for _ in range(TRIES):
            pool = self._start()
            try:
                return await asyncio.wrap_future(pool.submit(_call, work, task))
            except BrokenProcessPool:
                if self._pool is pool:
                    self._end(wait=False)
        raise InfrastructureError(f"{TRIES} worker processes died on the same unit of work")

    def _start(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_open,
                initargs=(self._open_context, os.getpid()),
            )
        return self._pool

    def _end(self, wait: bool) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=wait, cancel_futures=True)
            self._pool = None


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
    import atexit

    atexit.register(_worker.stack.close)


def _call(work: Callable[[C, T], R], task: T) -> R:
    return work(_worker.context, task)
