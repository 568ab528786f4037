"""Whatever a Go candidate does to its harness, it does not pass; named by what it does."""

# Go programs stand on one line here.
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

import pytest

from factory.records import Prepared, Problem, Rejection, Status
from sandbox import Limits, Sandbox

ANSWER = b'{"results":[[0,7]],"types":[["int","int","int"]]}'
FRAME = b"V" + len(ANSWER).to_bytes(4, "big") + ANSWER
WHOLE = b"R\0\0\0\0" + FRAME + b"Z\0\0\0\0"


def go_bytes(name: str, data: bytes) -> str:
    return f"var {name} = []byte{{{', '.join(str(byte) for byte in data)}}}\n"


FORGED = go_bytes("whole", WHOLE) + go_bytes("frame", FRAME)
RIGHT = "func f(a int) int { return a + 2 }\n"
ECHO = "func f(a string) string { return a }"

# Each: the attack, what is added to a program, the entry function, the status that it must end in.
ATTACKS = [
    (
        "exit_in_a_variable",
        'import "os"\nvar x = leave()\nfunc leave() int { os.Exit(0); return 1 }\n' + RIGHT,
        "runtime_error",
    ),
    ("exit_in_a_goroutine", 'import "os"\nfunc f(a int) int { go os.Exit(0); select {} }', "runtime_error"),
    ("syscall_exit", 'import "syscall"\nfunc f(a int) int { syscall.Exit(0); return 7 }', "runtime_error"),
    (
        "forged_frames_on_stdout_in_init",
        'import "os"\nfunc init() { os.Stdout.Write(whole); os.Exit(0) }\n' + RIGHT + FORGED,
        "runtime_error",
    ),
    (
        "forged_frames_on_every_descriptor_in_init",
        'import ("os"; "syscall")\nfunc init() { for fd := 0; fd < 64; fd++ { syscall.Write(fd, whole) }; os.Exit(0) }\n'
        + RIGHT
        + FORGED,
        "runtime_error",
    ),
    (
        "forged_frames_on_every_descriptor_in_the_call",
        'import ("os"; "syscall")\nfunc f(a int) int { for fd := 0; fd < 64; fd++ { syscall.Write(fd, append(frame, whole[len(whole)-5:]...)) }; os.Exit(0); return 0 }\n'
        + FORGED,
        "runtime_error",
    ),
    (
        "an_extra_frame_and_on_with_it",
        'import "syscall"\nfunc f(a int) int { for fd := 3; fd < 64; fd++ { syscall.Write(fd, frame) }; return 7 }\n'
        + FORGED,
        "runtime_error",
    ),
    (
        "noise_on_every_descriptor",
        'import "syscall"\nfunc f(a int) int { for fd := 3; fd < 64; fd++ { syscall.Write(fd, []byte("ok")) }; return 7 }',
        "runtime_error",
    ),
    (
        "the_channel_rewritten_from_its_start",
        'import ("os"; "syscall")\nfunc f(a int) int { for fd := 3; fd < 64; fd++ { syscall.Seek(fd, 0, 0); syscall.Write(fd, whole) }; os.Exit(0); return 0 }\n'
        + FORGED,
        "runtime_error",
    ),
    (
        "the_channel_closed",
        'import "syscall"\nfunc f(a int) int { for fd := 3; fd < 64; fd++ { syscall.Close(fd) }; return 7 }',
        "runtime_error",
    ),
    ("panic_in_init", 'func init() { panic("no") }\n' + RIGHT, "runtime_error"),
    ("panic_in_a_goroutine", 'func f(a int) int { go panic("no"); select {} }', "runtime_error"),
    ("goexit", 'import "runtime"\nfunc f(a int) int { runtime.Goexit(); return 7 }', "runtime_error"),
    (
        "goexit_in_a_recover",
        'import "runtime"\nfunc f(a int) int { defer func() { recover(); runtime.Goexit() }(); panic(1) }',
        "runtime_error",
    ),
    ("deadlock", "func f(a int) int { select {} }", "runtime_error"),
    ("deadlock_on_a_channel", "func f(a int) int { c := make(chan int); return <-c }", "runtime_error"),
    ("endless_loop_in_init", "func init() { for { } }\n" + RIGHT, "timeout"),
    (
        "endless_loops_in_parallel",
        "func f(a int) int { for i := 0; i < 8; i++ { go func() { for { } }() }; for { } }",
        "timeout",
    ),
    ("endless_sleep", 'import "time"\nfunc f(a int) int { time.Sleep(time.Hour); return 7 }', "timeout"),
    (
        "memory_in_one_piece",
        "func f(a int) int { b := make([]byte, 4<<30); for i := range b { b[i] = 1 }; return len(b) }",
        "memory_limit",
    ),
    ("endless_recursion", "func f(a int) int { return f(a+1) + 1 }", "runtime_error or memory_limit"),
    ("goroutine_bomb", "func f(a int) int { for { go func() { select {} }() } }", "memory_limit or timeout"),
    (
        "thread_bomb",
        'import "runtime"\nfunc f(a int) int { for { go func() { runtime.LockOSThread(); select {} }() } }',
        "runtime_error or memory_limit or timeout",
    ),
    (
        "concurrent_map_writes",
        "func f(a int) int { m := map[int]int{}; for i := 0; i < 8; i++ { go func() { for { m[1]++ } }() }; select {} }",
        "runtime_error",
    ),
    (
        "too_much_on_stderr",
        'func f(a int) int { for { print("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") } }',
        "timeout",
    ),
    (
        "too_much_in_an_answer",
        'import "strings"\nfunc f(a int) string { return strings.Repeat("a", 8<<20) }',
        "output_limit",
    ),
    (
        "an_answer_that_shares_itself",
        "func f(a int) any { var x any = 1; for i := 0; i < 60; i++ { x = []any{x, x} }; return x }",
        "output_limit",
    ),
    (
        "a_kill_of_all_processes",
        'import "syscall"\nfunc f(a int) int { syscall.Kill(-1, syscall.SIGKILL); syscall.Kill(syscall.Getpid(), syscall.SIGKILL); return 7 }',
        "runtime_error",
    ),
    (
        "the_request_read_again",
        'import ("os"; "syscall")\nfunc f(a int) int { b := make([]byte, 99); for fd := 0; fd < 64; fd++ { n, _ := syscall.Pread(fd, b, 0); for i := 1; i < n; i++ { if b[i] == 7 && b[i-1] == 7 { return 7 } } }; os.Exit(0); return 0 }',
        "runtime_error",
    ),
    (
        "the_harness_s_memory_searched_for_the_nonce",
        'import ("os"; "syscall"; "unsafe")\nvar x byte\nfunc f(a int) int { p := uintptr(unsafe.Pointer(&x)) &^ 4095; for i := range uintptr(64) { b := unsafe.Slice((*byte)(unsafe.Pointer(p + i*4096)), 4096); for fd := 3; fd < 64; fd++ { syscall.Write(fd, b[:32]) } }; os.Exit(0); return 0 }',
        "runtime_error",
    ),
    (
        "a_result_changed_behind_the_harness_s_back",
        'import "os"\nfunc f(a int) []int { r := []int{0}; go func() { for { r[0]++ } }(); os.Exit(0); return r }',
        "runtime_error",
    ),
    (
        "another_program_in_its_place",
        'import ("os"; "syscall")\nfunc f(a int) int { syscall.Exec("/proc/self/exe", []string{"x", "0"}, nil); os.Exit(0); return 7 }',
        "runtime_error",
    ),
    (
        "a_child_that_answers",
        'import ("os"; "os/exec")\nfunc f(a int) int { for fd := uintptr(10); fd < 13; fd++ { c := exec.Command("/opt/python/bin/python3", "-c", "import os; os.write(3, b\'V\')"); c.ExtraFiles = []*os.File{os.NewFile(fd, "")}; c.Run() }; os.Exit(0); return 0 }',
        "runtime_error",
    ),
    (
        "a_limit_raised",
        'import "syscall"\nfunc f(a int) int { for r := range 16 { syscall.Setrlimit(r, &syscall.Rlimit{Cur: 1<<63, Max: 1<<63}) }; for { } }',
        "timeout",
    ),
    (
        "a_signal_for_the_cpu_limit_ignored",
        'import ("os/signal")\nfunc f(a int) int { signal.Ignore(); for { } }',
        "timeout",
    ),
    (
        "a_finalizer_that_answers",
        'import ("os"; "runtime"; "syscall")\ntype T struct{ p *int }\nfunc f(a int) int { t := &T{new(int)}; runtime.SetFinalizer(t, func(*T) { for fd := 3; fd < 64; fd++ { syscall.Write(fd, frame) } }); t = nil; for range 5 { runtime.GC() }; os.Exit(0); return 0 }\n'
        + FORGED,
        "runtime_error",
    ),
    (
        "a_panic_whose_method_panics",
        "type E struct{}\nfunc (E) Error() string { panic(E{}) }\nfunc f(a int) int { panic(E{}) }",
        "runtime_error",
    ),
    (
        "an_error_whose_method_panics",
        "type E struct{}\nfunc (E) Error() string { panic(E{}) }\nfunc f(a int) error { return E{} }",
        "runtime_error",
    ),
]


@pytest.mark.parametrize(("source", "status"), [row[1:] for row in ATTACKS], ids=[row[0] for row in ATTACKS])
def test_it_does_not_pass(try_go: Any, source: str, status: str) -> None:
    tried = try_go(source, "f", ((5,), 7), limits=Limits(cpu_s=1, wall_s=4, memory_mb=256))
    assert tried.run is not None, tried.prepared
    assert not tried.passes(7)
    outcome = tried.run.failure or tried.values[0]
    assert isinstance(outcome, Rejection), tried
    assert outcome.status.value in status.split(" or "), outcome
    assert "\n" not in outcome.detail


# Each: the crash, the program, and the verdict's words: what Go says first, before traces of any length.
LAST_WORDS = [
    ("deadlock", "func f(a int) int { select {} }", "fatal error: all goroutines are asleep - deadlock!"),
    (
        "deadlock of many",
        "func f(a int) int { c := make(chan int); for range 500 { go func() { c <- <-c }() }; return <-c }",
        "fatal error: all goroutines are asleep - deadlock!",
    ),
    (
        "map writes at once",
        "func f(a int) int { m := map[int]int{}; for range 200 { go func() { for { m[1]++ } }() }; select {} }",
        "fatal error: concurrent map",
    ),
    (
        "a panic in one of many goroutines",
        "func f(a int) int { c := make(chan int); for range 500 { go func() { <-c }() }\n\tgo func() {\n\t\tpanic(`no`)\n\t}()\n\tselect {} }",
        "panic: no",
    ),
    (
        "a stack too deep",
        "func f(a int) int { return g(a, a) }\nfunc g(a, b int) int { if a == -1 { return b }; return g(a+1, b) + g(a+2, b) }",
        "fatal error: stack overflow",
    ),
    (
        "an unlock too many",
        "func f(a int) int { var m sync.Mutex; m.Unlock(); return a }",
        "fatal error: sync: unlock of unlocked mutex",
    ),
    ("too much memory", "func f(a int) int { return len(make([]byte, 1<<40)) }", "needed more than 512 MiB of memory"),
]


@pytest.mark.parametrize(("source", "told"), [row[1:] for row in LAST_WORDS], ids=[row[0] for row in LAST_WORDS])
def test_a_crash_is_named_however_long_its_trace(try_go: Any, source: str, told: str) -> None:
    tried = try_go(source, "f", ((5,), 7), limits=Limits(cpu_s=4, wall_s=10))
    assert tried.run is not None, tried.prepared
    assert tried.run.failure is not None
    assert told in tried.run.failure.detail


def test_printing_harms_nobody(try_go: Any) -> None:
    source = 'import ("fmt"; "os")\nfunc init() { fmt.Println("loaded") }\nfunc f(a int) int { fmt.Println("V"); fmt.Fprintln(os.Stderr, "x"); println(a); return a }'
    assert try_go(source, "f", ((1,), 1), ((2,), 2)).passes(1, 2)


def test_large_data_in_one_program_leaves_its_neighbours_room(go_sandbox: Sandbox) -> None:
    from factory.languages.go import Go

    problem = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
    sources = ["func f(a int) int { return a }"] * 2
    for megabytes in (3, 25, 45, 400):
        sources += [f"func f(a int) int {{ x := [{megabytes << 20}]byte{{5: 1}}; return int(x[a]) }}", sources[0]]
        sources += [f"var x = [{megabytes << 20}]byte{{5: 1}}\nfunc f(a int) int {{ return int(x[a]) }}", sources[0]]
    go = Go()
    prepared = go.prepare(sources, problem, go_sandbox)
    runs = list(go.run([one for one in prepared if not isinstance(one, Rejection)], problem, Limits(), go_sandbox))
    failures = [run.failure for run in runs]
    assert len(runs) == len(sources)
    assert failures[:2] + failures[3::2] == [None] * (2 + len(sources[3::2])), failures
    assert all(one is None or one.status in (Status.COMPILE_ERROR, Status.MEMORY_LIMIT) for one in failures), failures


REACH = "*(reflect.NewAt(reflect.TypeOf(uintptr(0)), reflect.ValueOf(&g).UnsafePointer()).Interface().(*uintptr)) = reflect.ValueOf(&entry).Pointer()"
# Each: a program that has its neighbour's function called, which answers rightly.
THIEVES = [
    (
        "by_its_name",
        'import ("reflect"; "runtime"; "strings")\nfunc f(a int) int { self := reflect.ValueOf(f).Pointer(); for pc := self - 4096; pc < self + 4096; pc += 16 { '
        'if it := runtime.FuncForPC(pc); it != nil && it.Entry() != self && strings.HasPrefix(it.Name(), "candidate/") && strings.HasSuffix(it.Name(), ".f") { '
        f"entry := it.Entry(); var g func(int) int; {REACH}; return g(a) }} }}; return -1 }}",
    ),
    (
        "by_its_place",
        'import "reflect"\nfunc at(p uintptr) byte { var q *uintptr; reflect.NewAt(reflect.TypeOf(reflect.SliceHeader{}), reflect.ValueOf(&q).UnsafePointer()).Elem().Field(0).SetUint(uint64(p &^ 7)); return byte(*q >> (8 * (p & 7))) }\n'
        f"func f(a int) int {{ entry := reflect.ValueOf(f).Pointer(); for seen := 0; seen < 3; {{ entry -= 32; if at(entry - 1) == 0xCC {{ seen++ }} }}; var g func(int) int; {REACH}; return g(a) }}",
    ),
    (
        "by_another_argument",
        'import ("encoding/binary"; "io"; "os"; "strconv"; "strings")\nfunc f(a int) int { put := func(data []byte, text string) []byte { return append(binary.BigEndian.AppendUint32(data, uint32(len(text))), text...) }\n'
        "ask := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(put(nil, \"x\"), 1 << 24), 1 << 16), 1); ask = put(append(binary.BigEndian.AppendUint32(ask, 1), 'i'), strconv.FormatInt(int64(a), 16)); ask = binary.BigEndian.AppendUint32(ask, 0)\n"
        'in, asked, _ := os.Pipe(); told, out, _ := os.Pipe(); asked.Write(ask); asked.Close(); process, err := os.StartProcess("/proc/self/exe", []string{"x", "0"}, &os.ProcAttr{Files: []*os.File{in, out, nil}}); if err != nil { return -1 }; out.Close(); said, _ := io.ReadAll(told); process.Wait()\n'
        '_, after, _ := strings.Cut(string(said), "[[0,"); number, _, _ := strings.Cut(after, "]"); answer, _ := strconv.Atoi(number); return answer }',
    ),
]


@pytest.mark.parametrize("thief", [row[1] for row in THIEVES], ids=[row[0] for row in THIEVES])
def test_a_neighbours_answers_cannot_be_had(go_sandbox: Sandbox, thief: str) -> None:
    from factory.languages.go import Go

    problem = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [5], "expected": 55},))
    honest = "func f(a int) int { s := 0; for i := 1; i <= a; i++ { s += i * i }; return s }"
    go = Go()
    prepared = go.prepare([honest, thief], problem, go_sandbox)
    fine = [one for one in prepared if not isinstance(one, Rejection)]
    assert len(fine) == 2, prepared
    first, second = go.run(fine, problem, Limits(), go_sandbox)
    assert go.fit(first.outputs[0], 55) == 55
    assert second.failure is not None or isinstance(second.outputs[0], Rejection) or go.fit(second.outputs[0], 55) != 55


PAIRS = "func pair[A, B any](a A, b B) struct{ A A; B B } { return struct{ A A; B B }{a, b} }\n"
DOUBLED = "".join(f"; x{i + 1} := pair(x{i}, x{i})" for i in range(28))
# Each: the bomb, the program, and what is said of it.
BOMBS = [
    (
        "a_comparison_of_types_that_double",
        "\n".join(f"type T{i} struct {{ a, b T{i + 1} }}" for i in range(40))
        + "\ntype T40 struct{ f func() }\nvar x = any(T0{}) == any(T0{})\nfunc f(a int) int { return a }",
        "the type checker exceeded",
    ),
    (
        "inferred_types_that_double",
        PAIRS + f"func f(a int) int {{ x0 := a{DOUBLED}; _ = x28; return a }}",
        "the type checker exceeded",
    ),
    (
        "a_constant_text_that_doubles",
        'const c0 = "0123456789abcdef"\n'
        + "".join(f"const c{i + 1} = c{i} + c{i}\n" for i in range(44))
        + "func f(a int) int { return len(c44) }",
        "the type checker exceeded",
    ),
    (
        "a_constant_that_squares",
        "const c0 = 1 << 500\n"
        + "".join(f"const c{i + 1} = c{i} * c{i}\n" for i in range(40))
        + "func f(a int) int { return a }",
        "constant multiplication overflow",
    ),
    ("a_constant_shifted_far", "const c = 1 << 100000000\nfunc f(a int) int { return a }", "invalid shift count"),
    (
        "an_instance_of_its_own_instance",
        "type T[P any] struct{ p P }\nfunc g[P any](p P) int { return g(T[P]{p}) }\nfunc f(a int) int { return g(a) }",
        "instantiation cycle",
    ),
    ("a_type_that_holds_itself", "type T struct{ t T }\nfunc f(a int) int { return a }", "invalid recursive type"),
    ("complements", "func f(a int) int { return " + "^" * 150_000 + "a }", "exceeded max nesting"),
    (
        "parentheses",
        "func f(a int) int { return " + "(" * 200_000 + "a" + ")" * 200_000 + " }",
        "at most 200000 are parsed",
    ),
    ("an_array_of_terabytes", "var x [1 << 40]int\nfunc f(a int) int { return x[a] }", "symbol too large"),
    (
        "an_array_beyond_all_memory",
        "var x [1 << 62]int\nfunc f(a int) int { return x[a] }",
        "larger than address space",
    ),
    (
        "an_array_literal_of_gigabytes",
        "func f(a int) int { return [1 << 30]int{1 << 29: 1}[a] }",
        "compile: more than 1536 MiB of memory",
    ),
]


@pytest.mark.parametrize(("source", "told"), [row[1:] for row in BOMBS], ids=[row[0] for row in BOMBS])
def test_a_compile_bomb_is_its_own_sources_fault(
    go_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, source: str, told: str
) -> None:
    from factory.languages.go import Go, builder

    monkeypatch.setattr(builder, "CHECK_S", 0.5)
    problem = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
    good = "func f(a int) int { return a }"
    go = Go()
    prepared = go.prepare([good, source, good], problem, go_sandbox)
    assert [isinstance(one, Rejection) for one in prepared[::2]] == [False, False]
    outcomes: dict[int, Prepared | Rejection | None] = {1: prepared[1]}
    if not isinstance(prepared[1], Rejection):
        runs = list(go.run([one for one in prepared if not isinstance(one, Rejection)], problem, Limits(), go_sandbox))
        assert [run.failure for run in runs[::2]] == [None, None]
        outcomes[1] = runs[1].failure
    assert isinstance(outcomes[1], Rejection)
    assert outcomes[1].status is Status.COMPILE_ERROR
    assert told in outcomes[1].detail


NOSPLIT = """//go:noinline
//go:nosplit
func large(a int) int {
	var x [5000]byte
	x[a] = 1
	return int(x[a/2])
}

func f(a int) int { return large(a) + a }
"""


@pytest.mark.parametrize(
    ("source", "alone"),
    [
        ('import "reflect"\nfunc f(a int) int { if reflect.DeepEqual(a, 1) { return a }; return a }', False),
        ('import "reflect"\nfunc f(a int) int { return int(reflect.ValueOf(a).Int()) }', True),
        ('import "os"\nfunc f(a int) int { os.Stdout.WriteString("x"); return a }', False),
        ('import "os"\nfunc f(a int) int { os.ReadFile("/proc/self/exe"); return a }', True),
        ('import "runtime"\nfunc f(a int) int { runtime.GC(); return a }', False),
        ('import "runtime"\nfunc f(a int) int { runtime.Callers(0, nil); return a }', True),
        ('import "time"\nfunc f(a int) int { time.Sleep(1); return a }', False),
        ('import "time"\nfunc f(a int) int { time.AfterFunc(1, func() {}); return a }', True),
        ('import "context"\nfunc f(a int) int { context.WithCancel(context.Background()); return a }', True),
        ("func f(a int) int { c := make(chan int, 1); c <- a; return <-c }", False),
        ("func f(a int) int { c := make(chan int); go func() { c <- a }(); return <-c }", True),
    ],
    ids=(
        "compares reflects writes reads_the_binary collects walks_the_stack sleeps runs_later cancels has_a_channel "
        "has_a_goroutine"
    ).split(),
)
def test_who_could_reach_its_neighbours_has_a_binary_alone(go_sandbox: Sandbox, source: str, alone: bool) -> None:
    from factory.languages.go.builder import Builder

    problem = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
    builder = Builder(problem, go_sandbox)
    (prepared,) = builder.analyse([source])
    assert not isinstance(prepared, Rejection), prepared
    built = list(builder.build(["package p\n\nfunc f(a int) int { return a }\n", prepared.code]))
    assert not any(isinstance(one, Rejection) for one in built), built
    assert builder.links == 1 + alone


def test_what_breaks_a_batch_costs_only_itself(go_sandbox: Sandbox) -> None:
    from factory.languages.go import Go
    from factory.languages.go.builder import Builder, Built

    problem = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
    sources = [f"func f(a int) int {{ return a + {i} }}" for i in range(16)]
    sources[3] = NOSPLIT  # which the linker refuses
    sources[8] = "var x [1 << 40]int\nfunc f(a int) int { return x[a] }"  # which the compiler refuses
    sources[11] = "func init() { panic(1) }\nfunc f(a int) int { return a }"  # which would end the others
    go = Go()
    prepared = [one for one in go.prepare(sources, problem, go_sandbox) if not isinstance(one, Rejection)]
    assert len(prepared) == 16
    builder = Builder(problem, go_sandbox)
    built = list(builder.build([one.code for one in prepared]))
    assert {place: one.detail for place, one in enumerate(built) if isinstance(one, Rejection)} == {
        3: "link: large: nosplit stack over 792 byte limit",
        8: "compile: x: symbol too large (8796093022208 bytes > 2000000000 bytes)",
    }
    assert builder.links == 4  # the init's own, all others, and after the break: the culprit and those others
    assert len({id(one.binary) for one in built if isinstance(one, Built)}) == 2
    runs = list(go.run(prepared, problem, Limits(cpu_s=2), go_sandbox))
    failures = {place: run.failure.status.value for place, run in enumerate(runs) if run.failure is not None}
    assert failures == {3: "compile_error", 8: "compile_error", 11: "runtime_error"}
    assert [go.fit(run.outputs[0], 1) for run in runs if run.failure is None] == [
        i + 1 for i in range(16) if i not in (3, 8, 11)
    ]
