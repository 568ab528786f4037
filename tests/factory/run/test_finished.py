"""A finished run says so when it is asked for again, and anything that is otherwise is worked through."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from factory.config import Benchmark, load
from factory.run import finished
from factory.run.directory import RunDir

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
PROGRAMS = ("def double(x):\n    return 2 * x\n", "def double(x):\n    return x * x\n")
NOTHING = "nothing is left to do"


@pytest.fixture(scope="module", params=[0, 2], ids=["whole", "slices"])
def done(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, factory: Factory, replayed: Replayed
) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    config = replayed(folder, 3, PROGRAMS, slice=request.param, sampling={"n": 2})
    ran = factory("run", config, "--run-dir", folder / "run")
    assert ran.returncode == 0, ran.stderr
    assert NOTHING not in ran.stderr
    return folder


@pytest.fixture
def place(done: Path, tmp_path: Path) -> RunDir:
    return RunDir(shutil.copytree(done / "run", tmp_path / "run"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def test_it_prints_the_same_and_changes_nothing(done: Path, place: RunDir, factory: Factory) -> None:
    before = contents(place.path)
    ran = factory("run", done / "config.yaml", "--run-dir", place.path)
    assert ran.returncode == 0, ran.stderr
    assert NOTHING in ran.stderr
    assert "3 of 3 problems survive" in ran.stdout
    assert contents(place.path) == before


def shard(place: RunDir) -> Path:
    return next((place.shards / "data").glob("*.parquet"))


def part(place: RunDir) -> Path:
    return (
        sorted(place.path.rglob("verdicts*/*.parquet"), key=str)[0]
        if not place.slices.exists()
        else next(place.slices.rglob("verdicts.parquet"))
    )


CHANGES: dict[str, Callable[[RunDir], object]] = {
    "a shard is gone": lambda place: shard(place).unlink(),
    "a shard is cut": lambda place: shard(place).write_bytes(shard(place).read_bytes()[:-9]),
    "all shards are gone": lambda place: shutil.rmtree(place.shards),
    "a part is cut": lambda place: part(place).write_bytes(part(place).read_bytes()[:-9]),
    "a part is gone": lambda place: part(place).unlink(),
    "the summary is another": lambda place: place.summary_file.write_text("{}"),
    "the ledger goes on": lambda place: place.log("started", inputs={}),
    "the ledger is cut": lambda place: place.ledger().path.write_bytes(place.ledger().path.read_bytes()[:-9]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_whole_is_made_again(done: Path, place: RunDir, factory: Factory, change: str) -> None:
    CHANGES[change](place)
    ran = factory("run", done / "config.yaml", "--run-dir", RunDir(place.path).path)
    assert ran.returncode == 0, ran.stderr
    assert NOTHING not in ran.stderr
    for name in ("data", "rollouts"):
        found, due = (contents(folder / "shards" / name) for folder in (place.path, done / "run"))
        assert found.keys() == due.keys()
    again = factory("run", done / "config.yaml", "--run-dir", place.path)
    assert NOTHING in again.stderr


def test_another_config_and_other_problems_are_worked_on(done: Path, place: RunDir, factory: Factory) -> None:
    more = factory("run", done / "config.yaml", "--run-dir", place.path, "--set", "rank=[length]")
    assert NOTHING not in more.stderr
    problems = done / "problems.jsonl"
    text = problems.read_text()
    try:
        first = json.loads(text.splitlines()[0])
        problems.write_text(text + json.dumps(first | {"id": "set/more"}) + "\n")
        other = factory("run", done / "config.yaml", "--run-dir", place.path)
        assert NOTHING not in other.stderr
    finally:
        problems.write_text(text)


@pytest.mark.parametrize("key", ["shards.holdout", "sampling.template", "translate.template"])
def test_what_a_file_holds_counts_that_the_config_names(done: Path, tmp_path: Path, key: str) -> None:
    """A run whose list of held-out problems has grown would else keep shards that train on them."""
    named = tmp_path / "named.txt"
    named.write_text("set/0\n")
    config = load(done / "config.yaml", (f"{key}={named}",))
    before = finished.made_of(config)
    assert before is not None
    assert finished.made_of(config) == before
    named.write_text("set/0\nset/1\n")
    assert finished.made_of(config) not in (before, None)


def test_a_longer_holdout_is_held_out_of_a_finished_run(
    done: Path, place: RunDir, tmp_path: Path, factory: Factory
) -> None:
    ids = tmp_path / "ids.txt"
    command = ("run", done / "config.yaml", "--run-dir", place.path, "--set", f"shards.holdout={ids}")
    for text, held in (("set/0\n", 1), ("set/0\nset/1\n", 2)):
        ids.write_text(text)
        ran = factory(*command)
        assert ran.returncode == 0, ran.stderr
        (path,) = (place.shards / "data").glob("python-holdout*.parquet")
        assert pq.read_metadata(path).num_rows == held


def test_other_code_works_the_run_through(done: Path, place: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load(done / "config.yaml", ())
    assert finished.finished_before(config, place) is not None
    monkeypatch.setattr(finished, "code_sha256", lambda: "0" * 64)
    assert finished.finished_before(config, place) is None


def test_what_lies_on_the_hub_may_change_unless_a_commit_is_named(done: Path) -> None:
    config = load(done / "config.yaml", ())
    assert finished.made_of(config) is not None
    for revision, known in (("main", False), (None, False), ("0" * 40, True)):
        benchmark = Benchmark(name="mine", dataset="some/set", revision=revision)
        decontamination = config.decontamination.model_copy(update={"benchmarks": (benchmark,)})
        other = config.model_copy(update={"decontamination": decontamination})
        assert (finished.made_of(other) is not None) is known
