"""A Docker daemon that goes away while a run works, seen through a relay in front of a real one."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import WallUnavailable
from sandbox.boundary.docker import daemon

REAL = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
BODY = b'{"message": "the storage driver is broken"}'
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(BODY), BODY)
PROBLEMS = 12


class Relay:
    """Passes connections on to the real daemon, until it is away, or in trouble: what is open breaks then."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answer: bytes | None = None
        self.address = f"unix://{path}"
        self._sockets: list[socket.socket] = []
        self._listen()

    def _listen(self) -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen(64)
        self._sockets.append(self._server)
        threading.Thread(target=self._serve, args=(self._server,), daemon=True).start()

    def _serve(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, real = server.accept()[0], socket.socket(socket.AF_UNIX)
                self._sockets += [client, real]
                if self.answer is not None:
                    threading.Thread(target=self._refuse, args=(client,), daemon=True).start()
                    continue
                real.connect(REAL.removeprefix("unix://"))
                for source, target in ((client, real), (real, client)):
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _refuse(self, client: socket.socket) -> None:
        with suppress(OSError):
            client.recv(65536)
            client.sendall(self.answer or b"")
            client.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def _break(self) -> None:
        for one in self._sockets:
            if one is not self._server:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def go_away(self) -> None:
        self.path.unlink()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._break()

    def close(self) -> None:
        if self.path.exists():
            self.go_away()
        for one in self._sockets:
            one.close()

    def be_in_trouble(self) -> None:
        self.answer = BROKEN
        self._break()

    def come_back(self) -> None:
        self.answer = None
        if not self.path.exists():
            self._listen()


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    try:
        with daemon():
            found = Relay(tmp_path / "docker.sock")
    except WallUnavailable as error:
        pytest.skip(str(error))
    if not REAL.startswith("unix://"):
        pytest.skip("the Docker daemon has no socket here")
    yield found
    found.close()


def config_of(folder: Path) -> Path:
    cases = [{"args": [n], "expected": 2 * n} for n in (1, 0, -7)]
    names = [f"set/{number}" for number in range(PROBLEMS)]
    rows = [{"id": name, "prompt": f"Double {name}.", "entry_point": "double", "cases": cases} for name in names]
    text = "```python\nimport time\ndef double(x):\n    time.sleep(0.1)\n    return 2 * x\n```"
    rollouts = [{"problem_id": name, "index": 0, "text": text, "mode": "chat"} for name in names]
    for name, several in (("problems", rows), ("rollouts", rollouts)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in several))
    config: dict[str, Any] = {
        "name": "test",
        "problems": {"path": str(folder / "problems.jsonl"), "check_reference": False},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": 1},
        "verify": {"canaries": False},
        "review": {"rerun": False, "inputs": 0, "mutants": 0},
        "translate": {"targets": []},
        "executor": {"workers": 1},
        "sandbox": {"backend": "docker"},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


@contextmanager
def started(config: Path, run: Path, host: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "factory", "run", str(config), "--run-dir", str(run)]
    streams: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=os.environ | {"DOCKER_HOST": host}, **streams) as process:
        yield process


def graded(run: Path) -> set[str]:
    return {path.name for path in (run / "verdicts").glob("*.parquet")}


def begun(process: subprocess.Popen[str], run: Path) -> set[str]:
    """The parts of verdicts that there are as soon as there are some."""
    while len(found := graded(run)) < 3:
        assert process.poll() is None, "it ended too soon"
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("kind", ["away", "in_trouble"])
def test_a_docker_daemon_that_goes_ends_the_run_in_one_line_and_the_next_run_goes_on(
    tmp_path: Path, relay: Relay, kind: str
) -> None:
    config, run = config_of(tmp_path), tmp_path / "run"
    with started(config, run, relay.address) as process:
        before = begun(process, run)
        relay.go_away() if kind == "away" else relay.be_in_trouble()
        out, err = process.communicate(timeout=240)
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert process.returncode == 1, err
    assert len(errors) == 1, err
    assert not re.search("Traceback|Connection aborted|HTTPConnection|one by one", err), err
    assert relay.address in errors[0]
    assert "what is written is kept: run again to go on" in errors[0]
    assert ("no Docker daemon answers" if kind == "away" else "500: the storage driver is broken") in errors[0]
    assert "systemctl " in errors[0]
    kept = graded(run)
    assert before <= kept
    assert len(kept) < PROBLEMS
    relay.come_back()
    with started(config, run, relay.address) as process:
        out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    events = [json.loads(line) for line in (run / "ledger.jsonl").read_text().splitlines()]
    verified = [line["part"] for line in events if line["event"] == "verified"]
    assert len(verified) == len(set(verified)) == PROBLEMS, "nothing is graded twice"
    assert f"passes all tests │    {PROBLEMS}" in out


def test_a_docker_daemon_that_is_started_again_costs_nothing(tmp_path: Path, relay: Relay) -> None:
    config, run = config_of(tmp_path), tmp_path / "run"
    with started(config, run, relay.address) as process:
        begun(process, run)
        relay.go_away()
        relay.come_back()
        out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert f"passes all tests │    {PROBLEMS}" in out
    assert "infrastructure_error" not in out
