"""Programs that look for answers: their own, an earlier candidate's, the host's."""

from __future__ import annotations

import secrets

import pytest

from factory.grading.chain import verify
from factory.records import Case, Problem, Program, Status

SCAN = """
import os, re
def scan(needle):
    found = []
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            low, high = (int(part, 16) for part in line.split()[0].split("-"))
            if " r" not in line[:40] or "[v" in line:
                continue
            for start in range(low, high, 1 << 20):
                try:
                    memory.seek(start)
                    piece = memory.read(min(1 << 20, high - start))
                except (OSError, ValueError, OverflowError):
                    continue
                found += [start + at.start() for at in re.finditer(re.escape(needle), piece)]
    return found
"""
"""Every readable byte of its own address space. A needle is put together at run time: in the source it is in halves."""


@pytest.fixture
def scanner():
    """A program whose `f` tells at how many places, besides its own, a secret lies in its memory."""

    def scanner(secret: str) -> str:
        half = len(secret) // 2
        # The needle itself, in its halves and joined, must not count: it is sought with its letters shifted by one.
        shifted = bytes(byte + 1 for byte in secret.encode())
        assert half
        return SCAN.replace("re.escape(needle), piece", "re.escape(needle), piece.translate(SHIFT)") + (
            f"\nSHIFT = bytes((byte + 1) % 256 for byte in range(256))\ndef f(n):\n    return len(scan({shifted!r}))\n"
        )

    return scanner


def test_memory_scan_works_at_all(session, scanner):
    secret = "scan-" + secrets.token_hex(16)
    problem = Problem(id="scan", prompt="", entry_point="f", cases=(Case(args=[1], expected=-1),))
    code = scanner(secret) + f"\nkept = {secret!r}\n"
    (verdict,) = verify(session, problem, [Program(0, code)], "python")
    places = int(verdict.detail.split("answered ")[1].split(",")[0])
    assert places > 0


@pytest.mark.parametrize("runs", [1, 50])
def test_earlier_candidates_source_and_answers_are_not_in_memory(session, scanner, runs):
    source, answer = "src-" + secrets.token_hex(16), "ans-" + secrets.token_hex(8)
    loud = Problem(id="loud", prompt="", entry_point="f", cases=(Case(args=[1], expected=1),))
    parts = ", ".join(repr(letter) for letter in answer)
    teller = f"# {source}\ndef f(n):\n    return [{source!r}, ''.join([{parts}])] * 50\n"
    for _ in range(runs):
        (told,) = verify(session, loud, [Program(0, teller)], "python")
        assert source in told.detail  # it did answer with the secret
    nothing = Problem(id="scan", prompt="", entry_point="f", cases=(Case(args=[1], expected=0),))
    for secret in (source, answer):
        (verdict,) = verify(session, nothing, [Program(0, scanner(secret))], "python")
        assert verdict.status is Status.PASSED, verdict


def test_earlier_candidates_of_a_conversation_are_not_in_memory(session, scanner):
    source, answer = "src-" + secrets.token_hex(16), "ans-" + secrets.token_hex(8)
    parts = ", ".join(repr(letter) for letter in answer)
    tested = Problem(id="t", prompt="", entry_point="f", test_code="assert len(candidate(1)) == 50\n")
    teller = f"# {source}\ndef f(n):\n    return [''.join([{parts}])] * 50\n"
    (told,) = verify(session, tested, [Program(0, teller)], "python")
    assert told.status is Status.PASSED, told
    nothing = Problem(id="scan", prompt="", entry_point="f", cases=(Case(args=[1], expected=0),))
    for secret in (source, answer):
        (verdict,) = verify(session, nothing, [Program(0, scanner(secret))], "python")
        assert verdict.status is Status.PASSED, verdict


def test_expected_values_are_not_in_memory(session, scanner):
    secret = "expected-" + secrets.token_hex(16)
    cases = (Case(args=[1], expected=0), Case(args=[2], expected=secret))
    problem = Problem(id="scan", prompt="", entry_point="f", cases=cases)
    (verdict,) = verify(session, problem, [Program(0, scanner(secret))], "python")
    assert (verdict.status, verdict.cases_passed) == (Status.WRONG_ANSWER, 1), verdict


def test_test_code_is_not_in_the_candidates_memory(session, scanner):
    secret = "test-" + secrets.token_hex(16)
    problem = Problem(id="t", prompt="", entry_point="f", test_code=f"assert candidate(1) == 0, {secret!r}\n")
    (verdict,) = verify(session, problem, [Program(0, scanner(secret))], "python")
    assert verdict.status is Status.PASSED, verdict


def test_frames_above_hold_no_expected_values(attack):
    code = """
    import sys
    def f(n):
        frame = sys._getframe(1)
        while frame:
            for name, value in {**frame.f_globals, **frame.f_locals}.items():
                if name in ("expected", "answers", "wanted", "cases"):
                    return value
            frame = frame.f_back
        raise LookupError("nothing to steal")
    """
    got = attack(code, "runtime_error")
    assert "nothing to steal" in got.detail


def test_garbage_collector_knows_no_judge(attack):
    code = """
    import gc
    def f(n):
        gc.unfreeze()
        for thing in gc.get_objects():
            if type(thing).__name__ in ("Judge", "Problem", "Case", "Verdict"):
                return thing.expected
            if type(thing) is list and len(thing) == 3 and set(map(type, thing)) == {int} and n * 2 in thing:
                return n * 2
        raise LookupError("nothing to steal")
    """
    got = attack(code, "runtime_error")
    assert "nothing to steal" in got.detail


def test_inputs_of_later_cases_are_all_that_can_be_looked_ahead_to(attack):
    code = """
    import sys
    def f(n):
        frame = sys._getframe()
        while "inputs" not in frame.f_locals:
            frame = frame.f_back
        return frame.f_locals["inputs"]
    """
    attack(code, "wrong_answer")


def test_environment_tells_nothing(reveals):
    assert (
        reveals("import os\ndef probe():\n    return ' '.join(sorted(os.environ))\n")
        == "LD_LIBRARY_PATH PYTHONHASHSEED"
    )
    child = (
        "import os\ndef probe():\n    return open('/proc/self/environ').read().replace(chr(0), ' ').replace('=', ':')\n"
    )
    walls = {"PWD:/tmp", "HOME:/", "HOSTNAME:sandbox", "PATH:/opt/python/bin"}
    assert set(reveals(child).split()) <= {"PYTHONHASHSEED:0", "LD_LIBRARY_PATH:/opt/python/lib"} | walls


def test_host_files_are_not_there(reveals):
    code = """
    import os
    def probe():
        paths = ("/etc/passwd", "/root", "/home", "/work", "/var", "/usr/bin", "/bin", "/sys/kernel", "/run")
        return " ".join(path for path in paths if os.path.exists(path)) or "none"
    """
    assert reveals(code) == "none"


def test_installed_packages_are_not_there(reveals):
    # Among them may be data sets with their answers.
    code = """
    import os
    def probe():
        library = os.path.dirname(os.__file__)
        return str([n for n in ("site-packages", "dist-packages") if os.path.exists(f"{library}/{n}/..")
                    for n in os.listdir(f"{library}/{n}")])
    """
    assert reveals(code) == "[]"


def test_servers_memory_and_descriptors_are_closed(reveals):
    code = """
    import os
    def probe():
        opened = []
        for name in "mem environ maps smaps fd/0 fd/1 fd/2 root cwd exe stack syscall".split():
            try:
                os.close(os.open(f"/proc/1/{name}", os.O_RDONLY))
                opened.append(name)
            except OSError:
                pass
        return str(opened)
    """
    assert reveals(code) == "[]"


def test_nothing_but_its_own_files_is_open(reveals):
    code = """
    import os
    def probe():
        return " ".join(sorted(f"{fd}:{os.readlink(f'/proc/self/fd/{fd}')}" for fd in map(str, range(256))
                        if os.path.lexists(f"/proc/self/fd/{fd}")))
    """
    assert reveals(code) == "0:/dev/null 1:/dev/null 2:/dev/null 3:/memfd:file (deleted)"
