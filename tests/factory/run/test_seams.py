"""Where a slice ends and the next begins: it is sampled while the last programs of the one before are verified."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from factory.commands.export import export
from factory.config import Config, load
from factory.decontamination.matcher import Contamination
from factory.errors import EngineError
from factory.grading.session import GradingSession
from factory.problems import Loaded, read
from factory.records import Problem, Rollout
from factory.run import engine, slice_worker
from factory.run.directory import RunDir
from factory.run.remote import work_by
from factory.run.sampler import Samplers
from factory.run.slice_worker import SliceDone, SliceUnit, SliceWorker, open_slice_worker
from factory.run.slices import Slice, slices
from factory.run.units import GradeUnit
from factory.run.work import SLICES_AT_ONCE, Worker, room_for_problems
from factory.sampling.engines import open_engine

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
PROGRAMS = ("def double(x):\n    return 2 * x\n", "def double(x):\n    return x + x\n")
SLOW = "import time\n\n\ndef double(x):\n    time.sleep(x == 1)\n    return 2 * x\n"
PROBLEMS, SLICE = 6, 2
CHEAP = {"slice": SLICE, "review": {"rerun": False, "inputs": 0, "mutants": 0}}
LIMIT_S = 100
"""Seconds after which a test that waits for what does not come has failed."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, factory: Factory, replayed: Replayed) -> Path:
    folder = tmp_path_factory.mktemp("seams")
    done = factory("run", replayed(folder, PROBLEMS, PROGRAMS, **CHEAP), "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    return folder


def shards_of(folder: Path) -> dict[str, bytes]:
    return {str(it.relative_to(folder)): it.read_bytes() for it in (folder / "shards").rglob("*.parquet")}


class Held:
    """An executor of this process that verifies the problems `held` when `until` has been sampled, and not before."""

    workers = 1

    def __init__(self, session: GradingSession, held: set[str]) -> None:
        self._session, self._held = session, held
        self.freed = asyncio.Event()

    async def run(self, work: Callable[[Any, Any], Any], unit: Any, /) -> Any:
        if isinstance(unit, GradeUnit) and unit.problem.id in self._held:
            await self.freed.wait()
        return work(self._session, unit)


class Watched:
    """An observer that calls `sampled` with every rollout that has come, and `note` with every note."""

    def __init__(self, sampled: Callable[[Rollout], None], note: Callable[[str], None] = lambda line: None) -> None:
        self.sampled, self.note = sampled, note

    def verified(self, *_: Any) -> None: ...

    def kept(self, *_: Any) -> None: ...

    def done_before(self, *_: Any) -> None: ...


def begun(whole: Path, path: Path) -> tuple[Config, RunDir, list[Problem]]:
    """A run in a directory of its own, which nobody works on."""
    config, place = load(whole / "config.yaml", ()), RunDir(path)
    problems = [it.problem for it in read(config.problems) if isinstance(it, Loaded)]
    path.mkdir()
    return config, place, problems


@pytest.mark.parametrize(("rollouts", "problems"), [(1, 64), (512, 64), (1000, 32), (12_200, 2), (10**6, 2)])
def test_problems_of_many_rollouts_are_fewer_at_once(whole: Path, rollouts: int, problems: int) -> None:
    assert places(load(whole / "config.yaml", (f"sampling.n={rollouts}",))) == problems


@pytest.mark.parametrize(
    ("sampling", "problems"),
    [("{n: 8}", 256), ("{n: 100}", 64), ("{n: 1}", 2048), ("{plan: {kind: adaptive, first: 4, n_max: 4096}}", 512)],
)
def test_problems_of_few_rollouts_are_enough_to_fill_the_engine(whole: Path, sampling: str, problems: int) -> None:
    engine = "{kind: openai, model: m, base_url: 'http://localhost:9/v1', in_flight: 1024}"
    assert places(load(whole / "config.yaml", (f"engine={engine}", f"sampling={sampling}"))) == problems


def places(config: Config) -> int:
    room = room_for_problems(config)

    async def taken() -> int:
        found = 0
        while not room.locked():
            await room.acquire()
            found += 1
        return found

    return asyncio.run(taken())


@pytest.mark.parametrize("open_slices", [1, 2])
def test_a_slice_is_sampled_while_those_before_it_are_verified(whole: Path, tmp_path: Path, open_slices: int) -> None:
    assert open_slices < SLICES_AT_ONCE
    config, place, problems = begun(whole, tmp_path / "run")
    held, awaited = problems[: open_slices * SLICE], problems[open_slices * SLICE].id
    done: list[int] = []

    async def work() -> None:
        def sampled(rollout: Rollout) -> None:
            if rollout.problem_id == awaited:
                assert done == []
                executor.freed.set()

        observer = Watched(sampled)
        executor = Held(session, {problem.id for problem in held})
        async with Samplers(config, observer, place.log) as samplers:
            worker = Worker(config, executor, observer, Contamination((), config.decontamination), samplers)
            parts = slices(problems, place, working=True)
            await asyncio.wait_for(worker.run(parts, lambda part: done.append(part.number)), LIMIT_S)

    with place, GradingSession(config) as session:
        place.claim(config, problems)
        asyncio.run(work())
        export(config, problems, place)
    assert sorted(done) == [0, 1, 2]
    assert shards_of(place.path) == shards_of(whole / "run")


def test_a_worker_has_room_for_the_next_slice_while_one_is_verified(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, place, problems = begun(whole, tmp_path / "run")
    executors: list[Held] = []
    results: dict[int, SliceDone] = {}

    @asynccontextmanager
    async def held(settings: Config, log: Any) -> AsyncIterator[Held]:
        with GradingSession(settings) as session:
            executors.append(Held(session, {problem.id for problem in problems[:SLICE]}))
            yield executors[0]

    monkeypatch.setattr(slice_worker, "workers", held)

    def work(unit: SliceUnit) -> None:
        results[unit.part.number] = worker.work(unit)

    def begin(part: Slice, alone: bool = False) -> tuple[SliceUnit, threading.Thread]:
        unit = SliceUnit(part, alone)
        thread = threading.Thread(target=work, args=(unit,), daemon=True)
        thread.start()
        return unit, thread

    with place:
        place.claim(config, problems)
        first, second, third = slices(problems, place, working=True)
        with open_slice_worker(config, 1, lambda seconds: None) as worker:
            unit, one = begin(first)
            worker.wait_for_room(unit)
            unit, two = begin(second)
            worker.wait_for_room(unit)
            two.join(LIMIT_S)
            assert list(results) == [1], "the first is still being verified"
            _, three = begin(third, alone=True)
            three.join(1)
            assert list(results) == [1], "the third does not begin beside another"
            worker._loop.call_soon_threadsafe(executors[0].freed.set)
            one.join(LIMIT_S)
            three.join(LIMIT_S)
        assert sorted(results) == [0, 1, 2]
        assert all(it.sealed and not it.damage for it in results.values())
        assert len(executors) == 1
        for part in (first, second, third):
            place.log("slice", number=part.number)
        export(config, problems, place)
    assert shards_of(place.path) == shards_of(whole / "run")


class Threads:
    """An executor that gives every unit to one worker of this process, all at once."""

    workers = 1

    def __init__(self, worker: SliceWorker) -> None:
        self._worker = worker

    async def run(self, work: Callable[[Any, Any], Any], unit: Any, /) -> Any:
        return await asyncio.to_thread(work, self._worker, unit)


def test_an_engine_that_dies_is_started_anew_for_all_its_slices(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, place, problems = begun(whole, tmp_path / "run")
    opened: list[Any] = []

    async def die(*_: Any) -> AsyncIterator[Rollout]:
        raise EngineError("the engine is gone")
        yield

    def first_dies(*given: Any) -> Any:
        opened.append(open_engine(*given))
        if len(opened) == 1:
            opened[0].sample = die
        return opened[-1]

    @asynccontextmanager
    async def here(settings: Config, log: Any) -> AsyncIterator[Held]:
        with GradingSession(settings) as session:
            yield Held(session, set())

    monkeypatch.setattr(engine, "open_engine", first_dies)
    monkeypatch.setattr(slice_worker, "workers", here)
    notes: list[str] = []
    observer = Watched(lambda rollout: None, notes.append)
    with place:
        place.claim(config, problems)
        parts = slices(problems, place, working=True)
        with open_slice_worker(config, 1, lambda seconds: None) as worker:
            work = work_by(
                Threads(worker), config, parts, observer, lambda part: place.log("slice", number=part.number), place.log
            )
            assert asyncio.run(work) == []
        export(config, problems, place)
    assert len(opened) == 2
    assert sum("is begun again, its engine has died: the engine is gone" in note for note in notes) >= 2
    assert shards_of(place.path) == shards_of(whole / "run")


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, factory: Factory, replayed: Replayed) -> Path:
    """As `whole`, with a program that takes a second."""
    folder = tmp_path_factory.mktemp("slow")
    done = factory("run", replayed(folder, PROBLEMS, (*PROGRAMS, SLOW), **CHEAP), "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_at_a_seam_goes_on(
    slow: Path, tmp_path: Path, factory: Factory, how: signal.Signals, warm: Any
) -> None:
    place = RunDir(tmp_path / "run")
    process = warm.start("run", slow / "config.yaml", "--run-dir", place.path)
    first, second = place.slice(0).path, place.slice(1).path
    try:
        while not any((second / "rollouts").glob("*.parquet")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(how)
        _, said = process.communicate()
    finally:
        process.kill()
    assert process.returncode, said
    assert not (first / "slice.json").exists(), "both were open"
    done = factory("run", slow / "config.yaml", "--run-dir", place.path)
    assert done.returncode == 0, done.stderr
    assert shards_of(place.path) == shards_of(slow / "run")
    assert factory("audit", place.path).returncode == 0
