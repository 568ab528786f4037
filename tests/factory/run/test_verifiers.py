"""CPUs of other nodes that verify for a worker whose own are busy."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factory.errors import ResourceError
from factory.records import Case, Problem
from factory.run.directory import RunDir
from factory.run.units import GradeUnit
from factory.run.verifiers import Verifiers

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
UNIT = GradeUnit(Problem(id="p", prompt="?", entry_point="f", cases=(Case(args=[], expected=1),)), (), "python")


class Place:
    """An executor that is done with a unit when it is let go."""

    def __init__(self, name: str, workers: int) -> None:
        self.name, self.workers, self.opened = name, workers, workers
        self.go = asyncio.Event()
        self.running = self.most = 0

    async def run(self, work: Any, unit: Any, /) -> Any:
        self.running += 1
        self.most = max(self.most, self.running)
        await self.go.wait()
        self.running -= 1
        return self.name


def same(context: Any, unit: Any) -> Any:
    return unit


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_units_go_to_a_verifier_only_when_no_process_of_the_worker_is_free() -> None:
    async def work() -> None:
        own, others = Place("own", 2), Place("others", 1)
        both = Verifiers(own, others)
        assert both.workers == 3
        asked = [asyncio.create_task(both.run(same, UNIT)) for _ in range(5)]
        await settle()
        assert (own.running, others.running) == (2, 1)
        others.go.set()
        await settle()
        assert others.most == 1, "never more than are open"
        own.go.set()
        found = await asyncio.gather(*asked)
        assert sorted(found) == ["others"] * found.count("others") + ["own"] * found.count("own")
        assert found.count("own") >= 2
        assert both.use() == {"opened": 1, "units": found.count("others")}

    asyncio.run(work())


def test_a_verifier_that_finds_room_late_takes_what_waits() -> None:
    async def work() -> None:
        own, others = Place("own", 1), Place("others", 1)
        others.opened = 0
        both = Verifiers(own, others)
        asked = [asyncio.create_task(both.run(same, UNIT)) for _ in range(2)]
        await settle()
        assert (own.running, others.running) == (1, 0)
        others.opened = 1
        others.go.set()
        done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED, timeout=30)
        assert [it.result() for it in done] == ["others"]
        own.go.set()
        await asyncio.gather(*asked)

    asyncio.run(work())


def test_what_needs_the_disk_of_the_worker_stays_there() -> None:
    async def work() -> None:
        own, others = Place("own", 1), Place("others", 1)
        own.go.set()
        others.go.set()
        both = Verifiers(own, others)
        assert await asyncio.gather(*(both.run(same, "a slice") for _ in range(4))) == ["own"] * 4

    asyncio.run(work())


def test_a_verifier_that_cannot_be_opened_is_an_error() -> None:
    class Broken(Place):
        @property
        def opened(self) -> int:
            raise ResourceError("no sandbox on that node")

        @opened.setter
        def opened(self, _: int) -> None: ...

    async def work() -> None:
        both = Verifiers(Place("own", 0), Broken("others", 1))
        await both.run(same, UNIT)

    with pytest.raises(ResourceError, match="no sandbox on that node"):
        asyncio.run(work())


def test_a_run_with_verifiers_on_another_node_gives_the_same_bytes(
    tmp_path: Path, factory: Factory, replayed: Replayed
) -> None:
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    programs = [f"def double(x):\n    return {end}\n" for end in ("x + x", "2 * x", "x", "x * 2", "3 * x")]
    endless = [f"def double(x):\n    while x < {bound}:\n        pass\n" for bound in range(10, 18)]
    config = replayed(tmp_path / "in", 6, (*programs, *endless), slice=6, limits={"cpu_s": 0.3, "wall_s": 3.0})
    config.write_text(config.read_text().replace("executor:\n  workers: 1\n", ""))
    local = factory("run", config, "--run-dir", tmp_path / "local", "--set", "slice=3")
    assert local.returncode == 0, local.stderr
    memory = 80 * 2**20
    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": memory}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            cluster.add_node(num_cpus=1, object_store_memory=memory)
        over = {"kind": "ray", "address": cluster.address, "workers": 1, "cpus_per_worker": 1, "verifiers": 1}
        sets = [part for key, value in over.items() for part in ("--set", f"executor.{key}={value}")]
        ran = factory("run", config, "--run-dir", tmp_path / "ray", "--set", "slice=3", *sets)
        assert ran.returncode == 0, ran.stderr
    finally:
        cluster.shutdown()
    sums = [(tmp_path / name / "shards" / "SHA256SUMS").read_bytes() for name in ("local", "ray")]
    assert sums[0] == sums[1]
    use = [line for line in RunDir(tmp_path / "ray").ledger() if line["event"] == "verifiers"]
    assert len(use) == 2
    assert use[-1]["units"] > 0, use
