"""Runs over a Ray cluster whose nodes are killed at random moments, and whose drivers are: the same shards each time.

    python tests/bench/bench_kills.py [--kills 20] [--drivers 3] [--every 4 12] [--problems 24] [--seed 15]

A cluster of four nodes on this machine, and a run of small problems in slices of two that three workers replay. After
a random time of `--every` seconds a node is killed and another comes, until `--kills` have been; then as often as
`--drivers` says the process that was started is killed with its slices open, and started again. A run that sets a slice
aside, since three nodes were lost under it, is asked for again, and counted. Prints a line a run: nodes and drivers
that were killed, how often it was asked for, seconds, and the digest of its SHA256SUMS; the first line is that of a
run without Ray. Exits 1 where one of them differs or ends otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}

from ray.cluster_utils import Cluster  # noqa: E402

scale = importlib.import_module("bench_scale")  # beside this file
NODES, MEMORY = 4, 80 * 2**20
MOST_RUNS = 50
"""Runs of one directory after which it is given up."""


class Runs:
    """Runs of one config, each in a directory of its own."""

    def __init__(self, config: Path, cluster: Cluster, chance: random.Random, every: tuple[float, float]) -> None:
        self._config, self._cluster, self._chance, self._every = config, cluster, chance, every

    def start(self, place: Path, *more: str) -> subprocess.Popen[str]:
        command = [*scale.FACTORY, "run", str(self._config), "--run-dir", str(place), *more]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def over_ray(self, place: Path, kills: int, of_drivers: bool) -> tuple[int, int]:
        """Run to the end, with at most that many kills; how many there were, and how often the run was asked for."""
        killed = 0
        for asked in range(1, MOST_RUNS):
            ray = ("executor.kind=ray", "executor.workers=3", f"executor.address={self._cluster.address}")
            process = self.start(place, *(word for key in ray for word in ("--set", key)))
            while killed < kills:
                try:
                    process.wait(self._chance.uniform(*self._every))
                    break
                except subprocess.TimeoutExpired:
                    if of_drivers and not any(place.glob("slices/*/ledger.jsonl")):
                        continue  # it has not begun
                    killed += 1
                    if of_drivers:
                        process.kill()
                    else:
                        self._lose_a_node()
            _, said = process.communicate()
            if process.returncode == 0:
                return killed, asked
            if process.returncode != 1 and not of_drivers:
                raise RuntimeError(f"exit {process.returncode}: {said[-2000:]}")
            print(f"  asked for again after exit {process.returncode}: {said.strip().splitlines()[-1:]}", flush=True)
        raise RuntimeError(f"{place}: not done after {MOST_RUNS} runs")

    def _lose_a_node(self) -> None:
        self._cluster.remove_node(self._chance.choice(list(self._cluster.worker_nodes)), allow_graceful=False)
        self._cluster.add_node(num_cpus=1, object_store_memory=MEMORY)


def digest(place: Path) -> str:
    return hashlib.sha256((place / "shards" / "SHA256SUMS").read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--drivers", type=int, default=3)
    parser.add_argument("--every", type=float, nargs=2, default=(4.0, 12.0), metavar="S")
    parser.add_argument("--problems", type=int, default=24)
    parser.add_argument("--seed", type=int, default=15)
    options = parser.parse_args()
    found = set()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        sets = Path(folder) / "set"
        sets.mkdir()
        config = scale.write_set(sets, options.problems, 12, 2)
        more = {"slice": 2, "sandbox": {"backend": "bubblewrap"}, "verify": {"canaries": False}}
        config.write_text(json.dumps(json.loads(config.read_text()) | more))
        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": MEMORY}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            for _ in range(NODES):
                cluster.add_node(num_cpus=1, object_store_memory=MEMORY)
            runs = Runs(config, cluster, random.Random(options.seed), tuple(options.every))
            alone = runs.start(Path(folder) / "run" / "local")
            _, said = alone.communicate()
            if alone.returncode:
                raise RuntimeError(said[-2000:])
            found.add(digest(Path(folder) / "run" / "local"))
            print(f"local: {found}", flush=True)
            for number, (kills, of_drivers) in enumerate([(options.kills, False), (options.drivers, True)]):
                left = kills
                while left:
                    place, began = Path(folder) / "run" / f"{number}-{left}", time.monotonic()
                    killed, asked = runs.over_ray(place, left, of_drivers)
                    found.add(digest(place))
                    what = "drivers" if of_drivers else "nodes"
                    took = time.monotonic() - began
                    print(f"{killed} {what} killed, run {asked} times, {took:.0f} s: {digest(place)}", flush=True)
                    if not killed:
                        raise RuntimeError("the run was done before anything was killed; remedy: more --problems")
                    left -= killed
        finally:
            cluster.shutdown()
    return int(len(found) != 1)


if __name__ == "__main__":
    sys.exit(main())
