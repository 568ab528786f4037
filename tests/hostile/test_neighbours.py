"""A hog beside honest programs: whatever they share, its deeds are in its own verdict and in no other."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import pytest

from factory.config import GradingConfig, LimitsConfig, SandboxConfig, VerifyConfig
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Case, Problem, Program, Status
from sandbox import WallUnavailable

PROBLEMS = {
    "calls": Problem(
        id="neighbours/double",
        prompt="",
        entry_point="f",
        cases=tuple(Case(args=[n], expected=2 * n) for n in (3, 10, 4711)),
    ),
    "streams": Problem(
        id="neighbours/echo",
        prompt="",
        cases=tuple(Case(stdin=f"{n}\n", stdout=f"{2 * n}\n") for n in (3, 4711)),
    ),
}
CALLS, STREAMS = PROBLEMS
MAIN = "func main() { var n int; fmt.Scan(&n); fmt.Println(2 * n) }"

# Of each language: honest programs of either kind, which use memory, files and time of their own.
HONEST = {
    ("python", CALLS): """
        import os
        def f(n):
            open("/tmp/note", "wb").write(bytes(1 << 20))
            hoard = [bytes([k]) * (1 << 20) for k in range(64)]
            return 2 * n + len(os.listdir("/tmp")) - 1
        """,
    ("python", STREAMS): """
        open("/tmp/note", "wb").write(bytes(1 << 20))
        hoard = [bytes([k]) * (1 << 20) for k in range(64)]
        print(2 * int(input()))
        """,
    ("javascript", CALLS): """
        function f(n) {
            require('fs').writeFileSync('/tmp/note', Buffer.alloc(1 << 20));
            const hoard = Array.from({ length: 1 << 20 }, (_, i) => ({ i }));
            return 2 * n + hoard.length - (1 << 20);
        }
        """,
    ("javascript", STREAMS): """
        const hoard = Array.from({ length: 1 << 20 }, (_, i) => ({ i }));
        require('fs').writeFileSync('/tmp/note', Buffer.alloc(1 << 20));
        console.log(2 * Number(require('fs').readFileSync(0, 'utf8')));
        """,
    ("go", CALLS): """
        var kept []*[1 << 10]int
        func f(n int) int {
            os.WriteFile("/tmp/note", make([]byte, 1<<20), 0o600)
            for i := range 1 << 12 {
                kept = append(kept, &[1 << 10]int{i})
                _ = strings.Repeat("x", i) + fmt.Sprint(i)
            }
            return 2*n + len(kept)&0
        }
        """,
    ("go", STREAMS): """
        func main() {
            var n int
            fmt.Scan(&n)
            var kept []*[1 << 10]int
            for i := range 1 << 12 {
                kept = append(kept, &[1 << 10]int{i})
            }
            fmt.Println(2*n + len(kept)&0)
        }
        """,
}


def arrays(use: str) -> str:
    """640 arrays, none of them large, that are all used."""
    declared = "".join(f"var a{i} [1<<20 - 8]byte\n" for i in range(640))
    return declared + use % "".join(f" + int(a{i}[n&7])" for i in range(640))


LITERALS = "var p = &[1 << 25]int{}\nvar q = []int{1 << 25: 0}\nvar r = []*[1 << 25]int{{}, {}}\n"
INIT = 'import ("os"; "runtime"; "runtime/debug"; "time")\nfunc init() { %s }\n'
ADD = "func f(n int) int { return 2*n }"

# Each: the language, the kind, the hog, the statuses it may have.
HOGS = {
    "memory": ("python", CALLS, "def f(n):\n    return len(bytearray(1 << 40))\n", "memory_limit"),
    "memory_of_a_program": ("python", STREAMS, "a = [0]\nwhile True: a += a\n", "memory_limit"),
    "files": (
        *("python", CALLS),
        "def f(n):\n    for i in range(999):\n        open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))\n    return 2 * n",
        "runtime_error",
    ),
    "processes": ("python", CALLS, "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n", "timeout"),
    "time": ("python", CALLS, "def f(n):\n    while True: pass\n", "timeout"),
    "output": ("python", STREAMS, "while True: print('x' * 1000)\n", "output_limit"),
    "inputs": (
        *("python", CALLS),
        "import gc\nfor it in gc.get_objects():\n    if type(it) is list: it.clear()\ndef f(n): return 0",
        "wrong_answer runtime_error",
    ),
    "source": ("python", CALLS, "x = " + "(" * 90 + "0" + ")" * 90 + "\n" + "f = 0\n" * 100_000, "syntax_error"),
    "node_memory": ("javascript", CALLS, "const a = []; while (true) a.push(new Array(1e6).fill(1));", "memory_limit"),
    "node_files": (
        *("javascript", CALLS),
        "function f(n) { for (let i = 0; ; i++) require('fs').writeFileSync('/tmp/' + i, Buffer.alloc(1 << 20)); }",
        "runtime_error",
    ),
    "node_time": ("javascript", STREAMS, "while (true);", "timeout"),
    "node_parser": (
        "javascript",
        CALLS,
        "function f(n) { return " + "(" * 80_000 + "n" + ")" * 80_000,
        "compile_error",
    ),
    "node_built_ins": (
        *("javascript", CALLS),
        "JSON.parse = Array.prototype.push = require('fs').writeSync = () => 1;\nfunction f(n) { return n; }",
        "wrong_answer runtime_error",
    ),
    # What is declared and hardly touched is no memory: such programs may run.
    "go_arrays": ("go", CALLS, arrays("func f(n int) int { return 2*n%s }"), "passed runtime_error memory_limit"),
    "go_arrays_of_a_program": (
        *("go", STREAMS),
        arrays("func main() { n := 1; println(0%s) }"),
        "wrong_answer runtime_error memory_limit",
    ),
    "go_literals": (
        *("go", CALLS),
        LITERALS + "func f(n int) int { return 2*n + p[n&7] + q[n&7] + r[n&1][n&7] }",
        "passed runtime_error memory_limit",
    ),
    "go_init_exits": ("go", CALLS, INIT % "os.Exit(0)" + ADD, "runtime_error"),
    "go_init_panics": ("go", CALLS, INIT % "panic(1)" + ADD, "runtime_error"),
    "go_init_sleeps": ("go", CALLS, INIT % "time.Sleep(time.Hour)" + ADD, "timeout"),
    "go_init_allocates": (
        "go",
        CALLS,
        INIT % "for { x = append(x, x...) }" + "var x = []int{1}\n" + ADD,
        "memory_limit timeout",  # which of the two limits it meets first is the machine's speed
    ),
    "go_init_starts_goroutines": ("go", STREAMS, INIT % "go func() { for { } }()" + MAIN, "passed timeout"),
    "go_init_of_a_variable": (
        *("go", CALLS),
        'import "os"\nvar x = func() int { os.Exit(0); return 1 }()\n' + ADD,
        "runtime_error",
    ),
    "go_settings": (
        *("go", CALLS),
        INIT % 'debug.SetMaxStack(1); debug.SetMemoryLimit(1); runtime.GOMAXPROCS(1); os.Setenv("HOME", "x")' + ADD,
        "passed runtime_error timeout",
    ),
    "go_registrations": (
        *("go", STREAMS),
        'import ("flag"; "net/http"; "expvar")\nvar n = flag.Int("n", 1, "")\n'
        'func init() { http.HandleFunc("/", nil); expvar.NewInt("x") }\n' + MAIN,
        "runtime_error",
    ),
    "go_linker": (
        *("go", CALLS),
        "//go:noinline\n//go:nosplit\nfunc g(n int) int { var x [5000]byte; x[n&7] = 1; return int(x[n&3]) }\n"
        "func f(n int) int { return 2*n + g(n)*0 }",
        "compile_error",
    ),
    "go_names": ("go", CALLS, "type Entry int\nfunc Names() {}\nfunc RolloutFactoryMain() {}\n" + ADD, "passed"),
    "go_compiler": ("go", CALLS, "func f(n int) int { return [1 << 30]int{1 << 29: 1}[n] }", "compile_error"),
}


@pytest.fixture(scope="module")
def neighbours(backend: str) -> Iterator[GradingSession]:
    settings = GradingConfig(
        limits=LimitsConfig(cpu_s=1, memory_mb=256),
        sandbox=SandboxConfig(backend=backend),
        verify=VerifyConfig(dedup=False),
    )
    with GradingSession(settings) as session:
        yield session


@pytest.mark.parametrize("hog", HOGS)
def test_a_hog_beside_honest_programs(neighbours: GradingSession, hog: str) -> None:
    language, kind, code, statuses = HOGS[hog]
    honest = textwrap.dedent(HONEST[language, kind])
    programs = [Program(place, text) for place, text in enumerate([honest, code, honest + "\n", honest + "\n\n"])]
    try:
        first, own, *behind = verify(neighbours, PROBLEMS[kind], programs, language)
    except WallUnavailable as unavailable:  # Node is not on every machine
        pytest.skip(str(unavailable))
    assert [(it.status, it.detail) for it in (first, *behind)] == [(Status.PASSED, "")] * 3
    assert own.status.value in statuses.split(), own
