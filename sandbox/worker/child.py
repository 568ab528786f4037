"""One candidate: forked, confined, watched, killed, reaped, reported.

Promises: nothing it starts is left after `finish`; what it used is measured for the whole tree.
"""

import _signal  # type: ignore[import-not-found]  # without the enumerations that `signal` puts around it
import ctypes
import functools
import math
import operator
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from typing import NoReturn

from sandbox.worker import candidate, namespaces, packages, resource_usage, scratch
from sandbox.worker.syscalls import PR_SET_DUMPABLE, Filter, prctl
from sandbox.worker.wire import Header

FIRST_LOOK_S, LOOK_S = 0.02, 0.05
SETUP_FAILED = 70
"""Exit code of a child that never came to its program, or whose program broke what runs it."""
SIGINT, SIGKILL = 2, 9
SIGXFSZ, SIGSYS = int(signal.SIGXFSZ), int(signal.SIGSYS)
SIGNALS = 1024
"""Signals that wait, and timers, of all processes together: the kernel holds half a KiB for each, and no limit counts
them."""
CORE = 1
"""Bytes of a core file, fewer than any core file has. This limit alone keeps the kernel from starting, as root and
outside every wall, the program that a machine may have for crashes (core(5), "Piping core dumps")."""
HOST = 0
"""Descriptor on which the host speaks."""
RESERVED = 8
"""Descriptors below are a candidate's; the server keeps its own above."""
_what_the_kernel_holds = operator.itemgetter(
    "cpu_s", "memory_mb", "output_kb", "open_files", "processes", "stack_mb", "reserve_mb"
)
HARD = {
    what: resource.getrlimit(what)[1]
    for what in (
        resource.RLIMIT_CPU,
        resource.RLIMIT_DATA,
        resource.RLIMIT_STACK,
        resource.RLIMIT_FSIZE,
        resource.RLIMIT_NOFILE,
        resource.RLIMIT_NPROC,
        resource.RLIMIT_SIGPENDING,
        resource.RLIMIT_CORE,
    )
}
"""The most that this machine lets us set, read once."""
fork: Callable[[], int] = getattr(ctypes.PyDLL(None), "_Fork", os.fork)
"""glibc's fork without what fork(3) and os.fork do for other threads and for at-fork handlers: here are none, and
they would cost half a millisecond. An older C library has only the other."""


class Child:
    """A forked candidate and everything it starts.

    It takes exactly the descriptors `fds` (its number: ours), the limits and the system call filter, then
    runs `body`, whose result is its exit code. `own_kb` None forks it; else it has namespaces of its own, with a work
    directory of that many KiB, or this one where that is 0. `files_mb` are MiB in its work directory as it begins.
    """

    def __init__(
        self,
        body: Callable[[], int],
        limits: Header,
        fds: dict[int, int],
        syscalls: Filter,
        own_kb: int | None,
        files_mb: float,
    ) -> None:
        self.limits = limits
        self.breach: str | None = None
        self.resting = False
        """Waiting for the host: time on the clock that is not the candidate's."""
        self._spent: dict[str, tuple[int, int]] = {}
        self._cpu_lost = 0.0
        self._files_mb = files_mb
        self._own_mb = len(scratch.PLACES) * (own_kb or 0) / 1024
        self.started = time.monotonic()
        rlimits = kernel_limits(*_what_the_kernel_holds(limits))
        self.pid = fork() if own_kb is None else namespaces.fork()
        if self.pid == 0:
            become(body, rlimits, fds, syscalls, own_kb)
        self._root = f"/proc/{self.pid}/root" if own_kb else ""
        self._pidfd = os.pidfd_open(self.pid)
        self._poll = select.poll()
        self._poll.register(self._pidfd, select.POLLIN)
        self._poll.register(HOST, 0)  # asks for nothing, and tells when the host is gone
        self._look_at = self.started + FIRST_LOOK_S

    def wait(self) -> None:
        """Until it has ended or was killed for breaking a limit."""
        while not self.ready():
            if self.look():
                return

    def alive_until(self, fd: int, event: int) -> bool:
        """Wait until `fd` is ready for `event`; False when the child ended or broke a limit first."""
        if self.breach:
            return False
        self._poll.register(fd, event)
        try:
            while True:
                ready = self.ready(fd)
                # One that answers byte by byte is looked at as well.
                if time.monotonic() >= self._look_at and self.look():
                    return False
                if ready:
                    return fd in ready
        finally:
            if fd == HOST:
                self._poll.modify(HOST, 0)
            else:
                self._poll.unregister(fd)

    def ready(self, awaited: int | None = None) -> list[int]:
        """What happened until the next look is due. Raises EOFError when the host is gone and not `awaited`."""
        due_ms = max(0.0, self._look_at - time.monotonic()) * 1000
        ready = [fd for fd, _ in self._poll.poll(due_ms)]
        if HOST in ready and awaited != HOST:
            raise EOFError("the host is gone")
        return ready

    def look(self) -> bool:
        """Whether a limit is broken; if so everything is killed."""
        self._look_at = time.monotonic() + LOOK_S
        spent, held_mb = resource_usage.usage()
        self._cpu_lost += resource_usage.unclaimed_s(self._spent, spent)
        self._spent = spent
        cpu_s = sum(map(sum, spent.values())) / resource_usage.CLOCK
        most_mb = max(0.0, float(self.limits["memory_mb"]) - self._written_mb())
        if cpu_s + self._cpu_lost > float(self.limits["cpu_s"]):
            self.end("cpu")
        elif held_mb > most_mb and self._memory_mb() > most_mb and self._has_begun():
            self.end("memory")
        elif not self.resting and time.monotonic() - self.started > float(self.limits["wall_s"]):
            self.end("wall")
        return self.breach is not None

    def _has_begun(self) -> bool:
        """Whether it has come to its program: the filter is the last thing that it takes before.

        Until then its files in /proc are closed to us, so that its work directory would count as full. On a busy
        machine that may last longer than to the first look.
        """
        try:
            its, ours = resource_usage.filters(str(self.pid)), resource_usage.filters("self")
        except OSError:
            return True  # it has ended
        return its < 0 or its > ours

    def _memory_mb(self) -> float:
        """Exact. What that costs is the candidate's own: one of many processes and mappings makes it seconds a look."""
        began = time.process_time()
        memory_mb = resource_usage.memory_mb()
        self._cpu_lost += time.process_time() - began
        return memory_mb

    def _written_mb(self) -> float:
        try:
            return scratch.used_mb(self._root) - self._files_mb
        except OSError:
            # It has ended, and its work directory with it; or it hides that, and counts as having filled it.
            ended, _, _ = select.select((self._pidfd,), (), (), 0)
            return 0.0 if ended else self._own_mb

    def _had_too_much(self, peak_mb: float) -> bool:
        """Whether a process had more resident than any may; the pages that it shares with us count in each."""
        most_mb = float(self.limits["memory_mb"])
        return peak_mb > most_mb and peak_mb > most_mb + resource_usage.resident_mb()

    def end(self, breach: str) -> None:
        """Kill it for breaking a limit; the first one broken is reported."""
        self.breach = self.breach or breach
        kill_all()

    def finish(self) -> Header:
        """Reap the child, kill and reap all it left behind; how it ended and what all of it used."""
        _, status, usage = os.wait4(self.pid, 0)
        wall_ms = (time.monotonic() - self.started) * 1000
        os.close(self._pidfd)
        cpu, peak = self._cpu_lost + usage.ru_utime + usage.ru_stime, usage.ru_maxrss
        kill_all()
        while True:
            try:
                _, _, usage = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss)
        code = os.waitstatus_to_exitcode(status)
        if self.breach is None:
            if cpu > float(self.limits["cpu_s"]):
                self.breach = "cpu"
            elif code == -SIGXFSZ:
                self.breach = "output"
            elif code in (candidate.OUT_OF_MEMORY, -SIGSYS) or self._had_too_much(peak / 1024):
                self.breach = "memory"
        return {
            "exit_code": code if code >= 0 else None,
            "signal": -code if code < 0 else None,
            "breach": self.breach,
            "cpu_ms": cpu * 1000,
            "wall_ms": wall_ms,
            "peak_mb": peak / 1024,
        }


def kill_all() -> None:
    """Every process inside but this one: PID 1 is never among those that kill(-1) reaches."""
    try:  # without contextlib: see `wire.written`
        os.kill(-1, SIGKILL)
    except ProcessLookupError:
        return


def become(
    body: Callable[[], int],
    rlimits: list[tuple[int, tuple[int, int]]],
    fds: dict[int, int],
    syscalls: Filter,
    own_kb: int | None,
) -> NoReturn:
    code = SETUP_FAILED
    try:
        for number in range(RESERVED):
            if number in fds:
                os.dup2(fds[number], number)
            else:
                os.close(number)
        os.closerange(RESERVED, 4096)
        os.setsid()
        if own_kb is not None:
            namespaces.enter(own_kb)
        if own_kb is not None or fork is os.fork:
            packages.same_chance()
        for what, most in rlimits:
            resource.setrlimit(what, most)
        _signal.signal(SIGINT, _signal.default_int_handler)
        prctl(PR_SET_DUMPABLE, 1)  # the server may then see what memory it shares with its children
        syscalls.install()
        code = body()
    except MemoryError:
        code = candidate.OUT_OF_MEMORY
    finally:
        os._exit(code)


@functools.lru_cache
def kernel_limits(
    cpu_s: float, memory_mb: int, output_kb: int, open_files: int, processes: int, stack_mb: int, reserve_mb: int
) -> list[tuple[int, tuple[int, int]]]:
    """What the kernel is to hold a candidate to, as setrlimit takes it; inherited, and not to be raised again.

    But for the stack, which a program may let grow: the watcher counts what is resident.
    """
    memory = memory_mb * 2**20
    asked = {
        resource.RLIMIT_CPU: math.ceil(cpu_s) + 1,
        resource.RLIMIT_DATA: memory + reserve_mb * 2**20,
        resource.RLIMIT_STACK: min(memory, stack_mb * 2**20),
        resource.RLIMIT_FSIZE: output_kb * 1024,
        resource.RLIMIT_NOFILE: open_files,
        resource.RLIMIT_NPROC: processes + 1,
        resource.RLIMIT_SIGPENDING: SIGNALS,
        resource.RLIMIT_CORE: CORE,
    }
    limits = []
    for what, most in asked.items():
        hard = HARD[what]  # a machine may allow less than was asked
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        limits.append((what, (least, hard if what == resource.RLIMIT_STACK else least)))
    return limits


def reserve(null: int) -> None:
    """Fill the descriptors that are a candidate's, so that none of the server's own comes to lie there."""
    for number in range(RESERVED):
        if number not in (0, 1, 2):
            os.dup2(null, number)
