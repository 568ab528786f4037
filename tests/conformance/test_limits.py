"""Each limit, and what a report says of who broke it."""

from __future__ import annotations

import pytest

from sandbox import Breach

BREACHES: dict[str, tuple[str, Breach, dict[str, float]]] = {
    "cpu": ("while True:\n    pass", Breach.CPU, {"cpu_s": 0.3}),
    "wall": ("import time\ntime.sleep(60)", Breach.WALL, {"wall_s": 0.3}),
    "memory": ("x = bytearray(400 << 20)", Breach.MEMORY, {"memory_mb": 200}),
    "memory_together": (
        "import os, time\nfor _ in range(3):\n    if os.fork() == 0:\n        x = bytearray(b'x') * (90 << 20)\n"
        "        break\ntime.sleep(60)",
        Breach.MEMORY,
        {"memory_mb": 200},
    ),
    "output": ("while True:\n    print('x' * 1000)", Breach.OUTPUT, {"output_kb": 100}),
    "file": ("open('/tmp/x', 'w').write('x' * 200_000)", Breach.OUTPUT, {"output_kb": 100}),
    "memory_by_files": (
        "import time\nfor i in range(9):\n    open(f'/tmp/{i}', 'wb').write(bytes(6 << 20))\ntime.sleep(60)",
        Breach.MEMORY,
        {"memory_mb": 40, "output_kb": 1 << 20},
    ),
    "memory_by_shared_files": (
        "import time\nfor i in range(9):\n    open(f'/dev/shm/{i}', 'wb').write(bytes(6 << 20))\ntime.sleep(60)",
        Breach.MEMORY,
        {"memory_mb": 40, "output_kb": 1 << 20},
    ),
    "cpu_of_children": (
        "import os, time\nfor _ in range(3):\n    if not os.fork():\n        while True:\n            pass\n"
        "time.sleep(60)",
        Breach.CPU,
        {"cpu_s": 0.5},
    ),
}


@pytest.mark.parametrize("what", BREACHES)
def test_breach_of_a_program(sandbox, streams, what):
    code, breach, limits = BREACHES[what]
    (report,) = streams(sandbox, code, **limits)
    assert report.breach is breach
    assert not report.ok


@pytest.mark.parametrize("what", ["cpu", "wall", "memory", "file"])
def test_breach_of_calls(sandbox, calls, what):
    code, breach, limits = BREACHES[what]
    report, answers = calls(sandbox, "def f():\n    pass\n" + code, **limits)
    assert report.breach is breach
    assert answers == []


@pytest.mark.parametrize("what", ["cpu", "wall", "output"])
def test_breach_of_a_command(sandbox, command, what):
    code, breach, limits = BREACHES[what]
    report = command(sandbox, code, **limits)
    assert report.breach is breach


def test_processes_are_limited(sandbox, streams):
    code = """
    import os, time
    count = 0
    try:
        while True:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            count += 1
    except OSError:
        print(count)
    """
    (report,) = streams(sandbox, code, processes=5)
    assert int(report.output) == 4


def test_open_files_are_limited(sandbox, streams):
    code = """
    held = []
    try:
        while True:
            held.append(open("/dev/null"))
    except OSError:
        print(held[-1].fileno())
    """
    (report,) = streams(sandbox, code, open_files=20)
    assert int(report.output) == 19


def test_limits_cannot_be_raised(sandbox, streams):
    code = """
    import resource
    for name in ("DATA", "NPROC", "CPU", "FSIZE", "NOFILE"):
        what = getattr(resource, "RLIMIT_" + name)
        most = resource.getrlimit(what)[1]
        try:
            resource.setrlimit(what, (most + 1, most + 1))
            print(name)
        except ValueError:
            pass
    """
    (report,) = streams(sandbox, code)
    assert (report.output, report.errors) == (b"", b"")


def test_address_space_is_no_memory(sandbox, streams):
    code = """
    import mmap
    memory = mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory[0] = 1
    print("reserved")
    """
    (report,) = streams(sandbox, code, memory_mb=100)
    assert (report.breach, report.output) == (None, b"reserved\n")


def test_memory_that_is_given_back_soon_is_counted(sandbox, streams):
    code = """
    import time
    time.sleep(0.025)  # to begin after the first look; the next is 50 ms later
    memory = bytearray(50 << 20)
    del memory
    """
    (report,) = streams(sandbox, code, memory_mb=30)
    assert report.breach is Breach.MEMORY


def test_a_crash_starts_nothing_of_the_machines(sandbox, streams):
    # With a limit of 0 the kernel still pipes a core into the program that kernel.core_pattern names, as root.
    (report,) = streams(sandbox, "import resource\nprint(*resource.getrlimit(resource.RLIMIT_CORE))")
    assert report.output == b"1 1\n"


def test_the_stack_starts_limited_and_never_above_memory(sandbox, command):
    code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_STACK)[0])"
    for stack_mb, memory_mb, most in ((8, 512, 8), (256, 128, 128)):
        report = command(sandbox, code, stack_mb=stack_mb, memory_mb=memory_mb)
        assert report.output.split() == [str(most << 20).encode()]


def test_generous_limits_hinder_nobody(sandbox, calls):
    limits = {"memory_mb": 1 << 20, "processes": 1 << 20, "output_kb": 1 << 30, "open_files": 1 << 12, "cpu_s": 1e6}
    report, answers = calls(sandbox, "def f():\n    return 1\n", **limits)
    assert report.ok
    assert answers == [1]
