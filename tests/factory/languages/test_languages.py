"""What holds in every language that there is: one suite, run over the registry. A new language adds its SAMPLES here.

What is true of one language alone, its compiler's words, its types, attacks on its harness, is in its own files.
"""

# Programs stand on one line where they can.
# ruff: noqa: E501

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from factory.grading.comparison import exact
from factory.languages import LANGUAGES
from factory.languages.base import Language
from factory.records import Prepared, Problem, Rejection, Run, Status
from sandbox import Limits, Sandbox

Try = Callable[..., Any]


@dataclass(frozen=True)
class Samples:
    """Programs of one language. The function is called `f` where nothing else is said."""

    add: str
    """A function NAME that adds two."""
    echo: str
    """Any value, as it came."""
    other: str
    """A program that defines `other`, and no `f`."""
    broken: str
    """Does not compile, for its line 2 or the one after it."""
    first: str
    """The first of a list; fails for an empty one, by `failure`."""
    failure: str
    leaves_on_two: str
    """Its number; ends the process with status 0 on a 2, which `left` says."""
    left: str
    grows: str
    """Appends to the list that it is given; how long that is then."""
    minus: str
    """(a, max_size): a - max_size."""
    again: str
    """`add` of NAME f once more, in another layout and with a comment."""
    sums: str
    """A whole program: prints the sum of two numbers, then fails by `negative` if the first is, by `three` if it is 98, or never ends for 99."""
    negative: str
    three: str
    floods: str
    """A whole program that prints for ever."""
    remembers: str
    """A whole program that prints "new", or "old" where a file that it writes is there already."""
    reads: str
    """How many characters standard input holds."""
    connects: str
    """Whether a connection to a host's port 9 succeeds."""
    sees: str
    """Whether a path is there."""
    writes: str
    """Whether a path could be written to."""
    litters: str
    """True, once it has left a process and /tmp/left behind."""
    looks: str
    """How many files lie in /tmp, and how many processes there are."""
    environment: str
    """The names of all environment variables."""
    names: frozenset[str]
    """What `environment` may find."""
    deep: str
    """What takes a compiler or parser down."""
    attacks: dict[str, str]
    """For f(5) == 7, of which none says so rightly; a function f each, by the names in ENDS."""


PYTHON = Samples(
    add="def NAME(a):\n    return a + 2\n",
    echo="def f(a):\n    return a\n",
    other="def other(a):\n    return a\n",
    broken="def f(a):\n    return a +\n",
    first="def f(a):\n    return a[0]\n",
    failure="line 2: IndexError: list index out of range",
    leaves_on_two="import os\ndef f(a):\n    if a == 2:\n        os._exit(0)\n    return a\n",
    left="ended with exit code 0 before it had answered",
    grows="def f(a):\n    a.append(1)\n    return len(a)\n",
    minus="def f(a, max_size):\n    return a - max_size\n",
    again="# two more\ndef f( number ):\n\n    return (number + 2)\n",
    sums="import sys\na, b = map(int, sys.stdin.read().split())\nprint(a + b, flush=True)\nif a < 0:\n    raise ValueError('negative')\nwhile a == 99:\n    pass\nif a == 98:\n    sys.exit(3)\n",
    negative="ValueError: negative",
    three="ended with exit code 3",
    floods="print(input(), end='')\nwhile True:\n    print('a' * 1000)\n",
    remembers="import os\ninput()\nprint('old' if os.path.exists('x') else 'new')\nopen('x', 'w').close()\n",
    reads="import sys\ndef f():\n    return len(sys.stdin.read())\n",
    connects="import socket\ndef f(where):\n    try:\n        socket.create_connection((where, 9), 1)\n    except OSError:\n        return False\n    return True\n",
    sees="import os\ndef f(path):\n    return os.path.exists(path)\n",
    writes="def f(path):\n    try:\n        open(path, 'w').close()\n    except OSError:\n        return False\n    return True\n",
    litters="import os, time\ndef f():\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(99)\n    open('/tmp/left', 'w').close()\n    return True\n",
    looks="import os\ndef f():\n    return [len(os.listdir('/tmp')), sum(map(str.isdigit, os.listdir('/proc')))]\n",
    environment="import os\ndef f():\n    return list(os.environ)\n",
    names=frozenset({"LD_LIBRARY_PATH", "PYTHONHASHSEED", "PYTHONHOME", "LC_CTYPE", "HOME", "PATH", "TMPDIR"}),
    deep="def f(a):\n    return " + "(" * 5000 + "a" + ")" * 5000 + "\n",
    attacks={
        "exit_on_load": "import os\nos._exit(0)\ndef f(a):\n    return a + 2\n",
        "exit_in_the_call": "import os\ndef f(a):\n    os._exit(0)\n",
        "kill": "import os\ndef f(a):\n    os.kill(os.getpid(), 9)\n",
        "endless_loop": "def f(a):\n    while True:\n        pass\n",
        "memory": "def f(a):\n    keep = []\n    while True:\n        keep.append(bytearray(b'x') * (1 << 22))\n",
        "output": "def f(a):\n    return 'a' * (1 << 24)\n",
    },
)
GO = Samples(
    add="func NAME(a int) int { return a + 2 }",
    echo='import "math/big"\nvar _ big.Int\nfunc f(a any) any { return a }',
    other="func other(a int) int { return a }",
    broken="func f(a int) int {\n\treturn a +\n}",
    first="func f(a []int) int {\n\treturn a[0]\n}",
    failure="line 4: panic: runtime error: index out of range [0] with length 0",
    leaves_on_two='import "os"\nfunc f(a int) int { if a == 2 { os.Exit(0) }; return a }',
    left="exited with status 0 after 1 of 3 answers",
    grows="func f(a []int) int { a = append(a, 1); a[0] = 9; return len(a) }",
    minus="func f(a int, maxSize int) int { return a - maxSize }",
    again="package other\n\n// Two more.\nfunc F(n int) int {\n\treturn (n) + 2\n}\n",
    sums='package main\nimport ("fmt"; "os")\nfunc main() {\n\tvar a, b int\n\tfmt.Scan(&a, &b)\n\tfmt.Println(a + b)\n\tif a < 0 { panic("negative") }\n\tfor a == 99 { }\n\tif a == 98 { os.Exit(3) }\n}\n',
    negative="line 13: panic: negative",
    three="exited with status 3",
    floods='package main\nimport "os"\nfunc main() { for { if _, e := os.Stdout.WriteString("aaaaaaaaaaaaaaaa\\n"); e != nil { return } } }',
    remembers='package main\nimport ("fmt"; "os")\nfunc main() { if _, e := os.Stat("x"); e == nil { fmt.Println("old") } else { fmt.Println("new") }; os.WriteFile("x", nil, 0o600) }',
    reads='import ("io"; "os")\nfunc f() int { b, _ := io.ReadAll(os.Stdin); return len(b) }',
    connects='import "net"\nfunc f(where string) bool { _, err := net.Dial("tcp", where+":9"); return err == nil }',
    sees='import "os"\nfunc f(path string) bool { _, err := os.Stat(path); return err == nil }',
    writes='import "os"\nfunc f(path string) bool { return os.WriteFile(path, []byte("x"), 0o600) == nil }',
    litters='import ("os"; "os/exec")\nfunc f() bool { exec.Command("/opt/python/bin/python3", "-c", "import time; time.sleep(99)").Start(); return os.WriteFile("/tmp/left", nil, 0o600) == nil }',
    looks='import "os"\nfunc f() []int { e, _ := os.ReadDir("/tmp"); n := 0; p, _ := os.ReadDir("/proc"); for _, x := range p { if x.Name()[0] > \'0\' && x.Name()[0] <= \'9\' { n++ } }; return []int{len(e), n} }',
    environment='import ("os"; "strings")\nfunc f() []string { var n []string; for _, e := range os.Environ() { k, _, _ := strings.Cut(e, "="); n = append(n, k) }; return n }',
    names=frozenset({"GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK"}),
    deep="func f(a int) int { return " + "(" * 200_000 + "a" + ")" * 200_000 + " }",
    attacks={
        "exit_on_load": 'import "os"\nfunc init() { os.Exit(0) }\nfunc f(a int) int { return a + 2 }\n',
        "exit_in_the_call": 'import "os"\nfunc f(a int) int { os.Exit(0); return 7 }',
        "kill": 'import ("os"; "syscall")\nfunc f(a int) int { syscall.Kill(os.Getpid(), 9); for { } }',
        "endless_loop": "func f(a int) int { for { } }",
        "memory": "var keep [][]byte\nfunc f(a int) int { for { b := make([]byte, 1<<20); for i := range b { b[i] = 1 }; keep = append(keep, b) } }",
        "output": 'import "strings"\nfunc f(a int) string { return strings.Repeat("a", 1<<24) }',
    },
)
JAVASCRIPT = Samples(
    add="function NAME(a) { return a + 2; }",
    echo="const f = (a) => a;",
    other="function other(a) { return a; }",
    broken="function f(a) {\n  return a +\n}",
    first="function f(a) {\n  if (!a.length) throw new Error('empty');\n  return a[0];\n}",
    failure="line 2: Error: empty",
    leaves_on_two="function f(a) { if (a === 2) process.exit(0); return a; }",
    left="exited with status 0 after 1 of 3 answers",
    grows="function f(a) { a.push(1); return a.length; }",
    minus="function f(a, maxSize) { return a - maxSize; }",
    again="// two more\nfunction f( a ) {\n\n    return a+2; }\n",
    sums="const [a, b] = require('fs').readFileSync(0, 'utf8').split(/\\s+/).map(Number);\nconsole.log(a + b);\nif (a < 0) throw new Error('negative');\nwhile (a === 99);\nif (a === 98) process.exit(3);\n",
    negative="line 3: Error: negative",
    three="exited with status 3",
    floods="for (;;) process.stdout.write('a'.repeat(1 << 16));",
    remembers="const fs = require('fs');\nconsole.log(fs.existsSync('x') ? 'old' : 'new');\nfs.writeFileSync('x', '');\n",
    reads="function f() { return require('fs').readFileSync(0, 'utf8').length; }",
    connects="const net = require('net'); const f = where => new Promise(r => { const s = net.connect(9, where); s.on('connect', () => r(true)); s.on('error', () => r(false)); });",
    sees="const fs = require('fs'); const f = path => fs.existsSync(path);",
    writes="const fs = require('fs'); const f = path => { try { fs.writeFileSync(path, 'x'); return true } catch { return false } };",
    litters="const fs = require('fs'); function f() { require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' }).unref(); fs.writeFileSync('/tmp/left', 'x'); return true; }",
    looks="const fs = require('fs'); const f = () => [fs.readdirSync('/tmp').length, fs.readdirSync('/proc').filter(n => +n > 0).length];",
    environment="const f = () => Object.keys(process.env)",
    names=frozenset({"LD_LIBRARY_PATH", "TMPDIR"}),
    deep="const f = " + "[" * 90_000 + "]" * 90_000,
    attacks={
        "exit_on_load": "process.exit(0);\nfunction f(a) { return a + 2; }",
        "exit_in_the_call": "function f(a) { process.exit(0); }",
        "kill": "function f(a) { process.kill(process.pid, 'SIGKILL'); for (;;); }",
        "endless_loop": "function f(a) { for (;;); }",
        "memory": "function f(a) { const keep = []; for (;;) keep.push({ x: keep.length }); }",
        "output": "function f(a) { return 'a'.repeat(1 << 24); }",
    },
)
SAMPLES = {"python": PYTHON, "go": GO, "javascript": JAVASCRIPT}


CALL = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 3},))
BRIEF = Limits(cpu_s=0.5, wall_s=4, memory_mb=256, output_kb=1024)


@pytest.fixture
def samples(language: Language) -> Samples:
    return SAMPLES[language.name]


def test_every_language_has_its_samples() -> None:
    assert SAMPLES.keys() == LANGUAGES.keys()


def ready(language: Language, sandbox: Sandbox, *sources: str, problem: Problem = CALL) -> list[Prepared]:
    found = language.prepare(sources, problem, sandbox)
    assert len(found) == len(sources)
    assert all(isinstance(one, Prepared) for one in found), found
    return [one for one in found if isinstance(one, Prepared)]


# ---- what it is called, and how it looks ----


def test_it_is_registered_by_its_name_and_says_what_it_runs_on(language: Language, sandbox: Sandbox) -> None:
    assert LANGUAGES[language.name] is language
    assert language.title
    assert any(character.isdigit() for character in language.describe())


def test_its_programs_are_told_from_prose(language: Language, samples: Samples) -> None:
    for source in (samples.add.replace("NAME", "f"), samples.echo, samples.again):
        assert language.opening.match(source) or source.startswith(language.comment), source
        assert language.looks_like(source)
        assert not language.looks_like(f"Here it is:\n\n{source}\n\nThis adds two to it.")
    for prose in ("", "Here is the code.", "function calls are slow", "import duties apply (see below)."):
        assert not language.looks_like(prose)


def test_what_a_text_defines(language: Language, samples: Samples) -> None:
    assert language.name in language.fences
    for name in ("f", "add_two", "g_2"):
        assert language.defines(samples.add.replace("NAME", language.entry_name(name)), name)
        assert not language.defines(samples.other, name)
    assert language.defines(samples.sums, None)
    assert not language.defines(samples.add.replace("NAME", "f"), None)


def test_a_prompt_has_its_rules_and_a_declaration_where_types_are_known(language: Language) -> None:
    code = "def add_two(number):\n    return number + 2\n"
    problem = CALL.model_copy(update={"entry_point": "add_two"})
    signature = language.signature(problem, code)
    assert not signature or language.entry_name("add_two") in signature
    for entry_point in (True, False):
        for given in (True, False):
            assert all(rule and "\n" not in rule for rule in language.rules(entry_point, given))


# ---- prepared ----


NAMES = ["add_two", "GCD", "_add", "f_2", "type", "delete", "init", "main", "go", "name", "eval", "require"]
"""Some are words, or functions, of another language than Python."""


@pytest.mark.parametrize("name", [*NAMES, "structured_clone"])
def test_the_name_that_a_translator_is_asked_for_is_called_and_missed(
    language: Language, samples: Samples, attempt: Try, name: str
) -> None:
    entry = language.entry_name(name)
    tried = attempt(samples.add.replace("NAME", entry), name, ((1,), 3))
    assert tried.passes(3), tried
    without = attempt(samples.other, name, ((1,), 1))
    found = without.prepared if without.run is None else without.run.failure
    assert isinstance(found, Rejection), without
    assert found.status is Status.MISSING_ENTRY_POINT
    assert f"no function {entry}" in found.detail


def test_what_does_not_compile_is_told_in_one_line_with_its_number(
    language: Language, samples: Samples, sandbox: Sandbox
) -> None:
    (found,) = language.prepare([samples.broken], CALL, sandbox)
    assert isinstance(found, Rejection)
    assert found.status is language.compile_failure
    assert found.detail.startswith(("line 2: ", "line 3: "))
    assert "\n" not in found.detail


def test_what_was_prepared_is_prepared_again_as_it_is(language: Language, samples: Samples, sandbox: Sandbox) -> None:
    (once,) = ready(language, sandbox, samples.again)
    (again,) = ready(language, sandbox, once.code)
    assert (again.code, again.normal_form, again.import_fixes) == (once.code, once.normal_form, ())


def test_programs_that_differ_in_layout_and_comments_have_one_normal_form(
    language: Language, samples: Samples, sandbox: Sandbox
) -> None:
    add = samples.add.replace("NAME", "f")
    sources = (add, f"{language.comment} so\n{add}\n\n", add.replace("a + 2", "a + 3"), add.replace("a + 2", "2 + a"))
    first, commented, differs, turned = ready(language, sandbox, *sources)
    assert first.normal_form == commented.normal_form
    assert len({first.normal_form, differs.normal_form, turned.normal_form}) == 3


def test_a_source_that_takes_the_compiler_down_harms_no_neighbour(
    language: Language, samples: Samples, sandbox: Sandbox
) -> None:
    good = samples.add.replace("NAME", "f")
    first, deep, last = language.prepare([good, samples.deep, good], CALL, sandbox)
    assert isinstance(deep, Rejection)
    assert deep.status is language.compile_failure
    assert isinstance(first, Prepared)
    assert first == last


def test_a_linter_has_one_finding_of_each_program_and_none_of_a_clean_one(
    language: Language, samples: Samples, sandbox: Sandbox
) -> None:
    programs = ready(language, sandbox, samples.add.replace("NAME", "f"), samples.echo)
    assert language.lint(programs, CALL, sandbox) == [(), ()]


# ---- functions ----


def test_a_failure_is_its_cases_own_with_its_line(samples: Samples, attempt: Try) -> None:
    tried = attempt(samples.first, "f", (([1, 2],), 1), (([],), 0), (([3, 4],), 3))
    assert tried.run.failure is None
    first, failed, last = tried.values
    assert (first, last) == (1, 3)
    assert failed == Rejection(Status.RUNTIME_ERROR, samples.failure)


def test_answers_before_an_exit_count_and_the_rest_is_missing(samples: Samples, attempt: Try) -> None:
    tried = attempt(samples.leaves_on_two, "f", ((1,), 1), ((2,), 2), ((3,), 3))
    assert tried.values == (1,)
    assert tried.run.failure == Rejection(Status.RUNTIME_ERROR, samples.left)


def test_every_call_gets_fresh_arguments(samples: Samples, attempt: Try) -> None:
    given = (([1, 2],), 3)
    assert attempt(samples.grows, "f", given, given, given).passes(3, 3, 3)


def test_keyword_arguments_find_their_parameters(samples: Samples, attempt: Try) -> None:
    tried = attempt(samples.minus, "f", (((5,), {"max_size": 3}), 2), (((), {"max_size": 3, "a": 4}), 1), ((9, 2), 7))
    assert tried.passes(2, 1, 7), tried


def test_standard_input_of_a_function_is_empty_and_holds_no_cases(samples: Samples, attempt: Try) -> None:
    assert attempt(samples.reads, "f", ((), 0)).passes(0)


def test_test_code_is_no_case_that_could_be_run(language: Language, sandbox: Sandbox) -> None:
    problem = Problem(id="t/0", prompt="", entry_point="f", test_code="def check(c): pass")
    assert not problem.cases
    if not language.examinable:
        with pytest.raises(ValueError, match="test_code"):
            list(language.run([Prepared("", "")], problem, BRIEF, sandbox))


# ---- values ----

ECHOED: list[Any] = [
    None, True, False, 0, -7, 2**53, 2**53 + 1, 2**70, -(2**70), 0.5, -0.0, 1e300, "", "😀é", "a\x00b", b"", b"\x00\xff",
    [], [1, 2], [1, [2.5, "x", None]], [[]], (1, "a"), [(1, 2), (3, 4)], {1, 2}, frozenset({"a"}), {}, {"a": 1},
    {"a": {"b": [1.5]}}, {1: "a", 2: "b"}, {(1, 2): 3},
]  # fmt: skip


def test_what_goes_in_comes_back_as_the_type_it_was(samples: Samples, attempt: Try) -> None:
    tried = attempt(samples.echo, "f", *(((value,), value) for value in ECHOED))
    assert tried.run.failure is None
    assert len(tried.values) == len(ECHOED)
    for back, value in zip(tried.values, ECHOED, strict=True):
        assert exact(back, value), (back, value)
        assert type(value) is not float or math.copysign(1, back) == math.copysign(1, value)


# Each: what is answered, and what is expected and must not be taken for it.
UNEQUAL: list[tuple[Any, Any]] = [
    ("1", 1), (1, "1"), (1.5, 1), ([1], 1), (["a b"], ["a", "b"]), ([1, 1], {1}), (None, 0), (True, "true"), ("", None),
    ("None", None), ({"a": 1}, {"b": 1}), ({"a": 1}, {"a": 1, "b": None}), ([1, 2, 3], [1, 2]), ([1, 2], [1, 2, 3]),
    ([1, None], [1]), ("a", b"a"), (b"a", "a"), (2**53, 2**53 + 1), (0.1 + 0.2, 0.3), ([], 0), ([2, 1], [1, 2]),
]  # fmt: skip


def test_what_is_another_value_is_never_taken_for_the_expected(samples: Samples, attempt: Try) -> None:
    tried = attempt(samples.echo, "f", *(((given,), expected) for given, expected in UNEQUAL))
    assert tried.run.failure is None
    assert len(tried.values) == len(UNEQUAL)
    for fitted, (given, expected) in zip(tried.values, UNEQUAL, strict=True):
        assert not exact(fitted, expected), (given, expected, fitted)


def test_only_a_range_of_numbers_is_ever_narrower(language: Language, samples: Samples) -> None:
    assert language.integers is None or 2**31 in language.integers
    assert not language.narrower(samples.echo, None, False)


# ---- whole programs ----


def streamed(language: Language, sandbox: Sandbox, source: str, *texts: str, limits: Limits = BRIEF) -> Run:
    problem = Problem(id="t/0", prompt="", cases=tuple({"stdin": text, "stdout": ""} for text in texts))
    (run,) = language.run(ready(language, sandbox, source, problem=problem), problem, limits, sandbox)
    return run


def test_whole_programs_answer_every_input_in_a_process_of_its_own(
    language: Language, samples: Samples, sandbox: Sandbox
) -> None:
    run = streamed(language, sandbox, samples.sums, "1 2\n", "-1 1", "98 3", "3 4")
    assert run.failure is None
    first, raised, left, last = run.outputs
    assert (first, last) == ("3\n", "7\n")
    assert raised == Rejection(Status.RUNTIME_ERROR, samples.negative)
    assert left == Rejection(Status.RUNTIME_ERROR, samples.three)
    assert run.cpu_ms > 0


def test_whole_programs_stop_at_the_first_broken_limit(language: Language, samples: Samples, sandbox: Sandbox) -> None:
    run = streamed(language, sandbox, samples.sums, "1 2", "99 0", "3 4")
    assert run.failure is not None
    assert run.failure.status is Status.TIMEOUT
    assert run.outputs[0] == "3\n"
    assert "7\n" not in run.outputs
    run = streamed(language, sandbox, samples.floods, "1\n", limits=Limits(cpu_s=4, wall_s=10, output_kb=64))
    assert run.failure is not None
    assert run.failure.status is Status.OUTPUT_LIMIT


def test_a_whole_programs_files_are_gone_for_its_next_input(
    language: Language, samples: Samples, sandbox: Sandbox
) -> None:
    assert streamed(language, sandbox, samples.remembers, "1\n", "1\n").outputs == ("new\n", "new\n")


# ---- the wall ----


def test_expected_values_never_cross_it(
    language: Language, samples: Samples, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    crossed: list[Any] = []
    for name in ("run_commands", "run_calls", "run_streams"):
        run = getattr(Sandbox, name)

        def watched(self: Sandbox, job: Any, run: Any = run) -> Any:
            crossed.append(job)
            return run(self, job)

        monkeypatch.setattr(Sandbox, name, watched)
    secret = {"args": ["given"], "expected": "never-inside", "public": True}
    calls = Problem(id="t/0", prompt="never-inside", entry_point="f", reference="never-inside", cases=(secret,))
    streams = Problem(id="t/1", prompt="never-inside", cases=({"stdin": "given", "stdout": "never-inside"},))
    for problem, source in ((calls, samples.echo), (streams, samples.sums)):
        list(language.run(ready(language, sandbox, source, problem=problem), problem, BRIEF, sandbox))
    assert repr(crossed).count("given") == 2
    assert "never-inside" not in repr(crossed)


def test_there_is_no_network(samples: Samples, attempt: Try) -> None:
    assert attempt(samples.connects, "f", (("1.1.1.1",), False), (("127.0.0.1",), False)).passes(False, False)


def test_the_hosts_files_are_not_there_and_nothing_can_be_written_outside_the_work_directory(
    samples: Samples, attempt: Try
) -> None:
    paths = ("/root", "/etc/passwd", "/home")
    assert attempt(samples.sees, "f", *(((path,), False) for path in paths)).passes(*[False] * len(paths))
    writable = {
        "/opt/x": False,
        "/opt/go/root/tool": False,
        "/opt/javascript/harness/answer.cjs": False,
        "/usr/x": False,
    }
    writable["/tmp/x"] = True
    tried = attempt(samples.writes, "f", *(((path,), can) for path, can in writable.items()))
    assert tried.passes(*writable.values()), tried


def test_files_and_processes_of_one_program_are_gone_for_the_next(samples: Samples, attempt: Try) -> None:
    before = attempt(samples.looks, "f", ((), [1, 2])).values
    assert attempt(samples.litters, "f", ((), True)).passes(True)
    assert attempt(samples.looks, "f", ((), [1, 2])).values == before
    assert all(type(count) is int for count in before[0]), before


def test_the_environment_has_nothing_of_the_hosts(
    samples: Samples, attempt: Try, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "of the host")
    (names,) = attempt(samples.environment, "f", ((), ["SECRET"])).values
    assert set(names) <= samples.names


# ---- hostile basics ----

# The attack, and the statuses that it may end in. f(5) should be 7.
ENDS = {
    "exit_on_load": (Status.RUNTIME_ERROR,),
    "exit_in_the_call": (Status.RUNTIME_ERROR,),
    "kill": (Status.RUNTIME_ERROR,),
    "endless_loop": (Status.TIMEOUT,),
    "memory": (Status.MEMORY_LIMIT,),
    "output": (Status.OUTPUT_LIMIT,),
}


@pytest.mark.parametrize("attack", ENDS)
def test_it_does_not_pass_and_harms_no_program_after_it(samples: Samples, attempt: Try, attack: str) -> None:
    limits = BRIEF if attack == "endless_loop" else Limits(cpu_s=5, wall_s=10, memory_mb=128, output_kb=1024)
    tried = attempt(samples.attacks[attack], "f", ((5,), 7), limits=limits)
    assert tried.run is not None, tried
    assert not tried.passes(7)
    found = tried.run.failure or (tried.values[0] if tried.values else None)
    status = found.status if isinstance(found, Rejection) else Status.WRONG_ANSWER
    assert status in ENDS[attack], tried
    assert not isinstance(found, Rejection) or ("\n" not in found.detail and len(found.detail) <= 300)
    assert attempt(samples.add.replace("NAME", "f"), "f", ((5,), 7)).passes(7), "an honest program after it"


def test_the_smallest_limits_leave_room_for_the_language_itself(samples: Samples, attempt: Try) -> None:
    limits = Limits(cpu_s=1, wall_s=10, memory_mb=32, processes=1, open_files=16, output_kb=1)
    assert attempt(samples.add.replace("NAME", "f"), "f", ((1,), 3), limits=limits).passes(3)
