"""A worker's life: started, replaced, lost, found again, ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import sandbox.sandbox as pool
from sandbox import Conversation, Sandbox, SandboxError, WallUnavailable, WorkerLost
from sandbox.boundary.docker import LABEL, daemon


def descendants(ancestor: int | None = None) -> dict[int, str]:
    """Every living process that `ancestor` (this one) or its children started, those in its containers among them.

    Process id -> name.
    """
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[2].split()[1])
        names[int(folder.name)] = fields[0].partition("(")[2]
    top = ancestor or os.getpid()
    found = {top, *contained(top)}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: names[pid] for pid in found - {top} if pid in names}


def contained(owner: int) -> set[int]:
    """The first processes of the containers that `owner` started."""
    try:
        with daemon() as client:
            mine = client.containers.list(filters={"label": f"{LABEL}={owner}"})
            return {container.attrs["State"]["Pid"] for container in mine}
    except WallUnavailable:
        return set()


def alive(pid: int) -> bool:
    """Whether `pid` runs; one that has ended and that this machine's init has not reaped yet does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def kill_one_of(started: set[int]) -> None:
    """End the processes in `started` that have no child among them: those nearest to the candidate."""
    for pid in sorted(started, reverse=True):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def test_worker_is_replaced_after_its_share_of_jobs(fresh, calls, monkeypatch):
    monkeypatch.setattr(pool, "JOBS_A_WORKER", 3)
    lines = []
    for n in range(7):
        assert calls(fresh, "def f(n):\n    return n\n", (n,))[1] == [n]
        lines.append(fresh._link)
    assert [lines.index(line) for line in lines] == [0, 0, 0, 3, 3, 3, 6]
    assert fresh.restarts == 0


@pytest.mark.parametrize("when", ["before", "amid"])
def test_worker_killed_from_outside_is_replaced_and_the_job_done(backend, calls, when):
    before = set(descendants())
    with Sandbox(backend) as sandbox:
        mine = set(descendants()) - before
        if when == "before":
            kill_one_of(mine)
        else:
            threading.Timer(0.3, kill_one_of, [mine]).start()
        report, answers = calls(sandbox, "import time\ndef f():\n    time.sleep(0.8)\n    return 1\n")
        assert report.ok
        assert answers == [1]
        assert sandbox.restarts == 1


def test_worker_that_dies_three_times_is_told(backend, calls, monkeypatch):
    monkeypatch.setattr(pool.Sandbox, "_load", lambda *_: (_ for _ in ()).throw(EOFError("gone")))
    with Sandbox(backend) as sandbox:
        with pytest.raises(WorkerLost, match="3 sandbox workers were lost on the same job: gone"):
            calls(sandbox, "def f():\n    return 1\n")
        monkeypatch.undo()
        assert calls(sandbox, "def f():\n    return 1\n")[1] == [1]
        assert sandbox.restarts == 3


def test_worker_that_falls_silent_is_ended_with_all_inside(backend, calls, monkeypatch):
    before = set(descendants())
    with Sandbox(backend) as sandbox:
        monkeypatch.setattr(pool, "GRACE_S", -0.7)
        with pytest.raises(WorkerLost, match="did not answer in time"):
            calls(sandbox, "import time\ndef f():\n    time.sleep(60)\n", wall_s=1)
        assert set(descendants()) <= before
        monkeypatch.undo()
        assert calls(sandbox, "def f():\n    return 1\n")[1] == [1]


def test_worker_lost_in_a_conversation_is_told(backend, calls):
    before = set(descendants())
    with Sandbox(backend) as sandbox:
        job = Conversation("def f(n):\n    return n\n", "f")
        with pytest.raises(WorkerLost), sandbox.conversation(job) as talk:  # noqa: PT012
            kill_one_of(set(descendants()) - before)
            talk.ask("[[1], {}]")
        assert calls(sandbox, "def f():\n    return 1\n")[1] == [1]


def test_interrupted_job_leaves_no_answer_for_the_next(fresh, calls):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            calls(fresh, "import time\ndef f():\n    time.sleep(1)\n    return 'late'\n")
    finally:
        signal.signal(signal.SIGALRM, old)
    time.sleep(1)
    assert calls(fresh, "def f():\n    return 'mine'\n")[1] == ["mine"]


def test_closing_leaves_no_process_no_descriptor_no_file(backend, calls, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Sandbox(backend) as sandbox:  # what is opened once and kept is not counted
        calls(sandbox, "def f():\n    pass\n")
    processes, descriptors, files = set(descendants()), os.listdir("/proc/self/fd"), set(os.listdir("/tmp"))
    for _ in range(3):
        with Sandbox(backend) as sandbox:
            calls(sandbox, "import os, time\ndef f():\n    os.fork() or time.sleep(60)\n")
            sandbox._lose()
            calls(sandbox, "open('/tmp/conformance-left', 'w')\ndef f():\n    pass\n")
    assert set(descendants()) <= processes
    assert len(os.listdir("/proc/self/fd")) == len(descriptors)
    assert not [name for name in set(os.listdir("/tmp")) - files if "conformance-left" in name or "bwrap" in name]
    assert os.listdir(tmp_path) == []


def test_closed_sandbox_opens_again(fresh, calls):
    fresh.close()
    fresh.close()
    assert calls(fresh, "def f():\n    return 1\n")[1] == [1]


def test_host_that_is_killed_takes_the_wall_with_it(backend, tmp_path):
    script = (
        f"from sandbox import *\nwith Sandbox({backend!r}) as s:\n    print('up', flush=True)\n"
        "    s.run_calls(PythonCalls('import time\\ndef f():\\n    time.sleep(60)\\n', 'f', ('[[], {}]',)))\n"
    )
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    host = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment)
    assert host.stdout is not None
    assert host.stdout.readline() == b"up\n"
    time.sleep(0.5)
    inside = descendants(host.pid)
    assert inside
    host.kill()
    host.wait()
    host.stdout.close()
    until = time.monotonic() + 5
    while time.monotonic() < until and any(map(alive, inside)):
        time.sleep(0.05)
    assert not [pid for pid in inside if alive(pid)]


def test_unknown_wall_is_told_with_those_there_are():
    with pytest.raises(WallUnavailable, match="there are: auto, docker, bubblewrap"):
        Sandbox("chalk")


def test_errors_are_of_one_family():
    assert issubclass(WallUnavailable, SandboxError)
    assert issubclass(WorkerLost, SandboxError)
