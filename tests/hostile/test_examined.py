"""The same attacks where test code decides: the tests sit behind a wall of their own."""

from __future__ import annotations

import pytest

from factory.records import Problem, Status

FRAMES = """
import os
def frame(kind, text=""):
    data = text.encode()
    return kind + len(data).to_bytes(4, "big") + data
def write_everywhere(data):
    for fd in range(256):
        try:
            os.write(fd, data)
        except OSError:
            pass
"""


def test_sys_exit_zero_is_not_passed(attack_tests):
    attack_tests("import sys\ndef f(n):\n    sys.exit(0)\n", "runtime_error")


def test_os_exit_zero_is_not_passed(attack_tests):
    attack_tests("import os\ndef f(n):\n    os._exit(0)\n", "runtime_error")


def test_os_exit_while_loading_is_not_passed(attack_tests):
    attack_tests("import os\nos._exit(0)\ndef f(n):\n    return 2 * n\n", "runtime_error")


def test_lying_eq_is_not_passed(attack_tests):
    code = """
    class Liar:
        def __eq__(self, other):
            return True
        __hash__ = None
    def f(n):
        return Liar()
    """
    attack_tests(code, "wrong_answer")


def test_lying_subclass_is_not_passed(attack_tests):
    attack_tests(
        "class I(int):\n    def __eq__(self, other):\n        return True\ndef f(n):\n    return I(0)\n", "wrong_answer"
    )


@pytest.mark.parametrize("kind", ["P", "F", "C", "Z", "R", "L", "M"])
def test_forged_verdict_of_the_tests_is_not_passed(attack_tests, kind):
    attack_tests(FRAMES + f"\ndef f(n):\n    write_everywhere(frame(b'{kind}'))\n    os._exit(0)\n", "runtime_error")


FULL = """'{"kind": "%s", "payload": "%s", "args": %s, "same": %s}'"""


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("'{'", "runtime_error"),
        ("'[]'", "runtime_error"),
        ("'[' * 100_000", "runtime_error"),
        (FULL % ("P", "", "null", "[]"), "runtime_error"),
        (FULL % ("V", "[]", "null", "[[0, 0, 0, 0]]"), "wrong_answer"),
        (FULL % ("V", "[]", "null", "[[0, -1, 99, 1]]"), "wrong_answer"),
        (FULL % ("V", "[]", "null", "[[0, 0, 0]]"), "wrong_answer"),
        (FULL % ("V", "[]", "null", "5"), "wrong_answer"),
        (FULL % ("V", "0", r'"[[[]], {}, 5]"', "[]"), "wrong_answer"),
        (FULL % ("V", "0", r'"("', "[]"), "wrong_answer"),
        (FULL % ("V", "6", "null", '[], "printed": 5'), "runtime_error"),
        (FULL % ("V", "6", "null", '[], "printed": ["6", 5]'), "runtime_error"),
        (FULL % ("V", "0", "null", '[], "printed": ["6", ""]'), "wrong_answer"),
    ],
)
def test_a_forged_account_of_what_a_call_did_is_not_passed(attack_tests, text, status):
    code = FRAMES + f"\ndef f(n):\n    write_everywhere(frame(b'W', {text}))\n    os._exit(0)\n"
    attack_tests(code, status)


def test_forged_verdict_while_loading_is_not_passed(attack_tests):
    attack_tests(FRAMES + "\nwrite_everywhere(frame(b'P'))\nos._exit(0)\n", "runtime_error")


def test_answers_written_in_advance_are_only_guesses(attack_tests):
    code = FRAMES + "\nwrite_everywhere(frame(b'R') + 3 * frame(b'V', '6'))\nimport time\ntime.sleep(600)\n"
    attack_tests(code, "wrong_answer")


def test_stop_iteration_does_not_end_the_tests_own_loop(attack_tests):
    code = """
    def f(n):
        if n == 3:
            return 6
        raise StopIteration
    """
    attack_tests(code, "runtime_error")


def test_assertion_error_of_the_candidate_is_not_passed(attack_tests):
    attack_tests("def f(n):\n    raise AssertionError\n", "wrong_answer")


def test_patched_assertions_are_not_passed(attack_tests):
    code = """
    import builtins, sys
    builtins.AssertionError = type("E", (BaseException,), {})
    for name in list(sys.modules):
        if "candidate" in name:
            sys.modules[name].full_answer = lambda *a: b"P" + bytes(4)
    def f(n):
        return 0
    """
    attack_tests(code, "runtime_error")


def test_endless_loop_is_a_timeout(attack_tests):
    attack_tests("def f(n):\n    while True:\n        pass\n", "timeout")


def test_sleeping_is_a_timeout(attack_tests):
    attack_tests("import time\ndef f(n):\n    time.sleep(600)\n", "timeout", idle=True)


def test_answer_that_never_gets_whole_is_a_timeout(attack_tests):
    code = """
    import os, time
    def f(n):
        os.write(3, b"V" + (1 << 20).to_bytes(4, "big"))
        while True:
            os.write(3, b"1")
            time.sleep(0.01)
    """
    attack_tests(code, "timeout", idle=True)


def test_answer_that_is_read_back_is_a_timeout(attack_tests):
    code = """
    import os, time
    def f(n):
        back = os.open("/proc/self/fd/3", os.O_RDONLY | os.O_NONBLOCK)
        os.write(3, b"V" + (1 << 20).to_bytes(4, "big"))
        time.sleep(0.05)
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            os.write(3, b"1")
            try:
                os.read(back, 1)
            except BlockingIOError:
                pass
        time.sleep(60)
    """
    attack_tests(code, "timeout", idle=True)


def test_flood_of_an_answer_is_an_output_limit(attack_tests):
    attack_tests("def f(n):\n    return 'x' * (8 << 20)\n", "output_limit")


def test_frame_that_claims_four_gigabytes_is_an_output_limit(attack_tests):
    attack_tests(FRAMES + "\ndef f(n):\n    write_everywhere(b'V' + b'\\xff' * 4)\n", "output_limit")


def test_memory_taken_between_the_calls_is_limited(attack_tests):
    code = """
    import os, threading, time
    def hoard():
        time.sleep(0.2)
        for _ in range(4):
            if os.fork() == 0:
                hold = bytearray(b"x") * (100 << 20)
                time.sleep(60)
    def f(n):
        if n == 3:
            hoard()
            return 6
        time.sleep(1)
        return 2 * n
    """
    attack_tests(code, "memory_limit")


def test_call_that_is_never_read_is_a_timeout(attack):
    # Larger than a pipe holds: whoever writes it must not wait for ever.
    problem = Problem(
        id="big", prompt="", entry_point="f", test_code="assert candidate('x' * 3_000_000) == 3_000_000\n"
    )
    code = FRAMES + "\nwrite_everywhere(frame(b'R'))\nimport time\ntime.sleep(600)\ndef f(s):\n    return 0\n"
    attack(code, "timeout", problem=problem, idle=True)


def test_large_call_is_read_by_an_honest_program(verdict):
    problem = Problem(
        id="big", prompt="", entry_point="f", test_code="assert candidate('x' * 3_000_000) == 3_000_000\n"
    )
    assert verdict("def f(s):\n    return len(s)\n", problem).status is Status.PASSED


@pytest.mark.parametrize(
    "tests",
    ["pass\n", "def check(candidate):\n    pass\n", "def test_nothing():\n    pass\n", "raise SystemExit(0)\n",
     "import sys\ndef check(candidate):\n    sys.exit(0)\n"],
    ids=["empty", "empty_check", "empty_test", "exit", "exit_in_check"],
)  # fmt: skip
def test_no_call_is_never_a_pass(verdict, tests):
    problem = Problem(id="none", prompt="", entry_point="f", test_code=tests)
    got = verdict("def f(n):\n    return 2 * n\n", problem)
    assert got.status is not Status.PASSED
    assert got.cases_passed == 0


def test_cases_passed_do_not_excuse_failed_tests(verdict):
    from factory.records import Case

    problem = Problem(
        id="both",
        prompt="",
        entry_point="f",
        cases=(Case(args=[1], expected=2),),
        test_code="assert candidate(2) == 5\n",
    )
    assert verdict("def f(n):\n    return 2 * n\n", problem).status is Status.WRONG_ANSWER


def test_honest_program_passes(verdict):
    from_conftest = Problem(
        id="ok", prompt="", entry_point="f", test_code="def check(candidate):\n    assert candidate(3) == 6\n"
    )
    got = verdict("def f(n):\n    return 2 * n\n", from_conftest)
    assert (got.status, got.cases_passed) == (Status.PASSED, 1)
