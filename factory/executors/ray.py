"""Spreads units of work over the nodes of a Ray cluster: one actor a worker, each with a context of its own.

Scheduling, restarts, logs and the dashboard are Ray's. Promises: a unit whose actor or node is lost goes to another
worker, `TRIES` times in all; an actor that was lost is started again by Ray wherever there is room, and one that finds
room late works from then on. Nothing of the environment is sent: a node has its keys and proxies itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from factory.errors import ConfigError, InfrastructureError, ResourceError
from factory.executors.base import OpenContext, R, T

try:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    from ray.exceptions import RayActorError, RayTaskError
except ImportError:
    raise ConfigError(
        "executor.kind: ray: Ray is not installed; remedy: pip install 'rollout-factory[ray]', on every node"
    ) from None

C = TypeVar("C")
TRIES = 3
WAIT_S = 30.0
"""Seconds without any worker after which it is said what they wait for."""
ROOM_S = 1800.0
"""Seconds without any worker, and without a node that could hold one, after which none is waited for: a cluster that
grows by itself brings nodes within minutes."""
CONNECT_S = 10.0
_IDLE_S = 1.0
_THREADS = 16
"""Of an actor that may have several units: more than it takes at once, and as many that ask for room."""


class _Context:
    """What an actor holds: the context of a worker, opened once."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._context: Any = None

    def open(self, open_context: OpenContext) -> None:
        self._context = self._stack.enter_context(open_context(lambda seconds: None))

    def run(self, work: Callable[[C, T], R], unit: T) -> R:
        return work(self._context, unit)

    def wait_for_room(self, room: Callable[[C, T], None], unit: T) -> None:
        room(self._context, unit)

    def close(self) -> None:
        self._stack.close()


@dataclass(eq=False)
class _Worker:
    """An actor whose context is open, until it is lost."""

    actor: Any
    lost: bool = False
    units: int = 0
    empty: asyncio.Event = field(default_factory=asyncio.Event)

    @contextmanager
    def at(self) -> Iterator[None]:
        """While a unit is worked on."""
        self.units += 1
        self.empty.clear()
        try:
            yield
        finally:
            self.units -= 1
            if not self.units:
                self.empty.set()


class RayExecutor:
    """`workers` actors, each with `cpus_per_worker` CPUs and `gpus_per_worker` GPUs of one node. A context manager.

    `address` is that of the cluster, "auto" the one this machine belongs to, "local" a new one of this machine alone.
    Both the context and the functions given to `run` must be importable by name on every node.
    """

    def __init__(
        self,
        open_context: OpenContext,
        address: str = "auto",
        workers: int = 1,
        gpus_per_worker: float = 0.0,
        cpus_per_worker: int = 1,
        stuck_s: float = 1800.0,
        note: Callable[[str], None] = lambda line: None,
        room: Callable[[Any, Any], None] | None = None,
    ) -> None:
        """`note` gets lines on workers that are lost. `stuck_s` is for the processes that a context itself opens.

        With `room` a worker may have several units at once, each in a thread: `room(context, unit)` is called beside
        `work`, and returns when one more may come, at the latest when the unit is done.
        """
        self._open_context, self._address, self.workers = open_context, address, workers
        self._resources = {"num_cpus": cpus_per_worker, "num_gpus": gpus_per_worker}
        self._note, self._room = note, room
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        """Workers that take a unit."""
        self._opened: set[_Worker] = set()
        self._asking: set[asyncio.Task[None]] = set()
        self._actors: list[Any] = []
        self._starting: set[asyncio.Task[None]] = set()
        self._failure: asyncio.Future[None]
        self._connected = False

    async def __aenter__(self) -> Self:
        self._failure = asyncio.get_running_loop().create_future()
        if not ray.is_initialized():
            logging.getLogger("ray").setLevel(logging.ERROR)  # it warns that SIGTERM stays ours
            try:
                await asyncio.to_thread(_connect, self._address)
            except (OSError, RuntimeError, ValueError) as error:
                raise ConfigError(
                    f"executor.address: {self._address!r}: no Ray cluster answers there ({type(error).__name__}); "
                    "remedy: `ray start --head`, the address of a cluster, or `local`"
                ) from None
            self._connected = True
        threads = 1 if self._room is None else _THREADS
        actor = ray.remote(_Context).options(max_restarts=-1, max_concurrency=threads, **self._resources)
        self._actors = [actor.remote() for _ in range(self.workers)]
        for one in self._actors:
            self._start(one)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for task in self._starting | self._asking:
            task.cancel()
        if kind is None:
            closing = [worker.actor.close.remote() for worker in self._opened]
            await asyncio.gather(*closing, return_exceptions=True)
        for actor in self._actors:
            ray.kill(actor)
        if self._connected:
            ray.shutdown()
        self._failure.cancel()

    @property
    def opened(self) -> int:
        """How many workers have a context now. Raises what kept one from being opened."""
        if self._failure.done():
            self._failure.result()
        return len(self._opened)

    async def run(self, work: Callable[[Any, T], R], unit: T, /) -> R:
        """`work(context, unit)` in one of the actors; raises as `Executor.run` does.

        A unit that was lost is alone with its worker from then on: what it does there is its own.
        """
        reason = ""
        for already_lost in range(TRIES):
            worker = await self._taken(alone=already_lost > 0)
            shared = self._room is not None and not already_lost
            try:
                with worker.at():
                    if shared:
                        self._ask_for_room(worker, unit)
                    result: R = await worker.actor.run.remote(work, unit)
                    return result
            except RayActorError as error:
                self._lose(worker)
                reason = " ".join(str(error).split())[:200]
                self._note(f"a worker was lost, its unit of work goes to another: {reason}")
            except RayTaskError as error:
                raise _cause(error) from None
            except BaseException:
                if not worker.lost:
                    ray.kill(worker.actor, no_restart=False)  # it would go on with work that nobody waits for
                self._lose(worker)
                raise
            finally:
                if not (shared or worker.lost):
                    self._idle.put_nowait(worker)
        raise InfrastructureError(f"{TRIES} workers were lost on the same unit of work, the last one: {reason}")

    async def _taken(self, alone: bool) -> _Worker:
        """A worker that takes a unit, and has no other one where the unit is to be `alone`."""
        while True:
            worker = await self._next()
            if alone and worker.units:
                try:
                    await worker.empty.wait()
                except BaseException:
                    self._idle.put_nowait(worker)
                    raise
            if not worker.lost:
                return worker

    def _ask_for_room(self, worker: _Worker, unit: Any) -> None:
        """Have `worker` take one more unit as soon as it can."""

        async def ask() -> None:
            try:
                await worker.actor.wait_for_room.remote(self._room, unit)
            except RayActorError:
                self._lose(worker)
            else:
                self._idle.put_nowait(worker)

        task = asyncio.create_task(ask())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    def _lose(self, worker: _Worker) -> None:
        """Have the actor of `worker` be another one from now on."""
        if not worker.lost:
            worker.lost = True
            self._opened.discard(worker)
            self._start(worker.actor)

    def _start(self, actor: Any) -> None:
        task = asyncio.create_task(self._open(actor))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _open(self, actor: Any) -> None:
        """Open the context of an actor that was started, or started again; then it takes a unit."""
        while True:
            try:
                await actor.open.remote(self._open_context)
            except RayActorError:
                await asyncio.sleep(_IDLE_S)  # it is being started again, perhaps on another node
            except RayTaskError as error:
                if not self._failure.done():
                    self._failure.set_exception(_cause(error))
                return
            else:
                worker = _Worker(actor)
                self._opened.add(worker)
                self._idle.put_nowait(worker)
                return

    async def _next(self) -> _Worker:
        """A worker that takes a unit, or was lost meanwhile. Raises what kept a context from being opened."""
        waiting = asyncio.ensure_future(self._idle.get())
        began, said = time.monotonic(), False
        try:
            while not waiting.done():
                either: set[asyncio.Future[Any]] = {waiting, self._failure}
                done, _ = await asyncio.wait(either, timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED)
                if self._failure in done and not waiting.done():
                    self._failure.result()
                if not done and len(self._starting) == self.workers:
                    self._see_room(said, time.monotonic() - began)
                    said = True
            return waiting.result()
        except BaseException:
            if waiting.done() and not waiting.cancelled():
                self._idle.put_nowait(waiting.result())
            waiting.cancel()
            raise

    def _see_room(self, said: bool, waited_s: float) -> None:
        """Say once what workers wait for. Raises ResourceError after `ROOM_S` in which no node could have held one."""
        wanted = f"{self._resources['num_cpus']} CPUs and {self._resources['num_gpus']:g} GPUs"
        alive: list[dict[str, Any]] = [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
        nodes: list[dict[str, float]] = [node["Resources"] for node in alive]
        fits = any(
            node.get("CPU", 0) >= self._resources["num_cpus"] and node.get("GPU", 0) >= self._resources["num_gpus"]
            for node in nodes
        )
        largest = max(nodes, key=lambda it: (it.get("GPU", 0), it.get("CPU", 0)), default=dict[str, float]())
        has = f"the largest has {largest.get('CPU', 0):g} CPUs and {largest.get('GPU', 0):g} GPUs"
        if not fits and waited_s >= ROOM_S:
            raise ResourceError(
                f"executor: a worker asks for {wanted} of one node, and no node of the Ray cluster has them ({has}); "
                "remedy: lower executor.cpus_per_worker or executor.gpus_per_worker, or add such a node"
            )
        if not said:
            where = "to have them free" if fits else f"to come that has them ({has})"
            self._note(f"a worker asks for {wanted} of one node: waiting for a node of the Ray cluster {where}")


def _connect(address: str) -> None:
    """Raises OSError, RuntimeError or ValueError where no cluster answers."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():  # Ray itself would try for minutes
        socket.create_connection((host, int(port)), timeout=CONNECT_S).close()
    ray.init(address, log_to_driver=False, configure_logging=False)


def _cause(error: RayTaskError) -> BaseException:
    """What was raised in the actor, as itself."""
    cause: BaseException = error.cause if isinstance(error.cause, BaseException) else error
    return cause
