"""The process around a command: streams that fail, and signals in every phase."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.run.reference_checks import MANY
from factory.streams import Stream

Factory = Callable[..., subprocess.CompletedProcess[str]]
CASES = [{"args": [1], "expected": 2}, {"args": [3], "expected": 6}]
FULL = Path("/dev/full")


def given(folder: Path, **sections: Any) -> Path:
    problem = {"id": "set/é", "prompt": "Double é.", "entry_point": "double", "cases": CASES} | sections.pop(
        "problem", {}
    )
    texts = ["def double(x):\n    return 2 * x\n", "def double(x):\n    return x\n"]
    rows = [{"problem_id": "set/é", "index": n, "text": text, "mode": "code"} for n, text in enumerate(texts)]
    config = {
        "name": "test",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": 2},
        "translate": {"targets": []},
        "verify": {"canaries": False},
        "executor": {"workers": 1},
        "sandbox": {"backend": "bubblewrap"},
    } | sections
    (folder / "problems.jsonl").write_text(json.dumps(problem) + "\n")
    (folder / "rollouts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return folder / "config.yaml"


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "factory", *map(str, arguments)]


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)], ids=str)
def test_a_run_goes_on_without_its_streams(tmp_path: Path, closed: tuple[int, ...], factory: Factory) -> None:
    """A file that is opened later takes the number of a closed stream, and must not get its text."""
    given(tmp_path)
    run = command("run", tmp_path / "config.yaml", "--run-dir", tmp_path / "run")
    script = f"import os, sys\nfor n in {closed}: os.close(n)\nos.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", script, *run], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert factory("audit", tmp_path / "run").returncode == 0


def test_a_run_goes_on_where_its_progress_has_no_room(tmp_path: Path) -> None:
    config = given(tmp_path)
    with FULL.open("w") as full:
        run = command("run", config, "--run-dir", tmp_path / "run")
        done = subprocess.run(run, stdout=subprocess.PIPE, stderr=full, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert f"shards: {tmp_path / 'run' / 'shards'}" in done.stdout


def test_a_result_that_cannot_be_printed_is_an_error(tmp_path: Path) -> None:
    with FULL.open("w") as full:
        schema = command("schema")
        done = subprocess.run(schema, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "error: stdout: [Errno 28] No space left on device\n")


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    config = given(tmp_path)
    run = subprocess.Popen(
        command("run", config, "--run-dir", tmp_path / "run"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert run.stdout is not None
    assert run.stderr is not None
    assert run.stderr.readline() == b"sandbox: bubblewrap\n"
    run.stdout.close()
    run.stderr.close()
    assert run.wait(60) == 0
    assert (tmp_path / "run" / "shards" / "SHA256SUMS").exists()


def test_a_terminal_that_is_closed_ends_no_run(tmp_path: Path) -> None:
    config = given(tmp_path)
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        command("run", config, "--run-dir", tmp_path / "run"), stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    assert os.read(ours, 10)
    os.close(ours)
    assert run.wait(60) in (0, 1), "1: the result could not be shown"
    assert (tmp_path / "run" / "shards" / "SHA256SUMS").exists()


@pytest.mark.parametrize("encoding", ["ascii:strict", "latin-1:strict"])
def test_a_terminal_of_few_letters_gets_escapes(tmp_path: Path, encoding: str) -> None:
    config = given(tmp_path)
    done = subprocess.run(
        command("run", config, "--run-dir", tmp_path / "run"),
        env=os.environ | {"PYTHONIOENCODING": encoding, "LC_ALL": "C"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"shards: " in done.stdout


def test_a_stream_remembers_what_it_lost() -> None:
    with FULL.open("w") as full, contextlib.closing(Stream(full)) as stream:
        stream.write("x")
        assert stream.lost is None
        stream.flush()
        assert isinstance(stream.lost, OSError)
        stream.write("y")
        stream.flush()


# ---- signals ----


@pytest.fixture
def silent_daemon(tmp_path: Path) -> Iterator[socket.socket]:
    """A Docker daemon that takes connections and never answers."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "docker.sock"))
        server.listen()
        server.settimeout(60)
        yield server


ENDLESS = {"reference": "def double(x):\n    while True:\n        pass\n"}


def stopped_by(run: subprocess.Popen[str], number: signal.Signals) -> str:
    """What a command prints after a signal, which ends it soon."""
    assert run.stderr is not None
    began = time.monotonic()
    run.send_signal(number)
    assert run.wait(50) == 130
    assert time.monotonic() - began < 20
    with run.stderr:
        return run.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
def test_a_signal_is_heard_while_a_daemon_does_not_answer(
    tmp_path: Path, silent_daemon: socket.socket, number: signal.Signals
) -> None:
    config = given(tmp_path, sandbox={"backend": "docker"})
    run = subprocess.Popen(
        command("run", config, "--run-dir", tmp_path / "run"),
        env=os.environ | {"DOCKER_HOST": f"unix://{silent_daemon.getsockname()}"},
        stderr=subprocess.PIPE,
        text=True,
    )
    with silent_daemon.accept()[0]:
        assert "stopped; to go on, run `factory run" in stopped_by(run, number)


def checkers_below(parent: int) -> list[int]:
    """The worker processes of a run that have a sandbox of their own."""
    return [child for child in below(parent) if b"spawn_main" in command_line(child) and below(child)]


def below(parent: int) -> list[int]:
    """The children of a process."""
    found: list[int] = []
    for task in Path("/proc", str(parent), "task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has ended
            found += map(int, task.read_text().split())
    return found


def command_line(process: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path("/proc", str(process), "cmdline").read_bytes()
    return b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
@pytest.mark.parametrize("problems", [1, MANY])
def test_a_signal_is_heard_while_problems_are_loaded(tmp_path: Path, number: signal.Signals, problems: int) -> None:
    """Of many problems processes check the references."""
    config = given(tmp_path, problem=ENDLESS, limits={"cpu_s": 60, "wall_s": 60}, max_limits={"cpu_s": 60})
    (row,) = map(json.loads, (tmp_path / "problems.jsonl").read_text().splitlines())
    lines = (json.dumps(row | {"id": f"set/{at}"} if at else row) for at in range(problems))
    (tmp_path / "problems.jsonl").write_text("".join(f"{line}\n" for line in lines))
    run = subprocess.Popen(command("run", config, "--run-dir", tmp_path / "run"), stderr=subprocess.PIPE, text=True)
    assert run.stderr is not None
    assert run.stderr.readline() == "sandbox: bubblewrap\n"
    if problems > 1:
        while not checkers_below(run.pid):
            assert run.poll() is None
            time.sleep(0.01)
    assert "stopped; to go on, run `factory run" in stopped_by(run, number)


DEAF = """
import asyncio, sys, time
from factory.commands.process import interruptible

async def work():
    try:
        print("begun", flush=True)
        await asyncio.sleep(60)
    finally:
        print("stopping", flush=True)
        time.sleep(60)

interruptible(work(), "")
"""


def test_a_second_signal_ends_at_once() -> None:
    run = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None
    for line in ("begun\n", "stopping\n"):
        assert run.stdout.readline() == line
        if line == "begun\n":
            run.send_signal(signal.SIGINT)
    assert stopped_by(run, signal.SIGINT) == "stopped at once\n"
    run.stdout.close()


@pytest.mark.parametrize("ends", ["return", "raise ValueError", "raise asyncio.CancelledError"])
def test_its_signals_are_as_before_when_it_has_ended(ends: str) -> None:
    """Else one that comes later meets a loop that is closed, with a traceback."""
    code = (
        "import asyncio, contextlib, signal\nfrom factory.commands.process import interruptible\n"
        f"async def work():\n    {ends}\n"
        "def handlers():\n    return [signal.getsignal(it) for it in (signal.SIGINT, signal.SIGTERM)]\n"
        "before = handlers()\nwith contextlib.suppress(BaseException):\n    interruptible(work(), '')\n"
        "assert handlers() == before, handlers()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
