"""Fixtures of the shards tests: a small hub, and a run directory with shards to push to it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from factory.config import Config
from factory.records import Problem, ProblemOutcome, Survivor, sha256
from factory.records.summary import Summary
from factory.run.directory import RunDir
from factory.shards import write

SUMMARY = Summary("test", 1, {})


@pytest.fixture(scope="session")
def small_hub() -> ModuleType:
    """The module `hub.py` beside this file."""
    beside("hub_storage.py")  # which it imports
    return beside("hub.py")


def beside(name: str) -> ModuleType:
    """The module in a file beside this one, as small_NAME."""
    path = Path(__file__).with_name(name)
    spec = importlib.util.spec_from_file_location(f"small_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def hub(small_hub: ModuleType) -> Iterator[Any]:
    hub = small_hub.Hub()
    yield hub
    hub.close()


def outcomes(count: int) -> Iterator[ProblemOutcome]:
    """One Python program and its translation for each of `count` problems."""
    for number in range(count):
        problem = Problem.model_validate(
            {"id": f"p/{number}", "prompt": "Two?", "entry_point": "two", "cases": [{"args": [], "expected": 2}]}
        )
        code = f"def two():\n    return 2  # {number}\n"
        python = Survivor(problem.id, 0, "python", 0, code, sha256(code), "f", 1, 1, 1.0, 1.0)
        text = f"package x // {number}\nfunc two() int {{ return 2 }}\n"
        go = Survivor(problem.id, 0, "go", 0, text, sha256(text), "g", 1, 1, 1.0, 1.0, parent=python.code_sha256)
        yield ProblemOutcome(problem, (python, go))


def config(**shards: Any) -> Config:
    engine = {"kind": "replay", "path": "r"}
    return Config.model_validate({"name": "test", "problems": {"path": "p"}, "engine": engine, "shards": shards})


@pytest.fixture
def exported(tmp_path: Path) -> RunDir:
    """A run directory with the shards of three problems, and of the views sft and pairs."""
    place = RunDir(tmp_path / "run")
    settings = config(views=("sft", "pairs"))
    place.claim(settings, [outcome.problem for outcome in outcomes(3)])
    write(place.shards, settings, outcomes(3), SUMMARY)
    return place


@pytest.fixture
def smallest(tmp_path: Path) -> Path:
    """A folder with the shards of one program."""
    folder = tmp_path / "smallest"
    (outcome,) = outcomes(1)
    write(folder, config(), [ProblemOutcome(outcome.problem, outcome.survivors[:1])], SUMMARY)
    return folder


@pytest.fixture
def export_anew(exported: RunDir) -> Any:
    """`export_anew(count)`: the shards of another number of problems in place of those there."""

    def export(count: int) -> None:
        write(exported.shards, config(views=("sft", "pairs")), outcomes(count), SUMMARY)

    return export
