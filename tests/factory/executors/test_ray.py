"""Units of work over a Ray cluster of several nodes: a node that is lost costs no unit, and no byte of a run."""

from __future__ import annotations

import asyncio
import importlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ray = pytest.importorskip("ray", reason="Ray is not installed")

from ray.cluster_utils import Cluster  # noqa: E402

from factory.errors import InfrastructureError, ResourceError  # noqa: E402
from factory.executors import ray as executor_module  # noqa: E402
from factory.executors.ray import TRIES, RayExecutor  # noqa: E402
from factory.run.directory import RunDir  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
PROGRAMS = tuple(f"def double(x):\n    return {text}\n" for text in ("2 * x", "x + x", "x"))
OVER_RAY = {"slice": 1, "executor": {"kind": "ray", "workers": 3}}
ROOT = Path(__file__).parents[3]
NODES = 4
WORK = """
import contextlib, os, time
from pathlib import Path


@contextlib.contextmanager
def context(folder, alive):
    with Path(folder, "opened").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    yield Path(folder)
    with Path(folder, "closed").open("a") as file:
        file.write(f"{os.getpid()}\\n")


def broken(folder, alive):
    raise OSError("no wall")


def double(folder, unit):
    return 2 * unit


def slow(folder, unit):
    time.sleep(0.4)
    return 2 * unit


def refuse(folder, unit):
    raise KeyError(f"unit {unit}")


def met(folder, unit):
    # 0 and 1 wait for each other; 3 ends their worker whenever it has begun.
    (Path(folder) / f"begun-{unit}").touch()
    if unit == 3:
        time.sleep(0.2)
        os._exit(1)
    while unit < 2 and not (Path(folder) / f"begun-{1 - unit}").exists():
        time.sleep(0.01)
    return 2 * unit


def at_once(folder, unit):
    pass


def end(folder, unit):
    if unit == 3:
        with Path(folder, "ended").open("a") as file:
            file.write("x")
        os._exit(1)
    return 2 * unit
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Nodes with one CPU each, and a head that works off nothing."""
    modules = tmp_path_factory.mktemp("modules")
    (modules / "ray_units.py").write_text(WORK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join((str(modules), str(ROOT))))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.syspath_prepend(str(modules))
        memory = 80 * 2**20
        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": memory}
        found = Cluster(initialize_head=True, head_node_args=head)
        for _ in range(NODES):
            found.add_node(num_cpus=1, object_store_memory=memory)
        ray.init(address=found.address, log_to_driver=False, configure_logging=False)
        yield found
        ray.shutdown()
        found.shutdown()


@pytest.fixture
def units(cluster: Cluster) -> ModuleType:
    return importlib.import_module("ray_units")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 100))


async def together(executor: RayExecutor, work: Callable[..., Any], count: int) -> list[Any]:
    return await asyncio.gather(*(executor.run(work, unit) for unit in range(count)), return_exceptions=True)


def test_units_give_their_results_in_contexts_that_stay_warm(units: ModuleType, tmp_path: Path) -> None:
    async def work() -> list[Any]:
        async with RayExecutor(partial(units.context, tmp_path), workers=2) as executor:
            return await together(executor, units.double, 20)

    assert run(work()) == [2 * unit for unit in range(20)]
    opened, closed = ((tmp_path / name).read_text().split() for name in ("opened", "closed"))
    assert 1 <= len(opened) <= 2
    assert sorted(opened) == sorted(closed)


def test_what_a_unit_raises_is_raised_as_itself(units: ModuleType, tmp_path: Path) -> None:
    async def work() -> tuple[list[Any], Any]:
        async with RayExecutor(partial(units.context, tmp_path), workers=1) as executor:
            return await together(executor, units.refuse, 2), await executor.run(units.double, 4)

    errors, result = run(work())
    assert [(type(error), error.args) for error in errors] == [(KeyError, ("unit 0",)), (KeyError, ("unit 1",))]
    assert result == 8


def test_a_context_that_cannot_be_opened_is_an_error(units: ModuleType, tmp_path: Path) -> None:
    async def work() -> None:
        async with RayExecutor(partial(units.broken, tmp_path), workers=1) as executor:
            await executor.run(units.double, 1)

    with pytest.raises(OSError, match="no wall"):
        run(work())


def test_a_unit_that_ends_its_workers_is_given_up_and_the_others_are_done(units: ModuleType, tmp_path: Path) -> None:
    notes: list[str] = []

    async def work() -> list[Any]:
        async with RayExecutor(partial(units.context, tmp_path), workers=2, note=notes.append) as executor:
            return await together(executor, units.end, 8)

    (*results,) = run(work())
    lost = results.pop(3)
    assert isinstance(lost, InfrastructureError)
    assert results == [2 * unit for unit in range(8) if unit != 3]
    assert (tmp_path / "ended").read_text() == "x" * TRIES
    assert sum("a worker was lost" in note for note in notes) == TRIES


def test_a_worker_with_room_takes_a_unit_beside_another(units: ModuleType, tmp_path: Path) -> None:
    async def work() -> list[Any]:
        async with RayExecutor(partial(units.context, tmp_path), workers=1, room=units.at_once) as executor:
            return await together(executor, units.met, 3)

    assert run(work()) == [0, 2, 4], "the first two would wait for ever, one after the other"
    assert len((tmp_path / "opened").read_text().split()) == 1
    assert len((tmp_path / "closed").read_text().split()) == 1


def test_a_unit_that_ends_its_workers_costs_none_that_is_beside_it(units: ModuleType, tmp_path: Path) -> None:
    async def work() -> list[Any]:
        async with RayExecutor(partial(units.context, tmp_path), workers=1, room=units.at_once) as executor:
            return await together(executor, units.met, 12)

    (*results,) = run(work())
    assert isinstance(results.pop(3), InfrastructureError)
    assert results == [2 * unit for unit in range(12) if unit != 3]


def test_nodes_that_are_lost_cost_no_unit(cluster: Cluster, units: ModuleType, tmp_path: Path) -> None:
    chance = random.Random(4)

    async def work() -> list[Any]:
        async with RayExecutor(partial(units.context, tmp_path), workers=NODES - 1) as executor:
            results = asyncio.ensure_future(together(executor, units.slow, 24))
            for _ in range(3):
                await asyncio.sleep(chance.uniform(0.5, 2.0))
                lose_a_node(cluster, chance)  # Ray wants the main thread for it
            return await results

    assert run(work()) == [2 * unit for unit in range(24)]


def lose_a_node(cluster: Cluster, chance: random.Random) -> None:
    """Kill one, and let another come."""
    cluster.remove_node(chance.choice(list(cluster.worker_nodes)), allow_graceful=False)
    cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)


def test_a_worker_for_which_no_node_has_room_is_an_error(
    units: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor_module, "WAIT_S", 0.5)
    monkeypatch.setattr(executor_module, "ROOM_S", 1.0)
    notes: list[str] = []

    async def work(**settings: Any) -> None:
        async with RayExecutor(partial(units.context, tmp_path), note=notes.append, **settings) as executor:
            await executor.run(units.double, 1)

    with pytest.raises(ResourceError, match=r"asks for 99 CPUs and 0 GPUs of one node, .* .the largest has 1 CPUs"):
        run(work(cpus_per_worker=99))
    with pytest.raises(ResourceError, match=r"1 CPUs and 2 GPUs of one node.*remedy: lower"):
        run(work(gpus_per_worker=2))
    assert len(notes) == 2, "once each"
    assert "a worker asks for 99 CPUs and 0 GPUs of one node: waiting for a node of the Ray cluster to come" in notes[0]


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path, replayed: Replayed, warm: Any) -> None:
    config = replayed(tmp_path, 2, PROGRAMS, **OVER_RAY)
    nowhere = ("--set", "executor.address=127.0.0.1:9")
    done = warm.start("run", config, "--run-dir", tmp_path / "run", *nowhere).end()
    assert done.returncode == 2, done.stderr
    assert "executor.address: '127.0.0.1:9': no Ray cluster answers there" in done.stderr
    assert "Traceback" not in done.stderr


# ---- a whole run ----


def shards_of(folder: Path) -> dict[str, bytes]:
    return {str(it.relative_to(folder)): it.read_bytes() for it in (folder / "shards").rglob("*.parquet")}


def test_a_run_whose_nodes_are_lost_gives_the_same_bytes(
    cluster: Cluster, tmp_path: Path, factory: Factory, replayed: Replayed
) -> None:
    chance = random.Random(7)
    file = replayed(tmp_path, 6, PROGRAMS, **OVER_RAY)
    local = factory("run", file, "--run-dir", tmp_path / "local", "--set", "executor.kind=local", "--set", "slice=0")
    assert local.returncode == 0, local.stderr
    place = tmp_path / "ray"
    command = [sys.executable, "-c", "from factory.cli import main; main()", "run", str(file), "--run-dir", str(place)]
    command += ["--set", f"executor.address={cluster.address}"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    lost = 0
    while process.poll() is None and lost < 2:
        time.sleep(chance.uniform(2, 4))
        lose_a_node(cluster, chance)
        lost += 1
    _, said = process.communicate(timeout=200)
    assert process.returncode == 0, said
    assert lost
    assert shards_of(place) == shards_of(tmp_path / "local")
    assert RunDir(place).written.slices == set(range(6))
