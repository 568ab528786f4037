"""Runs whose directory lies behind a URL."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.run.working_copy import folder_of

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
PROGRAMS = (
    "def double(x):\n    return 2 * x\n",
    "def double(x):\n    return x + x\n",
    "def double(x):\n    return x * x\n",
)
SECRETS = (b"AKNAMEOFTHEKEY", b"the-secret-itself")


def kept(folder: Path) -> dict[str, bytes]:
    """The files of a run directory that a URL has too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def at_url(object_store: Any, name: str = "run") -> dict[str, bytes]:
    return {key: data for key, data in object_store.objects(name).items() if not key.startswith("lease/")}


def sums(objects: dict[str, bytes]) -> bytes:
    return objects["shards/SHA256SUMS"]


@pytest.fixture
def local(tmp_path: Path, factory: Factory, replayed: Replayed) -> dict[str, bytes]:
    """The files of a run of `config` on this machine."""
    config = replayed(tmp_path / "in", 3, PROGRAMS, slice=2)
    ran = factory("run", config, "--run-dir", tmp_path / "local")
    assert ran.returncode == 0, ran.stderr
    return kept(tmp_path / "local")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "in" / "config.yaml"


def another_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str = "other") -> None:
    monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(tmp_path / name))


def test_a_run_lies_at_its_url_as_it_would_on_disk(
    object_store: Any, tmp_path: Path, factory: Factory, local: dict[str, bytes], config: Path
) -> None:
    url = object_store.url("run")
    ran = factory("run", config, "--run-dir", url)
    assert ran.returncode == 0, ran.stderr
    assert f"shards: {url}/shards" in ran.stdout
    there = at_url(object_store)
    assert sums(there) == sums(local)
    assert there.keys() == local.keys()
    assert there == kept(folder_of(url) / "run")
    written = [*object_store.objects().values(), *(it.read_bytes() for it in tmp_path.rglob("*") if it.is_file())]
    assert not any(secret in data for data in written for secret in SECRETS)
    again = factory("run", config, "--run-dir", url)
    assert f"{url}: was finished before" in again.stderr, again.stderr


def test_other_machines_read_it_and_go_on_with_it(
    object_store: Any,
    tmp_path: Path,
    factory: Factory,
    local: dict[str, bytes],
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = object_store.url("run")
    settings = yaml.safe_load(config.read_text()) | {"run_dir": url}
    config.write_text(yaml.safe_dump(settings))
    ran = factory("run", config)
    assert ran.returncode == 0, ran.stderr
    before = at_url(object_store)
    another_machine(monkeypatch, tmp_path)
    for command in ("status", "audit", "report"):
        ran = factory(command, url)
        assert ran.returncode == 0, ran.stderr
    assert at_url(object_store).keys() == before.keys() | {"report.html"}
    exported = factory("export", url, "--out", tmp_path / "exported")
    assert exported.returncode == 0, exported.stderr
    assert (tmp_path / "exported" / "SHA256SUMS").read_bytes() == sums(local)
    ran = factory("run", config)
    assert "was finished before" in ran.stderr
    more = factory("run", config, "--set", "shards.views=[sft]")
    assert more.returncode == 0, more.stderr
    assert "shards/rollouts" not in "".join(at_url(object_store))
    another_machine(monkeypatch, tmp_path, "cache")  # the first one again
    ran = factory("export", url)
    assert ran.returncode == 0, ran.stderr
    assert "shards/rollouts" not in "".join(at_url(object_store))
