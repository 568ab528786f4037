"""What a candidate brings along does no harm: its exports, its output, its kind of module, the spelling of its name."""

# JavaScript programs stand on one line here.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from factory.languages.javascript import JavaScript, node
from factory.languages.javascript.names import accepted_names, defined
from factory.records import Prepared, Problem, Rejection, Status
from sandbox import Limits, Sandbox, WallUnavailable

ADD = "function addTwo(a) { return a + 2; }"
JS = JavaScript()


def verdict(tried: Any) -> Rejection:
    """The rejection that the first case or the whole program earned."""
    found = tried.prepared if tried.run is None else tried.run.failure or tried.values[0]
    assert isinstance(found, Rejection), tried
    return found


ENTRIES = [
    ADD,
    "function AddTwo(a) { return a + 2; }",
    "function add_two(a) { return a + 2; }",
    "const addTwo = (a) => a + 2;",
    "let addTwo; addTwo = function (a) { return a + 2; };",
    "var addTwo = a => a + 2",
    "addTwo = a => a + 2",
    "async function addTwo(a) { await null; return a + 2; }",
    "const addTwo = a => new Promise(resolve => setTimeout(resolve, 1, a + 2));",
    "module.exports = { addTwo: (a) => a + 2 };",
    "exports.addTwo = (a) => a + 2;",
    "module.exports = (a) => a + 2;",
    "module.exports = function add_two(a) { return a + 2; };",
    "export function addTwo(a) { return a + 2; }",
    "export const addTwo = (a) => a + 2;",
    "function addTwo(a) { return a + 2; }\nexport { addTwo };",
    "function work(a) { return a + 2; }\nexport { work as addTwo };",
    "export default function addTwo(a) { return a + 2; }",
    "export default (a) => a + 2;",
    "export default { addTwo: (a) => a + 2 };",
    "import fs from 'node:fs';\nimport { basename } from 'path';\n" + ADD,
    "const two = await Promise.resolve(2);\nfunction addTwo(a) { return a + two; }",
    "'use strict';\n" + ADD,
    "#!/usr/bin/env node\n" + ADD,
    ADD + "\n// the end",
    ADD + "\n<!-- a comment of old",
    "function addTwo(a) { return 0; }\nmodule.exports = { add_two: addTwo };\naddTwo = (a) => a + 2;",
    "function addTwo(a) { return a + 2; }\nfunction add_two(a) { return 0; }",
    "if (true) { module.exports.addTwo = a => a + 2; return; }",
    "console.log('V', 1); process.stdout.write('x'); console.error('y');\n" + ADD + "\nconsole.log(addTwo(1));",
    ADD + "\nif (require.main === module) { process.exit(1); }",
    ADD + "\nmodule.exports = { addTwo };",
    "const { readFileSync } = require('fs'); const input = readFileSync(0, 'utf8'); " + ADD,
]


@pytest.mark.parametrize("source", ENTRIES)
def test_entry_points(try_js: Any, source: str) -> None:
    tried = try_js(source, "add_two", ((1,), 3), ((-2,), 0))
    assert tried.passes(3, 0), tried


def test_names() -> None:
    assert accepted_names("sum_of_evens") == ("sumOfEvens", "SumOfEvens", "sum_of_evens")
    assert accepted_names("delete") == ("Delete",)
    assert JS.entry_name("new") == "New"
    assert defined(
        "const a = 1;\n  let b;\nexport default function c() {}\nasync function* d() {}\nclass E {}"
    ) == list("acdE")


MISSING = [
    ("function addThree(a) { return a; }\nconst x = 1;", "no function addTwo; there are: addThree, x"),
    ("", "no function addTwo"),
    ("const addTwo = 5;", "no function addTwo; there are: addTwo"),
    ("function outer() { function addTwo(a) { return a + 2; } }", "no function addTwo; there are: outer"),
    ("module.exports = { addThree: a => a };", "no function addTwo"),
    ("export const addThree = a => a;", "no function addTwo; there are: addThree"),
]


@pytest.mark.parametrize(("source", "told"), MISSING)
def test_a_missing_entry_point_tells_what_there_is(try_js: Any, source: str, told: str) -> None:
    assert verdict(try_js(source, "add_two", ((1,), 3))) == Rejection(Status.MISSING_ENTRY_POINT, told)


COMPILE_ERRORS = [
    ("function addTwo(a) {\n  return a +\n}", "line 3: SyntaxError: Unexpected token '}'"),
    ("function addTwo(a) {", "line 1: SyntaxError: Unexpected end of input"),
    ("const a = 1;\nconst a = 2;", "line 2: SyntaxError: Identifier 'a' has already been declared"),
    ("import fs from 'fs';\nfunction addTwo(a) { return a + ; }", "line 2: SyntaxError: Unexpected token ';'"),
    ("def add_two(a):\n    return a + 2", "line 1: SyntaxError: Unexpected identifier"),
    ("function addTwo(a: number): number { return a + 2; }", "line 1: SyntaxError: Unexpected token ':'"),
    ("func addTwo(a int) int { return a + 2 }", "line 1: SyntaxError: Unexpected identifier"),
    ("const s = 'abc\n'", "line 1: SyntaxError: Invalid or unexpected token"),
    ("/(/.test('x')", "line 1: SyntaxError: Invalid regular expression"),
    ("function f() { await x; }", "line 1: SyntaxError: await is only valid in async functions"),
    ("\ud800", "line 1: SyntaxError:"),
]


@pytest.mark.parametrize(("source", "told"), COMPILE_ERRORS)
def test_syntax_errors_name_the_line(try_js: Any, source: str, told: str) -> None:
    rejection = verdict(try_js(source, "add_two", ((1,), 3)))
    assert rejection.status is Status.COMPILE_ERROR
    assert rejection.detail.startswith(told), rejection


RUNTIME_ERRORS = [
    (
        "function addTwo(a) {\n  return a.b.c;\n}",
        "line 2: TypeError: Cannot read properties of undefined (reading 'c')",
    ),
    ("function addTwo(a) {\n\n  return two + a;\n}", "line 3: ReferenceError: two is not defined"),
    ("const addTwo = (a) => {\n  throw new RangeError('too\\nlong');\n};", "line 2: RangeError: too"),
    ("const addTwo = (a) => { throw 'text'; };", "thrown string: text"),
    ("const addTwo = async (a) => {\n  await null;\n  throw new Error('late');\n};", "line 3: Error: late"),
    ("class addTwo {}", "TypeError: Class constructor addTwo cannot be invoked without 'new'"),
    ("const _ = require('lodash');\n" + ADD, "line 1: Error: Cannot find module 'lodash'"),
    ("\nthrow new Error('on load');\n" + ADD, "line 2: Error: on load"),
    ("export const x = 1;\nnull.x;\n" + ADD, "line 2: TypeError: Cannot read properties of null (reading 'x')"),
    ("function addTwo(a) { return addTwo(a) + 1; }", "line 1: RangeError: Maximum call stack size exceeded"),
]


@pytest.mark.parametrize(("source", "told"), RUNTIME_ERRORS)
def test_exceptions_name_the_line(try_js: Any, source: str, told: str) -> None:
    assert verdict(try_js(source, "add_two", ((1,), 3))) == Rejection(Status.RUNTIME_ERROR, told)


# ---- programs that read stdin ----

DOUBLED = [
    "const fs = require('fs');\nconsole.log(fs.readFileSync(0, 'utf8').trim().split(/\\s+/).map(x => 2 * x).join(' '));",
    "import fs from 'fs';\nconsole.log(fs.readFileSync('/dev/stdin', 'utf8').trim().split(/\\s+/).map(x => 2 * x).join(' '));",
    "let s = ''; process.stdin.on('data', d => s += d).on('end', () => console.log(s.trim().split(/\\s+/).map(x => 2 * x).join(' ')));",
    "const rl = require('readline').createInterface({ input: process.stdin });\nconst out = [];\nrl.on('line', l => out.push(...l.split(' ').map(x => 2 * x)));\nrl.on('close', () => process.stdout.write(out.join(' ') + '\\n'));",
    "for await (const chunk of process.stdin) console.log(String(chunk).trim().split(/\\s+/).map(x => 2 * x).join(' '));",
    "function main() { console.log(require('fs').readFileSync(0, 'utf8').trim().split(/\\s+/).map(x => 2 * x).join(' ')); process.exit(0); }\nif (require.main === module) main();",
]
STREAMS = Problem(
    id="t/0", prompt="", cases=({"stdin": "1 2\n", "stdout": "2 4\n"}, {"stdin": "5\n", "stdout": "10\n"})
)


def stream(source: str, sandbox: Sandbox, limits: Limits = Limits(cpu_s=1, wall_s=5)) -> tuple[Any, ...]:  # noqa: B008
    (prepared,) = JS.prepare([source], STREAMS, sandbox)
    assert isinstance(prepared, Prepared), prepared
    assert JS.defines(source, None) == ("stdin" in source or "readFileSync(0" in source)
    (run,) = JS.run([prepared], STREAMS, limits, sandbox)
    return (run.failure, *run.outputs)


@pytest.mark.parametrize("source", DOUBLED)
def test_programs_that_read_stdin(js_sandbox: Sandbox, source: str) -> None:
    assert stream(source, js_sandbox) == (None, "2 4\n", "10\n")


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("setInterval(() => {}, 1000);", Status.TIMEOUT),
        ("const keep = []; for (;;) keep.push(Buffer.alloc(1 << 24, 1));", Status.MEMORY_LIMIT),
    ],
)
def test_a_broken_limit_ends_the_run(js_sandbox: Sandbox, source: str, status: Status) -> None:
    failure, *outputs = stream(source, js_sandbox, Limits(cpu_s=0.5, wall_s=1.5, memory_mb=128, output_kb=256))
    assert failure is not None
    assert failure.status is status
    assert len(outputs) == 1


# ---- the same program twice ----

SAME = [
    (ADD, "// adds\nfunction addTwo( a ) {\n\n    return a+2; /* two\n */ }\n"),
    ("const f = [1,\n 2];", "const f=[ 1, 2 ];"),
    ("const r = (1 + 2) / 3 / 4;", "const r = (1+2)/3/4; // a / b"),
    ("if (x) /a  b/.test(y);", "if (x)   /a  b/.test( y );"),
    ("const s = `a ${ b + `${c}` } /x`;", "const s = `a ${b+`${ c }`} /x`;"),
]
NOT_SAME = [
    ("const a = 'x y';", "const a = 'x  y';"),
    ("const a = `x\n y`;", "const a = `x\n  y`;"),
    ("const a = /x y/;", "const a = /x  y/;"),
    ("const a = b + ++c;", "const a = b++ + c;"),
    ("function f() { return\n1 }", "function f() { return 1 }"),
    ("a\n(b)", "a(b)"),
    ("const a = 1 // 2\n", "const a = 1 / 2\n"),
    ("a <!-- b,\nc()", "a <!-- b, c()"),
    ("if (x) {} /a  b/.test(y)", "if (x) {} /a b/.test(y)"),
    ("x = .5 / 2 ; '  ' / 1", "x = .5 / 2 ; ' ' / 1"),
    ("a = b.return / 2; '  '", "a = b.return / 2; ' '"),
]


def keys(sandbox: Sandbox, *sources: str) -> list[str]:
    prepared = JS.prepare(sources, STREAMS, sandbox)
    assert all(isinstance(one, Prepared) for one in prepared), prepared
    return [one.normal_form for one in prepared if isinstance(one, Prepared)]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_differs_in_form_alone_is_one_program(js_sandbox: Sandbox, one: str, other: str) -> None:
    assert len(set(keys(js_sandbox, one, other))) == 1


@pytest.mark.parametrize(("one", "other"), NOT_SAME)
def test_what_may_behave_differently_is_two(js_sandbox: Sandbox, one: str, other: str) -> None:
    assert len(set(keys(js_sandbox, one, other))) == 2


def test_the_code_is_kept_as_it_stands(js_sandbox: Sandbox) -> None:
    source = "  " + ADD + " // so\n"
    (prepared,) = JS.prepare([source], STREAMS, js_sandbox)
    assert prepared == Prepared(source, keys(js_sandbox, ADD)[0], ())


# ---- text alone ----


def test_what_text_defines() -> None:
    named = [source for source in ENTRIES if any(name in source for name in accepted_names("add_two"))]
    assert len(named) == len(ENTRIES) - 2
    assert [source for source in named if not JS.defines(source, "add_two")] == []
    assert not JS.defines("const addTwoMore = 1; // addTwo", "add_two")
    assert not JS.defines("function addTwo$(a) {}", "add_two")


@pytest.mark.parametrize(
    "text", [ADD, "// so\n" + ADD, "const f = (a) => {\n  return a;\n};\n", "import x from 'fs';\nexport class A {}"]
)
def test_programs_look_like_programs(text: str) -> None:
    assert JS.looks_like(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Here is the code.",
        "function calls are slow",
        "import duties apply (see below).",
        ADD + "\n\nThis adds two to it.",
        "const f = {",
    ],
)
def test_prose_does_not(text: str) -> None:
    assert not JS.looks_like(text)


# ---- the signature and what else a prompt says ----


def signed(source: str, *cases: tuple[list[Any], Any]) -> str:
    rows = [{"args": args, "expected": expected} for args, expected in cases]
    return JS.signature(Problem(id="t/0", prompt="", entry_point="add_two", cases=rows), source)


def test_the_signature_tells_types_where_the_cases_do() -> None:
    python = "def add_two(a, new):\n    return a"
    assert signed(python, ([1, "x"], [1.5]), ([2, None], [])) == (
        "/** @param {number} a @param {string|null} New @returns {number[]} */ function addTwo(a, New)"
    )
    assert signed(python, ([{"$": "int", "v": str(2**70)}, {"a": [1]}], {"$": "set", "v": []})) == ""
    assert signed(python, ([{"$": "int", "v": str(2**70)}, {"a": [1, "b"]}], {"$": "set", "v": [1]})) == (
        "/** @param {number|bigint} a @param {Object<string, (number|string)[]>} New @returns {Set<number>} */ function addTwo(a, New)"
    )
    assert signed(python, ([{"$": "dict", "v": [[1, 2]]}, {"$": "bytes", "v": ""}], True)) == (
        "/** @param {Map<number, number>} a @param {Uint8Array} New @returns {boolean} */ function addTwo(a, New)"
    )
    assert signed("def add_two(*a):\n    return a", ([1], 1)) == ""


# ---- the machine ----


def test_a_machine_without_node_is_told_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for ask in (JS.describe, JS.mounts):
        with pytest.raises(WallUnavailable, match=r"Node is not installed; remedy: install Node.js 18 or later"):
            ask()


@pytest.mark.parametrize("says", ["echo /bin/sh; echo 12.22.9", "echo nonsense", "exit 1"])
def test_a_node_that_will_not_do_is_told_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, says: str) -> None:
    fake = tmp_path / "node"
    fake.write_text(f"#!/bin/sh\n{says}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WallUnavailable, match="is no Node of version 18 or later"):
        node.find_node()


@pytest.mark.parametrize("name", ["ADDTWO", "Addtwo", "addtwo", "ADD_TWO"])
def test_the_only_function_of_the_name_but_for_case_and_underscores_is_called(try_js: Any, name: str) -> None:
    source = f"function {name}(a) {{ return a + 2; }}\n"
    assert JavaScript().defines(source, "add_two")
    assert try_js(source, "add_two", ((1,), 3)).passes(3)
    assert not try_js(source, "add_two", ((1,), 4)).passes(4)
    assert try_js(source + "function addTwo(a) { return 7; }\n", "add_two", ((1,), 7)).passes(7)
    assert not try_js(source + "function aDDtwo(a) { return a + 2; }\n", "add_two", ((1,), 3)).passes(3)
