"""What Ray costs beside the local executor: CPU and wall time of the same run of replayed rollouts, back to back.

    python tests/bench/bench_executors.py [--problems 16 80] [--rollouts 60] [--variants 9] [--rounds 2]

For each number of problems a set of `bench_scale` is run by two local workers, and by two workers of a Ray cluster of
this machine that have one CPU each; the two take turns. The columns: wall seconds; CPU seconds of all processes, those
of Ray among them; the least of the rounds. The lines "more" are the differences between the last two sizes: what the
rollouts cost without what starts once. A process is looked at ten times a second: what it takes after the last look is
not seen, but for sandboxes, whose programs are counted by them. Ray gives its workers niceness 15; here it gives 0, so
that both sides have the same claim to the CPU. The last line is the digest of the shards; exits 1
where a run fails or they differ.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

os.environ |= {"RAY_worker_niceness": "0"}
scale = importlib.import_module("bench_scale")  # beside this file
EVERY_S = 0.1
EXECUTORS = {
    "local": ("executor.kind=local", "executor.workers=2"),
    "ray": ("executor.kind=ray", "executor.workers=2", "executor.address=local"),
}


class Processes:
    """The CPU seconds of a process and of all that come from it, also of those that have left it."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._parents: dict[int, int] = {root: 0}
        self._own: dict[int, float] = {}
        self._reaped: dict[int, float] = {}

    def look(self) -> None:
        ticks = os.sysconf("SC_CLK_TCK")
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended
            found[int(folder.name)] = fields
        new = True
        while new:
            new = False
            for pid, fields in found.items():
                if pid not in self._parents and int(fields[1]) in self._parents:
                    self._parents[pid] = int(fields[1])
                    new = True
        for pid in self._parents.keys() & found.keys():
            user, system, of_user, of_system = (int(it) / ticks for it in found[pid][11:15])
            self._own[pid], self._reaped[pid] = user + system, of_user + of_system

    def cpu_s(self) -> float:
        children = defaultdict[int, list[int]](list)
        for pid, parent in self._parents.items():
            children[parent].append(pid)

        def total(pid: int) -> float:
            below = sum(map(total, children[pid]))
            return self._own.get(pid, 0.0) + max(below, self._reaped.get(pid, 0.0))

        return total(self._root)


def measured(config: Path, place: Path, executor: str) -> tuple[float, float]:
    """Wall and CPU seconds of a run. Raises CalledProcessError."""
    words = [word for key in EXECUTORS[executor] for word in ("--set", key)]
    command = [*scale.FACTORY, "run", str(config), "--run-dir", str(place), *words]
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        processes = Processes(process.pid)
        while process.poll() is None:
            processes.look()
            time.sleep(EVERY_S)
        if process.returncode:
            said.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, stderr=said.read()[-2000:])
    return time.monotonic() - began, processes.cpu_s()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--problems", type=int, nargs="+", default=[16, 80])
    parser.add_argument("--rollouts", type=int, default=60, help="of each problem")
    parser.add_argument("--variants", type=int, default=9, help="how often each text differs in one problem")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    least: dict[tuple[int, str], tuple[float, float]] = {}
    differs = False
    print(f"{'problems':>10}{'':>8}{'wall s':>10}{'CPU s':>10}")
    for problems in options.problems:
        shards = set()
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            config = scale.write_set(folder, problems, options.rollouts, options.variants)
            more = {"slice": max(4, problems // 8), "sandbox": {"backend": "bubblewrap"}}
            config.write_text(json.dumps(json.loads(config.read_text()) | more))
            for turn in range(options.rounds):
                for executor in list(EXECUTORS)[:: 1 if turn % 2 else -1]:
                    place = folder / f"{executor}-{turn}"
                    try:
                        took = measured(config, place, executor)
                    except subprocess.CalledProcessError as error:
                        print(f"{executor} exits {error.returncode}: {error.stderr}")
                        return 1
                    before = least.get((problems, executor), took)
                    least[problems, executor] = min(before[0], took[0]), min(before[1], took[1])
                    shards.add(hashlib.sha256((place / "shards" / "SHA256SUMS").read_bytes()).hexdigest())
        rows = [(str(problems), {it: least[problems, it] for it in EXECUTORS})]
        if len(options.problems) > 1 and problems == options.problems[-1]:
            fewer = options.problems[-2]
            ends = {it: (least[problems, it], least[fewer, it]) for it in EXECUTORS}
            rows.append(("more", {it: (a[0] - b[0], a[1] - b[1]) for it, (a, b) in ends.items()}))
        for name, took_by in rows:
            for executor, (wall_s, cpu_s) in took_by.items():
                print(f"{name:>10}{executor:>8}{wall_s:10.1f}{cpu_s:10.1f}")
            ratios = (took_by["ray"][at] / took_by["local"][at] for at in (0, 1))
            print(f"{name:>10}{'ratio':>8}" + "".join(f"{it:10.2f}" for it in ratios), flush=True)
        print(f"shards: {' and '.join(sorted(shards))}")
        differs |= len(shards) != 1
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
