"""What a Go verdict costs: type check, and the whole verification, beside `go vet` and `go test` for each.

    python tests/bench/bench_go.py [--rounds 3] [--candidates 200] [--slow 5]

CPU milliseconds a candidate, every process counted, the caches warm, all ways in one run and taking turns.
The candidates are the right programs of the tests' pairs (`go_pairs.yaml`), each in variants that differ in a
constant, so that none is another's duplicate; all are answered on 10 cases and have to pass. Candidates of one
problem are built together, as they come from the translator: the rows name how many. Medians over the rounds.
"""

from __future__ import annotations

import argparse
import ast
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import yaml
from bench_sandbox import tree_cpu_s

from factory.config import GradingConfig
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.languages.go import Go
from factory.languages.go.toolchain import find_go
from factory.records import Prepared, Problem, Program, Status
from factory.records.values import encode
from sandbox import Sandbox, SandboxSpec

PAIRS = Path(__file__).parents[1] / "factory" / "languages" / "go_pairs.yaml"
CASES = 10
WALL = "bubblewrap"
"""Docker's daemons work for whoever else uses them, and so their CPU time would not be ours."""
Batch = tuple[Problem, list[str]]


def batches(candidates: int, together: int) -> list[Batch]:
    """`candidates` programs, `together` a problem, over as many of the pairs as that takes."""
    pairs = [pair for pair in yaml.safe_load(PAIRS.read_text(encoding="utf-8")) if "cases" in pair]
    chosen = islice(cycle(pairs), -(-candidates // together))
    return [(problem(pair), [variant(pair["good"], i) for i in range(together)]) for pair in chosen]


def variant(source: str, number: int) -> str:
    """`source` and a variable that nothing reads: another program to compile, with the same answers."""
    return f"{source}\nvar variant = {number}\n"


def problem(pair: dict[str, Any]) -> Problem:
    """A pair's problem, its cases repeated until there are ten."""
    cases = []
    for line in pair["cases"].splitlines():
        call = ast.parse(line, mode="eval").body
        assert isinstance(call, ast.Compare)
        assert isinstance(call.left, ast.Call)
        args = [encode(ast.literal_eval(value)) for value in call.left.args]
        kwargs = {str(word.arg): encode(ast.literal_eval(word.value)) for word in call.left.keywords}
        cases.append({"args": args, "kwargs": kwargs, "expected": encode(ast.literal_eval(call.comparators[0]))})
    data = {"id": pair["name"], "prompt": "", "entry_point": pair["cases"].partition("(")[0]}
    compared = {"comparison": pair["comparison"]} if "comparison" in pair else {}
    return Problem.model_validate(data | compared | {"cases": list(islice(cycle(cases), CASES))})


def type_checks(stack: ExitStack, work: Sequence[Batch]) -> Callable[[], None]:
    """The tool alone: read, repair, check, find the entry point, format."""
    go = Go()
    wall = stack.enter_context(Sandbox(WALL, SandboxSpec(go.mounts())))

    def run() -> None:
        for task, sources in work:
            assert all(isinstance(one, Prepared) for one in go.prepare(sources, task, wall))

    return run


def verifications(stack: ExitStack, work: Sequence[Batch]) -> Callable[[], None]:
    """The whole chain: type check, compile, link, run on ten cases, compare, and what `go vet` checks."""
    session = stack.enter_context(GradingSession(GradingConfig.model_validate({"sandbox": {"backend": WALL}})))

    def run() -> None:
        for task, sources in work:
            verdicts = verify(session, task, [Program(i, source) for i, source in enumerate(sources)], "go")
            assert all(verdict.status is Status.PASSED and not verdict.duplicate_of for verdict in verdicts)
            assert all(verdict.lint == () for verdict in verdicts)

    return run


TEST = """package solution

import "testing"

func TestIt(t *testing.T) {
	for i := 0; i < 10; i++ {
		if got := sumTo(10); got != 55 {
			t.Fatalf("got %d", got)
		}
	}
}
"""


def vet_and_test(stack: ExitStack) -> Callable[[], None]:
    """`go vet` and `go test` of the first pair's program, a new variant each time, in a module of its own."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    go = find_go()
    environment = {"PATH": f"{go.parent}:{os.environ['PATH']}", "HOME": str(folder), "GOFLAGS": "-mod=mod"}
    environment |= {"GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOCACHE": str(folder / "cache")}
    (folder / "go.mod").write_text("module solution\n\ngo 1.24\n")
    (folder / "solution_test.go").write_text(TEST)
    source = yaml.safe_load(PAIRS.read_text(encoding="utf-8"))[0]["good"]
    numbers = iter(range(10**9))

    def run() -> None:
        (folder / "solution.go").write_text(f"package solution\n\n{variant(source, next(numbers))}")
        for command in ("vet", "test"):
            subprocess.run([go, command, "."], cwd=folder, env=environment, check=True, capture_output=True)

    return run


def measure(way: Callable[[], None]) -> float:
    """CPU milliseconds of one time, out of as many as the kernel's ticks of 10 ms ask for."""
    before, times = tree_cpu_s(()), 0
    while not times or tree_cpu_s(()) - before < 0.3:
        way()
        times += 1
    return float(tree_cpu_s(()) - before) / times * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--slow", type=int, default=5, help="candidates a round that `go vet` and `go test` take")
    options = parser.parse_args()
    with ExitStack() as stack:
        ways: dict[str, tuple[Callable[[], None], int]] = {}
        for together in (32, 8):
            work = batches(options.candidates, together)
            count = sum(len(sources) for _, sources in work)
            ways[f"type check, {together} at once"] = type_checks(stack, work), count
            ways[f"whole verification, {together} at once"] = verifications(stack, work), count
        ways["whole verification, one alone"] = verifications(stack, batches(1, 1)), 1
        ways["go vet + go test"] = vet_and_test(stack), 1
        taken: dict[str, list[float]] = {name: [] for name in ways}
        print(f"warming; load {os.getloadavg()[0]:.1f}", file=sys.stderr)
        for way, _ in ways.values():
            way()
        for _ in range(options.rounds):
            for name, (way, count) in ways.items():
                times = options.slow if count == 1 else 1
                taken[name] += [measure(way) / count for _ in range(times)]
    cpu = {name: statistics.median(times) for name, times in taken.items()}
    slow = cpu["go vet + go test"]
    print(f"{f'{options.candidates} candidates, {CASES} cases each':36} {'CPU ms':>8} {'per s, core':>12} {'ratio':>7}")
    for name, each in cpu.items():
        print(f"{name:36} {each:8.2f} {1000 / each:12.0f} {slow / each:6.1f}x")


if __name__ == "__main__":
    main()
