"""Programs that share a binary share nothing that decides a verdict: neither memory, nor a start, nor a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from factory.languages.go import Go, builder
from factory.languages.go.builder import Builder, Built
from factory.records import Prepared, Problem, Rejection, Run
from sandbox import Limits, Sandbox

PROBLEM = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
ADDS = ("func f(a int) int { return a }", "func f(a int) int { return a + 1 }", "func f(a int) int { return a + 2 }")
STREAM = Problem(id="t/1", prompt="", cases=({"stdin": "7\n", "stdout": "7\n"},))
ECHO = "package main\n\nfunc main() { var n int; fmt.Scan(&n); fmt.Println(n) }\n"


def prepared(sandbox: Sandbox, sources: Sequence[str], problem: Problem = PROBLEM) -> list[Prepared]:
    every = Go().prepare(sources, problem, sandbox)
    programs = [one for one in every if isinstance(one, Prepared)]
    assert len(programs) == len(sources), every
    return programs


def used(count: int, declaration: str, element: str) -> str:
    """`count` variables, all of them used, so that the linker keeps them."""
    variables = "".join(declaration.format(i=i) + "\n" for i in range(count))
    return f"{variables}func f(a int) int {{ return a{''.join(' + ' + element.format(i=i) for i in range(count))} }}"


# Each brings along more before main than programs that share a binary may.
HEAVY = {
    "many_arrays": used(40, "var x{i} [1<<20 - 8]byte", "int(x{i}[a&7])"),
    "arrays_with_one_value": used(16, "var x{i} = [1<<20 - 8]byte{{1}}", "int(x{i}[a&7])"),
    "arrays_in_structs": "type T struct{ b [1<<19]byte }\n" + used(40, "var x{i} T", "int(x{i}.b[a&7])"),
    "a_slice_of_zeros": "var x = []int{1 << 21: 0}\nfunc f(a int) int { return a + x[a&7] }",
    "a_pointer_to_an_array": "var x = &[1 << 21]int{}\nfunc f(a int) int { return a + x[a&7] }",
    "pointers_without_a_name": "var x = []*[1 << 20]int{{}, {}}\nfunc f(a int) int { return a + x[a&1][a&7] }",
    "many_new": used(400, "var x{i} = new([8000]int)", "x{i}[a&7]"),
    "a_large_map": used(9, "var x{i} = map[int]int{{" + ",".join(f"{n}:1" for n in range(1000)) + "}}", "x{i}[-a]"),
    "an_array_of_a_function": "func f(a int) int { x := [20 << 20]byte{1: 1}; return a + int(x[a&7]) }",
    "a_map_of_large_values": "var x map[int][20 << 20]byte\nfunc f(a int) int { return a + int(x[a][a&7]) }",
}  # fmt: skip


@pytest.mark.parametrize("source", HEAVY.values(), ids=HEAVY)
def test_what_is_heavy_has_a_binary_of_its_own(go_sandbox: Sandbox, source: str) -> None:
    sources = [ADDS[0], source, *ADDS[1:]]
    built = list(Builder(PROBLEM, go_sandbox).build([one.code for one in prepared(go_sandbox, sources)]))
    assert isinstance(built[1], Built), built[1]
    assert not built[1].shared
    assert all(one.binary != built[1].binary for one in built[::2] if isinstance(one, Built))
    assert any(isinstance(one, Built) and one.shared for one in built)


def test_what_is_light_alone_is_not_so_in_its_sum(go_sandbox: Sandbox) -> None:
    light = used(15, "var x{i} [1<<16 - 8]byte", "int(x{i}[a&7])")  # near to 1 MiB
    programs = prepared(go_sandbox, [light + f"\nvar _ = {n}" for n in range(12)])
    built = list(Builder(PROBLEM, go_sandbox).build([one.code for one in programs]))
    together = [one.binary for one in built if isinstance(one, Built) and one.shared]
    assert len(together) == 12
    assert [together.count(binary) for binary in dict.fromkeys(together)] == [4, 4, 4]


def test_many_binaries_are_handed_over_in_several_jobs(go_sandbox: Sandbox) -> None:
    large = "func init() { x[1] = 2 }\nvar x = [21 << 20]byte{%d}\nfunc f(a int) int { return a + int(x[a&7]) - 2 }"
    programs = prepared(go_sandbox, [large % n for n in range(1, 8)] + list(ADDS))
    sent: list[int] = []

    class Counted(Builder):
        def _binaries(self, output: bytes) -> list[Built | Rejection]:
            sent.append(len(output))
            return super()._binaries(output)

    built = list(Counted(PROBLEM, go_sandbox).build([one.code for one in programs]))
    assert [isinstance(one, Built) for one in built] == [True] * 10, built
    assert len(sent) == 2
    assert max(sent) < 192 << 20


def test_a_folder_that_one_fills_is_empty_for_the_next(go_sandbox: Sandbox) -> None:
    full = "func init() {{}}\nvar x = [...]byte{{{size} << 20: 1}}\nfunc f(a int) int {{ return a + int(x[a&7]) }}"
    sources = [full.format(size=39), full.format(size=24), ADDS[0]]  # the folder holds 64 MiB, a binary 24
    (_, _, run) = Go().run(prepared(go_sandbox, sources), PROBLEM, Limits(), go_sandbox)
    assert run.failure is None


def outcomes(sandbox: Sandbox, problem: Problem, sources: Sequence[str]) -> list[Run]:
    return list(Go().run(prepared(sandbox, sources, problem), problem, Limits(), sandbox))


def with_shared(monkeypatch: pytest.MonkeyPatch, change: Callable[[Built], Built]) -> list[int]:
    """Puts what `change` makes of it in place of every shared binary; counts the sources of each build."""
    real, asked = Builder.build, []

    def build(self: Builder, sources: Sequence[str]) -> Iterator[Built | Rejection]:
        asked.append(len(sources))
        for one in real(self, sources):
            yield change(one) if isinstance(one, Built) and one.shared else one

    monkeypatch.setattr(builder.Builder, "build", build)
    return asked


@pytest.mark.parametrize(
    ("problem", "sources"), [(PROBLEM, ADDS), (STREAM, [ECHO, ECHO, ECHO])], ids=["calls", "streams"]
)
def test_a_shared_binary_that_does_not_start_is_taken_apart(
    go_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, problem: Problem, sources: list[str]
) -> None:
    asked = with_shared(monkeypatch, lambda built: replace(built, binary=b"\x7fELF" + built.binary[4:400]))
    runs = outcomes(go_sandbox, problem, sources)
    assert asked == [3, 1, 1, 1]
    assert [run.failure for run in runs] == [None] * 3
    assert [len(run.outputs) for run in runs] == [1] * 3
    assert all(not isinstance(run.outputs[0], Rejection) for run in runs)


@pytest.mark.parametrize(
    ("problem", "sources"), [(PROBLEM, ADDS), (STREAM, [ECHO, ECHO, ECHO])], ids=["calls", "streams"]
)
def test_a_shared_binary_that_starts_is_not(
    go_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, problem: Problem, sources: list[str]
) -> None:
    asked = with_shared(monkeypatch, lambda built: built)
    assert [run.failure for run in outcomes(go_sandbox, problem, sources)] == [None] * 3
    assert asked == [3]


def test_who_runs_short_of_memory_beside_others_runs_again_alone(
    go_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hungry = "var x [][]byte\nfunc f(a int) int { for { x = append(x, make([]byte, 1<<20)) } }"
    swapped = [one.code for one in prepared(go_sandbox, [hungry, hungry + "\n", hungry + "\n\n"])]
    binary = next(one.binary for one in Builder(PROBLEM, go_sandbox).build(swapped) if isinstance(one, Built))
    asked = with_shared(monkeypatch, lambda built: replace(built, binary=binary))
    runs = outcomes(go_sandbox, PROBLEM, ADDS)
    assert asked == [3, 1, 1, 1]
    assert [run.failure for run in runs] == [None] * 3
