"""An engine stops, and gives up its GPUs, as soon as nobody can ask it any more, while programs are still verified."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factory.config import load
from factory.decontamination.matcher import Contamination
from factory.grading.session import GradingSession
from factory.problems import Loaded, read
from factory.records import Rollout
from factory.run import engine as engines
from factory.run.directory import RunDir
from factory.run.sampler import Samplers
from factory.run.slices import slices
from factory.run.units import GradeUnit
from factory.run.work import Worker
from factory.sampling.engines import open_engine

Replayed = Callable[..., Path]
Factory = Callable[..., subprocess.CompletedProcess[str]]
PROGRAMS = ("def double(x):\n    return 2 * x\n", "def double(x):\n    return x + x\n")
GO = "package solution\n\nfunc double(x int) int { return 2 * x }\n"
LIMIT_S = 100
PATIENCE_S = 0.3
"""Seconds in which an engine stops that has been released: it has a whole event loop to itself then."""


class Quiet:
    """An observer that nobody reads."""

    def note(self, line: str) -> None: ...

    def sampled(self, rollout: Rollout) -> None: ...

    def verified(self, *_: Any) -> None: ...

    def kept(self, *_: Any) -> None: ...

    def done_before(self, *_: Any) -> None: ...


class Run:
    """A run whose programs in `language` are verified once the engine has stopped, or has not for `PATIENCE_S`."""

    def __init__(self, config: Path, folder: Path, language: str, overrides: tuple[str, ...]) -> None:
        self.config, self.place, self.language = load(config, overrides), RunDir(folder), language
        self.opened = 0
        self.running = 0
        self.up: set[str] = set()
        """Files of the engines that are up."""
        self.met: list[tuple[str, set[str]]] = []
        """Who made a chunk of programs, and what was up `PATIENCE_S` after it came."""
        self.stopped_before_verified: list[bool] = []

    def open_engine(self, *given: Any) -> Any:
        engine = open_engine(*given)
        self.opened += 1
        leave = engine.__class__.__aexit__
        run = self

        class Watched(engine.__class__):  # type: ignore[misc, name-defined]
            async def __aexit__(self, *exc: object) -> None:
                run.running -= 1
                run.up.discard(Path(given[0].path).name)
                await leave(self, *exc)

        engine.__class__ = Watched
        self.running += 1
        self.up.add(Path(given[0].path).name)
        return engine

    def work(self, session: GradingSession) -> None:
        run = self

        class Held:
            workers = 1

            async def run(self, work: Callable[[Any, Any], Any], unit: Any, /) -> Any:
                if isinstance(unit, GradeUnit) and unit.language == run.language:
                    await asyncio.sleep(PATIENCE_S)
                    run.stopped_before_verified.append(run.running == 0)
                    run.met += [(it.generator, set(run.up)) for it in unit.rollouts[:1]]
                return work(session, unit)

        async def whole() -> None:
            async with Samplers(self.config, Quiet(), self.place.log) as samplers:
                benchmarks = Contamination((), self.config.decontamination)
                worker = Worker(self.config, Held(), Quiet(), benchmarks, samplers)
                parts = slices(problems, self.place, working=True)
                await asyncio.wait_for(worker.run(parts, lambda part: None), LIMIT_S)

        problems = [it.problem for it in read(self.config.problems) if isinstance(it, Loaded)]
        with self.place:
            self.place.claim(self.config, problems)
            asyncio.run(whole())


@pytest.mark.parametrize(
    ("language", "overrides", "stops"),
    [
        ("python", ("translate.targets=[]",), True),
        ("python", ("translate.targets=[]", "slice=2"), True),
        ("python", (), False),  # translations are still to be asked for
        ("python", ("translate.targets=[]", "sampling.plan={kind: adaptive, first: 1, n_max: 9}"), False),
        ("go", ("translate.repair_rounds=0",), True),
        ("go", ("translate.repair_rounds=1",), False),
    ],
)
def test_it_stops_before_the_last_programs_are_verified(
    replayed: Replayed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    overrides: tuple[str, ...],
    stops: bool,
) -> None:
    config = replayed(tmp_path / "given", 3, PROGRAMS, GO, review={"rerun": False, "inputs": 0, "mutants": 0})
    run = Run(config, tmp_path / "run", language, overrides)
    monkeypatch.setattr(engines, "open_engine", run.open_engine)
    with GradingSession(run.config) as session:
        run.work(session)
    assert run.stopped_before_verified
    assert run.stopped_before_verified[-1] is stops
    assert run.opened == 1, "it is not started again"
    assert run.running == 0


@pytest.mark.parametrize("solved", [0, 1, 3])
def test_each_generator_is_up_while_some_problem_can_ask_it(
    replayed: Replayed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, solved: int
) -> None:
    """The first stops when its last rollout has come; the second starts with the first problem that climbs, if any."""
    given = tmp_path / "given"
    several = [
        {"name": "small", "n": 1, "engine": {"kind": "replay", "path": str(given / "small.jsonl")}},
        {
            "name": "large",
            "n": 2,
            "when": "unsolved",
            "engine": {"kind": "replay", "path": str(given / "rollouts.jsonl")},
        },
    ]
    cheap = {"rerun": False, "inputs": 0, "mutants": 0}
    config = replayed(given, 3, PROGRAMS, engine=None, generators=several, review=cheap)
    texts = [PROGRAMS[0] if number < solved else "def double(x):\n    return x\n" for number in range(3)]
    rows = (
        {"problem_id": f"set/{number}", "index": 0, "text": text, "mode": "code"} for number, text in enumerate(texts)
    )
    (given / "small.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = Run(config, tmp_path / "run", "python", ())
    monkeypatch.setattr(engines, "open_engine", run.open_engine)
    with GradingSession(run.config) as session:
        run.work(session)
    assert run.opened == (1 if solved == 3 else 2), "each starts once, and one that nobody asks does not"
    assert [made for made, _ in run.met].count("large") == 3 - solved
    assert all("rollouts.jsonl" not in up for made, up in run.met[:1]), "no problem has climbed yet"
    assert all("small.jsonl" not in up for made, up in run.met if made == "large")
    assert run.met[-1][1] == set()
    assert run.running == 0
