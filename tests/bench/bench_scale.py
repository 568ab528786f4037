"""What a run costs beside its programs, as it grows: CPU, memory, files and bytes of a run of tiny problems.

    python tests/bench/bench_scale.py [--problems 100 1000] [--rollouts 4] [--variants 9] [--set review.inputs=0]
        [--keep FOLDER]

For each number of problems, a set of so many and as many rollouts of each is written, and a run replays them; then
the same run is asked for again, and `status`, `report` and `export` are. Each command is a process of its own. With
`--variants` a problem has no more than four texts that differ so often, and every other rollout repeats one. The
columns: wall seconds; CPU seconds of all processes, workers and sandboxes among them, and milliseconds of it a problem
and a rollout; CPU milliseconds a problem of the driver, the command's own process; its greatest resident memory; files
and bytes of the run directory afterwards. The same numbers give the same problems and rollouts, and so the same shards,
whose digest is the last line of each table. Exits 1 where a command fails or the shards of `run` and `export` differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FACTORY = [sys.executable, "-c", "from factory.cli import main; main()"]
EVERY_S = 0.02
"""How often a command's own process is looked at: what it takes after the last look is not seen."""
WORDS = ("width", "price", "count", "score", "depth", "rate", "offset", "weight", "total", "limit", "step", "share")
CASES = 4


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    wall_s: float
    cpu_s: float
    """Of all processes."""
    driver_s: float
    """CPU seconds of the command's own process."""
    driver_mb: float
    """Its greatest resident memory."""


def problem(number: int) -> tuple[dict[str, object], list[str], str]:
    """A problem, lines of right programs' bodies, and of a wrong one: all drawn by its number."""
    draw = random.Random(number)
    first, second, third = draw.sample(WORDS, 3)
    factor, shift, bound = draw.randint(2, 99), draw.randint(1, 999), draw.randint(5, 500)
    name = f"{draw.choice(('adjust', 'combine', 'scale', 'settle'))}_{first}_{number}"
    head = f"def {name}({first}: int, {second}: int) -> int:\n"
    right = [
        f"    {third} = {first} * {factor} + {second}\n    if {third} > {bound}:\n        return {third} - {shift}\n"
        f"    return {third} + {shift}\n",
        f"    {third} = {second}\n    {third} += {factor} * {first}\n"
        f"    return {third} - {shift} if {third} > {bound} else {third} + {shift}\n",
        f"    sign = -1 if {first} * {factor} + {second} > {bound} else 1\n"
        f"    return {first} * {factor} + {second} + sign * {shift}\n",
    ]
    wrong = f"    return {first} * {factor} + {second} - {shift}\n"
    inputs = [[0, 0], [bound, bound], *([draw.randint(-50, 50), draw.randint(-50, 50)] for _ in range(CASES - 2))]
    values = [a * factor + b for a, b in inputs]
    cases = [
        {"args": args, "expected": value - shift if value > bound else value + shift, "public": at == 0}
        for at, (args, value) in enumerate(zip(inputs, values, strict=True))
    ]
    prompt = (
        f"Write `{name}({first}: int, {second}: int) -> int`: {factor} times the {first} and the {second}, together; "
        f"take {shift} away where that is above {bound}, else add {shift}."
    )
    row: dict[str, object] = {
        "id": f"scale/{number}",
        "prompt": prompt,
        "entry_point": name,
        "reference": head + right[0],
        "cases": cases,
    }
    return row, [head + body for body in right], head + wrong


def rollouts(number: int, count: int, variants: int) -> Iterator[dict[str, object]]:
    """The rollouts of a problem: of six, three differ and pass, one repeats a text, one errs, one does not parse."""
    _, right, wrong = problem(number)
    for index in range(count):
        kind, variant = index % 6, index // 6 % variants
        note = f"    # attempt {variant}\n" if variant else ""
        code = [right[0], wrong, right[1], "def broken(:\n", right[2], right[0]][kind]
        if kind not in (3, 5):
            code += note
        text = f"Here it is.\n\n```python\n{code}```\n"
        yield {"problem_id": f"scale/{number}", "index": index, "text": text, "mode": "chat", "completion_tokens": 60}


def write_set(folder: Path, problems: int, count: int, variants: int) -> Path:
    """Writes problems, rollouts and the config of a run of them to `folder`; the config's path."""
    with (folder / "problems.jsonl").open("w") as file:
        file.writelines(json.dumps(problem(number)[0]) + "\n" for number in range(problems))
    with (folder / "rollouts.jsonl").open("w") as file:
        for number in range(problems):
            file.writelines(json.dumps(rollout) + "\n" for rollout in rollouts(number, count, variants))
    config = {
        "name": "scale",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": count},
        "translate": {"targets": []},
    }
    (folder / "config.yaml").write_text(json.dumps(config))
    return folder / "config.yaml"


def measured(command: Sequence[str]) -> Cost:
    """What a command of the factory costs. Raises CalledProcessError."""
    started, before = time.perf_counter(), os.times()
    driver_s = driver_mb = 0.0
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([*FACTORY, *command], stdout=subprocess.DEVNULL, stderr=said)
        own = Path(f"/proc/{process.pid}")
        while process.poll() is None:
            status, fields = (own / "status").read_text(), (own / "stat").read_text().rpartition(")")[2].split()
            if "VmHWM:" in status:  # not of a process that has just ended
                driver_s = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
                driver_mb = int(status.partition("VmHWM:")[2].split()[0]) / 1024
            time.sleep(EVERY_S)
        if process.returncode:
            said.seek(0)
            raise subprocess.CalledProcessError(process.returncode, list(command), stderr=said.read().decode())
    after = os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.perf_counter() - started, cpu_s, driver_s, driver_mb)


def contents(folder: Path) -> tuple[int, int, str]:
    """Files and bytes below a folder, and a digest of the files below its `shards`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    whole = hashlib.sha256()
    for path in files:
        if "shards" in path.relative_to(folder).parts:
            whole.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return len(files), sum(path.stat().st_size for path in files), whole.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--problems", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--rollouts", type=int, default=4, help="of each problem")
    parser.add_argument("--variants", type=int, default=2**31, help="how often each text differs in one problem")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", help="config keys of the run")
    parser.add_argument("--keep", type=Path, help="folder for sets and runs; else they are removed")
    options = parser.parse_args()
    sets = [word for one in options.set for word in ("--set", one)]
    faults = 0
    for problems in options.problems:
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.keep / str(problems) if options.keep else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            config, place = str(write_set(folder, problems, options.rollouts, options.variants)), folder / "run"
            run = ["run", config, "--run-dir", str(place), *sets]
            commands = {
                "run": run,
                "run again": run,
                "status": ["status", str(place)],
                "report": ["report", str(place)],
                "export": ["export", str(place)],
            }
            total = problems * options.rollouts
            print(f"\n{problems} problems, {total} rollouts; load {os.getloadavg()[0]:.1f}")
            heads = ("wall s", "CPU s", "ms/problem", "ms/rollout", "driver ms/p", "driver MB", "files", "MB")
            print(f"{'':10}" + "".join(f"{head:>12}" for head in heads))
            shards = set()
            for name, command in commands.items():
                try:
                    cost = measured(command)
                except subprocess.CalledProcessError as error:
                    print(f"{name:10} exits {error.returncode}: {error.stderr[-500:]}")
                    faults += 1
                    continue
                files, size, digest = contents(place)
                shards.add(digest)
                row: list[float] = [cost.wall_s, cost.cpu_s, cost.cpu_s / problems * 1000, cost.cpu_s / total * 1000]
                row += [cost.driver_s / problems * 1000, cost.driver_mb, files, size / 1e6]
                print(f"{name:10}" + "".join(f"{it:12,.2f}" if it != files else f"{it:12,}" for it in row), flush=True)
            print(f"shards: {' and '.join(sorted(shards))}")
            faults += len(shards) != 1
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
