"""Slices worked off by other processes: the same shards, and what is lost goes to another."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from factory.commands.export import export
from factory.config import Config, load
from factory.errors import InfrastructureError
from factory.executors.local import LocalExecutor
from factory.problems import Loaded, read
from factory.run.directory import RunDir
from factory.run.remote import work_by
from factory.run.slice_worker import SliceUnit, SliceWorker, open_slice_worker
from factory.run.slices import Slice, slices

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
PROGRAMS = (
    "def double(x):\n    return 2 * x\n",
    "def double(x):\n    return x + x\n",
    "def double(x):\n    return x\n",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, factory: Factory, replayed: Replayed) -> Path:
    folder = tmp_path_factory.mktemp("remote")
    done = factory("run", replayed(folder, 6, PROGRAMS, slice=2), "--run-dir", folder / "run", "--set", "slice=0")
    assert done.returncode == 0, done.stderr
    return folder


def shards_of(folder: Path) -> dict[str, bytes]:
    return {str(it.relative_to(folder)): it.read_bytes() for it in (folder / "shards").rglob("*.parquet")}


def _sealed(place: RunDir, part: Slice) -> None:
    place.log("slice", number=part.number)


class Notes(list[str]):
    """An observer that keeps the notes."""

    def sampled(self, *_: Any) -> None: ...

    def verified(self, *_: Any) -> None: ...

    def kept(self, *_: Any) -> None: ...

    def done_before(self, *_: Any) -> None: ...

    def note(self, line: str) -> None:
        self.append(line)


@contextmanager
def fragile(config: Config, doomed: int, times: int, alive: Any) -> Iterator[Any]:
    """A worker whose process dies when it is given the slice `doomed`, the first `times`."""
    with open_slice_worker(config, 1, alive) as worker:
        yield Fragile(worker, doomed, times)


class Fragile:
    def __init__(self, worker: SliceWorker, doomed: int, times: int) -> None:
        self._worker, self._doomed, self._times = worker, doomed, times

    def work(self, unit: SliceUnit) -> Any:
        part = unit.part
        lost = part.dir.path.with_name("lost")
        before = len(lost.read_text()) if lost.exists() else 0
        if part.number == self._doomed and before < self._times:
            lost.parent.mkdir(parents=True, exist_ok=True)
            lost.write_text("x" * (before + 1))
            os._exit(1)
        return self._worker.work(unit)


def by_processes(whole: Path, path: Path, doomed: int = -1, times: int = 0) -> list[str]:
    """Work off the run on `path` by two processes that each work off slices; the notes."""
    config, place, notes = load(whole / "config.yaml", ()), RunDir(path), Notes()
    problems = [it.problem for it in read(config.problems) if isinstance(it, Loaded)]
    path.mkdir(exist_ok=True)

    async def work() -> None:
        parts = slices(problems, place, working=True)
        async with LocalExecutor(partial(fragile, config, doomed, times), 2) as executor:
            damage = await work_by(executor, config, parts, notes, partial(_sealed, place), place.log)
        assert damage == []

    with place:
        place.claim(config, problems)
        asyncio.run(work())
        export(config, problems, place)
    return notes


def test_other_processes_give_the_same_shards(whole: Path, tmp_path: Path) -> None:
    by_processes(whole, tmp_path / "run")
    place = RunDir(tmp_path / "run")
    assert shards_of(place.path) == shards_of(whole / "run")
    assert place.written.slices == {0, 1, 2}
    assert all(part.sealed for part in slices(place.open_problems(), place))


def test_a_slice_that_is_lost_twice_goes_to_another(whole: Path, tmp_path: Path) -> None:
    by_processes(whole, tmp_path / "run", doomed=1, times=2)
    assert shards_of(tmp_path / "run") == shards_of(whole / "run")


def test_a_slice_that_is_lost_again_and_again_is_set_aside(whole: Path, tmp_path: Path, factory: Factory) -> None:
    place = RunDir(tmp_path / "run")
    with pytest.raises(ExceptionGroup, match="slices that were lost") as lost:
        by_processes(whole, place.path, doomed=1, times=3)
    (error,) = lost.value.exceptions
    assert isinstance(error, InfrastructureError)
    assert str(error).startswith(f"slice 1 ({place.slices / '000001'}): 3 worker processes died")
    problems = [it.problem for it in read(load(whole / "config.yaml", ()).problems) if isinstance(it, Loaded)]
    assert [part.sealed for part in slices(problems, place)] == [True, False, True]
    done = factory("run", whole / "config.yaml", "--run-dir", place.path)
    assert done.returncode == 0, done.stderr
    assert shards_of(place.path) == shards_of(whole / "run")
