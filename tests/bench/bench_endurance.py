"""What many jobs leave behind: memory, descriptors, processes, mounts and files, seen while they run and at the end.

    python tests/bench/bench_endurance.py [--jobs 100000] [--backend bubblewrap]

Some of the jobs are honest, the others leave a process, fill the work directory, exit early, eat memory or loop
until a limit ends them. Exits 1 when anything has grown.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from sandbox import Limits, PythonCalls, Sandbox

JOBS = (
    "def f(n):\n    return n\n",
    "import os, time\ndef f(n):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(60)\n    return n\n",
    "def f(n):\n    open('/tmp/left', 'w').write('x' * 100_000)\n    return n\n",
    "import os\ndef f(n):\n    os._exit(0)\n",
    "def f(n):\n    return len(bytearray(b'x') * (20 << 20))\n",
    "import threading\ndef f(n):\n    threading.Thread(target=print, args=(n,)).start()\n    return n\n",
    "def f(n):\n    return [n] * 50_000\n",
    "def f(n):\n    return f(n + 1)\n",
    "import os\ndef f(n):\n    os.makedirs('/tmp/a/b')\n    os.symlink('/', '/tmp/a/l')\n    os.chmod('/tmp/a', 0)\n",
    "def f(n):\n    while True:\n        pass\n",
)  # fmt: skip
ENDLESS = len(JOBS) - 1
ENDLESS_EVERY = 500
"""An endless loop costs its whole limit: one job in so many is enough."""
GROWTH_MB = 8
"""Growth of this process between a tenth of the way and the end that is put down to chance."""


def seen() -> dict[str, int]:
    """What this process holds, and this machine's processes, mounts and control groups."""
    status = Path("/proc/self/status").read_text()
    return {
        "resident_mb": int(status.partition("VmRSS:")[2].split()[0]) // 1024,
        "descriptors": len(os.listdir("/proc/self/fd")),
        "children": len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()),
        "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
        "groups": sum(1 for _ in Path("/sys/fs/cgroup").glob("*/docker/*/")),
        "files": len(os.listdir("/tmp")),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--backend", default="bubblewrap")
    options = parser.parse_args()
    limits = Limits(cpu_s=0.2, memory_mb=128)
    before, early, started = seen(), seen(), time.monotonic()
    with Sandbox(options.backend) as sandbox:
        for number in range(options.jobs):
            kind = ENDLESS if number % ENDLESS_EVERY == 0 else number % ENDLESS
            sandbox.run_calls(PythonCalls(JOBS[kind], "f", ("[[1],{}]",), limits))
            if (number + 1) % max(1, options.jobs // 10) == 0:
                now = seen()
                early = now if number < options.jobs // 9 else early
                print(f"{number + 1:>8} jobs {time.monotonic() - started:7.1f} s  {now}", flush=True)
        grown_mb = now["resident_mb"] - early["resident_mb"]
        print(f"workers lost: {sandbox.restarts}; grown by {grown_mb} MiB")
    after = seen()
    left = {what: after[what] - before[what] for what in before if what != "resident_mb" and after[what] > before[what]}
    print(f"left behind: {left or 'nothing'}")
    return int(bool(left) or grown_mb > GROWTH_MB or sandbox.restarts > 0)


if __name__ == "__main__":
    sys.exit(main())
