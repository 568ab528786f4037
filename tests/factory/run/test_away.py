"""Runs whose directory lies behind a URL."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from factory.records import Rollout
from factory.run import mirror
from factory.run.copy_paths import folder_of
from factory.run.directory import RunDir
from factory.run.inventory import folders
from factory.run.journal import Journal
from factory.run.seal import loose
from factory.storage import remote

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
    return {key: data for key, data in object_store.objects(name).items() if "lease" not in key.split("/")}


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


def test_a_url_of_no_run_is_no_run(object_store: Any, factory: Factory) -> None:
    url = object_store.url("nothing")
    for command in (("status",), ("report",), ("audit",), ("export",), ("push", "me/x")):
        ran = factory(command[0], url, *command[1:])
        assert ran.returncode == 2, command
        assert f"{url}: is no run directory" in ran.stderr, command
    ran = factory("status", url, "--watch")
    assert ran.returncode == 2
    assert f"--watch: {url}: no process of this machine works on it; remedy: " in ran.stderr
    ran = factory("status", "hf://datasets/x")
    assert ran.returncode == 2
    assert "no run can lie behind hf://" in ran.stderr


# ---- kills ----

KILLED = """
import os, signal, sys

def counted(method, left):
    def call(store, name, *more):
        if not store.url.endswith("/lease"):
            left.pop()
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(store, name, *more)
    return call

if __name__ == "__main__":  # and not in the workers
    from factory.cli import main
    from factory.run import mirror
    from factory.storage import lease, remote
    mirror.PAUSE_S, lease.LEASE_S, lease.SKEW_S, mirror.RENEW_S = 0.1, 2.0, 0.2, 0.5
    left = [None] * int(sys.argv.pop(1))
    remote.Store.put, remote.Store.remove = counted(remote.Store.put, left), counted(remote.Store.remove, left)
    main()
"""
"""Runs a command, and kills itself before the write to the store whose number is the first argument."""


class Sampled:
    """A run that is sampled from an endpoint, which is slow, and answers by the problem."""

    def __init__(self, object_store: Any, folder: Path, endpoint: ModuleType) -> None:
        self.url, self._object_store = object_store.url("run"), object_store
        self.pause_s = 0.05
        names = [f"set/{number}" for number in range(3)]
        cases = [{"args": [n], "expected": 2 * n} for n in (1, 0, -7)]
        rows = [{"id": name, "prompt": f"Double {name}.", "entry_point": "double", "cases": cases} for name in names]
        (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "killed.py").write_text(KILLED)
        self._script, self.config = folder / "killed.py", folder / "config.yaml"

        def answer(number: int, body: dict[str, Any]) -> Any:
            time.sleep(self.pause_s)
            name = next(name for name in names if f"Double {name}." in str(body))
            return endpoint.chat(f"```python\ndef double(x):\n    return 2 * x  # {name}\n```")

        self.server = endpoint.Endpoint(answer)
        settings = {
            "name": "test",
            "slice": 2,
            "problems": {"path": str(folder / "problems.jsonl"), "check_reference": False},
            "engine": {"kind": "openai", "model": "m", "base_url": self.server.url, "in_flight": 2},
            "sampling": {"n": 8},
            "verify": {"chunk": 4, "canaries": False},
            "translate": {"targets": []},
            "executor": {"workers": 1},
            "sandbox": {"backend": "bubblewrap"},
            "shards": {"views": ["sft", "rollouts"]},
        }
        self.config.write_text(yaml.safe_dump(settings))

    def killed(self, before: int) -> bool:
        """Whether the run was killed before it wrote that many times to the store."""
        command = [sys.executable, str(self._script), str(before), "run", str(self.config), "--run-dir", self.url]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
        assert ran.returncode in (0, -signal.SIGKILL), ran.stderr
        return ran.returncode != 0

    def rollouts(self, folder: Path) -> set[tuple[str, int]]:
        """Those in the parts, sealed files and journals of a run directory."""
        found: set[tuple[str, int]] = set()
        for place in folders(RunDir(folder)) if folder.exists() else ():
            found |= {(it.problem_id, it.index) for name in place.sealed for it in _rollouts(place, name)}
            found |= {(it.problem_id, it.index) for name in loose(place) for it in _rollouts(place, name)}
            for path in place.open.rglob("*.jsonl"):
                found |= {(it.problem_id, it.index) for it in Journal(path).read()}
        return found

    def download(self, folder: Path) -> Path:
        for name, data in at_url(self._object_store).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder


def _rollouts(place: RunDir, name: str) -> list[Rollout]:
    return place.read(place.path / name, Rollout) if name.startswith("rollouts/") else []


@pytest.fixture
def sampled(object_store: Any, tmp_path: Path, endpoint: ModuleType) -> Iterator[Sampled]:
    found = Sampled(object_store, tmp_path, endpoint)
    with found.server.running():
        yield found


def test_a_killed_run_goes_on_on_another_machine_from_what_was_uploaded(
    sampled: Sampled, object_store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factory: Factory
) -> None:
    kills = 0
    for number, before in enumerate((5, 30, 45, 10**6)):
        another_machine(monkeypatch, tmp_path, f"machine-{number}")
        uploaded = sampled.rollouts(sampled.download(tmp_path / f"seen-{number}"))
        asked = len(sampled.server.asked)
        kills += sampled.killed(before)
        if before == 10**6:
            assert len(sampled.server.asked) - asked == 24 - len(uploaded), "only what was not uploaded"
        else:
            time.sleep(2.5)  # the lease ends
    assert kills >= 2
    calm = factory("run", sampled.config, "--run-dir", tmp_path / "calm")
    assert calm.returncode == 0, calm.stderr
    assert sums(at_url(object_store)) == (tmp_path / "calm" / "shards" / "SHA256SUMS").read_bytes()
    assert not [name for name in at_url(object_store) if "open/" in name]


def test_a_killed_run_goes_on_on_its_machine_at_once_with_all_it_had(
    sampled: Sampled, object_store: Any, tmp_path: Path, factory: Factory
) -> None:
    copy = folder_of(sampled.url) / "run"
    kills = 0
    for before in (3, 20, 40, 10**6):
        had = sampled.rollouts(copy)
        asked = len(sampled.server.asked)
        kills += sampled.killed(before)
    assert len(sampled.server.asked) - asked == 24 - len(had)
    assert kills >= 2
    calm = factory("run", sampled.config, "--run-dir", tmp_path / "calm")
    assert calm.returncode == 0, calm.stderr
    assert sums(at_url(object_store)) == (tmp_path / "calm" / "shards" / "SHA256SUMS").read_bytes()
    assert at_url(object_store) == kept(copy)


def test_a_second_process_hears_who_works_on_it(
    sampled: Sampled, tmp_path: Path, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "factory", "run", str(sampled.config), "--run-dir", sampled.url]
    first = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not sampled.server.asked:
        assert first.poll() is None
        time.sleep(0.1)
    beside = factory("run", sampled.config, "--run-dir", sampled.url)
    assert factory("status", sampled.url).returncode == 0, "it looks at the copy that is worked on"
    another_machine(monkeypatch, tmp_path)
    elsewhere = factory("run", sampled.config, "--run-dir", sampled.url)
    assert first.poll() is None, "else the first one was too fast for this test"
    assert (beside.returncode, elsewhere.returncode) == (2, 2)
    assert f"{sampled.url}: another process on this machine is working on this run" in beside.stderr
    assert re.search(rf"run: \S+ \(process {first.pid}\) is working on it, .* until ", elsewhere.stderr)
    first.send_signal(signal.SIGINT)
    said = first.communicate(timeout=120)[1]
    assert first.returncode == 130, said
    assert f"to go on, run `factory run {sampled.config} --run-dir {sampled.url}`" in said
    assert factory("run", sampled.config, "--run-dir", sampled.url).returncode == 0, "the lease was released"


def test_a_store_that_goes_away_ends_the_run_and_the_next_one_goes_on(
    sampled: Sampled, object_store: Any, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "PAUSE_S", 0.1)
    monkeypatch.setattr(remote, "PATIENCE_S", 1.0)

    def away(method: str, path: str) -> float:
        return 503 if any("rollouts" in asked for _, asked in object_store.asked) else 0

    object_store.fault, sampled.pause_s = away, 3.0
    ran = factory("run", sampled.config, "--run-dir", sampled.url)
    assert ran.returncode == 1, ran.stderr
    (said,) = (line for line in ran.stderr.splitlines() if line.startswith("error:"))
    assert re.search(rf"error: {sampled.url}\S*: .*asked again for 1 s\); remedy: run again", said)
    assert "Traceback" not in ran.stderr
    assert not (folder_of(sampled.url) / "run" / "shards").exists(), "it ended before all was done"
    object_store.fault, sampled.pause_s = lambda method, path: 0, 0.05
    had, asked = sampled.rollouts(folder_of(sampled.url) / "run"), len(sampled.server.asked)
    ran = factory("run", sampled.config, "--run-dir", sampled.url)
    assert ran.returncode == 0, ran.stderr
    assert len(sampled.server.asked) - asked == 24 - len(had)
    assert at_url(object_store) == kept(folder_of(sampled.url) / "run")
