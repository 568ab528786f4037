"""What `go vet` finds in Go programs that pass: told by line, the same every time, and decisive for nothing."""

from __future__ import annotations

import pytest

from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.languages.go import Go
from factory.records import Prepared, Problem, Program, Status
from sandbox import Sandbox

CASES = ({"args": [1], "expected": 1}, {"args": [-4], "expected": -4})
PROBLEM = Problem.model_validate({"id": "t/0", "prompt": "", "entry_point": "f", "cases": CASES})
CLEAN = "package solution\n\nfunc f(a int) int { return a }\n"
# Each: what is suspicious in a right program, the program, and what is said of it.
SUSPICIOUS = [
    (
        "a_wrong_verb",
        'package p\n\nimport "fmt"\n\nfunc f(a int) int {\n\t_ = fmt.Sprintf("%s", a)\n\treturn a\n}\n',
        ["line 6: fmt.Sprintf format %s has arg a of wrong type int"],
    ),
    (
        "a_self_assignment",
        "package p\n\nfunc f(a int) int {\n\ta = a\n\treturn a\n}\n",
        ["line 4: self-assignment of a"],
    ),
    (
        "code_after_a_return",
        "package p\n\nfunc f(a int) int {\n\treturn a\n\tpanic(1)\n}\n",
        ["line 5: unreachable code"],
    ),
    (
        "a_lock_by_value",
        'package p\n\nimport "sync"\n\nfunc g(m sync.Mutex) {}\n\nfunc f(a int) int { return a }\n',
        ["line 5: g passes lock by value: sync.Mutex"],
    ),
    (
        "a_lost_cancel",
        'package p\n\nimport "context"\n\nfunc f(a int) int {\n'
        "\t_, _ = context.WithCancel(context.Background())\n\treturn a\n}\n",
        [
            "line 6: the cancel function returned by context.WithCancel should be called, not discarded, "
            "to avoid a context leak"
        ],
    ),
    (
        "a_wrapper_of_printf",
        'package p\n\nimport "fmt"\n\nfunc say(s string, a ...any) string { return fmt.Sprintf(s, a...) }\n\n'
        'func f(a int) int {\n\tsay("%d", "x")\n\treturn a\n}\n',
        ['line 8: p.say format %d has arg "x" of wrong type string'],
    ),
    (
        "two_in_one_program_and_lines_that_lie",
        "package p\n\n//line /etc/passwd:99\nfunc f(a int) int {\n\ta = a\n\treturn a\n"
        "\t/*line b.go:7:7*/ panic(1)\n}\n",
        ["line 5: self-assignment of a", "line 7: unreachable code"],
    ),
    ("nothing", CLEAN, []),
]


def found(sandbox: Sandbox, *sources: str) -> list[tuple[str, ...]]:
    programs = [one for one in Go().prepare(sources, PROBLEM, sandbox) if isinstance(one, Prepared)]
    assert len(programs) == len(sources)
    return Go().lint(programs, PROBLEM, sandbox)


@pytest.mark.parametrize(("source", "lines"), [row[1:] for row in SUSPICIOUS], ids=[row[0] for row in SUSPICIOUS])
def test_what_is_suspicious_is_told_with_its_line(go_sandbox: Sandbox, source: str, lines: list[str]) -> None:
    assert found(go_sandbox, source) == [tuple(lines)]


def test_many_programs_are_told_in_their_order_and_the_same_again(go_sandbox: Sandbox) -> None:
    sources = [source for _, source, _ in SUSPICIOUS] * 5
    told = found(go_sandbox, *sources)
    assert told == [tuple(lines) for _, _, lines in SUSPICIOUS] * 5
    assert found(go_sandbox, *sources) == told


def test_whole_programs_are_looked_over_too(go_sandbox: Sandbox) -> None:
    problem = Problem.model_validate({"id": "t/0", "prompt": "", "cases": [{"stdin": "", "stdout": "1"}]})
    source = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Printf("%d", "1") }\n'
    (program,) = Go().prepare([source], problem, go_sandbox)
    assert isinstance(program, Prepared)
    (lines,) = Go().lint([program], problem, go_sandbox)
    assert lines == ('line 5: fmt.Printf format %d has arg "1" of wrong type string',)


def test_of_very_many_the_first_are_told_and_the_rest_counted(go_sandbox: Sandbox) -> None:
    source = "package p\n\nfunc f(a int) int {\n" + "\ta = a\n" * 3000 + "\treturn a\n}\n"
    (lines,) = found(go_sandbox, source)
    assert lines == (*(f"line {n}: self-assignment of a" for n in range(4, 24)), "and 2980 more")


def test_a_program_that_keeps_vet_for_ever_is_found_so_and_harms_no_neighbour(go_sandbox: Sandbox) -> None:
    condition = "a == 0"
    for n in range(4000):  # vet writes out every part of it: quadratic in its depth
        condition = f"({condition} && a == {n} || a == 0)"
    slow = f"package p\n\nfunc g(a int) bool {{ return {condition} }}\n\nfunc f(a int) int {{ return a }}\n"
    _, wrong_verb, told = SUSPICIOUS[0]
    assert found(go_sandbox, wrong_verb, slow, CLEAN) == [
        tuple(told),
        ("not checked: vet exceeded 1 s of CPU time",),
        (),
    ]


def test_verdicts_carry_findings_of_what_passed_and_duplicates_take_them_over(session: GradingSession) -> None:
    wrong = CLEAN.replace("return a", "a = a; return 7")
    suspicious = CLEAN.replace("return a", "a = a; return a")
    again = suspicious.replace(" = ", "  =  ")
    sources = [wrong, suspicious, again, CLEAN]
    verdicts = verify(session, PROBLEM, [Program(n, source) for n, source in enumerate(sources)], "go")
    assert [verdict.status for verdict in verdicts] == [Status.WRONG_ANSWER, *[Status.PASSED] * 3]
    line = "line 3: self-assignment of a"
    assert [verdict.lint for verdict in verdicts] == [(), (line,), (line,), ()]
    assert verdicts[2].duplicate_of == 1
