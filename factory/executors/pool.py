"""Worker processes that can be ended at once, and are when one of them is stuck or none more can be started.

Promises: a unit gets its result, or BrokenProcessPool when a process was lost, also one that was ended because it gave
no sign of life in time, or a ResourceError when this machine gives no further process or thread; it never waits for
what cannot come.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.util import Finalize
from typing import Any, TypeVar

from factory.errors import ResourceError
from factory.executors.base import OpenContext, R, T

C = TypeVar("C")
_PR_SET_PDEATHSIG = 1
_EXHAUSTED = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


class _Context(SpawnContext):
    """Starts processes afresh, numbered by their names, and knows those it has started."""

    def __init__(self, stuck_s: float, workers: int) -> None:
        super().__init__()
        self._stuck_s = stuck_s
        self.started: list[SpawnProcess] = []
        self.due = self.RawArray("d", workers)
        """When each process is stuck unless it has given a sign before, by `time.monotonic()`; 0 where it is idle."""

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        number = len(self.started)
        process = SpawnProcess(*args, **(kwargs | {"name": f"worker-{number}"}))
        self.due[number] = time.monotonic() + self._stuck_s
        self.started.append(process)
        return process


@contextlib.contextmanager
def deaths() -> Iterator[threading.Event]:
    """Set when a thread dies that hands units to processes: concurrent.futures notices that of processes alone."""
    died, usual = threading.Event(), threading.excepthook

    def note(args: threading.ExceptHookArgs) -> None:
        if type(args.thread).__module__ == ProcessPoolExecutor.__module__:
            died.set()
        else:
            usual(args)

    threading.excepthook = note
    try:
        yield died
    finally:
        threading.excepthook = usual


class Pool:
    """`workers` processes, each with a context of its own. Belongs to the event loop that it is first used in."""

    def __init__(self, open_context: OpenContext, workers: int, stuck_s: float, died: threading.Event) -> None:
        self.stuck = False
        """Whether a process was ended because it was stuck."""
        self._context = _Context(stuck_s, workers)
        given = open_context, os.getpid(), self._context.due, stuck_s
        self._pool = ProcessPoolExecutor(workers, self._context, _open, given)
        self._every_s = min(stuck_s / 4, 5.0)
        self._watch: asyncio.Task[None] | None = None
        self._died = died

    async def run(self, work: Callable[[C, T], R], unit: T) -> R:
        """`work(context, unit)` in one of the processes. Raises what it raises, BrokenProcessPool, ResourceError."""
        self._watch = self._watch or asyncio.create_task(self._look_after())
        try:
            future = asyncio.wrap_future(self._pool.submit(_call, work, unit))
        except OSError as error:
            if error.errno in _EXHAUSTED:
                raise ResourceError(_no_more(error)) from None
            # The pool breaks, and closes its pipes, while a further process is being started.
            raise BrokenProcessPool(str(error)) from error
        except RuntimeError as error:
            if isinstance(error, BrokenProcessPool):
                raise
            raise ResourceError(_no_more(error)) from None
        try:
            either: set[asyncio.Future[Any]] = {future, self._watch}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not future.done():
                future.cancel()
        if self._died.is_set() and future.cancelled():
            raise ResourceError(_no_more("a thread that serves them has died for want of another"))
        return await future

    async def _look_after(self) -> None:
        """End processes that are stuck. Returns when the pool's own thread has died, and nothing can come any more."""
        asleep_s = 0.0
        while not self._died.is_set():
            began = time.monotonic()
            await asyncio.sleep(self._every_s)
            asleep_s += time.monotonic() - began - self._every_s  # stopped (Ctrl-Z), and they perhaps as well
            for process, due in zip(self._context.started, self._context.due, strict=False):
                if due and due + asleep_s < time.monotonic() and process.pid is not None:
                    self.stuck = True
                    process.kill()

    def end(self, at_once: bool) -> None:
        """End the processes: after the units they are at, or at once."""
        if self._watch is not None:
            self._watch.cancel()
        if at_once or self._died.is_set():
            # Every one of them: one left over would wait for ever for a lock that another died with.
            for process in self._context.started:
                if process.pid is not None:
                    process.kill()
        with contextlib.suppress(RuntimeError):  # its thread has never been started
            self._pool.shutdown(wait=True, cancel_futures=True)


def _no_more(why: object) -> str:
    return (
        f"no further worker process can be started here: {why}; remedy: raise the limits on processes, memory and "
        "open files (`ulimit -a`, the container's pids limit), or lower executor.workers; what is written is kept"
    )


class _Worker:
    """What a worker process keeps between units."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.context: Any = None
        self.number = 0
        self.due: Any = None
        self.stuck_s = 0.0

    def alive(self, seconds: float) -> None:
        """Begin a step that takes at most `seconds`, and some time of our own."""
        self.due[self.number] = time.monotonic() + seconds + self.stuck_s

    def idle(self) -> None:
        self.due[self.number] = 0.0


_worker = _Worker()


def _open(open_context: OpenContext, parent: int, due: Any, stuck_s: float) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != parent:
        os._exit(1)
    _worker.number = int(multiprocessing.current_process().name.rpartition("-")[2])
    _worker.due, _worker.stuck_s = due, stuck_s
    context: AbstractContextManager[Any] = open_context(_worker.alive)
    _worker.context = _worker.stack.enter_context(context)
    # Before the queues close by which a context may reach processes of its own (theirs is 10).
    Finalize(_worker, _worker.stack.close, exitpriority=100)
    _worker.idle()


def _call(work: Callable[[C, T], R], unit: T) -> R:
    _worker.alive(0.0)
    try:
        return work(_worker.context, unit)
    finally:
        _worker.idle()
