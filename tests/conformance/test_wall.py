"""What no wall lets through, and what it leaves behind: nothing."""

from __future__ import annotations

import os
import socket

import pytest

from sandbox import Sandbox, SandboxSpec

PROBE = """
import os, socket
def tried(work):
    try:
        return repr(work())
    except OSError as error:
        return "refused"
"""


def test_no_network(sandbox, calls):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = PROBE + f"def f():\n    return tried(lambda: socket.create_connection(('127.0.0.1', {port}), 1))\n"
        assert calls(sandbox, code)[1] == ["refused"]


def test_no_abstract_socket_of_the_host(sandbox, calls):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0rollout-factory-conformance")
        server.listen()
        connect = "socket.socket(socket.AF_UNIX).connect('\\0rollout-factory-conformance')"
        code = PROBE + f"def f():\n    return tried(lambda: {connect})\n"
        assert calls(sandbox, code)[1] == ["refused"]


def test_no_virtual_machine_socket(sandbox, calls):
    code = PROBE + "def f():\n    return tried(lambda: socket.socket(40, socket.SOCK_STREAM))\n"
    assert calls(sandbox, code)[1] == ["refused"]


def test_no_host_files(sandbox, calls, tmp_path):
    (tmp_path / "secret").write_text("secret")
    code = PROBE + ("def f(*paths):\n    return [path for path in paths if os.path.exists(path)]\n")
    paths = (
        str(tmp_path),
        __file__,
        os.path.expanduser("~/.bashrc"),
        "/etc/shadow",
        "/root",
        "/home",
        "/work",
        "/sys/kernel",
    )
    assert calls(sandbox, code, paths)[1] == [[]]


def test_no_environment(sandbox, calls, monkeypatch):
    monkeypatch.setenv("ROLLOUT_FACTORY_TOKEN", "secret")
    kept = {"LD_LIBRARY_PATH": "/opt/python/lib", "PYTHONHASHSEED": "0"}
    assert calls(sandbox, "import os\ndef f():\n    return dict(os.environ)\n")[1] == [kept]
    answers = calls(sandbox, "def f():\n    return open('/proc/self/environ').read()\n")[1]
    assert "secret" not in answers[0]


def test_another_hash_seed_gives_sets_another_order(backend, sandbox, calls):
    code = "def f():\n    return [str(item) for item in {*'abcdefghijklmnopqrstuvwxyz'}]\n"
    with Sandbox(backend, SandboxSpec(hash_seed=7)) as other:
        (first,), (second,) = calls(sandbox, code)[1], calls(other, code)[1]
    assert sorted(first) == sorted(second)
    assert first != second


def test_no_inherited_descriptors(backend, calls, streams, command):
    code = "sorted(int(n) for n in os.listdir('/proc/self/fd'))[:-1]"
    secret = os.memfd_create("secret", 0)  # inheritable
    try:
        with Sandbox(backend) as sandbox:
            assert calls(sandbox, f"import os\ndef f():\n    return {code}\n")[1] == [[0, 1, 2, 3]]
            (report,) = streams(sandbox, f"import os\nprint({code})")
            assert report.output == b"[0, 1, 2]\n"
            assert command(sandbox, f"import os\nprint({code})").output == b"[0, 1, 2]\n"
    finally:
        os.close(secret)


def test_unprivileged_and_to_stay_so(sandbox, calls):
    code = """
    import os
    def f():
        lines = [line.split() for line in open("/proc/self/status")]
        found = {line[0]: line[1] for line in lines if len(line) > 1}
        return [os.getuid() != 0, os.getgid() != 0, found["NoNewPrivs:"], found["Seccomp:"],
                *{found[f"Cap{name}:"] for name in ("Inh", "Prm", "Eff", "Amb")}]
    """
    assert calls(sandbox, code)[1] == [[True, True, "1", "2", "0" * 16]]


def test_not_the_uid_of_any_other_worker(backend, sandbox, calls):
    if os.getuid() != 0:
        pytest.skip("a plain user's workers are apart by user namespaces, not by uid")
    code = "import os\ndef f():\n    return os.getuid()\n"
    with Sandbox(backend) as other:
        assert calls(sandbox, code)[1] != calls(other, code)[1]


def test_work_directory_is_emptied_between_jobs(sandbox, calls, streams, command):
    leave = "open('/tmp/left', 'w').close()\nopen('/dev/shm/left', 'w').close()\n"
    look = "import os\nassert os.listdir('/tmp') in ([], ['job']) and os.listdir('/dev/shm') in ([], ['job'])\n"
    for _ in range(2):
        report, _ = calls(sandbox, look + leave + "def f():\n    pass\n")
        assert report.ok
        assert b"AssertionError" not in report.output
        assert all(report.ok for report in streams(sandbox, look + leave, "", ""))
        assert command(sandbox, look + leave).ok


def test_work_directory_has_a_size(backend, calls):
    from sandbox import Sandbox, SandboxSpec

    code = """
    def f():
        for i in range(10):
            open(f"/tmp/{i}", "wb").write(bytes(1 << 20))
    """
    with Sandbox(backend, SandboxSpec(scratch_mb=4)) as sandbox:
        assert "No space left" in calls(sandbox, code)[1][0]


def test_nothing_runs_on_after_a_job(sandbox, calls, streams, command):
    leave = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\n"
    look = "import os\ndef f():\n    return sum(name.isdigit() for name in os.listdir('/proc'))\n"
    for job in (
        lambda: calls(sandbox, leave + "def f():\n    pass\n"),
        lambda: streams(sandbox, leave),
        lambda: command(sandbox, leave),
    ):
        job()
        assert calls(sandbox, look)[1] == [2]
