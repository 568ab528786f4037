"""isolation: namespace — what each candidate has for itself, behind every wall."""

from __future__ import annotations

import pytest

from sandbox import Breach, CommandJob, Conversation, Isolation, Sandbox, SandboxSpec, Step, WallUnavailable

INTERPRETER = (("LD_LIBRARY_PATH", "/opt/python/lib"), ("PYTHONHOME", "/opt/python"))


@pytest.fixture(scope="module")
def isolated(backend):
    try:
        with Sandbox(backend, SandboxSpec(isolation=Isolation.NAMESPACE)) as sandbox:
            yield sandbox
    except WallUnavailable as error:
        pytest.skip(str(error))


def test_first_of_its_own_processes(isolated, sandbox, calls):
    code = "import os\ndef f():\n    return os.getpid() == 1\n"
    assert calls(isolated, code)[1] == calls(isolated, code)[1] == [True]
    assert calls(sandbox, code)[1] == [False]


def test_work_directory_goes_with_it(isolated, calls, streams):
    leave = "import os\nassert os.listdir('/tmp') == [] == os.listdir('/dev/shm') and os.getcwd() == '/tmp'\n"
    leave += "os.makedirs('/tmp/a/b')\nos.chmod('/tmp/a', 0)\nopen('/dev/shm/left', 'w').close()\nos.chmod('/tmp', 0)\n"
    for _ in range(3):
        report, answers = calls(isolated, leave + "def f():\n    return 1\n")
        assert (report.ok, answers) == (True, [1]), report
        assert all(report.ok for report in streams(isolated, leave, "", ""))
    assert isolated.restarts == 0


def test_work_directory_has_a_size(backend, calls):
    code = "def f():\n    for i in range(10):\n        open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))\n"
    with Sandbox(backend, SandboxSpec(scratch_mb=4, isolation=Isolation.NAMESPACE)) as sandbox:
        assert "No space left" in calls(sandbox, code)[1][0]


def test_steps_of_one_job_work_in_one_directory(isolated):
    make = ("/opt/python/bin/python3", "-S", "-c", "import os; open('made', 'w').write(str(os.getpid()))")
    read = ("/opt/python/bin/python3", "-S", "-c", "print(open('made').read())")
    steps = tuple(Step(argv, env=INTERPRETER) for argv in (make, read))
    for _ in range(2):
        made, found = isolated.run_commands(CommandJob({}, steps))
        assert made.ok
        assert found.output == b"1\n"


def test_no_rights_and_no_way_to_more(isolated, calls):
    code = """
    import ctypes, os
    def f():
        libc = ctypes.CDLL(None)
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        sets = {status[f"Cap{name}"].strip() for name in ("Inh", "Prm", "Eff", "Amb")}
        tried = [libc.unshare(0x10000000), libc.unshare(0x20000), libc.mount(b"x", b"/tmp", b"tmpfs", 0, None),
                 libc.setns(os.open("/proc/self/ns/mnt", 0), 0)]
        return [os.getuid() != 0, sorted(sets), status["NoNewPrivs"].strip(), status["Seccomp"].strip(), tried]
    """
    assert calls(isolated, code)[1] == [[True, ["0" * 16], "1", "2", [-1] * 4]]


def test_what_it_leaves_dies_with_it(isolated, calls):
    leave = """
    import os, time
    def f():
        for _ in range(5):
            if os.fork() == 0:
                os.setsid()
                time.sleep(600)
        return 1
    """
    look = "import os\ndef f():\n    return sum(name.isdigit() for name in os.listdir('/proc'))\n"
    assert calls(isolated, leave)[1] == [1]
    assert calls(isolated, look)[1] == [2]


@pytest.mark.parametrize(
    ("code", "breach", "limits"),
    [
        ("while True:\n    pass", Breach.CPU, {"cpu_s": 0.3}),
        ("import time\ntime.sleep(60)", Breach.WALL, {"wall_s": 0.3}),
        ("import os, time\nfor _ in range(3):\n    if not os.fork():\n        x = bytearray(b'x') * (90 << 20)\n"
         "        break\ntime.sleep(60)", Breach.MEMORY, {"memory_mb": 200}),
        ("import time\nfor i in range(9):\n    open(f'/tmp/{i}', 'wb').write(bytes(6 << 20))\ntime.sleep(60)",
         Breach.MEMORY, {"memory_mb": 40, "output_kb": 1 << 20}),
        ("while True:\n    print('x' * 1000)", Breach.OUTPUT, {"output_kb": 100}),
        ("import os, time\nfor _ in range(3):\n    if not os.fork():\n        while True:\n            pass\n"
         "time.sleep(60)", Breach.CPU, {"cpu_s": 0.5}),
    ],
    ids=["cpu", "wall", "memory_together", "files_are_memory", "output", "cpu_of_children"],
)  # fmt: skip
def test_breach_is_told(isolated, streams, code, breach, limits):
    (report,) = streams(isolated, code, **limits)
    assert report.breach is breach


@pytest.mark.parametrize(
    "hide",
    ["ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\nwrite()",
     "threading.Thread(target=write).start()\n"
     "ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[os.uname().machine], 0)"],
    ids=["undumpable", "first_thread_ended"],
)  # fmt: skip
def test_files_of_one_that_hides_them_are_memory(isolated, streams, hide):
    write = """
import ctypes, os, threading, time
def write():
    for i in range(9):
        open(f'/tmp/{i}', 'wb').write(bytes(6 << 20))
    time.sleep(60)
"""
    (report,) = streams(isolated, write + hide, memory_mb=40, output_kb=1 << 20, wall_s=5)
    assert report.breach is Breach.MEMORY


def test_usage_counts_all_that_it_started(isolated, calls):
    code = """
    import os, time
    def f():
        if os.fork() == 0:
            until = time.process_time() + 0.2
            while time.process_time() < until:
                pass
            os._exit(0)
        os.wait()
    """
    assert 200 < calls(isolated, code)[0].usage.cpu_ms < 1000


def test_one_after_another(isolated, calls):
    for n in range(200):
        assert calls(isolated, "def f(n):\n    return n\n", (n,))[1] == [n]
    assert isolated.restarts == 0


def test_conversation(isolated):
    with isolated.conversation(Conversation("import os\ndef f(n):\n    return [n, os.getpid()]\n", "f")) as talk:
        assert [talk.ask(f"[[{n}], {{}}]") for n in (1, 2)] == [("V", "[1,1]"), ("V", "[2,1]")]
