"""Whatever a JavaScript candidate does to its harness, it does not pass; named by what it does."""

# JavaScript programs stand on one line here.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factory.languages.javascript import JavaScript, node
from factory.records import Problem, Rejection, Status
from sandbox import Limits, Sandbox, WorkerLost

HONEST = "function f(a) { return a + 2; }\n"
FRAME = b"V\0\0\0\x017"
WHOLE = b"R\0\0\0\0" + FRAME + b"Z\0\0\0\0"
FORGED = f"const fs = require('fs'), frame = Buffer.from('{FRAME.hex()}', 'hex'), whole = Buffer.from('{WHOLE.hex()}', 'hex');\n"
EVERY = "function every(data) { for (let fd = 0; fd < 64; fd++) try { fs.writeSync(fd, data) } catch {} }\n"
WRONG = "wrong_answer"
LOST = "runtime_error"

# Each: the attack, the program, the status that it must end in. f(5) should be 7; none of these says so rightly.
ATTACKS = [
    ("exit_code_set_and_nothing_answered", "process.exitCode = 0; function f(a) { return new Promise(() => {}); }", LOST),
    ("real_exit_called", "function f(a) { process.reallyExit(0); }", LOST),
    ("abort", "function f(a) { process.abort(); }", LOST),
    ("kill_of_all_processes", "function f(a) { try { process.kill(-1, 'SIGKILL'); } catch {} process.kill(process.pid, 'SIGKILL'); for (;;); }", LOST),
    ("forged_frames_on_stdout", FORGED + "process.stdout.write(whole); fs.writeSync(1, whole); process.exit(0);", LOST),
    ("forged_frames_on_every_descriptor_on_load", FORGED + EVERY + "every(whole); process.exit(0);", LOST),
    ("forged_frames_on_every_descriptor_in_the_call", FORGED + EVERY + "function f(a) { every(Buffer.concat([frame, whole.subarray(-5)])); process.exit(0); }", LOST),
    ("an_extra_frame_and_on_with_it", FORGED + EVERY + "function f(a) { every(frame); return 7; }", LOST),
    ("noise_on_every_descriptor", FORGED + EVERY + "function f(a) { every('ok'); return 7; }", LOST),
    ("frames_written_at_exit", FORGED + EVERY + "process.on('exit', () => every(whole)); function f(a) { process.exit(0); }", LOST),
    ("the_channel_written_anew_through_proc", FORGED + "function f(a) { for (let fd = 3; fd < 64; fd++) try { fs.writeFileSync('/proc/self/fd/' + fd, whole) } catch {} process.exit(0); }", LOST),
    ("the_channel_closed", "const fs = require('fs'); function f(a) { for (let fd = 3; fd < 64; fd++) try { fs.closeSync(fd) } catch {} return 7; }", LOST),
    ("the_channel_cut", "const fs = require('fs'); function f(a) { for (let fd = 3; fd < 64; fd++) try { fs.ftruncateSync(fd, 0) } catch {} return 7; }", LOST),
    ("json_stringify_patched", "JSON.stringify = () => '7'; function f(a) { return 'x'; }", WRONG),
    ("console_and_stdout_patched", "console.log = () => 7; process.stdout.write = () => true; function f(a) { console.log(7); }", WRONG),
    ("fs_patched", "const fs = require('fs'); fs.writeSync = () => 0; fs.writeFileSync = () => 0; function f(a) { return 8; }", WRONG),
    ("lying_to_json", "function f(a) { return { toJSON() { return 7 } }; }", WRONG),
    ("lying_value_of", "function f(a) { return { valueOf() { return 7 }, toString() { return '7' } }; }", WRONG),
    ("lying_to_primitive", "function f(a) { return { [Symbol.toPrimitive]() { return 7 } }; }", "wrong_answer"),
    ("a_boxed_number", "function f(a) { return new Number(7); }", WRONG),
    ("a_proxy_of_everything", "function f(a) { return new Proxy(function () {}, { get: () => 7, apply: () => 7, getPrototypeOf: () => Number.prototype }); }", WRONG),
    ("a_proxy_that_claims_to_be_an_array", "function f(a) { return new Proxy([7], { get: (t, k) => k === 'length' ? 1 : 7 }); }", WRONG),
    ("lying_number_prototype", "Number.prototype.toString = () => '7'; Number.prototype.valueOf = () => 7; function f(a) { return 8; }", WRONG),
    ("lying_array_prototype", "Array.prototype.push = function () { return 7 }; Array.prototype.join = () => '7'; Array.prototype[Symbol.iterator] = function* () { yield 7 }; function f(a) { return 8; }", WRONG),
    ("lying_object_prototype", "Object.prototype.toJSON = () => 7; Object.defineProperty(Object.prototype, 'kind', { get: () => 'V' }); function f(a) { return {}; }", WRONG),
    ("lying_string_and_regex_prototypes", "String.prototype.replace = () => '7'; RegExp.prototype.exec = () => ['7', '7']; String.prototype.endsWith = () => true; function f(a) { return '8'; }", WRONG),
    ("lying_map_and_set", "Map.prototype.entries = function* () { yield [1, 7] }; Set.prototype.values = function* () { yield 7 }; function f(a) { return new Set([8]); }", WRONG),
    ("lying_buffer", "Buffer.from = () => Buffer.alloc(1, '7'); Buffer.concat = () => Buffer.alloc(1, '7'); Buffer.prototype.writeUInt32BE = () => 4; function f(a) { return 8; }", WRONG),
    ("a_thenable_object_prototype", "Object.prototype.then = function (done) { done(7) }; function f(a) { return Promise.resolve(8); }", "runtime_error or wrong_answer or timeout"),
    ("a_thenable_that_lies", "function f(a) { return { then(done) { done(7) } }; }", WRONG),
    ("a_getter_that_throws", "function f(a) { return { get x() { throw new Error('no') } }; }", LOST),
    ("a_getter_that_never_ends", "function f(a) { return { get x() { for (;;); } }; }", "timeout"),
    ("an_error_that_lies", "function f(a) { const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { throw e } }); e.name = { toString() { throw e } }; throw e; }", LOST),
    ("a_thrown_frame", "function f(a) { throw '7'; }", LOST),
    ("prepare_stack_trace_patched", "Error.prepareStackTrace = (e, sites) => { for (const s of sites) { const g = s.getFunction(); if (g) g.call(7) } return '7'; }; function f(a) { throw new Error('7'); }", LOST),
    ("require_patched", "const M = require('module'); M.prototype.require = () => ({ f: () => 7 }); M._load = () => 7; function f(a) { return require('fs') === 7 ? 7.5 : 8; }", WRONG),
    ("global_hooks_overwritten", "for (const k of Object.getOwnPropertyNames(globalThis)) if (/^_[0-9a-f]{16}$/.test(k)) { try { globalThis[k]([() => 7]) } catch {} throw new Error('found ' + k.length) }\n", LOST),
    ("a_promise_that_never_settles", "function f(a) { return new Promise(() => {}); }", LOST),
    ("a_promise_that_never_settles_on_load", "await new Promise(() => {});\nexport " + HONEST, LOST),
    ("an_unhandled_rejection", "function f(a) { Promise.reject(new Error('no')); return new Promise(r => setTimeout(r, 50, 7)); }", LOST),
    ("a_rejected_promise", "async function f(a) { throw new TypeError('no'); }", LOST),
    ("an_exception_in_a_timer", "function f(a) { setTimeout(() => { throw new Error('no') }, 1); return new Promise(r => setTimeout(r, 50, 7)); }", LOST),
    ("exceptions_swallowed", "process.on('uncaughtException', () => {}); process.on('unhandledRejection', () => {}); function f(a) { throw 7; }", LOST),
    ("an_interval_instead_of_an_answer", "function f(a) { setInterval(() => {}, 10); return new Promise(() => {}); }", "timeout"),
    ("a_child_that_writes_in_its_place", FORGED + "const { spawnSync } = require('child_process'); spawnSync(process.execPath, ['-e', `for (let i = 3; i < 64; i++) try { require('fs').writeFileSync('/proc/${process.pid}/fd/' + i, Buffer.from('${whole.toString('hex')}', 'hex'), { flag: 'a' }) } catch {}`]); process.exit(0);", LOST),
    ("a_worker_that_answers_in_its_place", FORGED + "const { Worker } = require('worker_threads'); const worker = new Worker(`for (let i = 3; i < 64; i++) try { require('fs').writeSync(i, Buffer.from('${whole.toString('hex')}', 'hex')) } catch {}`, { eval: true }), written = new Promise(r => worker.on('exit', r)); async function f(a) { await written; return 7; }", LOST),
    ("endless_loop_on_load", "for (;;);\n" + HONEST, "timeout"),
    ("endless_microtasks", "function f(a) { const g = () => Promise.resolve().then(g); return g(); }", "timeout or memory_limit"),
    ("endless_sleep", "function f(a) { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); }", "timeout"),
    ("a_regex_without_end", "function f(a) { return /^(a+)+$/.test('a'.repeat(40) + 'b'); }", "timeout"),
    ("endless_recursion", "function f(a) { return f(a + 1) + 1; }", LOST),
    ("memory_in_buffers", "function f(a) { const keep = []; for (;;) keep.push(Buffer.alloc(1 << 24, 1)); }", "memory_limit"),
    ("memory_in_one_string", "function f(a) { const keep = []; for (;;) keep.push(Buffer.alloc(1 << 22, 65).toString()); }", "memory_limit or runtime_error"),
    ("an_answer_that_shares_itself", "function f(a) { let x = 1; for (let i = 0; i < 60; i++) x = [x, x]; return x; }", "output_limit"),
    ("an_array_without_end", "function f(a) { const x = []; x.length = 4294967295; return x; }", "output_limit"),
    ("a_generator_without_end_for_an_array", "function f(a) { const x = [1]; x[Symbol.iterator] = function* () { for (;;) yield 7 }; return x; }", WRONG),
    ("too_much_on_stderr", "function f(a) { for (;;) console.error('a'.repeat(1 << 16)); }", "output_limit or timeout or memory_limit"),
    ("a_thread_bomb", "const { Worker } = require('worker_threads'); function f(a) { for (;;) new Worker('for (;;);', { eval: true }); }", "runtime_error or memory_limit or timeout"),
    ("a_process_bomb", "const { spawn } = require('child_process'); function f(a) { for (;;) spawn(process.execPath, ['-e', 'for (;;);']); }", "runtime_error or memory_limit or timeout"),
]  # fmt: skip
LIMITS = Limits(cpu_s=0.5, wall_s=1.5, memory_mb=128, output_kb=1024)


@pytest.mark.parametrize(("source", "status"), [row[1:] for row in ATTACKS], ids=[row[0] for row in ATTACKS])
def test_it_does_not_pass(try_js: Any, source: str, status: str) -> None:
    limits = replace(LIMITS, cpu_s=5, wall_s=10) if status.startswith("memory") or status == "output_limit" else LIMITS
    tried = try_js(source, "f", ((5,), 7), limits=limits)
    assert tried.run is not None, tried.prepared
    assert not tried.passes(7)
    first = tried.values[0] if tried.values else None
    outcome = tried.run.failure or (
        first if isinstance(first, Rejection) else Rejection(Status.WRONG_ANSWER, f"answered {first!r}")
    )
    assert outcome.status.value in status.split(" or "), outcome
    assert "\n" not in outcome.detail
    assert len(outcome.detail) <= 300
    assert try_js(HONEST, "f", ((5,), 7)).passes(7), "an honest program after it"


def test_what_it_does_to_built_ins_does_not_harm_the_harness(try_js: Any) -> None:
    source = "Array.prototype.push = JSON.stringify = JSON.parse = Object.keys = Map.prototype.set = String.prototype.slice = undefined; delete Array.prototype[Symbol.iterator]; function f(a) { return { a, m: [a, 'x'] }; }"
    assert try_js(source, "f", (([1, 2],), {"a": [1, 2], "m": [[1, 2], "x"]})).passes({"a": [1, 2], "m": [[1, 2], "x"]})


def test_timers_left_open_hold_nobody_up(try_js: Any) -> None:
    source = "setInterval(() => {}, 1000); process.on('exit', () => { for (;;); }); function f(a) { setTimeout(() => {}, 1e6); return a; }"
    assert try_js(source, "f", ((1,), 1)).passes(1)


def test_standard_input_is_empty_and_holds_no_cases(try_js: Any) -> None:
    source = "function f() { const fs = require('fs'); return [fs.readFileSync(0, 'utf8'), fs.readFileSync('/dev/stdin', 'utf8')]; }"
    assert try_js(source, "f", ((), ["", ""])).passes(["", ""])


def test_a_source_that_is_too_long_to_parse_harms_no_neighbour(js_sandbox: Sandbox) -> None:
    problem = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
    good = "function f(a) { return a; }"
    long = "const f = a => a;" + " " * 200_000
    prepared = JavaScript().prepare([good, long, good], problem, js_sandbox)
    statuses = [getattr(one, "status", None) for one in prepared]
    assert statuses == [None, Status.COMPILE_ERROR, None], prepared


def test_a_node_that_does_not_start_is_no_candidate_s_fault(
    js_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
    monkeypatch.setattr(node, "HARNESS", "/nowhere")  # its script is missing
    with pytest.raises(WorkerLost, match="Node cannot check sources"):
        JavaScript().prepare([HONEST], problem, js_sandbox)


def test_parsing_runs_nothing(js_sandbox: Sandbox) -> None:
    problem = Problem(id="t/0", prompt="", entry_point="f", cases=({"args": [1], "expected": 1},))
    sources = ["process.exit(0)", "import 'fs'; process.exit(0);", "}); process.exit(0); (() => {", "while (true);"]
    statuses = [getattr(one, "status", None) for one in JavaScript().prepare(sources, problem, js_sandbox)]
    assert statuses == [None, None, Status.COMPILE_ERROR, None]
