"""Units of work over processes: a dead process costs no unit, and none is left behind."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Coroutine, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from factory.errors import InfrastructureError
from factory.executors.local import TRIES, LocalExecutor

STUCK_S = 4.0
"""More than a process takes to come up, on a busy machine too."""
WORK = '''
import contextlib, os, signal, time
from pathlib import Path


@contextlib.contextmanager
def context(folder, alive):
    with Path(folder, "opened").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    yield {"folder": Path(folder), "calls": 0, "alive": alive}
    with Path(folder, "closed").open("a") as file:
        file.write(f"{os.getpid()}\\n")


def broken(folder, alive):
    raise OSError("no wall")


def double(context, task):
    return 2 * task


def count(context, task):
    context["calls"] += 1
    return os.getpid(), context["calls"]


def slow(context, task):
    time.sleep(task)
    return task


def endless(context, task):
    with Path(context["folder"], "begun").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    while True:
        signal.pause()


def stand_still(context, times):
    """Stand still, as a process that was stopped, as long as fewer than `times` have; then answer."""
    stops = context["folder"] / "stops"
    with stops.open("a") as file:
        file.write("x")
    if stops.stat().st_size <= times:
        os.kill(os.getpid(), signal.SIGSTOP)
    return "done"


def one_sign_after_another(context, seconds):
    context["alive"](seconds)
    time.sleep(seconds)
    return seconds


def never_up(folder, alive):
    while True:
        signal.pause()


def fail(context, task):
    raise ValueError(f"task {task}")


def interrupt(context, task):
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"


def die(context, task):
    """Die by `how` as long as fewer than `times` have; then answer."""
    how, times = task
    deaths = context["folder"] / "deaths"
    with deaths.open("a") as file:
        file.write("x")
    if deaths.stat().st_size <= times:
        os._exit(0) if how == "exit" else os.kill(os.getpid(), signal.SIGKILL)
    return "done"
'''


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Functions that worker processes can import by name."""
    (tmp_path / "units_of_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("units_of_work")
    del sys.modules["units_of_work"]


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def children() -> set[int]:
    """Our child processes that run units: not the resource tracker, which Python keeps for itself."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == os.getpid() and b"spawn_main" in command:
                found.add(int(entry.name))
    return found


def ran(body: Coroutine[Any, Any, Any]) -> Any:
    before = children()
    try:
        return asyncio.run(body)
    finally:
        assert children() <= before, "worker processes were left behind"


def test_units_run_in_processes_that_keep_their_context(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> Any:
        async with LocalExecutor(partial(work.context, str(tmp_path)), workers=2) as executor:
            return await asyncio.gather(*(executor.run(work.count, n) for n in range(20)))

    answers = ran(body())
    assert os.getpid() not in {pid for pid, _ in answers}
    for one in {pid for pid, _ in answers}:
        calls = [call for pid, call in answers if pid == one]
        assert sorted(calls) == list(range(1, len(calls) + 1))
    opened = lines(tmp_path / "opened")
    assert len(set(opened)) == len(opened) <= 2
    assert sorted(lines(tmp_path / "closed")) == sorted(opened), "every context that was opened is closed"


def test_answers_come_to_whom_they_belong(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> Any:
        async with LocalExecutor(partial(work.context, str(tmp_path)), workers=2) as executor:
            return await asyncio.gather(*(executor.run(work.double, n) for n in range(50)))

    assert ran(body()) == [2 * n for n in range(50)]


def test_an_exception_passes_through_and_the_process_lives_on(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> None:
        async with LocalExecutor(partial(work.context, str(tmp_path)), workers=1) as executor:
            with pytest.raises(ValueError, match="task 7"):
                await executor.run(work.fail, 7)
            assert await executor.run(work.double, 4) == 8

    ran(body())
    assert len(lines(tmp_path / "opened")) == 1


@pytest.mark.parametrize("how", ["exit", "kill"])
@pytest.mark.parametrize("times", [1, TRIES - 1])
def test_a_process_that_dies_is_replaced_and_the_unit_tried_again(
    work: ModuleType, tmp_path: Path, how: str, times: int
) -> None:
    async def body() -> str:
        async with LocalExecutor(partial(work.context, str(tmp_path)), workers=1) as executor:
            answer = await executor.run(work.die, (how, times))
            assert await executor.run(work.double, 4) == 8
            return str(answer)

    assert ran(body()) == "done"
    assert (tmp_path / "deaths").stat().st_size == times + 1


def test_a_unit_that_always_takes_its_process_down_is_given_up_and_no_other_is(
    work: ModuleType, tmp_path: Path
) -> None:
    async def body() -> list[Any]:
        async with LocalExecutor(partial(work.context, str(tmp_path)), workers=2) as executor:
            units = [executor.run(work.slow, 0.02) for _ in range(4)]
            units += [executor.run(work.die, ("kill", 99)), executor.run(work.die, ("kill", 99))]
            units += [executor.run(work.slow, 0.02) for _ in range(4)]
            return await asyncio.gather(*units, return_exceptions=True)

    answers = ran(body())
    lost = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [type(answer) for answer in lost] == [InfrastructureError] * 2
    assert str(lost[0]) == f"{TRIES} worker processes died on the same unit of work"
    assert [answer for answer in answers if answer not in lost] == [0.02] * 8
    assert answers[4:6] == lost


def test_a_context_that_cannot_be_opened_is_an_infrastructure_error(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> None:
        async with LocalExecutor(partial(work.broken, str(tmp_path)), workers=1) as executor:
            with pytest.raises(InfrastructureError):
                await executor.run(work.double, 1)

    ran(body())


def test_a_process_that_is_stuck_is_replaced_and_its_unit_tried_once_more(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> list[Any]:
        context = partial(work.context, str(tmp_path))
        async with LocalExecutor(context, workers=2, stuck_s=STUCK_S) as executor:
            units = [executor.run(work.stand_still, 1), *(executor.run(work.double, n) for n in range(20))]
            return await asyncio.gather(*units)

    assert ran(body()) == ["done", *(2 * n for n in range(20))]
    assert (tmp_path / "stops").stat().st_size == 2


def test_a_unit_on_which_every_process_is_stuck_is_given_up(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> None:
        async with LocalExecutor(partial(work.context, str(tmp_path)), workers=1, stuck_s=STUCK_S) as executor:
            with pytest.raises(InfrastructureError, match="stuck on this unit of work for 4 s beyond its limits"):
                await executor.run(work.stand_still, 99)
            assert await executor.run(work.double, 4) == 8

    ran(body())
    assert (tmp_path / "stops").stat().st_size == 2


def test_a_step_may_take_what_it_asks_for(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> Any:
        async with LocalExecutor(partial(work.context, str(tmp_path)), workers=1, stuck_s=STUCK_S) as executor:
            return await executor.run(work.one_sign_after_another, 2 * STUCK_S)

    assert ran(body()) == 2 * STUCK_S
    assert len(lines(tmp_path / "opened")) == 1


def test_a_process_that_never_comes_up_is_ended(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> None:
        async with LocalExecutor(partial(work.never_up, str(tmp_path)), workers=1, stuck_s=STUCK_S) as executor:
            with pytest.raises(InfrastructureError, match="stuck"):
                await executor.run(work.double, 4)

    ran(body())


def test_ctrl_c_is_the_parents_to_handle(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> Any:
        async with LocalExecutor(partial(work.context, str(tmp_path)), workers=1) as executor:
            return await executor.run(work.interrupt, None)

    assert ran(body()) == "still here"


def test_leaving_by_an_exception_waits_for_no_unit(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> None:
        async with LocalExecutor(partial(work.context, str(tmp_path)), workers=2) as executor:
            running = [asyncio.ensure_future(executor.run(work.endless, None)) for _ in range(5)]
            while len(lines(tmp_path / "begun")) < 2:
                await asyncio.sleep(0.01)
            for unit in running:
                unit.cancel()
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        ran(body())


def test_nothing_is_started_before_it_is_needed(work: ModuleType, tmp_path: Path) -> None:
    async def body() -> None:
        async with LocalExecutor(partial(work.context, str(tmp_path)), workers=2) as executor:
            assert executor.workers == 2

    ran(body())
    assert lines(tmp_path / "opened") == []
    assert LocalExecutor(partial(work.context, str(tmp_path))).workers == len(os.sched_getaffinity(0))
