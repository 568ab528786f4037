"""Node on this machine: where it is, what it needs inside the wall, how it is started there.

Promises: every program gets a process of its own; its heap is held to the caller's memory limit. Node itself
(its binary, threads and tables) takes about 40 MB beside that, for which `widened` makes room.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sandbox import Limits, Mount, Step, WallUnavailable

INSIDE = "/opt/javascript"
HARNESS = f"{INSIDE}/harness"
OLDEST = 18
REMEDY = f"remedy: install Node.js {OLDEST} or later (apt-get install nodejs) so that `node` is on PATH"
RUNTIME_MB = 64
"""Mebibytes that Node takes for itself."""
RUNTIME_THREADS = 16
"""Threads that Node starts for itself: V8's, the file system's, one for timers of the platform."""
STACK_MB = 8
"""Mebibytes of stack a thread, Linux's own default. Each of Node's threads takes that much from the data limit."""
_BUILTINS = ("/usr/share/nodejs", "/usr/share/node_modules")
"""Where Debian and others keep parts of Node's own library."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node binary, its version, and the shared libraries it needs: not every wall shows this machine's."""

    binary: Path
    version: str
    libraries: tuple[Path, ...]

    def mounts(self) -> tuple[Mount, ...]:
        return (
            Mount(str(self.binary), f"{INSIDE}/node"),
            Mount(str(Path(__file__).parent / "harness"), HARNESS),
            *(Mount(str(path.resolve()), f"{INSIDE}/lib/{path.name}") for path in self.libraries),
            *(Mount(folder, folder) for folder in _BUILTINS if Path(folder).is_dir()),
        )


def find_node() -> Node:
    """The `node` on PATH. Raises WallUnavailable where there is none, or only an older one."""
    found = shutil.which("node")
    if found is None:
        raise WallUnavailable(f"Node is not installed; {REMEDY}")
    return _examined(found)


@cache
def _examined(command: str) -> Node:
    # A version manager's `node` is a script; the binary knows where it lies itself.
    printed = _output([command, "-p", "process.execPath + '\\n' + process.versions.node"])
    binary, version = printed.split("\n")[:2] if printed.count("\n") else ("", "0")
    if not Path(binary).is_file() or int(version.partition(".")[0]) < OLDEST:
        raise WallUnavailable(f"{command} is no Node of version {OLDEST} or later (it says {printed!r}); {REMEDY}")
    linked = re.findall(r"=> (/\S+)", _output(["ldd", binary]))
    return Node(Path(binary).resolve(), version, tuple(map(Path, linked)))


def _output(command: list[str]) -> str:
    """What `command` says; nothing where it fails, as `ldd` does on a binary linked statically."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout.strip()


def widened(limits: Limits) -> Limits:
    """`limits` with room for Node itself."""
    return replace(
        limits,
        memory_mb=limits.memory_mb + RUNTIME_MB,
        processes=limits.processes + RUNTIME_THREADS,
        open_files=limits.open_files + RUNTIME_THREADS,
        stack_mb=STACK_MB,
    )


def step(script: str, stdin: bytes, limits: Limits, *options: str) -> Step:
    """Node running `script`, a path inside the wall, within `limits` and its own needs."""
    heap = f"--max-old-space-size={limits.memory_mb}"
    argv = (f"{INSIDE}/node", "--no-warnings", "--v8-pool-size=0", heap, *options, script)
    environment = (("LD_LIBRARY_PATH", f"{INSIDE}/lib"), ("TMPDIR", "/tmp"))
    return Step(argv, stdin=stdin, limits=widened(limits), env=environment)
