"""What every wall has inside: where things lie, and how the worker is started there."""

from __future__ import annotations

import os
import random
import sys
import sysconfig
from pathlib import Path

from sandbox.model import Isolation

ROOT = "/opt"
WORKER = f"{ROOT}/sandbox/worker"
PYTHON = f"{ROOT}/python"
"""An installation's prefix: bin/python3, and lib with the standard library in it."""
WORKER_SOURCES = Path(__file__).parents[1] / "worker"
PACKAGES = ("site-packages", "dist-packages")
"""Folders of a standard library that hold what else is installed, answers of known problem sets among it."""
BOOT = (
    f"import sys; sys.path.insert(0, '{ROOT}'); from sandbox.worker import server; "
    f"sys.path.remove('{ROOT}'); server.main(int(sys.argv[1]), sys.argv[2])"
)


def worker_command(uid: int, isolation: Isolation) -> list[str]:
    """What PID 1 inside runs. As root it becomes `uid`."""
    return [f"{PYTHON}/bin/python3", "-P", "-s", "-S", "-B", "-c", BOOT, str(uid), isolation.value]


def stdlib() -> Path:
    """This interpreter's standard library."""
    return Path(sysconfig.get_path("stdlib"))


def interpreter_files() -> dict[str, str]:
    """This interpreter, its standard library and its own shared library: host path -> path inside."""
    library = stdlib()
    own = sorted(Path(sysconfig.get_config_var("LIBDIR") or "").glob("libpython3*.so*"))
    return {
        str(Path(sys.executable).resolve()): f"{PYTHON}/bin/python3",
        str(library): f"{PYTHON}/lib/{library.name}",
        **{str(path): f"{PYTHON}/lib/{path.name}" for path in own},
    }


def unused_uid() -> int:
    """A uid and gid that nobody on this machine has: drawn from the upper half of those that exist here.

    The kernel counts a user's processes over all containers of a machine, so a fixed uid would be shared.
    """
    (low, high), (low_group, high_group) = mapped_ids("uid"), mapped_ids("gid")
    return random.SystemRandom().randrange(max(low, low_group), min(high, high_group))


def mapped_ids(kind: str) -> tuple[int, int]:
    """The upper half, from and to, of the widest range of ids that exists in this user namespace."""
    with open(f"/proc/self/{kind}_map") as file:
        ranges = [tuple(map(int, line.split())) for line in file]
    start, _, count = max(ranges, key=lambda row: row[2])
    end = min(start + count, 2**31)
    return (start + end) // 2, end


def shared_libraries_folder() -> str:
    """Where this system keeps its shared libraries."""
    return f"/usr/lib/{sysconfig.get_config_var('MULTIARCH') or f'{os.uname().machine}-linux-gnu'}"
