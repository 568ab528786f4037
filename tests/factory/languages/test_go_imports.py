"""Imports are mended where only one thing can be meant, recorded, and otherwise left for the compiler to refuse."""

# Go programs stand on one line here.
# ruff: noqa: E501

from __future__ import annotations

import pytest

from factory.languages.go import Go
from factory.records import Prepared, Problem, Rejection, Status
from sandbox import Sandbox

PROBLEM = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
EXP = "golang.org/x/exp/"


@pytest.fixture(scope="session")
def prepared(go_sandbox: Sandbox) -> dict[str, Prepared | Rejection]:
    """Every source below, prepared in one go."""
    sources = [source for _, source, _ in MENDED] + [source for _, source, _ in REFUSED]
    return dict(zip(sources, Go().prepare(sources, PROBLEM, go_sandbox), strict=True))


def body(statements: str) -> str:
    return f"func f(a int) int {{ {statements}; return a }}"


# Each: what it shows, the program, and the import_fixes, in order.
MENDED: list[tuple[str, str, tuple[str, ...]]] = [
    ("nothing to mend", 'import "fmt"\n' + body("fmt.Sprint(a)"), ()),
    ("one missing", body("fmt.Sprint(a)"), ("import added: fmt",)),
    (
        "several missing",
        body("_ = strings.ToUpper(strconv.Itoa(a))"),
        ("import added: strconv", "import added: strings"),
    ),
    ("missing beside others", 'import "fmt"\n' + body("fmt.Sprint(math.Pi)"), ("import added: math",)),
    (
        "missing in a group",
        'import (\n"fmt"\n)\n' + body("fmt.Sprint(sort.IntsAreSorted(nil))"),
        ("import added: sort",),
    ),
    ("missing, of a nested path", body("_ = utf8.RuneLen('a')"), ("import added: unicode/utf8",)),
    ("missing, in a type", "type H struct{ mu sync.Mutex }\n" + body("_ = &H{}"), ("import added: sync",)),
    ("missing, in a constraint", "func g[T cmp.Ordered](x T) T { return x }\n" + body("g(a)"), ("import added: cmp",)),
    (
        "missing, as an embedded type",
        "type B struct{ strings.Builder }\n" + body("_ = &B{}"),
        ("import added: strings",),
    ),
    ("missing, for a package variable", "var big = math.MaxInt\n" + body("_ = big"), ("import added: math",)),
    ("the old rand, by what is asked of it", body("_ = rand.Intn(5)"), ("import added: math/rand",)),
    ("the new rand, by what is asked of it", body("_ = rand.IntN(5)"), ("import added: math/rand/v2",)),
    ("the secure rand, by what is asked of it", body("_, _ = rand.Prime(nil, 8)"), ("import added: crypto/rand",)),
    ("one of two scanners", body("var s scanner.ErrorList; _ = s"), ("import added: go/scanner",)),
    ("one of two templates", body("_ = template.HTML(`x`)"), ("import added: html/template",)),
    ("heap", body("var h heap.Interface; _ = h"), ("import added: container/heap",)),
    ("one unused", 'import "fmt"\n' + body(""), ("import removed: fmt",)),
    ("unused in a group", 'import (\n"fmt"\n"os"\n)\n' + body("fmt.Sprint(a)"), ("import removed: os",)),
    ("all unused in a group", 'import (\n"fmt"\n"os"\n)\n' + body(""), ("import removed: fmt", "import removed: os")),
    (
        "unused and missing",
        'import "fmt"\n' + body("_ = strings.ToUpper(``)"),
        ("import removed: fmt", "import added: strings"),
    ),
    ("unused, under another name", 'import str "strings"\n' + body(""), ("import removed: strings",)),
    ("used, under another name", 'import str "strings"\n' + body("_ = str.ToUpper(``)"), ()),
    (
        "another name, and its own",
        'import str "strings"\n' + body("_ = strings.ToUpper(``)"),
        ("import removed: strings", "import added: strings"),
    ),
    ("used by a dot", 'import . "strings"\n' + body("_ = ToUpper(``)"), ()),
    ("unused by a dot", 'import . "strings"\n' + body(""), ("import removed: strings",)),
    (
        "used by a dot and by name",
        'import . "strings"\nimport "strings"\n' + body("_ = ToUpper(strings.ToLower(``))"),
        (),
    ),
    (
        "unused by a dot, used by name",
        'import . "strings"\nimport "strings"\n' + body("_ = strings.ToLower(``)"),
        ("import removed: strings",),
    ),
    ("for its effect", 'import _ "image/png"\n' + body(""), ()),
    ("hidden by a variable", 'import "fmt"\n' + body("fmt := []int{}; _ = len(fmt)"), ("import removed: fmt",)),
    ("named only in a comment", body("/* strings.ToUpper */ _ = 1 // fmt.Println\n"), ()),
    ("named only in a text", body('_ = "strings.ToUpper(x)" + `import "fmt"`'), ()),
    ("an import in a comment", '// import "os"\n/* import "io" */\n' + body(""), ()),
    ("a variable with a field", "type T struct{ ToUpper int }\n" + body("strings := T{}; _ = strings.ToUpper"), ()),
    ("twice the same", 'import "fmt"\nimport other "fmt"\n' + body("fmt.Sprint(a)"), ("import removed: fmt",)),
    ("a type of another name", "type strings struct{ n int }\n" + body("var s strings; _ = s.n"), ()),
    ("only its own main's", 'import "fmt"\n' + body("") + "\nfunc main() { fmt.Println(f(1)) }", ()),
    (
        "ordered, before it was standard",
        f'import "{EXP}constraints"\nfunc g[T constraints.Ordered](x T) T {{ return x }}\n' + body("g(a)"),
        (f"import replaced: {EXP}constraints by cmp",),
    ),
    (
        "ordered, under another name",
        f'import c "{EXP}constraints"\nfunc g[T c.Ordered](x T) T {{ return x }}\n' + body("g(a)"),
        (f"import replaced: {EXP}constraints by cmp",),
    ),
    (
        "slices, before they were standard",
        f'import "{EXP}slices"\n' + body("slices.Sort([]int{a})"),
        (f"import replaced: {EXP}slices by slices",),
    ),
    (
        "maps, before they were standard",
        f'import "{EXP}maps"\n' + body("_ = maps.Clone(map[int]int{})"),
        (f"import replaced: {EXP}maps by maps",),
    ),
]


@pytest.mark.parametrize(("source", "import_fixes"), [row[1:] for row in MENDED], ids=[row[0] for row in MENDED])
def test_it_is_mended_and_recorded(
    prepared: dict[str, Prepared | Rejection], source: str, import_fixes: tuple[str, ...]
) -> None:
    result = prepared[source]
    assert isinstance(result, Prepared), result
    assert result.import_fixes == import_fixes


def test_what_was_mended_needs_no_more_mending(prepared: dict[str, Prepared | Rejection], go_sandbox: Sandbox) -> None:
    codes = [result.code for result in prepared.values() if isinstance(result, Prepared)]
    assert len(codes) == len(MENDED)
    again = Go().prepare(codes, PROBLEM, go_sandbox)
    assert [(one.code, one.import_fixes) for one in again if isinstance(one, Prepared)] == [
        (code, ()) for code in codes
    ]


# Each: what it shows, the program, and what is said of it.
REFUSED: list[tuple[str, str, str]] = [
    ("rand.Int, which three packages have", body("_ = rand.Int()"), "undefined: rand"),
    ("a template, of text or of HTML", body("var t template.Template; _ = t"), "undefined: template"),
    ("a scanner, of text or of Go", body("var s scanner.Scanner; _ = s"), "undefined: scanner"),
    ("a member that the package lacks", body("_ = strings.Reverse(``)"), "undefined: strings"),
    ("a member that is not exported", body("_ = strings.explode(``, 1)"), "undefined: strings"),
    ("a package of nobody's", body("_ = lo.Map(nil)"), "undefined: lo"),
    ("from elsewhere, though unused", 'import "github.com/x/y"\n' + body(""), "is not in the standard library"),
    (
        "a constraint that the standard library lacks",
        f'import "{EXP}constraints"\nfunc g[T constraints.Integer](x T) T {{ return x }}\n' + body("g(a)"),
        f'line 1: import "{EXP}constraints" is not in the standard library',
    ),
    (
        "keys, which were a slice",
        f'import "{EXP}maps"\n' + body("_ = maps.Keys(map[int]int{})"),
        f'line 1: import "{EXP}maps" is not in the standard library',
    ),
    (
        "a name that is taken",
        f'import "{EXP}constraints"\nfunc cmp[T constraints.Ordered](x T) T {{ return x }}\n' + body("cmp(a)"),
        f'line 1: import "{EXP}constraints" is not in the standard library',
    ),
    (
        "by a dot",
        f'import . "{EXP}constraints"\nfunc g[T Ordered](x T) T {{ return x }}\n' + body("g(a)"),
        f'line 1: import "{EXP}constraints" is not in the standard library',
    ),
]


@pytest.mark.parametrize(("source", "told"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_it_is_refused_where_more_could_be_meant(
    prepared: dict[str, Prepared | Rejection], source: str, told: str
) -> None:
    result = prepared[source]
    assert isinstance(result, Rejection), result
    assert result.status is Status.COMPILE_ERROR
    assert told in result.detail


def test_what_ships_is_formatted_and_its_imports_stand_in_one_block(go_sandbox: Sandbox) -> None:
    source = 'import "os"\nimport   ( "sort" )\nfunc f( a int )int{\nsort.Ints([]int{a}) ;_=strings.ToUpper(os.Args[0])\n  return a}'
    (result,) = Go().prepare([source], PROBLEM, go_sandbox)
    assert isinstance(result, Prepared)
    assert result.code == (
        'package solution\n\nimport (\n\t"os"\n\t"sort"\n\t"strings"\n)\n\n'
        "func f(a int) int {\n\tsort.Ints([]int{a})\n\t_ = strings.ToUpper(os.Args[0])\n\treturn a\n}\n"
    )
