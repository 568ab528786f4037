"""A run in slices: the same shards as in one piece, few files, and nothing lost whatever happens on the way."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from factory.config import load
from factory.records import Rollout, Status, Survivor, Verdict
from factory.report.statistics import RunStatistics
from factory.run import seal as sealing
from factory.run.directory import RunDir
from factory.run.seal import unseal
from factory.run.sealed import KINDS, PARTS, file_of
from factory.run.slices import slices
from factory.run.summary import slice_counts, summarize
from factory.run.work import SealUnit, seal_slice
from factory.storage import files, parts

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
PROGRAMS = (
    "def double(x):\n    return 2 * x\n",
    "def double(x):\n    return x + x\n",
    "def double(x):\n    return x * x\n",
)
GO = "package main\n\nfunc double(x int) int { return 2 * x }\n"
PROBLEMS, SLICE = 5, 2


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, factory: Factory, replayed: Replayed) -> Path:
    """A finished run in slices, `sliced`, and the same in one piece, `whole`."""
    folder = tmp_path_factory.mktemp("slices")
    config = replayed(folder, PROBLEMS, PROGRAMS, GO, slice=SLICE, sampling={"n": 2})
    for name, size in (("sliced", SLICE), ("whole", 0)):
        ran = factory("run", config, "--run-dir", folder / name, "--set", f"slice={size}")
        assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture
def place(done: Path, tmp_path: Path) -> RunDir:
    shutil.copytree(done / "sliced", tmp_path / "run")
    return RunDir(tmp_path / "run")


def again(done: Path, place: RunDir, factory: Factory, *more: object) -> subprocess.CompletedProcess[str]:
    return factory("run", done / "config.yaml", "--run-dir", place.path, *more)


def shards_of(folder: Path) -> dict[str, bytes]:
    return {str(it.relative_to(folder)): it.read_bytes() for it in (folder / "shards").rglob("*.parquet")}


def graded(record: Verdict | Survivor) -> tuple[object, ...]:
    """What is not measured."""
    return record.index, record.code_sha256, record.cases_passed, record.cases_total


def events(place: RunDir) -> list[str]:
    return [line["event"] for one in slices(place.open_problems(), place) for line in one.dir.ledger()]


def test_shards_are_those_of_a_run_in_one_piece(done: Path) -> None:
    assert shards_of(done / "sliced") == shards_of(done / "whole")
    assert len(shards_of(done / "sliced")) > 2
    one, other = (json.loads((done / name / "summary.json").read_bytes()) for name in ("sliced", "whole"))
    for name, part in other["languages"].items():
        assert len(part.pop("by_problem")) == PROBLEMS
        assert one["languages"][name].pop("by_problem") == {}, "a run in slices does not list its problems"
    assert {**one, "cost": 0} == {**other, "cost": 0}
    assert other["ungraded"] == 0, "translations are graded under longer names"
    assert one["cost"]["rollouts"] == other["cost"]["rollouts"] == 3 * PROBLEMS


def test_a_sealed_slice_is_few_files_that_hold_every_part(done: Path) -> None:
    place, whole = RunDir(done / "sliced"), RunDir(done / "whole")
    several = slices(place.open_problems(), place)
    assert [len(one.problems) for one in several] == [2, 2, 1]
    known = {name for name in whole.written if file_of(name) in KINDS}
    assert {name for one in several for name in one.dir.sealed} == known
    for one in several:
        assert one.sealed
        assert one.dir.sealed.facts["complete"]
        assert sum(path.is_file() for path in one.dir.path.rglob("*")) <= 12
        for name in one.dir.sealed:
            kind = KINDS[file_of(name)]
            found, due = one.dir.read(one.dir.path / name, kind), whole.read(whole.path / name, kind)
            if kind is Rollout:
                assert found == due
            if kind in (Verdict, Survivor):
                assert [graded(it) for it in found] == [graded(it) for it in due]
            assert len(found) == len(due)


def test_a_run_again_takes_sealed_slices_as_they_are(done: Path, place: RunDir, factory: Factory) -> None:
    before = events(place), {path: path.stat().st_mtime_ns for path in place.slices.rglob("*.parquet")}
    ran = again(done, place, factory)
    assert ran.returncode == 0, ran.stderr
    assert (events(place), {path: path.stat().st_mtime_ns for path in place.slices.rglob("*.parquet")}) == before
    assert shards_of(place.path) == shards_of(done / "whole")


def test_a_page_of_sealed_slices_shows_what_their_verdicts_give(done: Path) -> None:
    place = RunDir(done / "sliced")
    config, problems = place.open_config(), place.open_problems()
    sealed, read = RunStatistics(PROBLEMS), RunStatistics(PROBLEMS)
    summarize(config, problems, place, sealed)
    for part in slices(problems, place):
        assert part.sealed
        slice_counts(config, part, read)
    assert sealed.languages == read.languages
    assert sealed.rows == read.rows
    assert sealed.samples == read.samples == PROBLEMS
    assert all(row.sample and row.review for row in sealed.rows)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_samples_of_sealed_slices_are_spread_evenly(done: Path, most: int) -> None:
    place = RunDir(done / "sliced")
    config, problems = place.open_config(), place.open_problems()
    sealed, read = RunStatistics(PROBLEMS, most), RunStatistics(PROBLEMS, most)
    summarize(config, problems, place, sealed)
    for part in slices(problems, place):
        slice_counts(config, part, read)
    assert [row.id for row in sealed.rows if row.sample] == [row.id for row in read.rows if row.sample]
    assert sealed.samples == most


def test_all_commands_read_sealed_slices(done: Path, place: RunDir, factory: Factory) -> None:
    for command in (("audit",), ("export",), ("status",), ("status", "--watch"), ("report",)):
        ran = factory(command[0], place.path, *command[1:])
        assert ran.returncode == 0, ran.stderr
        if command[0] == "status":
            assert f"python: {PROBLEMS} of {PROBLEMS} problems survive" in ran.stdout
    assert shards_of(place.path) == shards_of(done / "whole")
    assert "set/4" in place.report_file.read_text()


def test_a_run_that_is_extended_opens_its_slices_again(done: Path, place: RunDir, factory: Factory) -> None:
    more = ("--set", "sampling.n=3")
    assert again(done, place, factory, *more).returncode == 0
    ran = factory("run", done / "config.yaml", "--run-dir", place.path.with_name("new"), "--set", "slice=0", *more)
    assert ran.returncode == 0, ran.stderr
    assert shards_of(place.path) == shards_of(place.path.with_name("new")) != shards_of(done / "whole")
    assert all(one.sealed for one in slices(place.open_problems(), place))
    assert events(place).count("sampled") == 3 * PROBLEMS, "only the third rollout of each was asked for"
    assert factory("audit", place.path).returncode == 0


def test_problems_may_come_at_the_end_and_nowhere_else(done: Path, place: RunDir, factory: Factory) -> None:
    problems = done / "problems.jsonl"
    lines = problems.read_text().splitlines(keepends=True)
    try:
        problems.write_text("".join([lines[1], lines[0], *lines[2:]]))
        ran = again(done, place, factory)
        assert ran.returncode == 2
        assert "problem 'set/1' has come where 'set/0' was" in ran.stderr
        problems.write_text("".join([*lines, lines[0].replace("set/0", "set/9")]))
        ran = again(done, place, factory)
    finally:
        problems.write_text("".join(lines))
    assert ran.returncode == 0, ran.stderr
    assert [len(one.problems) for one in slices(place.open_problems(), place)] == [2, 2, 2]
    assert events(place).count("sampled") == 2 * PROBLEMS + 1, "of the new one there was nothing to replay"


def test_the_size_counts_when_a_run_begins(done: Path, tmp_path: Path, factory: Factory) -> None:
    for name, size in (("whole", 2), ("sliced", 3), ("sliced", 0)):
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        shutil.copytree(done / name, tmp_path / "run")
        place = RunDir(tmp_path / "run")
        ran = again(done, place, factory, "--set", f"slice={size}")
        assert ran.returncode == 0, ran.stderr
        assert place.slices.exists() is (name == "sliced")
        assert shards_of(place.path) == shards_of(done / "whole")
        assert len(slices(place.open_problems(), place)) == (3 if name == "sliced" else 1)


SPOIL: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "flipped": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "empty": lambda path: path.write_bytes(b""),
}


def flipped(data: bytes) -> bytes:
    at = len(data) // 3
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("how", SPOIL)
def test_damage_is_named_and_what_is_lost_is_made_again(done: Path, place: RunDir, factory: Factory, how: str) -> None:
    names = {"gone": ("rollouts", "verdicts"), "flipped": ("rollouts", "review"), "cut": ("rollouts", "survivors")}
    spoilt = [place.slices / "000000" / "slice.json"]
    spoilt += [
        place.slices / f"00000{number}" / f"{name}.parquet"
        for number, name in enumerate(names.get(how, ("report", "sketches")), 1)
    ]
    for path in spoilt:
        SPOIL[how](path)
    ran = factory("audit", place.path)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    for path in spoilt:
        assert str(path) in ran.stderr
    ran = again(done, place, factory)
    assert ran.returncode == 0, ran.stderr
    for path in spoilt:
        assert str(path) in ran.stderr
    assert shards_of(place.path) == shards_of(done / "whole")
    ran = factory("audit", place.path)
    assert ran.returncode == 0, ran.stderr


def test_the_ledger_of_a_slice_is_mended(done: Path, place: RunDir, factory: Factory) -> None:
    path = place.slices / "000001" / "ledger.jsonl"
    first, *others = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([first, flipped(others[0]), *others[1:]]))
    ran = factory("audit", place.path)
    assert ran.returncode == 1
    assert f"{path}: line 2 is damaged" in ran.stderr
    ran = again(done, place, factory)
    assert ran.returncode == 0, ran.stderr
    assert f"{path}: damaged in line 2" in ran.stderr
    assert shards_of(place.path) == shards_of(done / "whole")
    assert factory("audit", place.path).returncode == 0


def test_shards_are_not_made_of_damage(done: Path, place: RunDir, factory: Factory) -> None:
    SPOIL["flipped"](place.slices / "000000" / "rollouts.parquet")
    ran = factory("export", place.path)
    assert ran.returncode == 1
    assert "rollouts.parquet" in ran.stderr
    assert shards_of(place.path) == shards_of(done / "whole"), "the old ones are still there"


def test_rows_are_not_given_to_another_part(done: Path, place: RunDir, factory: Factory) -> None:
    """A file that parquet finds whole, and that says of its rows that they are the other problem's."""
    path = place.slices / "000000" / "rollouts.parquet"
    file = pq.ParquetFile(path)
    index = json.loads(file.metadata.metadata[PARTS])
    names = [name for name, _ in index]
    swapped = json.dumps(
        [[other, rows] for other, (_, rows) in zip([names[1], names[0], *names[2:]], index, strict=True)]
    )
    table = file.read()
    with pq.ParquetWriter(path, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({PARTS: swapped})
    ran = factory("export", place.path)
    assert ran.returncode == 1
    assert f"{path}: is damaged (its sha256 is another)" in ran.stderr
    assert shards_of(place.path) == shards_of(done / "whole")
    ran = again(done, place, factory)
    assert ran.returncode == 0, ran.stderr
    assert "is not what the ledger says was written" in ran.stderr
    assert shards_of(place.path) == shards_of(done / "whole")


def test_one_slice_that_cannot_be_read_costs_the_others_nothing(done: Path, place: RunDir, factory: Factory) -> None:
    facts = place.slices / "000001" / "slice.json"
    newer = facts.read_text().replace('"version": 1', '"version": 99')
    files.put(facts, newer.encode())
    ran = again(done, place, factory, "--set", "sampling.n=3")
    assert ran.returncode == 1
    assert "slice 1 stays open" in ran.stderr
    assert "is of version 99, and this factory knows 1; remedy: a newer version" in ran.stderr
    assert "Traceback" not in ran.stderr
    for number, rollouts in ((0, 6), (2, 3)):
        counts = RunDir(place.slices / f"00000{number}").sealed.facts["counts"]
        assert counts["languages"]["python"]["tiers"]["rollouts"] == rollouts


def test_a_slice_that_is_gone_is_not_taken_for_one_to_come(done: Path, place: RunDir, factory: Factory) -> None:
    gone = place.slices / "000001"
    shutil.rmtree(gone)
    for command in ("export", "status", "report", "audit"):
        ran = factory(command, place.path)
        assert ran.returncode == 1, command
        assert f"{gone}: is gone, though the ledger says it was sealed; remedy: run again" in ran.stderr
    assert again(done, place, factory).returncode == 0
    assert shards_of(place.path) == shards_of(done / "whole")


@pytest.mark.parametrize("step", ["put", "remove_loose"])
def test_a_kill_while_a_slice_is_sealed_costs_nothing(
    done: Path, place: RunDir, factory: Factory, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load(done / "config.yaml", ())
    part = slices(place.open_problems(), place)[1]
    assert unseal(part.dir) == []
    assert not part.sealed

    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    target, name = {"put": (files, "put"), "remove_loose": (sealing, "remove_loose")}[step]
    with monkeypatch.context() as patch:
        patch.setattr(target, name, kill)
        with pytest.raises(Killed):
            seal_slice(None, SealUnit(config, part))
    ran = again(done, place, factory)
    assert ran.returncode == 0, ran.stderr
    assert shards_of(place.path) == shards_of(done / "whole")
    assert not (part.dir.path / "rollouts").exists()
    assert factory("audit", place.path).returncode == 0


def test_a_failure_of_ours_is_graded_again(done: Path, place: RunDir, factory: Factory) -> None:
    part = slices(place.open_problems(), place)[0]
    assert unseal(part.dir) == []
    name = next(name for name in part.dir.written if file_of(name) == "verdicts")
    first, *others = part.dir.read(part.dir.path / name, Verdict)
    failed = replace(first, status=Status.INFRASTRUCTURE_ERROR)
    digest = parts.write(part.dir.path / name, Verdict, [failed, *others], name)
    part.dir.log("verified", part=name, sha256=digest, problem=first.problem_id, cpu_s=0.0)
    seal_slice(None, SealUnit(load(done / "config.yaml", ()), part))
    part.dir.forget()
    assert not part.dir.sealed.facts["complete"]
    assert again(done, place, factory).returncode == 0
    assert shards_of(place.path) == shards_of(done / "whole")
    assert RunDir(part.dir.path).sealed.facts["complete"]


def test_what_is_put_back_is_what_was_there(done: Path, place: RunDir) -> None:
    for one in slices(place.open_problems(), place):
        before = {name: one.dir.read(one.dir.path / name, KINDS[file_of(name)]) for name in one.dir.sealed}
        assert unseal(one.dir) == []
        for name, records in before.items():
            assert files.digest(one.dir.path / name) == one.dir.written.sha256(name)
            assert one.dir.read(one.dir.path / name, KINDS[file_of(name)]) == records
        seal_slice(None, SealUnit(load(done / "config.yaml", ()), one))
        one.dir.forget()
        assert {name: one.dir.read(one.dir.path / name, KINDS[file_of(name)]) for name in one.dir.sealed} == before


def test_kills_at_any_moment_change_no_byte(done: Path, tmp_path: Path, factory: Factory, warm: Any) -> None:
    chance, place = random.Random(15), RunDir(tmp_path / "run")
    for _ in range(3):
        process = warm.start("run", done / "config.yaml", "--run-dir", place.path)
        more = sum(1 for _ in place.path.rglob("*.parquet")) + chance.randrange(6)
        while process.poll() is None and sum(1 for _ in place.path.rglob("*.parquet")) < more:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.2))
        process.kill()
        process.wait()
    ran = again(done, place, factory)
    assert ran.returncode == 0, ran.stderr
    assert shards_of(place.path) == shards_of(done / "whole")
    assert factory("audit", place.path).returncode == 0


def test_several_processes_share_the_slices(done: Path, tmp_path: Path, factory: Factory, warm: Any) -> None:
    command = ("run", done / "config.yaml", "--run-dir", tmp_path / "run", "--slices")
    jobs = [warm.start(*command, which) for which in ("0-0", "1-2")]
    for job in jobs:
        _, said = job.communicate(timeout=120)
        assert job.returncode == 0, said
    place = RunDir(tmp_path / "run")
    assert all(one.sealed for one in slices(place.open_problems(), place))
    assert not place.shards.exists()
    before = events(place)
    ran = again(done, place, factory)
    assert ran.returncode == 0, ran.stderr
    assert events(place) == before
    assert shards_of(place.path) == shards_of(done / "whole")
    assert factory("audit", place.path).returncode == 0


@pytest.mark.parametrize(
    ("which", "size", "said"),
    [
        ("7", 2, "the run has slices 0-2; remedy"),
        ("2-1", 2, "--slices '2-1': is no range of slices; remedy: A-B"),
        ("all", 2, "--slices 'all': is no range of slices"),
        ("0-9", 5, "the run is in one piece (5 problems, slice: 5)"),
    ],
)
def test_slices_that_are_not_there_are_refused(
    done: Path, tmp_path: Path, factory: Factory, which: str, size: int, said: str
) -> None:
    ran = factory("run", done / "config.yaml", "--run-dir", tmp_path / "x", "--set", f"slice={size}", "--slices", which)
    assert ran.returncode == 2
    assert said in ran.stderr
