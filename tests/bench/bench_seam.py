"""How long an engine has nothing to do where one slice ends and the next begins.

    python tests/bench/bench_seam.py [--executors local ray] [--slices 6] [--answer-s 1] [--program-s 6]

A run over an endpoint of this machine that works on four answers at once, each of `--answer-s` seconds. A slice has
eight problems of four rollouts, and the programs of its last two wait for `--program-s` seconds: two processes verify
them in less time than the endpoint needs for a slice, so that an engine need not wait for them. Between the first
answer and the last, the columns say: seconds; seconds in which nothing was asked; share of the four places that was
free. The last line is the digest of the shards, which the executors have in common. Exits 1 where a run fails or
shards differ. `--executors ray` starts a cluster of this machine.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FACTORY = [sys.executable, "-c", "from factory.cli import main; main()"]
PLACES, SLICE, ROLLOUTS, SLOW = 4, 8, 4, 2
EXECUTORS = {
    "local": ["--set", "executor.workers=2"],
    "ray": [
        word for key in ("kind=ray", "address=local", "cpus_per_worker=2") for word in ("--set", f"executor.{key}")
    ],
}
CASES = [{"args": [n], "expected": 2 * n} for n in (1, 0, -7)]


class Engine:
    """Answers with a program that doubles, and remembers when it was at work."""

    def __init__(self, answer_s: float, program_s: float) -> None:
        self._answer_s, self._program_s = answer_s, program_s
        self._places = threading.Semaphore(PLACES)
        self.worked: list[tuple[float, float]] = []

    def __call__(self, _: int, body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        number = int(body["messages"][-1]["content"].partition("number ")[2].split()[0])
        wait = f"    time.sleep({self._program_s} * (x == 1))\n" if number % SLICE >= SLICE - SLOW else ""
        text = f"```python\nimport time\n\n\ndef double(x):\n{wait}    return 2 * x + {number} - {number}\n```"
        choices = []
        for index in range(body.get("n", 1)):
            with self._places:
                began = time.monotonic()
                time.sleep(self._answer_s)
                self.worked.append((began, time.monotonic()))
            choices.append({"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"})
        usage = {"prompt_tokens": 7, "completion_tokens": 3}
        return 200, {}, {"id": "x", "model": "served", "choices": choices, "usage": usage}

    def idle(self) -> tuple[float, float, float]:
        """Seconds from the first answer to the last, those without any, and the share of the places that was free."""
        first, last = min(began for began, _ in self.worked), max(ended for _, ended in self.worked)
        idle, until = 0.0, first
        for began, ended in sorted(self.worked):
            idle, until = idle + max(0.0, began - until), max(until, ended)
        return last - first, idle, 1 - sum(ended - began for began, ended in self.worked) / (last - first) / PLACES


def write(folder: Path, url: str, slices: int) -> Path:
    """The config of the run, with its problems beside it."""
    prompt = "Write `double(x)`, which gives twice the number {} times 0 and x."
    rows = [
        {"id": f"seam/{at}", "prompt": prompt.format(at), "entry_point": "double", "cases": CASES}
        for at in range(SLICE * slices)
    ]
    (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = {
        "name": "seam",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "openai", "model": "served", "base_url": url, "in_flight": 2 * PLACES},
        "sampling": {"n": ROLLOUTS},
        "slice": SLICE,
        "review": {"rerun": False, "inputs": 0, "mutants": 0},
        "verify": {"canaries": False},
        "limits": {"wall_s": 60},
        "translate": {"targets": []},
        "sandbox": {"backend": "bubblewrap"},
    }
    (folder / "config.yaml").write_text(json.dumps(config))
    return folder / "config.yaml"


def digest(shards: Path) -> str:
    """Of the shards' rows; the manifest also names the endpoint, which has another port each time."""
    lines = (shards / "SHA256SUMS").read_text().splitlines()
    return hashlib.sha256("\n".join(line for line in lines if line.endswith(".parquet")).encode()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--executors", nargs="+", choices=EXECUTORS, default=list(EXECUTORS))
    parser.add_argument("--slices", type=int, default=6)
    parser.add_argument("--answer-s", type=float, default=1.0)
    parser.add_argument("--program-s", type=float, default=6.0)
    options = parser.parse_args()
    spec = importlib.util.spec_from_file_location("endpoint", ROOT / "tests" / "factory" / "endpoint.py")
    assert spec is not None
    assert spec.loader is not None
    endpoint = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(endpoint)
    print(f"{'':10}{'seconds':>12}{'nothing s':>12}{'free':>12}")
    shards = set()
    for name in options.executors:
        engine = Engine(options.answer_s, options.program_s)
        with tempfile.TemporaryDirectory() as folder, endpoint.Endpoint(engine).running() as server:
            config, place = write(Path(folder), server.url, options.slices), Path(folder) / "run"
            command = [*FACTORY, "run", str(config), "--run-dir", str(place), *EXECUTORS[name]]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{name:10} exits {done.returncode}: {done.stderr[-1000:]}")
                return 1
            seconds, idle, free = engine.idle()
            print(f"{name:10}{seconds:12.1f}{idle:12.1f}{free:12.1%}", flush=True)
            shards.add(digest(place / "shards"))
    print(f"shards: {' and '.join(sorted(shards))}")
    return int(len(shards) != 1)


if __name__ == "__main__":
    sys.exit(main())
