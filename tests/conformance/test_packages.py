"""Packages inside the wall: what programs get of them, under which limits. Skipped where PyPI does not answer."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from factory.config import GradingConfig, SandboxConfig
from factory.errors import ConfigError
from factory.storage.packages import pinned, wall
from sandbox import Isolation, PythonStreams, Sandbox

ASKED = SandboxConfig(packages=("numpy", "sortedcontainers"))


@pytest.fixture(scope="module")
def packages() -> tuple[str, ...]:
    try:
        return pinned(GradingConfig(sandbox=ASKED)).sandbox.packages
    except ConfigError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=list(Isolation))
def settings(backend: str, packages: tuple[str, ...], request: pytest.FixtureRequest) -> SandboxConfig:
    return SandboxConfig(backend=backend, packages=packages, isolation=request.param)


@pytest.fixture(scope="module")
def walled(settings: SandboxConfig) -> Iterator[Sandbox]:
    with Sandbox(settings.backend, wall(settings)) as sandbox:
        yield sandbox
        assert sandbox.restarts == 0


HONEST: dict[str, tuple[str, Any]] = {
    "cumulative sums": ("import numpy as np\ndef f(): return np.cumsum([1, 2, 3]).tolist()", [1, 3, 6]),
    "linear algebra": (
        "import numpy as np\ndef f(): return round(float(np.linalg.det(np.array([[1., 2.], [3., 4.]]))), 6)",
        -2.0,
    ),
    "a transform": (
        "import numpy as np\ndef f(): return np.fft.ifft(np.fft.fft([1, 2, 3])).real.round(6).tolist()",
        [1.0, 2.0, 3.0],
    ),
    "a large product": (
        "import numpy as np\ndef f():\n    a = np.ones((400, 400))\n    return float((a @ a).sum())",
        400.0**3,
    ),
    "a sorted list": (
        "from sortedcontainers import SortedList\ndef f():\n    s = SortedList([3, 1, 2])\n    s.add(0)\n"
        "    return list(s), s.bisect_left(2)",
        ([0, 1, 2, 3], 2),
    ),
    "a process of its own": (
        "import multiprocessing, numpy as np\n"
        "def g(n): return int(np.arange(n).sum())\n"
        "def f():\n    with multiprocessing.get_context('fork').Pool(2) as pool:\n        return pool.map(g, [3, 4])",
        [3, 6],
    ),
}


@pytest.mark.parametrize("program", HONEST)
def test_an_honest_program_gets_its_answer(walled, calls, program):
    code, expected = HONEST[program]
    report, answers = calls(walled, code, processes=32)
    assert answers == [expected], report


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("np.array([1, 2]).sum()", 3),
        ("np.uint64(2**64 - 1)", 2**64 - 1),
        ("np.float64(0.5), np.float32(0.5), np.float16(0.5)", (0.5, 0.5, 0.5)),
        ("np.float64('nan')", math.nan),
        ("np.bool_(True)", True),
        ("np.complex128(1 + 2j)", 1 + 2j),
        ("np.str_('é')", "é"),
        ("np.bytes_(b'a')", b"a"),
        ("[np.int32(1), {np.int64(2): np.int8(3)}, {np.int64(4)}]", [1, {2: 3}, {4}]),
        ("type('Own', (np.int64,), {})(5)", 5),
    ],
)
def test_numpys_numbers_and_texts_are_answers(walled, calls, answer, expected):
    _, answers = calls(walled, f"import numpy as np\ndef f(): return {answer}")
    assert repr(answers) == repr([expected])


@pytest.mark.parametrize(
    "answer",
    [
        "np.array([1, 2])",
        "np.longdouble(1)",
        "np.datetime64('2020-01-01')",
        "np.void(b'a')",
        "np.ma.masked",
        "type('Liar', (np.int64,), {'__eq__': lambda *_: True, '__hash__': None})(5)",
    ],
)
def test_what_equals_no_plain_value_is_none(walled, calls, answer):
    _, answers = calls(walled, f"import numpy as np\ndef f(): return {answer}")
    assert json.loads(answers[0])[0] == "U"


def test_a_program_that_reads_stdin_has_them_too(walled):
    code = "import numpy as np\nprint(int(np.array(input().split(), dtype=np.int64).sum()))\n"
    (report,) = walled.run_streams(PythonStreams(code, ("1 2 3",)))
    assert report.output == b"6\n", report


def test_without_the_key_there_are_none(backend, calls):
    with Sandbox(backend) as plain:
        for name in ("numpy", "sortedcontainers"):
            _, answers = calls(plain, f"def f():\n    import {name}")
            assert "ModuleNotFoundError" in answers[0]


def test_they_hide_nothing_of_the_standard_library(walled, calls):
    _, answers = calls(walled, "import sys\ndef f(): return sys.path[-1], sys.path.count('/opt/packages')")
    assert answers == [("/opt/packages", 1)]


# ---- limits ----


def test_numpy_starts_no_threads(walled, calls):
    code = """
        import numpy as np
        def f():
            a = np.ones((500, 500))
            for _ in range(3):
                a = a @ a / 500
            return [line for line in open("/proc/self/status") if line.startswith("Threads")][0].split()
        """
    _, answers = calls(walled, code, processes=2)
    assert answers == [["Threads:", "1"]]


def test_an_array_that_is_touched_counts_as_memory(walled, calls):
    report, _ = calls(walled, "import numpy as np\ndef f(): return float(np.ones(2**26).sum())", memory_mb=256)
    assert report.breach == "memory"
    report, answers = calls(walled, "import numpy as np\ndef f(): return float(np.ones(2**20).sum())", memory_mb=64)
    assert answers == [2.0**20], report


def test_an_array_that_is_too_large_to_reserve_is_refused(walled, calls):
    _, answers = calls(walled, "import numpy as np\ndef f(): return float(np.zeros(2**33)[0])", memory_mb=256)
    assert "MemoryError" in answers[0]


def test_numpy_spends_the_programs_cpu_time(walled, calls):
    code = "import numpy as np\ndef f():\n    a = np.ones((3000, 3000))\n    while True: a = a @ a / 3000"
    report, _ = calls(walled, code, cpu_s=0.5)
    assert report.breach == "cpu"


def test_system_calls_are_filtered_with_numpy_loaded(walled, calls):
    code = """
        import ctypes, socket
        import numpy as np
        def f():
            libc = ctypes.CDLL(None, use_errno=True)
            refused = []
            for call in (lambda: libc.unshare(0x10000000), lambda: libc.ptrace(0, 0, 0, 0)):
                refused.append(call() == -1 and ctypes.get_errno() in (1, 38))
            try:
                socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
            except OSError:
                refused.append(True)
            return refused
        """
    _, answers = calls(walled, code)
    assert answers == [[True, True, True]]


# ---- neighbours ----


def test_nothing_can_be_written_there(walled, calls):
    code = """
        import os
        def f():
            faults = 0
            for path in ("/opt/packages/x.py", "/opt/packages/numpy/__init__.py"):
                try:
                    open(path, "a")
                except OSError:
                    faults += 1
            try:
                os.chmod("/opt/packages/numpy", 0o777)
            except OSError:
                faults += 1
            return faults
        """
    assert calls(walled, code)[1] == [3]


def test_what_one_program_does_to_numpy_no_other_sees(walled, calls):
    spoil = "import numpy as np\ndef f():\n    np.sum = lambda *a: 42\n    return int(np.sum([1]))"
    assert calls(walled, spoil)[1] == [42]
    assert calls(walled, "import numpy as np\ndef f(): return int(np.sum([1]))")[1] == [1]


def test_chance_is_the_same_for_every_program_and_worker(walled, settings, calls):
    code = "import numpy as np\ndef f(): return [int(np.random.randint(10**9)) for _ in range(3)]"
    first = calls(walled, code)[1]
    assert calls(walled, code)[1] == first
    with Sandbox(settings.backend, wall(settings)) as other:
        assert calls(other, code)[1] == first
