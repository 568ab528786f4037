"""The words of the sandbox: what goes in (jobs, limits) and what comes out (reports).

Everything is a frozen value. Nothing here has an expected answer in it, and nothing
may: that is what keeps a candidate from finding one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class Breach(StrEnum):
    """Which limit ended a program, when one did."""

    CPU = "cpu"
    WALL = "wall"
    MEMORY = "memory"
    OUTPUT = "output"


CALLS_TOGETHER = 16
"""Answers of the full `output_kb` that one program may give, however many calls it answers, or inputs it reads."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use. CPU time decides; wall time only catches sleepers."""

    cpu_s: float = 5.0
    """CPU seconds of the program and everything it starts, together."""
    wall_s: float = 30.0
    """Seconds on the clock; generous, so that a busy machine fails no program."""
    memory_mb: int = 512
    """Mebibytes of resident memory of all its processes together."""
    processes: int = 32
    """Processes and threads alive at once."""
    output_kb: int = 4096
    """Kibibytes of the answer to one call, or of standard output; also the largest file it may write."""
    open_files: int = 64
    """Open file descriptors a process."""
    stack_mb: int = 256
    """Mebibytes of stack, at most `memory_mb`: of a process, and of every thread that asks for no size of its own.
    A program may set itself more, as contest programs do."""
    reserve_mb: int = 2048
    """Mebibytes of address space that a process may reserve beyond `memory_mb`, such as for the stacks of threads.
    What it touches of that counts as memory."""

    def for_calls(self, calls: int) -> Limits:
        """These limits for a process that answers this number of calls: its output is that of all of them together.

        At most `CALLS_TOGETHER` answers of full length are held, since the host has to hold them all.
        """
        return replace(self, output_kb=self.output_kb * min(max(calls, 1), CALLS_TOGETHER))


@dataclass(frozen=True, slots=True)
class Mount:
    """A host file or directory shown read-only inside the wall, at `target`."""

    source: str
    target: str


class Isolation(StrEnum):
    """What separates a candidate from the next one, besides its own process, uid and emptied work directory."""

    FORK = "fork"
    """Nothing more: it is forked from the server, which kills and removes all that it leaves."""
    NAMESPACE = "namespace"
    """PID, mount and IPC namespaces of its own, with a work directory that goes with them."""


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """What a wall is to hold. All inside counts, whoever started it; `Limits` bind one candidate."""

    mounts: tuple[Mount, ...] = ()
    scratch_mb: int = 64
    """Mebibytes of the work directory, which lies in memory."""
    isolation: Isolation = Isolation.FORK
    memory_mb: int = 4096
    """Mebibytes of memory, swap none. Only docker can hold this: bubblewrap makes no control group."""
    processes: int = 512
    """Processes and threads at once. Only docker, as above."""
    image: str | None = None
    """docker: an image made by docker/build_sandbox.py; None is made of this machine's interpreter."""
    runtime: str | None = None
    """docker: a runtime the daemon knows, such as runsc; None is its default."""
    hash_seed: int = 0
    """PYTHONHASHSEED of the worker and of what runs in it: another gives sets and their like another order."""


@dataclass(frozen=True, slots=True)
class PythonCalls:
    """Import `source`, then call `entry_point` once per input, all in one process.

    `entry_point` names a function, or a method as `Class.method`; every call of one gets a fresh object.

    `inputs` is a tuple of JSON texts `[args, kwargs]` in the tagged encoding of
    `sandbox.worker.codec`. Pass the same tuple object for many programs: it is sent
    and decoded once.
    """

    source: str
    entry_point: str
    inputs: tuple[str, ...]
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class PythonStreams:
    """Run `source` as `__main__`, once per input, each in a process of its own.

    `inputs` is a tuple of texts for standard input.
    """

    source: str
    inputs: tuple[str, ...]
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Conversation:
    """Import `source`, then answer calls to `entry_point` one at a time, as they are asked.

    With `tests`, the other end of one: `source` is test code, in which `entry_point` and
    `candidate` name a function whose every call is asked outside. With `printed`, answers tell what was printed.
    """

    source: str
    entry_point: str
    limits: Limits = Limits()
    tests: bool = False
    printed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a `CommandJob`; the paths in `argv` are those inside the wall."""

    argv: tuple[str, ...]
    stdin: bytes = b""
    limits: Limits = Limits()
    env: tuple[tuple[str, str], ...] = ()
    required: bool = True
    """When this step fails, those after it are not run."""


@dataclass(frozen=True, slots=True)
class CommandJob:
    """Write `files` into a fresh work directory (`/tmp/job`), then run `steps` there in order.

    `files` maps relative paths to contents.
    """

    files: dict[str, bytes]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process tree used, as the kernel accounts it."""

    cpu_ms: float = 0.0
    wall_ms: float = 0.0
    peak_mb: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu_ms + other.cpu_ms, self.wall_ms + other.wall_ms, max(self.peak_mb, other.peak_mb))


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """How one process tree ended.

    `output` is what it answered (raw frames for `PythonCalls`, standard output otherwise),
    untrusted and at most `limits.output_kb` long, of calls `limits.for_calls(…).output_kb`. `errors` is standard error:
    all of it, or where it is long its beginning and end.
    """

    exit_code: int | None
    """Exit code, or None when a signal ended it."""
    signal: int | None
    breach: Breach | None
    output: bytes
    errors: bytes = b""
    usage: Usage = field(default_factory=Usage)

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and self.breach is None
