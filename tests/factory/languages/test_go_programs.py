"""What a candidate brings along does no harm: its package, main, tests, imports, spelling of the name."""

# Go programs stand on one line here.
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

import pytest

from factory.languages.go import Go
from factory.records import Prepared, Problem, Rejection, Status
from sandbox import Limits, Sandbox

ADD = "func addTwo(a int) int { return a + 2 }"


def ready(tried: Any) -> Prepared:
    assert isinstance(tried.prepared, Prepared), tried.prepared
    assert tried.passes(3), tried
    return tried.prepared


@pytest.mark.parametrize("name", ["addTwo", "AddTwo", "add_two"])
def test_entry_names(try_go: Any, name: str) -> None:
    ready(try_go(f"func {name}(a int) int {{ return a + 2 }}", "add_two", ((1,), 3)))


def test_the_camel_case_one_is_called_where_there_are_several(try_go: Any) -> None:
    ready(try_go("func add_two(a int) int { return 0 }\n" + ADD, "add_two", ((1,), 3)))


OTHERS = [
    ("func addThree(a int) int { return a }", "no function addTwo; there are: addThree"),
    ("var x = 1", "no function addTwo"),
    ("type S struct{}\nfunc (s *S) AddTwo(a int) int { return a }", "AddTwo is a method of *S, not a function"),
    ("type addTwo int", "addTwo is no function but"),
    ("func addTwo[T any](a int) T { var t T; return t }", "T is not told by any argument"),
    (
        "func addTwo[T ~string](a T) T { return a }",
        "addTwo is generic, and its type parameters cannot be told from the cases",
    ),
]


def test_a_missing_entry_point_tells_what_there_is(try_go_together: Any) -> None:
    found = try_go_together("add_two", (1,), *((source, 3) for source, _ in OTHERS))
    for (source, told), tried in zip(OTHERS, found, strict=True):
        rejection = tried.prepared
        assert isinstance(rejection, Rejection), source
        assert rejection.status is Status.MISSING_ENTRY_POINT
        assert told in rejection.detail


@pytest.mark.parametrize(
    "clause",
    [
        "",
        "package main\n",
        "package addtwo\n",
        "package add_two_test\n",
        "// About.\npackage main // it\n",
        "//go:build ignore\n\npackage main\n",
    ],
)
def test_any_package_clause_or_none(try_go: Any, clause: str) -> None:
    code = ready(try_go(clause + ADD, "add_two", ((1,), 3))).code
    assert "package " + ("addtwo" if "addtwo" in clause else "solution") in code
    assert "go:build" not in code


def test_its_own_main_and_tests_are_left_out_with_all_that_only_they_use(try_go: Any) -> None:
    source = f"""package main

import (
	"fmt"
	"os"
	"testing"
)

// addTwo adds two.
{ADD}

func helper(a int) int {{ return addTwo(a) }}

func same(a, b int) bool {{ return a == b }}

func TestAddTwo(t *testing.T) {{
	if !same(helper(1), 3) {{ t.Error("no") }}
}}

func BenchmarkAddTwo(b *testing.B) {{ for i := 0; i < b.N; i++ {{ addTwo(1) }} }}

// main shows it.
func main() {{
	fmt.Println(same(addTwo(1), 3))
	TestAddTwo(&testing.T{{}})
	os.Exit(1)
}}
"""
    prepared = ready(try_go(source, "add_two", ((1,), 3)))
    assert prepared.code == "package solution\n\n// addTwo adds two.\nfunc addTwo(a int) int { return a + 2 }\n"
    assert prepared.import_fixes == ()


def test_a_main_that_the_program_itself_calls_stays(try_go: Any) -> None:
    source = "package main\nvar n int\nfunc main() { n = 2 }\nfunc addTwo(a int) int { main(); return a + n }"
    assert "func main()" in ready(try_go(source, "add_two", ((1,), 3))).code


def test_broken_tests_do_no_harm(try_go: Any) -> None:
    ready(
        try_go(
            ADD + "\nfunc TestIt(t *testing.T) { require.Equal(t, nope(), 3) }\nfunc main() { undefined() }",
            "add_two",
            ((1,), 3),
        )
    )


def test_init_and_package_variables_take_effect(try_go: Any) -> None:
    source = "var n = two()\nfunc two() int { return 1 }\nfunc init() { n++ }\nfunc addTwo(a int) int { return a + n }"
    ready(try_go(source, "add_two", ((1,), 3)))


REPAIRS = [
    ('import "fmt"\n' + ADD, ("import removed: fmt",)),
    ('import (\n"fmt"\n"os"\n)\n' + ADD + "\nfunc x() { fmt.Println() }", ("import removed: os",)),
    ('func addTwo(a int) int { return strings.Count("aa", "a") + a }', ("import added: strings",)),
    (
        "func addTwo(a int) int { r := rand.New(rand.NewSource(1)); _ = r.Intn(5); return a + 2 }",
        ("import added: math/rand",),
    ),
    (
        'import "sort"\nfunc addTwo(a int) int { fmt.Sprint(); _ = heap.Interface(nil); return a + 2 }',
        ("import removed: sort", "import added: container/heap", "import added: fmt"),
    ),
    (
        'package x; import "fmt"; import "os"; func addTwo(a int) int { return max(a, strings.Count("", "")) + len(os.Args) + 1 }',
        ("import removed: fmt", "import added: strings"),
    ),
]


@pytest.mark.parametrize(("source", "import_fixes"), REPAIRS)
def test_imports_are_repaired_and_said(try_go: Any, source: str, import_fixes: tuple[str, ...]) -> None:
    prepared = ready(try_go(source, "add_two", ((1,), 3)))
    assert prepared.import_fixes == import_fixes
    again = ready(try_go(prepared.code, "add_two", ((1,), 3)))
    assert (again.code, again.normal_form, again.import_fixes) == (prepared.code, prepared.normal_form, ())


COMPILE_ERRORS = [
    ("", "an empty program"),
    ("// only words", "an empty program"),
    ("package main\n\nfunc addTwo(a int) int {\n\treturn a +\n}", "line 5: "),
    ("package main\n\nfunc addTwo(a int) int {\n\treturn foo(a)\n}", "line 4: undefined: foo"),
    ("func addTwo(a int) int {\n\tx := 1\n\treturn a\n}", "line 2: declared and not used: x"),
    ('import "fmt"\nfunc addTwo(a int) int {\n\treturn strings.Nope(a)\n}', "line 3: undefined: strings"),
    ("func addTwo(a int) int {\n\treturn rand.Int() + template.X\n}", "line 2: undefined: rand"),
    (
        'func addTwo(a int) int { return "x" }',
        'line 1: cannot use "x" (untyped string constant) as int value in return statement',
    ),
    ("func addTwo(a int) int { }", "line 1: missing return"),
    ("func addTwo(a int) int\n", "line 1: function addTwo has no body"),
    ('import "github.com/x/y"\n' + ADD, 'line 1: import "github.com/x/y" is not in the standard library'),
    ('import "C"\n' + ADD, 'line 1: import "C" is not in the standard library'),
    ('import "rollout/harness"\n' + ADD, 'line 1: import "rollout/harness" is not'),
    ('import "internal/abi"\n' + ADD, 'line 1: import "internal/abi" is not'),
    (
        'import _ "unsafe"\n//go:linkname x runtime.x\nfunc x()\n' + ADD,
        "line 2: //go:linkname reaches beyond the program",
    ),
    ('import _ "embed"\n//go:embed x.txt\nvar x string\n' + ADD, "line 2: //go:embed reaches beyond the program"),
    (
        'import "embed"\n//go:embed /etc/passwd\nvar x embed.FS\nfunc addTwo(a int) int { b, _ := x.ReadFile("passwd"); return a + len(b) }',
        "line 2: //go:embed reaches beyond the program",
    ),
    (
        'import _ "unsafe"\n//go:linkname addTwo rollout/harness.send\nfunc addTwo(a int) int { return a }',
        "line 2: //go:linkname reaches beyond the program",
    ),
    (
        'import _ "unsafe"\n//go:linkname exit\nfunc exit(int)\nfunc addTwo(a int) int { exit(0); return a }',
        "line 2: //go:linkname reaches beyond the program",
    ),
    (
        '//go:cgo_import_dynamic x y "libc.so"\n' + ADD,
        "line 1: //go:cgo_ reaches beyond the program",
    ),
    (
        '// int one() { return 1; }\nimport "C"\nfunc addTwo(a int) int { return int(C.one()) }',
        'line 2: import "C" is not',
    ),
    ('import "runtime/cgo"\nfunc addTwo(a int) int { cgo.NewHandle(a); return a }', 'import "runtime/cgo" is not'),
    ('import "golang.org/x/sys/unix"\n' + ADD, 'import "golang.org/x/sys/unix" is not in the standard library'),
    ('import "./other"\n' + ADD, 'import "./other" is not in the standard library'),
    ("func addTwo(a, b int) int { return a }", "line 1: addTwo declares 2 parameters, the cases give 1"),
    (
        "func addTwo(a func(int) int) int { return 1 }",
        "parameter a of addTwo has type func(int) int, which no case's value can be",
    ),
    (
        "func addTwo(a int) int { return a }\nfunc addTwo(a int) int { return a }",
        "line 2: addTwo redeclared in this block",
    ),
]


def test_compile_errors_name_the_line(try_go_together: Any) -> None:
    found = try_go_together("add_two", (1,), *((source, 3) for source, _ in COMPILE_ERRORS))
    for (source, told), tried in zip(COMPILE_ERRORS, found, strict=True):
        rejection = tried.prepared
        assert isinstance(rejection, Rejection), source
        assert rejection.status is Status.COMPILE_ERROR
        assert told in rejection.detail, source
        assert "\n" not in rejection.detail


def key(try_go: Any, source: str) -> str:
    return ready(try_go(source, "add_two", ((1,), 3))).normal_form


def test_keys_ignore_layout_comments_names_of_variables_and_what_is_never_called(try_go: Any) -> None:
    first = "func addTwo(a int) int { b := 2; for i := range 3 { _ = i }; return a + helper(b) }\nfunc helper(x int) int { return x }"
    second = (
        "package other\n\n// Help.\nfunc Support(y int) int {\n\treturn y\n}\n\nfunc unused() {}\n\n"
        "func AddTwo(n int) int {\n\tk := 2\n\tfor j := range 3 {\n\t\t_ = j\n\t}\n\treturn (n) + Support(k)\n}\n"
    )
    assert key(try_go, first) == key(try_go, second)


DIFFERENT = [
    (
        "func addTwo(a int) int { b := 2; c := 3; _ = c; return a + b }",
        "func addTwo(a int) int { b := 2; c := 3; _ = b; return a + c - 1 }",
    ),
    (
        "func addTwo(a int) int { x := []int{2}; return a + sum(x...) }\nfunc sum(x ...int) int { return 2 }",
        "func addTwo(a int) int { x := []int{2}; return a + sum(x) }\nfunc sum(x []int) int { return 2 }",
    ),
    (
        "type T = int\nfunc addTwo(a int) int { var t any = T(2); _, ok := t.(int); if ok { return a + 2 }; return 3 }",
        "type T int\nfunc addTwo(a int) int { var t any = T(2); _, ok := t.(int); if ok { return a + 2 }; return 3 }",
    ),
    ("func addTwo(a int) int { return a + 1 + 1 }", "func addTwo(a int) int { return a + (1 + 1) }"),
    (
        "var x, y = 1, 2\nfunc addTwo(a int) int { return a + y }",
        "var x, y = 2, 1\nfunc addTwo(a int) int { return a + x }",
    ),
    ("func init() {}\n" + ADD, ADD),
    (
        "func addTwo(a int) int { a := a; return a + 2 }".replace("a := a", "{ a := a + 1; _ = a }"),
        "func addTwo(a int) int { { a := a + 1; a = a }; return a + 2 }",
    ),
    (
        'import "fmt"\ntype A struct{ X int }\nfunc addTwo(a int) int { fmt.Sprintf("%+v", A{1}); return a + 2 }',
        'import "fmt"\ntype A struct{ Y int }\nfunc addTwo(a int) int { fmt.Sprintf("%+v", A{1}); return a + 2 }',
    ),
    (
        'import "math/rand"\nfunc addTwo(a int) int { rand.Int(); return a + 2 }',
        'import "math/rand/v2"\nfunc addTwo(a int) int { rand.Int(); return a + 2 }',
    ),
]


def test_keys_differ_where_programs_do(try_go_together: Any) -> None:
    sources = [source for pair in DIFFERENT for source in pair]
    forms = [ready(tried).normal_form for tried in try_go_together("add_two", (1,), *((one, 3) for one in sources))]
    for pair, first, second in zip(DIFFERENT, forms[::2], forms[1::2], strict=True):
        assert first != second, pair


def test_programs_share_a_binary_only_where_nothing_of_them_runs_before_main(go_sandbox: Sandbox) -> None:
    problem = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
    sources = [
        "func f(a int) int { return a }",
        'import "os"\nvar x = stop()\nfunc stop() int { os.Exit(0); return 1 }\nfunc f(a int) int { return a }',
        "func f(a int) int { return a + 1 }",
        "func init() { panic(1) }\nfunc f(a int) int { return a }",
        'var table = map[string]int{"a": 1}\nfunc f(a int) int { return a + table["a"] }',
        "var table = []int{1, 2, 3}\nvar t = table[5]\nfunc f(a int) int { return a }",
        "func RolloutFactoryMain() {}\nfunc f(a int) int { return a + 3 }",
        'import _ "image/png"\nfunc f(a int) int { return a + 4 }',
    ]
    go = Go()
    prepared = [one for one in go.prepare(sources, problem, go_sandbox) if isinstance(one, Prepared)]
    runs = list(go.run(prepared, problem, Limits(cpu_s=2), go_sandbox))
    answers = [run.failure.status.value if run.failure else go.fit(run.outputs[0], 1) for run in runs]
    assert answers == [1, "runtime_error", 2, "runtime_error", 2, "runtime_error", 4, 5]


def test_running_what_was_never_prepared_is_a_compile_error(go_sandbox: Sandbox) -> None:
    problem = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
    codes = [
        "package x\nfunc f(",
        "package x\nfunc f(a int) int { return b }",
        "package x\nfunc g() {}",
        "package x\nfunc f(a int) int { return a }",
    ]
    runs = list(Go().run([Prepared(code, "") for code in codes], problem, Limits(), go_sandbox))
    assert [run.failure.status.value if run.failure else "" for run in runs] == [
        "compile_error",
        "compile_error",
        "missing_entry_point",
        "",
    ]


# ---- programs that read stdin ----

ECHO = """package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	var a, b int
	fmt.Fscan(in, &a, &b)
	if a < 0 {
		panic("negative")
	}
	if a == 99 {
		for {
		}
	}
	if a == 98 {
		os.Exit(b)
	}
	fmt.Println(a+b, len(os.Args))
}
"""


BRIEF = Limits(cpu_s=1)


def streams(sandbox: Sandbox, source: str, *texts: str, limits: Limits = BRIEF) -> Any:
    problem = Problem(id="t/0", prompt="", cases=tuple({"stdin": text, "stdout": ""} for text in texts))
    (prepared,) = Go().prepare([source], problem, sandbox)
    if isinstance(prepared, Rejection):
        return prepared
    (run,) = Go().run([prepared], problem, limits, sandbox)
    return run


def test_stdin_programs_of_any_package_and_with_missing_imports(go_sandbox: Sandbox) -> None:
    run = streams(go_sandbox, 'func main() { var s string; fmt.Scan(&s); fmt.Print(s + "\\xff") }', "hé")
    assert run.outputs == ("hé\udcff",)
    assert streams(go_sandbox, 'package x\nimport "os"\nfunc main() { println(1) }', "").outputs == ("",)
    assert streams(go_sandbox, "package main\nfunc f() {}", "") == Rejection(
        Status.MISSING_ENTRY_POINT, "no function main"
    )


def test_programs_print_the_names_that_they_have_where_they_ship(go_sandbox: Sandbox, try_go: Any) -> None:
    source = 'package main\nimport ("fmt"; "os")\ntype T struct{ A int }\nfunc main() { fmt.Printf("%T %#v %d", T{}, T{1}, len(os.Args)) }'
    assert streams(go_sandbox, source, "").outputs == ("main.T main.T{A:1} 1",)
    source = 'package two\nimport "fmt"\ntype T struct{}\nfunc f() string { return fmt.Sprintf("%T", T{}) }'
    assert try_go(source, "f", ((), "two.T")).passes("two.T")


@pytest.mark.parametrize("name", ["twoSum", "TwoSum"])
def test_a_method_of_a_class_is_a_function(try_go: Any, name: str) -> None:
    ready(try_go(f"func {name}(a int) int {{ return a + 2 }}", "Solution.twoSum", ((1,), 3)))


@pytest.mark.parametrize("name", ["ADDTWO", "Addtwo", "addtwo", "ADD_TWO", "Add_Two", "add_TWO"])
def test_the_only_function_of_the_name_but_for_case_and_underscores_is_called(try_go: Any, name: str) -> None:
    source = f"package main\n\nfunc {name}(a int) int {{ return a + 2 }}\n\nfunc main() {{ println({name}(1)) }}"
    assert Go().defines(source, "add_two")
    ready(try_go(source, "add_two", ((1,), 3)))


AMBIGUOUS = "func Addtwo(a int) int { return a + 2 }\nfunc ADDTWO(a int) int { return a + 2 }"


def test_of_several_such_none_is_called(try_go: Any) -> None:
    assert try_go(AMBIGUOUS, "add_two", ((1,), 3)).prepared.status is Status.MISSING_ENTRY_POINT
    method = "type S int\nfunc (s S) ADDTWO(a int) int { return a + 2 }\ntype Addtwo func(int) int\nvar x Addtwo"
    assert try_go(method, "add_two", ((1,), 3)).prepared.status is Status.MISSING_ENTRY_POINT


def test_an_accepted_name_goes_before_one_that_is_alike(try_go: Any) -> None:
    ready(try_go("func ADDTWO(a int) int { return 0 }\n" + ADD, "add_two", ((1,), 3)))


def test_which_function_is_called_is_part_of_the_normal_form(try_go: Any) -> None:
    bodies = "func {}(a int) int {{ return a + 2 }}\nfunc {}(a int) int {{ return a + 3 }}"
    right = try_go(bodies.format("ADDTWO", "other"), "add_two", ((1,), 3))
    wrong = try_go(bodies.format("other", "ADDTWO"), "add_two", ((1,), 3))
    assert right.passes(3)
    assert not wrong.passes(3)
    assert right.prepared.normal_form != wrong.prepared.normal_form


def test_an_int8_is_a_character_where_one_is_given_or_expected(try_go: Any) -> None:
    source = "func f(c int8, n int8) int8 { return c - 'a' + 'A' + n }"
    assert try_go(source, "f", (("b", 0), "B"), (("b", 1), "C")).passes("B", "C")
    assert not try_go(source, "f", (("b", 1), "B")).passes("B")
    (output,) = try_go("func f(c int8) int8 { return c }", "f", (("é",), "é")).run.outputs
    assert "is no Go int8" in output.detail
    (value,) = try_go("func f(n int) int8 { return int8(n) }", "f", ((-1,), "a")).values
    assert value == -1
