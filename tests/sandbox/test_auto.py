"""backend "auto": the first wall that can be built, with the reason why it is this one."""

from __future__ import annotations

import os
import socket

import pytest

import sandbox.sandbox as pool
from sandbox import Sandbox, SandboxSpec, WallUnavailable
from sandbox.boundary.docker import daemon
from sandbox.contract import message


class Echo:
    """A line whose worker answers everything with an empty message."""

    def send(self, data: bytes) -> None:
        self.waiting = message({})

    def receive(self, size: int, deadline: float) -> bytes:
        piece, self.waiting = self.waiting[:size], self.waiting[size:]
        return piece

    def close(self) -> None:
        pass


class Paper:
    def __init__(self, name: str, refusal: str = "") -> None:
        self.name, self.refusal = name, refusal
        self.asked: list[SandboxSpec] = []

    def describe(self) -> str:
        return f"{self.name} 1.0"

    def start(self, wall: SandboxSpec) -> Echo:
        self.asked.append(wall)
        if self.refusal:
            raise WallUnavailable(self.refusal)
        return Echo()


def test_the_first_that_can_be_built_is_taken_and_kept(monkeypatch):
    walls = [Paper("a", "a is not installed"), Paper("b"), Paper("c")]
    monkeypatch.setattr(pool, "walls", lambda _: list(walls))
    wall = SandboxSpec(scratch_mb=3)
    with Sandbox("auto", wall) as sandbox:
        assert (sandbox.backend, sandbox.why) == ("b", "since a is not installed")
        sandbox.close()
        sandbox.__enter__()
    assert [len(one.asked) for one in walls] == [1, 2, 0]
    assert walls[1].asked == [wall, wall]


def test_when_none_can_be_built_each_says_why(monkeypatch):
    monkeypatch.setattr(pool, "walls", lambda _: [Paper("a", "no a"), Paper("b", "no b")])
    with pytest.raises(WallUnavailable, match="no a; no b"):
        Sandbox("auto").__enter__()
    assert Sandbox("auto").backend == "auto"


def test_the_one_asked_for_is_not_replaced(monkeypatch):
    monkeypatch.setattr(pool, "walls", lambda _: [Paper("a", "no a")])
    with pytest.raises(WallUnavailable, match=r"^no a$"):
        Sandbox("a").__enter__()


def test_a_daemon_that_is_gone_leaves_no_socket_open(tmp_path, monkeypatch):
    stale = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(stale))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{stale}")
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(WallUnavailable, match="no Docker daemon answers") as told, daemon():
        pass
    assert set(os.listdir("/proc/self/fd")) <= before, told
