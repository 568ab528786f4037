"""Several machines work on one run at a URL, a slice each at a time: its bytes are those of a run on one disk."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factory.run.copy_paths import folder_of, path_of
from factory.run.directory import RunDir
from factory.run.ledger import Ledger
from factory.storage.lease import Lease
from factory.storage.remote import Store

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
PROGRAMS = (
    "def double(x):\n    return 2 * x\n",
    "def double(x):\n    return x + x\n",
    "def double(x):\n    return x\n",
)
SLOW = "import time\ntime.sleep(0.3)\ndef double(x):\n    return 2 * x\n"
SLICES = 6
QUICK = """
if __name__ == "__main__":  # and not in the workers
    from factory.cli import main
    from factory.run import mirror
    from factory.storage import lease
    mirror.PAUSE_S, lease.LEASE_S, lease.SKEW_S, mirror.RENEW_S = 0.1, 4.0, 0.2, 0.5
    main()
"""
"""Runs a command with leases that end soon."""


@pytest.fixture
def config(tmp_path: Path, replayed: Replayed) -> Path:
    return replayed(tmp_path / "in", SLICES, (*PROGRAMS, SLOW), slice=1)


@pytest.fixture
def sums(tmp_path: Path, factory: Factory, config: Path) -> bytes:
    """SHA256SUMS of the run on this machine's disk."""
    ran = factory("run", config, "--run-dir", tmp_path / "local")
    assert ran.returncode == 0, ran.stderr
    return (tmp_path / "local" / "shards" / "SHA256SUMS").read_bytes()


class Machine:
    """A machine with a cache of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._monkeypatch, self._folder = monkeypatch, folder

    def __enter__(self) -> None:
        self._monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(self._folder))

    def __exit__(self, *_: object) -> None:
        self._monkeypatch.delenv("ROLLOUT_FACTORY_CACHE")

    def begin(self, *arguments: Any) -> subprocess.Popen[str]:
        """A command that works on this machine, in the background."""
        command = [sys.executable, "-c", QUICK, *map(str, arguments)]
        with self:
            return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Machine]:
    return [Machine(monkeypatch, tmp_path / f"machine-{number}") for number in range(4)]


def test_machines_share_a_run_by_slices_and_another_writes_its_shards(
    object_store: Any, machines: list[Machine], factory: Factory, config: Path, sums: bytes
) -> None:
    url = object_store.url("run")
    jobs = [
        machine.begin("run", config, "--run-dir", url, "--slices", only)
        for machine, only in zip(machines, ("0-1", "2-3", "4-5"), strict=False)
    ]
    for job in jobs:
        out, said = job.communicate(timeout=300)
        assert job.returncode == 0, said
        assert f"2 slice(s) done; when all are, `factory run {config} --run-dir {url}` writes the shards" in out
    with machines[3]:
        ran = factory("run", config, "--run-dir", url)
        place = RunDir(path_of(url))
        assert place.written.slices == set(range(SLICES)), "said in the ledger by whoever sealed them"
        sampled = [line for number in range(SLICES) for line in Ledger(place.slice(number).path / "ledger.jsonl")]
    assert ran.returncode == 0, ran.stderr
    assert object_store.objects("run")["shards/SHA256SUMS"] == sums
    assert sum(line["event"] == "sampled" for line in sampled) == SLICES, "each once, by one machine"
    with machines[0]:
        again = factory("run", config, "--run-dir", url)
    assert f"{url}: was finished before" in again.stderr, again.stderr


def test_what_a_machine_that_was_lost_left_of_a_slice_goes_to_another(
    object_store: Any, machines: list[Machine], factory: Factory, config: Path, sums: bytes
) -> None:
    url = object_store.url("run")
    lost = machines[0].begin("run", config, "--run-dir", url, "--slices", "0-5")
    while not any(re.fullmatch(r"slices/\d+/slice.json", name) for name in object_store.names("run")):
        assert lost.poll() is None, lost.communicate()
        time.sleep(0.2)
    lost.kill()
    lost.communicate()
    second = machines[1].begin("run", config, "--run-dir", url)
    said = second.communicate(timeout=300)[1]
    assert second.returncode == 0, said
    with machines[1]:
        assert RunDir(path_of(url)).written.slices == set(range(SLICES)), "also those that the lost one had sealed"
    assert object_store.objects("run")["shards/SHA256SUMS"] == sums


def test_a_slice_that_another_machine_works_on_is_waited_for_until_the_user_stops(
    object_store: Any, machines: list[Machine], config: Path
) -> None:
    url = object_store.url("run")
    whole = Lease(Store(url), "elsewhere")
    whole.take(alone=True)
    whole.release()
    Lease(Store(f"{url}/slices/000000"), "elsewhere").take(alone=True)
    second = machines[1].begin("run", config, "--run-dir", url, "--slices", "0")
    try:
        assert second.stderr is not None
        waits = f"{url}/slices/000000: another process works on it, and is waited for, up to 150 s"
        assert any(waits in line for line in second.stderr)
        second.send_signal(signal.SIGTERM)
        said = second.communicate(timeout=60)[1]
        assert second.returncode == 130, said
        assert "stopped; to go on, run" in said
    finally:
        second.kill()
        second.communicate()


def test_workers_on_ray_nodes_without_a_shared_disk_give_the_same_bytes(
    object_store: Any, machines: list[Machine], tmp_path: Path, factory: Factory, config: Path, sums: bytes
) -> None:
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    url = object_store.url("run")
    memory = 80 * 2**20
    cluster = cluster_utils.Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 0, "include_dashboard": False, "object_store_memory": memory},
    )
    try:
        for number in (1, 2):
            caches = {"ROLLOUT_FACTORY_CACHE": str(tmp_path / f"machine-{number}")}
            cluster.add_node(num_cpus=1, object_store_memory=memory, env_vars=caches)
        over = {"kind": "ray", "address": cluster.address, "workers": 2, "cpus_per_worker": 1, "gpus_per_worker": 0}
        sets = [part for key, value in over.items() for part in ("--set", f"executor.{key}={value}")]
        with machines[0]:
            text = config.read_text().replace("executor:\n  workers: 1\n", "")
            config.write_text(text)
            ran = factory("run", config, "--run-dir", url, *sets)
            assert ran.returncode == 0, ran.stderr
            driver = folder_of(url)
    finally:
        cluster.shutdown()
    assert object_store.objects("run")["shards/SHA256SUMS"] == sums
    worked = [
        {
            it.parent.name
            for it in (tmp_path / f"machine-{number}" / driver.relative_to(tmp_path / "machine-0")).glob(
                "slices/*/objects.json"
            )
        }
        for number in (1, 2)
    ]
    assert worked[0] | worked[1] == {f"{number:06d}" for number in range(SLICES)}
    assert all(worked), "each node had slices"
    assert not worked[0] & worked[1]
