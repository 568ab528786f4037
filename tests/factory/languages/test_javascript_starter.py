"""The starter problems in JavaScript, written by hand: right answers pass the chain, wrong ones get their verdict."""

# JavaScript programs stand on one line here.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.config import GradingConfig
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.languages.javascript import JavaScript
from factory.records import Problem, Program, Verdict
from sandbox import WallUnavailable

FILE = Path(__file__).parents[3] / "configs" / "problems" / "starter.jsonl"
STARTER = {
    problem.id.removeprefix("starter/"): problem
    for problem in map(Problem.model_validate_json, FILE.read_text(encoding="utf-8").splitlines())
}

# A right answer, and wrong ones with what they earn.
ANSWERS: dict[str, tuple[str, dict[str, str]]] = {
    "sum_of_evens": (
        "const sumOfEvens = xs => xs.filter(x => x % 2 === 0).reduce((a, b) => a + b, 0);",
        {
            "const sumOfEvens = xs => xs.filter(x => x % 2 === 0).reduce((a, b) => a + b);": "runtime_error",
            "const sumOfEvens = xs => xs.filter(x => x % 2 === 1).reduce((a, b) => a + b, 0);": "wrong_answer",
            "const sumOfEvens = xs => String(xs.filter(x => x % 2 === 0).reduce((a, b) => a + b, 0));": "wrong_answer",
            "const sumOfEvens = xs => { while (true); };": "timeout",
            "const sumOfEvens = xs => { while (true) };)": "compile_error",
            "const sumOfOdds = xs => 0;": "missing_entry_point",
        },
    ),
    "count_char": (
        "function countChar(s, ch) { let n = 0; for (const c of s) if (c === ch) n++; return n; }",
        {"function countChar(s, ch) { return s.includes(ch) ? 1 : 0; }": "wrong_answer"},
    ),
    "clamp_optional": (
        "export function clampOptional(x, lo, hi) { if (lo !== null && x < lo) return lo; return hi !== null && x > hi ? hi : x; }",
        {"export function clampOptional(x, lo, hi) { return Math.min(Math.max(x, lo), hi); }": "wrong_answer"},
    ),
    "is_mirror_text": (
        "function isMirrorText(s) { const t = s.replace(/[^a-zA-Z0-9]/g, '').toLowerCase(); return t === [...t].reverse().join(''); }",
        {"function isMirrorText(s) { return s === [...s].reverse().join('') ? 1 : 0; }": "wrong_answer"},
    ),
    "clean_mean": (
        "function cleanMean(r) { const g = r.filter(Number.isFinite); return g.length ? g.reduce((a, b) => a + b) / g.length : 0; }",
        {"function cleanMean(r) { const g = r.filter(Number.isFinite); return g.reduce((a, b) => a + b, 0) / g.length; }": "wrong_answer"},
    ),
    "word_counts": (
        "module.exports.wordCounts = text => { const m = new Map(); for (const w of text.split(' ')) if (w) m.set(w, (m.get(w) ?? 0) + 1); return m; };",
        {"module.exports.wordCounts = text => { const m = {}; for (const w of text.split(' ')) m[w] = (m[w] ?? 0) + 1; return m; };": "wrong_answer"},
    ),
    "shared_members": (
        "const sharedMembers = (a, b) => new Set([...a].filter(x => b.has(x)));",
        {"const sharedMembers = (a, b) => new Set([...a, ...b]);": "wrong_answer"},
    ),
    "min_and_max": (
        "const minAndMax = xs => xs.length ? [Math.min(...xs), Math.max(...xs)] : null;",
        {"const minAndMax = xs => [Math.min(...xs), Math.max(...xs)];": "wrong_answer"},
    ),
    "fibonacci": (
        "function fibonacci(n) { let [a, b] = [0n, 1n]; for (let i = 0; i < n; i++) [a, b] = [b, a + b]; return a; }",
        {"function fibonacci(n) { let [a, b] = [0, 1]; for (let i = 0; i < n; i++) [a, b] = [b, a + b]; return a; }": "wrong_answer"},
    ),
    "split_by_sign": (
        "const splitBySign = xs => [xs.filter(x => x < 0), xs.filter(x => x >= 0)];",
        {"const splitBySign = xs => [xs.filter(x => x < 0), xs.filter(x => x > 0)];": "wrong_answer"},
    ),
    "byte_checksum": (
        "const byteChecksum = data => data.reduce((a, b) => a + b, 0) % 256;",
        {"const byteChecksum = data => data.reduce((a, b) => a + b) % 256;": "runtime_error"},
    ),
    "group_by_length": (
        "function groupByLength(words) { const g = {}; for (const w of words) (g[[...w].length] ??= []).push(w); return g; }",
        {
            "function groupByLength(words) { const g = {}; for (const w of words) (g[w.length] ??= []).push(w); return g; }": "wrong_answer",
            "function groupByLength(words) { const g = {}; for (const w of words) g[[...w].length] = w; return g; }": "wrong_answer",
        },
    ),
    "invert_mapping": (
        "function invertMapping(names) { const r = {}; for (const n of [...names.keys()].sort((a, b) => a - b)) (r[names.get(n)] ??= []).push(n); return r; }",
        {"function invertMapping(names) { const r = {}; for (const n of [...names.keys()].sort()) (r[names.get(n)] ??= []).push(String(n)); return r; }": "wrong_answer"},
    ),
    "xor_bytes": (
        "const xorBytes = (data, key) => key.length ? data.map((b, i) => b ^ key[i % key.length]) : data;",
        {"const xorBytes = (data, key) => [...data].map((b, i) => b ^ key[i % key.length]);": "wrong_answer"},
    ),
    "run_lengths": (
        "function runLengths(s) { const r = []; for (const c of s) if (r.length && r.at(-1)[0] === c) r.at(-1)[1]++; else r.push([c, 1]); return r; }",
        {"function runLengths(s) { return [...s].map(c => [c, 1]); }": "wrong_answer"},
    ),
    "add_all": (
        "console.log(require('fs').readFileSync(0, 'utf8').split(/\\s+/).filter(Boolean).map(BigInt).reduce((a, b) => a + b, 0n).toString());",
        {"console.log(require('fs').readFileSync(0, 'utf8').split(/\\s+/).length);": "wrong_answer", "process.exit(0);": "wrong_answer", "process.exit(1);": "runtime_error"},
    ),
    "hash_stairs": (
        "import { readFileSync } from 'fs';\nconst n = Number(readFileSync(0, 'utf8'));\nfor (let i = 0; i < n; i++) console.log('.'.repeat(i) + '#'.repeat(n - i));",
        {"const n = Number(require('fs').readFileSync(0, 'utf8'));\nfor (let i = 0; i <= n; i++) console.log('.'.repeat(i) + '#'.repeat(n - i));": "wrong_answer"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def js_session() -> Iterator[GradingSession]:
    try:
        JavaScript().mounts()
    except WallUnavailable as unavailable:
        pytest.skip(str(unavailable))
    with GradingSession(
        GradingConfig.model_validate({"limits": {"cpu_s": 0.5}, "sandbox": {"backend": "bubblewrap"}})
    ) as session:
        yield session


def grade(session: GradingSession, problem: Problem, *sources: str) -> list[Verdict]:
    return verify(session, problem, [Program(index, source) for index, source in enumerate(sources)], "javascript")


@pytest.mark.parametrize("name", ANSWERS)
def test_right_answers_pass_and_wrong_ones_do_not(js_session: GradingSession, name: str) -> None:
    right, wrong = ANSWERS[name]
    passed, *failed = grade(js_session, STARTER[name], right, *wrong)
    assert passed.status == "passed", passed
    assert passed.cases_passed == len(STARTER[name].cases)
    assert [verdict.status.value for verdict in failed] == list(wrong.values()), failed


@pytest.mark.parametrize("name", [name for name, problem in STARTER.items() if problem.entry_point])
def test_every_starter_function_is_called_and_no_value_is_no_answer(js_session: GradingSession, name: str) -> None:
    entry = JavaScript().entry_name(STARTER[name].entry_point or "")
    (verdict,) = grade(js_session, STARTER[name], f"const {entry} = (...given) => Symbol('no value');")
    assert verdict.status == "wrong_answer", verdict
    assert verdict.detail == "case 0: returned a symbol, which is no plain value"
    assert verdict.cases_passed == 0


def test_the_same_program_again_is_a_duplicate_with_its_verdict(js_session: GradingSession) -> None:
    right, _ = ANSWERS["count_char"]
    first, again = grade(js_session, STARTER["count_char"], right, right)
    assert (again.duplicate_of, again.status) == (0, "passed")
    assert first.duplicate_of is None
